//! What others ask: from memory where it is asked often, in pages from the disk where it is not.

use std::ops::Range;

use jiff::Timestamp;
use jiff::civil::Date;

use super::demand::{self, DemandKey, StreamMinute};
use super::key::{Grain, Key, Span};
use super::memory::{self, keys, read_demand, read_totals};
use super::names::NameKind;
use super::store::In;
use super::{Ledger, LedgerError, Rollup, Totals};

impl Ledger {
    /// Everything since the ledger began, from memory.
    #[must_use]
    pub fn all_time(&self) -> Vec<Rollup> {
        self.memory().rollups(Span::ALL_TIME, Span::FIRST_DAY)
    }

    /// Everything since the ledger began of one upstream's calls that were metered here: summed where it
    /// lies, as it is asked for in every minute and there may be many groups.
    #[must_use]
    pub fn metered(&self, upstream: &str) -> Totals {
        self.memory().metered(upstream)
    }

    /// The days `first..=last` of the reporting time zone: from memory if they are among the last
    /// [`RECENT_DAYS`](super::RECENT_DAYS), else from the disk.
    pub fn days(&self, first: Date, last: Date) -> Result<Vec<Rollup>, LedgerError> {
        if last < first {
            return Ok(Vec::new());
        }
        let (from, to) = (Span::day(first), Span::day(last).later());
        {
            let memory = self.memory();
            if memory.holds(from, to) {
                return Ok(memory.rollups(from, to));
            }
        }
        self.page(from, to)?.collect()
    }

    /// The periods of a kind that begin in a range, in order of time, read page by page. Days are
    /// found by the moment they contain: the first by `start`, the last by `end`, exclusive.
    pub fn rollups(
        &self,
        grain: Grain,
        range: Range<Timestamp>,
    ) -> Result<impl Iterator<Item = Result<Rollup, LedgerError>> + '_, LedgerError> {
        self.page(self.span(grain, range.start), self.span(grain, range.end))
    }

    /// The stored period in which a moment lies.
    pub(super) fn span(&self, grain: Grain, at: Timestamp) -> Span {
        match grain {
            Grain::Day => Span::day(self.day_of(at)),
            Grain::Hour => Span::hour(at),
            Grain::Minute => Span::minute(at),
        }
    }

    /// The demand of the minutes that begin in a range, in order of time, read page by page.
    pub fn demand(
        &self,
        range: Range<Timestamp>,
    ) -> Result<impl Iterator<Item = Result<StreamMinute, LedgerError>> + '_, LedgerError> {
        let first = |at| DemandKey::first_of(demand::minute_of(at)).encode();
        let found = self
            .status
            .store()?
            .scan(In::Demand, first(range.start)..first(range.end));
        Ok(found.filter_map(|found| {
            let read = found.and_then(|found| read_demand(&found));
            let named = |(key, minute): (DemandKey, _)| key.named(&minute, &self.memory().names);
            read.map(named).transpose()
        }))
    }

    /// The minutes of a range, as whole minutes since 1970, in which tollgate was up.
    pub fn minutes_up(&self, range: Range<Timestamp>) -> Result<Vec<u32>, LedgerError> {
        let (first, end) = (demand::minute_of(range.start), demand::minute_of(range.end));
        let keys = demand::beat_key(first)..demand::beat_key(end.saturating_add(60));
        let mut minutes = Vec::new();
        for found in self.status.store()?.scan(In::Demand, keys) {
            let (key, value) = found?;
            let bits = demand::decode_beats(&value)
                .ok_or_else(|| LedgerError::damaged("the beats of an hour cannot be read"))?;
            minutes.extend(demand::minutes_of(&key, bits));
        }
        minutes.retain(|minute| (first..end).contains(minute));
        Ok(minutes)
    }

    fn page(
        &self,
        from: Span,
        to: Span,
    ) -> Result<impl Iterator<Item = Result<Rollup, LedgerError>> + '_, LedgerError> {
        let keys = from.bytes().to_vec()..to.bytes().to_vec();
        let found = self.status.store()?.scan(In::Totals, keys);
        Ok(found.filter_map(|found| {
            let read = found.and_then(|found| read_totals(&found));
            let named = |(key, totals): (Key, _)| self.memory().named(key, totals);
            read.map(named).transpose()
        }))
    }
}

impl memory::Memory {
    /// Whether all of a stretch is in memory: all time, or days from the oldest of the recent on.
    pub(super) fn holds(&self, from: Span, to: Span) -> bool {
        self.held_from(from, to) == from
    }

    fn metered(&self, upstream: &str) -> Totals {
        let mut sum = Totals::default();
        let Some(upstream) = self.names.find(NameKind::Upstream, upstream) else {
            return sum;
        };
        let all_time = keys(Span::ALL_TIME, Span::FIRST_DAY);
        for (Key { ids, .. }, totals) in self.totals.range(all_time) {
            if ids.upstream == upstream && !ids.is_imported() {
                sum.merge(totals);
            }
        }
        sum
    }

    /// From where on a stretch is in memory: its begin if all of it is, its end if nothing.
    pub(super) fn held_from(&self, from: Span, to: Span) -> Span {
        let all_time = to <= Span::FIRST_DAY;
        let days = from >= Span::FIRST_DAY && to <= Span::FIRST_HOUR;
        match self.oldest_day() {
            Some(oldest) if days => oldest.max(from).min(to),
            None if days => from,
            _ if all_time => from,
            _ => to,
        }
    }

    /// The first of the days that are all in memory.
    fn oldest_day(&self) -> Option<Span> {
        let days = Key::first_of(Span::FIRST_DAY)..Key::first_of(Span::FIRST_HOUR);
        let (newest, _) = self.totals.range(days).next_back()?;
        self.oldest_of(newest.span)
    }
}
