//! Reads `DashScope`'s own API (<https://help.aliyun.com/zh/model-studio/qwen-api-via-dashscope>):
//! text and multimodal generation, whole and streamed.
//!
//! Each event has the usage so far, and the text too unless its client wants it piece by piece; so
//! nothing has to be counted and no text is kept.

use std::sync::LazyLock;

use crate::call::Flag;
use crate::usage::TokenUsage;

use super::conserve;
use super::counts::{Counts, Usage};
use super::findings::Findings;
use super::paths::Action::{Keep, Notice};
use super::paths::Paths;
use super::response::Format;
use super::scanner::Seen;

#[derive(Clone, Copy, Debug)]
pub(super) enum Field {
    Usage,
    Id,
    FinishReason,
    Output,
    Error,
}

static PATHS: LazyLock<Paths<Field>> = LazyLock::new(|| {
    Paths::new([
        ("usage", Keep(Field::Usage)),
        ("request_id", Keep(Field::Id)),
        ("output.finish_reason", Keep(Field::FinishReason)),
        ("output.text", Notice(Field::Output)),
        ("output.choices.*.finish_reason", Keep(Field::FinishReason)),
        ("output.choices.*.message.content", Notice(Field::Output)),
        (
            "output.choices.*.message.reasoning_content",
            Notice(Field::Output),
        ),
        ("output.choices.*.message.tool_calls", Notice(Field::Output)),
        ("code", Notice(Field::Error)),
    ])
});

/// One answer.
#[derive(Debug, Default)]
pub(super) struct Generation {
    /// Whether all choices of this event are finished; none where it says nothing of that.
    finished: Option<bool>,
}

impl Format for Generation {
    type Field = Field;

    fn paths() -> &'static Paths<Field> {
        &PATHS
    }

    fn see(&mut self, seen: Seen<'_, Field>, findings: &mut Findings) {
        match seen {
            Seen::Value(field, raw) => self.value(field, raw, findings),
            Seen::Filled(Field::Error) => findings.error_in_stream(),
            Seen::Filled(_) => findings.output_started = true,
            Seen::Text(..) => {}
            Seen::TooLong(_) => findings.flag(Flag::Truncated),
        }
    }

    fn end_text(&mut self, findings: &mut Findings) {
        let is_stream = findings.report.is_stream;
        let is_last = self.finished.take().unwrap_or(!is_stream) || !is_stream;
        findings.ended |= is_last;
        findings.report.final_usage |= is_last && findings.report.usage.is_some();
    }

    /// `DashScope` ends with a finish reason.
    fn done(&mut self, _: &mut Findings) {}
}

impl Generation {
    fn value(&mut self, field: Field, raw: &[u8], findings: &mut Findings) {
        match field {
            Field::Usage => usage(raw, findings),
            Field::Id => findings.name(raw, |report| &mut report.response_id),
            Field::FinishReason => {
                // It is written as a word while the model goes on.
                let goes_on = matches!(raw, b"null" | b"\"null\"" | b"\"\"");
                self.finished = Some(!goes_on && self.finished != Some(false));
                if !goes_on {
                    findings.name(raw, |report| &mut report.finish_reason);
                }
            }
            Field::Output | Field::Error => {}
        }
    }
}

/// Of several the last wins: each is a running total.
fn usage(raw: &[u8], findings: &mut Findings) {
    let Ok(object) = Usage::read(raw) else {
        return findings.flag(Flag::Malformed);
    };
    let Some(object) = object else { return };
    let counts = object.counts();
    let usage = tokens(counts);
    if usage.input.is_some() || usage.output.is_some() {
        conserve::check(&usage, counts.at("total_tokens"), findings);
        findings.report.usage = Some(usage);
    }
    if let Some(searches) = counts.part("plugins").part("search").at("count") {
        findings.report.units.insert("web_search".into(), searches);
    }
    if object.is_odd() {
        findings.flag(Flag::Malformed);
    }
}

fn tokens(counts: Counts<'_>) -> TokenUsage {
    let cached = counts.part("prompt_tokens_details");
    let input = counts.part("input_tokens_details");
    let output = counts.part("output_tokens_details");
    TokenUsage {
        input: counts.at("input_tokens"),
        cache_read: cached.at("cached_tokens"),
        cache_write: cached.at("cache_creation_input_tokens"),
        input_image: input
            .at("image_tokens")
            .or_else(|| counts.at("image_tokens")),
        input_video: input
            .at("video_tokens")
            .or_else(|| counts.at("video_tokens")),
        input_audio: input
            .at("audio_tokens")
            .or_else(|| counts.at("audio_tokens")),
        output: counts.at("output_tokens"),
        reasoning: output.at("reasoning_tokens"),
        ..TokenUsage::default()
    }
}
