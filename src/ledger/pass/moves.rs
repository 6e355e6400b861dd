//! What the rows of a pass move: from under the key where a call was summed to the one where it is
//! now, all of its sums, since its currency may be another one.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::tz::TimeZone;

use crate::call::{CallRecord, Flag, Role, Settled};
use crate::economics::{CallDemand, DemandMinute};
use crate::ledger::dayfile::{FileRows, Numbered, Reader, Was};
use crate::ledger::demand::DemandKey;
use crate::ledger::draft::{day_of, ids_by};
use crate::ledger::key::{Ids, Key, Span};
use crate::ledger::memory::Memory;
use crate::ledger::names::{ABSENT, NameKind, OTHER};
use crate::ledger::{Ledger, LedgerError, Totals};

/// Rows whose names are looked up at once: whoever counts calls waits as long.
const ROWS_AT_ONCE: usize = 1_024;

/// What goes from under a key, and what comes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Moved<T> {
    pub(super) less: T,
    pub(super) more: T,
}

/// Everything that a file of a pass moves.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Moves {
    pub(super) totals: BTreeMap<Key, Moved<Totals>>,
    pub(super) demand: BTreeMap<DemandKey, Moved<DemandMinute>>,
}

/// One call as it is summed.
struct Summed {
    ids: Ids,
    totals: Totals,
    demand: Option<(DemandKey, DemandMinute)>,
}

impl Ledger {
    /// Sums the rows of a file. Names are those of now: each was given one when it was counted.
    pub(super) fn moves_of(&self, path: &Path) -> Result<Moves, LedgerError> {
        let (mut rows, mut moves) = (Reader::open(path)?.rows_after(0), Moves::default());
        loop {
            let some = some_of(&mut rows)?;
            if some.is_empty() {
                return Ok(moves);
            }
            let memory = self.memory();
            for row in some {
                moves.add(row, &memory, &self.settings.timezone);
            }
        }
    }
}

fn some_of(rows: &mut FileRows) -> Result<Vec<Numbered>, LedgerError> {
    let mut some = Vec::with_capacity(ROWS_AT_ONCE);
    while some.len() < ROWS_AT_ONCE
        && let Some(row) = rows.next_row()?
    {
        some.push(row);
    }
    Ok(some)
}

impl Moves {
    fn add(&mut self, row: Numbered, memory: &Memory, zone: &TimeZone) {
        let Numbered { mut call, was, .. } = row;
        let unnamed = was.unnamed == Some(true);
        let is = Summed::of(&call, memory, unnamed);
        put_back(&mut call, was);
        let was = Summed::of(&call, memory, unnamed);
        for key in keys(&call, was.ids, zone) {
            self.totals.entry(key).or_default().less.merge(&was.totals);
        }
        for key in keys(&call, is.ids, zone) {
            self.totals.entry(key).or_default().more.merge(&is.totals);
        }
        if let Some((key, sums)) = &was.demand {
            self.demand.entry(*key).or_default().less.merge(sums);
        }
        if let Some((key, sums)) = &is.demand {
            self.demand.entry(*key).or_default().more.merge(sums);
        }
    }
}

impl Summed {
    fn of(call: &CallRecord, memory: &Memory, unnamed: bool) -> Self {
        let ids = known_ids(call, memory);
        Self {
            ids: if unnamed { ids.of_no_names() } else { ids },
            totals: Totals::of(call),
            demand: call.is_demand().then(|| demand_of(call, ids, memory)),
        }
    }
}

/// The group of a call by the numbers that its names have; a name that nobody knows is `other`.
pub(super) fn known_ids(call: &CallRecord, memory: &Memory) -> Ids {
    ids_by(call, |kind, name| number(memory, kind, name))
}

fn number(memory: &Memory, kind: NameKind, name: Option<&str>) -> u16 {
    name.map_or(ABSENT, |name| {
        memory.names.find(kind, name).unwrap_or(OTHER)
    })
}

fn demand_of(call: &CallRecord, ids: Ids, memory: &Memory) -> (DemandKey, DemandMinute) {
    let demand = CallDemand {
        started_ms: call.started_at.as_millisecond(),
        duration_ms: call.duration_ms,
        usage: &call.usage,
        side: &call.side,
        cost_usd: call.api_cost_usd(),
        imported: call.flags.contains(&Flag::Imported),
    };
    let key = DemandKey {
        minute: u32::try_from(demand.place().minute).unwrap_or(0),
        imported: ids.is_imported(),
        own: call.role == Role::Own,
        upstream: ids.upstream,
        model: ids.model,
        capability: number(memory, NameKind::Capability, Some(&call.capability)),
    };
    let mut minute = DemandMinute::default();
    minute.add(&demand);
    (key, minute)
}

/// The keys under which a call of a group is summed.
fn keys(call: &CallRecord, ids: Ids, zone: &TimeZone) -> [Key; 4] {
    let at = call.started_at;
    let whole = [Span::ALL_TIME, day_of(at, zone), Span::hour(at)].map(|span| Key { span, ids });
    let [all_time, day, hour] = whole;
    let minute = Key {
        span: Span::minute(at),
        ids: ids.of_any_tenant(),
    };
    [all_time, day, hour, minute]
}

/// Makes the call what it was.
fn put_back(call: &mut CallRecord, was: Was) {
    let Was {
        pricing,
        cost_native,
        currency,
        cost_usd,
        price_id,
        would_cost_usd,
        settled,
        unnamed: _,
    } = was;
    call.pricing = pricing.unwrap_or(call.pricing);
    call.cost_native = cost_native;
    call.currency = currency;
    call.cost_usd = cost_usd;
    call.price_id = price_id;
    call.would_cost_usd = would_cost_usd;
    Settled::put_into(&mut call.flags, settled);
}
