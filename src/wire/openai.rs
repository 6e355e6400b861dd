//! Reads `OpenAI` chat completions, whole and streamed.
//!
//! Caches are part of the input and reasoning is part of the output, so totals are taken as they
//! are (<https://platform.openai.com/docs/api-reference/chat/object>).

use std::sync::LazyLock;

use crate::call::Flag;
use crate::usage::TokenUsage;

use super::counts::{Counts, Usage};
use super::findings::Findings;
use super::paths::Action::{Gather, Keep, Notice};
use super::paths::{Action, Paths};
use super::response::Format;
use super::scanner::Seen;
use super::spoken::Part;

#[derive(Clone, Copy, Debug)]
pub(super) enum Field {
    Usage,
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

/// One chat completion.
#[derive(Debug, Default)]
pub(super) struct ChatCompletion {
    /// This chunk has a usage.
    usage_here: bool,
    /// This chunk has choices.
    choices_here: bool,
    /// A choice has been finished.
    finished: bool,
}

impl Format for ChatCompletion {
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
        findings.report.final_usage = findings.report.usage.is_some();
    }
}

impl ChatCompletion {
    fn value(&mut self, field: Field, raw: &[u8], findings: &mut Findings) {
        match field {
            Field::Usage => self.usage(raw, findings),
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

    /// The last usage that is one wins: servers that repeat it send running totals.
    fn usage(&mut self, raw: &[u8], findings: &mut Findings) {
        match Usage::read(raw) {
            Ok(Some(object)) => {
                let counts = object.counts();
                if let Some(usage) = read_usage(counts) {
                    check(&usage, counts.at("total_tokens"), findings);
                    findings.report.usage = Some(usage);
                    self.usage_here = true;
                    self.settle(findings);
                }
                if object.is_odd() {
                    findings.flag(Flag::Malformed);
                }
            }
            Ok(None) => {}
            Err(_) => findings.flag(Flag::Malformed),
        }
    }

    /// A body has one usage; in a stream nothing is added to it once a choice is finished.
    fn settle(&self, findings: &mut Findings) {
        let settled = self.finished || !findings.report.is_stream;
        findings.report.final_usage |= self.usage_here && settled;
    }
}

/// An object without either total reports nothing.
fn read_usage(counts: Counts<'_>) -> Option<TokenUsage> {
    let (input, output) = (
        counts.part("prompt_tokens_details"),
        counts.part("completion_tokens_details"),
    );
    let usage = TokenUsage {
        input: counts.at("prompt_tokens"),
        cache_read: input.at("cached_tokens"),
        cache_write: input.at("cache_write_tokens"),
        input_audio: input.at("audio_tokens"),
        input_image: input.at("image_tokens"),
        output: counts.at("completion_tokens"),
        reasoning: output.at("reasoning_tokens"),
        output_audio: output.at("audio_tokens"),
        output_image: output.at("image_tokens"),
        accepted_prediction: output.at("accepted_prediction_tokens"),
        rejected_prediction: output.at("rejected_prediction_tokens"),
        ..TokenUsage::default()
    };
    (usage.input.is_some() || usage.output.is_some()).then_some(usage)
}

fn check(usage: &TokenUsage, total: Option<u64>, findings: &mut Findings) {
    let input = usage.input.unwrap_or(0);
    let sum = input.saturating_add(usage.output.unwrap_or(0));
    findings.flag_if(Flag::TotalMismatch, total.is_some_and(|total| total != sum));
    let cached = usage
        .cache_read
        .unwrap_or(0)
        .saturating_add(usage.cache_write.unwrap_or(0));
    findings.flag_if(Flag::CacheOverlap, cached > input);
}
