//! What a closed day says about the states.

use super::{Pass, plan_lacks};
use crate::economics::decision::{Offer, Threshold, decide, impossible};
use crate::economics::hysteresis::Day;
use crate::economics::ownership::HOURS_PER_MONTH;
use crate::economics::projection::{AlternativeKind, ChosenOn, FORTNIGHT};
use crate::economics::{Endpoint, EndpointProjection, HostPlan, Projection};
use crate::verdict::DAY_MINUTES;
use crate::verdict::evidence::lacks;
use crate::verdict::kept::Kept;
use crate::verdict::seen::{self, Observed};
use crate::verdict::settings::Settings;
use crate::verdict::state::DayFacts;

/// What a closed UTC day says about every plan and endpoint, on the fortnight that ends with it.
pub(in crate::verdict) fn day(
    settings: &Settings,
    (kept, up): (&Kept, &seen::Seen),
    day: i64,
) -> Vec<DayFacts> {
    let start = day.saturating_mul(DAY_MINUTES);
    let end = start.saturating_add(DAY_MINUTES);
    let pass = Pass::new(settings, kept, up, FORTNIGHT, end);
    let coverage = Observed::of(up, start..end).coverage();
    let seen = Seen {
        settings,
        months: pass.now.hours() / HOURS_PER_MONTH,
        coverage,
    };
    let plans = settings.plans.iter().enumerate();
    let plans = plans.map(|(at, plan)| {
        let projection = pass.plan(at, plan, &kept.series(at, up));
        seen.plan(plan, &projection)
    });
    let endpoints = settings.endpoints.iter().zip(pass.endpoints());
    let endpoints = endpoints.map(|(endpoint, projection)| seen.endpoint(endpoint, &projection));
    plans.chain(endpoints).collect()
}

/// How much of a day and of its window was seen.
pub(super) struct Seen<'a> {
    pub(super) settings: &'a Settings,
    /// Observed hours of the window in months.
    pub(super) months: f64,
    /// The observed part of the day.
    pub(super) coverage: f64,
}

impl Seen<'_> {
    /// What the day says about a plan.
    pub(super) fn plan(&self, plan: &HostPlan, projection: &Projection) -> DayFacts {
        DayFacts {
            kind: AlternativeKind::Selfhost,
            name: plan.name.clone(),
            alert: plan.alert && self.settings.sees_all_traffic,
            day: plan_lacks(self.settings, projection)
                .is_empty()
                .then(|| plan_day(plan, projection, self.months, self.coverage)),
            servers: None,
        }
    }

    /// What the day says about an endpoint.
    pub(super) fn endpoint(
        &self,
        endpoint: &Endpoint,
        projection: &EndpointProjection,
    ) -> DayFacts {
        let evidence = &projection.evidence;
        DayFacts {
            kind: AlternativeKind::Endpoint,
            name: endpoint.arm.name.clone(),
            alert: endpoint.alert && self.settings.sees_all_traffic,
            day: lacks(self.settings, evidence, FORTNIGHT, ChosenOn::Nothing)
                .is_empty()
                .then(|| endpoint_day(endpoint, projection, self.months, self.coverage)),
            servers: None,
        }
    }
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
