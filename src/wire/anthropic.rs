//! Reads Anthropic messages, whole and streamed.
//!
//! Caches are billed beside the input, so the total is the sum of the three. A stream reports the
//! input at its start and the output at its end, as running totals
//! (<https://docs.anthropic.com/en/api/messages>, <https://docs.anthropic.com/en/docs/build-with-claude/streaming>).

use std::sync::LazyLock;

use crate::call::Flag;

use super::counts::Usage;
use super::findings::Findings;
use super::paths::Action::{Gather, Keep, Notice};
use super::paths::{Action, Paths};
use super::response::Format;
use super::scanner::Seen;
use super::spoken::Part;

pub(super) mod batch;
mod running;

use running::Running;

#[derive(Clone, Copy, Debug)]
pub(super) enum Field {
    /// In `message_start`: the input, and a placeholder for the output.
    StartUsage,
    /// In `message_delta`, or in a whole body.
    Usage,
    Type,
    Model,
    Id,
    StopReason,
    Text(Part),
    ToolName,
    Reasoning,
    /// Something else that was generated.
    Output,
    Error,
}

const TEXT: Action<Field> = Gather(Field::Text(Part::Content));
const TOOL_NAME: Action<Field> = Keep(Field::ToolName);

/// Where what is read lies.
pub(super) const NAMED: [(&str, Action<Field>); 23] = [
    ("message.usage", Keep(Field::StartUsage)),
    ("usage", Keep(Field::Usage)),
    ("type", Keep(Field::Type)),
    ("message.model", Keep(Field::Model)),
    ("model", Keep(Field::Model)),
    ("message.id", Keep(Field::Id)),
    ("id", Keep(Field::Id)),
    ("stop_reason", Keep(Field::StopReason)),
    ("message.stop_reason", Keep(Field::StopReason)),
    ("delta.stop_reason", Keep(Field::StopReason)),
    ("delta.text", TEXT),
    ("delta.thinking", Notice(Field::Reasoning)),
    (
        "delta.partial_json",
        Gather(Field::Text(Part::ToolArguments)),
    ),
    // A tool call begins with its name, a redacted thought with its data: both are generated.
    ("content_block.name", TOOL_NAME),
    ("content_block.data", Notice(Field::Reasoning)),
    ("content_block.text", TEXT),
    ("content", Notice(Field::Output)),
    ("content.*.text", TEXT),
    ("content.*.thinking", Notice(Field::Reasoning)),
    ("content.*.data", Notice(Field::Reasoning)),
    ("content.*.name", TOOL_NAME),
    ("content.*.input", Gather(Field::Text(Part::ToolInput))),
    ("error", Notice(Field::Error)),
];

static PATHS: LazyLock<Paths<Field>> = LazyLock::new(|| Paths::new(NAMED));

/// One message.
#[derive(Debug, Default)]
pub(super) struct Message {
    /// The usage merged up to the last whole event.
    settled: Running,
    /// The same with this event's usage.
    current: Running,
    /// A usage came that may be the last; in this event.
    counted: bool,
    counted_here: bool,
}

impl Format for Message {
    type Field = Field;

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

    fn end_text(&mut self, _: &mut Findings) {
        self.counted_here = false;
        if self.settled != self.current {
            self.settled = self.current.clone();
        }
    }

    /// Anthropic ends with `message_stop`; a gateway's `[DONE]` adds nothing.
    fn done(&mut self, _: &mut Findings) {}
}

impl Message {
    fn value(&mut self, field: Field, raw: &[u8], findings: &mut Findings) {
        match field {
            Field::StartUsage => {
                let is_usage = self.usage(raw, findings);
                findings.output_to_come |= is_usage;
            }
            Field::Usage => {
                self.counted_here |= self.usage(raw, findings);
                self.counted |= self.counted_here;
                self.settle(findings);
            }
            Field::Type if raw == b"\"message_stop\"" => {
                findings.ended = true;
                self.settle(findings);
            }
            Field::Model => findings.name(raw, |report| &mut report.model),
            Field::Id => findings.name(raw, |report| &mut report.response_id),
            Field::StopReason => {
                findings.name(raw, |report| &mut report.finish_reason);
                self.settle(findings);
            }
            Field::ToolName => findings.names_tool(raw),
            Field::Type | Field::Text(_) | Field::Reasoning | Field::Output | Field::Error => {}
        }
    }

    /// A body has one usage. A stream counts while it goes on, and for the last time where it says why
    /// it stopped.
    fn settle(&self, findings: &mut Findings) {
        let report = &mut findings.report;
        let is_last = !report.is_stream || report.finish_reason.is_some();
        report.final_usage |= (self.counted_here && is_last) || (self.counted && findings.ended);
        findings.output_to_come &= !report.final_usage;
    }

    /// Merges a usage; false if it is none. Of two in one event the last wins, so it is merged
    /// with what was before the event.
    fn usage(&mut self, raw: &[u8], findings: &mut Findings) -> bool {
        match Usage::read(raw) {
            Ok(Some(usage)) => {
                self.current = self.settled.merged(usage.counts());
                self.current.tell(findings);
                if usage.is_odd() {
                    findings.flag(Flag::Malformed);
                }
                true
            }
            Ok(None) => false,
            Err(_) => {
                findings.flag(Flag::Malformed);
                false
            }
        }
    }
}
