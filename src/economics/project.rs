#![expect(
    clippy::float_arithmetic,
    reason = "a projection is an estimate; what the API cost comes in exact"
)]
//! A plan or an endpoint over a window of demand, with its band.

use super::assumptions::{Assumptions, End, Group, Parameter, Point};
use super::band::{Deviation, band};
use super::breakeven::{BreakEven, Search, breakeven_scale};
use super::evaluate::{Outcome, Policy, Profile, Window, quantile_of};
use super::forecast::{Prospect, npv_savings, payback_months};
use super::ownership::HOURS_PER_MONTH;
use super::plan::{Endpoint, HostPlan, LatencyLimit, bucket_seconds, conversion};
use super::projection::{Band, ChosenOn, Commitment, Figures, Hosted, Latency, Replicas};
use super::work::{TokenSums, latency_factor, real, work};

/// How API prices are expected to fall in a year (market accounts of 2024: 50 to 75 %).
const API_DECLINE: f64 = 0.5;
/// How the prices of rented GPUs are expected to fall in a year (A100 and H100, 2024 to 2026).
const GPU_DECLINE: f64 = 0.2;
/// Smallest and largest volume at which a break-even is looked for, times today's.
const SCALES: (f64, f64) = (0.01, 100.0);

/// The demand of one observed minute on the streams that an alternative covers.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bucket {
    /// The sums of the minute.
    pub total: TokenSums,
    /// The sums of its busiest slot.
    pub busiest: TokenSums,
    /// What it cost on the API, dollars.
    pub api_usd: f64,
    /// Seconds that its calls took together.
    pub duration_seconds: f64,
}

impl Bucket {
    /// Adds another part of the same minute. The busiest slots add up, which is never too low.
    pub fn merge(&mut self, other: &Self) {
        self.total += other.total;
        self.busiest += other.busiest;
        self.api_usd += other.api_usd;
        self.duration_seconds += other.duration_seconds;
    }
}

/// A window's observed minutes, in order, and those of the window before.
#[derive(Clone, Copy, Debug)]
pub struct Demand<'a> {
    /// The window.
    pub now: &'a [Bucket],
    /// The window before, empty if it was not observed.
    pub before: &'a [Bucket],
}

/// The loads of some minutes at one point of the assumptions.
struct Loads {
    per_bucket: Vec<f64>,
    api_usd: Vec<f64>,
    slot_work: Vec<f64>,
    calls: f64,
}

impl Loads {
    /// `None` if the latency limit cannot be held.
    fn of(plan: &HostPlan, point: &Point, limit: Option<f64>, buckets: &[Bucket]) -> Option<Self> {
        let conversion = conversion(point);
        let multiplier = point.value(Parameter::WorkMultiplier);
        let coefficients = &plan.throughput.coefficients;
        let replica_seconds =
            |sums: &TokenSums| work(coefficients, &conversion, limit, sums).map(|w| multiplier * w);
        let per_bucket = |bucket: &Bucket| Some(replica_seconds(&bucket.total)? / bucket_seconds());
        let slot_work = if plan.ttft_slo_seconds.is_some() {
            buckets
                .iter()
                .map(|bucket| replica_seconds(&bucket.busiest))
                .collect::<Option<_>>()?
        } else {
            Vec::new()
        };
        Some(Self {
            per_bucket: buckets.iter().map(per_bucket).collect::<Option<_>>()?,
            api_usd: buckets.iter().map(|bucket| bucket.api_usd).collect(),
            slot_work,
            calls: buckets.iter().map(|bucket| bucket.total.calls).sum(),
        })
    }

    fn window(&self) -> Window<'_> {
        Window::new(Profile {
            bucket_seconds: bucket_seconds(),
            loads: &self.per_bucket,
            api_usd: &self.api_usd,
            slot_work: &self.slot_work,
            calls: self.calls,
        })
    }
}

