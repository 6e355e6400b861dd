//! Demand by hour: what minutes become when they are old.
//!
//! An hour is written in the transaction that removes its minutes, so each call is in exactly one of
//! the two, whenever the process dies, and a minute that comes late is only added once more. Who asks
//! for hours gets both together.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use jiff::Timestamp;

use super::codec::{Reader, Writer};
use super::demand::{self, DemandKey, STREAM, VERSION, put_sums, take_sums};
use super::memory::read_demand;
use super::names::{NameKind, Names};
use super::store::{In, KEYS_MAX, Store, Write};
use super::{Ledger, LedgerError, meta};
use crate::economics::demand::HOUR_MINUTES;
use crate::economics::{BusiestMinute, DemandHour};

/// First byte of the key of a stream's hour.
const HOUR: u8 = b'h';

/// One stream in one hour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamHour {
    /// Whole hours since 1970.
    pub hour: u32,
    /// The configured name of where the calls went.
    pub upstream: Arc<str>,
    /// Our own hosting served them: their cost is what an API would have taken.
    pub own: bool,
    /// The model that names them; `None` if nobody said.
    pub model: Option<Arc<str>>,
    /// The label of their capability class.
    pub capability: Arc<str>,
    /// The sums of its minutes, and the busiest of them.
    pub demand: DemandHour,
}

/// The key of a stream's hour: that of its first minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct HourKey(DemandKey);

impl HourKey {
    /// The hour in which a stream's minute lies.
    pub(super) fn of(key: DemandKey) -> Self {
        Self(DemandKey {
            minute: first_of_hour(key.minute),
            ..key
        })
    }

    /// The key of its first minute.
    pub(super) const fn first_minute(self) -> DemandKey {
        self.0
    }

    /// The first possible key of the hour of a minute.
    pub(super) fn first_of(minute: u32) -> Self {
        Self::of(DemandKey::first_of(minute))
    }

    pub(super) fn encode(self) -> Vec<u8> {
        let mut key = self.0.encode();
        if let Some(kind) = key.first_mut() {
            *kind = HOUR;
        }
        key
    }

    pub(super) fn decode(key: &[u8]) -> Option<Self> {
        let (kind, rest) = key.split_first()?;
        let minute = [&[STREAM], rest].concat();
        DemandKey::decode(&minute)
            .filter(|_| *kind == HOUR)
            .map(Self)
    }

    fn named(self, demand: &DemandHour, names: &Names) -> Option<StreamHour> {
        let Self(key) = self;
        Some(StreamHour {
            hour: key.minute / HOUR_MINUTES,
            upstream: names.name(NameKind::Upstream, key.upstream)?,
            own: key.own,
            model: names.name(NameKind::Model, key.model),
            capability: names.name(NameKind::Capability, key.capability)?,
            demand: *demand,
        })
    }
}

/// Old minutes on their way into hours.
#[derive(Default)]
struct Folded {
    minutes: Vec<DemandKey>,
    hours: BTreeMap<HourKey, DemandHour>,
}

