#![expect(
    clippy::float_arithmetic,
    reason = "a projection is an estimate; what the API cost comes in exact"
)]
//! A plan or an endpoint over a window of demand, with its band.

mod arm;
mod burst;
mod columns;
mod commitment;
mod dates;
mod loads;
mod minute;
mod series;
mod steps;

use super::assumptions::{End, Group, Parameter, Point};
use super::band::{Deviation, band};
use super::breakeven::{BreakEven, breakeven_scales};
use super::evaluate::{Outcome, Policy, quantile_of};
use super::plan::{HostPlan, bucket_seconds};
use super::projection::{Band, ChosenOn, Figures, Hosted, Replicas};
use super::work::real;

pub use arm::{rented_tokens, routed};
pub use columns::{Columns, Minutes, PerSum};
pub(super) use commitment::commitment;
pub use dates::breakeven_days;
use loads::Loads;
pub use loads::{Bucket, Demand, latency};
pub use minute::{MINUTES_REMEMBERED, MinuteCost, minute};
pub use series::{Beat, at_scales, beats};
pub use steps::{CallWork, Fixed, Naive, Steps, steps};

/// Smallest and largest volume at which a break-even is looked for, times today's.
pub const SCALES: (f64, f64) = (0.01, 100.0);

/// The plan over the window; `None` if it cannot hold the latency limit.
#[must_use]
pub fn hosted(plan: &HostPlan, limit: Option<f64>, demand: &Demand<'_>) -> Option<Hosted> {
    let ranges = &plan.assumptions;
    let ends = Group::ALL
        .into_iter()
        .flat_map(|group| [End::Low, End::High].map(|end| ranges.with_group_at(group, end)));
    let unmoved = plan
        .moved
        .iter()
        .map(|moved| ranges.with(moved.parameter, moved.default).expected());
    let points: Vec<Point> = [ranges.expected(), ranges.all_at(End::Low)]
        .into_iter()
        .chain(ends)
        .chain(unmoved)
        .collect();
    let outcomes = scored(plan, &points, limit, demand)?;
    let ([outcome, worst], others) = outcomes.split_first_chunk()?;
    let (ends, unmoved) = others.split_at_checked(2 * Group::ALL.len())?;
    let deviation = |(group, ends): (Group, &[Outcome])| {
        let change = |end: usize| ends.get(end).map(|o| o.savings_usd - outcome.savings_usd);
        Some(Deviation {
            parameter: group.label(),
            low_usd: change(0)?,
            high_usd: change(1)?,
        })
    };
    let pairs = Group::ALL.into_iter().zip(ends.chunks(2));
    let sensitivity = pairs.map(deviation).collect::<Option<Vec<_>>>()?;
    let expected = ranges.expected();
    let loads = Loads::of(plan, &expected, limit, demand.now)?;
    Some(Hosted {
        band: banded(
            outcome.api_usd,
            outcome.savings_usd,
            worst.savings_usd,
            sensitivity,
        )
        .beside(demand.now.committed_usd.iter().sum()),
        replicas: replicas(plan, &expected, &loads, outcome),
        moved_usd: unmoved
            .iter()
            .map(|without| outcome.savings_usd - without.savings_usd)
            .collect(),
        chosen_on: chosen_on(plan, demand),
        utilisation: outcome.utilisation,
        short_ratio: outcome.short_bucket_share,
        overflow_usd: outcome.overflow_api_usd,
        burst_ratio: burst::ratio(plan, limit, demand.now, loads.mean()),
        commitment: commitment(plan, outcome, demand.now.len()),
        usd_per_mtok: usd_per_mtok(outcome, &expected, &demand.now),
    })
}

/// What hosting costs per million hosted tokens; absent when nothing was hosted.
fn usd_per_mtok(outcome: &Outcome, point: &Point, minutes: &Minutes<'_>) -> Option<f64> {
    let tokens = minutes.sums().tokens();
    let spilled = if outcome.api_usd > 0.0 {
        outcome.overflow_api_usd / outcome.api_usd
    } else {
        0.0
    };
    let hosted = tokens * (point.value(Parameter::QualifyingShare) - spilled);
    let own_usd = outcome.selfhost_usd - outcome.residual_usd;
    (hosted > 0.0).then(|| own_usd / hosted * 1e6)
}

