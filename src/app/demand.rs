//! The demand that the ledger has kept, as the verdict takes it.

use jiff::{SignedDuration, Timestamp};

use crate::economics::{DemandMinute, Stream};
use crate::ledger::{Ledger, LedgerError};
use crate::usage::Capability;
use crate::verdict::UNNAMED_MODEL;

/// How far back the verdict looks: its longest window, the one before, and a bit.
pub(super) const DEMAND_KEPT: SignedDuration = SignedDuration::from_hours(35 * 24);
/// What the demand is kept by.
pub(super) const MINUTE: SignedDuration = SignedDuration::from_mins(1);
/// A stream's minute since 1970.
pub(super) type Kept = (Stream, i64, DemandMinute);

/// Gives `load` every minute with calls, and those in which tollgate was up. The running minute too:
/// its calls so far are counted already and do not come again.
///
/// One minute after the other: a month of them at once is hundreds of megabytes.
pub(super) fn kept(
    ledger: &Ledger,
    now: Timestamp,
    load: impl FnOnce(&mut dyn Iterator<Item = Kept>, &mut dyn Iterator<Item = i64>),
) -> Result<(), LedgerError> {
    let until = now.saturating_add(MINUTE).unwrap_or(Timestamp::MAX);
    let range = until.saturating_sub(DEMAND_KEPT).unwrap_or(Timestamp::MIN)..until;
    let mut up = ledger.minutes_up(range.clone())?.into_iter().map(i64::from);
    let mut failed: Option<LedgerError> = None;
    let read = ledger.demand(range)?;
    let read = read.map_while(|minute| minute.map_err(|error| failed = Some(error)).ok());
    // What own hosting served is no demand of the API.
    let mut kept = read.filter(|minute| !minute.own).map(|minute| {
        // As live: an unreadable class asks for everything.
        let capability = minute.capability.parse().unwrap_or(Capability::MOST);
        let stream = Stream {
            upstream: minute.upstream.to_string(),
            model: minute.model.as_deref().unwrap_or(UNNAMED_MODEL).to_owned(),
            capability,
        };
        (stream, i64::from(minute.minute), minute.demand)
    });
    load(&mut kept, &mut up);
    drop(kept);
    failed.map_or(Ok(()), Err)
}
