//! What the next commit will change: absolute new values, computed from what is stored and the
//! calls, so that writing them twice is writing them once.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::demand::{self, DemandKey};
use super::key::{DIMENSIONS_MAX, Ids, Key, Origin, Span};
use super::memory::{Fresh, Memory};
use super::names::{ABSENT, NAME_BYTES_MAX, NameKind, Named, OTHER};
use super::store::{In, Store, Write};
use super::{ImportedHour, ImportedMinute, LedgerError, Totals};
use crate::call::{CallRecord, Flag, Role, Settled};
use crate::economics::{CallDemand, DemandMinute};

/// Keys that an hour of made history can add: three totals, and its names.
pub(super) const KEYS_PER_HOUR: usize = 3 + 3;
/// Keys that one call can add: four totals, one minute of demand, and its names.
pub(super) const KEYS_PER_CALL: usize = 4 + 1 + 4 + DIMENSIONS_MAX;

/// Changes on top of what is stored.
#[derive(Debug)]
pub(super) struct Draft<'a> {
    memory: &'a Memory,
    store: &'a Store,
    timezone: &'a TimeZone,
    names: Vec<Named>,
    /// What the calls add: most of a batch are a few groups in one hour, and only their sums go on.
    added: BTreeMap<Added, Totals>,
    /// The same by minute, which does not tell tenants apart.
    minutes: BTreeMap<Key, Totals>,
    totals: BTreeMap<Key, Totals>,
    demand: BTreeMap<DemandKey, DemandMinute>,
}

/// The calls of one group in one hour of one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Added {
    ids: Ids,
    hour: Span,
    day: Span,
}

impl Added {
    /// The keys under which these calls are summed.
    fn keys(self) -> [Key; 3] {
        let Self { ids, hour, day } = self;
        [Span::ALL_TIME, day, hour].map(|span| Key { span, ids })
    }
}

impl<'a> Draft<'a> {
    pub(super) const fn new(memory: &'a Memory, store: &'a Store, timezone: &'a TimeZone) -> Self {
        Self {
            memory,
            store,
            timezone,
            names: Vec::new(),
            added: BTreeMap::new(),
            minutes: BTreeMap::new(),
            totals: BTreeMap::new(),
            demand: BTreeMap::new(),
        }
    }

    /// Adds a call to its minute, its hour, its day, all time, and the demand of its minute.
    pub(super) fn add(&mut self, call: &CallRecord) -> Result<(), LedgerError> {
        let (ids, sums) = (self.ids(call), Totals::of(call));
        let minute = Key {
            span: Span::minute(call.started_at),
            ids: ids.of_any_tenant(),
        };
        self.minutes.entry(minute).or_default().merge(&sums);
        let added = Added {
            ids,
            hour: Span::hour(call.started_at),
            day: day_of(call.started_at, self.timezone),
        };
        self.added.entry(added).or_default().merge(&sums);
        self.add_demand(call, ids)
    }

    /// Keys this draft would write at most.
    pub(super) fn len(&self) -> usize {
        let sums = 3 * self.added.len() + self.minutes.len() + self.totals.len();
        self.names.len() + sums + self.demand.len()
    }

    /// The writes, and the same for memory.
    pub(super) fn finish(mut self, watermark: u64) -> Result<(Vec<Write>, Fresh), LedgerError> {
        for (added, sums) in std::mem::take(&mut self.added) {
            for key in added.keys() {
                self.totals(key)?.merge(&sums);
            }
        }
        for (key, sums) in std::mem::take(&mut self.minutes) {
            self.totals(key)?.merge(&sums);
        }
        let fresh = Fresh {
            names: self.names,
            totals: self.totals,
            demand: self.demand,
            watermark,
        };
        let names = fresh.names.iter().map(|named| {
            let (key, value) = named.encode();
            (In::Names, key, Some(value))
        });
        let totals = fresh.totals.iter();
        let totals = totals.map(|(key, totals)| (In::Totals, key.encode(), Some(totals.encode())));
        let demand = fresh.demand.iter();
        let demand =
            demand.map(|(key, sums)| (In::Demand, key.encode(), Some(demand::encode(sums))));
        let writes = names.chain(totals).chain(demand).collect();
        Ok((writes, fresh))
    }

    fn add_demand(&mut self, call: &CallRecord, ids: Ids) -> Result<(), LedgerError> {
        if !call.is_demand() {
            return Ok(());
        }
        let demand = CallDemand {
            started_ms: call.started_at.as_millisecond(),
            duration_ms: call.duration_ms,
            usage: &call.usage,
            side: &call.side,
            cost_usd: call.api_cost_usd(),
            imported: ids.is_imported(),
        };
        let key = DemandKey {
            minute: u32::try_from(demand.place().minute).unwrap_or(0),
            imported: ids.is_imported(),
            own: call.role == Role::Own,
            upstream: ids.upstream,
            model: ids.model,
            capability: self.name(NameKind::Capability, Some(&call.capability), true),
        };
        self.minute(key)?.add(&demand);
        Ok(())
    }

    /// The group of a call as numbers.
    pub(super) fn ids(&mut self, call: &CallRecord) -> Ids {
        // What a client can choose is a name only once an upstream has accepted it.
        let accepted = was_accepted(call);
        ids_by(call, |kind, name| {
            self.name(kind, name, accepted || kind == NameKind::Upstream)
        })
    }

    /// The group of made history.
    pub(super) fn imported_ids(&mut self, hour: &ImportedHour) -> Ids {
        let mut ids = Ids::new(Origin::Imported, Role::Provider, Some(hour.currency));
        ids.upstream = self.name(NameKind::Upstream, Some(&hour.upstream), true);
        ids.model = self.name(NameKind::Model, Some(&hour.model), true);
        ids.tenant = self.name(NameKind::Tenant, hour.tenant.as_deref(), true);
        ids
    }

