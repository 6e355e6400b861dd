#![expect(
    clippy::float_arithmetic,
    reason = "figures are brought to percent for people"
)]
//! What the machines of the plans do, and what a calculator of averages would buy.

use super::Sheet;
use super::figures::{NONE, count, percent, signed_percent, too_slow, usd};
use crate::cli::backtest::trace::Grain;
use crate::cli::backtest::{PricedTrace, Study, Traced};
use crate::economics::HostPlan;
use crate::economics::backtest::{Calculator, Hosting, Scored, a_month};

/// What the plans' machines do.
pub(in crate::cli::backtest) fn fleets(study: &Study<'_>, priced: &PricedTrace) -> Sheet {
    let plans = study.known.plans.iter().zip(&priced.comparison.plans);
    Sheet {
        header: &[
            "plan",
            "policy",
            "replicas mean",
            "peak need",
            "used",
            "short",
            "overflow a month",
            "saving, hindsight",
            "saving, chosen ahead",
        ],
        rows: plans.map(|(plan, hosting)| fleet(plan, hosting)).collect(),
    }
}

fn fleet(plan: &HostPlan, hosting: &Hosting) -> Vec<String> {
    let Some(scored) = &hosting.hindsight else {
        let mut row = vec![plan.name.clone(), too_slow(hosting.latency)];
        row.resize(9, NONE.to_owned());
        return row;
    };
    let hosted = &scored.hosted;
    let ratio = |scored: &Scored| {
        let saving = a_month(scored.hosted.band.expected.savings_usd, scored.hours);
        let ratio = scored.savings_ratio().map(percent).unwrap_or_default();
        format!("{} ({ratio})", usd(saving))
    };
    Vec::from([
        plan.name.clone(),
        plan.policy.label().to_owned(),
        format!("{:.1}", hosted.replicas.mean),
        count(hosted.replicas.peak),
        hosted.utilisation.map_or_else(|| NONE.to_owned(), percent),
        percent(hosted.short_ratio),
        usd(a_month(hosted.overflow_usd, scored.hours)),
        ratio(scored),
        hosting
            .ahead
            .as_ref()
            .map_or_else(|| NONE.to_owned(), ratio),
    ])
}

/// What a calculator of averages says, and where it errs: the same at every price.
pub(in crate::cli::backtest) fn averages(study: &Study<'_>, traced: &Traced) -> Sheet {
    let plans = traced.priced.first().into_iter();
    let plans = plans.flat_map(|priced| study.known.plans.iter().zip(&priced.comparison.plans));
    Sheet {
        header: &[
            "plan",
            "tokens/s",
            "replicas",
            "a month",
            "its load is off by",
            "slots above it",
            "minutes above it",
            "peak need",
            "FLOPs alone",
        ],
        rows: plans
            .map(|(plan, hosting)| average(plan, hosting, traced.trace.grain()))
            .collect(),
    }
}

fn average(plan: &HostPlan, hosting: &Hosting, grain: Grain) -> Vec<String> {
    let Calculator {
        tokens_per_second,
        asked_per_second: _,
        replicas,
        usd_per_month,
        load_ratio,
        short_minutes,
        short_slots,
        naive_usd_per_month,
    } = hosting.calculator;
    let peak = hosting
        .hindsight
        .as_ref()
        .map(|scored| scored.hosted.replicas.peak);
    Vec::from([
        plan.name.clone(),
        count(tokens_per_second),
        replicas.to_string(),
        usd(usd_per_month),
        load_ratio.map_or_else(|| NONE.to_owned(), |ratio| signed_percent(ratio - 1.0)),
        match grain {
            Grain::Calls => percent(short_slots),
            Grain::Means { .. } => NONE.to_owned(),
        },
        percent(short_minutes),
        peak.map_or_else(|| NONE.to_owned(), count),
        naive_usd_per_month.map_or_else(|| NONE.to_owned(), usd),
    ])
}
