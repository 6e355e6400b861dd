//! Where the hours and minutes begin that are kept: who asks for earlier ones is told so, and never
//! gets the sum of those that happen to be left.

use jiff::Timestamp;

use super::demand::DemandKey;
use super::key::{Grain, Key, Span};
use super::memory::read_totals;
use super::store::{In, Store};
use super::write::Writer;
use super::{Ledger, LedgerError, Totals, meta};

/// Minutes in an hour.
const HOUR_MINUTES: u32 = 60;

impl Ledger {
    /// The first moment of which a grain is kept whole; `None` while none of it was deleted. Days are
    /// kept for ever.
    pub fn begin_of(&self, grain: Grain) -> Result<Option<Timestamp>, LedgerError> {
        let store = self.status.store()?;
        match grain {
            Grain::Day => Ok(None),
            Grain::Hour => Ok(meta::hours_from(&store)?.map(|from| from.hour)),
            Grain::Minute => {
                let from = meta::minutes_from(&store)?.filter(|from| *from > Span::FIRST_MINUTE);
                Ok(from.and_then(Span::begin))
            }
        }
    }

    /// Refuses a stretch that begins before what is kept of its grain.
    pub(super) fn expect_kept(&self, grain: Grain, first: Span) -> Result<(), LedgerError> {
        match self.begin_of(grain)? {
            Some(from) if first < self.span(grain, from) => {
                Err(LedgerError::Forgotten { grain, from })
            }
            Some(_) | None => Ok(()),
        }
    }
}

/// Notes where the minutes begin in a database that does not say it: earlier releases deleted them
/// without a note.
pub(super) fn note_minutes(writer: &Writer, store: &Store) -> Result<(), LedgerError> {
    if meta::minutes_from(store)?.is_some() {
        return Ok(());
    }
    writer.commit(store, &[meta::put_minutes_from(first_minute(store)?)])
}

/// Notes where demand begins in a database that does not say it: earlier releases kept its minutes for
/// 40 days, and no hours.
pub(super) fn note_demand(writer: &Writer, store: &Store) -> Result<(), LedgerError> {
    if meta::demand_from(store)?.is_some() {
        return Ok(());
    }
    let minutes = DemandKey::first_of(0).encode()..DemandKey::first_of(u32::MAX).encode();
    let first = store.scan(In::Demand, minutes).next().transpose()?;
    let first = match first.and_then(|(key, _)| DemandKey::decode(&key)) {
        Some(key) => key.minute,
        // What was counted was forgotten, if there was something.
        None => last_hour(store)?.map_or(0, |last| minute_of(last.later()).number()),
    };
    writer.commit(store, &[meta::put_demand_from(first)])
}

/// Where the minutes begin, as hours show it: while none was deleted, those of the first hour have
/// all its calls.
fn first_minute(store: &Store) -> Result<Span, LedgerError> {
    let hours = || live(store, Span::FIRST_HOUR, Span::FIRST_MINUTE);
    let Some((first, _)) = hours().next().transpose()? else {
        return Ok(Span::FIRST_MINUTE);
    };
    let minutes = || live(store, Span::FIRST_MINUTE, Span::END);
    let Some((oldest, _)) = minutes().next().transpose()? else {
        return Ok(minute_of(last_hour(store)?.unwrap_or(first).later()));
    };
    let of_hour = calls_before(hours(), first.later())?;
    let of_minutes = calls_before(minutes(), minute_of(first.later()))?;
    let is_whole = meta::hours_from(store)?.is_none() && of_minutes == of_hour;
    Ok(if is_whole { Span::FIRST_MINUTE } else { oldest })
}

/// The last hour of which there are totals.
fn last_hour(store: &Store) -> Result<Option<Span>, LedgerError> {
    let keys = Span::FIRST_HOUR.bytes().to_vec()..Span::FIRST_MINUTE.bytes().to_vec();
    let last = store.last(In::Totals, keys)?;
    Ok(last.and_then(|key| Key::decode(&key)).map(|key| key.span))
}

/// The calls of the spans before one.
fn calls_before(
    spans: impl Iterator<Item = Result<(Span, u64), LedgerError>>,
    end: Span,
) -> Result<u64, LedgerError> {
    let mut calls = 0_u64;
    for found in spans {
        let (span, more) = found?;
        if span >= end {
            break;
        }
        calls = calls.saturating_add(more);
    }
    Ok(calls)
}

/// The spans of what was metered in a stretch, with their calls.
fn live(
    store: &Store,
    from: Span,
    to: Span,
) -> impl Iterator<Item = Result<(Span, u64), LedgerError>> {
    let found = store.scan(In::Totals, from.bytes().to_vec()..to.bytes().to_vec());
    found.filter_map(|found| {
        let read = found.and_then(|found| read_totals(&found));
        let metered = |(key, totals): (Key, Totals)| {
            (!key.ids.is_imported()).then_some((key.span, totals.calls))
        };
        read.map(metered).transpose()
    })
}

/// The first minute of an hour.
fn minute_of(hour: Span) -> Span {
    Span::FIRST_MINUTE.at(hour.number().saturating_mul(HOUR_MINUTES))
}
