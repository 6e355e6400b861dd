//! Writes a call's record down, and says what its answer's last frame has to wait for.

use std::cell::Cell;
use std::fmt::Display;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::OwnedSemaphorePermit;
use tracing::error;

use super::{Confirmed, Entry, FinishedCall, MARKS_QUEUED_MAX, Shared, UpstreamFacts};
use crate::call::{CallId, CallRecord};
use crate::journal::{Ack, FrameKind};
use crate::tee::Hold;

/// Room for a record as it is usually written; a longer one makes its own.
const RECORD_BYTES_USUAL: usize = 1_024;
/// A thread does not keep the room that a giant needed.
const SCRATCH_BYTES_MAX: usize = 64 * 1_024;

thread_local! {
    /// Where records become bytes; empty while one does.
    static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

impl Shared {
    /// Leaves a call's `Begin` to the journal's next write; none where it was not taken.
    pub(super) fn begun(&self, left: &CallRecord) -> Option<()> {
        let text = Text::of(left);
        let begun = Some(Entry::Begun(left.call_id));
        let taken = self
            .journal
            .leave(FrameKind::Begin, text.ts_ms, &text.body, begun);
        text.logged(taken)
    }

    /// Leaves a mark to the journal's next write; none where it was not taken.
    pub(super) fn marked(&self, kind: FrameKind, left: &CallRecord) -> Option<()> {
        let text = Text::of(left);
        let taken = self.journal.leave(kind, text.ts_ms, &text.body, None);
        text.logged(taken)
    }

    pub(super) fn tell(&self, upstream: &UpstreamFacts, confirmed: Confirmed, after: Duration) {
        (self.confirm)(&upstream.name, confirmed, after);
    }

    /// Whether so little waits for the disk that a mark takes no other frame's room.
    pub(super) fn has_room_for_marks(&self) -> bool {
        let queued = usize::try_from(self.journal.stats().queued).unwrap_or(usize::MAX);
        queued < MARKS_QUEUED_MAX && self.journal.healthy()
    }

    /// Writes a call's one record; none where it was not taken.
    pub(super) fn ended(
        &self,
        record: Box<CallRecord>,
        place: OwnedSemaphorePermit,
    ) -> Option<Ack> {
        let text = Text::of(&record);
        let place = Some(place);
        let ended = Entry::Ended(FinishedCall { record, place });
        let taken = self
            .journal
            .append(FrameKind::End, text.ts_ms, &text.body, Some(ended));
        text.logged(taken)
    }
}

/// A record as it stands in the journal.
struct Text {
    call_id: CallId,
    ts_ms: u64,
    body: Vec<u8>,
}

impl Text {
    fn of(record: &CallRecord) -> Self {
        let started = u64::try_from(record.started_at.as_millisecond()).unwrap_or(0);
        let mut text = Self {
            call_id: record.call_id,
            ts_ms: started.saturating_add(record.duration_ms),
            body: SCRATCH.take(),
        };
        text.body.reserve(RECORD_BYTES_USUAL);
        record.write_json(&mut text.body);
        text
    }

    /// A failure is logged, because nobody on the path could do more.
    fn logged<R>(&self, result: Result<R, impl Display>) -> Option<R> {
        result
            .inspect_err(|error| error!(call_id = %self.call_id, %error, "call not recorded"))
            .ok()
    }
}

/// The room is for the thread's next record.
impl Drop for Text {
    fn drop(&mut self) {
        if self.body.capacity() <= SCRATCH_BYTES_MAX {
            self.body.clear();
            SCRATCH.set(std::mem::take(&mut self.body));
        }
    }
}

/// A call whose record is written or being written.
pub(super) struct Ended {
    pub(super) meter: Arc<Shared>,
    pub(super) upstream: Arc<UpstreamFacts>,
    pub(super) ack: Ack,
    pub(super) asked: Instant,
}

impl Ended {
    /// What the last frame waits for; nothing where the record's write has been tried already.
    pub(super) fn hold(self) -> Option<Hold> {
        let confirmed = match &self.ack {
            Ack::Settled(Err(_)) => Confirmed::Refused,
            Ack::Settled(Ok(())) if !self.meter.strict_ack => Confirmed::Written,
            Ack::Settled(Ok(())) | Ack::Pending(_) => return Some(Box::pin(self.wait())),
        };
        self.meter
            .tell(&self.upstream, confirmed, self.asked.elapsed());
        None
    }

    async fn wait(self) {
        let Self {
            meter,
            upstream,
            ack,
            asked,
        } = self;
        let written = async {
            match ack {
                Ack::Settled(written) => written,
                Ack::Pending(pending) => pending.await,
            }
        };
        let confirmed = if meter.strict_ack {
            // Where the disk refuses, waiting longer helps nobody.
            let durable = meter.journal.durable();
            let is_safe = written.await.is_ok() && durable.synced().await;
            if is_safe {
                Confirmed::Written
            } else {
                Confirmed::Refused
            }
        } else {
            match tokio::time::timeout(meter.ack_wait, written).await {
                Ok(Ok(())) => Confirmed::Written,
                Ok(Err(_)) => Confirmed::Refused,
                Err(_) => Confirmed::Late,
            }
        };
        meter.tell(&upstream, confirmed, asked.elapsed());
    }
}
