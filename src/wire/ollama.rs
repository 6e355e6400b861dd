//! Reads Ollama's own API (<https://github.com/ollama/ollama/blob/main/docs/api.md>): chats,
//! completions and embeddings, whole or as a line for each piece. The last object has the counts.
//!
//! A server that had the whole prompt in its cache leaves `prompt_eval_count` out; it is not 0.

use std::sync::LazyLock;

use crate::call::Flag;
use crate::usage::TokenUsage;

use super::conserve;
use super::counts;
use super::findings::Findings;
use super::paths::Action::{Gather, Keep, Notice};
use super::paths::Paths;
use super::response::Format;
use super::scanner::Seen;
use super::spoken::Part;

#[derive(Clone, Copy, Debug)]
pub(super) enum Field {
    Input,
    Cached,
    Output,
    Done,
    Model,
    DoneReason,
    Text(Part),
    ToolName,
    Reasoning,
    /// Something else that was generated.
    Generated,
    Error,
}

static PATHS: LazyLock<Paths<Field>> = LazyLock::new(|| {
    Paths::new([
        ("model", Keep(Field::Model)),
        ("done", Keep(Field::Done)),
        ("done_reason", Keep(Field::DoneReason)),
        ("prompt_eval_count", Keep(Field::Input)),
        ("prompt_eval_cached_count", Keep(Field::Cached)),
        ("eval_count", Keep(Field::Output)),
        ("response", Gather(Field::Text(Part::Content))),
        ("thinking", Notice(Field::Reasoning)),
        ("message.content", Gather(Field::Text(Part::Content))),
        ("message.thinking", Notice(Field::Reasoning)),
        ("message.tool_calls", Notice(Field::Generated)),
        ("message.tool_calls.*.function.name", Keep(Field::ToolName)),
        (
            "message.tool_calls.*.function.arguments",
            Gather(Field::Text(Part::ToolInput)),
        ),
        ("error", Notice(Field::Error)),
    ])
});

/// One answer.
#[derive(Debug, Default)]
pub(super) struct Generation {
    /// Whether it is the last object, as this one says; embeddings say nothing of it.
    done: Option<bool>,
}

impl Format for Generation {
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
        let is_last = self.done.take().unwrap_or(!findings.report.is_stream);
        findings.ended |= is_last;
        let usage = findings.report.usage.unwrap_or_default();
        findings.report.final_usage |= is_last && usage.input.is_some();
    }

    fn done(&mut self, _: &mut Findings) {}
}

impl Generation {
    fn value(&mut self, field: Field, raw: &[u8], findings: &mut Findings) {
        match field {
            Field::Input => count(raw, findings, |usage| &mut usage.input),
            Field::Cached => count(raw, findings, |usage| &mut usage.cache_read),
            Field::Output => count(raw, findings, |usage| &mut usage.output),
            Field::Done => self.done = Some(raw == b"true"),
            Field::Model => findings.name(raw, |report| &mut report.model),
            Field::DoneReason => {
                findings.name(raw, |report| &mut report.finish_reason);
                let loads = matches!(raw, b"\"load\"" | b"\"unload\"");
                // A model was put into memory or taken out of it; nothing was read.
                if loads && findings.report.usage.is_none() {
                    findings.report.usage = Some(TokenUsage::default());
                    findings.report.final_usage = true;
                }
            }
            Field::ToolName => findings.names_tool(raw),
            Field::Text(_) | Field::Reasoning | Field::Generated | Field::Error => {}
        }
    }
}

/// Puts a count that stands alone into its place.
fn count(
    raw: &[u8],
    findings: &mut Findings,
    place: impl FnOnce(&mut TokenUsage) -> &mut Option<u64>,
) {
    match counts::alone(raw) {
        Ok(Some(count)) => {
            let mut usage = findings.report.usage.unwrap_or_default();
            *place(&mut usage) = Some(count);
            findings.report.usage = Some(usage);
            conserve::parts(&usage, findings);
        }
        Ok(None) => {}
        Err(_) => findings.flag(Flag::Malformed),
    }
}
