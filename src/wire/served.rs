//! Reads servers that put their counts as plain numbers into an answer of their own: Text Generation
//! Inference (<https://huggingface.github.io/text-generation-inference/>), `SGLang`
//! (<https://docs.sglang.ai/basic_usage/native_api.html>), llama.cpp
//! (<https://github.com/ggml-org/llama.cpp/tree/master/tools/server>), watsonx.ai
//! (<https://cloud.ibm.com/apidocs/watsonx-ai>) and Qianfan's first API
//! (<https://cloud.baidu.com/doc/WENXINWORKSHOP/index.html>).
//!
//! In a stream each count is the largest so far: all are running totals, and what was said once may
//! be said as zero later.

use std::sync::LazyLock;

use crate::call::Flag;

use super::conserve;
use super::counts::alone;
use super::findings::Findings;
use super::paths::Action::{Gather, Keep, Notice};
use super::paths::{Action, Paths};
use super::response::Format;
use super::scanner::Seen;
use super::spoken::Part;

#[derive(Clone, Copy, Debug)]
pub(super) enum Field {
    Count(Count),
    Model,
    Id,
    /// Why it stopped, said in the last event alone.
    FinishReason,
    /// The same of who says it in each event, or of each of several answers.
    Reason,
    /// The server says whether this is the last event.
    Last,
    Text,
    /// A text that a stream's last event, or each, says again.
    WholeText,
    Error,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Count {
    Input,
    CacheRead,
    Output,
}

const INPUT: Action<Field> = Keep(Field::Count(Count::Input));
const CACHE_READ: Action<Field> = Keep(Field::Count(Count::CacheRead));
const OUTPUT: Action<Field> = Keep(Field::Count(Count::Output));
const TEXT: Action<Field> = Gather(Field::Text);
const WHOLE_TEXT: Action<Field> = Gather(Field::WholeText);

static PATHS: LazyLock<Paths<Field>> = LazyLock::new(|| {
    Paths::new([
        // Text Generation Inference; the input only of streams.
        ("details.input_length", INPUT),
        ("details.generated_tokens", OUTPUT),
        ("details.finish_reason", Keep(Field::FinishReason)),
        ("token.text", TEXT),
        ("generated_text", WHOLE_TEXT),
        // SGLang.
        ("meta_info.prompt_tokens", INPUT),
        ("meta_info.cached_tokens", CACHE_READ),
        ("meta_info.completion_tokens", OUTPUT),
        ("meta_info.id", Keep(Field::Id)),
        ("meta_info.finish_reason.type", Keep(Field::Reason)),
        ("text", WHOLE_TEXT),
        // llama.cpp.
        ("tokens_evaluated", INPUT),
        ("timings.cache_n", CACHE_READ),
        ("tokens_predicted", OUTPUT),
        ("stop_type", Keep(Field::Reason)),
        ("stop", Keep(Field::Last)),
        ("content", TEXT),
        // watsonx.ai.
        ("model_id", Keep(Field::Model)),
        ("results.*.input_token_count", INPUT),
        ("results.*.generated_token_count", OUTPUT),
        ("results.*.stop_reason", Keep(Field::FinishReason)),
        ("results.*.generated_text", TEXT),
        ("errors", Notice(Field::Error)),
        // Of its embeddings.
        ("input_token_count", INPUT),
        // Qianfan.
        ("usage.prompt_tokens", INPUT),
        ("usage.completion_tokens", OUTPUT),
        ("finish_reason", Keep(Field::Reason)),
        ("is_end", Keep(Field::Last)),
        ("result", TEXT),
        ("error_code", Notice(Field::Error)),
        // Several.
        ("model", Keep(Field::Model)),
        ("id", Keep(Field::Id)),
        ("error", Notice(Field::Error)),
    ])
});

/// What watsonx.ai says as long as it goes on, and Qianfan of an answer in one piece.
const NO_REASON: [&[u8]; 4] = [b"null", b"\"not_finished\"", b"\"\"", b"\"none\""];

/// One answer.
#[derive(Debug, Default)]
pub(super) struct Served {
    /// This text is the last one.
    is_last: bool,
}

impl Format for Served {
    type Field = Field;

    fn paths() -> &'static Paths<Field> {
        &PATHS
    }

    fn see(&mut self, seen: Seen<'_, Field>, findings: &mut Findings) {
        match seen {
            Seen::Value(field, raw) => self.value(field, raw, findings),
            Seen::Filled(Field::Error) => findings.error_in_stream(),
            Seen::Filled(Field::Text) => findings.begins(Part::Content),
            Seen::Filled(Field::WholeText) if !findings.report.is_stream => {
                findings.begins(Part::Content);
            }
            Seen::Filled(_) => findings.output_started = true,
            Seen::Text(Field::WholeText, _) if findings.report.is_stream => {}
            Seen::Text(_, raw) => findings.says(raw),
            Seen::TooLong(_) => findings.flag(Flag::Truncated),
        }
    }

    fn end_text(&mut self, findings: &mut Findings) {
        let is_over = self.is_last || !findings.report.is_stream;
        findings.ended |= is_over;
        if let Some(usage) = findings.report.usage {
            conserve::parts(&usage, findings);
            findings.report.final_usage |= is_over && usage.input.is_some();
        }
    }

    /// `SGLang`'s end.
    fn done(&mut self, findings: &mut Findings) {
        self.is_last = true;
        self.end_text(findings);
    }
}

impl Served {
    fn value(&mut self, field: Field, raw: &[u8], findings: &mut Findings) {
        match field {
            Field::Count(count) => tell(count, raw, findings),
            Field::Model => findings.name(raw, |report| &mut report.model),
            Field::Id => findings.name(raw, |report| &mut report.response_id),
            Field::FinishReason | Field::Reason if !NO_REASON.contains(&raw) => {
                findings.name(raw, |report| &mut report.finish_reason);
                self.is_last |= matches!(field, Field::FinishReason);
            }
            Field::Last => self.is_last |= raw == b"true",
            Field::FinishReason | Field::Reason | Field::Text | Field::WholeText | Field::Error => {
            }
        }
    }
}

fn tell(count: Count, raw: &[u8], findings: &mut Findings) {
    let Ok(told) = alone(raw) else {
        return findings.flag(Flag::Malformed);
    };
    if told.is_none() {
        return;
    }
    let usage = findings.report.usage.get_or_insert_default();
    let place = match count {
        Count::Input => &mut usage.input,
        Count::CacheRead => &mut usage.cache_read,
        Count::Output => &mut usage.output,
    };
    *place = told.max(*place);
}
