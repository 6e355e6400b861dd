//! Closing a day: its calls go from the journal into a file, and what is kept twice is deleted.
//!
//! Each step leaves a state that a start understands: until the file has its name the journal has the
//! rows; from then on the file has them, and what the journal still holds of them is passed over.

use std::fs::File;
use std::path::Path;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use tracing::{info, warn};

use super::believe::Believed;
use super::dayfile::{self, Facts, Reader, Writer};
use super::shelf::{Shelf, start_of};
use super::{Ledger, LedgerError, checkpoint, expired, meta, rows};
use crate::journal::{self, Frame, FrameKind, JournalError};

/// How long after midnight a day is closed: the totals have its last calls by then.
const GRACE: SignedDuration = SignedDuration::from_mins(1);
/// How much later than now a call may have ended: what writing a day may take. Behind that its clock was
/// ahead, and it would stand in front of all later days until its own has come.
const AHEAD: SignedDuration = SignedDuration::from_hours(1);
/// When to look again for what is not ready.
const SOON: SignedDuration = SignedDuration::from_mins(1);
/// Frames between two looks at whether to go on.
const LOOK_EVERY: u64 = 1_024;

/// What a closing did.
#[derive(Debug)]
pub struct Closed {
    /// The files that were written.
    pub files: Vec<Facts>,
    /// When there can be something to do again.
    pub look_again: Timestamp,
}

/// What became of the next day.
pub(super) enum Written {
    /// Its file is whole, under its unfinished name.
    Day(Facts),
    /// It is not over, or not counted, before this moment.
    Open(Timestamp),
}

impl Ledger {
    /// Writes the file of every UTC day that is over, deletes hours and minutes past their
    /// retention, writes a checkpoint of the totals, then deletes files past their retention and the
    /// segments that the files made needless. What is too old is so by as much of `now` as is
    /// believed: a clock that is wrong for less than six hours deletes nothing. It goes also where no
    /// day can be closed: a full disk gets room by it. Takes as long as it takes: for a thread of its
    /// own. `go_on` false ends it early, with nothing half done.
    pub fn close_days(
        &self,
        now: Timestamp,
        go_on: &dyn Fn() -> bool,
    ) -> Result<Closed, LedgerError> {
        let closed = self.close_each(now, go_on);
        let believed = if go_on() { self.believe(now) } else { None };
        let tidied = believed.map_or(Ok(()), |Believed { now, .. }| {
            let forgot = self.forget_old(now, go_on);
            self.settle(now).and(forgot)
        });
        if let (Err(_), Err(error)) = (&closed, &tidied) {
            let error: &dyn std::error::Error = error;
            warn!(error, "what is too old could not all be deleted");
        }
        let mut closed = closed.and_then(|closed| tidied.map(|()| closed));
        let sooner = believed.and_then(|believed| believed.look_again);
        if let (Ok(closed), Some(sooner)) = (&mut closed, sooner) {
            closed.look_again = closed.look_again.min(sooner);
        }
        self.status
            .count(|stats| stats.close_failed = closed.is_err());
        closed
    }

    fn close_each(&self, now: Timestamp, go_on: &dyn Fn() -> bool) -> Result<Closed, LedgerError> {
        let mut files = Vec::new();
        loop {
            match self.close_next(now, go_on) {
                Ok(Written::Day(facts)) => {
                    info!(day = %facts.day, calls = facts.calls(), "the day has its file");
                    files.push(facts);
                }
                Ok(Written::Open(look_again)) => return Ok(Closed { files, look_again }),
                // What cannot be read now never can; the days behind it must not wait for it.
                Err(LedgerError::Journal(JournalError::Damaged { seq, .. }))
                    if self.mend_journal(seq)?.is_some() => {}
                Err(error) => {
                    // Where the disk is full, half a file takes what the journal needs. The next try
                    // writes over what stays.
                    let _ = Shelf::remove_unfinished(&self.settings.calls_dir);
                    return Err(error);
                }
            }
        }
    }

    /// Gives the next day that is over its file.
    fn close_next(&self, now: Timestamp, go_on: &dyn Fn() -> bool) -> Result<Written, LedgerError> {
        let written = self.write_day(now, go_on)?;
        if let Written::Day(facts) = &written {
            self.shelve(facts)?;
        }
        Ok(written)
    }

    /// Writes the calls of the next day that is over beside its place.
    pub(super) fn write_day(
        &self,
        now: Timestamp,
        go_on: &dyn Fn() -> bool,
    ) -> Result<Written, LedgerError> {
        let (first, last_day) = {
            let kept = self.shelf();
            if let Some(problem) = kept.closed_by() {
                return Err(problem);
            }
            (kept.last_seq().saturating_add(1), kept.last_day())
        };
        let (dir, watermark) = (&self.settings.journal_dir, self.watermark());
        let first = first.max(journal::first_seq(dir)?.unwrap_or(1));
        let mut file: Option<(Date, Writer)> = None;
        for frame in journal::frames(dir, first)? {
            let frame = frame?;
            if frame.kind != FrameKind::End {
                continue;
            }
            let ended = match (ended_on(&frame, now), &file) {
                (Some(ended), _) => ended,
                // The clock was ahead: it ended between its neighbours.
                (None, Some((day, _))) => *day,
                (None, None) => self.next_day(frame.seq, now)?,
            };
            let (day, writer) = match &mut file {
                Some((day, _)) if ended > *day => break,
                Some(open) => open,
                None => {
                    let day =
                        last_day.map_or(ended, |last| ended.max(last.saturating_add(1.day())));
                    let over = end_of(day);
                    if now < over {
                        return Ok(Written::Open(over));
                    }
                    if let Some(later) = self.may_close(day, last_day, now) {
                        return Ok(Written::Open(later));
                    }
                    make_folder(&self.settings.calls_dir)?;
                    let writer = Writer::of_day(&self.settings.calls_dir, day, first)?;
                    file.insert((day, writer))
                }
            };
            let stopped = writer.calls().is_multiple_of(LOOK_EVERY) && !go_on();
            if stopped || frame.seq > watermark {
                let path = dayfile::unfinished_path(&self.settings.calls_dir, *day);
                std::fs::remove_file(&path).map_err(LedgerError::io("delete", &path))?;
                return Ok(Written::Open(soon(now)));
            }
            match rows::record(&frame) {
                Ok(call) => writer.add(frame.seq, call)?,
                Err(newer @ LedgerError::Newer { .. }) => return Err(newer),
                Err(why) => self.set_row_aside(&frame, &why)?,
            }
        }
        match file {
            Some((_, writer)) => writer.finish().map(Written::Day),
            None => Ok(Written::Open(end_of(day_of(now)))),
        }
    }

