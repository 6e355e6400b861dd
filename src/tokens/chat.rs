//! The input of `chat/completions`, `completions` and `embeddings`.

use super::asked::Asked;
use super::json::Json;
use super::prompt::Prompt;

/// Adds up a chat. `None` if it has no messages.
pub(super) fn chat(body: &Json<'_>, asked: Asked, prompt: &mut Prompt<'_>) -> Option<()> {
    let messages = body.get("messages")?.items();
    let system = messages.iter().position(is_system);
    // The tools are put behind the first system message.
    let before_tools = system.filter(|_| asked.tools);
    for (at, message) in messages.iter().enumerate() {
        self::message(message, before_tools == Some(at), prompt);
    }
    let functions = functions(body, prompt);
    prompt.functions(&functions, system.is_some());
    prompt.choice(asked, body.get("tool_choice").or(body.get("function_call")));
    let format = body.get("response_format");
    let format = format.and_then(|format| format.get("json_schema"));
    prompt.schema(format.and_then(|format| format.get("schema")));
    prompt.close();
    Some(())
}

fn message(message: &Json<'_>, before_tools: bool, prompt: &mut Prompt<'_>) {
    let role = message.text_of("role").unwrap_or_default();
    prompt.role(role);
    match message.text_of("content") {
        Some(text) if before_tools => prompt.line(text),
        Some(_) | None => prompt.content(message.get("content")),
    }
    // A tool's message is known by its call, with or without its name.
    if role != "tool" {
        prompt.name(message.text_of("name"));
    }
    let called = message.items_of("tool_calls").iter();
    let called = called.filter_map(|call| call.get("function"));
    let calls: Vec<_> = called
        .chain(message.get("function_call"))
        .map(named)
        .collect();
    prompt.calls(&calls);
}

/// A called function's name and arguments.
fn named<'j>(function: &'j Json<'_>) -> (&'j str, &'j str) {
    let text = |name| function.text_of(name).unwrap_or_default();
    (text("name"), text("arguments"))
}

fn is_system(message: &Json<'_>) -> bool {
    matches!(message.text_of("role"), Some("system" | "developer"))
}

/// The functions a chat declares. A tool of another kind is the vendor's own, and adds to the
/// input what is not in the request.
fn functions<'j>(body: &'j Json<'j>, prompt: &mut Prompt<'_>) -> Vec<&'j Json<'j>> {
    let mut functions: Vec<_> = body.items_of("functions").iter().collect();
    for tool in body.items_of("tools") {
        match tool.get("function") {
            Some(function) => functions.push(function),
            None => prompt.tally.unseen(),
        }
    }
    functions
}

/// Adds up bare texts, or lists of token numbers, under `name`. `None` if there are none.
pub(super) fn bare(body: &Json<'_>, name: &str, prompt: &mut Prompt<'_>) -> Option<()> {
    let input = body.get(name)?;
    add_bare(input, prompt);
    for item in input.items() {
        add_bare(item, prompt);
        for token in item.items() {
            add_bare(token, prompt);
        }
    }
    Some(())
}

fn add_bare(value: &Json<'_>, prompt: &mut Prompt<'_>) {
    match value {
        Json::Text(text) => prompt.tally.text(text),
        Json::Number(_) => prompt.tally.add(1),
        Json::Null | Json::Bool(_) | Json::List(_) | Json::Object(_) => {}
    }
}
