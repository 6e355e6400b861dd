//! Reads made, edited and varied images, whole and streamed
//! (<https://platform.openai.com/docs/api-reference/images>): tokens where the model counts them,
//! else the number of images.

use std::sync::LazyLock;

use crate::call::Flag;
use crate::usage::{SideUsage, TokenUsage};

use super::super::counts::{Counts, Usage};
use super::super::findings::Findings;
use super::super::named::short;
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
    SvgUsage,
    Model,
    Image,
    Output,
    Error,
}

static PATHS: LazyLock<Paths<Field>> = LazyLock::new(|| {
    Paths::new([
        ("type", Keep(Field::Type)),
        ("usage", Keep(Field::Usage)),
        ("svg_usage", Keep(Field::SvgUsage)),
        ("model", Keep(Field::Model)),
        ("data.*", Notice(Field::Image)),
        ("b64_json", Notice(Field::Output)),
        ("error", Notice(Field::Error)),
    ])
});

/// The images of one call.
#[derive(Debug, Default)]
pub(in super::super) struct Images {
    /// This event ends the stream.
    terminal: bool,
    /// Images in a whole body.
    count: u64,
}

impl Format for Images {
    type Field = Field;

    fn paths() -> &'static Paths<Field> {
        &PATHS
    }

    fn see(&mut self, seen: Seen<'_, Field>, findings: &mut Findings) {
        match seen {
            Seen::Value(field, raw) => self.value(field, raw, findings),
            Seen::Filled(Field::Error) => findings.error_in_stream(),
            Seen::Filled(Field::Image) => {
                self.count = self.count.saturating_add(1);
                findings.output_started = true;
            }
            Seen::Filled(_) => findings.output_started = true,
            Seen::Text(..) => {}
            Seen::TooLong(_) => findings.flag(Flag::Truncated),
        }
    }

    fn end_text(&mut self, findings: &mut Findings) {
        findings.ended |= self.terminal;
        // DALL-E bills by the image and reports no tokens.
        if findings.report.usage.is_none() && self.count > 0 && !findings.report.is_stream {
            findings.bill_units("images", self.count);
        }
        *self = Self::default();
    }

    fn done(&mut self, findings: &mut Findings) {
        findings.ended = true;
    }
}

impl Images {
    fn value(&mut self, field: Field, raw: &[u8], findings: &mut Findings) {
        match field {
            Field::Type => {
                self.terminal |=
                    raw == b"\"image_generation.completed\"" || raw == b"\"image_edit.completed\"";
            }
            // Only the event that ends the stream has one.
            Field::Usage => {
                let is_usage = usage::tell(raw, usage::input, findings);
                findings.report.final_usage |= is_usage;
            }
            Field::SvgUsage => match Usage::read(raw) {
                Ok(Some(object)) => {
                    findings.report.side = svg(object.counts()).into_iter().collect();
                    if object.is_odd() {
                        findings.flag(Flag::Malformed);
                    }
                }
                Ok(None) => {}
                Err(_) => findings.flag(Flag::Malformed),
            },
            Field::Model => findings.name(raw, |report| &mut report.model),
            Field::Image | Field::Output | Field::Error => {}
        }
    }
}

/// The model that writes vector graphics is billed beside the one that draws.
fn svg(counts: Counts<'_>) -> Option<SideUsage> {
    let usage: TokenUsage = usage::input(counts)?;
    Some(SideUsage {
        kind: "svg".into(),
        model: short(counts.text("model")),
        input_tokens: usage.input,
        cached_input_tokens: usage.cache_read,
        cache_write_tokens: usage.cache_write,
        output_tokens: usage.output,
    })
}
