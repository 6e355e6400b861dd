//! Reads a line of a batch's results (<https://docs.anthropic.com/en/api/retrieving-message-batch-results>):
//! a message, or why there is none. Requests that errored, were cancelled or expired are not billed
//! (<https://docs.anthropic.com/en/docs/build-with-claude/batch-processing>).

use std::sync::LazyLock;

use crate::call::Flag;

use super::super::counts::Usage;
use super::super::findings::{Findings, Report};
use super::super::paths::Action::Keep;
use super::super::paths::Paths;
use super::super::response::{BATCH_TIER, Format, Line};
use super::super::scanner::Seen;
use super::running::Running;

#[derive(Clone, Copy, Debug)]
pub(in super::super) enum Field {
    CustomId,
    /// How it ended.
    Type,
    Usage,
    Model,
}

static PATHS: LazyLock<Paths<Field>> = LazyLock::new(|| {
    Paths::new([
        ("custom_id", Keep(Field::CustomId)),
        ("result.type", Keep(Field::Type)),
        ("result.message.usage", Keep(Field::Usage)),
        ("result.message.model", Keep(Field::Model)),
    ])
});

/// What one line says.
#[derive(Debug, Default)]
pub(in super::super) struct Outcome {
    is_named: bool,
    /// Whether it was answered; none before that is said.
    succeeded: Option<bool>,
}

impl Format for Outcome {
    type Field = Field;

    fn paths() -> &'static Paths<Field> {
        &PATHS
    }

    fn see(&mut self, seen: Seen<'_, Field>, findings: &mut Findings) {
        match seen {
            Seen::Value(field, raw) => self.value(field, raw, findings),
            Seen::Filled(_) | Seen::Text(..) => {}
            Seen::TooLong(_) => findings.flag(Flag::Truncated),
        }
    }

    fn end_text(&mut self, findings: &mut Findings) {
        let report = &mut findings.report;
        if self.succeeded != Some(true) {
            *report = Report::default();
            return;
        }
        report.service_tier = Some(BATCH_TIER.to_owned());
        if report.usage.is_none() {
            findings.flag(Flag::Malformed);
        }
    }

    fn done(&mut self, _: &mut Findings) {}
}

impl Line for Outcome {
    fn is_result(&self) -> bool {
        self.is_named && self.succeeded.is_some()
    }
}

impl Outcome {
    fn value(&mut self, field: Field, raw: &[u8], findings: &mut Findings) {
        match field {
            Field::CustomId => self.is_named = raw.starts_with(b"\""),
            Field::Type => self.succeeded = Some(raw == b"\"succeeded\""),
            Field::Usage => match Usage::read(raw) {
                Ok(Some(usage)) => {
                    Running::default().merged(usage.counts()).tell(findings);
                    if usage.is_odd() {
                        findings.flag(Flag::Malformed);
                    }
                }
                Ok(None) => {}
                Err(_) => findings.flag(Flag::Malformed),
            },
            Field::Model => findings.name(raw, |report| &mut report.model),
        }
    }
}
