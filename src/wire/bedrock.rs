//! Reads Amazon Bedrock's answers: Converse, and what the vendors' models answer when invoked, whole
//! and in the events of a stream (<https://docs.aws.amazon.com/bedrock/latest/APIReference/>).
//!
//! An id in a path, such as an inference profile's ARN, does not tell whose model answers, so one
//! reader knows them all by the names that each uses: Claude's messages, Amazon's Nova and Titan,
//! Llama. Of others only what all have is read: counts in headers, and behind a stream's last chunk.

use std::sync::LazyLock;

use http::HeaderMap;

use crate::call::{Flag, bedrock_model};

use super::anthropic::{self, Message};
use super::conserve;
use super::counts::Usage;
use super::findings::Findings;
use super::named::{Name, short};
use super::paths::Action::{Gather, Keep, Notice};
use super::paths::{Action, Paths};
use super::response::Format;
use super::scanner::Seen;
use super::spoken::Part;

mod tally;

use tally::Tally;

#[derive(Clone, Copy, Debug)]
pub(super) enum Field {
    /// Of Claude's, or a name that others use in the same way.
    Claude(anthropic::Field),
    /// Of Converse, and of Nova.
    Usage,
    /// At the end of an invoked model's stream.
    Metrics,
    /// One of a kind of tokens, as Titan and Llama write them.
    Input,
    Output,
    /// The output of one of Titan's results.
    Result,
    StopReason,
    ServiceTier,
    /// Whether it was served with less latency, which is priced apart.
    Latency,
    /// The model that a router chose.
    Routed,
    Text(Part),
    ToolName,
    Reasoning,
    Generated,
    /// The next event of an invoked model, in base64.
    Wrapped,
}

const TEXT: Action<Field> = Gather(Field::Text(Part::Content));
const TOOL_INPUT: Action<Field> = Gather(Field::Text(Part::ToolArguments));

/// Where what is read lies beside Claude's: in Converse, in Nova, in each one's streams, in others.
const CONVERSE: [(&str, Action<Field>); 42] = [
    ("bytes", Gather(Field::Wrapped)),
    ("amazon-bedrock-invocationMetrics", Keep(Field::Metrics)),
    ("metadata.usage", Keep(Field::Usage)),
    ("metadata.serviceTier.type", Keep(Field::ServiceTier)),
    ("usage", Keep(Field::Usage)),
    ("stopReason", Keep(Field::StopReason)),
    ("messageStop.stopReason", Keep(Field::StopReason)),
    ("serviceTier.type", Keep(Field::ServiceTier)),
    ("performanceConfig.latency", Keep(Field::Latency)),
    ("trace.promptRouter.invokedModelId", Keep(Field::Routed)),
    ("output.message.content", Notice(Field::Generated)),
    ("output.message.content.*.text", TEXT),
    (
        "output.message.content.*.toolUse.name",
        Keep(Field::ToolName),
    ),
    (
        "output.message.content.*.toolUse.input",
        Gather(Field::Text(Part::ToolInput)),
    ),
    (
        "output.message.content.*.reasoningContent",
        Notice(Field::Reasoning),
    ),
    ("start.toolUse.name", Keep(Field::ToolName)),
    ("delta.toolUse.input", TOOL_INPUT),
    ("delta.reasoningContent", Notice(Field::Reasoning)),
    (
        "contentBlockStart.start.toolUse.name",
        Keep(Field::ToolName),
    ),
    ("contentBlockDelta.delta.text", TEXT),
    ("contentBlockDelta.delta.toolUse.input", TOOL_INPUT),
    (
        "contentBlockDelta.delta.reasoningContent",
        Notice(Field::Reasoning),
    ),
    // Titan.
    ("inputTextTokenCount", Keep(Field::Input)),
    ("totalOutputTextTokenCount", Keep(Field::Output)),
    ("outputText", TEXT),
    ("completionReason", Keep(Field::StopReason)),
    ("results.*.tokenCount", Keep(Field::Result)),
    ("results.*.outputText", TEXT),
    ("results.*.completionReason", Keep(Field::StopReason)),
    // Llama.
    ("prompt_token_count", Keep(Field::Input)),
    ("generation_token_count", Keep(Field::Output)),
    ("generation", TEXT),
    // Texts of others: Claude before its messages, Cohere, Mistral, and those that speak as OpenAI.
    ("completion", TEXT),
    ("text", TEXT),
    ("generations.*.text", TEXT),
    ("outputs.*.text", TEXT),
    ("choices.*.text", TEXT),
    ("choices.*.message.content", TEXT),
    ("choices.*.delta.content", TEXT),
    ("choices.*.delta.tool_calls", Notice(Field::Generated)),
    (
        "choices.*.message.reasoning_content",
        Notice(Field::Reasoning),
    ),
    (
        "choices.*.delta.reasoning_content",
        Notice(Field::Reasoning),
    ),
];

