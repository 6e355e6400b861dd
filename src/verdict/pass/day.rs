#![expect(
    clippy::float_arithmetic,
    reason = "alternatives are compared as projections"
)]
//! What a closed day says about the states.

use std::sync::{Mutex, PoisonError};

use super::{Pass, plan_lacks, rival_savings};
use crate::economics::HostPlan;
use crate::economics::hysteresis::Day;
use crate::economics::ownership::HOURS_PER_MONTH;
use crate::economics::projection::{
    AlternativeKind, Band, ChosenOn, FORTNIGHT, Hosted, Projection,
};
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
        name: endpoint.name.clone(),
        alert: endpoint.alert,
        day: lacks(settings, &projection.evidence, FORTNIGHT, ChosenOn::Nothing)
            .is_empty()
            .then(|| {
                let saved = projection.band.expected.savings_usd;
                Day {
                    coverage,
                    may_enter: saved >= endpoint.min_saving_usd_per_month * months,
                    ..ratios(&projection.band, projection.api_cost.to_f64(), 0.0)
                }
            }),
    });
    plans.chain(endpoints).collect()
}

/// A plan's day: its savings beyond what the best endpoint saves, over what the API cost.
fn plan_day(plan: &HostPlan, projection: &Projection, months: f64, coverage: f64) -> Day {
    let Some(hosted) = &projection.hosted else {
        return Day {
            ratio: -1.0,
            pessimistic_ratio: -1.0,
            coverage,
            may_enter: false,
        };
    };
    let rival = rival_savings(projection);
    let saved = hosted.band.expected.savings_usd - rival;
    let pays = |hosted: &Hosted| hosted.commitment.is_none_or(|commitment| commitment.pays());
    Day {
        coverage,
        may_enter: saved >= plan.min_saving_usd_per_month * months && pays(hosted),
        ..ratios(&hosted.band, projection.api_cost.to_f64(), rival)
    }
}

/// Savings beyond `rival_usd` over API cost; nothing spent is nothing saved.
fn ratios(band: &Band, api_usd: f64, rival_usd: f64) -> Day {
    let ratio = |savings_usd: f64| {
        if api_usd > 0.0 {
            (savings_usd - rival_usd) / api_usd
        } else {
            -1.0
        }
    };
    Day {
        ratio: ratio(band.expected.savings_usd),
        pessimistic_ratio: ratio(band.pessimistic.savings_usd),
        coverage: 0.0,
        may_enter: false,
    }
}
