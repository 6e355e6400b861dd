//! Counts by minute, a few for each, with their sums by day: what a window of weeks adds up to is
//! found from its days and the minutes at its ends.

use std::collections::VecDeque;
use std::ops::Range;

use super::column::{Column, LENGTH};
use crate::verdict::DAY_MINUTES;
use crate::verdict::seen::{Seen, place};

/// Whether counts come or go.
#[derive(Clone, Copy, Debug)]
pub(super) enum Change {
    Add,
    TakeOff,
}

/// `N` counts for each minute; room only for days on which there are some.
#[derive(Clone, Debug)]
pub(in crate::verdict) struct Days<const N: usize> {
    /// In order.
    days: VecDeque<Day<N>>,
    /// Nothing before this minute is known.
    oldest: i64,
}

#[derive(Clone, Debug)]
struct Day<const N: usize> {
    /// Days since 1970.
    date: i64,
    columns: [Column; N],
    sums: [u128; N],
}

impl<const N: usize> Default for Days<N> {
    fn default() -> Self {
        Self {
            days: VecDeque::new(),
            oldest: i64::MIN,
        }
    }
}

impl<const N: usize> Days<N> {
    /// Adds to the counts of a minute, or takes off what was added.
    pub(super) fn change(&mut self, minute: i64, counts: &[u64; N], how: Change) {
        if minute < self.oldest {
            return;
        }
        let (day, at) = place(minute);
        let found = self.days.partition_point(|kept| kept.date < day);
        if self.days.get(found).is_none_or(|kept| kept.date != day) {
            self.days.insert(found, Day::new(day));
        }
        let Some(kept) = self.days.get_mut(found) else {
            return;
        };
        kept.change(at, counts, how);
        if kept.sums == [0; N] {
            self.days.remove(found);
        }
    }

    /// Forgets what lies before a minute.
    pub(super) fn forget_before(&mut self, minute: i64) {
        self.oldest = self.oldest.max(minute);
        let first = minute.div_euclid(DAY_MINUTES);
        let old = self.days.partition_point(|kept| kept.date < first);
        self.days.drain(..old);
    }

    /// The sums of some minutes.
    pub(in crate::verdict) fn sums(&self, minutes: &Range<i64>) -> [u128; N] {
        let start = minutes.start.max(self.oldest);
        let mut sums = [0_u128; N];
        for kept in self.touched(start..minutes.end) {
            let part = kept.part(start..minutes.end);
            if part.len() == LENGTH {
                add(&mut sums, &kept.sums);
            } else {
                for at in part {
                    let here = kept.columns.iter().map(|column| column.get(at).into());
                    sums.iter_mut()
                        .zip(here)
                        .for_each(|(sum, count)| *sum = sum.saturating_add(count));
                }
            }
        }
        sums
    }

    /// One count of each observed minute, over `per`, added to a list. A day is found once, however
    /// many gaps there are in it.
    pub(super) fn read(&self, which: usize, seen: &Seen, per: f64, list: &mut Vec<f64>) {
        let mut days = self.days.iter().peekable();
        for seen in seen.days() {
            while days.next_if(|kept| kept.date < seen.date).is_some() {}
            let kept = days.next_if(|kept| kept.date == seen.date);
            match kept.and_then(|kept| kept.columns.get(which)) {
                Some(column) => column.read(&seen.places, per, list),
                None => list.extend(std::iter::repeat_n(0.0, seen.count)),
            }
        }
    }

    /// The days of which some of the minutes are a part.
    fn touched(&self, minutes: Range<i64>) -> impl Iterator<Item = &Day<N>> {
        let first = minutes.start.div_euclid(DAY_MINUTES);
        let from = self.days.partition_point(|kept| kept.date < first);
        let begins = move |kept: &&Day<N>| kept.date.saturating_mul(DAY_MINUTES) < minutes.end;
        self.days.range(from..).take_while(begins)
    }
}

impl<const N: usize> Day<N> {
    fn new(day: i64) -> Self {
        Self {
            date: day,
            columns: std::array::from_fn(|_| Column::default()),
            sums: [0; N],
        }
    }

    fn change(&mut self, at: usize, counts: &[u64; N], how: Change) {
        let kept = self.columns.iter_mut().zip(&mut self.sums);
        for ((column, sum), count) in kept.zip(counts) {
            let before = column.get(at);
            let after = match how {
                Change::Add => before.saturating_add(*count),
                Change::TakeOff => before.saturating_sub(*count),
            };
            column.set(at, after);
            *sum = sum
                .saturating_add(after.into())
                .saturating_sub(before.into());
        }
    }

    /// The places in this day of those of some minutes that lie in it.
    fn part(&self, minutes: Range<i64>) -> Range<usize> {
        let first = self.date.saturating_mul(DAY_MINUTES);
        let at = |minute: i64| {
            let past = minute.saturating_sub(first).clamp(0, DAY_MINUTES);
            usize::try_from(past).unwrap_or_default()
        };
        at(minutes.start)..at(minutes.end)
    }
}

fn add<const N: usize>(sums: &mut [u128; N], more: &[u128; N]) {
    for (sum, more) in sums.iter_mut().zip(more) {
        *sum = sum.saturating_add(*more);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::economics::work::real;

    proptest::proptest! {
        /// Against a map of minutes, after any changes.
        #[test]
        fn days_say_what_their_minutes_say(
            changes in proptest::collection::vec((0_i64..9_000, 0_u64..10_000_000_000, proptest::bool::ANY), 0..60),
            oldest in 0_i64..4_000,
            ranges in proptest::collection::vec((0_i64..9_000, 0_i64..9_000), 1..6),
            alone in proptest::collection::vec(0_i64..9_000, 0..60),
        ) {
            let mut days = Days::<2>::default();
            let mut plain = BTreeMap::<i64, u64>::new();
            let half = changes.len() / 2;
            for (done, (minute, count, gone)) in changes.into_iter().enumerate() {
                if done == half {
                    days.forget_before(oldest);
                    plain = plain.split_off(&oldest);
                }
                let known = plain.get(&minute).copied().unwrap_or(0);
                let (how, now) = if gone {
                    (Change::TakeOff, known.saturating_sub(count))
                } else {
                    (Change::Add, known + count)
                };
                days.change(minute, &[count, count], how);
                if done < half || minute >= oldest {
                    plain.insert(minute, now);
                }
            }
            for (from, to) in ranges.clone() {
                let range = from..to.max(from);
                let expected: u64 = plain.range(range.clone()).map(|(_, count)| count).sum();
                proptest::prop_assert_eq!(days.sums(&range), [u128::from(expected); 2]);
            }
            let mut minutes: Vec<i64> = ranges.into_iter().flat_map(|(from, to)| from..to).collect();
            minutes.extend(alone);
            minutes.retain(|minute| *minute >= oldest);
            minutes.sort_unstable();
            minutes.dedup();
            let mut list = Vec::new();
            days.read(1, &minutes.iter().copied().collect(), 1.0, &mut list);
            let count = |minute| real(plain.get(&minute).copied().unwrap_or(0).into());
            let expected: Vec<f64> = minutes.into_iter().map(count).collect();
            proptest::prop_assert_eq!(list, expected);
        }
    }
}