/// What limit the projection holds, and what is known about it.
#[must_use]
pub fn latency(plan: &HostPlan, buckets: &[Bucket]) -> Latency {
    let Some(decode) = plan.throughput.coefficients.decode else {
        return Latency::NotChecked;
    };
    let limit = match plan.latency {
        LatencyLimit::Seconds(limit) => limit,
        LatencyLimit::AsToday => {
            let output: f64 = buckets.iter().map(|bucket| bucket.total.output).sum();
            let taken: f64 = buckets.iter().map(|bucket| bucket.duration_seconds).sum();
            if output <= 0.0 {
                return Latency::NotChecked;
            }
            taken / output
        }
    };
    match latency_factor(decode, limit) {
        Some(_) => Latency::Held(limit),
        None => Latency::Infeasible(limit),
    }
}

/// The plan over the window; `None` if it cannot hold the latency limit.
#[must_use]
pub fn hosted(plan: &HostPlan, limit: Option<f64>, demand: &Demand<'_>) -> Option<Hosted> {
    let ranges = &plan.assumptions;
    let ends = Group::ALL
        .into_iter()
        .flat_map(|group| [End::Low, End::High].map(|end| ranges.with_group_at(group, end)));
    let points: Vec<Point> = std::iter::once(ranges.expected()).chain(ends).collect();
    let outcomes = scored(plan, &points, limit, demand)?;
    let (outcome, moved) = outcomes.split_first()?;
    let deviation = |(group, ends): (Group, &[Outcome])| {
        let change = |end: usize| ends.get(end).map(|o| o.savings_usd - outcome.savings_usd);
        Some(Deviation {
            parameter: group.label(),
            low_usd: change(0)?,
            high_usd: change(1)?,
        })
    };
    let pairs = Group::ALL.into_iter().zip(moved.chunks(2));
    let sensitivity = pairs.map(deviation).collect::<Option<Vec<_>>>()?;
    let expected = ranges.expected();
    let loads = Loads::of(plan, &expected, limit, demand.now)?;
    Some(Hosted {
        band: banded(outcome.api_usd, outcome.savings_usd, sensitivity),
        replicas: replicas(plan, &expected, &loads, outcome),
        chosen_on: chosen_on(plan, demand),
        utilisation: outcome.utilisation,
        short_ratio: outcome.short_bucket_share,
        overflow_usd: outcome.overflow_api_usd,
        commitment: commitment(plan, outcome, demand.now.len()),
        usd_per_mtok: usd_per_mtok(outcome, &expected, demand.now),
    })
}

/// What hosting costs per million hosted tokens; absent when nothing was hosted.
fn usd_per_mtok(outcome: &Outcome, point: &Point, buckets: &[Bucket]) -> Option<f64> {
    let tokens: f64 = buckets.iter().map(|bucket| bucket.total.tokens()).sum();
    let spilled = outcome.overflow_api_usd / outcome.api_usd;
    let hosted = tokens * (point.value(Parameter::QualifyingShare) - spilled);
    let own_usd = outcome.selfhost_usd - outcome.residual_usd;
    (hosted > 0.0).then(|| own_usd / hosted * 1e6)
}

/// What the number of replicas is chosen on.
fn chosen_on(plan: &HostPlan, demand: &Demand<'_>) -> ChosenOn {
    match plan.policy {
        Policy::Fixed { .. } | Policy::Auto { .. } => ChosenOn::Nothing,
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
    let before = if choosing { demand.before } else { &[] };
    while let Some(next) = outcomes.iter().position(Option::is_none) {
        let point = points.get(next)?;
        let now = Loads::of(plan, point, limit, demand.now)?;
        let before = Loads::of(plan, point, limit, before)?;
        let (now, before) = (now.window(), before.window());
        let same = points
            .iter()
            .zip(&mut outcomes)
            .filter(|(other, _)| other.same_work(point));
        for (other, outcome) in same {
            let terms = plan.terms(other);
            let policy = if choosing {
                let replicas = before.at_scale(1.0, &terms, plan.policy).replicas;
                Policy::Fixed { replicas }
            } else {
                plan.policy
            };
            *outcome = Some(now.at_scale(1.0, &terms, policy));
        }
    }
    outcomes.into_iter().collect()
}

/// The three scenarios around an expected saving.
fn banded(api_usd: f64, expected_usd: f64, mut sensitivity: Vec<Deviation>) -> Band {
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
        sensitivity,
    }
}

