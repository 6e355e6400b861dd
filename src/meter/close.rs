//! From what was seen to the one record: pure, and the only place that decides how it is known.

use std::time::Duration;

use http::StatusCode;

use super::Arrival;
use crate::call::{CallRecord, Flag, Pricing, StreamEnd};
use crate::pricing::{PriceBook, Priceable, Priced};
use crate::usage::{Capability, ContextClass, TokenUsage, Units, UsageSource};
use crate::wire::{Endpoint, Reading, Report, RequestFacts, ResponseReader};

/// How a call ended and what its answer said.
pub(super) struct Answer<'a> {
    pub(super) end: StreamEnd,
    pub(super) took: Duration,
    /// Whether the upstream may have seen the request.
    pub(super) sent: bool,
    pub(super) status: Option<StatusCode>,
    pub(super) reader: Option<&'a ResponseReader>,
    /// Whether the answer is labelled as a stream; a reader knows better.
    pub(super) labelled_stream: bool,
    pub(super) request_id: Option<String>,
    pub(super) compressed: bool,
    pub(super) ttft: Option<Duration>,
}

impl Answer<'_> {
    /// No answer came.
    pub(super) fn none(end: StreamEnd, took: Duration, sent: bool) -> Self {
        Self {
            end,
            took,
            sent,
            status: None,
            reader: None,
            labelled_stream: false,
            request_id: None,
            compressed: false,
            ttft: None,
        }
    }
}

/// The record of a call of which nothing but its arrival is known: what a crash leaves.
pub(super) fn interrupted(arrival: &Arrival, endpoint: Endpoint) -> CallRecord {
    let billable = endpoint.reading != Reading::Free && arrival.upstream.billed;
    CallRecord {
        call_id: arrival.call_id,
        attempt_of: None,
        started_at: arrival.started_at,
        upstream: arrival.upstream.name.clone(),
        role: arrival.upstream.role,
        format: arrival.upstream.format.label().into(),
        operation: endpoint.operation.label().into(),
        model_requested: None,
        model: None,
        tenant: arrival.tenant.clone(),
        dimensions: arrival.dimensions.clone(),
        capability: Capability::default().name(),
        status: None,
        stream: false,
        end: StreamEnd::Interrupted,
        complete: false,
        source: (endpoint.reading != Reading::Free).then_some(UsageSource::Unknown),
        usage: TokenUsage::default(),
        units: Units::default(),
        side: Vec::new(),
        pricing: if billable {
            Pricing::Unpriced
        } else {
            Pricing::Free
        },
        cost_native: None,
        currency: None,
        cost_usd: None,
        cost_lines: Vec::new(),
        price_id: None,
        service_tier: None,
        finish_reason: None,
        response_id: None,
        request_id: None,
        ttft_ms: None,
        duration_ms: 0,
        flags: if billable {
            vec![Flag::ProviderMayBill]
        } else {
            Vec::new()
        },
    }
}

/// The record of an ended call.
pub(super) fn record(
    arrival: &Arrival,
    endpoint: Endpoint,
    facts: &RequestFacts,
    answer: &Answer<'_>,
    prices: &PriceBook,
) -> CallRecord {
    let nothing = Report::default();
    let report = answer.reader.map_or(&nothing, ResponseReader::report);
    let source = source(endpoint.reading, answer, report);
    let mut record = CallRecord {
        model_requested: facts.model.clone(),
        model: report.model.clone(),
        capability: capability(facts, report).name(),
        status: answer.status.map(|status| status.as_u16()),
        stream: answer
            .reader
            .map_or(answer.labelled_stream, |_| report.is_stream),
        end: answer.end,
        complete: complete(endpoint.reading, answer),
        source,
        usage: report.usage.unwrap_or_default(),
        units: report.units.clone(),
        side: report.side.clone(),
        service_tier: report.service_tier.clone(),
        finish_reason: report.finish_reason.clone(),
        response_id: report.response_id.clone(),
        request_id: answer.request_id.clone(),
        ttft_ms: answer.ttft.filter(|_| report.is_stream).map(millis),
        duration_ms: millis(answer.took),
        flags: flags(endpoint.reading, source, answer, report),
        ..interrupted(arrival, endpoint)
    };
    price(&mut record, arrival, report, prices);
    record
}

/// Whether the format's own end came. Where the format is not read, the body's end must do.
fn complete(reading: Reading, answer: &Answer<'_>) -> bool {
    match (reading, answer.reader) {
        (Reading::Metered, Some(reader)) => reader.ended(),
        (Reading::Metered | Reading::Unread | Reading::Free, _) => {
            answer.end == StreamEnd::Complete
        }
    }
}

/// How the tokens are known; `None` when the call bills nothing.
fn source(reading: Reading, answer: &Answer<'_>, report: &Report) -> Option<UsageSource> {
    let refused = match answer.status {
        Some(status) => !status.is_success(),
        None => !answer.sent,
    };
    match (&report.usage, reading) {
        (_, Reading::Free) => None,
        (Some(_), _) if report.final_usage => Some(UsageSource::Reported),
        (Some(_), _) => Some(UsageSource::Partial),
        // No provider is known to bill what it refused (wire formats: usage in 0 of 125 errors).
        (None, _) if refused => None,
        (None, _) => Some(UsageSource::Unknown),
    }
}

/// What is odd about the call, beside what the reader saw.
fn flags(
    reading: Reading,
    source: Option<UsageSource>,
    answer: &Answer<'_>,
    report: &Report,
) -> Vec<Flag> {
    let billed = source.is_some();
    let seen = [
        (
            Flag::Aborted,
            answer.end != StreamEnd::Complete && answer.status.is_some(),
        ),
        (Flag::Compressed, billed && answer.compressed),
        (Flag::UnreadOperation, billed && reading == Reading::Unread),
        (Flag::ProviderMayBill, billed && answer.status.is_none()),
    ];
    let ours = seen.into_iter().filter_map(|(flag, is)| is.then_some(flag));
    report.flags.iter().copied().chain(ours).collect()
}

/// What a host would have to be able to do to serve this call.
fn capability(facts: &RequestFacts, report: &Report) -> Capability {
    let usage = report.usage.unwrap_or_default();
    let context = usage
        .input
        .unwrap_or(0)
        .saturating_add(usage.output.unwrap_or(0));
    Capability {
        vision: facts.vision,
        audio: facts.audio,
        hosted_tools: facts.hosted_tools,
        strict_schema: facts.strict_schema,
        context: ContextClass::of(context),
    }
}

/// Fills in the money.
fn price(record: &mut CallRecord, arrival: &Arrival, report: &Report, prices: &PriceBook) {
    if record.source.is_none() || !arrival.upstream.billed {
        record.pricing = Pricing::Free;
        return;
    }
    let Priced {
        pricing,
        price_id,
        currency,
        cost_native,
        cost_usd,
        lines,
        flags,
    } = prices.price(&Priceable {
        list: &arrival.upstream.price_list,
        model: record.model_name(),
        at: record.started_at,
        usage: report.usage.as_ref(),
        side: &report.side,
        units: &report.units,
        service_tier: report.service_tier.as_deref(),
        speed: report.speed.as_deref(),
        region: report.region.as_deref(),
    });
    record.pricing = pricing;
    record.price_id = price_id;
    record.currency = currency;
    record.cost_native = cost_native;
    record.cost_usd = cost_usd;
    record.cost_lines = lines;
    record.flags.extend(flags);
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
