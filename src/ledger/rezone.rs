//! Days computed again, where another time zone decides what a day is.
//!
//! They are made of the hours, which have every call that was ever counted, also those whose rows are
//! gone: the days sum to all time as they did before. Rows are asked only which part of an hour lies
//! behind the midnight that divides it; what no row says stays where its hour began.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::draft::{Draft, day_of};
use super::key::{Ids, Key, Span};
use super::memory::{Memory, read_totals};
use super::pass::Layers;
use super::recover::Recovery;
use super::retention::HoursFrom;
use super::store::{In, Store, Write};
use super::write::{Writer, commit_all};
use super::{Ledger, LedgerError, Totals, meta};
use crate::call::CallRecord;
use crate::journal::FrameKind;

/// From the begin of an hour to its last moment.
const HOUR: SignedDuration = SignedDuration::from_nanos(3_600_000_000_000 - 1);

impl Ledger {
    /// Computes the day totals again. The name of the time zone is written last, so that a crash in
    /// between begins again.
    pub(super) fn rebuild_days(
        &self,
        writer: &Writer,
        store: &Store,
        timezone: &str,
        recovery: &mut Recovery,
    ) -> Result<(), LedgerError> {
        let from = meta::hours_from(store)?;
        let mut again = Again::of(store, &self.settings.timezone, from)?;
        if !again.divided.is_empty() {
            self.divide(store, &mut again, recovery)?;
        }
        if let Some(from) = from {
            let all_time = self.memory().totals_of(Span::ALL_TIME);
            again.take_off(kept_days(store, from.day)?, &all_time);
        }
        let days = again.days.into_iter();
        let days = days.filter(|(_, totals)| *totals != Totals::default());
        let days = days.map(|(key, totals)| (In::Totals, key.encode(), Some(totals.encode())));
        let mut changes = removed(store, from)?;
        changes.extend(days);
        changes.push(meta::put_text(meta::TIMEZONE, timezone));
        commit_all(writer, store, &changes)?;
        let memory = Memory::load(store)?;
        self.set_memory(|current| *current = memory);
        Ok(())
    }

    /// Asks the rows of the hours that a midnight divides.
    fn divide(
        &self,
        store: &Store,
        again: &mut Again<'_>,
        recovery: &mut Recovery,
    ) -> Result<(), LedgerError> {
        let rows_from = self.shelf().rows_from;
        let calls_dir = &self.settings.calls_dir;
        let passes = self.passes().shown(calls_dir)?;
        // Hours have what passes moved.
        let mut layers = Layers::of(&passes, calls_dir, 0, rows_from);
        let memory = self.memory();
        let mut draft = Draft::new(&memory, store, &self.settings.timezone);
        self.each_frame(1, recovery, |frame, recovery| {
            if frame.kind == FrameKind::End
                && frame.seq <= memory.watermark
                && let Some(mut call) = recovery.row(&frame)?
            {
                layers.lay_over(frame.seq, &mut call)?;
                let ids = draft.ids(&call);
                again.move_call(&call, ids);
            }
            Ok(())
        })
    }
}

/// The new days on their way.
struct Again<'a> {
    timezone: &'a TimeZone,
    from: Option<HoursFrom>,
    days: BTreeMap<Key, Totals>,
    /// What no row has said yet of the hours that a midnight divides.
    divided: BTreeMap<Key, Totals>,
}

impl<'a> Again<'a> {
    /// Every hour in the day in which it begins.
    fn of(
        store: &Store,
        timezone: &'a TimeZone,
        from: Option<HoursFrom>,
    ) -> Result<Self, LedgerError> {
        let mut again = Self {
            timezone,
            from,
            days: BTreeMap::new(),
            divided: BTreeMap::new(),
        };
        let first = from.map_or(Span::FIRST_HOUR, |from| Span::hour(from.hour));
        let hours = first.bytes().to_vec()..Span::FIRST_MINUTE.bytes().to_vec();
        for found in store.scan(In::Totals, hours) {
            let (key, totals) = read_totals(&found?)?;
            again.add_hour(key, &totals);
        }
        Ok(again)
    }