static PATHS: LazyLock<Paths<Field>> = LazyLock::new(|| {
    let claude = anthropic::NAMED.map(|(path, action)| (path, action.map(Field::Claude)));
    Paths::new(claude.into_iter().chain(CONVERSE))
});

/// One answer.
#[derive(Debug, Default)]
pub(super) struct Answer {
    claude: Message,
    /// What the headers count, and the chunk that ends a stream.
    beside: Tally,
    /// What the body counts.
    body: Tally,
    /// Converse's own sum.
    total: Option<u64>,
    /// What came of the end of a stream.
    end: End,
    /// The same up to the last frame that was whole.
    settled: End,
    /// The tier and the speed it was served at.
    tier: Option<String>,
    speed: Option<String>,
}

/// Which parts of a stream's end have come.
#[derive(Clone, Copy, Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts, each read by name; there is no state among them"
)]
struct End {
    /// The events are an invoked model's.
    wrapped: bool,
    stopped: bool,
    counted: bool,
    /// The metrics behind an invoked model's last event.
    metrics: bool,
}

impl Format for Answer {
    type Field = Field;

    fn paths() -> &'static Paths<Field> {
        &PATHS
    }

    fn see(&mut self, seen: Seen<'_, Field>, findings: &mut Findings) {
        match seen {
            Seen::Value(field, raw) => self.value(field, raw, findings),
            Seen::Filled(Field::Claude(field)) => self.claude.see(Seen::Filled(field), findings),
            Seen::Filled(Field::Text(part)) => findings.begins(part),
            Seen::Filled(Field::Reasoning) => findings.thinks(),
            // Only a stream's frame is read as wrapping something.
            Seen::Filled(Field::Wrapped) | Seen::Text(Field::Wrapped, _) => {}
            Seen::Filled(_) => findings.output_started = true,
            Seen::Text(_, raw) => findings.says(raw),
            Seen::TooLong(_) => findings.flag(Flag::Truncated),
        }
    }

    /// What a stream counted and how it ended is settled by the frame it came in; of counts that stand
    /// alone the body's end tells that they are all.
    fn end_text(&mut self, findings: &mut Findings) {
        self.claude.end_text(findings);
        self.end.counted |= !findings.report.is_stream && self.body != Tally::default();
        self.settled = self.end;
        let End {
            wrapped,
            stopped,
            counted,
            metrics,
        } = self.end;
        findings.report.final_usage |= counted || metrics;
        // Why Converse stopped and what it used come in two events, in whatever order.
        findings.ended |= metrics || (!wrapped && stopped && counted);
    }

    fn done(&mut self, _: &mut Findings) {}
}

impl Answer {
    /// Takes what the headers of an invoked model's answer count.
    pub(super) fn head(&mut self, headers: &HeaderMap, findings: &mut Findings) {
        let name = |name: &str| short(headers.get(name)?.to_str().ok());
        self.tier = name("x-amzn-bedrock-service-tier");
        self.speed = name("x-amzn-bedrock-performanceconfig-latency");
        self.beside = Tally::of_headers(headers);
        self.end.counted = self.beside != Tally::default();
        self.tell(findings);
    }

    /// A frame of a stream begins; what came in one that was not whole settles nothing.
    pub(super) const fn begin_event(&mut self) {
        self.end = self.settled;
    }

    /// The event that passes is an invoked model's.
    pub(super) const fn unwraps(&mut self) {
        self.end.wrapped = true;
    }

    fn value(&mut self, field: Field, raw: &[u8], findings: &mut Findings) {
        match field {
            Field::Usage => self.usage(raw, findings),
            Field::Claude(field) => self.claudes(field, raw, findings),
            Field::Metrics => self.metrics(raw, findings),
            Field::Input => self.count(raw, |body| &mut body.input, findings),
            Field::Output => self.count(raw, |body| &mut body.output, findings),
            Field::Result => self.result(raw, findings),
            Field::StopReason => {
                findings.name(raw, |report| &mut report.finish_reason);
                self.end.stopped |= findings.report.finish_reason.is_some();
            }
            Field::ServiceTier => {
                findings.name(raw, |report| &mut report.service_tier);
                self.tier.clone_from(&findings.report.service_tier);
            }
            Field::Latency => {
                findings.name(raw, |report| &mut report.speed);
                self.speed.clone_from(&findings.report.speed);
            }
            Field::Routed => {
                let routed = Name::read(raw).known();
                let model = routed.map(|arn| bedrock_model(&arn).to_owned());
                findings.report.model = model.or(findings.report.model.take());
            }
            Field::ToolName => findings.names_tool(raw),
            Field::Text(_) | Field::Reasoning | Field::Generated | Field::Wrapped => {}
        }
    }

