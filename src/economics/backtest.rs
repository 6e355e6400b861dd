#![expect(
    clippy::float_arithmetic,
    reason = "what other ways would have cost is a projection"
)]
//! A recorded trace against every way of serving it: minutes in, a comparison out.
//!
//! The arithmetic is the live verdict's own, so the backtest of some calls says what their ledger
//! says. Beside it stands what a calculator of averages would have said of the same trace.

mod calculator;
mod traffic;
mod volume;

use super::breakeven::BreakEven;
use super::evaluate::Policy;
use super::ownership::HOURS_PER_MONTH;
use super::plan::{LatencyLimit, bucket_seconds};
use super::project::{
    Bucket, Columns, Demand, Minutes, breakevens, hosted, latency, rented_tokens,
};
use super::projection::{Band, Hosted, Latency};
use super::work::{TokenSums, real};
use super::{Arm, HostPlan};
use crate::usage::ContextClass;

pub use calculator::Calculator;
pub use traffic::{Minute, Traffic};
pub use volume::{fleet, volumes};

/// What a way takes of the traffic; the rest stays on the API.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Taken {
    /// The sums of its calls.
    pub total: TokenSums,
    /// What they cost on the API, dollars over the trace.
    pub api_usd: f64,
}

/// An arm without fixed cost over the trace.
#[derive(Clone, Debug, PartialEq)]
pub struct Rented {
    /// What it takes.
    pub taken: Taken,
    /// The money of that.
    pub band: Band,
}

/// A plan over some minutes.
#[derive(Clone, Debug, PartialEq)]
pub struct Scored {
    /// The length of these minutes.
    pub hours: f64,
    /// What its calls in them cost on the API, dollars.
    pub api_usd: f64,
    /// What hosting would have meant.
    pub hosted: Hosted,
}

impl Scored {
    /// The expected saving as a part of what these calls cost on the API.
    #[must_use]
    pub fn savings_ratio(&self) -> Option<f64> {
        self.hosted.band.expected.savings_ratio
    }
}

/// A plan over the trace.
#[derive(Clone, Debug, PartialEq)]
pub struct Hosting {
    /// What it takes.
    pub taken: Taken,
    /// The limit on the time per output token.
    pub latency: Latency,
    /// The whole trace, the replicas chosen knowing it; absent if the limit cannot be held.
    pub hindsight: Option<Scored>,
    /// The second half, the replicas chosen on the first; absent where nothing is chosen.
    pub ahead: Option<Scored>,
    /// The volume from which on hosting beats the API; scales of this traffic.
    pub over_api: Option<BreakEven>,
    /// The volume from which on it beats the rivals too, each on the calls on which it saves most.
    pub over_rivals: Option<BreakEven>,
    /// What a calculator of averages says of the same calls.
    pub calculator: Calculator,
}

/// Every way over one trace at one price.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// The length of the trace in whole minutes.
    pub hours: f64,
    /// All its calls.
    pub total: TokenSums,
    /// What they cost on the API, dollars.
    pub api_usd: f64,
    /// In the order in which the arms were given.
    pub arms: Vec<Rented>,
    /// In the order in which the plans were given.
    pub plans: Vec<Hosting>,
}

impl Comparison {
    /// All plans and arms over some traffic; plans have to beat the `rivals` too.
    #[must_use]
    pub fn of(traffic: &Traffic, plans: &[HostPlan], arms: &[Arm], rivals: &[Arm]) -> Self {
        let all = taken(&traffic.buckets(ContextClass::More));
        Self {
            hours: hours(traffic.minutes()),
            total: all.total,
            api_usd: all.api_usd,
            arms: arms
                .iter()
                .map(|arm| rented(arm, traffic, arm.serves.context))
                .collect(),
            plans: plans
                .iter()
                .map(|plan| hosting(plan, traffic, rivals))
                .collect(),
        }
    }

    /// An amount over the trace as one over a month of 730 hours.
    #[must_use]
    pub fn a_month(&self, usd: f64) -> f64 {
        a_month(usd, self.hours)
    }

