//! Day files seen as frames of the journal, for who counts again what the journal no longer has.

use std::path::Path;

use tracing::error;

use super::dayfile::Reader;
use super::recover::Recovery;
use super::shelf::Kept;
use super::{Ledger, LedgerError};
use crate::call::CallRecord;
use crate::journal::{self, Frame, FrameKind};

/// A call with its number, or why there is none.
type Row = Result<(u64, CallRecord), LedgerError>;

impl Ledger {
    /// The ends of calls from a number on, up to where the journal begins. A file that cannot be read
    /// is named, and the next one is read.
    pub(super) fn each_filed(
        &self,
        from_seq: u64,
        recovery: &mut Recovery,
        visit: &mut impl FnMut(Frame, &mut Recovery) -> Result<(), LedgerError>,
    ) -> Result<(), LedgerError> {
        let journal_first = journal::first_seq(&self.settings.journal_dir)?;
        let end = journal_first.unwrap_or(u64::MAX);
        if from_seq >= end {
            return Ok(());
        }
        let stretches = self.shelf().stretches(journal_first);
        for stretch in stretches.into_iter().filter(|it| it.last_seq >= from_seq) {
            // What is lost is said where the ledger is opened.
            let Kept::In(path) = stretch.rows else {
                continue;
            };
            for row in rows_of(&path, from_seq) {
                match row {
                    Ok((seq, _)) if seq >= end => return Ok(()),
                    Ok((seq, call)) => visit(frame(seq, &call)?, recovery)?,
                    Err(newer @ LedgerError::Newer { .. }) => return Err(newer),
                    Err(problem) => {
                        let problem = problem.to_string();
                        error!(problem, "a day cannot be counted again");
                        recovery.problems.push(problem);
                    }
                }
            }
        }
        Ok(())
    }
}

/// The rows of a file from a number on; one error if it cannot be opened.
fn rows_of(path: &Path, from_seq: u64) -> Box<dyn Iterator<Item = Row>> {
    match Reader::open(path) {
        Ok(file) => Box::new(file.rows_after(from_seq.saturating_sub(1))),
        Err(error) => Box::new(std::iter::once(Err(error))),
    }
}

/// The frame that a row was.
fn frame(seq: u64, call: &CallRecord) -> Result<Frame, LedgerError> {
    let started = u64::try_from(call.started_at.as_millisecond()).unwrap_or(0);
    let body = serde_json::to_vec(call).map_err(|source| LedgerError::Row { seq, source })?;
    Ok(Frame {
        kind: FrameKind::End,
        seq,
        ts_ms: started.saturating_add(call.duration_ms),
        body,
    })
}