impl Ledger {
    /// The demand of the hours that begin in a range, in order of time: of what has become hours, and
    /// of the minutes that are still there. An hour is read whole.
    pub fn demand_hours(
        &self,
        range: Range<Timestamp>,
    ) -> Result<impl Iterator<Item = Result<StreamHour, LedgerError>> + '_, LedgerError> {
        let store = self.status.store()?;
        let begin = demand::minute_of(range.start).next_multiple_of(HOUR_MINUTES);
        let end = demand::minute_of(range.end);
        let first = oldest(&store)?.map_or(end, |first| first.max(begin));
        let last = newest(&store)?.map_or(first, |last| last.saturating_add(1));
        let step = usize::try_from(HOUR_MINUTES).unwrap_or(usize::MAX);
        let hours = (first..end.min(last)).step_by(step);
        Ok(hours.flat_map(move |hour| match self.hour(&store, hour) {
            Ok(streams) => streams.into_iter().map(Ok).collect(),
            Err(error) => vec![Err(error)],
        }))
    }

    /// The streams of the hour that begins with a minute.
    fn hour(&self, store: &Store, first: u32) -> Result<Vec<StreamHour>, LedgerError> {
        let is_old = || meta::demand_folded(store).map(|before| before > first);
        let read = || {
            // Minutes do not become hours while this lasts.
            let _writer = is_old()?.then(|| self.writer());
            read_hour(store, first)
        };
        let was_old = is_old()?;
        let mut hours = read()?;
        if is_old()? != was_old {
            hours = read()?;
        }
        let memory = self.memory();
        let named = hours.into_iter();
        Ok(named
            .filter_map(|(key, demand)| key.named(&demand, &memory.names))
            .collect())
    }

    /// Makes hours of the minutes before one, some at a time: between two commits calls are counted.
    pub(super) fn fold_demand(
        &self,
        before: u32,
        go_on: &dyn Fn() -> bool,
    ) -> Result<(), LedgerError> {
        let before = first_of_hour(before);
        let store = self.status.store()?;
        let minutes = minute_keys(0, before);
        if store.scan(In::Demand, minutes).next().is_none() {
            return Ok(());
        }
        if meta::demand_folded(&store)? < before {
            // Before the first is gone: what moves money looks for it in the hour from now on.
            self.writer()
                .commit(&store, &[meta::put_demand_folded(before)])?;
        }
        while go_on() && self.fold_some(before)? {
            std::thread::yield_now();
        }
        Ok(())
    }

    /// One commit of as many minutes as its keys allow; false if there is none left.
    pub(super) fn fold_some(&self, before: u32) -> Result<bool, LedgerError> {
        let writer = self.writer();
        let store = writer.store()?;
        let mut folded = Folded::default();
        for found in store.scan(In::Demand, minute_keys(0, before)) {
            let (key, minute) = read_demand(&found?)?;
            // Of itself, and of an hour that it may be the first of.
            if folded.len().saturating_add(2) > KEYS_MAX {
                break;
            }
            let hour = folded.hour(&store, HourKey::of(key))?;
            hour.add_minute(key.minute, &minute);
            folded.minutes.push(key);
        }
        if folded.minutes.is_empty() {
            return Ok(false);
        }
        writer.commit(&store, &folded.writes())?;
        self.set_memory(|memory| {
            for key in &folded.minutes {
                memory.demand.remove(key);
            }
        });
        Ok(true)
    }
}

impl Folded {
    fn len(&self) -> usize {
        self.minutes.len().saturating_add(self.hours.len())
    }

    fn hour(&mut self, store: &Store, key: HourKey) -> Result<&mut DemandHour, LedgerError> {
        use std::collections::btree_map::Entry;
        match self.hours.entry(key) {
            Entry::Occupied(found) => Ok(found.into_mut()),
            Entry::Vacant(place) => Ok(place.insert(stored_hour(store, key)?)),
        }
    }

    fn writes(&self) -> Vec<Write> {
        let minutes = self.minutes.iter();
        let minutes = minutes.map(|key| (In::Demand, key.encode(), None));
        let hours = self.hours.iter();
        let hours = hours.map(|(key, hour)| (In::Demand, key.encode(), Some(encode(hour))));
        minutes.chain(hours).collect()
    }
}

/// The hour that is under a key.
pub(super) fn stored_hour(store: &Store, key: HourKey) -> Result<DemandHour, LedgerError> {
    match store.get(In::Demand, &key.encode())? {
        Some(value) => decode(&value).ok_or_else(damaged),
        None => Ok(DemandHour::default()),
    }
}

/// A stored hour, read.
pub(super) fn read_stored(
    found: &(sled::IVec, sled::IVec),
) -> Result<(HourKey, DemandHour), LedgerError> {
    let (key, value) = found;
    HourKey::decode(key).zip(decode(value)).ok_or_else(damaged)
}

/// The keys of the hours from that of a minute to that of another.
pub(super) fn hour_keys(from: u32, to: u32) -> Range<Vec<u8>> {
    HourKey::first_of(from).encode()..HourKey::first_of(to).encode()
}

