//! Calls that became known and are in no running total yet.
//!
//! Stream by stream, so that they go with a reload to whoever takes them by then; and by the minute in
//! which they ended, so that no wait makes a peak of them.

use std::collections::{BTreeMap, BTreeSet};
use std::mem;

use super::live::UNNAMED_MODEL;
use super::names::{StreamName, Streams};
use crate::economics::DemandMinute;
use crate::economics::demand::CallDemand;

/// Minutes that wait to be counted: a day in which nobody looks. The oldest are joined.
const MINUTES_MAX: usize = 1_440;
/// Streams of one minute; beyond it calls count as those of a model that nobody named.
const STREAMS_MAX: usize = 10_000;

/// A minute that closed, with what became known in it of some streams or pools.
#[derive(Debug)]
pub(super) struct ClosedMinute<T> {
    /// Minutes since 1970.
    pub(super) minute: i64,
    /// Its machines count with it. Else only its calls do: they became known when it was counted, or
    /// nobody was there to observe it.
    pub(super) whole: bool,
    pub(super) calls: T,
}

/// What waits to be counted.
#[derive(Debug, Default)]
pub(super) struct Fresh {
    /// The first minute that was not counted; absent before the first look, which no whole minute was
    /// seen before.
    since: Option<i64>,
    minutes: BTreeMap<i64, Streams<DemandMinute>>,
}

impl Fresh {
    /// Adds a call to the minute in which it ended.
    pub(super) fn add(&mut self, name: StreamName<'_>, call: &CallDemand<'_>) {
        let streams = self.minutes.entry(call.end_minute()).or_default();
        let is_one_too_many = streams.len() >= STREAMS_MAX && streams.get(name).is_none();
        let name = if is_one_too_many {
            let model = UNNAMED_MODEL;
            StreamName { model, ..name }
        } else {
            name
        };
        if let Some(known) = streams.get_mut(name) {
            known.add(call);
        } else {
            let mut first = DemandMinute::default();
            first.add(call);
            streams.insert(name, first);
        }
        self.join_oldest();
    }

    /// Takes the minutes before `end`: each that was observed since the last time, used or idle, and the
    /// calls of any other.
    pub(super) fn close(
        &mut self,
        end: i64,
        up: &BTreeSet<i64>,
    ) -> Vec<ClosedMinute<Streams<DemandMinute>>> {
        let Some(since) = self.since.replace(end) else {
            return Vec::new();
        };
        // A call may end, and be known, in the minute that runs; one far ahead is of a clock that was.
        let mut calls = mem::take(&mut self.minutes);
        self.minutes = calls
            .extract_if(end..=end.saturating_add(1), |_, _| true)
            .collect();
        let observed = up.range(since.min(end)..end);
        let mut closed: BTreeMap<i64, bool> = observed.map(|minute| (*minute, true)).collect();
        for minute in calls.keys() {
            closed.entry(*minute).or_insert(false);
        }
        let closed = closed.into_iter();
        closed
            .map(|(minute, whole)| ClosedMinute {
                minute,
                whole,
                calls: calls.remove(&minute).unwrap_or_default(),
            })
            .collect()
    }

    fn join_oldest(&mut self) {
        if self.minutes.len() <= MINUTES_MAX {
            return;
        }
        let (Some((_, oldest)), Some(mut next)) =
            (self.minutes.pop_first(), self.minutes.first_entry())
        else {
            return;
        };
        for (name, sums) in oldest.iter() {
            if let Some(known) = next.get_mut().get_mut(name) {
                known.merge(sums);
            } else {
                next.get_mut().insert(name, *sums);
            }
        }
    }
}
