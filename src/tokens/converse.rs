//! The input of Bedrock's Converse, and of models that it invokes: the visible text, for a yardstick.

use super::json::Json;
use super::messages;
use super::prompt::Prompt;

/// Under these names vendors take one text in place of messages: Titan; Llama, Mistral and Claude
/// before its messages; Cohere.
const TEXTS: [&str; 3] = ["inputText", "prompt", "message"];

/// Adds up a request. `None` if it has neither messages nor a text.
pub(super) fn converse(body: &Json<'_>, prompt: &mut Prompt<'_>) -> Option<()> {
    if body.get("anthropic_version").is_some() {
        return messages::messages(body, prompt);
    }
    let Some(turns) = body.get("messages") else {
        let text = TEXTS.iter().find_map(|name| body.text_of(name))?;
        prompt.tally.text(text);
        return Some(());
    };
    if let Some(system) = body.get("system") {
        prompt.role("system");
        content(Some(system), prompt);
    }
    for turn in turns.items() {
        prompt.role(turn.text_of("role").unwrap_or_default());
        content(turn.get("content"), prompt);
    }
    for tool in tools(body) {
        match tool.get("toolSpec") {
            Some(spec) => prompt.tally.text(&spec.compact()),
            None => prompt.tally.unseen(),
        }
    }
    prompt.close();
    Some(())
}

/// The declared tools.
pub(super) fn tools<'b, 'a>(body: &'b Json<'a>) -> &'b [Json<'a>] {
    body.get("toolConfig")
        .map_or(&[], |config| config.items_of("tools"))
}

fn content(content: Option<&Json<'_>>, prompt: &mut Prompt<'_>) {
    let Some(content) = content else { return };
    // Models invoked as `OpenAI`'s take a bare text, too.
    if let Some(text) = content.text() {
        prompt.tally.text(text);
    }
    for block in content.items() {
        if let Some(text) = block.text_of("text") {
            prompt.tally.text(text);
        } else if let Some(call) = block.get("toolUse") {
            prompt.tally.text(call.text_of("name").unwrap_or_default());
            let input = call.get("input").map(Json::compact);
            prompt.tally.text(&input.unwrap_or_default());
        } else if let Some(result) = block.get("toolResult") {
            results(result.items_of("content"), prompt);
        } else if block.get("cachePoint").is_none() {
            // Images, documents, and what comes next.
            prompt.tally.unseen();
        }
    }
}

/// What tools gave back: texts, or values.
fn results(blocks: &[Json<'_>], prompt: &mut Prompt<'_>) {
    for block in blocks {
        match (block.text_of("text"), block.get("json")) {
            (Some(text), _) => prompt.tally.text(text),
            (None, Some(value)) => prompt.tally.text(&value.compact()),
            (None, None) => prompt.tally.unseen(),
        }
    }
}
