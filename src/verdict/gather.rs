#![expect(
    clippy::float_arithmetic,
    reason = "evidence is measured in shares of estimated money"
)]
//! What a pass reads of the live demand: copied in one go, so that computing holds up nobody.

use std::collections::BTreeMap;
use std::ops::Range;

use super::DAY_MINUTES;
use super::live::{LiveDemand, Minute};
use super::reserved::Paid;
use super::settings::Takers;
use crate::economics::project::Bucket;
use crate::economics::projection::{Committed, Evidence};
use crate::economics::work::{TokenSums, real};
use crate::money::{Avoidable, Pico};

/// Days for which minutes are kept.
const KEPT_DAYS: i64 = 35;
/// Minutes in a day, as a length.
const DAY_LENGTH: usize = 1_440;

/// Which minutes of a range were observed.
pub(super) struct Observed {
    pub(super) range: Range<i64>,
    /// For each minute of the range its place among the observed ones.
    places: Vec<Option<usize>>,
    pub(super) count: usize,
    days: u32,
}

impl Observed {
    pub(super) fn of(demand: &LiveDemand, range: Range<i64>) -> Self {
        let minutes = demand.observed(&range);
        let length = range.end.saturating_sub(range.start);
        let mut places = vec![None; usize::try_from(length).unwrap_or_default()];
        for (place, minute) in minutes.iter().enumerate() {
            if let Some(kept) = offset(&range, *minute).and_then(|at| places.get_mut(at)) {
                *kept = Some(place);
            }
        }
        // A day without tollgate is told by the coverage: it is not a younger meter.
        let watched = demand
            .first_observed()
            .map_or(0, |first| range.end.saturating_sub(first.max(range.start)));
        let days = watched
            .saturating_add(DAY_MINUTES.saturating_sub(1))
            .div_euclid(DAY_MINUTES)
            .max(0);
        Self {
            range,
            places,
            count: minutes.len(),
            days: u32::try_from(days).unwrap_or(u32::MAX),
        }
    }

    /// Observed minutes over minutes in the range.
    pub(super) fn coverage(&self) -> f64 {
        number(self.count) / number(self.places.len()).max(1.0)
    }

    pub(super) fn hours(&self) -> f64 {
        number(self.count) / 60.0
    }

    /// How many of the minutes of a part of the range were observed.
    pub(super) fn count_in(&self, minutes: Range<i64>) -> usize {
        let length = i64::try_from(self.places.len()).unwrap_or(i64::MAX);
        let at = |minute: i64| {
            let past = minute.saturating_sub(self.range.start).clamp(0, length);
            usize::try_from(past).unwrap_or_default()
        };
        let places = self.places.get(at(minutes.start)..at(minutes.end));
        places.map_or(0, |places| places.iter().flatten().count())
    }

    fn place(&self, minute: i64) -> Option<usize> {
        let at = offset(&self.range, minute)?;
        self.places.get(at).copied().flatten()
    }
}

fn offset(range: &Range<i64>, minute: i64) -> Option<usize> {
    usize::try_from(minute.checked_sub(range.start)?).ok()
}

fn number(length: usize) -> f64 {
    real(u128::try_from(length).unwrap_or(u128::MAX))
}

/// The sums of a range over some pools.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Totals {
    pub(super) tokens: TokenSums,
    pub(super) cost: Pico,
    /// The part of it that is paid wherever the calls go.
    pub(super) committed: Pico,
    unpriced_tokens: f64,
    unknown_calls: f64,
    imported_calls: f64,
}

impl Totals {
    fn add(&mut self, minute: &Minute) {
        self.tokens += minute.bucket.total;
        self.cost += minute.cost;
        self.unpriced_tokens += minute.unpriced_tokens;
        self.unknown_calls += minute.unknown_calls;
        self.imported_calls += minute.imported_calls;
    }

    fn merge(&mut self, other: &Self) {
        self.tokens += other.tokens;
        self.cost += other.cost;
        self.committed += other.committed;
        self.unpriced_tokens += other.unpriced_tokens;
        self.unknown_calls += other.unknown_calls;
        self.imported_calls += other.imported_calls;
    }

    /// What moving the calls would save at most, dollars.
    pub(super) fn avoidable_usd(&self) -> f64 {
        (self.cost - self.committed).to_f64()
    }

    /// The part of the money that is a guess: unpriced tokens at the mean cost of a token, calls of
    /// unknown tokens at the mean cost of a call. With nothing priced to go by, all of it.
    fn doubtful_share(&self) -> f64 {
        if self.unpriced_tokens + self.unknown_calls <= 0.0 {
            return 0.0;
        }
        let known = self.cost.to_f64();
        if known <= 0.0 || self.tokens.calls <= 0.0 {
            return 1.0;
        }
        let a_call = known / self.tokens.calls;
        let a_token = known / self.tokens.tokens().max(1.0);
        let guessed = self.unpriced_tokens * a_token + self.unknown_calls * a_call;
        guessed / (known + guessed)
    }

    pub(super) fn evidence(&self, observed: &Observed) -> Evidence {
        Evidence {
            coverage: observed.coverage(),
            calls: self.tokens.calls,
            days_observed: observed.days,
            doubtful_share: self.doubtful_share(),
            imported_calls: self.imported_calls,
            // No invoice is reconciled yet.
            capture_ratio: None,
        }
    }
}