/// What the number of replicas is chosen on.
fn chosen_on(plan: &HostPlan, demand: &Demand<'_>) -> ChosenOn {
    match plan.policy {
        Policy::Fixed { .. } | Policy::Auto { .. } | Policy::Serverless { .. } => ChosenOn::Nothing,
        Policy::Peak { .. } | Policy::Hybrid if demand.before.is_empty() => ChosenOn::Hindsight,
        Policy::Peak { .. } | Policy::Hybrid => ChosenOn::PreviousWindow,
    }
}

/// The outcome at every point, the replicas chosen as [`chosen_on`] says. Points with the same work
/// share the loads, which are most of the effort.
fn scored(
    plan: &HostPlan,
    points: &[Point],
    limit: Option<f64>,
    demand: &Demand<'_>,
) -> Option<Vec<Outcome>> {
    let mut outcomes: Vec<Option<Outcome>> = vec![None; points.len()];
    let choosing = chosen_on(plan, demand) == ChosenOn::PreviousWindow;
    while let Some(next) = outcomes.iter().position(Option::is_none) {
        let point = points.get(next)?;
        let now = Loads::of(plan, point, limit, demand.now)?;
        let before = if choosing {
            demand.before
        } else {
            Minutes::default()
        };
        let before = Loads::of(plan, point, limit, before)?;
        let (now, before) = (now.window(), before.window());
        let chosen_on = if choosing { &before } else { &now };
        let same = points
            .iter()
            .zip(&mut outcomes)
            .filter(|(other, _)| other.same_work(point));
        for (other, outcome) in same {
            let terms = plan.terms(other);
            let policy = chosen_on.settled(&terms, plan.policy);
            *outcome = Some(now.at_scale(1.0, &terms, policy));
        }
    }
    outcomes.into_iter().collect()
}

/// The three scenarios around an expected saving, and the worst of all.
pub(crate) fn banded(
    api_usd: f64,
    expected_usd: f64,
    worst_usd: f64,
    mut sensitivity: Vec<Deviation>,
) -> Band {
    let (pessimistic, optimistic) = band(expected_usd, &sensitivity);
    let figures = |savings_usd: f64| Figures {
        cost_usd: api_usd - savings_usd,
        savings_usd,
        savings_ratio: (api_usd > 0.0).then(|| savings_usd / api_usd),
    };
    sensitivity.sort_by(|x, y| y.influence().total_cmp(&x.influence()));
    Band {
        pessimistic: figures(pessimistic),
        expected: figures(expected_usd),
        optimistic: figures(optimistic),
        all_at_worst: figures(worst_usd),
        sensitivity,
    }
}

fn replicas(plan: &HostPlan, point: &Point, loads: &Loads<'_>, outcome: &Outcome) -> Replicas {
    let terms = plan.terms(point);
    let window = loads.window();
    let needs = window.needs(terms.qualifying_share, &terms);
    let hours = buckets_hours(needs.len());
    let now = match plan.policy {
        Policy::Fixed { .. } | Policy::Peak { .. } | Policy::Hybrid => outcome.replicas,
        Policy::Auto { .. } | Policy::Serverless { .. } => {
            let need = needs.last().copied().unwrap_or(0);
            need.min(terms.max_replicas).max(terms.min_replicas)
        }
    };
    Replicas {
        now: f64::from(now),
        mean: if hours > 0.0 {
            outcome.replica_hours / hours
        } else {
            0.0
        },
        peak: f64::from(needs.iter().copied().max().unwrap_or(0)),
        p99: f64::from(quantile_of(needs, 0.99)),
    }
}

/// Hours in so many minutes.
fn buckets_hours(buckets: usize) -> f64 {
    real(u128::try_from(buckets).unwrap_or(u128::MAX)) * bucket_seconds() / 3_600.0
}

/// The volume at which the plan beats the API and its best rival; the policy may choose anew at
/// every volume.
#[must_use]
pub fn breakeven(
    plan: &HostPlan,
    limit: Option<f64>,
    minutes: Minutes<'_>,
    rival_savings_usd: f64,
) -> Option<BreakEven> {
    let [found] = breakevens(plan, limit, minutes, [rival_savings_usd])?;
    Some(found)
}

/// The same for several rivals.
#[must_use]
pub fn breakevens<const N: usize>(
    plan: &HostPlan,
    limit: Option<f64>,
    minutes: Minutes<'_>,
    rivals_usd: [f64; N],
) -> Option<[BreakEven; N]> {
    let point = plan.assumptions.expected();
    let loads = Loads::of(plan, &point, limit, minutes)?;
    let (window, terms) = (loads.window(), plan.terms(&point));
    Some(breakeven_scales(
        &window,
        &terms,
        plan.policy,
        rivals_usd,
        SCALES,
    ))
}
