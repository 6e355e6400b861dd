//! The demand of an hour: the sums of its minutes, and the busiest of them.
//!
//! Minutes are many; from hours a plan can still be computed over a year. What an hour can no longer
//! say is how its other minutes were, and whether two streams were busy in the same one.

use serde::{Deserialize, Serialize};

use super::{DemandMinute, DemandSums};

/// Minutes in an hour.
pub const HOUR_MINUTES: u32 = 60;

/// The busiest minute of a stream in an hour, by an order that does not depend on a plan:
/// ΣI + 2·ΣO + (ΣOL + ΣOO/2)/1000. Of equals the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BusiestMinute {
    /// Which minute of the hour, 0 to 59.
    pub minute: u32,
    /// The sums of that minute.
    pub sums: DemandSums,
    /// Which of its 10-second slots was the busiest, 0 to 5.
    pub slot: usize,
    /// The sums of that slot.
    pub slot_sums: DemandSums,
}

/// The demand of one stream in one hour, with what is not known about it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DemandHour {
    /// The sums of all its minutes.
    pub sums: DemandSums,
    /// Its busiest minute; `None` if no call of it has known tokens and a known price.
    pub busiest: Option<BusiestMinute>,
    /// Billed calls whose tokens are known and whose price is not.
    pub unpriced_calls: u64,
    /// The tokens of those calls.
    pub unpriced_tokens: u64,
    /// Billed calls whose tokens nobody knows.
    pub unknown_calls: u64,
    /// How many of all these calls are made history.
    pub imported_calls: u64,
}

impl BusiestMinute {
    fn of(minute: u32, demand: &DemandMinute) -> Option<Self> {
        let sums = demand.total();
        let mut busiest = (0, DemandSums::default());
        for (at, slot) in demand.slots.iter().enumerate() {
            if slot.business() > busiest.1.business() {
                busiest = (at, *slot);
            }
        }
        let (slot, slot_sums) = busiest;
        (sums.business() > 0).then_some(Self {
            minute: minute % HOUR_MINUTES,
            sums,
            slot,
            slot_sums,
        })
    }

    /// Whether it is busier than another; of equals the earlier one is.
    fn is_busier(&self, than: &Self) -> bool {
        let (mine, theirs) = (self.sums.business(), than.sums.business());
        mine > theirs || mine == theirs && self.minute < than.minute
    }
}

impl DemandHour {
    /// Whether nothing was added.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Adds a minute, in whole minutes since 1970. In whichever order minutes are added, the hour is
    /// the same; a minute that is added in two parts counts as two.
    pub fn add_minute(&mut self, minute: u32, demand: &DemandMinute) {
        let DemandMinute {
            slots: _,
            unpriced_calls,
            unpriced_tokens,
            unknown_calls,
            imported_calls,
        } = demand;
        self.sums.merge(&demand.total());
        self.unpriced_calls = self.unpriced_calls.saturating_add(*unpriced_calls);
        self.unpriced_tokens = self.unpriced_tokens.saturating_add(*unpriced_tokens);
        self.unknown_calls = self.unknown_calls.saturating_add(*unknown_calls);
        self.imported_calls = self.imported_calls.saturating_add(*imported_calls);
        self.offer(BusiestMinute::of(minute, demand));
    }

    /// Adds another part of the same hour of the same stream.
    pub fn merge(&mut self, other: &Self) {
        let Self {
            sums,
            busiest,
            unpriced_calls,
            unpriced_tokens,
            unknown_calls,
            imported_calls,
        } = other;
        self.sums.merge(sums);
        self.unpriced_calls = self.unpriced_calls.saturating_add(*unpriced_calls);
        self.unpriced_tokens = self.unpriced_tokens.saturating_add(*unpriced_tokens);
        self.unknown_calls = self.unknown_calls.saturating_add(*unknown_calls);
        self.imported_calls = self.imported_calls.saturating_add(*imported_calls);
        self.offer(*busiest);
    }

