//! What the ledger knows without asking the disk: names, all-time totals, recent days, the hours
//! and minutes that still change. Readers of pages and metrics see only this.

use std::collections::BTreeMap;
use std::ops::Range;

use jiff::Span as Time;
use jiff::civil::Date;

use super::demand::{self, DemandKey};
use super::key::{Grain, Ids, Key, Period, Span};
use super::names::{Named, Names};
use super::store::{In, Store};
use super::{LedgerError, Rollup, Totals, meta};
use crate::economics::DemandMinute;

/// Days kept in memory, the newest included: a quarter, which is asked for by reports.
pub const RECENT_DAYS: i32 = 92;
/// The same where they are too many keys: a whole month and some more.
const FEWER_DAYS: i32 = 35;
/// Keys of [`RECENT_DAYS`] at most, about 50 MB.
const RECENT_KEYS_MAX: usize = 200_000;
/// Hours kept in memory, the newest included.
const RECENT_HOURS: u32 = 3;
/// Minutes kept in memory, of totals and of demand: a bucket stays open for a quarter of an hour.
const RECENT_MINUTES: u32 = 20;

/// The ledger as it is on the disk, as far as it is looked at all the time.
#[derive(Debug, Default)]
pub(super) struct Memory {
    pub(super) names: Names,
    pub(super) totals: BTreeMap<Key, Totals>,
    pub(super) demand: BTreeMap<DemandKey, DemandMinute>,
    pub(super) watermark: u64,
    /// Whether only [`FEWER_DAYS`] are kept.
    fewer_days: bool,
}

/// What a commit changed.
#[derive(Debug, Default)]
pub(super) struct Fresh {
    pub(super) names: Vec<Named>,
    pub(super) totals: BTreeMap<Key, Totals>,
    pub(super) demand: BTreeMap<DemandKey, DemandMinute>,
    pub(super) watermark: u64,
}

impl Memory {
    /// Reads everything that is kept in memory. A value that cannot be read is damage.
    pub(super) fn load(store: &Store) -> Result<Self, LedgerError> {
        let mut memory = Self {
            watermark: meta::number(store, meta::WATERMARK)?.unwrap_or(0),
            ..Self::default()
        };
        for named in store.scan(In::Names, Vec::new()..vec![u8::MAX]) {
            let (key, value) = named?;
            let known = Named::decode(&key, &value).is_some_and(|name| memory.names.insert(name));
            if !known {
                return Err(LedgerError::damaged("a name cannot be read"));
            }
        }
        let all_time = Span::ALL_TIME;
        memory.load_totals(store, &all_time.bytes(), &all_time.next_kind())?;
        if let Some(oldest) = newest_day(store)?.and_then(|newest| memory.oldest_of(newest)) {
            memory.load_totals(store, &oldest.bytes(), &oldest.next_kind())?;
        }
        memory.forget();
        Ok(memory)
    }

    fn load_totals(&mut self, store: &Store, from: &[u8], to: &[u8]) -> Result<(), LedgerError> {
        for found in store.scan(In::Totals, from.to_vec()..to.to_vec()) {
            let (key, totals) = read_totals(&found?)?;
            self.totals.insert(key, totals);
        }
        Ok(())
    }

    /// Takes over what was committed, and forgets what no longer changes.
    pub(super) fn merge(&mut self, fresh: Fresh) {
        let Fresh {
            names,
            totals,
            demand,
            watermark,
        } = fresh;
        for named in names {
            let inserted = self.names.insert(named);
            debug_assert!(inserted, "numbers are given in order");
        }
        self.totals.extend(totals);
        self.demand.extend(demand);
        self.watermark = self.watermark.max(watermark);
        self.forget();
    }

    fn forget(&mut self) {
        for (grain, kept) in [(Grain::Minute, RECENT_MINUTES), (Grain::Hour, RECENT_HOURS)] {
            let newest = self.newest(grain).map(|at| at.earlier(kept));
            self.forget_before(grain, newest);
        }
        // Hours are gone first: an import brings more of them than are ever kept.
        self.fewer_days |= self.totals.len() > RECENT_KEYS_MAX;
        let day = self.newest(Grain::Day);
        self.forget_before(Grain::Day, day.and_then(|day| self.oldest_of(day)));
        if let Some((newest, _)) = self.demand.last_key_value() {
            let oldest = DemandKey::first_of(newest.minute.saturating_sub(RECENT_MINUTES));
            self.demand = self.demand.split_off(&oldest);
        }
    }

