//! Reads the Responses API, whole and streamed (<https://platform.openai.com/docs/api-reference/responses>,
//! <https://platform.openai.com/docs/api-reference/responses-streaming>).
//!
//! Every event repeats the response as it stands; only the one that ends the stream has its usage,
//! its real tier and all its output, which may be megabytes: nothing of it is kept but the counts.

use std::sync::LazyLock;

use crate::call::Flag;

use super::super::findings::Findings;
use super::super::named::Name;
use super::super::paths::Action::{Gather, Keep, Notice};
use super::super::paths::Paths;
use super::super::response::Format;
use super::super::scanner::Seen;
use super::super::spoken::Part;
use super::usage;

mod tools;

pub(super) use tools::Tools;

#[derive(Clone, Copy, Debug)]
pub(in super::super) enum Field {
    /// Of an event.
    Type,
    Usage,
    Model,
    Id,
    ServiceTier,
    Status,
    Background,
    Item,
    Action,
    Container,
    ToolModel,
    ToolUsage,
    /// More of what the event's type says.
    Delta,
    /// The name of an item that an event is about.
    ItemName,
    /// In a whole body.
    Text(Part),
    ToolName,
    Output,
    Error,
}

/// What a response has, behind the name that an event puts before it.
macro_rules! response {
    ($before:literal) => {
        [
            (concat!($before, "usage"), Keep(Field::Usage)),
            (concat!($before, "model"), Keep(Field::Model)),
            (concat!($before, "id"), Keep(Field::Id)),
            (concat!($before, "service_tier"), Keep(Field::ServiceTier)),
            (concat!($before, "status"), Keep(Field::Status)),
            (concat!($before, "background"), Keep(Field::Background)),
            (concat!($before, "output"), Notice(Field::Output)),
            (concat!($before, "output.*.type"), Keep(Field::Item)),
            (
                concat!($before, "output.*.action.type"),
                Keep(Field::Action),
            ),
            (
                concat!($before, "output.*.container_id"),
                Keep(Field::Container),
            ),
            (concat!($before, "tools.*.model"), Keep(Field::ToolModel)),
            (concat!($before, "tool_usage"), Keep(Field::ToolUsage)),
            (concat!($before, "error"), Notice(Field::Error)),
        ]
    };
}

static PATHS: LazyLock<Paths<Field>> = LazyLock::new(|| {
    let events = [
        ("type", Keep(Field::Type)),
        ("delta", Gather(Field::Delta)),
        ("item.name", Keep(Field::ItemName)),
        // The event that ends a stream repeats all of these in its `response`.
        (
            "output.*.content.*.text",
            Gather(Field::Text(Part::Content)),
        ),
        (
            "output.*.content.*.refusal",
            Gather(Field::Text(Part::Refusal)),
        ),
        ("output.*.name", Keep(Field::ToolName)),
        (
            "output.*.arguments",
            Gather(Field::Text(Part::ToolArguments)),
        ),
    ];
    Paths::new(
        events
            .into_iter()
            .chain(response!(""))
            .chain(response!("response.")),
    )
});

/// One response.
#[derive(Debug, Default)]
pub(in super::super) struct Response {
    /// This event ends the stream.
    terminal: bool,
    /// This event has a usage.
    usage_here: bool,
    said: Said,
    tier: Option<String>,
    status: Option<String>,
    tools: Tools,
}

/// What an event says more of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Said {
    #[default]
    Nothing,
    Text(Part),
    Thought,
    /// A new item.
    Item,
}

impl Format for Response {
    type Field = Field;

    fn paths() -> &'static Paths<Field> {
        &PATHS
    }

    fn see(&mut self, seen: Seen<'_, Field>, findings: &mut Findings) {
        match seen {
            Seen::Value(field, raw) => self.value(field, raw, findings),
            Seen::Filled(Field::Error) => findings.error_in_stream(),
            Seen::Filled(Field::Text(part)) => findings.begins(part),
            Seen::Filled(Field::Delta) => self.delta(findings),
            Seen::Filled(_) => findings.output_started = true,
            Seen::Text(Field::Text(_), raw) => findings.says(raw),
            Seen::Text(_, raw) => {
                if let Said::Text(_) = self.said {
                    findings.says(raw);
                }
            }
            Seen::TooLong(_) => findings.flag(Flag::Truncated),
        }
    }

    fn end_text(&mut self, findings: &mut Findings) {
        // The client may leave as soon as it has this event, and not before it has all of it.
        findings.ended |= self.terminal;
        *self = Self::default();
    }

    /// No part of the API; gateways send it.
    fn done(&mut self, findings: &mut Findings) {
        findings.ended = true;
    }
}

impl Response {
    fn value(&mut self, field: Field, raw: &[u8], findings: &mut Findings) {
        match field {
            Field::Type => self.event(raw, findings),
            Field::Usage => self.usage_here |= usage::tell(raw, usage::input, findings),
            Field::Model => findings.name(raw, |report| &mut report.model),
            Field::Id => findings.name(raw, |report| &mut report.response_id),
            Field::ServiceTier => self.tier = Name::owned(raw),
            Field::Status => self.status = Name::owned(raw),
            Field::Background => findings.report.background |= raw == b"true",
            Field::Item => self.tools.item(raw),
            Field::Action => self.tools.action(raw),
            Field::Container => self.tools.container(raw),
            Field::ToolModel => self.tools.image_model = Name::owned(raw),
            Field::ToolUsage => self.tools.reported(raw, findings),
            Field::ToolName => findings.names_tool(raw),
            Field::ItemName if self.said == Said::Item => findings.names_tool(raw),
            Field::ItemName | Field::Delta | Field::Text(_) | Field::Output | Field::Error => {}
        }
        self.settle(findings);
    }

    fn delta(&self, findings: &mut Findings) {
        match self.said {
            Said::Text(part) => findings.begins(part),
            Said::Thought => findings.thinks(),
            Said::Nothing | Said::Item => findings.output_started = true,
        }
    }

    fn event(&mut self, raw: &[u8], findings: &mut Findings) {
        self.said = match raw {
            b"\"response.output_text.delta\"" => Said::Text(Part::Content),
            b"\"response.refusal.delta\"" => Said::Text(Part::Refusal),
            b"\"response.function_call_arguments.delta\""
            | b"\"response.custom_tool_call_input.delta\"" => Said::Text(Part::ToolArguments),
            b"\"response.output_item.added\"" => Said::Item,
            _ if raw.starts_with(b"\"response.reasoning") => Said::Thought,
            _ => Said::Nothing,
        };
        match raw {
            b"\"response.completed\"" | b"\"response.incomplete\"" | b"\"response.failed\"" => {
                self.terminal = true;
            }
            b"\"error\"" => findings.error_in_stream(),
            _ => {}
        }
    }

    /// What an earlier event says of these is not yet so: the tier is what was asked for.
    fn settle(&self, findings: &mut Findings) {
        if findings.report.is_stream && !self.terminal {
            return;
        }
        let report = &mut findings.report;
        // A response in the background may show what it has used so far.
        let goes_on = matches!(self.status.as_deref(), Some("queued" | "in_progress"));
        report.final_usage = (report.final_usage || self.usage_here) && !goes_on;
        for (here, place) in [
            (&self.tier, &mut report.service_tier),
            (&self.status, &mut report.finish_reason),
        ] {
            if here.is_some() && here != place {
                place.clone_from(here);
            }
        }
        self.tools.tell(findings);
    }
}
