//! Reads Gemini's interactions, whole and streamed (<https://ai.google.dev/api/interactions-api>).
//!
//! A stream tells its usage in the event that ends it. One in the background goes on by itself, and
//! shows its usage to whoever looks it up.

use std::sync::LazyLock;

use crate::call::Flag;
use crate::usage::TokenUsage;

use super::super::conserve;
use super::super::counts::{Counts, Usage};
use super::super::findings::Findings;
use super::super::paths::Action::{Gather, Keep, Notice};
use super::super::paths::Paths;
use super::super::response::Format;
use super::super::scanner::Seen;
use super::super::spoken::Part;
use super::usage::{Modalities, sum};

#[derive(Clone, Copy, Debug)]
pub(in super::super) enum Field {
    /// Of an event.
    Type,
    Usage,
    Model,
    Id,
    ServiceTier,
    Status,
    Text(Part),
    /// Something else that was generated.
    Output,
    Error,
}

/// What an interaction has, alone or in an event.
macro_rules! interaction {
    ($before:literal) => {
        [
            (concat!($before, "usage"), Keep(Field::Usage)),
            (concat!($before, "model"), Keep(Field::Model)),
            (concat!($before, "id"), Keep(Field::Id)),
            (concat!($before, "service_tier"), Keep(Field::ServiceTier)),
            (concat!($before, "status"), Keep(Field::Status)),
            (concat!($before, "error"), Notice(Field::Error)),
        ]
    };
}

static PATHS: LazyLock<Paths<Field>> = LazyLock::new(|| {
    let pieces = [
        ("event_type", Keep(Field::Type)),
        ("delta.text", Gather(Field::Text(Part::Content))),
        ("delta", Notice(Field::Output)),
        ("steps", Notice(Field::Output)),
        ("steps.*.content.*.text", Gather(Field::Text(Part::Content))),
    ];
    let pieces = pieces.into_iter().chain(interaction!(""));
    Paths::new(pieces.chain(interaction!("interaction.")))
});

/// One interaction.
#[derive(Debug, Default)]
pub(in super::super) struct Interaction {
    /// This event ends the stream.
    terminal: bool,
    usage_here: bool,
    /// It goes on without its client.
    goes_on: bool,
}

impl Format for Interaction {
    type Field = Field;

    fn paths() -> &'static Paths<Field> {
        &PATHS
    }

    fn see(&mut self, seen: Seen<'_, Field>, findings: &mut Findings) {
        match seen {
            Seen::Value(field, raw) => self.value(field, raw, findings),
            Seen::Filled(Field::Error) => findings.error_in_stream(),
            Seen::Filled(Field::Text(part)) => findings.begins(part),
            Seen::Text(_, raw) => findings.says(raw),
            Seen::Filled(_) => findings.output_started = true,
            Seen::TooLong(_) => findings.flag(Flag::Truncated),
        }
    }

    fn end_text(&mut self, findings: &mut Findings) {
        let is_last = self.terminal || !findings.report.is_stream;
        findings.report.final_usage |= self.usage_here && is_last && !self.goes_on;
        findings.report.background = self.goes_on && is_last;
        findings.ended |= self.terminal;
        *self = Self::default();
    }

    /// No part of the API; gateways send it.
    fn done(&mut self, _: &mut Findings) {}
}

impl Interaction {
    fn value(&mut self, field: Field, raw: &[u8], findings: &mut Findings) {
        match field {
            Field::Type => self.terminal |= raw == b"\"interaction.completed\"",
            Field::Usage => self.usage_here |= usage(raw, findings),
            Field::Model => super::names_model(raw, findings),
            Field::Id => findings.name(raw, |report| &mut report.response_id),
            Field::ServiceTier => findings.name(raw, |report| &mut report.service_tier),
            Field::Status => {
                self.goes_on = raw == b"\"in_progress\"";
                findings.name(raw, |report| &mut report.finish_reason);
            }
            Field::Text(_) | Field::Output | Field::Error => {}
        }
    }
}

/// Puts a usage into the report; false if it is none.
fn usage(raw: &[u8], findings: &mut Findings) -> bool {
    let Ok(object) = Usage::read(raw) else {
        findings.flag(Flag::Malformed);
        return false;
    };
    let Some(object) = object else {
        return false;
    };
    let counts = object.counts();
    let usage = tokens(counts);
    if object.is_odd() {
        findings.flag(Flag::Malformed);
    }
    if usage.input.is_none() && usage.output.is_none() {
        return false;
    }
    conserve::check(&usage, counts.at("total_tokens"), findings);
    findings.report.usage = Some(usage);
    true
}

/// Thoughts and the prompts of tools are beside the output and the input.
fn tokens(counts: Counts<'_>) -> TokenUsage {
    let by = |list: &str| Modalities::read(counts, list, "tokens").unwrap_or_default();
    let (input, cached) = (
        by("input_tokens_by_modality"),
        by("cached_tokens_by_modality"),
    );
    let output = by("output_tokens_by_modality");
    let (tools, thoughts) = (
        counts.at("total_tool_use_tokens"),
        counts.at("total_thought_tokens"),
    );
    TokenUsage {
        input: sum(counts.at("total_input_tokens"), tools),
        cache_read: counts.at("total_cached_tokens"),
        cache_read_audio: cached.audio,
        cache_read_image: cached.image,
        output: sum(counts.at("total_output_tokens"), thoughts),
        reasoning: thoughts,
        input_audio: input.audio,
        input_image: input.image,
        input_video: input.video,
        output_audio: output.audio,
        output_image: output.image,
        tool_prompt: tools,
        ..TokenUsage::default()
    }
}
