//! One count for each minute of a day, as small as it is.

use std::ops::Range;

/// Minutes in a day, as a length.
pub(super) const LENGTH: usize = 1_440;

/// No room while all are 0, four bytes each while all fit in them, else eight.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Column {
    #[default]
    Zeros,
    Narrow(Box<[u32]>),
    Wide(Box<[u64]>),
}

impl Column {
    /// The count of a minute, by its place in the day.
    pub(super) fn get(&self, at: usize) -> u64 {
        match self {
            Self::Zeros => 0,
            Self::Narrow(counts) => counts.get(at).copied().map_or(0, u64::from),
            Self::Wide(counts) => counts.get(at).copied().unwrap_or(0),
        }
    }

    /// Puts a count in the place of another.
    pub(super) fn set(&mut self, at: usize, count: u64) {
        match (u32::try_from(count), &mut *self) {
            (Ok(0), Self::Zeros) => {}
            (Ok(narrow), Self::Narrow(counts)) => put(counts, at, narrow),
            (_, Self::Wide(counts)) => put(counts, at, count),
            (Ok(_), Self::Zeros) => {
                *self = Self::Narrow(vec![0; LENGTH].into());
                self.set(at, count);
            }
            (Err(_), Self::Zeros | Self::Narrow(_)) => {
                *self = Self::Wide((0..LENGTH).map(|place| self.get(place)).collect());
                self.set(at, count);
            }
        }
    }

    /// Adds the counts of some places to a list, each over `per`.
    pub(super) fn read(&self, places: &[Range<usize>], per: f64, list: &mut Vec<f64>) {
        match self {
            Self::Zeros => list.extend(places.iter().cloned().flatten().map(|_| 0.0)),
            Self::Narrow(counts) => {
                for counts in places.iter().filter_map(|run| counts.get(run.clone())) {
                    list.extend(counts.iter().map(|count| over(f64::from(*count), per)));
                }
            }
            Self::Wide(counts) => {
                for counts in places.iter().filter_map(|run| counts.get(run.clone())) {
                    list.extend(counts.iter().map(|count| over(wide(*count), per)));
                }
            }
        }
    }
}

fn put<T>(counts: &mut [T], at: usize, count: T) {
    if let Some(place) = counts.get_mut(at) {
        *place = count;
    }
}

#[expect(clippy::float_arithmetic, reason = "counts become estimates here")]
fn over(count: f64, per: f64) -> f64 {
    count / per
}

/// A count as a real number: above 2⁵³ the nearest one. By way of 128 bits it would be a call.
#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "one instruction, millions of times in a pass"
)]
const fn wide(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn what_was_put_is_read(puts in proptest::collection::vec((0..LENGTH, 0..64_u32, proptest::num::u64::ANY), 0..40)) {
            let (mut column, mut plain) = (Column::default(), vec![0; LENGTH]);
            for (at, shift, count) in puts {
                column.set(at, count >> shift);
                plain[at] = count >> shift;
            }
            let read: Vec<u64> = (0..LENGTH).map(|at| column.get(at)).collect();
            proptest::prop_assert_eq!(&read, &plain);
            let mut list = vec![7.0];
            column.read(&[3..4, 9..LENGTH - 5], 2.0, &mut list);
            let places = plain[3..4].iter().chain(&plain[9..LENGTH - 5]);
            let expected = places.map(|count| over(wide(*count), 2.0));
            proptest::prop_assert_eq!(list, std::iter::once(7.0).chain(expected).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_column_is_no_larger_than_its_counts() {
        let mut column = Column::default();
        column.set(9, 0);
        assert_eq!(column, Column::Zeros);
        column.set(9, u64::from(u32::MAX));
        assert!(matches!(column, Column::Narrow(_)));
        column.set(8, u64::from(u32::MAX) + 1);
        assert!(matches!(column, Column::Wide(_)));
    }
}
