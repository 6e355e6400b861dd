//! The input of Anthropic's `messages`: the visible text, for a yardstick.

use super::json::Json;
use super::model::claude;
use super::prompt::Prompt;

/// What Claude is told about using tools, in its own tokens: Anthropic's pages on tool use, for
/// the models since 3.5 and tools that are not forced.
const INSTRUCTIONS: u64 = 346;
/// The same of Claude 4.5 and 4.6, which those pages do not have yet: found on recorded calls, of
/// which older ones of 4.5 still come to 346.
const INSTRUCTIONS_LATE: u64 = 500;
/// What is added there when a tool has to be used.
const FORCED_LATE: u64 = 97;

/// Adds up a request. `None` if it has no messages.
pub(super) fn messages(body: &Json<'_>, prompt: &mut Prompt<'_>) -> Option<()> {
    let messages = body.get("messages")?.items();
    if let Some(system) = body.get("system") {
        prompt.role("system");
        content(Some(system), prompt);
    }
    for message in messages {
        prompt.role(message.text_of("role").unwrap_or_default());
        content(message.get("content"), prompt);
    }
    let tools = body.items_of("tools");
    if let (false, Some(version)) = (tools.is_empty(), claude(prompt.model)) {
        prompt.tally.beside(instructions(version, body));
    }
    for tool in tools {
        match tool.get("input_schema") {
            Some(_) => prompt.tally.text(&tool.compact()),
            // The vendor's own tools bring instructions of their own.
            None => prompt.tally.unseen(),
        }
    }
    prompt.close();
    Some(())
}

fn instructions(version: (u32, u32), body: &Json<'_>) -> u64 {
    let choice = body.get("tool_choice");
    let forced = choice.and_then(|choice| choice.text_of("type"));
    match (version, forced) {
        ((4, 5 | 6), Some("any" | "tool")) => INSTRUCTIONS_LATE + FORCED_LATE,
        ((4, 5 | 6), _) => INSTRUCTIONS_LATE,
        (_, _) => INSTRUCTIONS,
    }
}

fn content(content: Option<&Json<'_>>, prompt: &mut Prompt<'_>) {
    let Some(content) = content else { return };
    if let Some(text) = content.text() {
        prompt.tally.text(text);
    }
    for block in content.items() {
        self::block(block, prompt);
    }
}

fn block(block: &Json<'_>, prompt: &mut Prompt<'_>) {
    match block.text_of("type") {
        Some("text") => prompt.tally.text(block.text_of("text").unwrap_or_default()),
        Some("image") => prompt.image(block.get("source")),
        Some("tool_use") => {
            prompt.tally.text(block.text_of("name").unwrap_or_default());
            let input = block.get("input").map(Json::compact);
            prompt.tally.text(&input.unwrap_or_default());
        }
        // Its blocks are texts and images; deeper ones are none.
        Some("tool_result") => {
            let result = block.get("content");
            prompt
                .tally
                .text(result.and_then(Json::text).unwrap_or_default());
            for inner in result.map_or(&[][..], Json::items) {
                match inner.text_of("type") {
                    Some("tool_result") => prompt.tally.unseen(),
                    Some(_) | None => self::block(inner, prompt),
                }
            }
        }
        // Taken out before the model reads it.
        Some("thinking" | "redacted_thinking") => {}
        Some(_) | None => prompt.tally.unseen(),
    }
}
