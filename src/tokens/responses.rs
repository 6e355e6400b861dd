//! The input of `responses`.

use super::asked::Asked;
use super::json::Json;
use super::prompt::Prompt;

/// What a request names and does not carry.
const ELSEWHERE: [&str; 3] = ["previous_response_id", "conversation", "prompt"];

/// Adds up a request. `None` if it has no input.
pub(super) fn responses(body: &Json<'_>, asked: Asked, prompt: &mut Prompt<'_>) -> Option<()> {
    let input = body.get("input")?;
    if ELSEWHERE.iter().any(|name| body.get(name).is_some()) {
        prompt.tally.unseen();
    }
    let instructions = body.text_of("instructions");
    if let Some(text) = instructions {
        prompt.role("system");
        prompt.tally.text(text);
    }
    if let Some(text) = input.text() {
        prompt.role("user");
        prompt.tally.text(text);
    }
    let system = items(input.items(), prompt) || instructions.is_some();
    let functions = functions(body, prompt);
    prompt.functions(&functions, system);
    prompt.choice(asked, body.get("tool_choice"));
    let format = body.get("text").and_then(|text| text.get("format"));
    prompt.schema(format.and_then(|format| format.get("schema")));
    prompt.close();
    Some(())
}

/// Adds up the items of an input; whether a system message is among them.
fn items(items: &[Json<'_>], prompt: &mut Prompt<'_>) -> bool {
    let mut system = false;
    let mut calls = Vec::new();
    for item in items {
        let kind = item.text_of("type");
        if kind == Some("function_call") {
            let text = |name| item.text_of(name).unwrap_or_default();
            calls.push((text("name"), text("arguments")));
            continue;
        }
        turn(&mut calls, prompt);
        match kind {
            None | Some("message") => {
                let role = item.text_of("role").unwrap_or_default();
                system |= matches!(role, "system" | "developer");
                prompt.role(role);
                prompt.content(item.get("content"));
            }
            Some("function_call_output") => {
                prompt.role("tool");
                prompt.content(item.get("output"));
            }
            // Hidden reasoning, the vendor's own tools, and what comes next.
            Some(_) => prompt.tally.unseen(),
        }
    }
    turn(&mut calls, prompt);
    system
}

/// Calls that follow each other are one turn of the assistant.
fn turn(calls: &mut Vec<(&str, &str)>, prompt: &mut Prompt<'_>) {
    if !calls.is_empty() {
        prompt.role("assistant");
        prompt.calls(calls);
        calls.clear();
    }
}

fn functions<'j>(body: &'j Json<'j>, prompt: &mut Prompt<'_>) -> Vec<&'j Json<'j>> {
    let tools = body.items_of("tools").iter();
    let (functions, hosted): (Vec<_>, Vec<_>) =
        tools.partition(|tool| tool.text_of("type") == Some("function"));
    if !hosted.is_empty() {
        prompt.tally.unseen();
    }
    functions
}
