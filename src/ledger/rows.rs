//! The rows behind the totals: day files first, then the journal up to the watermark, each with the
//! bill that it has now.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use jiff::{SignedDuration, Timestamp};

use super::dayfile::FileRows;
use super::pass::Layers;
use super::shelf::{Shelf, Stretch};
use super::{Ledger, LedgerError};
use crate::call::CallRecord;
use crate::journal::{self, Frame, FrameKind, Frames};

/// How far a clock may have gone back between two frames.
const CLOCK_SLACK: SignedDuration = SignedDuration::from_mins(5);

/// Rows in sequence, each with the number of its frame; see [`Ledger::rows`].
#[derive(Debug)]
pub struct Rows {
    asked: Asked,
    shelf: Arc<RwLock<Shelf>>,
    /// The last number that is behind us.
    passed: u64,
    stretches: VecDeque<Stretch>,
    file: Option<FileRows>,
    /// The journal behind the files, up to this number, that were known when it was opened.
    frames: Option<Frames>,
    shelved: u64,
    /// What was priced again.
    layers: Layers,
    done: bool,
}

/// What is looked for, and where.
#[derive(Debug)]
struct Asked {
    journal_dir: PathBuf,
    since: Timestamp,
    until: Timestamp,
    watermark: u64,
}

impl Ledger {
    /// The calls that arrived in `since..until`, behind frame `after` (0 for all), as far as they
    /// are in the totals; at least all that any totals had which were read before. Take as many as a
    /// page holds; the last number is where the next begins.
    ///
    /// A day file that is missing or damaged is an error in its place, if it can hold such a call; so
    /// is a commit that hangs.
    pub fn rows(
        &self,
        since: Timestamp,
        until: Timestamp,
        after: u64,
    ) -> Result<Rows, LedgerError> {
        self.commits.settle()?;
        let rows_from = self.shelf().rows_from;
        let calls_dir = &self.settings.calls_dir;
        let passes = self.passes().shown(calls_dir)?;
        let mut rows = Rows {
            asked: Asked {
                journal_dir: self.settings.journal_dir.clone(),
                since,
                until,
                watermark: self.watermark(),
            },
            shelf: Arc::clone(&self.shelf),
            passed: after,
            stretches: VecDeque::new(),
            file: None,
            frames: None,
            shelved: 0,
            layers: Layers::of(&passes, calls_dir, after, rows_from),
            done: false,
        };
        rows.plan()?;
        Ok(rows)
    }
}

impl Asked {
    /// Whether a stretch can hold a call that is looked for.
    fn wants(&self, stretch: &Stretch, after: u64) -> bool {
        stretch.last_seq > after
            && stretch.arrived_last >= self.since
            && stretch.arrived_first < self.until
    }

    fn wants_call(&self, call: &CallRecord) -> bool {
        (self.since..self.until).contains(&call.started_at)
    }

    /// The frames behind a number that can be looked for.
    fn frames(&self, after: u64) -> Result<Frames, LedgerError> {
        // A call is written when it ends, which is after it arrived.
        let begins = self.since.saturating_sub(CLOCK_SLACK);
        let begins = begins.unwrap_or(Timestamp::MIN).as_millisecond();
        let begins = u64::try_from(begins).unwrap_or(0);
        let first = journal::first_seq_near(&self.journal_dir, begins)?;
        let first = first.max(after.saturating_add(1));
        Ok(journal::frames(&self.journal_dir, first)?)
    }
}

impl Rows {
    /// Finds out where the rows behind `passed` are.
    fn plan(&mut self) -> Result<(), LedgerError> {
        let all_files = Arc::clone(&self.shelf);
        loop {
            // In this order: what goes from the journal meanwhile is in a file before.
            let journal_first = journal::first_seq(&self.asked.journal_dir)?;
            let (stretches, shelved) = {
                let files = all_files.read().unwrap_or_else(PoisonError::into_inner);
                (files.stretches(journal_first), files.last_seq())
            };
            let asked = &self.asked;
            let wanted = stretches.into_iter();
            self.stretches = wanted
                .filter(|stretch| asked.wants(stretch, self.passed))
                .collect();
            self.shelved = shelved;
            let frames = asked.frames(shelved.max(self.passed));
            let cleared = journal::first_seq(&asked.journal_dir)? != journal_first;
            match frames {
                // A day that was closed since we looked took rows along that we have in no stretch.
                Ok(frames) if !self.shelf_grew() => {
                    self.frames = Some(frames);
                    return Ok(());
                }
                // Segments of a day closed before may go between our listing and our look.
                Err(error) if !self.shelf_grew() && !cleared => return Err(error),
                Ok(_) | Err(_) => {}
            }
        }
    }

    /// Whether a day was closed meanwhile: then its segments may be gone under our hands.
    fn shelf_grew(&self) -> bool {
        let files = self.shelf.read().unwrap_or_else(PoisonError::into_inner);
        files.last_seq() > self.shelved
    }

    fn advance(&mut self) -> Result<Option<(u64, CallRecord)>, LedgerError> {
        loop {
            let found = if let Some(file) = &mut self.file {
                let row = file.next().transpose()?;
                if row.is_none() {
                    self.file = None;
                }
                row
            } else if let Some(stretch) = self.stretches.pop_front() {
                let arrived = self.asked.since..self.asked.until;
                self.file = Some(stretch.rows.open()?.rows_near(self.passed, arrived));
                None
            } else {
                match self.next_frame() {
                    Ok(None) => return Ok(None),
                    Ok(Some(frame)) if frame.kind == FrameKind::End => {
                        Some((frame.seq, record(&frame)?))
                    }
                    Ok(Some(_)) => None,
                    Err(_) if self.shelf_grew() => {
                        self.plan()?;
                        None
                    }
                    Err(error) => return Err(error),
                }
            };
            if let Some((seq, mut call)) = found {
                self.passed = seq;
                if self.asked.wants_call(&call) {
                    self.layers.lay_over(seq, &mut call)?;
                    return Ok(Some((seq, call)));
                }
            }
        }
    }

    fn next_frame(&mut self) -> Result<Option<Frame>, LedgerError> {
        let frame = self.frames.as_mut().and_then(Iterator::next);
        let counted = |frame: &Frame| frame.seq <= self.asked.watermark;
        Ok(frame.transpose()?.filter(counted))
    }
}

impl Iterator for Rows {
    type Item = Result<(u64, CallRecord), LedgerError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let next = self.advance().transpose();
        self.done = !matches!(next, Some(Ok(_)));
        next
    }
}

/// The record that an `End` frame carries.
pub(super) fn record(frame: &Frame) -> Result<CallRecord, LedgerError> {
    let seq = frame.seq;
    serde_json::from_slice(&frame.body).map_err(|source| match unknown_word(&source) {
        Some(found) => LedgerError::Newer {
            place: format!("frame {seq} of the journal"),
            found,
        },
        None => LedgerError::Row { seq, source },
    })
}

/// A word that no list of ours has, such as a flag. The frame has the checksum with which it was
/// written, so another release wrote it.
fn unknown_word(error: &serde_json::Error) -> Option<String> {
    let said = error.to_string();
    let (found, _) = said.split_once(", expected")?;
    found
        .starts_with("unknown variant")
        .then(|| found.to_owned())
}