fn read_hour(store: &Store, first: u32) -> Result<BTreeMap<HourKey, DemandHour>, LedgerError> {
    let end = first.saturating_add(HOUR_MINUTES);
    let mut hours: BTreeMap<HourKey, DemandHour> = BTreeMap::new();
    for found in store.scan(In::Demand, hour_keys(first, end)) {
        let (key, hour) = read_stored(&found?)?;
        hours.entry(key).or_default().merge(&hour);
    }
    for found in store.scan(In::Demand, minute_keys(first, end)) {
        let (key, minute) = read_demand(&found?)?;
        let hour = hours.entry(HourKey::of(key)).or_default();
        hour.add_minute(key.minute, &minute);
    }
    Ok(hours)
}

/// The keys of the minutes from one to another.
pub(super) fn minute_keys(from: u32, to: u32) -> Range<Vec<u8>> {
    DemandKey::first_of(from).encode()..DemandKey::first_of(to).encode()
}

/// The first minute of the first hour of which there is demand.
fn oldest(store: &Store) -> Result<Option<u32>, LedgerError> {
    let first = |keys| store.scan(In::Demand, keys).next().transpose();
    let hour = first(hour_keys(0, u32::MAX))?.and_then(|(key, _)| HourKey::decode(&key));
    let minute = first(minute_keys(0, u32::MAX))?.and_then(|(key, _)| DemandKey::decode(&key));
    let (hour, minute) = (hour.map(|HourKey(key)| key), minute.map(HourKey::of));
    let minute = minute.map(|HourKey(key)| key);
    Ok(hour.into_iter().chain(minute).map(|key| key.minute).min())
}

/// The last minute, or the first one of the last hour, of which there is demand.
fn newest(store: &Store) -> Result<Option<u32>, LedgerError> {
    let hour = store.last(In::Demand, hour_keys(0, u32::MAX))?;
    let hour = hour.and_then(|key| HourKey::decode(&key)).map(|it| it.0);
    let minute = store.last(In::Demand, minute_keys(0, u32::MAX))?;
    let minute = minute.and_then(|key| DemandKey::decode(&key));
    Ok(hour.into_iter().chain(minute).map(|key| key.minute).max())
}

/// The first minute of the hour of a minute, both since 1970.
pub(super) const fn first_of_hour(minute: u32) -> u32 {
    minute - minute % HOUR_MINUTES
}

fn damaged() -> LedgerError {
    LedgerError::damaged("an hour of demand cannot be read")
}

pub(super) fn encode(hour: &DemandHour) -> Vec<u8> {
    let DemandHour {
        sums,
        busiest,
        unpriced_calls,
        unpriced_tokens,
        unknown_calls,
        imported_calls,
    } = hour;
    let mut writer = Writer::new(VERSION);
    for count in [
        *unpriced_calls,
        *unpriced_tokens,
        *unknown_calls,
        *imported_calls,
    ] {
        writer.put(count);
    }
    put_sums(&mut writer, sums);
    if let Some(BusiestMinute {
        minute,
        sums,
        slot,
        slot_sums,
    }) = busiest
    {
        writer.put(*minute);
        put_sums(&mut writer, sums);
        writer.put(u64::try_from(*slot).unwrap_or(0));
        put_sums(&mut writer, slot_sums);
    }
    writer.finish()
}

/// The busiest minute stands last, if there is one.
fn decode(value: &[u8]) -> Option<DemandHour> {
    let mut reader = Reader::of(value, VERSION)?;
    let mut hour = DemandHour {
        unpriced_calls: reader.take_u64()?,
        unpriced_tokens: reader.take_u64()?,
        unknown_calls: reader.take_u64()?,
        imported_calls: reader.take_u64()?,
        sums: take_sums(&mut reader)?,
        busiest: None,
    };
    if !reader.rest().is_empty() {
        hour.busiest = Some(BusiestMinute {
            minute: u32::try_from(reader.take_u64()?).ok()?,
            sums: take_sums(&mut reader)?,
            slot: usize::try_from(reader.take_u64()?).ok()?,
            slot_sums: take_sums(&mut reader)?,
        });
    }
    reader.rest().is_empty().then_some(hour)
}
