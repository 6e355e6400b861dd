//! The minutes of demand as the last tick found them, in columns: for each pool what it cost, for
//! each plan the work of all it takes.
//!
//! Everything is a whole number, so that what is added minute by minute, taken off and added again is
//! to the bit what is read from the ledger after a start. What is counted of a minute saturates at
//! 2⁶⁴; of money that is 18 million dollars.

mod column;
mod days;

use super::live::{LiveDemand, Part};
use super::seen::Seen;
use super::settings::{Settings, Takers};
use crate::economics::demand::DemandSums;
use crate::economics::edits::Scale;
use crate::economics::project::{Columns, PerSum};
use crate::economics::{DemandMinute, HostPlan};

use days::Change;
pub(super) use days::Days;

/// What is counted of a pool: calls, uncached and cached input, output, cost in picodollars, tokens
/// of unpriced calls, calls of unknown tokens, imported calls.
type PoolDays = Days<8>;

/// The demand that the same plans and endpoints could take.
#[derive(Debug)]
pub(super) struct Pool {
    pub(super) takers: Takers,
    pub(super) days: PoolDays,
    pub(super) scale: Scale,
}

/// The demand that a plan takes: that of its pools together.
#[derive(Debug)]
struct Mix {
    /// The six sums, and milliseconds.
    work: Days<7>,
    /// The six sums of the busiest slot.
    busiest: Days<6>,
    /// The cost of pools whose money is of one kind, picodollars.
    money: Vec<(Takers, Days<1>)>,
}

/// All kept minutes.
#[derive(Debug)]
pub(super) struct Kept {
    pools: Vec<Pool>,
    mixes: Vec<Mix>,
    /// What was added of minutes that were still open.
    shown: Vec<Part>,
    /// What each minute counts for when it is read.
    scale: Scale,
}

/// The observed minutes of a plan; what of their money is avoidable is another matter in each window.
#[derive(Debug, Default)]
pub(super) struct Series {
    pub(super) columns: Columns,
    /// Dollars of each minute, by whose money it is.
    pub(super) money: Vec<(Takers, Vec<f64>)>,
}

impl Series {
    fn scaled(mut self, scale: &Scale) -> Self {
        if *scale != Scale::default() {
            let Columns {
                total,
                busiest,
                duration_seconds,
                ..
            } = &mut self.columns;
            let sums = total.columns_mut().into_iter().chain(busiest.columns_mut());
            for number in sums.chain([duration_seconds]).flatten() {
                *number = scale.count(*number);
            }
            for usd in self.money.iter_mut().flat_map(|(_, usd)| usd) {
                *usd = scale.usd(*usd);
            }
        }
        self
    }
}

impl Kept {
    /// Nothing yet.
    pub(super) fn new(settings: &Settings) -> Self {
        let mix = |_: &HostPlan| Mix {
            work: Days::default(),
            busiest: Days::default(),
            money: Vec::new(),
        };
        Self {
            pools: Vec::new(),
            mixes: settings.plans.iter().map(mix).collect(),
            shown: Vec::new(),
            scale: Scale::default(),
        }
    }

    /// Nothing yet; each minute counts for so much.
    pub(super) fn scaled(settings: &Settings, scale: Scale) -> Self {
        Self {
            scale,
            ..Self::new(settings)
        }
    }

    /// All pools.
    pub(super) fn pools(&self) -> &[Pool] {
        &self.pools
    }

    /// Takes over which pools there are.
    pub(super) fn know(&mut self, demand: &LiveDemand) {
        let scale = self.scale;
        let new = demand.takers(self.pools.len()).cloned();
        self.pools.extend(new.map(|takers| Pool {
            takers,
            days: Days::default(),
            scale,
        }));
    }

    /// Adds a minute that gets no more calls.
    pub(super) fn add(&mut self, part: &Part) {
        self.change(part, Change::Add);
    }

    /// Adds minutes that get no more calls, and those that are open in place of what they were the
    /// last time; forgets what is older than `oldest`.
    pub(super) fn show(&mut self, closed: &[Part], open: Vec<Part>, oldest: i64) {
        for part in std::mem::take(&mut self.shown) {
            self.change(&part, Change::TakeOff);
        }
        self.forget_before(oldest);
        for part in closed.iter().chain(&open) {
            self.change(part, Change::Add);
        }
        self.shown = open;
    }