    /// A usage of Claude's, else of Converse or Nova.
    fn usage(&mut self, raw: &[u8], findings: &mut Findings) {
        let Ok(read) = Usage::read(raw) else {
            findings.flag(Flag::Malformed);
            return;
        };
        let Some(usage) = read else { return };
        let counts = usage.counts();
        if ["input_tokens", "output_tokens"].map(|key| counts.at(key)) != [None; 2] {
            self.claudes(anthropic::Field::Usage, raw, findings);
            return;
        }
        let (tally, total) = (Tally::of_converse(counts), counts.at("totalTokens"));
        if usage.is_odd() {
            findings.flag(Flag::Malformed);
        }
        if tally != Tally::default() {
            self.body = tally;
            self.total = total;
            self.end.counted = true;
            self.tell(findings);
        }
    }

    /// What Claude's own reader makes of it. It takes a usage for final as it comes, and a stream's
    /// last event for the end; here both are settled by what comes behind.
    fn claudes(&mut self, field: anthropic::Field, raw: &[u8], findings: &mut Findings) {
        let (settled, ended) = (findings.report.final_usage, findings.ended);
        self.claude.see(Seen::Value(field, raw), findings);
        let is_final = findings.report.final_usage && !settled;
        findings.report.final_usage = settled;
        findings.ended = ended;
        self.end.stopped |= findings.report.finish_reason.is_some();
        self.end.counted |= is_final;
        if let anthropic::Field::StartUsage | anthropic::Field::Usage = field {
            self.body = Tally::of_usage(&findings.report.usage.unwrap_or_default());
            self.tell(findings);
        }
    }

    /// What stands behind the last event of an invoked model.
    fn metrics(&mut self, raw: &[u8], findings: &mut Findings) {
        let Ok(Some(metrics)) = Usage::read(raw) else {
            findings.flag(Flag::Malformed);
            return;
        };
        self.beside = Tally::of_metrics(metrics.counts());
        self.end.metrics = true;
        self.tell(findings);
    }

    /// A single count, which a stream repeats as it grows.
    fn count(
        &mut self,
        raw: &[u8],
        place: impl FnOnce(&mut Tally) -> &mut Option<u64>,
        findings: &mut Findings,
    ) {
        let place = place(&mut self.body);
        *place = count_of(raw, findings).or(*place);
        self.tell(findings);
    }

    /// What one of several results came to.
    fn result(&mut self, raw: &[u8], findings: &mut Findings) {
        let before = self.body.output.filter(|_| !findings.report.is_stream);
        let sum = |count: u64| count.saturating_add(before.unwrap_or(0));
        self.body.output = count_of(raw, findings).map(sum).or(before);
        self.end.counted |= findings.report.is_stream;
        self.tell(findings);
    }

    /// What is known of both; where they contradict each other the record says so.
    fn tell(&self, findings: &mut Findings) {
        let both = self.body.and(&self.beside);
        let usage = both.usage();
        let report = &mut findings.report;
        report.usage = (both != Tally::default()).then_some(usage);
        // A whole body has nothing more to come.
        report.final_usage |= self.end.counted && !report.is_stream;
        if self.tier.is_some() {
            report.service_tier.clone_from(&self.tier);
        }
        if self.speed.is_some() {
            report.speed.clone_from(&self.speed);
        }
        conserve::parts(&usage, findings);
        let total = self.total.is_some_and(|total| total != both.sum());
        let mismatch = total || self.body.contradicts(&self.beside);
        findings.flag_if(Flag::TotalMismatch, mismatch);
    }
}

/// A count that stands alone.
fn count_of(raw: &[u8], findings: &mut Findings) -> Option<u64> {
    let count = str::from_utf8(raw).ok().and_then(|raw| raw.parse().ok());
    if count.is_none() && raw != b"null" {
        findings.flag(Flag::Malformed);
    }
    count
}