    /// The day of the next call that ended by this clock; today, if there is none yet.
    fn next_day(&self, seq: u64, now: Timestamp) -> Result<Date, LedgerError> {
        for frame in journal::frames(&self.settings.journal_dir, seq)? {
            let frame = frame?;
            let is_end = frame.kind == FrameKind::End;
            if let Some(day) = ended_on(&frame, now).filter(|_| is_end) {
                return Ok(day);
            }
        }
        Ok(day_of(now))
    }

    /// Reads the written file back, and gives it its name if it holds what the journal does.
    pub(super) fn shelve(&self, facts: &Facts) -> Result<(), LedgerError> {
        let dir = &self.settings.calls_dir;
        let unfinished = dayfile::unfinished_path(dir, facts.day);
        if Reader::open(&unfinished)?.check()? != *facts {
            return Err(LedgerError::DayFile {
                path: unfinished,
                found: "it does not hold what the journal does".to_owned(),
            });
        }
        let path = dayfile::path(dir, facts.day);
        if path.exists() {
            // One that was gone and is back may hold more than the journal still does.
            return Err(LedgerError::DayFile {
                path,
                found: "it is there again: start again to take it over".to_owned(),
            });
        }
        std::fs::rename(&unfinished, &path).map_err(LedgerError::io("rename", &unfinished))?;
        sync_folder(dir)?;
        self.set_shelf(|shelf| shelf.put(facts.clone()));
        Ok(())
    }

    /// Deletes what is too old, writes the checkpoint of the last file, then deletes what is kept
    /// elsewhere.
    pub(super) fn settle(&self, now: Timestamp) -> Result<(), LedgerError> {
        // First, and without the database: on a full disk nothing else makes room.
        self.delete_expired(now)?;
        let Some(last_day) = self.shelf().last_day() else {
            return Ok(());
        };
        let dir = &self.settings.checkpoints_dir;
        loop {
            let noted = self.note_expired()?;
            if noted || !checkpoint::path(dir, last_day).exists() {
                self.checkpoint(last_day)?;
                expired::forget_marks(&self.settings.calls_dir)?;
            }
            // What only this checkpoint has.
            if !self.delete_expired(now)? {
                self.delete_expired_passes()?;
                return self.clear_journal();
            }
        }
    }

    /// Deletes the segments whose calls are all in files, counted, and over.
    fn clear_journal(&self) -> Result<(), LedgerError> {
        let store = self.status.store()?;
        let shelved = self.shelf().last_seq().saturating_add(1);
        let counted = meta::number(&store, meta::WATERMARK)?.unwrap_or(0);
        let open = meta::number(&store, meta::OPEN_FROM)?.unwrap_or(0);
        let keep_from = shelved.min(counted.saturating_add(1)).min(open);
        self.clears_before(keep_from);
        let cleared = journal::clear_before(&self.settings.journal_dir, keep_from)?;
        if cleared.segments > 0 {
            let journal::Cleared { segments, bytes } = cleared;
            info!(
                segments,
                bytes, "the journal is cleared of what day files hold"
            );
        }
        Ok(())
    }
}

/// The UTC day on which a call ended, which is no later than today: calls go on ending while a day is
/// written. `None` if the clock must have been ahead.
fn ended_on(frame: &Frame, now: Timestamp) -> Option<Date> {
    let ended = i64::try_from(frame.ts_ms).ok();
    let ended = ended.and_then(|ms| Timestamp::from_millisecond(ms).ok())?;
    (ended.duration_since(now) <= AHEAD).then(|| day_of(ended.min(now)))
}

fn day_of(at: Timestamp) -> Date {
    TimeZone::UTC.to_datetime(at).date()
}

/// When a day may be closed.
fn end_of(day: Date) -> Timestamp {
    let next = start_of(day.saturating_add(1.day()));
    next.and_then(|at| at.checked_add(GRACE).ok())
        .unwrap_or(Timestamp::MAX)
}

fn soon(now: Timestamp) -> Timestamp {
    now.checked_add(SOON).unwrap_or(now)
}

/// Makes a folder for us alone, as the data directory is.
pub(super) fn make_folder(dir: &Path) -> Result<(), LedgerError> {
    if dir.is_dir() {
        return Ok(());
    }
    std::fs::create_dir_all(dir).map_err(LedgerError::io("create", dir))?;
    sync_folder(dir.parent().unwrap_or(dir))
}

/// Makes the names in a folder durable.
pub(super) fn sync_folder(dir: &Path) -> Result<(), LedgerError> {
    let synced = File::open(dir).and_then(|folder| folder.sync_all());
    synced.map_err(LedgerError::io("sync", dir))
}