    fn forget_before(&mut self, minute: i64) {
        for pool in &mut self.pools {
            pool.days.forget_before(minute);
        }
        for mix in &mut self.mixes {
            mix.work.forget_before(minute);
            mix.busiest.forget_before(minute);
            for (_, days) in &mut mix.money {
                days.forget_before(minute);
            }
        }
    }

    fn change(&mut self, part: &Part, how: Change) {
        let Some(pool) = self.pools.get_mut(part.pool) else {
            return;
        };
        let total = part.demand.total();
        let cost = u64::try_from(total.cost_usd.0.max(0)).unwrap_or(u64::MAX);
        pool.days
            .change(part.minute, &counts(&part.demand, &total, cost), how);
        for plan in &pool.takers.plans {
            if let Some(mix) = self.mixes.get_mut(*plan) {
                mix.change(part, (&total, cost), &pool.takers, how);
            }
        }
    }

    /// The minutes of a plan that were observed.
    pub(super) fn series(&self, plan: usize, seen: &Seen) -> Series {
        self.mixes
            .get(plan)
            .map_or_else(Series::default, |mix| mix.series(seen).scaled(&self.scale))
    }
}

impl Mix {
    fn change(
        &mut self,
        part: &Part,
        (total, cost): (&DemandSums, u64),
        takers: &Takers,
        how: Change,
    ) {
        let [calls, uncached, cached, output, by_input, squared] = sums(total);
        let work = [
            calls,
            uncached,
            cached,
            output,
            by_input,
            squared,
            total.duration_ms,
        ];
        self.work.change(part.minute, &work, how);
        self.busiest
            .change(part.minute, &sums(&part.demand.busiest_slot()), how);
        let money = takers.money();
        let known = self.money.iter_mut().find(|(kind, _)| *kind == money);
        if let Some((_, days)) = known {
            days.change(part.minute, &[cost], how);
        } else {
            let mut days = Days::default();
            days.change(part.minute, &[cost], how);
            self.money.push((money, days));
        }
    }

    fn series(&self, seen: &Seen) -> Series {
        let total = [0, 1, 2, 3, 4, 5].map(|which| read(&self.work, which, 1.0, seen));
        let busiest = [0, 1, 2, 3, 4, 5].map(|which| read(&self.busiest, which, 1.0, seen));
        let money = self.money.iter();
        Series {
            columns: Columns {
                total: per_sum(total),
                busiest: per_sum(busiest),
                duration_seconds: read(&self.work, 6, 1e3, seen),
                ..Columns::default()
            },
            money: money
                .map(|(kind, days)| (kind.clone(), read(days, 0, 1e12, seen)))
                .collect(),
        }
    }
}

fn read<const N: usize>(days: &Days<N>, which: usize, per: f64, seen: &Seen) -> Vec<f64> {
    let mut list = Vec::with_capacity(seen.len());
    days.read(which, seen, per, &mut list);
    list
}

fn per_sum<T>(sums: [T; 6]) -> PerSum<T> {
    let [
        calls,
        uncached_input,
        cached_input,
        output,
        output_by_input,
        output_squared,
    ] = sums;
    PerSum {
        calls,
        uncached_input,
        cached_input,
        output,
        output_by_input,
        output_squared,
    }
}

/// The six sums of which work is made.
fn sums(sums: &DemandSums) -> [u64; 6] {
    let product = |tokens: u128| u64::try_from(tokens).unwrap_or(u64::MAX);
    [
        sums.calls,
        sums.uncached_input,
        sums.cached_input,
        sums.output,
        product(sums.output_by_input),
        product(sums.output_squared),
    ]
}

/// What is counted of a pool.
fn counts(demand: &DemandMinute, total: &DemandSums, cost: u64) -> [u64; 8] {
    [
        total.calls,
        total.uncached_input,
        total.cached_input,
        total.output,
        cost,
        demand.unpriced_tokens,
        demand.unknown_calls,
        demand.imported_calls,
    ]
}