/// The totals of every pool over a window, its money committed or not as of a day.
pub(super) struct PoolTotals<'s> {
    pools: Vec<(Takers, Totals, BTreeMap<Avoidable, Pico>)>,
    pub(super) paid: Paid<'s>,
}

impl<'s> PoolTotals<'s> {
    pub(super) fn of(demand: &LiveDemand, observed: &Observed, paid: Paid<'s>) -> Self {
        let totals = |pool: &super::live::Pool| {
            let mut totals = Totals::default();
            pool.minutes(&observed.range, |_, minute| totals.add(minute));
            let served = paid.served(pool, observed);
            let (cost, committed) = paid.cost(&pool.takers, totals.cost, &served);
            totals.cost = cost;
            totals.committed = committed.values().copied().sum();
            (pool.takers.clone(), totals, committed)
        };
        Self {
            pools: demand.pools().iter().map(totals).collect(),
            paid,
        }
    }

    /// What of the money of the pools that `wanted` picks is paid anyway, soonest to end first.
    pub(super) fn committed(&self, wanted: impl Fn(&Takers) -> bool) -> Vec<Committed> {
        let mut by_end = BTreeMap::<Avoidable, Pico>::new();
        for (_, _, committed) in self.pools.iter().filter(|(takers, ..)| wanted(takers)) {
            for (avoidable, cost) in committed {
                *by_end.entry(*avoidable).or_default() += *cost;
            }
        }
        let ends = by_end.into_iter().filter(|(_, cost)| *cost > Pico::ZERO);
        ends.map(|(avoidable, cost)| Committed { cost, avoidable })
            .collect()
    }

    /// Every pool by itself.
    pub(super) fn each(&self) -> impl Iterator<Item = (&Takers, &Totals)> {
        let pools = self.pools.iter();
        pools.map(|(takers, totals, _)| (takers, totals))
    }

    /// The totals of the pools that `wanted` picks.
    pub(super) fn sum(&self, wanted: impl Fn(&Takers) -> bool) -> Totals {
        let mut sum = Totals::default();
        for (_, totals) in self.each().filter(|(takers, _)| wanted(takers)) {
            sum.merge(totals);
        }
        sum
    }
}

/// The complete days in a row up to the last one before a minute, for trends.
pub(super) struct CompleteDays {
    /// The first day, in days since 1970.
    first: i64,
    /// The observed part of each.
    coverage: Vec<f64>,
}

impl CompleteDays {
    /// A day is complete with at least `coverage_min` of its minutes; no more than are kept.
    pub(super) fn before(demand: &LiveDemand, end: i64, coverage_min: f64) -> Self {
        let today = end.div_euclid(DAY_MINUTES);
        let observed = |days_ago: i64| {
            let start = today.saturating_sub(days_ago).saturating_mul(DAY_MINUTES);
            let minutes = demand.observed(&(start..start.saturating_add(DAY_MINUTES)));
            number(minutes.len()) / real(DAY_MINUTES.unsigned_abs().into())
        };
        let mut coverage: Vec<f64> = (1..=KEPT_DAYS)
            .map(observed)
            .take_while(|seen| *seen >= coverage_min)
            .collect();
        coverage.reverse();
        let days = i64::try_from(coverage.len()).unwrap_or(KEPT_DAYS);
        Self {
            first: today.saturating_sub(days),
            coverage,
        }
    }

    /// The tokens a day of the pools that a plan takes, as if every minute had been observed.
    pub(super) fn tokens(&self, demand: &LiveDemand, plan: usize) -> Vec<f64> {
        let mut tokens = vec![0.0; self.coverage.len()];
        let days = i64::try_from(self.coverage.len()).unwrap_or(KEPT_DAYS);
        let start = self.first.saturating_mul(DAY_MINUTES);
        let range = start..start.saturating_add(days.saturating_mul(DAY_MINUTES));
        for pool in demand
            .pools()
            .iter()
            .filter(|pool| pool.takers.plans.contains(&plan))
        {
            pool.minutes(&range, |minute, part| {
                let day = offset(&range, minute).map(|at| at / DAY_LENGTH);
                if let Some(sum) = day.and_then(|day| tokens.get_mut(day)) {
                    *sum += part.bucket.total.tokens();
                }
            });
        }
        for (sum, seen) in tokens.iter_mut().zip(&self.coverage) {
            *sum /= seen;
        }
        tokens
    }
}

/// The observed minutes of the pools that a plan takes, in order, those without calls included.
pub(super) fn buckets(
    demand: &LiveDemand,
    observed: &Observed,
    plan: usize,
    paid: &Paid<'_>,
) -> Vec<Bucket> {
    let mut buckets = vec![Bucket::default(); observed.count];
    let taken = demand
        .pools()
        .iter()
        .filter(|pool| pool.takers.plans.contains(&plan));
    for pool in taken {
        pool.minutes(&observed.range, |minute, part| {
            let place = observed.place(minute);
            if let Some(bucket) = place.and_then(|place| buckets.get_mut(place)) {
                bucket.merge(&paid.bucket(&pool.takers, minute, part.bucket));
            }
        });
    }
    buckets
}
