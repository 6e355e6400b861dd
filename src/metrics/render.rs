//! One scrape: reads every number and writes it in the format that was asked for.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use prometheus::TextEncoder;
use prometheus::proto::MetricFamily;

use super::exposition::Exposition;
use super::family as f;
use super::gauges::{CountGauges, MessageGauges, ReservedRow, SpendRow};
use super::labels::Labels;
use super::path::Overhead;
use super::tally::{Code, ModelTally, Tally, TenantTally, UpstreamTally};
use super::{Metrics, Own, Shown, lock, openmetrics};
use crate::call::Role;
use crate::money::Pico;

/// What a scraper reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// The Prometheus text format 0.0.4: the default, which everything reads.
    #[default]
    Text,
    /// `OpenMetrics` 1.0.0.
    OpenMetrics,
}

impl Format {
    /// What an `Accept` header asks for.
    #[must_use]
    pub fn negotiate(accept: Option<&str>) -> Self {
        let wanted = accept.unwrap_or_default().split(',').map(str::trim);
        let open = wanted.filter(|kind| kind.starts_with("application/openmetrics-text"));
        if open.count() > 0 {
            Self::OpenMetrics
        } else {
            Self::Text
        }
    }

    /// The answer's `Content-Type`.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

impl Metrics {
    /// All numbers as a scraper reads them; `now` is what ages are measured against.
    #[must_use]
    pub fn render(&self, format: Format, now: Timestamp) -> String {
        let families = self.families(now);
        match format {
            // The encoder refuses only families without samples, and there are none.
            Format::Text => TextEncoder::new()
                .encode_to_string(&families)
                .unwrap_or_default(),
            Format::OpenMetrics => openmetrics::write(&families),
        }
    }

