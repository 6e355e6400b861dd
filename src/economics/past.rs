//! A past hour as minutes again: what is computed over minutes can be computed over a year of hours.
//!
//! An hour knows its sums and the busiest minute of each stream. Its other minutes are taken as alike,
//! and the busiest ones of all streams as the same one: peaks are too high, never too low.

use super::demand::{DemandHour, DemandMinute, DemandSums};
use super::evaluate::Policy;
use crate::money::Pico;

/// The slots of a minute beside its busiest.
const SLOTS_BESIDE: u32 = 5;

/// The demand of some streams in one hour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PastHour {
    /// The sums of all minutes.
    sums: DemandSums,
    /// Those of the busiest minute of each stream.
    busiest: DemandSums,
    /// Those of the busiest slot in it.
    slot: DemandSums,
    /// What is not known, and what was not metered; its slots are empty.
    doubt: DemandMinute,
}

impl From<&DemandHour> for PastHour {
    fn from(hour: &DemandHour) -> Self {
        let busiest = hour.busiest.as_ref();
        Self {
            sums: hour.sums,
            busiest: busiest.map(|busiest| busiest.sums).unwrap_or_default(),
            slot: busiest.map(|busiest| busiest.slot_sums).unwrap_or_default(),
            doubt: DemandMinute {
                unpriced_calls: hour.unpriced_calls,
                unpriced_tokens: hour.unpriced_tokens,
                unknown_calls: hour.unknown_calls,
                imported_calls: hour.imported_calls,
                ..DemandMinute::default()
            },
        }
    }
}

impl PastHour {
    /// Adds the same hour of another stream. The busiest minutes add up, which is never too low.
    pub fn merge(&mut self, other: &Self) {
        let Self {
            sums,
            busiest,
            slot,
            doubt,
        } = other;
        self.sums.merge(sums);
        self.busiest.merge(busiest);
        self.slot.merge(slot);
        self.doubt.merge(doubt);
    }

    /// Whether some of its calls were not metered.
    #[must_use]
    pub const fn is_imported(&self) -> bool {
        self.doubt.imported_calls > 0
    }

    /// The hour as so many minutes, which sum to it: the busiest first, then the others, alike. The
    /// first slot of each is its busiest, with the part of the minute that it has in the busiest one.
    pub fn minutes(&self, count: u32) -> impl Iterator<Item = DemandMinute> {
        let others = count.saturating_sub(1);
        let first = if others == 0 {
            self.sums
        } else if self.busiest.is_empty() {
            share(&self.sums, 0, count)
        } else {
            self.busiest
        };
        let mut rest = self.sums;
        rest.take_off(&first);
        let mut busiest = self.minute(&first);
        busiest.merge(&self.doubt);
        let alike = (0..others).map(move |at| self.minute(&share(&rest, at, others)));
        std::iter::once(busiest).chain(alike)
    }

    /// A minute of these sums, its slots as those of the busiest.
    fn minute(&self, sums: &DemandSums) -> DemandMinute {
        let busy = each([sums, &self.slot, &self.busiest], |[all, slot, minute]| {
            // Where the product does not fit, all of it is in the slot: never too low.
            let part = all.checked_mul(slot).map(|part| part.checked_div(minute));
            part.map_or(all, Option::unwrap_or_default)
        });
        let mut rest = *sums;
        rest.take_off(&busy);
        let others = (0..SLOTS_BESIDE).map(|at| share(&rest, at, SLOTS_BESIDE));
        let mut minute = DemandMinute::default();
        for (slot, part) in minute
            .slots
            .iter_mut()
            .zip(std::iter::once(busy).chain(others))
        {
            *slot = part;
        }
        minute
    }
}

/// What hours do not tell of a plan that is run so, in words after its name.
#[must_use]
pub const fn untold(policy: Policy) -> &'static str {
    match policy {
        Policy::Fixed { .. } => "replicas are as configured; what they are short for is estimated",
        Policy::Peak { .. } => "replicas are at most so many; what they are short for is estimated",
        Policy::Hybrid => "base and overflow are estimated, as load is even inside an hour",
        Policy::Auto { .. } => "not exact: starts and stops inside an hour are not seen",
        Policy::Serverless { .. } => "not exact: pauses inside an hour are not seen",
    }
}

