//! Calls of a stream that became known and are in no running total yet.
//!
//! Stream by stream, so that they go with a reload to whoever takes them by then; and by the minute in
//! which they ended, so that no wait makes a peak of them.

use std::collections::BTreeMap;

use crate::economics::DemandMinute;
use crate::economics::demand::CallDemand;

/// Minutes of a stream that wait to be counted: a day in which nobody looks. The oldest are joined.
const MINUTES_MAX: usize = 1_440;

/// A minute that closed, with what became known in it of each pool.
#[derive(Debug)]
pub(super) struct ClosedMinute {
    /// Minutes since 1970.
    pub(super) minute: i64,
    /// Its machines count with it. Else only its calls do: they became known when it was counted, or
    /// nobody was there to observe it.
    pub(super) whole: bool,
    pub(super) calls: Vec<DemandMinute>,
}

impl ClosedMinute {
    /// Adds what a pool has of it.
    pub(super) fn add(&mut self, pool: usize, sums: &DemandMinute) {
        if let Some(known) = self.calls.get_mut(pool) {
            known.merge(sums);
        }
    }
}

/// What waits to be counted of a stream.
#[derive(Debug, Default)]
pub(super) struct Fresh(BTreeMap<i64, DemandMinute>);

impl Fresh {
    /// Adds a call to the minute in which it ended.
    pub(super) fn add(&mut self, call: &CallDemand<'_>) {
        self.0.entry(call.end_minute()).or_default().add(call);
        self.join_oldest();
    }

    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds what another one has.
    pub(super) fn merge(&mut self, other: Self) {
        for (minute, sums) in other.0 {
            self.0.entry(minute).or_default().merge(&sums);
            self.join_oldest();
        }
    }

    /// Takes the minutes that are over at `end`. A call may end, and be known, in the minute that runs; one
    /// far ahead is of a clock that was.
    pub(super) fn take_over(&mut self, end: i64) -> BTreeMap<i64, DemandMinute> {
        let next = end.saturating_add(1);
        let runs = self.0.extract_if(end..=next, |_, _| true).collect();
        std::mem::replace(&mut self.0, runs)
    }

    fn join_oldest(&mut self) {
        if self.0.len() <= MINUTES_MAX {
            return;
        }
        if let Some((_, oldest)) = self.0.pop_first()
            && let Some(mut next) = self.0.first_entry()
        {
            next.get_mut().merge(&oldest);
        }
    }
}