    fn add_hour(&mut self, key: Key, totals: &Totals) {
        let Some(start) = key.span.begin() else {
            return;
        };
        let ids = key.ids;
        // Made history has no rows: an hour of it is whole in the day in which it begins.
        let is_kept = |from: HoursFrom| start < from.midnight;
        if ids.is_imported() && self.from.is_some_and(is_kept) {
            return;
        }
        let span = self.day(start);
        self.days
            .entry(Key { span, ids })
            .or_default()
            .merge(totals);
        let last = start.saturating_add(HOUR).unwrap_or(start);
        if !ids.is_imported() && self.day(last) != span {
            self.divided.insert(key, *totals);
        }
    }

    /// Moves a call from the day in which its hour began to its own.
    fn move_call(&mut self, call: &CallRecord, ids: Ids) {
        let hour = Span::hour(call.started_at);
        let Some(start) = hour.begin() else {
            return;
        };
        let (was, is) = (self.day(start), self.day(call.started_at));
        if was == is {
            return;
        }
        let one = Totals::of(call);
        // A call that was refused may have had no names when it was counted.
        for ids in [ids, ids.of_no_names()] {
            let Some(rest) = self.divided.get_mut(&Key { span: hour, ids }) else {
                continue;
            };
            if rest.least(&one) == one {
                *rest = rest.less(&one);
                let of_was = self.days.entry(Key { span: was, ids }).or_default();
                *of_was = of_was.less(&one);
                let of_is = self.days.entry(Key { span: is, ids }).or_default();
                of_is.merge(&one);
                return;
            }
        }
    }

    /// Takes off what is counted twice beside the days that stay: where a midnight divided the first
    /// hour that is kept, a part of it is theirs. All time says how much.
    fn take_off(&mut self, kept: BTreeMap<Ids, Totals>, all_time: &BTreeMap<Ids, Totals>) {
        let mut twice = kept;
        for (key, totals) in &self.days {
            twice.entry(key.ids).or_default().merge(totals);
        }
        for (ids, sums) in &mut twice {
            let once = all_time.get(ids).copied().unwrap_or_default();
            *sums = sums.less(&once);
        }
        for (key, totals) in &mut self.days {
            if key.ids.is_imported() {
                continue;
            }
            if let Some(left) = twice.get_mut(&key.ids) {
                let part = totals.least(left);
                *totals = totals.less(&part);
                *left = left.less(&part);
            }
        }
    }

    /// The day that is computed again and has this moment. Days in front of the hours that are kept
    /// stay what they are, so none of it goes there.
    fn day(&self, at: Timestamp) -> Span {
        let day = day_of(at, self.timezone);
        self.from.map_or(day, |from| day.max(from.day))
    }
}

/// What the days before one have together.
fn kept_days(store: &Store, end: Span) -> Result<BTreeMap<Ids, Totals>, LedgerError> {
    let days = Span::FIRST_DAY.bytes().to_vec()..end.bytes().to_vec();
    let mut sums: BTreeMap<Ids, Totals> = BTreeMap::new();
    for found in store.scan(In::Totals, days) {
        let (Key { ids, .. }, totals) = read_totals(&found?)?;
        sums.entry(ids).or_default().merge(&totals);
    }
    Ok(sums)
}

/// Removes every stored day that is computed again.
fn removed(store: &Store, from: Option<HoursFrom>) -> Result<Vec<Write>, LedgerError> {
    let first = from.map_or(Span::FIRST_DAY, |from| from.day);
    let days = first.bytes().to_vec()..Span::FIRST_HOUR.bytes().to_vec();
    let remove = |found: Result<(sled::IVec, sled::IVec), LedgerError>| {
        found.map(|(key, _)| (In::Totals, key.to_vec(), None))
    };
    store.scan(In::Totals, days).map(remove).collect()
}
