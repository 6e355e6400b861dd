//! A call that is tried once more: an attempt of its own, with a record of its own.

use std::sync::Arc;

use jiff::Timestamp;

use super::open::Open;
use super::{CallMeter, OpenCall, QueueFull, Shared};
use crate::call::{CallId, CallRecord};

/// What another attempt begins from: where the first one came from and went to.
pub struct Again {
    meter: Arc<Shared>,
    first: Arc<Open>,
    record: Box<CallRecord>,
}

impl Again {
    pub(super) fn of(call: &OpenCall) -> Option<Self> {
        Some(Self {
            meter: Arc::clone(&call.meter),
            first: Arc::clone(&call.open),
            record: Box::new(call.open.leaves(CallRecord::clone)?),
        })
    }

    /// Whether the client of the first attempt has left.
    #[must_use]
    pub fn is_for_nobody(&self) -> bool {
        self.first.is_abandoned()
    }

    /// Takes a place for the attempt's record, which names the first one as the call it belongs to.
    ///
    /// # Errors
    /// [`QueueFull`] as for a call of its own.
    pub fn begin(self, call_id: CallId, started_at: Timestamp) -> Result<CallMeter, QueueFull> {
        let Self {
            meter,
            first,
            mut record,
        } = self;
        let place = meter.place()?;
        record.attempt_of = Some(record.attempt_of.unwrap_or(record.call_id));
        record.call_id = call_id;
        record.started_at = started_at;
        meter.admit(place, call_id, first.again(record))
    }
}
