//! Reads Voyage's embeddings and rerankings (<https://docs.voyageai.com/reference>), and what
//! reports alike: all that is billed was read, and a total is all that is said of it.

use std::sync::LazyLock;

use crate::call::Flag;
use crate::usage::TokenUsage;

use super::counts::Usage;
use super::findings::Findings;
use super::paths::Action::Keep;
use super::paths::Paths;
use super::response::Format;
use super::scanner::Seen;

#[derive(Clone, Copy, Debug)]
pub(super) enum Field {
    Usage,
    Model,
    Id,
}

static PATHS: LazyLock<Paths<Field>> = LazyLock::new(|| {
    Paths::new([
        ("usage", Keep(Field::Usage)),
        ("model", Keep(Field::Model)),
        ("id", Keep(Field::Id)),
        ("request_id", Keep(Field::Id)),
    ])
});

/// What was read to be embedded, or put in order.
#[derive(Debug, Default)]
pub(super) struct Embedded;

impl Format for Embedded {
    type Field = Field;

    fn paths() -> &'static Paths<Field> {
        &PATHS
    }

    fn see(&mut self, seen: Seen<'_, Field>, findings: &mut Findings) {
        match seen {
            Seen::Value(Field::Usage, raw) => usage(raw, findings),
            Seen::Value(Field::Model, raw) => findings.name(raw, |report| &mut report.model),
            Seen::Value(Field::Id, raw) => findings.name(raw, |report| &mut report.response_id),
            Seen::Filled(_) | Seen::Text(..) => {}
            Seen::TooLong(_) => findings.flag(Flag::Truncated),
        }
    }

    fn end_text(&mut self, _: &mut Findings) {}

    fn done(&mut self, _: &mut Findings) {}
}

fn usage(raw: &[u8], findings: &mut Findings) {
    let Ok(object) = Usage::read(raw) else {
        return findings.flag(Flag::Malformed);
    };
    let Some(object) = object else { return };
    if let Some(total) = object.counts().at("total_tokens") {
        findings.report.usage = Some(TokenUsage {
            input: Some(total),
            ..TokenUsage::default()
        });
        findings.report.final_usage = true;
    }
    if object.is_odd() {
        findings.flag(Flag::Malformed);
    }
}
