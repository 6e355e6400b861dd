//! Counting from the journal: what came after the watermark, and everything when the whole database
//! must be computed again.

use std::collections::{BTreeSet, HashMap};

use serde::Deserialize;
use tracing::error;

use super::damage::Part;
use super::recover::{LostRows, Recovery};
use super::store::Store;
use super::write::{Writer, beats};
use super::{Entry, Ledger, LedgerError, meta, rows};
use crate::call::{CallId, CallRecord};
use crate::journal::{self, Frame, FrameKind, JournalError};

/// Entries counted at once; each commit takes as many of them as its keys allow.
const REPLAY_ENTRIES: usize = 4_096;
/// Problems named one by one; what comes on top is the same again.
const PROBLEMS_MAX: usize = 20;

/// A call that began and did not end before the process died.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Orphan {
    /// Its `Begin` frame.
    pub seq: u64,
    /// When that was queued, milliseconds since 1970.
    pub ts_ms: u64,
    /// The record it leaves: what its last frame carried.
    pub body: Vec<u8>,
}

/// What names a call in the body of its frames.
#[derive(Deserialize)]
struct Named {
    call_id: CallId,
}

fn call_id(frame: &Frame) -> Option<CallId> {
    serde_json::from_slice(&frame.body)
        .ok()
        .map(|Named { call_id }| call_id)
}

/// An entry that owns its record.
enum Read {
    Begun(CallId),
    Ended(Box<CallRecord>),
}

impl Read {
    fn entry(&self) -> Entry<'_> {
        match self {
            Self::Begun(id) => Entry::Begun(*id),
            Self::Ended(call) => Entry::Ended(call),
        }
    }
}

/// What a replay holds on its way through the journal.
#[derive(Default)]
struct Replay {
    watermark: u64,
    waiting: Vec<(u64, Read)>,
    /// The bodies of the calls that are open at this point.
    begun: HashMap<CallId, Orphan>,
    /// The minutes in which something was written; asked for only in a rebuild.
    minutes: Option<BTreeSet<u32>>,
    last_seq: u64,
    replayed: u64,
}

impl Ledger {
    /// Counts every row behind the watermark and finds the calls that did not end.
    ///
    /// Starts at the oldest call that was open at the watermark: rows in front of it are not read,
    /// rows between the two are only asked for their name.
    pub(super) fn replay(
        &self,
        writer: &mut Writer,
        recovery: &mut Recovery,
    ) -> Result<(), LedgerError> {
        let store = writer.store()?;
        let watermark = self.watermark();
        let open_from = meta::number(&store, meta::OPEN_FROM)?.unwrap_or(watermark);
        let mut replay = Replay {
            watermark,
            minutes: recovery.rebuilt.as_ref().map(|_| BTreeSet::new()),
            ..Replay::default()
        };
        self.each_frame(
            open_from.min(watermark).max(1),
            recovery,
            |frame, recovery| {
                replay.take(frame, writer, recovery)?;
                if replay.waiting.len() >= REPLAY_ENTRIES {
                    self.count_waiting(writer, &mut replay)?;
                }
                Ok(())
            },
        )?;
        self.count_waiting(writer, &mut replay)?;
        beats(writer, &store, replay.minutes.take().unwrap_or_default())?;
        self.look_for_lost_end(&replay, recovery)?;
        recovery.replayed = replay.replayed;
        recovery.orphans = self.orphans(writer, &store, replay)?;
        Ok(())
    }

    /// The calls to be booked. One that may have ended in a part of the journal that was counted and is
    /// gone is none of them: it would be in the totals twice.
    fn orphans(
        &self,
        writer: &mut Writer,
        store: &Store,
        replay: Replay,
    ) -> Result<Vec<Orphan>, LedgerError> {
        let holes = journal::holes(&self.settings.journal_dir)?;
        let counted = holes.iter().map(|hole| *hole.start());
        let counted: Vec<u64> = counted.filter(|it| *it <= replay.watermark).collect();
        let (unsure, mut orphans): (Vec<_>, Vec<_>) = replay
            .begun
            .into_iter()
            .partition(|(_, orphan)| counted.iter().any(|hole| *hole > orphan.seq));
        if !unsure.is_empty() {
            error!(
                calls = unsure.len(),
                "calls that began may have ended where the journal is gone; they are not booked again"
            );
            for (id, _) in &unsure {
                writer.open.end(*id);
            }
            let behind = self.watermark().saturating_add(1);
            let open_from = writer.open.oldest().unwrap_or(behind);
            writer.commit(store, &[meta::put_number(meta::OPEN_FROM, open_from)])?;
        }
        orphans.sort_unstable_by_key(|(_, orphan)| orphan.seq);
        Ok(orphans.into_iter().map(|(_, orphan)| orphan).collect())
    }

