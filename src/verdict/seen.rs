//! The minutes in which tollgate was there to see demand.

use std::ops::Range;

use super::DAY_MINUTES;
use crate::economics::work::real;

/// All observed minutes before the end of a pass, in runs without a gap.
#[derive(Debug, Default)]
pub(super) struct Seen {
    runs: Vec<Range<i64>>,
    /// For each run how many observed minutes lie before it.
    before: Vec<usize>,
    count: usize,
    days: Vec<SeenDay>,
}

/// The observed minutes of a UTC day: cut once, and read for every column of every plan.
#[derive(Debug)]
pub(super) struct SeenDay {
    /// Days since 1970.
    pub(super) date: i64,
    /// Their places in the day, in runs without a gap.
    pub(super) places: Vec<Range<usize>>,
    /// How many there are.
    pub(super) count: usize,
}

impl FromIterator<i64> for Seen {
    /// Of minutes in order.
    fn from_iter<I: IntoIterator<Item = i64>>(minutes: I) -> Self {
        let mut seen = Self::default();
        for minute in minutes {
            match seen.runs.last_mut() {
                Some(run) if run.end == minute => run.end = minute.saturating_add(1),
                Some(_) | None => {
                    seen.runs.push(minute..minute.saturating_add(1));
                    seen.before.push(seen.count);
                }
            }
            seen.count = seen.count.saturating_add(1);
            seen.in_its_day(minute);
        }
        seen
    }
}

impl Seen {
    /// How many there are.
    pub(super) const fn len(&self) -> usize {
        self.count
    }

    /// The runs, in order.
    pub(super) fn runs(&self) -> &[Range<i64>] {
        &self.runs
    }

    /// The days in which there are some, in order.
    pub(super) fn days(&self) -> &[SeenDay] {
        &self.days
    }

    fn in_its_day(&mut self, minute: i64) {
        let (date, at) = place(minute);
        let next = at.saturating_add(1);
        match self.days.last_mut() {
            Some(day) if day.date == date => {
                day.count = day.count.saturating_add(1);
                match day.places.last_mut() {
                    Some(run) if run.end == at => run.end = next,
                    Some(_) | None => day.places.push(at..next),
                }
            }
            Some(_) | None => self.days.push(SeenDay {
                date,
                places: std::iter::once(at..next).collect(),
                count: 1,
            }),
        }
    }

    /// Those of a range.
    pub(super) fn part(&self, minutes: &Range<i64>) -> Self {
        let runs = self.runs.iter();
        let inside = runs.map(|run| run.start.max(minutes.start)..run.end.min(minutes.end));
        inside.flatten().collect()
    }

    /// The first of them.
    fn first(&self) -> Option<i64> {
        self.runs.first().map(|run| run.start)
    }

    /// The places among the observed minutes of those that lie in a range.
    pub(super) fn places(&self, minutes: &Range<i64>) -> Range<usize> {
        let start = self.place(minutes.start);
        start..self.place(minutes.end).max(start)
    }

    /// How many were observed before a minute.
    fn place(&self, minute: i64) -> usize {
        let at = self.runs.partition_point(|run| run.end <= minute);
        let (Some(run), Some(before)) = (self.runs.get(at), self.before.get(at)) else {
            return self.count;
        };
        let inside = usize::try_from(minute.saturating_sub(run.start)).unwrap_or_default();
        before.saturating_add(inside)
    }
}

/// Which minutes of a range were observed.
#[derive(Debug)]
pub(super) struct Observed<'s> {
    pub(super) range: Range<i64>,
    seen: &'s Seen,
    /// Where they are among all.
    pub(super) places: Range<usize>,
    /// Days of the range since the first minute ever observed.
    pub(super) days: u32,
}

impl<'s> Observed<'s> {
    pub(super) fn of(seen: &'s Seen, range: Range<i64>) -> Self {
        // A day without tollgate is told by the coverage: it is not a younger meter.
        let watched = seen
            .first()
            .map_or(0, |first| range.end.saturating_sub(first.max(range.start)));
        let days = watched
            .saturating_add(DAY_MINUTES.saturating_sub(1))
            .div_euclid(DAY_MINUTES)
            .max(0);
        Self {
            places: seen.places(&range),
            range,
            seen,
            days: u32::try_from(days).unwrap_or(u32::MAX),
        }
    }

    /// How many were observed.
    pub(super) fn count(&self) -> usize {
        self.places.len()
    }

    /// Observed minutes over minutes in the range.
    #[expect(clippy::float_arithmetic, reason = "a share of minutes is evidence")]
    pub(super) fn coverage(&self) -> f64 {
        let length = self.range.end.saturating_sub(self.range.start).max(1);
        number(self.count()) / real(length.unsigned_abs().into())
    }

    #[expect(clippy::float_arithmetic, reason = "hours are for projections")]
    pub(super) fn hours(&self) -> f64 {
        number(self.count()) / 60.0
    }

    /// How many of the minutes of a part of the range were observed.
    pub(super) fn count_in(&self, minutes: &Range<i64>) -> usize {
        self.places_in(minutes).len()
    }

    /// Where, among those of the range, the observed minutes of a part of it are.
    pub(super) fn places_in(&self, minutes: &Range<i64>) -> Range<usize> {
        let part = minutes.start.max(self.range.start)..minutes.end.min(self.range.end);
        let Range { start, end } = self.seen.places(&part);
        let first = self.places.start;
        start.saturating_sub(first)..end.saturating_sub(first)
    }
}

/// A length as a real number.
pub(super) fn number(length: usize) -> f64 {
    real(u128::try_from(length).unwrap_or(u128::MAX))
}

/// The day of a minute, and its place in it.
pub(super) fn place(minute: i64) -> (i64, usize) {
    let at = usize::try_from(minute.rem_euclid(DAY_MINUTES)).unwrap_or_default();
    (minute.div_euclid(DAY_MINUTES), at)
}
