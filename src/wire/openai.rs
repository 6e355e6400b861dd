//! Reads `OpenAI` chat completions, whole and streamed, and what answers alike: completions and
//! embeddings (<https://platform.openai.com/docs/api-reference/chat/object>,
//! <https://platform.openai.com/docs/api-reference/completions/object>,
//! <https://platform.openai.com/docs/api-reference/embeddings>).

use std::sync::LazyLock;

use crate::call::Flag;

use super::findings::Findings;
use super::paths::Action::{Gather, Keep, Notice};
use super::paths::{Action, Paths};
use super::response::Format;
use super::scanner::Seen;
use super::spoken::Part;

use usage::Spelling;

pub(super) mod audio;
pub(super) mod batch;
mod beside;
pub(super) mod images;
pub(super) mod responses;
pub(super) mod runs;
pub(super) mod usage;

#[derive(Clone, Copy, Debug)]
pub(super) enum Field {
    Usage,
    /// llama.cpp's measurements.
    Timings,
    Model,
    Id,
    ServiceTier,
    FinishReason,
    Choices,
    /// Whose text it is.
    Choice,
    Text(Part),
    ToolName,
    Reasoning,
    /// Something else that was generated.
    Output,
    Error,
}

const TEXT: Action<Field> = Gather(Field::Text(Part::Content));
const REFUSAL: Action<Field> = Gather(Field::Text(Part::Refusal));
const TOOL_NAME: Action<Field> = Keep(Field::ToolName);
const ARGUMENTS: Action<Field> = Gather(Field::Text(Part::ToolArguments));

static PATHS: LazyLock<Paths<Field>> = LazyLock::new(|| {
    Paths::new([
        ("usage", Keep(Field::Usage)),
        // Groq's, also unasked; Moonshot's.
        ("x_groq.usage", Keep(Field::Usage)),
        ("choices.*.usage", Keep(Field::Usage)),
        ("timings", Keep(Field::Timings)),
        ("model", Keep(Field::Model)),
        ("id", Keep(Field::Id)),
        ("service_tier", Keep(Field::ServiceTier)),
        ("error", Notice(Field::Error)),
        ("choices", Notice(Field::Choices)),
        ("choices.*.finish_reason", Keep(Field::FinishReason)),
        ("choices.*.index", Keep(Field::Choice)),
        ("choices.*.delta.content", TEXT),
        ("choices.*.delta.refusal", REFUSAL),
        ("choices.*.delta.tool_calls", Notice(Field::Output)),
        ("choices.*.delta.tool_calls.*.function.name", TOOL_NAME),
        ("choices.*.delta.tool_calls.*.function.arguments", ARGUMENTS),
        ("choices.*.delta.function_call", Notice(Field::Output)),
        ("choices.*.delta.function_call.name", TOOL_NAME),
        ("choices.*.delta.function_call.arguments", ARGUMENTS),
        (
            "choices.*.delta.reasoning_content",
            Notice(Field::Reasoning),
        ),
        ("choices.*.delta.reasoning", Notice(Field::Reasoning)),
        ("choices.*.delta.audio", Notice(Field::Output)),
        ("choices.*.text", TEXT),
        ("choices.*.message.content", TEXT),
        ("choices.*.message.refusal", REFUSAL),
        ("choices.*.message.tool_calls", Notice(Field::Output)),
        ("choices.*.message.tool_calls.*.function.name", TOOL_NAME),
        (
            "choices.*.message.tool_calls.*.function.arguments",
            ARGUMENTS,
        ),
        ("choices.*.message.function_call", Notice(Field::Output)),
        ("choices.*.message.function_call.name", TOOL_NAME),
        ("choices.*.message.function_call.arguments", ARGUMENTS),
        (
            "choices.*.message.reasoning_content",
            Notice(Field::Reasoning),
        ),
    ])
});

/// One completion, chat or not, or a list of embeddings.
#[derive(Debug)]
pub(super) struct Completion {
    spelling: Spelling,
    told: Told,
    /// This chunk has a usage.
    usage_here: bool,
    /// This chunk has choices.
    choices_here: bool,
    /// A choice has been finished.
    finished: bool,
}

/// What the usage is known by; both may be running totals, and what is reported is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    /// There is none.
    Nothing,
    Measured,
    Reported,
}

impl Format for Completion {
    type Field = Field;

    fn paths() -> &'static Paths<Field> {
        &PATHS
    }

    fn see(&mut self, seen: Seen<'_, Field>, findings: &mut Findings) {
        match seen {
            Seen::Value(field, raw) => self.value(field, raw, findings),
            Seen::Filled(Field::Choices) => self.choices_here = true,
            Seen::Filled(Field::Error) => findings.error_in_stream(),
            Seen::Filled(Field::Text(part)) => findings.begins(part),
            Seen::Filled(Field::Reasoning) => findings.thinks(),
            Seen::Text(_, raw) => findings.says(raw),
            Seen::Filled(_) => findings.output_started = true,
            Seen::TooLong(_) => findings.flag(Flag::Truncated),
        }
    }

    fn end_text(&mut self, findings: &mut Findings) {
        // The usage asked for comes alone, behind the last choice. Running totals come beside one.
        findings.report.final_usage |= self.usage_here && !self.choices_here;
        self.usage_here = false;
        self.choices_here = false;
    }

    fn done(&mut self, findings: &mut Findings) {
        findings.ended = true;
        let usage = findings.report.usage;
        findings.report.final_usage = usage.is_some_and(|usage| usage.input.is_some());
    }
}

impl Completion {
    /// One whose usage is spelled so.
    pub(super) const fn new(spelling: Spelling) -> Self {
        Self {
            spelling,
            told: Told::Nothing,
            usage_here: false,
            choices_here: false,
            finished: false,
        }
    }

    fn value(&mut self, field: Field, raw: &[u8], findings: &mut Findings) {
        match field {
            Field::Usage => self.usage(raw, findings),
            Field::Timings => self.timings(raw, findings),
            Field::Model => findings.name(raw, |report| &mut report.model),
            Field::Id => findings.name(raw, |report| &mut report.response_id),
            Field::ServiceTier => findings.name(raw, |report| &mut report.service_tier),
            Field::FinishReason => {
                findings.name(raw, |report| &mut report.finish_reason);
                self.finished = findings.report.finish_reason.is_some();
                self.settle(findings);
            }
            Field::Choice => findings.numbers(raw),
            Field::ToolName => findings.names_tool(raw),
            Field::Choices | Field::Text(_) | Field::Reasoning | Field::Output | Field::Error => {}
        }
    }

    fn usage(&mut self, raw: &[u8], findings: &mut Findings) {
        if usage::tell(raw, self.spelling, findings) {
            self.told = Told::Reported;
            self.usage_here = true;
            self.settle(findings);
        }
    }

    fn timings(&mut self, raw: &[u8], findings: &mut Findings) {
        if self.told != Told::Reported && usage::tell(raw, usage::timings, findings) {
            self.told = Told::Measured;
            self.usage_here = findings
                .report
                .usage
                .is_some_and(|usage| usage.input.is_some());
            self.settle(findings);
        }
    }

    /// A body has one usage; in a stream nothing is added to it once a choice is finished.
    fn settle(&self, findings: &mut Findings) {
        let settled = self.finished || !findings.report.is_stream;
        findings.report.final_usage |= self.usage_here && settled;
    }
}
