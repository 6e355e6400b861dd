//! A sum over a day or an hour, spread over its minutes: all calls alike, by a stated shape.
//!
//! All arithmetic is of integers, and what is left of one slot goes into the next: the minutes sum to
//! what was spread, to the token and the pico-dollar. Real calls are not alike, so real work has a
//! heavier tail than this.

use super::demand::{DemandMinute, DemandSums, SLOTS};
use crate::money::Pico;

/// What is known of many calls together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Aggregate {
    /// How many; no tokens go with no calls.
    pub calls: u64,
    /// Input tokens that were not read from a cache.
    pub uncached_input: u64,
    /// Input tokens read from a cache.
    pub cached_input: u64,
    /// Output tokens.
    pub output: u64,
    /// What they cost, in dollars; absent when nobody knows.
    pub cost_usd: Option<Pico>,
}

/// How busy the slots of a minute are, in no unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slots(pub [u64; SLOTS]);

impl Slots {
    /// All alike.
    pub const EVEN: Self = Self([1; SLOTS]);
    /// The busiest has 20.8 % of a minute's calls, as in an hour of a real service
    /// ([`super::whatif::MINUTE_PEAK`] names it).
    pub const BUSY: Self = Self([158, 158, 208, 159, 158, 159]);
}

/// The minutes of `total`, one for each weight; weights are in no unit, and 0 is a minute without calls.
#[must_use]
pub fn spread(total: &Aggregate, weights: &[u64], slots: Slots) -> Vec<DemandMinute> {
    let of_minute: u128 = slots.0.iter().copied().map(u128::from).sum();
    let all = weights.iter().copied().map(u128::from).sum::<u128>();
    let mut spread = Spread {
        total: *total,
        all: all.saturating_mul(of_minute),
        passed: 0,
        given: Given::default(),
    };
    let minute = |weight: &u64| spread.minute(*weight, slots);
    weights.iter().map(minute).collect()
}

/// How far it is.
struct Spread {
    total: Aggregate,
    all: u128,
    passed: u128,
    given: Given,
}

/// What was given to slots so far.
#[derive(Clone, Copy, Default)]
struct Given {
    calls: u64,
    sums: [u64; 3],
    cost: Pico,
}

impl Spread {
    fn minute(&mut self, weight: u64, slots: Slots) -> DemandMinute {
        let mut minute = DemandMinute::default();
        for (slot, part) in minute.slots.iter_mut().zip(slots.0) {
            let weight = u128::from(weight).saturating_mul(u128::from(part));
            self.passed = self.passed.saturating_add(weight);
            let some = self.next();
            minute.imported_calls = minute.imported_calls.saturating_add(some.calls);
            if self.total.cost_usd.is_some() {
                *slot = some;
            } else {
                minute.unpriced_calls = minute.unpriced_calls.saturating_add(some.calls);
                minute.unpriced_tokens = minute.unpriced_tokens.saturating_add(some.tokens());
            }
        }
        minute
    }

    /// What belongs to all slots so far, without what was given to them.
    fn next(&mut self) -> DemandSums {
        let Aggregate {
            calls,
            uncached_input,
            cached_input,
            output,
            cost_usd,
        } = self.total;
        let until = part(calls, self.passed, self.all);
        let tokens = [uncached_input, cached_input, output];
        let now = Given {
            calls: until,
            sums: tokens.map(|tokens| part(tokens, until.into(), calls.into())),
            cost: cost_usd
                .unwrap_or_default()
                .scaled(until.into(), i128::from(calls).max(1)),
        };
        let was = std::mem::replace(&mut self.given, now);
        let left = |at: usize| {
            let of = |given: &Given| given.sums.get(at).copied().unwrap_or(0);
            of(&now).saturating_sub(of(&was))
        };
        let calls = now.calls.saturating_sub(was.calls);
        let (uncached_input, cached_input, output) = (left(0), left(1), left(2));
        let wide = u128::from(output);
        let input = u128::from(uncached_input).saturating_add(cached_input.into());
        let a_call = |product: u128| product.checked_div(calls.into()).unwrap_or(0);
        DemandSums {
            calls,
            uncached_input,
            cached_input,
            output,
            output_by_input: a_call(wide.saturating_mul(input)),
            output_squared: a_call(wide.saturating_mul(wide)),
            cost_usd: now.cost - was.cost,
            duration_ms: 0,
        }
    }
}

/// The first `done` of `of` parts of a number, rounded down.
fn part(number: u64, done: u128, of: u128) -> u64 {
    let whole = u128::from(number).saturating_mul(done).checked_div(of);
    whole.map_or(0, |part| u64::try_from(part).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sum(minutes: &[DemandMinute]) -> DemandSums {
        let mut sums = DemandSums::default();
        for minute in minutes {
            sums.merge(&minute.total());
        }
        sums
    }

    proptest! {
        #[test]
        fn what_is_spread_sums_to_what_was_there(
            calls in 1_u64..50_000_000,
            tokens in [0_u64..10_000_000_000_000, 0..10_000_000_000, 0..10_000_000_000],
            cost in 0_i128..5_000_000_000_000_000_000,
            weights in prop::collection::vec(0_u64..4_000_000, 1..1_440),
            busy: bool,
        ) {
            prop_assume!(weights.iter().any(|weight| *weight > 0));
            let [uncached_input, cached_input, output] = tokens;
            let total = Aggregate {
                calls, uncached_input, cached_input, output, cost_usd: Some(Pico(cost)),
            };
            let slots = if busy { Slots::BUSY } else { Slots::EVEN };
            let minutes = spread(&total, &weights, slots);
            let sums = sum(&minutes);
            prop_assert_eq!(
                (sums.calls, sums.uncached_input, sums.cached_input, sums.output, sums.cost_usd),
                (calls, uncached_input, cached_input, output, Pico(cost))
            );
            let imported: u64 = minutes.iter().map(|minute| minute.imported_calls).sum();
            prop_assert_eq!(imported, calls);
        }
    }

    #[test]
    fn calls_without_a_price_are_doubt_and_no_work() {
        let total = Aggregate {
            calls: 10,
            uncached_input: 100,
            cached_input: 20,
            output: 30,
            cost_usd: None,
        };
        let minutes = spread(&total, &[1; 60], Slots::EVEN);
        assert!(sum(&minutes).is_empty());
        let counted = |part: fn(&DemandMinute) -> u64| minutes.iter().map(part).sum::<u64>();
        assert_eq!(counted(|minute| minute.unpriced_calls), 10);
        assert_eq!(counted(|minute| minute.unpriced_tokens), 150);
    }

    #[test]
    fn the_products_are_those_of_calls_that_are_alike() {
        let total = Aggregate {
            calls: 600,
            uncached_input: 600_000,
            cached_input: 0,
            output: 60_000,
            cost_usd: Some(Pico(6)),
        };
        let sums = sum(&spread(&total, &[1; 10], Slots::EVEN));
        assert_eq!(sums.output_by_input, 600 * 100 * 1_000);
        assert_eq!(sums.output_squared, 600 * 100 * 100);
    }
}
