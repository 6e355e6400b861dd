#![expect(
    clippy::float_arithmetic,
    reason = "what a minute would have cost is a projection"
)]
//! What one more minute costs on a fleet that was chosen before: the step of a running total.
//!
//! A minute alone says nothing of replicas that are starting or idle: it is the difference of the
//! minutes remembered with it and without it.

use super::Loads;
use super::columns::Minutes;
use crate::economics::evaluate::{Outcome, Policy};
use crate::economics::plan::HostPlan;
use crate::economics::projection::{Hosted, Scenario, Spread};
use crate::economics::replicas::whole;

/// Minutes before the one that counts: what starts, cools down or idles longer is cut off there.
pub const MINUTES_REMEMBERED: i64 = 120;

/// A minute on a plan, none of it below 0.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct MinuteCost {
    /// What its calls would have cost, what stays on the API and what is paid anyway included, dollars.
    pub cost_usd: Spread<f64>,
    /// Work that replicas would have done, seconds of a whole replica.
    pub work_replica_seconds: f64,
    /// Replicas paid for, seconds of a whole one.
    pub replica_seconds: f64,
    /// API cost of what replicas were short for, dollars.
    pub overflow_usd: f64,
}

impl MinuteCost {
    /// Both together.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        self.with(other, |one, other| one + other)
    }

    /// What this is more than another one, in no part below 0.
    #[must_use]
    pub fn beyond(&self, other: &Self) -> Self {
        self.with(other, |one, other| (one - other).max(0.0))
    }

    fn with(&self, other: &Self, of: fn(f64, f64) -> f64) -> Self {
        let Self {
            cost_usd,
            work_replica_seconds,
            replica_seconds,
            overflow_usd,
        } = other;
        Self {
            cost_usd: Spread::of(|at| of(self.cost_usd.at(at), cost_usd.at(at))),
            work_replica_seconds: of(self.work_replica_seconds, *work_replica_seconds),
            replica_seconds: of(self.replica_seconds, *replica_seconds),
            overflow_usd: of(self.overflow_usd, *overflow_usd),
        }
    }
}

/// The last of some minutes in a row on the fleet that `chosen` found; `None` where the latency limit
/// cannot be held. Its ends are as far from the expected cost as those of the window that chose.
#[must_use]
pub fn minute(
    plan: &HostPlan,
    limit: Option<f64>,
    chosen: &Hosted,
    minutes: Minutes<'_>,
) -> Option<MinuteCost> {
    let before = minutes.part(&(0..minutes.len().checked_sub(1)?));
    let committed_usd = minutes.committed_usd.last()?;
    let point = plan.assumptions.expected();
    let policy = match plan.policy {
        Policy::Peak { .. } | Policy::Hybrid => Policy::Fixed {
            replicas: whole(chosen.replicas.now),
        },
        Policy::Fixed { .. } | Policy::Auto { .. } | Policy::Serverless { .. } => plan.policy,
    };
    let evaluated = |minutes: Minutes<'_>| {
        let loads = Loads::of(plan, &point, limit, minutes)?;
        Some(loads.window().at_scale(1.0, &plan.terms(&point), policy))
    };
    let (with, without) = (evaluated(minutes)?, evaluated(before)?);
    let step = |of: fn(&Outcome) -> f64| (of(&with) - of(&without)).max(0.0);
    let expected_usd = step(|outcome| outcome.selfhost_usd) + committed_usd;
    Some(MinuteCost {
        cost_usd: Spread::of(|scenario| expected_usd * times(chosen, scenario)),
        work_replica_seconds: step(|outcome| {
            outcome.utilisation.unwrap_or_default() * outcome.replica_hours * 3_600.0
        }),
        replica_seconds: step(|outcome| outcome.replica_hours * 3_600.0),
        overflow_usd: step(|outcome| outcome.overflow_api_usd),
    })
}

/// The cost of a scenario over the expected one, in the window.
fn times(chosen: &Hosted, scenario: Scenario) -> f64 {
    let expected = chosen.band.expected.cost_usd;
    if expected <= 0.0 {
        return 1.0;
    }
    (chosen.band.figures(scenario).cost_usd / expected).max(0.0)
}
