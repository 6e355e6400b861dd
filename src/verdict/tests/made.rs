//! Made demand: the same minutes on every day, through the public types.

use jiff::Timestamp;

use crate::economics::assumptions::{Parameter, Range};
use crate::economics::draft::EndpointDraft;
use crate::economics::examples::{checked, endpoint_drafts, plan_draft};
use crate::economics::{CallDemand, DemandMinute, Endpoint, HostPlan, PlanDraft, Stream};
use crate::money::Pico;
use crate::usage::TokenUsage;
use crate::verdict::{DAY_MINUTES, Report, Settings, States, Verdict};

/// The day on which all tests look back, in days since 1970.
pub(super) const TODAY: i64 = 20_700;

/// The seeds of a test: as many as are `fast`, or as `TOLLGATE_SEEDS` says.
pub(super) fn seeds(fast: u64) -> std::ops::RangeInclusive<u64> {
    let asked = std::env::var("TOLLGATE_SEEDS").ok();
    1..=asked.map_or(fast, |asked| asked.parse().unwrap())
}

/// A plan that is the example for `gpt-4o`, with the alert on.
pub(super) fn plan(change: impl FnOnce(&mut PlanDraft)) -> HostPlan {
    let mut draft = plan_draft("llama-70b-2xh100");
    draft.alert = Some(true);
    change(&mut draft);
    checked(draft).unwrap()
}

/// The endpoint that sells the same model, with the alert on.
pub(super) fn endpoint(change: impl FnOnce(&mut EndpointDraft)) -> Endpoint {
    let mut drafts = endpoint_drafts().into_iter();
    let mut draft = drafts.find(|draft| draft.name == "groq-llama-70b").unwrap();
    draft.alert = Some(true);
    change(&mut draft);
    Endpoint::check(draft).unwrap()
}

/// Ranges without any doubt, so that the band is no wider than the test wants.
pub(super) fn certain(draft: &mut PlanDraft) {
    for parameter in Parameter::ALL {
        let value = match parameter {
            Parameter::WorkMultiplier
            | Parameter::GpuPriceFactor
            | Parameter::QualifyingShare
            | Parameter::TokenRatioIn
            | Parameter::TokenRatioOut => 1.0,
            Parameter::Utilisation => 0.7,
            Parameter::ApiPriceDecline => 0.5,
            Parameter::GpuPriceDecline => 0.2,
            Parameter::Escalation | Parameter::CachedWorkSaved | Parameter::OpsUsdPerMonth => 0.0,
        };
        draft.ranges.push((parameter, Range::certain(value)));
    }
    draft.basis = Some(crate::economics::plan::Basis {
        basis: "made for a test".into(),
        by: "test".into(),
        date: jiff::civil::date(2026, 9, 1),
    });
}

pub(super) fn settings(plans: Vec<HostPlan>, endpoints: Vec<Endpoint>) -> Settings {
    Settings {
        plans,
        endpoints,
        ..Settings::default()
    }
}

pub(super) fn stream(model: &str, capability: &str) -> Stream {
    Stream {
        upstream: "openai".into(),
        model: model.into(),
        capability: capability.parse().unwrap(),
    }
}

/// A minute with so many equal calls: 2,000 tokens in, 500 out, each at a cost in millionths of a
/// dollar.
pub(super) fn minute(calls: u64, micro_usd: i128) -> DemandMinute {
    let usage = TokenUsage {
        input: Some(2_000),
        output: Some(500),
        ..TokenUsage::default()
    };
    let mut minute = DemandMinute::default();
    for i in 0..calls {
        minute.add(&CallDemand {
            started_ms: i64::try_from(i % 60).unwrap() * 1_000,
            duration_ms: 5_000,
            usage: &usage,
            side: &[],
            cost_usd: Some(Pico(micro_usd * 1_000_000)),
            imported: false,
        });
    }
    minute
}

/// The minutes of some days.
pub(super) fn minutes(days: std::ops::Range<i64>) -> impl Iterator<Item = i64> {
    days.start * DAY_MINUTES..days.end * DAY_MINUTES
}

/// The moment at which a day has closed: its end and fifteen minutes.
pub(super) fn closed(day: i64) -> Timestamp {
    Timestamp::from_second(((day + 1) * DAY_MINUTES + 15) * 60).unwrap()
}

/// The same minute of `gpt-4o` calls, all through the last `days` days.
pub(super) fn steady(settings: Settings, days: i64, calls: u64, micro_usd: i128) -> Verdict {
    let verdict = Verdict::new(settings, States::default());
    let demand = minute(calls, micro_usd);
    let name = stream("gpt-4o-2024-08-06", "8k");
    let kept = minutes(TODAY - days..TODAY).map(|at| (name.clone(), at, demand));
    verdict.load(kept, []);
    verdict
}

/// The report at midnight after the last day, without the minutes since.
pub(super) fn report(verdict: &Verdict) -> std::sync::Arc<Report> {
    let midnight = Timestamp::from_second(TODAY * DAY_MINUTES * 60).unwrap();
    assert!(verdict.tick(midnight));
    verdict.report()
}