    fn families(&self, now: Timestamp) -> Vec<MetricFamily> {
        let mut out = Exposition::default();
        {
            let mut tally = lock(&self.0.tally);
            let shown = lock(&self.0.shown);
            calls(&mut out, &tally);
            spend(&mut out, &shown.spend, &mut tally.labels);
            if let Some(ratio) = shown.month_elapsed {
                out.number(f::MONTH_ELAPSED, &[], ratio);
            }
            for (tenant, usd) in &shown.budgets {
                out.number(f::BUDGET_MONTH, &[tenant], usd.to_f64());
            }
            reserved(&mut out, &shown.reserved);
            super::hosting::show(&mut out, &shown.verdict, now);
            lock(&self.0.own)
                .hosting
                .show(&mut out, &shown.verdict.plans);
            super::measured::show(&mut out, &shown.measured);
            process(&mut out, &shown);
            counts(&mut out, &shown.counts, &mut tally.labels);
            messages(&mut out, &shown.messages);
        }
        for (upstream, gate) in self.0.gates.all() {
            out.count(f::IN_FLIGHT, &[&upstream], gate.in_flight());
            for (reason, calls) in gate.unmetered_calls() {
                out.count(f::UNMETERED, &[&upstream, reason], calls);
            }
            for (reason, calls) in gate.late_ends() {
                out.count(f::LATE_END, &[&upstream, reason], calls);
            }
            for (outcome, calls) in gate.usages_asked() {
                out.count(f::USAGE_INJECTED, &[&upstream, outcome], calls);
            }
            out.count(f::OVERLONG_EVENTS, &[&upstream], gate.overlong_events());
        }
        let Overhead { request, confirm } = &self.0.overhead;
        out.histogram(f::OVERHEAD, &["request"], &request.seen());
        out.histogram(f::OVERHEAD, &["confirm"], &confirm.seen());
        let errors = lock(&self.0.shown).ledger.errors;
        out.count(f::LEDGER_ERRORS, &[], errors);
        own(&mut out, &lock(&self.0.own));
        let mut families = out.finish();
        families.extend(of_process());
        families
    }
}

/// CPU, memory, files and threads, from the operating system.
#[cfg(target_os = "linux")]
pub(super) fn of_process() -> Vec<MetricFamily> {
    use prometheus::core::Collector;
    prometheus::process_collector::ProcessCollector::for_self().collect()
}

#[cfg(not(target_os = "linux"))]
pub(super) fn of_process() -> Vec<MetricFamily> {
    Vec::new()
}

fn calls(out: &mut Exposition, tally: &Tally) {
    for (upstream, at) in &tally.upstreams {
        for (end, calls) in at.ends.iter() {
            out.count(f::CALL_ENDS, &[upstream, end], *calls);
        }
        for (flag, calls) in at.flags.iter() {
            out.count(f::CALL_FLAGS, &[upstream, flag], *calls);
        }
        for (settled, cost) in at.settled.iter() {
            out.number(f::SETTLED_COST, &[upstream, settled], cost.to_f64());
        }
        for (name, model) in &at.models {
            of_model(out, [upstream, name], model);
            for (tenant, calls) in &model.tenants {
                of_tenant(out, [upstream, name, tenant], calls);
                money(out, [upstream, name, tenant], at, calls);
            }
        }
    }
    for (model, sizes) in &tally.sizes {
        out.histogram(f::CALL_INPUT_TOKENS, &[model], &sizes.input);
        out.histogram(f::CALL_OUTPUT_TOKENS, &[model], &sizes.output);
    }
    for (label, calls) in tally.labels.overflow() {
        out.count(f::LABEL_OVERFLOW, &[label], calls);
    }
}

fn of_model(out: &mut Exposition, [upstream, name]: [&str; 2], model: &ModelTally) {
    let labels = [upstream, name];
    out.count(f::UNPRICED, &labels, model.unpriced);
    out.histogram(f::CALL_DURATION, &[upstream, name, "false"], &model.unary);
    out.histogram(f::CALL_DURATION, &[upstream, name, "true"], &model.streamed);
    out.histogram(f::TTFT, &labels, &model.ttft);
    out.histogram(f::TPOT, &labels, &model.tpot);
    for (source, calls) in model.sources.iter() {
        out.count(f::USAGE_SOURCE, &[upstream, name, source], *calls);
    }
}

fn of_tenant(out: &mut Exposition, labels: [&str; 3], calls: &TenantTally) {
    let [upstream, model, tenant] = labels;
    for outcome in &calls.outcomes {
        let status;
        let code = match outcome.code {
            Code::Status(number) => {
                status = number.to_string();
                &status
            }
            Code::NoAnswer(end) => end.label(),
            Code::Other => super::labels::OTHER,
        };
        out.count(
            f::CALLS,
            &[upstream, model, tenant, &outcome.operation, code],
            outcome.calls,
        );
    }
    out.count(f::INPUT_TOKENS, &labels, calls.tokens.input);
    out.count(f::OUTPUT_TOKENS, &labels, calls.tokens.output);
    out.count(f::CACHE_READ_TOKENS, &labels, calls.tokens.cache_read);
    out.count(f::CACHE_WRITE_TOKENS, &labels, calls.tokens.cache_write);
    out.count(f::REASONING_TOKENS, &labels, calls.tokens.reasoning);
}

fn money(out: &mut Exposition, labels: [&str; 3], at: &UpstreamTally, calls: &TenantTally) {
    if at.role == Role::Gateway {
        out.number(f::GATEWAY_COST, &labels, calls.gateway_cost.to_f64());
        return;
    }
    let [upstream, model, tenant] = labels;
    for (kind, cost) in calls.costs.iter() {
        out.number(f::API_COST, &[upstream, model, tenant, kind], cost.to_f64());
    }
}

/// The ledger's rows under the names metrics use; rows that share a name are added up exactly.
fn spend(out: &mut Exposition, rows: &[SpendRow], labels: &mut Labels) {
    let mut sums: BTreeMap<[Arc<str>; 3], [Pico; 4]> = BTreeMap::new();
    for row in rows {
        let SpendRow {
            upstream,
            model,
            tenant,
            today,
            yesterday,
            month,
            all_time,
        } = row;
        let model = labels.model(model.as_deref().unwrap_or(super::labels::NONE));
        let tenant = labels.tenant(tenant.as_deref());
        let sum = sums
            .entry([upstream.as_str().into(), model, tenant])
            .or_default();
        for (sum, add) in sum.iter_mut().zip([today, yesterday, month, all_time]) {
            *sum += *add;
        }
    }
    for ([upstream, model, tenant], sum) in &sums {
        let labels: [&str; 3] = [upstream, model, tenant];
        for (family, amount) in [
            f::SPEND_TODAY,
            f::SPEND_YESTERDAY,
            f::SPEND_MONTH,
            f::SPEND_ALL_TIME,
        ]
        .iter()
        .zip(sum)
        {
            out.number(*family, &labels, amount.to_f64());
        }
    }
}

/// Names and number of these come from the configuration.
fn reserved(out: &mut Exposition, rows: &[ReservedRow]) {
    for row in rows {
        let ReservedRow {
            reservation,
            today,
            yesterday,
            month,
            all_time,
            month_worth,
        } = row;
        for (family, amount) in [
            (f::RESERVED_TODAY, today),
            (f::RESERVED_YESTERDAY, yesterday),
            (f::RESERVED_MONTH, month),
            (f::RESERVED_ALL_TIME, all_time),
            (f::RESERVED_WORTH, month_worth),
        ] {
            out.number(family, &[reservation], amount.to_f64());
        }
    }
}

fn process(out: &mut Exposition, shown: &Shown) {
    out.count(f::LEDGER_PENDING, &[], shown.ledger.pending_records);
    if let Some(bytes) = shown.ledger.size_bytes {
        out.count(f::LEDGER_SIZE, &[], bytes);
    }
    for (part, found) in shown.ledger.damage.by_part() {
        out.count(f::LEDGER_DAMAGE, &[part], found);
    }
    out.count(
        f::LEDGER_CLOSE_OK,
        &[],
        u64::from(!shown.ledger.close_failed),
    );
    out.count(f::RELOAD_OK, &[], u64::from(!shown.reload_failed));
    if let Some(at) = shown.loaded_at {
        out.number(f::RELOAD_TIME, &[], at.as_duration().as_secs_f64());
    }
    let revision = option_env!("TOLLGATE_REVISION").unwrap_or("unknown");
    out.count(f::BUILD_INFO, &[env!("CARGO_PKG_VERSION"), revision], 1);
}

fn counts(out: &mut Exposition, counts: &CountGauges, labels: &mut Labels) {
    let CountGauges {
        text_held_bytes,
        texts_dropped,
        drift,
    } = counts;
    out.count(f::TEXT_HELD, &[], *text_held_bytes);
    out.count(f::TEXT_DROPPED, &[], *texts_dropped);
    for row in drift {
        let model = labels.model(&row.model);
        if *model == *super::labels::OTHER {
            // A ratio of several models says nothing of any.
            continue;
        }
        out.number(
            f::USAGE_DRIFT,
            &[&row.upstream, &model, row.class],
            row.ratio(),
        );
    }
}

fn messages(out: &mut Exposition, messages: &MessageGauges) {
    let MessageGauges { pending, sent } = messages;
    out.count(f::ALERTS_PENDING, &[], *pending);
    for (receiver, outcome, times) in sent {
        out.count(f::ALERTS_SENT, &[receiver, outcome], *times);
    }
}

fn own(out: &mut Exposition, own: &Own) {
    out.histogram(f::LEDGER_FLUSH, &[], &own.ledger_flush);
    out.count(f::COUNT_FAILURES, &[], own.count_failures);
    for (reason, answers) in &own.answers {
        out.count(f::OWN_ANSWERS, &[reason], *answers);
    }
}
