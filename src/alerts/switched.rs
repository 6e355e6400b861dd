#![expect(clippy::float_arithmetic, reason = "a projection is scaled to a month")]
//! Which plans and endpoints became cheaper, and which of those that were told no longer are.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::fact::{Fact, Monthly, Switched};
use crate::economics::ownership::HOURS_PER_MONTH;
use crate::economics::projection::{AlternativeKind, Band, FORTNIGHT};
use crate::verdict::{Report, StateView};

/// How many assumptions are named.
const INFLUENCES: usize = 2;

/// Every state that is on, and every one that is off and was told to be on, with what was `told`.
pub(super) fn facts(report: &Report, told: &BTreeMap<String, Timestamp>) -> Vec<Fact> {
    let fact = |state: &StateView| {
        let since = since(state, told)?;
        Some(Fact::Switched(Switched {
            kind: state.kind,
            name: state.name.clone(),
            cheaper: state.cheaper,
            since,
            figures: monthly(report, state),
        }))
    };
    report.states.iter().filter_map(fact).collect()
}

/// Since when it is on; for one that is off, since when it was, which only who was told cares for.
fn since(state: &StateView, told: &BTreeMap<String, Timestamp>) -> Option<Date> {
    if state.cheaper {
        return Some(state.since?.to_zoned(TimeZone::UTC).date());
    }
    let begin = Switched::keys(state.kind, &state.name, true);
    let keys = told.range(begin.clone()..).map(|(key, _)| key);
    let dates = keys.map_while(|key| key.strip_prefix(&begin));
    dates.filter_map(|date| date.parse().ok()).last()
}

/// The figures of the longest window; `None` where nothing can be said.
fn monthly(report: &Report, state: &StateView) -> Option<Monthly> {
    let window = report.window(FORTNIGHT)?;
    let (api, band, throughput) = projected(report, state)?;
    if window.hours <= 0.0 {
        return None;
    }
    let monthly = HOURS_PER_MONTH / window.hours;
    let savings = [band.pessimistic, band.expected, band.optimistic];
    let most = band.sensitivity.iter().take(INFLUENCES);
    Some(Monthly {
        days: window.span.days,
        api_usd: api * monthly,
        cost_usd: band.expected.cost_usd * monthly,
        saving_usd: savings.map(|at| at.savings_usd * monthly),
        throughput,
        most_influence: most.map(|deviation| deviation.parameter).collect(),
    })
}

/// What its calls cost today, what they would cost, and where the throughput is known from.
fn projected<'a>(report: &'a Report, state: &StateView) -> Option<(f64, &'a Band, Option<String>)> {
    let window = report.window(FORTNIGHT)?;
    match state.kind {
        AlternativeKind::Selfhost => {
            let plan = window.plans.iter().find(|at| at.plan == state.name)?;
            let of = report.settings.plans.iter();
            let source = of.filter(|of| of.name == state.name);
            let mut source = source.map(|of| of.throughput.source.label().to_owned());
            Some((
                plan.api_cost.to_f64(),
                &plan.hosted.as_ref()?.band,
                source.next(),
            ))
        }
        AlternativeKind::Endpoint => {
            let mut all = window.endpoints.iter();
            let endpoint = all.find(|at| at.endpoint == state.name)?;
            Some((endpoint.api_cost.to_f64(), &endpoint.band, None))
        }
        // What is paid today is the hosting.
        AlternativeKind::Api => {
            let running = report.hosting.iter().find(|at| at.plan == state.name)?;
            let seen = running.window(FORTNIGHT.label)?;
            Some((seen.cost_usd, &seen.leaving, None))
        }
        AlternativeKind::Stay | AlternativeKind::Optimised => None,
    }
}
