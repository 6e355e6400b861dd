//! Responses whose usage is not read: only who answered, and where the body ends.

use std::sync::LazyLock;

use super::endpoint::Reading;
use super::findings::Findings;
use super::paths::Action::{Keep, Notice};
use super::paths::Paths;
use super::response::Format;
use super::scanner::Seen;

#[derive(Clone, Copy, Debug)]
pub(super) enum Field {
    Model,
    Id,
    Usage,
}

static PATHS: LazyLock<Paths<Field>> = LazyLock::new(|| {
    Paths::new([
        ("model", Keep(Field::Model)),
        ("id", Keep(Field::Id)),
        // Both vendors, in their streams too, and Gemini's.
        ("usage", Notice(Field::Usage)),
        ("response.usage", Notice(Field::Usage)),
        ("message.usage", Notice(Field::Usage)),
        ("usageMetadata", Notice(Field::Usage)),
    ])
});

/// A response of which the names are read if it is billed, and whether it shows a usage.
#[derive(Debug)]
pub(super) struct Plain {
    billed: bool,
}

impl Plain {
    pub(super) fn new(reading: Reading) -> Self {
        Self {
            billed: reading != Reading::Free,
        }
    }
}

impl Format for Plain {
    type Field = Field;

    fn paths() -> &'static Paths<Field> {
        &PATHS
    }

    fn see(&mut self, seen: Seen<'_, Field>, findings: &mut Findings) {
        match seen {
            Seen::Value(Field::Model, raw) if self.billed => {
                findings.name(raw, |report| &mut report.model);
            }
            Seen::Value(Field::Id, raw) if self.billed => {
                findings.name(raw, |report| &mut report.response_id);
            }
            Seen::Filled(Field::Usage) => findings.report.shows_usage = true,
            Seen::Value(..) | Seen::Filled(_) | Seen::TooLong(_) | Seen::Text(..) => {}
        }
    }

    fn end_text(&mut self, _: &mut Findings) {}

    fn done(&mut self, findings: &mut Findings) {
        findings.ended = true;
    }
}
