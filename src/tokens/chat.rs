//! The input of `chat/completions`, `completions` and `embeddings`.

use std::borrow::Cow;

use super::answer_format::AnswerFormat;
use super::asked::Asked;
use super::called::{Call, Called};
use super::json::Json;
use super::prompt::Prompt;

/// Adds up a chat. `None` if it has no messages.
pub(super) fn chat<'j>(body: &'j Json<'j>, asked: Asked, prompt: &mut Prompt<'j>) -> Option<()> {
    let messages = body.get("messages")?.items();
    let format = body.get("response_format");
    let format = AnswerFormat::of(format.and_then(|format| format.get("json_schema")));
    let functions = functions(body, prompt);
    prompt.preamble(&functions, format);
    let mut called = Called::default();
    for message in messages {
        self::message(message, &mut called, prompt);
    }
    prompt.remaining_sections();
    prompt.choice(asked, body.get("tool_choice").or(body.get("function_call")));
    prompt.close();
    Some(())
}

fn message<'j>(message: &'j Json<'j>, called: &mut Called<'j>, prompt: &mut Prompt<'_>) {
    let (role, content) = (
        message.text_of("role").unwrap_or_default(),
        message.get("content"),
    );
    let id = message.text_of("tool_call_id").unwrap_or_default();
    if matches!(role, "tool" | "function") {
        return called.result(id, message.text_of("name"), content, prompt);
    }
    let calls = calls(message);
    let says = content.is_some_and(|content| content.text() != Some(""));
    if calls.is_empty() || says {
        prompt.role(role);
        match text(content) {
            Some(text) if is_system(role) && prompt.has_sections() => prompt.with_sections(&text),
            Some(_) | None => prompt.content(content),
        }
        if role == "assistant" {
            prompt.heading();
        }
        prompt.name(message.text_of("name"));
    }
    called.turn(&calls, prompt);
}

/// The functions a message calls, each with the call's id.
fn calls<'j>(message: &'j Json<'j>) -> Vec<(&'j str, Call<'j>)> {
    let one = |id: Option<&'j str>, function: &'j Json<'j>| {
        let text = |name| function.text_of(name).unwrap_or_default();
        (id.unwrap_or_default(), (text("name"), text("arguments")))
    };
    let calls = message.items_of("tool_calls").iter();
    let calls = calls.filter_map(|call| Some(one(call.text_of("id"), call.get("function")?)));
    let legacy = message.get("function_call").map(|call| one(None, call));
    calls.chain(legacy).collect()
}

/// A content that is nothing but text, in one piece.
fn text<'j>(content: Option<&'j Json<'j>>) -> Option<Cow<'j, str>> {
    let content = content?;
    if let Some(text) = content.text() {
        return Some(Cow::Borrowed(text));
    }
    let part = |part: &'j Json<'j>| part.text_of("text").or(part.text());
    let parts: Option<Vec<&str>> = content.items().iter().map(part).collect();
    Some(Cow::Owned(parts?.concat()))
}

fn is_system(role: &str) -> bool {
    matches!(role, "system" | "developer")
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

/// Adds up a chat, or a prompt with what the client wants before it. `None` if there is neither.
pub(super) fn templated<'j>(
    body: &'j Json<'j>,
    asked: Asked,
    prompt: &mut Prompt<'j>,
) -> Option<()> {
    let messages = body.items_of("messages").iter();
    let has_images = |part: &Json<'_>| !part.items_of("images").is_empty();
    // The context is that of an earlier answer, in numbers of the model's own vocabulary.
    let has_context = !body.items_of("context").is_empty();
    if has_context || has_images(body) || messages.clone().any(has_images) {
        prompt.tally.unseen();
    }
    if body.get("messages").is_some() {
        return chat(body, asked, prompt);
    }
    let mut names = ["prompt", "input", "inputs", "text"].iter();
    names.find_map(|name| bare(body, name, prompt))?;
    for name in ["system", "suffix"] {
        prompt.tally.text(body.text_of(name).unwrap_or_default());
    }
    Some(())
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