    /// Makes an hour of made history what it is now, and its day and all time by as much.
    pub(super) fn import_hour(&mut self, hour: &ImportedHour) -> Result<(), LedgerError> {
        let ids = self.imported_ids(hour);
        let span = Span::hour(hour.start);
        // As it is when days are computed again: there only the begin of the hour is known.
        let begin = span.begin().unwrap_or(hour.start);
        let day = day_of(begin, self.timezone);
        let was = *self.totals(Key { span, ids })?;
        let of = Added {
            ids,
            hour: span,
            day,
        };
        for key in of.keys() {
            let totals = self.totals(key)?;
            *totals = totals.less(&was);
            totals.merge(&hour.totals);
        }
        Ok(())
    }

    /// The stream of made history in its minute.
    pub(super) fn imported_minute(&mut self, minute: &ImportedMinute) -> DemandKey {
        DemandKey {
            minute: demand::minute_of(minute.start),
            imported: true,
            own: false,
            upstream: self.name(NameKind::Upstream, Some(&minute.upstream), true),
            model: self.name(NameKind::Model, Some(&minute.model), true),
            capability: self.name(NameKind::Capability, Some(&minute.capability), true),
        }
    }

    /// Takes an absolute value as it is.
    pub(super) fn set(&mut self, demand: BTreeMap<DemandKey, DemandMinute>) {
        self.demand.extend(demand);
    }

    /// The number of a name; a new one is given only if it may be.
    fn name(&mut self, kind: NameKind, name: Option<&str>, may_be_new: bool) -> u16 {
        let Some(name) = name else { return ABSENT };
        if let Some(known) = self.memory.names.find(kind, name) {
            return known;
        }
        let mut own = self.names.iter().filter(|named| named.kind == kind);
        if let Some(named) = own.clone().find(|named| *named.name == *name) {
            return named.id;
        }
        if !may_be_new || name.len() > NAME_BYTES_MAX {
            return OTHER;
        }
        let ahead = own.by_ref().count();
        let id = self.memory.names.next_id(kind, ahead);
        if id != OTHER {
            let name = Arc::from(name);
            self.names.push(Named { kind, id, name });
        }
        id
    }

    /// The total under a key: of this draft, of memory, or of the disk.
    fn totals(&mut self, key: Key) -> Result<&mut Totals, LedgerError> {
        use std::collections::btree_map::Entry;
        match self.totals.entry(key) {
            Entry::Occupied(found) => Ok(found.into_mut()),
            Entry::Vacant(place) => Ok(place.insert(stored_totals(self.memory, self.store, key)?)),
        }
    }

    /// The demand under a key: of this draft, of memory, or of the disk.
    fn minute(&mut self, key: DemandKey) -> Result<&mut DemandMinute, LedgerError> {
        use std::collections::btree_map::Entry;
        match self.demand.entry(key) {
            Entry::Occupied(found) => Ok(found.into_mut()),
            Entry::Vacant(place) => Ok(place.insert(stored_minute(self.memory, self.store, key)?)),
        }
    }
}

/// Whether an upstream took the call with all its names.
pub(super) fn was_accepted(call: &CallRecord) -> bool {
    call.status
        .is_some_and(|status| (200..300).contains(&status))
}

/// The group of a call, with the numbers that its names are given.
pub(super) fn ids_by(
    call: &CallRecord,
    mut number: impl FnMut(NameKind, Option<&str>) -> u16,
) -> Ids {
    let origin = if call.flags.contains(&Flag::Imported) {
        Origin::Imported
    } else {
        Origin::Live
    };
    let settled = Settled::of(&call.flags);
    let mut ids = Ids::new(origin, call.role, call.currency).settled(settled);
    ids.upstream = number(NameKind::Upstream, Some(&call.upstream));
    ids.model = number(NameKind::Model, call.model_name());
    ids.tenant = number(NameKind::Tenant, call.tenant.as_deref());
    for (id, (name, value)) in ids.dimensions.iter_mut().zip(&call.dimensions) {
        let pair = format!("{name}={value}");
        *id = number(NameKind::Dimension, Some(&pair));
    }
    ids
}

/// The total that is under a key: in memory, or on the disk.
pub(super) fn stored_totals(
    memory: &Memory,
    store: &Store,
    key: Key,
) -> Result<Totals, LedgerError> {
    if let Some(totals) = memory.totals.get(&key) {
        return Ok(*totals);
    }
    match store.get(In::Totals, &key.encode())? {
        Some(value) => {
            Totals::decode(&value).ok_or_else(|| LedgerError::damaged("a total cannot be read"))
        }
        None => Ok(Totals::default()),
    }
}

/// The demand that is under a key: in memory, or on the disk.
pub(super) fn stored_minute(
    memory: &Memory,
    store: &Store,
    key: DemandKey,
) -> Result<DemandMinute, LedgerError> {
    if let Some(minute) = memory.demand.get(&key) {
        return Ok(*minute);
    }
    match store.get(In::Demand, &key.encode())? {
        Some(value) => demand::decode(&value)
            .ok_or_else(|| LedgerError::damaged("a minute of demand cannot be read")),
        None => Ok(DemandMinute::default()),
    }
}

/// The day of the reporting time zone in which a moment lies.
pub(super) fn day_of(at: Timestamp, timezone: &TimeZone) -> Span {
    Span::day(timezone.to_datetime(at).date())
}