    /// Calls a day.
    #[must_use]
    pub fn calls_per_day(&self) -> f64 {
        if self.hours > 0.0 {
            self.total.calls / self.hours * 24.0
        } else {
            0.0
        }
    }
}

/// An amount over so many hours as one over a month of 730 hours.
#[must_use]
pub fn a_month(usd: f64, hours: f64) -> f64 {
    if hours > 0.0 {
        usd / hours * HOURS_PER_MONTH
    } else {
        0.0
    }
}

/// The limit that a backtest holds a plan to. A trace does not know how long calls took, so a plan
/// that is held to what the API gives today is not checked.
#[must_use]
pub fn limit(plan: &HostPlan, minutes: &Minutes<'_>) -> Latency {
    match plan.latency {
        LatencyLimit::AsToday => Latency::NotChecked,
        LatencyLimit::Seconds(_) => latency(plan, minutes),
    }
}

/// Projects under a limit, if there is one; `None` if it cannot be held.
fn under<T>(latency: Latency, project: impl FnOnce(Option<f64>) -> Option<T>) -> Option<T> {
    match latency {
        Latency::Held(limit) => project(Some(limit)),
        Latency::NotChecked => project(None),
        Latency::Infeasible(_) => None,
    }
}

fn hosting(plan: &HostPlan, traffic: &Traffic, rivals: &[Arm]) -> Hosting {
    let buckets = traffic.buckets(plan.serves.context);
    let columns: Columns = buckets.iter().copied().collect();
    let all = columns.all();
    let latency = limit(plan, &all);
    let half = all.len() / 2;
    let (first, second) = (all.part(&(0..half)), all.part(&(half..all.len())));
    let scored = |now: Minutes<'_>, before: Minutes<'_>| {
        let demand = Demand { now, before };
        Some(Scored {
            hours: hours(now.len()),
            api_usd: now.api_usd.iter().sum(),
            hosted: under(latency, |limit| hosted(plan, limit, &demand))?,
        })
    };
    let chooses = match plan.policy {
        Policy::Peak { .. } | Policy::Hybrid => !first.is_empty(),
        Policy::Fixed { .. } | Policy::Auto { .. } | Policy::Serverless { .. } => false,
    };
    let saved = [0.0, best_rivals(plan, traffic, rivals)];
    let found = under(latency, |limit| breakevens(plan, limit, all, saved));
    let [over_api, over_rivals] = found.map_or([None; 2], |found| found.map(Some));
    Hosting {
        taken: taken(&buckets),
        latency,
        hindsight: scored(all, Minutes::default()),
        ahead: chooses.then(|| scored(second, first)).flatten(),
        over_api,
        over_rivals,
        calculator: Calculator::of(plan, traffic),
    }
}

/// What the rivals together save on the calls of a plan, dollars: on every class the one that takes
/// it and saves most, and not less than nothing.
fn best_rivals(plan: &HostPlan, traffic: &Traffic, rivals: &[Arm]) -> f64 {
    let classes = traffic.calls_by_class().map(|(class, _)| class);
    let taken_classes = classes.filter(|class| *class <= plan.serves.context);
    let saved = taken_classes.map(|class| {
        let taken = taken(&traffic.buckets_of(class));
        let able = rivals.iter().filter(|arm| class <= arm.serves.context);
        let bands = able.map(|arm| rented_tokens(arm, &taken.total, taken.api_usd));
        bands
            .map(|band| band.expected.savings_usd)
            .fold(0.0, f64::max)
    });
    saved.sum()
}

fn rented(arm: &Arm, traffic: &Traffic, most: ContextClass) -> Rented {
    let taken = taken(&traffic.buckets(most));
    Rented {
        band: rented_tokens(arm, &taken.total, taken.api_usd),
        taken,
    }
}

fn taken(buckets: &[Bucket]) -> Taken {
    let mut taken = Taken::default();
    for bucket in buckets {
        taken.total += bucket.total;
        taken.api_usd += bucket.api_usd;
    }
    taken
}

/// Hours in so many minutes.
fn hours(minutes: usize) -> f64 {
    real(u128::try_from(minutes).unwrap_or(u128::MAX)) * bucket_seconds() / 3_600.0
}

#[cfg(test)]
mod tests;
