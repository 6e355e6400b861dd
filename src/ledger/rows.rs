//! The rows behind the totals: the records of the journal, up to the watermark.

use jiff::{SignedDuration, Timestamp};

use super::{Ledger, LedgerError};
use crate::call::CallRecord;
use crate::journal::{self, Frame, FrameKind, Frames};

/// How far a clock may have gone back between two frames.
const CLOCK_SLACK: SignedDuration = SignedDuration::from_mins(5);

/// Rows in sequence, each with the number of its frame; see [`Ledger::rows`].
#[derive(Debug)]
pub struct Rows {
    frames: Frames,
    since: Timestamp,
    until: Timestamp,
    watermark: u64,
}

impl Ledger {
    /// The calls that arrived in `since..until`, behind frame `after` (0 for all), as far as they
    /// are in the totals. Take as many as a page holds; the last number is where the next begins.
    pub fn rows(
        &self,
        since: Timestamp,
        until: Timestamp,
        after: u64,
    ) -> Result<Rows, LedgerError> {
        let dir = &self.settings.journal_dir;
        // A call is written when it ends, which is after it arrived.
        let begins = since.saturating_sub(CLOCK_SLACK).unwrap_or(Timestamp::MIN);
        let begins = u64::try_from(begins.as_millisecond()).unwrap_or(0);
        let first = journal::first_seq_near(dir, begins)?;
        Ok(Rows {
            frames: journal::frames(dir, first.max(after.saturating_add(1)))?,
            since,
            until,
            watermark: self.watermark(),
        })
    }
}

impl Iterator for Rows {
    type Item = Result<(u64, CallRecord), LedgerError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let frame = match self.frames.next()? {
                Ok(frame) => frame,
                Err(error) => return Some(Err(error.into())),
            };
            if frame.seq > self.watermark {
                return None;
            }
            if frame.kind != FrameKind::End {
                continue;
            }
            match record(&frame) {
                Ok(call) if call.started_at < self.since || call.started_at >= self.until => {}
                Ok(call) => return Some(Ok((frame.seq, call))),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

/// The record that an `End` frame carries.
pub(super) fn record(frame: &Frame) -> Result<CallRecord, LedgerError> {
    serde_json::from_slice(&frame.body).map_err(|source| LedgerError::Row {
        seq: frame.seq,
        source,
    })
}
