//! Reads Gemini's `generateContent`, whole, as a stream of events and as a streamed array, on Google's
//! Gemini API and on Vertex AI (<https://ai.google.dev/api/generate-content#UsageMetadata>,
//! <https://cloud.google.com/vertex-ai/docs/reference/rest/v1/GenerateContentResponse>).
//!
//! Thoughts and the prompts of tools are billed beside the candidates and the prompt, so each total is
//! a sum of two. Every piece of a stream repeats the counts as they stand, without those that are
//! zero; a stream has no end of its own but the body's.

use std::sync::LazyLock;

use crate::call::Flag;

use super::counts::Usage;
use super::findings::Findings;
use super::paths::Action::{Gather, Keep, Notice};
use super::paths::{Action, Paths};
use super::response::Format;
use super::scanner::Seen;
use super::spoken::Part;

pub(super) mod embeddings;
mod enums;
pub(super) mod interactions;
mod usage;

use usage::Running;

#[derive(Clone, Copy, Debug)]
pub(super) enum Field {
    Usage,
    Model,
    Id,
    FinishReason,
    /// What was searched for on the web: Gemini 3 bills each.
    Searches,
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
const ARGUMENTS: Action<Field> = Gather(Field::Text(Part::ToolInput));

/// What an answer has, alone or as an element of an array.
macro_rules! answer {
    ($before:literal) => {
        [
            (concat!($before, "usageMetadata"), Keep(Field::Usage)),
            (concat!($before, "modelVersion"), Keep(Field::Model)),
            (concat!($before, "responseId"), Keep(Field::Id)),
            (
                concat!($before, "promptFeedback.blockReason"),
                Keep(Field::FinishReason),
            ),
            (
                concat!($before, "candidates.*.finishReason"),
                Keep(Field::FinishReason),
            ),
            (concat!($before, "candidates.*.index"), Keep(Field::Choice)),
            (
                concat!($before, "candidates.*.groundingMetadata.webSearchQueries"),
                Keep(Field::Searches),
            ),
            (
                concat!($before, "candidates.*.content.parts"),
                Notice(Field::Output),
            ),
            (concat!($before, "candidates.*.content.parts.*.text"), TEXT),
            (
                concat!($before, "candidates.*.content.parts.*.thought"),
                Notice(Field::Reasoning),
            ),
            (
                concat!($before, "candidates.*.content.parts.*.functionCall.name"),
                Keep(Field::ToolName),
            ),
            (
                concat!($before, "candidates.*.content.parts.*.functionCall.args"),
                ARGUMENTS,
            ),
            (concat!($before, "error"), Notice(Field::Error)),
        ]
    };
}

static PATHS: LazyLock<Paths<Field>> =
    LazyLock::new(|| Paths::new(answer!("").into_iter().chain(answer!("*."))));

/// One answer with its candidates.
#[derive(Debug, Default)]
pub(super) struct Content {
    usage: Running,
    finished: bool,
}

impl Format for Content {
    type Field = Field;

    /// Asked to stream and not how, both APIs send an array, an element at a time.
    const STREAMS_ARRAYS: bool = true;
    const ENDS_WITH_ITS_BODY: bool = true;

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
            Seen::TooLong(Field::Searches) => {}
            Seen::TooLong(_) => findings.flag(Flag::Truncated),
        }
    }

    fn end_text(&mut self, findings: &mut Findings) {
        self.settle(findings);
    }

    /// No part of the API; gateways send it.
    fn done(&mut self, _: &mut Findings) {}
}

impl Content {
    fn value(&mut self, field: Field, raw: &[u8], findings: &mut Findings) {
        match field {
            Field::Usage => {
                self.usage(raw, findings);
                self.settle(findings);
            }
            Field::Model => names_model(raw, findings),
            Field::Id => findings.name(raw, |report| &mut report.response_id),
            Field::FinishReason => {
                enums::name(raw, enums::FINISHED, findings, |report| {
                    &mut report.finish_reason
                });
                self.finished |= findings.report.finish_reason.is_some();
                self.settle(findings);
            }
            Field::Searches => searches(raw, findings),
            Field::Choice => findings.numbers(raw),
            Field::ToolName => findings.names_tool(raw),
            Field::Text(_) | Field::Reasoning | Field::Output | Field::Error => {}
        }
    }

    fn usage(&mut self, raw: &[u8], findings: &mut Findings) {
        match Usage::read(raw) {
            Ok(Some(usage)) => {
                self.usage.add(usage.counts());
                let tier = enums::tier(usage.counts());
                if tier.is_some() {
                    findings.report.service_tier = tier;
                }
                if usage.is_odd() {
                    findings.flag(Flag::Malformed);
                }
            }
            Ok(None) => {}
            Err(_) => findings.flag(Flag::Malformed),
        }
    }

    /// A body has one usage; in a stream little is added to it once a candidate is finished.
    fn settle(&self, findings: &mut Findings) {
        let is_last = self.finished || (!findings.report.is_stream);
        let said = self.usage.tell(is_last, findings);
        findings.report.final_usage |= said && is_last;
    }
}

/// Some answers name the model as a resource.
fn names_model(raw: &[u8], findings: &mut Findings) {
    findings.name(raw, |report| &mut report.model);
    let model = &mut findings.report.model;
    let short = model.as_ref().and_then(|name| name.strip_prefix("models/"));
    if let Some(short) = short.map(str::to_owned) {
        *model = Some(short);
    }
}

/// Counts what was searched for; each piece of a stream repeats it.
fn searches(raw: &[u8], findings: &mut Findings) {
    let asked: Result<Vec<serde::de::IgnoredAny>, _> = serde_json::from_slice(raw);
    let count = asked.map(|asked| asked.len()).unwrap_or_default();
    if let Some(count) = u64::try_from(count).ok().filter(|count| *count > 0) {
        findings.report.units.insert("web_search".into(), count);
    }
}
