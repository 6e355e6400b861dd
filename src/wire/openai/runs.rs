//! Reads a run of an assistant, whole and streamed
//! (<https://platform.openai.com/docs/api-reference/runs/object>,
//! <https://platform.openai.com/docs/api-reference/assistants-streaming/events>).
//!
//! It goes on by itself, and its usage stands in it once it is over: the call that began it, a
//! stream's event or a look-up shows it. A stream also tells of steps, messages and the thread;
//! a step's usage is part of its run's.

use std::sync::LazyLock;

use crate::call::Flag;

use super::super::findings::Findings;
use super::super::named::Name;
use super::super::paths::Action::{Keep, Notice};
use super::super::paths::Paths;
use super::super::response::Format;
use super::super::scanner::Seen;
use super::usage;

/// What says that a text is a run.
const RUN: &[u8] = b"\"thread.run\"";

#[derive(Clone, Copy, Debug)]
pub(in super::super) enum Field {
    Object,
    Usage,
    Model,
    Id,
    Status,
    Output,
    Error,
}

static PATHS: LazyLock<Paths<Field>> = LazyLock::new(|| {
    Paths::new([
        ("object", Keep(Field::Object)),
        ("usage", Keep(Field::Usage)),
        ("model", Keep(Field::Model)),
        ("id", Keep(Field::Id)),
        ("status", Keep(Field::Status)),
        ("delta", Notice(Field::Output)),
        ("error", Notice(Field::Error)),
    ])
});

/// What one text says; whose it is may come last.
#[derive(Debug, Default)]
pub(in super::super) struct ThreadRun {
    is_run: bool,
    usage: Vec<u8>,
    model: Vec<u8>,
    id: Vec<u8>,
    status: Option<String>,
}

impl Format for ThreadRun {
    type Field = Field;

    fn paths() -> &'static Paths<Field> {
        &PATHS
    }

    fn see(&mut self, seen: Seen<'_, Field>, findings: &mut Findings) {
        match seen {
            Seen::Value(Field::Object, raw) => self.is_run = raw == RUN,
            Seen::Value(Field::Usage, raw) => raw.clone_into(&mut self.usage),
            Seen::Value(Field::Model, raw) => raw.clone_into(&mut self.model),
            Seen::Value(Field::Id, raw) => raw.clone_into(&mut self.id),
            Seen::Value(Field::Status, raw) => self.status = Name::owned(raw),
            Seen::Filled(Field::Error) => findings.error_in_stream(),
            Seen::Value(..) | Seen::Filled(_) => findings.output_started = true,
            Seen::Text(..) => {}
            Seen::TooLong(_) => findings.flag(Flag::Truncated),
        }
    }

    fn end_text(&mut self, findings: &mut Findings) {
        let text = std::mem::take(self);
        if text.is_run {
            text.tell(findings);
        }
    }

    fn done(&mut self, findings: &mut Findings) {
        findings.ended = true;
    }
}

impl ThreadRun {
    fn tell(self, findings: &mut Findings) {
        findings.name(&self.model, |report| &mut report.model);
        findings.name(&self.id, |report| &mut report.response_id);
        let is_usage = !self.usage.is_empty() && usage::tell(&self.usage, usage::prompt, findings);
        let report = &mut findings.report;
        report.background = true;
        let goes_on = matches!(
            self.status.as_deref(),
            Some("queued" | "in_progress" | "requires_action" | "cancelling")
        );
        report.final_usage |= is_usage && !goes_on;
        report.finish_reason = self.status.or(report.finish_reason.take());
    }
}
