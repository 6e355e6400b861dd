//! What a closed day says about the states.

use std::sync::{Mutex, PoisonError};

use super::{Pass, plan_lacks};
use crate::economics::decision::{Offer, Threshold, decide, impossible};
use crate::economics::hysteresis::Day;
use crate::economics::ownership::HOURS_PER_MONTH;
use crate::economics::projection::{AlternativeKind, ChosenOn, FORTNIGHT};
use crate::economics::{Endpoint, EndpointProjection, HostPlan, Projection};
use crate::verdict::DAY_MINUTES;
use crate::verdict::evidence::lacks;
use crate::verdict::gather::Observed;
use crate::verdict::live::LiveDemand;
use crate::verdict::settings::Settings;
use crate::verdict::state::DayFacts;

/// What a closed UTC day says about every plan and endpoint, on the fortnight that ends with it.
pub(in crate::verdict) fn day(
    settings: &Settings,
    demand: &Mutex<LiveDemand>,
    day: i64,
) -> Vec<DayFacts> {
    let start = day.saturating_mul(DAY_MINUTES);
    let end = start.saturating_add(DAY_MINUTES);
    let pass = Pass::new(settings, demand, FORTNIGHT, end);
    let live = demand.lock().unwrap_or_else(PoisonError::into_inner);
    let coverage = Observed::of(&live, start..end).coverage();
    drop(live);
    let months = pass.now.hours() / HOURS_PER_MONTH;
    let plans = settings
        .plans
        .iter()
        .zip(pass.plans())
        .map(|(plan, projection)| DayFacts {
            kind: AlternativeKind::Selfhost,
            name: plan.name.clone(),
            alert: plan.alert,
            day: plan_lacks(settings, &projection)
                .is_empty()
                .then(|| plan_day(plan, &projection, months, coverage)),
        });
    let endpoints = settings.endpoints.iter().zip(pass.endpoints());
    let endpoints = endpoints.map(|(endpoint, projection)| DayFacts {
        kind: AlternativeKind::Endpoint,
        name: endpoint.arm.name.clone(),
        alert: endpoint.alert,
        day: lacks(settings, &projection.evidence, FORTNIGHT, ChosenOn::Nothing)
            .is_empty()
            .then(|| endpoint_day(endpoint, &projection, months, coverage)),
    });
    plans.chain(endpoints).collect()
}

/// A plan's day: against staying, and against the best arms together.
fn plan_day(plan: &HostPlan, projection: &Projection, months: f64, coverage: f64) -> Day {
    let Some(hosted) = &projection.hosted else {
        return impossible(coverage);
    };
    let threshold = Threshold {
        min_saving_usd_per_month: plan.min_saving_usd_per_month,
        months,
    };
    let offer = Offer {
        rival_savings_usd: projection.rival.saved_usd(),
        commitment: hosted.commitment,
        ..Offer::of(&hosted.band, projection.api_cost.to_f64())
    };
    decide(&offer, threshold, coverage)
}

/// An endpoint's day: against staying.
fn endpoint_day(
    endpoint: &Endpoint,
    projection: &EndpointProjection,
    months: f64,
    coverage: f64,
) -> Day {
    let threshold = Threshold {
        min_saving_usd_per_month: endpoint.min_saving_usd_per_month,
        months,
    };
    let offer = Offer::of(&projection.band, projection.api_cost.to_f64());
    decide(&offer, threshold, coverage)
}
