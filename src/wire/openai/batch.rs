//! Reads a line of a batch's output or error file
//! (<https://platform.openai.com/docs/api-reference/batch/request-output>): the answer to one of its
//! calls, whichever operation that asked for, or why there is none.

use std::sync::LazyLock;

use crate::call::Flag;
use crate::usage::TokenUsage;

use super::super::counts::Counts;
use super::super::findings::{Findings, Report};
use super::super::named::Name;
use super::super::paths::Action::{Keep, Notice};
use super::super::paths::Paths;
use super::super::response::{BATCH_TIER, Format, Line};
use super::super::scanner::Seen;
use super::responses::Tools;
use super::usage;

#[derive(Clone, Copy, Debug)]
pub(in super::super) enum Field {
    CustomId,
    Status,
    Error,
    Usage,
    Model,
    /// Of a moderation, which is free.
    Verdicts,
    Item,
    Action,
    Container,
    ToolModel,
    ToolUsage,
}

static PATHS: LazyLock<Paths<Field>> = LazyLock::new(|| {
    Paths::new([
        ("custom_id", Keep(Field::CustomId)),
        ("error", Notice(Field::Error)),
        ("response.status_code", Keep(Field::Status)),
        ("response.body.usage", Keep(Field::Usage)),
        ("response.body.model", Keep(Field::Model)),
        ("response.body.results", Notice(Field::Verdicts)),
        ("response.body.output.*.type", Keep(Field::Item)),
        ("response.body.output.*.action.type", Keep(Field::Action)),
        (
            "response.body.output.*.container_id",
            Keep(Field::Container),
        ),
        ("response.body.tools.*.model", Keep(Field::ToolModel)),
        ("response.body.tool_usage", Keep(Field::ToolUsage)),
    ])
});

/// What one line says.
#[derive(Debug, Default)]
pub(in super::super) struct Output {
    is_named: bool,
    /// Whether it was answered; none before that or an error is said.
    succeeded: Option<bool>,
    is_free: bool,
    tools: Tools,
}

impl Format for Output {
    type Field = Field;

    fn paths() -> &'static Paths<Field> {
        &PATHS
    }

    fn see(&mut self, seen: Seen<'_, Field>, findings: &mut Findings) {
        match seen {
            Seen::Value(field, raw) => self.value(field, raw, findings),
            Seen::Filled(Field::Verdicts) => self.is_free = true,
            Seen::Filled(_) => self.succeeded = self.succeeded.or(Some(false)),
            Seen::Text(..) => {}
            Seen::TooLong(_) => findings.flag(Flag::Truncated),
        }
    }

    fn end_text(&mut self, findings: &mut Findings) {
        if self.succeeded != Some(true) || self.is_free {
            // Only what was answered is billed.
            findings.report = Report::default();
            return;
        }
        self.tools.tell(findings);
        let report = &mut findings.report;
        report.service_tier = Some(BATCH_TIER.to_owned());
        if report.usage.is_none() {
            findings.flag(Flag::UnreadOperation);
        }
    }

    fn done(&mut self, _: &mut Findings) {}
}

impl Line for Output {
    fn is_result(&self) -> bool {
        self.is_named && self.succeeded.is_some()
    }
}

impl Output {
    fn value(&mut self, field: Field, raw: &[u8], findings: &mut Findings) {
        match field {
            Field::CustomId => self.is_named = raw.starts_with(b"\""),
            Field::Status => {
                self.succeeded = Some(raw.len() == 3 && raw.starts_with(b"2"));
            }
            Field::Usage => drop(usage::tell(raw, either, findings)),
            Field::Model => findings.name(raw, |report| &mut report.model),
            Field::Item => self.tools.item(raw),
            Field::Action => self.tools.action(raw),
            Field::Container => self.tools.container(raw),
            Field::ToolModel => self.tools.image_model = Name::owned(raw),
            Field::ToolUsage => self.tools.reported(raw, findings),
            Field::Error | Field::Verdicts => {}
        }
    }
}

/// Each operation keeps its own spelling.
fn either(counts: Counts<'_>) -> Option<TokenUsage> {
    usage::prompt(counts).or_else(|| usage::input(counts))
}
