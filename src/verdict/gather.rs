#![expect(
    clippy::float_arithmetic,
    reason = "evidence is measured in shares of estimated money"
)]
//! What a pass reads of the kept demand.

use std::collections::BTreeMap;
use std::ops::Range;

use super::DAY_MINUTES;
use super::kept::{Kept, Pool};
use super::reserved::Paid;
use super::seen::{Observed, Seen, number};
use super::settings::Takers;
use crate::economics::projection::{Committed, Evidence};
use crate::economics::work::{TokenSums, real};
use crate::money::{Avoidable, Pico};

/// Days for which minutes are kept.
const KEPT_DAYS: i64 = 35;

/// The sums of a range over some pools.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Totals {
    /// Calls and tokens; not their products, which only the work of a plan is made of.
    pub(super) tokens: TokenSums,
    pub(super) cost: Pico,
    /// The part of it that is paid wherever the calls go.
    pub(super) committed: Pico,
    unpriced_tokens: f64,
    unknown_calls: f64,
    imported_calls: f64,
}

impl Totals {
    /// Of sums; `doubtful` are tokens of unpriced calls, calls of unknown tokens, imported calls.
    pub(super) const fn of_sums(tokens: TokenSums, cost: Pico, doubtful: [f64; 3]) -> Self {
        let [unpriced_tokens, unknown_calls, imported_calls] = doubtful;
        Self {
            tokens,
            cost,
            committed: Pico::ZERO,
            unpriced_tokens,
            unknown_calls,
            imported_calls,
        }
    }

    /// Of the observed minutes of a pool, at what its calls are worth.
    fn of(pool: &Pool, range: &Range<i64>) -> Self {
        let [
            calls,
            uncached,
            cached,
            output,
            cost,
            unpriced,
            unknown,
            imported,
        ] = pool.days.sums(range);
        let number = |sum| pool.scale.count(real(sum));
        Self {
            tokens: TokenSums {
                calls: number(calls),
                uncached_input: number(uncached),
                cached_input: number(cached),
                output: number(output),
                ..TokenSums::default()
            },
            cost: pool
                .scale
                .cost(Pico(i128::try_from(cost).unwrap_or(i128::MAX))),
            committed: Pico::ZERO,
            unpriced_tokens: number(unpriced),
            unknown_calls: number(unknown),
            imported_calls: number(imported),
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
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

    pub(super) fn evidence(&self, observed: &Observed<'_>) -> Evidence {
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
    pub(super) fn of(kept: &Kept, observed: &Observed<'_>, paid: Paid<'s>) -> Self {
        let totals = |pool: &Pool| {
            let mut totals = Totals::of(pool, &observed.range);
            let served = paid.served(pool, observed);
            let (cost, committed) = paid.cost(&pool.takers, totals.cost, &served);
            totals.cost = cost;
            totals.committed = committed.values().copied().sum();
            (pool.takers.clone(), totals, committed)
        };
        Self {
            pools: kept.pools().iter().map(totals).collect(),
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
    pub(super) fn before(seen: &Seen, end: i64, coverage_min: f64) -> Self {
        let today = end.div_euclid(DAY_MINUTES);
        let observed = |days_ago: i64| {
            let minutes = minutes(today.saturating_sub(days_ago));
            number(seen.places(&minutes).len()) / real(DAY_MINUTES.unsigned_abs().into())
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
    pub(super) fn tokens(&self, kept: &Kept, plan: usize) -> Vec<f64> {
        let pools = || kept.pools().iter();
        let taken = || pools().filter(|pool| pool.takers.plans.contains(&plan));
        let days = (self.first..).zip(&self.coverage);
        let tokens = days.map(|(day, seen)| {
            let range = minutes(day);
            let of = |pool: &Pool| Totals::of(pool, &range).tokens.tokens();
            taken().map(of).sum::<f64>() / seen
        });
        tokens.collect()
    }
}

/// The minutes of a day.
fn minutes(day: i64) -> Range<i64> {
    let start = day.saturating_mul(DAY_MINUTES);
    start..start.saturating_add(DAY_MINUTES)
}
