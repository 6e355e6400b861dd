//! Reads transcriptions, translations and streamed speech
//! (<https://platform.openai.com/docs/api-reference/audio>): tokens, or the seconds heard.
//!
//! Speech itself, and text without JSON around it, report nothing.

use std::sync::LazyLock;

use crate::call::Flag;

use super::super::counts::Usage;
use super::super::findings::Findings;
use super::super::paths::Action::{Keep, Notice};
use super::super::paths::Paths;
use super::super::response::Format;
use super::super::scanner::Seen;
use super::usage;

#[derive(Clone, Copy, Debug)]
pub(in super::super) enum Field {
    /// Of an event.
    Type,
    Usage,
    Duration,
    Model,
    Output,
    Error,
}

static PATHS: LazyLock<Paths<Field>> = LazyLock::new(|| {
    Paths::new([
        ("type", Keep(Field::Type)),
        ("usage", Keep(Field::Usage)),
        ("duration", Keep(Field::Duration)),
        ("model", Keep(Field::Model)),
        ("delta", Notice(Field::Output)),
        ("audio", Notice(Field::Output)),
        ("text", Notice(Field::Output)),
        ("error", Notice(Field::Error)),
    ])
});

/// What was said, or heard.
#[derive(Debug, Default)]
pub(in super::super) struct Audio {
    /// This event ends the stream.
    terminal: bool,
    /// Seconds heard, as a verbose transcription says beside its text.
    seconds: Option<u64>,
}

impl Format for Audio {
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
        findings.ended |= self.terminal;
        let silent = findings.report.usage.is_none() && !findings.report.is_stream;
        if let Some(seconds) = self.seconds.filter(|_| silent) {
            findings.bill_units("audio_seconds", seconds);
        }
        *self = Self::default();
    }

    fn done(&mut self, findings: &mut Findings) {
        findings.ended = true;
    }
}

impl Audio {
    fn value(&mut self, field: Field, raw: &[u8], findings: &mut Findings) {
        match field {
            Field::Type => {
                self.terminal |=
                    raw == b"\"transcript.text.done\"" || raw == b"\"speech.audio.done\"";
            }
            Field::Usage => heard(raw, findings),
            Field::Duration => self.seconds = seconds(raw),
            Field::Model => findings.name(raw, |report| &mut report.model),
            Field::Output | Field::Error => {}
        }
    }
}

/// One of two shapes: tokens, or seconds.
fn heard(raw: &[u8], findings: &mut Findings) {
    if let Ok(Some(object)) = Usage::read(raw) {
        let counts = object.counts();
        // Mistral counts tokens too, and bills none of them.
        let seconds = counts.rounded_up("seconds");
        let seconds = seconds.or_else(|| counts.rounded_up("prompt_audio_seconds"));
        if object.is_odd() {
            findings.flag(Flag::Malformed);
        }
        if let Some(seconds) = seconds {
            findings.bill_units("audio_seconds", seconds);
            return;
        }
    }
    let is_usage = usage::tell(raw, usage::input, findings);
    findings.report.final_usage |= is_usage;
}

/// A begun second is a second: the API's own example reports 9 for 8.47.
fn seconds(raw: &[u8]) -> Option<u64> {
    let object = [b"{\"seconds\":", raw, b"}"].concat();
    Usage::read(&object).ok()??.counts().rounded_up("seconds")
}
