//! The input of `responses`.

use std::mem;

use super::answer_format::AnswerFormat;
use super::asked::Asked;
use super::called::Called;
use super::json::Json;
use super::prompt::Prompt;

/// What a request names and does not carry.
const ELSEWHERE: [&str; 3] = ["previous_response_id", "conversation", "prompt"];

/// Adds up a request. `None` if it has no input.
pub(super) fn responses<'j>(
    body: &'j Json<'j>,
    asked: Asked,
    prompt: &mut Prompt<'j>,
) -> Option<()> {
    let input = body.get("input")?;
    if ELSEWHERE.iter().any(|name| body.get(name).is_some()) {
        prompt.tally.unseen();
    }
    let format = body.get("text").and_then(|text| text.get("format"));
    let functions = functions(body, prompt);
    prompt.preamble(&functions, AnswerFormat::of(format));
    if let Some(text) = body.text_of("instructions") {
        prompt.role("system");
        prompt.tally.text(text);
    }
    if let Some(text) = input.text() {
        prompt.role("user");
        prompt.tally.text(text);
    }
    items(input.items(), prompt);
    prompt.remaining_sections();
    prompt.choice(asked, body.get("tool_choice"));
    prompt.close();
    Some(())
}

/// Adds up the items of an input.
fn items<'j>(items: &'j [Json<'j>], prompt: &mut Prompt<'_>) {
    let (mut called, mut calls) = (Called::default(), Vec::new());
    for item in items {
        let text = |name| item.text_of(name).unwrap_or_default();
        let kind = item.text_of("type");
        if kind == Some("function_call") {
            calls.push((text("call_id"), (text("name"), text("arguments"))));
            continue;
        }
        called.turn(&mem::take(&mut calls), prompt);
        match kind {
            None | Some("message") => {
                prompt.role(text("role"));
                prompt.content(item.get("content"));
                if text("role") == "assistant" {
                    prompt.heading();
                }
            }
            Some("function_call_output") => {
                called.result(text("call_id"), None, item.get("output"), prompt);
            }
            // Hidden reasoning, the vendor's own tools, and what comes next.
            Some(_) => prompt.tally.unseen(),
        }
    }
    called.turn(&calls, prompt);
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
