//! Reads Google's embeddings: of the Gemini API, and of Vertex AI's `predict`, where each text's vector
//! comes with its own count (<https://ai.google.dev/api/embeddings>,
//! <https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/text-embeddings-api>).
//!
//! Older models report nothing.

use std::sync::LazyLock;

use crate::call::Flag;
use crate::usage::TokenUsage;

use super::super::counts::Usage;
use super::super::findings::Findings;
use super::super::paths::Action::{Keep, Notice};
use super::super::paths::Paths;
use super::super::response::Format;
use super::super::scanner::Seen;
use super::usage::Running;

#[derive(Clone, Copy, Debug)]
pub(in super::super) enum Field {
    Usage,
    /// Of one text.
    Statistics,
    Error,
}

static PATHS: LazyLock<Paths<Field>> = LazyLock::new(|| {
    Paths::new([
        ("usageMetadata", Keep(Field::Usage)),
        (
            "predictions.*.embeddings.statistics",
            Keep(Field::Statistics),
        ),
        ("error", Notice(Field::Error)),
    ])
});

/// The vectors of some texts.
#[derive(Debug, Default)]
pub(in super::super) struct Embeddings {
    usage: Running,
    /// The sum of the texts' own counts.
    counted: Option<u64>,
}

impl Format for Embeddings {
    type Field = Field;

    fn paths() -> &'static Paths<Field> {
        &PATHS
    }

    fn see(&mut self, seen: Seen<'_, Field>, findings: &mut Findings) {
        match seen {
            Seen::Value(field, raw) => self.value(field, raw, findings),
            Seen::Filled(_) => findings.error_in_stream(),
            Seen::TooLong(_) => findings.flag(Flag::Truncated),
            Seen::Text(..) => {}
        }
    }

    fn end_text(&mut self, findings: &mut Findings) {
        if self.counted.is_some() {
            findings.report.usage = Some(TokenUsage {
                input: self.counted,
                ..TokenUsage::default()
            });
        }
        let says = self.counted.is_some() || self.usage.tell(false, findings);
        findings.report.final_usage |= says;
    }

    fn done(&mut self, _: &mut Findings) {}
}

impl Embeddings {
    fn value(&mut self, field: Field, raw: &[u8], findings: &mut Findings) {
        let Ok(usage) = Usage::read(raw) else {
            findings.flag(Flag::Malformed);
            return;
        };
        let Some(usage) = usage else { return };
        match field {
            Field::Usage => self.usage.add(usage.counts()),
            Field::Statistics => {
                if let Some(count) = usage.counts().at("token_count") {
                    let before = self.counted.unwrap_or_default();
                    self.counted = Some(before.saturating_add(count));
                }
            }
            Field::Error => {}
        }
        if usage.is_odd() {
            findings.flag(Flag::Malformed);
        }
    }
}