    /// Moves calls of a minute that are known another way now. The sums are exact; the busiest minute
    /// is what it was unless these calls are of it, or busier by themselves.
    pub fn move_minute(&mut self, minute: u32, less: &DemandMinute, more: &DemandMinute) {
        let counts =
            |mine: u64, less: u64, more: u64| mine.saturating_sub(less).saturating_add(more);
        let Self {
            sums,
            busiest,
            unpriced_calls,
            unpriced_tokens,
            unknown_calls,
            imported_calls,
        } = self;
        sums.take_off(&less.total());
        sums.merge(&more.total());
        *unpriced_calls = counts(*unpriced_calls, less.unpriced_calls, more.unpriced_calls);
        *unpriced_tokens = counts(*unpriced_tokens, less.unpriced_tokens, more.unpriced_tokens);
        *unknown_calls = counts(*unknown_calls, less.unknown_calls, more.unknown_calls);
        *imported_calls = counts(*imported_calls, less.imported_calls, more.imported_calls);
        match busiest {
            Some(busiest) if busiest.minute == minute % HOUR_MINUTES => {
                busiest.sums.take_off(&less.total());
                busiest.sums.merge(&more.total());
                let of = |minute: &DemandMinute| minute.slots.get(busiest.slot).copied();
                busiest.slot_sums.take_off(&of(less).unwrap_or_default());
                busiest.slot_sums.merge(&of(more).unwrap_or_default());
            }
            Some(_) | None => self.offer(BusiestMinute::of(minute, more)),
        }
        self.busiest = self.busiest.filter(|busiest| busiest.sums.business() > 0);
    }

    fn offer(&mut self, other: Option<BusiestMinute>) {
        self.busiest = match (self.busiest, other) {
            (Some(mine), Some(other)) if other.is_busier(&mine) => Some(other),
            (Some(mine), _) => Some(mine),
            (None, other) => other,
        };
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::money::Pico;

    fn minute(calls: &[(usize, u64)]) -> DemandMinute {
        let mut minute = DemandMinute::default();
        for (slot, output) in calls {
            minute.slots[*slot].merge(&DemandSums {
                calls: 1,
                uncached_input: 10,
                output: *output,
                output_squared: u128::from(*output) * u128::from(*output),
                cost_usd: Pico(i128::from(*output)),
                ..DemandSums::default()
            });
        }
        minute
    }

    fn hour(minutes: impl IntoIterator<Item = (u32, DemandMinute)>) -> DemandHour {
        let mut hour = DemandHour::default();
        for (at, minute) in minutes {
            hour.add_minute(at, &minute);
        }
        hour
    }

    #[test]
    fn the_busiest_minute_has_its_busiest_slot_and_of_equals_the_first_is_it() {
        let (quiet, busy) = (minute(&[(0, 5)]), minute(&[(1, 40), (4, 50)]));
        let all = [(121, busy), (125, quiet), (130, busy)];
        let found = hour(all).busiest.unwrap();
        assert_eq!((found.minute, found.slot), (1, 4));
        assert_eq!(found.sums, busy.total());
        assert_eq!(found.slot_sums, busy.busiest_slot());
        assert_eq!(hour(all.into_iter().rev()), hour(all));
    }

    #[test]
    fn an_hour_without_a_priced_call_has_no_busiest_minute() {
        let unknown = DemandMinute {
            unknown_calls: 3,
            ..DemandMinute::default()
        };
        let hour = hour([(7, unknown)]);
        assert_eq!((hour.unknown_calls, hour.busiest), (3, None));
    }

    #[test]
    fn a_price_that_moves_is_in_the_sums_and_in_the_busiest_minute() {
        let (was, mut now) = (minute(&[(2, 9)]), minute(&[(2, 9)]));
        now.slots[2].cost_usd = Pico(1_000);
        let mut moved = hour([(60, was), (61, minute(&[(0, 3)]))]);
        moved.move_minute(60, &was, &now);
        assert_eq!(moved, hour([(60, now), (61, minute(&[(0, 3)]))]));
        moved.move_minute(60, &now, &DemandMinute::default());
        assert_eq!(moved.sums, minute(&[(0, 3)]).total());
    }

    proptest! {
        #[test]
        fn in_any_order_and_any_parts_an_hour_is_the_same(
            calls in prop::collection::vec((0_u32..60, 0_usize..6, 0_u64..500), 0..80),
            cut in 0_u32..60,
        ) {
            let of = |at: u32| {
                let own = calls.iter().filter(|(minute, ..)| *minute == at);
                (at, minute(&own.map(|(_, slot, output)| (*slot, *output)).collect::<Vec<_>>()))
            };
            let whole = hour((0..60).map(of));
            let mut parts = hour((cut..60).rev().map(of));
            parts.merge(&hour((0..cut).map(of)));
            prop_assert_eq!(parts, whole);
            let mut total = DemandSums::default();
            (0..60).for_each(|at| total.merge(&of(at).1.total()));
            prop_assert_eq!(whole.sums, total);
        }
    }
}
