//! From what was seen to the one record: pure, and the only place that decides how it is known.

use std::borrow::Cow;
use std::time::Duration;

use super::counting::{Count, Counts};
use super::open::Answer;
use super::{Arrival, UpstreamFacts, background};
use crate::call::{CallRecord, Flag, Origin, Origins, Pricing, StreamEnd};
use crate::pricing::Priceable;
use crate::usage::{Capability, ContextClass, TokenUsage, Units, UsageSource};
use crate::wire::{self, Endpoint, Reading, Report, RequestFacts, ResponseReader, Service};

/// How a call ended.
pub(super) struct Ending {
    pub(super) end: StreamEnd,
    pub(super) took: Duration,
    /// Whether the upstream may have seen the request.
    pub(super) sent: bool,
}

/// What was asked for, and where.
pub(super) struct Asked<'a> {
    pub(super) upstream: &'a UpstreamFacts,
    pub(super) endpoint: Endpoint,
    pub(super) facts: &'a RequestFacts,
}

/// What is known of the answer.
pub(super) struct Known<'a> {
    pub(super) answer: &'a Answer,
    /// What was counted of the call, where somebody had to.
    pub(super) counts: Option<&'a Counts>,
}

/// The record of a call of which nothing but its arrival is known: what a crash leaves.
pub(super) fn interrupted(arrival: Arrival, path: &str, endpoint: Endpoint) -> CallRecord {
    let Arrival {
        call_id,
        started_at,
        upstream,
        method: _,
        path: _,
        tenant,
        dimensions,
    } = arrival;
    let is_billed = endpoint.reading.is_billed();
    let billable = is_billed && upstream.billed;
    let (region, from) = wire::region_in_path(endpoint.format, path).map_or_else(
        || (upstream.region.clone(), Origin::Upstream),
        |region| (Some(region), Origin::Path),
    );
    CallRecord {
        call_id,
        attempt_of: None,
        started_at,
        upstream: upstream.name.clone(),
        role: upstream.role,
        format: endpoint.format.label().into(),
        operation: endpoint.operation.label().into(),
        model_requested: wire::model_in_path(path),
        model: None,
        tenant,
        dimensions,
        capability: Capability::default().name(),
        status: None,
        stream: false,
        end: StreamEnd::Interrupted,
        complete: false,
        source: is_billed.then_some(UsageSource::Unknown),
        tokenizer: None,
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
        would_cost_usd: None,
        service_tier: None,
        speed: None,
        origins: Origins {
            region: region.as_ref().map(|_| from),
            ..Origins::default()
        },
        region,
        thinking: None,
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

/// Makes the record of a call that ends of the one it would have left until now.
pub(super) fn complete(
    record: &mut CallRecord,
    asked: &Asked<'_>,
    known: &Known<'_>,
    ending: &Ending,
) {
    let Known { answer, counts } = *known;
    let nothing = Report::default();
    let reader = answer.reader.as_ref();
    let report = reader.map_or(&nothing, ResponseReader::report);
    let reading = asked.endpoint.reading;
    let source = source(reading, answer, ending, report);
    // Sound says nothing about itself: what was to be spoken is what is billed.
    let spoken = asked.facts.spoken_characters;
    let reported = match source {
        Some(UsageSource::Unknown) if spoken.is_some() => Some(UsageSource::Counted),
        other => other,
    };
    let (source, usage) = with_counts(reported, &report.usage.unwrap_or_default(), counts);
    if asked.facts.model.is_some() {
        record.model_requested.clone_from(&asked.facts.model);
    }
    record.model.clone_from(&report.model);
    record.capability = capability(asked.facts, &usage).name();
    record.status = answer.status.map(|status| status.as_u16());
    record.stream = reader.map_or(answer.labelled_stream, |_| report.is_stream);
    record.end = ending.end;
    record.complete = ended_whole(reading, answer, ending);
    record.source = source;
    record.usage = usage;
    record.tokenizer = counts.and_then(|counts| counts.tokenizer(source));
    record.units.clone_from(&report.units);
    if let (Some(UsageSource::Counted), Some(count)) = (source, asked.facts.spoken_characters) {
        record.units.insert("characters".into(), count);
    }
    record.side.clone_from(&report.side);
    served(record, report, &asked.facts.service);
    record.thinking = asked.facts.thinking;
    record.finish_reason.clone_from(&report.finish_reason);
    record.response_id.clone_from(&report.response_id);
    record.request_id.clone_from(&answer.request_id);
    // Whoever looks a response up comes when it likes: that is no measure of the model.
    let streamed = report.is_stream && reading != Reading::Lookup;
    record.ttft_ms = answer.ttft.filter(|_| streamed).map(millis);
    record.duration_ms = millis(ending.took);
    record.flags = flags(reading, source, answer, ending, report);
    record
        .flags
        .extend(counts.into_iter().flat_map(Counts::flags));
    price(record, asked.upstream);
    if source.is_none() && (reading == Reading::Lookup || report.background) {
        background::bill_nothing(record);
    }
    if let Some(results) = &answer.results {
        results.fill(record, answer, ending);
    }
}

/// How it was served: the answer's word, else what was asked for. A region that neither names is the one
/// it was sent to, which stands in the record already.
fn served(record: &mut CallRecord, report: &Report, asked: &Service) {
    let word = |said: &Option<String>, asked: &Option<String>| match (said, asked) {
        (Some(said), _) => (Some(said.clone()), None),
        (None, Some(asked)) => (Some(asked.clone()), Some(Origin::Request)),
        (None, None) => (None, None),
    };
    let origins = &mut record.origins;
    (record.service_tier, origins.service_tier) = word(&report.service_tier, &asked.tier);
    (record.speed, origins.speed) = word(&report.speed, &asked.speed);
    let region = word(&report.region, &asked.region);
    if region.0.is_some() {
        (record.region, origins.region) = region;
    }
}

/// Whether the format's own end came. Where the format is not read, the body's end must do.
fn ended_whole(reading: Reading, answer: &Answer, ending: &Ending) -> bool {
    match (reading, &answer.reader) {
        (Reading::Metered | Reading::Lookup, Some(reader)) if !reader.is_endless() => {
            reader.ended()
        }
        (
            Reading::Metered | Reading::Lookup | Reading::Results | Reading::Unread | Reading::Free,
            _,
        ) => ending.end == StreamEnd::Complete,
    }
}

/// How the tokens are known; `None` when the call bills nothing.
fn source(
    reading: Reading,
    answer: &Answer,
    ending: &Ending,
    report: &Report,
) -> Option<UsageSource> {
    let refused = match answer.status {
        Some(status) => !status.is_success(),
        None => !ending.sent,
    };
    // What has no end of its own may have had more to say.
    let is_open = |reader: &ResponseReader| reader.is_endless();
    let is_cut = ending.end != StreamEnd::Complete && answer.reader.as_ref().is_some_and(is_open);
    let is_final = report.final_usage && !is_cut;
    match (&report.usage, reading) {
        (Some(_), Reading::Lookup) if report.background && is_final => Some(UsageSource::Reported),
        (_, Reading::Free | Reading::Lookup | Reading::Results) => None,
        // The provider has only begun, whether its first answer is whole, or cut.
        _ if report.background && !is_final => None,
        (Some(_), _) if is_final => Some(UsageSource::Reported),
        (Some(_), _) => Some(UsageSource::Partial),
        // No provider is known to bill what it refused (wire formats: usage in 0 of 125 errors).
        (None, _) if refused => None,
        (None, _) => Some(UsageSource::Unknown),
    }
}

/// What is known when the texts were counted too. What was reported stays, but for an output that
/// was told before it was written; a side of which only a part could be counted is not claimed.
fn with_counts(
    source: Option<UsageSource>,
    reported: &TokenUsage,
    counts: Option<&Counts>,
) -> (Option<UsageSource>, TokenUsage) {
    let mut usage = *reported;
    let (Some(counts), Some(from)) = (counts, source) else {
        return (source, usage);
    };
    let whole = |count: Option<Count>| count.filter(|count| !count.is_floor);
    let tokens = |count: Count| count.tokens;
    match from {
        UsageSource::Reported | UsageSource::Counted => (source, usage),
        UsageSource::Partial => {
            usage.input = usage.input.or(whole(counts.input).map(tokens));
            usage.output = usage.output.max(counts.output.map(tokens));
            (source, usage)
        }
        UsageSource::Unknown => {
            usage.input = whole(counts.input).map(tokens);
            usage.output = whole(counts.output).map(tokens);
            let all = usage.input.is_some() && usage.output.is_some();
            let known = if all { UsageSource::Counted } else { from };
            (Some(known), usage)
        }
    }
}

impl Counts {
    /// What counted, where not all was reported.
    fn tokenizer(&self, source: Option<UsageSource>) -> Option<Cow<'static, str>> {
        match source {
            Some(UsageSource::Partial | UsageSource::Counted | UsageSource::Unknown) => {
                self.tokenizer.clone()
            }
            Some(UsageSource::Reported) | None => None,
        }
    }

    /// What is odd about them.
    fn flags(&self) -> impl Iterator<Item = Flag> + use<> {
        let sides = [self.input, self.output].into_iter().flatten();
        let is_floor = sides.into_iter().any(|count| count.is_floor);
        let seen = [
            (Flag::LowerBound, is_floor),
            (Flag::TextDropped, self.dropped),
        ];
        seen.into_iter().filter_map(|(flag, is)| is.then_some(flag))
    }
}

/// What is odd about the call, beside what the reader saw.
fn flags(
    reading: Reading,
    source: Option<UsageSource>,
    answer: &Answer,
    ending: &Ending,
    report: &Report,
) -> Vec<Flag> {
    let billed = source.is_some();
    let later = reading == Reading::Metered && report.background;
    let unread = answer.coding.oddity();
    let unread = unread.filter(|flag| billed && !report.flags.contains(flag));
    let seen = [
        (
            Flag::Aborted,
            ending.end != StreamEnd::Complete && answer.status.is_some(),
        ),
        (Flag::UnreadOperation, billed && reading == Reading::Unread),
        (Flag::ProviderMayBill, billed && answer.status.is_none()),
        (Flag::BilledLater, later && !billed),
        (Flag::Background, billed && report.background),
    ];
    let ours = seen.into_iter().filter_map(|(flag, is)| is.then_some(flag));
    let flags = report.flags.iter().copied();
    flags.chain(unread).chain(ours).collect()
}

/// What a host would have to be able to do to serve this call.
fn capability(facts: &RequestFacts, usage: &TokenUsage) -> Capability {
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
fn price(record: &mut CallRecord, upstream: &UpstreamFacts) {
    let instead = upstream.would_cost_as.as_ref();
    record.would_cost_usd = instead.and_then(|it| upstream.prices.would_cost(record, it));
    if record.source.is_none() || !upstream.billed {
        record.pricing = Pricing::Free;
        return;
    }
    let bill = upstream
        .prices
        .price(&Priceable::of(record, &upstream.price_list));
    bill.settle(record);
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