fn replicas(plan: &HostPlan, point: &Point, loads: &Loads, outcome: &Outcome) -> Replicas {
    let terms = plan.terms(point);
    let window = loads.window();
    let needs: Vec<u32> = window.needs(terms.qualifying_share, &terms).collect();
    let hours = buckets_hours(needs.len());
    let now = match plan.policy {
        Policy::Fixed { .. } | Policy::Peak { .. } | Policy::Hybrid => outcome.replicas,
        Policy::Auto { .. } => {
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

/// The worth of up-front money, at constant volume and expected price declines.
fn commitment(plan: &HostPlan, outcome: &Outcome, buckets: usize) -> Option<Commitment> {
    let up_front_usd = plan.one_off_usd + plan.price.up_front_usd * f64::from(outcome.replicas);
    let hours = buckets_hours(buckets);
    if up_front_usd <= 0.0 || hours <= 0.0 {
        return None;
    }
    let months_seen = hours / HOURS_PER_MONTH;
    let purchase = outcome.replica_hours * plan.price.purchase_usd_per_hour / months_seen;
    let spread = plan.one_off_usd / f64::from(plan.amortisation_months);
    let own = (outcome.selfhost_usd - outcome.residual_usd) / months_seen - purchase - spread;
    let rented = plan.price.up_front_usd <= 0.0;
    let prospect = Prospect {
        api_usd: (outcome.api_usd - outcome.residual_usd) / months_seen,
        selfhost_usd: own,
        api_decline: API_DECLINE,
        selfhost_decline: if rented { GPU_DECLINE } else { 0.0 },
    };
    Some(Commitment {
        up_front_usd,
        months: plan.amortisation_months,
        net_usd: npv_savings(&prospect, plan.amortisation_months, up_front_usd),
        payback_months: payback_months(&prospect, up_front_usd),
    })
}

/// The volume at which the plan beats the API and its best rival; the policy may choose anew at
/// every volume.
#[must_use]
pub fn breakeven(
    plan: &HostPlan,
    limit: Option<f64>,
    buckets: &[Bucket],
    rival_savings_usd: f64,
) -> Option<BreakEven> {
    let point = plan.assumptions.expected();
    let loads = Loads::of(plan, &point, limit, buckets)?;
    let search = Search {
        scale_low: SCALES.0,
        scale_high: SCALES.1,
        rival_savings_usd,
    };
    Some(breakeven_scale(
        &loads.window(),
        &plan.terms(&point),
        plan.policy,
        search,
    ))
}

/// An endpoint over a window: total sums of the streams it covers, and what these cost on the API.
#[must_use]
pub fn rented_tokens(endpoint: &Endpoint, total: &TokenSums, api_usd: f64) -> Band {
    let cost = |point: &Point| endpoint_cost(endpoint, point, total, api_usd);
    let assumptions: &Assumptions = &endpoint.assumptions;
    let expected = api_usd - cost(&assumptions.expected());
    let at = |end| api_usd - cost(&assumptions.with_group_at(Group::Quality, end)) - expected;
    let quality = Deviation {
        parameter: Group::Quality.label(),
        low_usd: at(End::Low),
        high_usd: at(End::High),
    };
    banded(api_usd, expected, vec![quality])
}

/// q·tokens at the endpoint's price, repeated calls and what may not move at API cost.
fn endpoint_cost(endpoint: &Endpoint, point: &Point, total: &TokenSums, api_usd: f64) -> f64 {
    let share = point.value(Parameter::QualifyingShare);
    let (ratio_in, ratio_out) = (
        point.value(Parameter::TokenRatioIn),
        point.value(Parameter::TokenRatioOut),
    );
    // A rate is a whole number of pico-units per token.
    let usd =
        |rate: crate::money::RatePerMtok| crate::money::Pico(rate.pico_per_token().into()).to_f64();
    let tokens_usd = ratio_in * total.uncached_input * usd(endpoint.input)
        + ratio_in * total.cached_input * usd(endpoint.cached_input)
        + ratio_out * total.output * usd(endpoint.output);
    let repeated = point.value(Parameter::Escalation) * share * api_usd;
    share * tokens_usd + (1.0 - share) * api_usd + repeated
}