    fn newest(&self, grain: Grain) -> Option<Span> {
        let (first, end) = Span::all(grain);
        let newest = self.totals.range(keys(first, end)).next_back();
        newest.map(|(key, _)| key.span)
    }

    fn forget_before(&mut self, grain: Grain, oldest: Option<Span>) {
        let (first, _) = Span::all(grain);
        let Some(oldest) = oldest else { return };
        let old = self.totals.range(keys(first, oldest.max(first)));
        let old: Vec<Key> = old.map(|(key, _)| *key).collect();
        for key in old {
            self.totals.remove(&key);
        }
    }

    /// The first of the days kept in memory, seen from the newest.
    pub(super) fn oldest_of(&self, newest: Span) -> Option<Span> {
        let days = if self.fewer_days {
            FEWER_DAYS
        } else {
            RECENT_DAYS
        };
        match newest.period()? {
            Period::Day(date) => Some(Span::day(days_before(date, days - 1))),
            Period::AllTime | Period::Hour(_) | Period::Minute(_) => None,
        }
    }

    /// The totals of a stretch of keys, with their names.
    pub(super) fn rollups(&self, from: Span, to: Span) -> Vec<Rollup> {
        let range = keys(from, to);
        let named = |(key, totals): (&Key, &Totals)| self.named(*key, *totals);
        self.totals.range(range).filter_map(named).collect()
    }

    /// The totals of a span that is in memory.
    pub(super) fn totals_of(&self, span: Span) -> BTreeMap<Ids, Totals> {
        let found = self.totals.range(keys(span, span.later()));
        found.map(|(key, totals)| (key.ids, *totals)).collect()
    }

    /// A stored total with its names.
    pub(super) fn named(&self, key: Key, totals: Totals) -> Option<Rollup> {
        Some(Rollup {
            period: key.span.period()?,
            group: key.ids.group(&self.names)?,
            totals,
        })
    }
}

/// The keys of a stretch of time.
pub(super) fn keys(from: Span, to: Span) -> Range<Key> {
    Key::first_of(from)..Key::first_of(to)
}

fn days_before(date: Date, days: i32) -> Date {
    date.saturating_sub(Time::new().days(days))
}

fn newest_day(store: &Store) -> Result<Option<Span>, LedgerError> {
    let last = store.last(
        In::Totals,
        Span::FIRST_DAY.bytes().to_vec()..Span::FIRST_HOUR.bytes().to_vec(),
    )?;
    Ok(last.and_then(|key| Key::decode(&key)).map(|key| key.span))
}

/// A stored total, read.
pub(super) fn read_totals(found: &(sled::IVec, sled::IVec)) -> Result<(Key, Totals), LedgerError> {
    let (key, value) = found;
    Key::decode(key)
        .zip(Totals::decode(value))
        .ok_or_else(|| LedgerError::damaged("a total cannot be read"))
}

/// A stored minute of demand, read.
pub(super) fn read_demand(
    found: &(sled::IVec, sled::IVec),
) -> Result<(DemandKey, DemandMinute), LedgerError> {
    let (key, value) = found;
    DemandKey::decode(key)
        .zip(demand::decode(value))
        .ok_or_else(|| LedgerError::damaged("a minute of demand cannot be read"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::Role;
    use crate::ledger::Origin;
    use crate::ledger::key::Ids;

    #[track_caller]
    fn check(groups: u16, kept: i32) {
        let newest: Date = "2026-11-22".parse().unwrap();
        let mut memory = Memory::default();
        for day in 0..120 {
            let span = Span::day(days_before(newest, 119 - day));
            let totals = (0..groups).map(|tenant| {
                let mut ids = Ids::new(Origin::Live, Role::Provider, None);
                ids.tenant = tenant;
                (Key { span, ids }, Totals::default())
            });
            memory.merge(Fresh {
                totals: totals.collect(),
                ..Fresh::default()
            });
        }
        let oldest = Span::day(days_before(newest, kept - 1));
        assert!(memory.holds(oldest, Span::FIRST_HOUR));
        assert!(!memory.holds(Span::day(days_before(newest, kept)), Span::FIRST_HOUR));
        let kept = usize::try_from(kept).unwrap() * usize::from(groups);
        assert_eq!(memory.totals.len(), kept);
    }

    #[test]
    fn a_quarter_is_in_memory_unless_it_is_too_much() {
        check(10, RECENT_DAYS);
        check(2_200, FEWER_DAYS);
    }
}
