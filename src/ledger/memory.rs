//! What the ledger knows without asking the disk: names, all-time totals, recent days, the hours
//! and minutes that still change. Readers of pages and metrics see only this.

use std::collections::BTreeMap;
use std::ops::Range;

use jiff::Span as Time;
use jiff::civil::Date;

use super::demand::{self, DemandKey};
use super::key::{Key, Period, Span};
use super::names::{Named, Names};
use super::store::{In, Store};
use super::{LedgerError, Rollup, Totals, meta};
use crate::economics::DemandMinute;

/// Days kept in memory, the newest included: a whole month and some more.
pub const RECENT_DAYS: i32 = 35;
/// Hours kept in memory, the newest included.
const RECENT_HOURS: u32 = 3;
/// Minutes of demand kept in memory: a bucket stays open for a quarter of an hour.
const RECENT_MINUTES: u32 = 20;

/// The ledger as it is on the disk, as far as it is looked at all the time.
#[derive(Debug, Default)]
pub(super) struct Memory {
    pub(super) names: Names,
    pub(super) totals: BTreeMap<Key, Totals>,
    pub(super) demand: BTreeMap<DemandKey, DemandMinute>,
    pub(super) watermark: u64,
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
        if let Some(oldest) = newest_day(store)?.and_then(oldest_of) {
            memory.load_totals(store, &oldest.bytes(), &oldest.next_kind())?;
        }
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
        let newest = |first: Span, next: Span| {
            let range = Key::first_of(first)..Key::first_of(next);
            self.totals
                .range(range)
                .next_back()
                .map(|(key, _)| key.span)
        };
        let hour = newest(Span::FIRST_HOUR, Span::END).map(|span| span.earlier(RECENT_HOURS));
        let day = newest(Span::FIRST_DAY, Span::FIRST_HOUR).and_then(oldest_of);
        for (first, oldest) in [(Span::FIRST_HOUR, hour), (Span::FIRST_DAY, day)] {
            let Some(oldest) = oldest else { continue };
            let old = Key::first_of(first)..Key::first_of(oldest);
            let old: Vec<Key> = self.totals.range(old).map(|(key, _)| *key).collect();
            for key in old {
                self.totals.remove(&key);
            }
        }
        if let Some((newest, _)) = self.demand.last_key_value() {
            let oldest = DemandKey::first_of(newest.minute.saturating_sub(RECENT_MINUTES));
            self.demand = self.demand.split_off(&oldest);
        }
    }

    /// The totals of a stretch of keys, with their names.
    pub(super) fn rollups(&self, from: Span, to: Span) -> Vec<Rollup> {
        let range = keys(from, to);
        let named = |(key, totals): (&Key, &Totals)| self.named(*key, *totals);
        self.totals.range(range).filter_map(named).collect()
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

/// The first of the days kept in memory, seen from the newest.
pub(super) fn oldest_of(newest: Span) -> Option<Span> {
    match newest.period()? {
        Period::Day(date) => Some(Span::day(days_before(date, RECENT_DAYS - 1))),
        Period::AllTime | Period::Hour(_) => None,
    }
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