    fn count_waiting(&self, writer: &mut Writer, replay: &mut Replay) -> Result<(), LedgerError> {
        let batch: Vec<(u64, Entry<'_>)> = replay
            .waiting
            .iter()
            .map(|(seq, read)| (*seq, read.entry()))
            .collect();
        self.count(writer, &batch)?;
        replay.waiting.clear();
        Ok(())
    }

    /// If the journal ends before what was counted, its end is gone. That is noted, so that numbers go
    /// on behind it: no row is counted again, and no new one hides below the watermark.
    fn look_for_lost_end(
        &self,
        replay: &Replay,
        recovery: &mut Recovery,
    ) -> Result<(), LedgerError> {
        let dir = &self.settings.journal_dir;
        let watermark = replay.watermark.max(recovery.noted);
        // What day files hold is not gone with the journal.
        let mut last_seq = replay.last_seq.max(self.shelf().last_seq());
        if last_seq < watermark {
            last_seq = last_seq.max(journal::last_seq(dir)?);
        }
        let behind = journal::behind_holes(dir, last_seq.saturating_add(1))?;
        if behind > watermark {
            return Ok(());
        }
        let journal_end = behind.saturating_sub(1);
        error!(
            watermark,
            journal_end, "rows that were counted are gone; their totals are kept"
        );
        journal::lose_end(dir, &(behind..=watermark))?;
        self.found_damage(Part::Journal, 1);
        recovery.lost_rows = Some(LostRows {
            watermark,
            journal_end,
        });
        Ok(())
    }

    /// Every frame from a number on, from day files where the journal no longer has it. A damaged
    /// segment or file is named and the next one is read.
    pub(super) fn each_frame(
        &self,
        from_seq: u64,
        recovery: &mut Recovery,
        mut visit: impl FnMut(Frame, &mut Recovery) -> Result<(), LedgerError>,
    ) -> Result<(), LedgerError> {
        let dir = &self.settings.journal_dir;
        self.each_filed(from_seq, recovery, &mut visit)?;
        let mut from = Some(from_seq);
        while let Some(from_seq) = from.take() {
            for frame in journal::frames(dir, from_seq)? {
                match frame {
                    Ok(frame) => visit(frame, recovery)?,
                    Err(damaged @ JournalError::Damaged { seq, .. }) => {
                        from = if let Some(mended) = self.mend_journal(seq)? {
                            recovery.problem(&mended);
                            Some(seq)
                        } else {
                            self.found_damage(Part::Journal, 1);
                            recovery.problem(&damaged.to_string());
                            journal::segment_behind(dir, seq)?
                        };
                    }
                    Err(other) => return Err(other.into()),
                }
            }
        }
        Ok(())
    }
}

impl Replay {
    /// Takes one frame: counted ones only for the calls they open and close.
    fn take(
        &mut self,
        frame: Frame,
        writer: &mut Writer,
        recovery: &mut Recovery,
    ) -> Result<(), LedgerError> {
        self.last_seq = frame.seq;
        if let Some(minutes) = &mut self.minutes {
            minutes.insert(u32::try_from(frame.ts_ms / 60_000).unwrap_or(0));
        }
        let counted = frame.seq <= self.watermark;
        match frame.kind {
            FrameKind::Begin => {
                let Some(id) = call_id(&frame) else {
                    recovery.problem(&format!("frame {} names no call", frame.seq));
                    return Ok(());
                };
                if counted {
                    writer.open.begin(frame.seq, id);
                } else {
                    self.waiting.push((frame.seq, Read::Begun(id)));
                }
                self.begin(id, frame);
            }
            FrameKind::End if counted => {
                if let Some(id) = call_id(&frame) {
                    writer.open.end(id);
                    self.begun.remove(&id);
                }
            }
            FrameKind::End => {
                if let Some(call) = recovery.row(&frame)? {
                    self.begun.remove(&call.call_id);
                    self.replayed = self.replayed.saturating_add(1);
                    self.waiting.push((frame.seq, Read::Ended(Box::new(call))));
                }
            }
            FrameKind::Facts | FrameKind::Progress => self.mark(frame),
        }
        Ok(())
    }

    /// More was known of an open call: that is what it leaves now.
    fn mark(&mut self, frame: Frame) {
        let open = call_id(&frame).and_then(|id| self.begun.get_mut(&id));
        if let Some(orphan) = open {
            orphan.body = frame.body;
        }
    }

    fn begin(&mut self, id: CallId, frame: Frame) {
        let Frame {
            seq, ts_ms, body, ..
        } = frame;
        self.begun.insert(id, Orphan { seq, ts_ms, body });
    }
}

impl Recovery {
    /// The record of a frame, or a problem. What a newer release wrote is passed over by nobody.
    pub(super) fn row(&mut self, frame: &Frame) -> Result<Option<CallRecord>, LedgerError> {
        match rows::record(frame) {
            Ok(call) => Ok(Some(call)),
            Err(newer @ LedgerError::Newer { .. }) => Err(newer),
            Err(error) => {
                self.problem(&error.to_string());
                Ok(None)
            }
        }
    }

    fn problem(&mut self, problem: &str) {
        error!(
            problem,
            "the journal holds something that cannot be counted"
        );
        if self.problems.len() < PROBLEMS_MAX {
            self.problems.push(problem.to_owned());
        }
    }
}