/// The part at a place of so many that sum to the whole.
fn share(sums: &DemandSums, at: u32, of: u32) -> DemandSums {
    let (at, of) = (u128::from(at), u128::from(of).max(1));
    each([sums], |[all]| {
        // The quotient each, and of what is left what falls on this place.
        let left = |at: u128| (all % of).saturating_mul(at).checked_div(of).unwrap_or(0);
        let more = left(at.saturating_add(1)).saturating_sub(left(at));
        all.checked_div(of).unwrap_or(0).saturating_add(more)
    })
}

/// Sums made of others, one by one.
fn each<const N: usize>(sums: [&DemandSums; N], of: impl Fn([u128; N]) -> u128) -> DemandSums {
    let wide = |part: fn(&DemandSums) -> u128| of(sums.map(part));
    let narrow = |part: fn(&DemandSums) -> u64| {
        u64::try_from(of(sums.map(|sums| part(sums).into()))).unwrap_or(u64::MAX)
    };
    let cost = wide(|sums| u128::try_from(sums.cost_usd.0).unwrap_or(0));
    DemandSums {
        calls: narrow(|sums| sums.calls),
        uncached_input: narrow(|sums| sums.uncached_input),
        cached_input: narrow(|sums| sums.cached_input),
        output: narrow(|sums| sums.output),
        output_by_input: wide(|sums| sums.output_by_input),
        output_squared: wide(|sums| sums.output_squared),
        cost_usd: Pico(i128::try_from(cost).unwrap_or(i128::MAX)),
        duration_ms: narrow(|sums| sums.duration_ms),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::economics::demand::SLOTS;

    /// Minutes of one hour: how many calls are in each slot, of so many tokens out.
    fn minute(calls: [u64; SLOTS], output: u64) -> DemandMinute {
        DemandMinute {
            slots: calls.map(|calls| DemandSums {
                calls,
                uncached_input: calls * 700,
                output: calls * output,
                output_by_input: u128::from(calls * 700 * output),
                output_squared: u128::from(calls * output * output),
                cost_usd: Pico(i128::from(calls) * 12_345),
                duration_ms: calls * 900,
                ..DemandSums::default()
            }),
            ..DemandMinute::default()
        }
    }

    fn hour(minutes: impl IntoIterator<Item = DemandMinute>) -> PastHour {
        let mut hour = DemandHour::default();
        for (at, minute) in (0..).zip(minutes) {
            hour.add_minute(at, &minute);
        }
        PastHour::from(&hour)
    }

    fn sum(minutes: &[DemandMinute]) -> DemandSums {
        let mut sums = DemandSums::default();
        for minute in minutes {
            sums.merge(&minute.total());
        }
        sums
    }

    #[test]
    fn an_hour_of_minutes_that_are_alike_is_these_minutes() {
        let alike = minute([9, 2, 2, 2, 2, 2], 300);
        let again: Vec<_> = hour((0..60).map(|_| alike)).minutes(60).collect();
        assert_eq!(again, vec![alike; 60]);
    }

    #[test]
    fn an_hour_that_knows_no_busiest_minute_is_even() {
        let sums = minute([60, 0, 0, 0, 0, 0], 300).total();
        let hour = PastHour::from(&DemandHour {
            sums,
            ..DemandHour::default()
        });
        assert!(hour.minutes(60).all(|minute| minute.total().calls == 1));
    }

    #[test]
    fn the_busiest_minutes_of_two_streams_are_the_same_one() {
        let (quiet, busy) = (minute([1; SLOTS], 10), minute([5, 0, 0, 0, 0, 0], 900));
        let of = |at: usize| hour((0..60).map(|it| if it == at { busy } else { quiet }));
        let mut both = of(3);
        both.merge(&of(50));
        let peak = both.minutes(60).next().unwrap();
        assert_eq!(peak.total().calls, 2 * busy.total().calls);
        assert_eq!(peak.busiest_slot().output, 2 * busy.busiest_slot().output);
    }

    proptest! {
        #[test]
        fn the_minutes_sum_to_the_hour_however_many_they_are(
            made in prop::collection::vec((prop::array::uniform6(0_u64..50), 0_u64..900), 1..60),
            count in 1_u32..=60,
        ) {
            let made: Vec<_> = made.into_iter().map(|(calls, output)| minute(calls, output)).collect();
            let again: Vec<_> = hour(made.clone()).minutes(count).collect();
            prop_assert_eq!(again.len(), usize::try_from(count).unwrap());
            prop_assert_eq!(sum(&again), sum(&made));
        }
    }
}
