//! Reads Cohere's API (<https://docs.cohere.com/reference/about>): chats of both versions, whole, as
//! events and as lines, embeddings and rerankings.
//!
//! `tokens` are what the model saw, `billed_units` what is charged: a template around the client's
//! words is free. Both are kept. Its caches lower no bill.

use std::sync::LazyLock;

use crate::call::Flag;
use crate::usage::TokenUsage;

use super::conserve;
use super::counts::{Counts, Usage};
use super::findings::Findings;
use super::paths::Action::{Gather, Keep, Notice};
use super::paths::{Action, Paths};
use super::response::Format;
use super::scanner::Seen;
use super::spoken::Part;

#[derive(Clone, Copy, Debug)]
pub(super) enum Field {
    /// Of an event, by either version.
    Type,
    Usage,
    Model,
    Id,
    FinishReason,
    Text(Part),
    ToolName,
    Reasoning,
    Error,
}

const TEXT: Action<Field> = Gather(Field::Text(Part::Content));
const TOOL_NAME: Action<Field> = Keep(Field::ToolName);
const ARGUMENTS: Action<Field> = Gather(Field::Text(Part::ToolArguments));

static PATHS: LazyLock<Paths<Field>> = LazyLock::new(|| {
    Paths::new([
        ("type", Keep(Field::Type)),
        ("event_type", Keep(Field::Type)),
        ("usage", Keep(Field::Usage)),
        ("meta", Keep(Field::Usage)),
        ("delta.usage", Keep(Field::Usage)),
        ("response.meta", Keep(Field::Usage)),
        // Who copies the API names the model.
        ("model", Keep(Field::Model)),
        ("id", Keep(Field::Id)),
        ("generation_id", Keep(Field::Id)),
        ("finish_reason", Keep(Field::FinishReason)),
        ("delta.finish_reason", Keep(Field::FinishReason)),
        ("error", Notice(Field::Error)),
        ("delta.error", Notice(Field::Error)),
        ("text", TEXT),
        ("tool_calls.*.name", TOOL_NAME),
        (
            "tool_calls.*.parameters",
            Gather(Field::Text(Part::ToolInput)),
        ),
        ("generations.*.text", TEXT),
        ("message.content.*.text", TEXT),
        ("message.content.*.thinking", Notice(Field::Reasoning)),
        ("message.tool_plan", TEXT),
        ("message.tool_calls.*.function.name", TOOL_NAME),
        ("message.tool_calls.*.function.arguments", ARGUMENTS),
        ("delta.message.content.text", TEXT),
        ("delta.message.content.thinking", Notice(Field::Reasoning)),
        ("delta.message.tool_plan", TEXT),
        ("delta.message.tool_calls.function.name", TOOL_NAME),
        ("delta.message.tool_calls.function.arguments", ARGUMENTS),
    ])
});

/// One answer.
#[derive(Debug, Default)]
pub(super) struct Answer {
    /// Whether this text ends the answer; a whole one does not say.
    ends: Option<bool>,
}

impl Format for Answer {
    type Field = Field;

    const HAS_LINES: bool = true;

    fn paths() -> &'static Paths<Field> {
        &PATHS
    }

    fn see(&mut self, seen: Seen<'_, Field>, findings: &mut Findings) {
        match seen {
            Seen::Value(field, raw) => self.value(field, raw, findings),
            Seen::Filled(Field::Error) => findings.error_in_stream(),
            Seen::Filled(Field::Text(part)) => findings.begins(part),
            Seen::Filled(Field::Reasoning) => findings.thinks(),
            Seen::Text(_, raw) => findings.says(raw),
            Seen::Filled(_) => findings.output_started = true,
            Seen::TooLong(_) => findings.flag(Flag::Truncated),
        }
    }

    fn end_text(&mut self, findings: &mut Findings) {
        findings.ended |= self.ends.take().unwrap_or(!findings.report.is_stream);
    }

    /// It comes behind the event that ends the answer.
    fn done(&mut self, _: &mut Findings) {}
}

impl Answer {
    fn value(&mut self, field: Field, raw: &[u8], findings: &mut Findings) {
        match field {
            Field::Type => self.ends = Some(matches!(raw, b"\"message-end\"" | b"\"stream-end\"")),
            Field::Usage => usage(raw, findings),
            Field::Model => findings.name(raw, |report| &mut report.model),
            Field::Id => findings.name(raw, |report| &mut report.response_id),
            Field::FinishReason => findings.name(raw, |report| &mut report.finish_reason),
            Field::ToolName => findings.names_tool(raw),
            Field::Text(_) | Field::Reasoning | Field::Error => {}
        }
    }
}

fn usage(raw: &[u8], findings: &mut Findings) {
    match Usage::read(raw) {
        Ok(Some(object)) => {
            tell(object.counts(), findings);
            if object.is_odd() {
                findings.flag(Flag::Malformed);
            }
        }
        Ok(None) => {}
        Err(_) => findings.flag(Flag::Malformed),
    }
}

fn tell(counts: Counts<'_>, findings: &mut Findings) {
    let billed = counts.part("billed_units");
    for unit in ["search_units", "images"] {
        if let Some(count) = billed.at(unit) {
            findings.bill_units(unit, count);
        }
    }
    let usage = tokens(counts, billed);
    if usage != TokenUsage::default() {
        conserve::parts(&usage, findings);
        findings.report.usage = Some(usage);
        findings.report.final_usage = true;
    }
}

/// Embeddings say only what is billed of them, and servers that copy rerankings only a total.
fn tokens(counts: Counts<'_>, billed: Counts<'_>) -> TokenUsage {
    let seen = counts.part("tokens");
    let (input_image, text) = (billed.at("image_tokens"), billed.at("input_tokens"));
    let billed_input = match (text, input_image) {
        (Some(text), Some(image)) => Some(text.saturating_add(image)),
        (text, image) => text.or(image),
    };
    let billed_output = billed.at("output_tokens");
    TokenUsage {
        input: seen
            .at("input_tokens")
            .or(billed_input)
            .or_else(|| counts.at("total_tokens")),
        cache_read: counts.at("cached_tokens"),
        input_image,
        output: seen.at("output_tokens").or(billed_output),
        billed_input,
        billed_output,
        ..TokenUsage::default()
    }
}
