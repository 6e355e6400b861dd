//! What becomes too old or too much: rows by whole day files, hours, minutes and demand key by key.
//! Days and all time are kept for ever.

use std::ops::Range;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::demand;
use super::hours::{first_of_hour, hour_keys};
use super::key::Span;
use super::store::{In, KEYS_MAX, Store, Write};
use super::{Ledger, LedgerError, meta};

/// Demand older than this is kept by hour: the verdict looks at minutes 35 days back.
const DEMAND_MINUTES_KEPT: SignedDuration = SignedDuration::from_hours(40 * 24);

/// How long what is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Day files that are kept behind today, in days.
    pub days: u32,
    /// Bytes that day files may take together; `None` for any number. The last file always stays.
    pub bytes: Option<u64>,
    /// Days whose hours are kept, of totals and of demand.
    pub hours_days: u32,
    /// Days whose minutes are kept.
    pub minutes_days: u32,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            days: 400,
            bytes: None,
            hours_days: 400,
            minutes_days: 14,
        }
    }
}

/// Where the hours begin that are kept: what was before stands only in its days.
#[derive(Clone, Copy, Debug)]
pub(super) struct HoursFrom {
    /// The first of them.
    pub(super) hour: Timestamp,
    /// The day it begins, in the time zone of that time: the first that can be computed again.
    pub(super) day: Span,
    /// When that day begins: within the hour, where clocks are half an hour off.
    pub(super) midnight: Timestamp,
}

impl Ledger {
    /// The files past their retention, each with its last number.
    pub(super) fn expired(&self, now: Timestamp) -> Vec<(Date, u64)> {
        let Retention { days, bytes, .. } = self.settings.retention;
        let today = TimeZone::UTC.to_datetime(now).date();
        let by_age = today.saturating_sub(i64::from(days).days());
        let files = self.shelf();
        let by_size = bytes.and_then(|bytes| files.oldest_within(bytes));
        files.before(by_size.map_or(by_age, |by_size| by_size.max(by_age)))
    }

    /// Deletes hours, minutes and demand past their retention; old minutes of demand become hours.
    pub(super) fn forget_old(
        &self,
        now: Timestamp,
        go_on: &dyn Fn() -> bool,
    ) -> Result<(), LedgerError> {
        let kept = self.settings.retention;
        let minute = now.saturating_sub(SignedDuration::from_hours(
            24 * i64::from(kept.minutes_days),
        ));
        let minute = Span::minute(minute.unwrap_or(Timestamp::MIN));
        self.forget_minutes(minute, go_on)?;
        let demand = now.saturating_sub(DEMAND_MINUTES_KEPT);
        let demand = demand::minute_of(demand.unwrap_or(Timestamp::MIN));
        self.fold_demand(demand, go_on)?;
        let today = self.day_of(now);
        let oldest = today.saturating_sub(i64::from(kept.hours_days).days());
        let Ok(midnight) = oldest.to_zoned(self.settings.timezone.clone()) else {
            return Ok(());
        };
        let oldest_minute = demand::minute_of(midnight.timestamp());
        self.forget_demand(oldest_minute.min(demand), go_on)?;
        let hour = Span::hour(midnight.timestamp());
        let hours = spans(Span::FIRST_HOUR, hour);
        let store = self.status.store()?;
        if store.scan(In::Totals, hours.clone()).next().is_none() {
            return Ok(());
        }
        // Before the first is gone: a day that lacks some of its hours is never computed from them.
        // What is noted never moves back: hours that are gone do not come again.
        let noted = meta::hours_from(&store)?;
        if noted.is_none_or(|noted| Span::hour(noted.hour) < hour) {
            let from = HoursFrom {
                hour: midnight.timestamp(),
                day: Span::day(oldest),
                midnight: midnight.timestamp(),
            };
            self.writer().commit(&store, &meta::put_hours_from(from))?;
        }
        self.remove(In::Totals, hours, go_on)
    }

    /// Deletes the minutes before one, and notes that first: who asks for them is told so.
    fn forget_minutes(&self, minute: Span, go_on: &dyn Fn() -> bool) -> Result<(), LedgerError> {
        let minutes = spans(Span::FIRST_MINUTE, minute);
        let store = self.status.store()?;
        if store
            .scan(In::Totals, minutes.clone())
            .next()
            .transpose()?
            .is_none()
        {
            return Ok(());
        }
        if meta::minutes_from(&store)?.is_none_or(|from| from < minute) {
            let noted = meta::put_minutes_from(minute);
            self.writer().commit(&store, &[noted])?;
        }
        self.remove(In::Totals, minutes, go_on)
    }

    /// Deletes the hours of demand before that of a minute, and the minutes in which tollgate was up;
    /// notes that first: money that moves there is not looked for.
    fn forget_demand(&self, minute: u32, go_on: &dyn Fn() -> bool) -> Result<(), LedgerError> {
        let (store, minute) = (self.status.store()?, first_of_hour(minute));
        let hours = hour_keys(0, minute);
        if store.scan(In::Demand, hours.clone()).next().is_some()
            && meta::demand_from(&store)?.is_none_or(|from| from < minute)
        {
            self.writer()
                .commit(&store, &[meta::put_demand_from(minute)])?;
        }
        let [first, end] = [0, minute].map(demand::beat_key);
        for keys in [hours, first..end] {
            self.remove(In::Demand, keys, go_on)?;
        }
        Ok(())
    }

    /// Deletes the keys of a range, some at a time: between two commits calls are counted.
    fn remove(
        &self,
        tree: In,
        keys: Range<Vec<u8>>,
        go_on: &dyn Fn() -> bool,
    ) -> Result<(), LedgerError> {
        while go_on() {
            let store = self.status.store()?;
            let writes = some_removed(&store, tree, keys.clone())?;
            if writes.is_empty() {
                break;
            }
            self.writer().commit(&store, &writes)?;
            std::thread::yield_now();
        }
        Ok(())
    }
}

/// The first keys of a range, to be removed.
fn some_removed(store: &Store, tree: In, keys: Range<Vec<u8>>) -> Result<Vec<Write>, LedgerError> {
    let some = store.scan(tree, keys).take(KEYS_MAX);
    some.map(|found| found.map(|(key, _)| (tree, key.to_vec(), None)))
        .collect()
}

/// The keys of the spans from one to another.
fn spans(from: Span, to: Span) -> Range<Vec<u8>> {
    from.bytes().to_vec()..to.max(from).bytes().to_vec()
}
