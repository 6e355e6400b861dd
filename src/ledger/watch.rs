//! Looks whether files went that nothing here deleted: a reader or a start would find out much later.

use std::sync::{MutexGuard, PoisonError};

use tracing::error;

use super::damage::Part;
use super::shelf::names;
use super::{Ledger, LedgerError, dayfile};
use crate::journal;

/// The journal at the last look.
#[derive(Debug, Default)]
pub(super) struct Seen {
    segments: Vec<u64>,
    /// Segments before this number may be deleted by ourselves.
    cleared_before: u64,
    /// First numbers of segments that are gone, with nothing behind them yet.
    holes: Vec<u64>,
}

impl Ledger {
    /// Counts files as damage that are gone since the last look: two listings, for the thread that
    /// closes days. What is found is not found again.
    pub fn look_for_deleted(&self) -> Result<(), LedgerError> {
        self.look_for_day_files()?;
        self.look_for_segments()
    }

    /// From here on the days are what they would be at a start: totals stay, rows are named as missing.
    fn look_for_day_files(&self) -> Result<(), LedgerError> {
        let dir = &self.settings.calls_dir;
        let expected = self.shelf().days();
        let found = names(dir)?;
        let is_here = |day| {
            let path = dayfile::path(dir, day);
            found.iter().any(|name| path.ends_with(name))
        };
        for day in expected.into_iter().filter(|day| !is_here(*day)) {
            self.set_shelf(|shelf| shelf.forget(day));
            self.found_damage(Part::DayFile, 1);
            error!(
                file = %dayfile::path(dir, day).display(),
                "a day file is gone while tollgate runs; its totals stay: bring it back from a backup and start again"
            );
        }
        Ok(())
    }

    fn look_for_segments(&self) -> Result<(), LedgerError> {
        let dir = &self.settings.journal_dir;
        let now = journal::segments(dir)?;
        let mut seen = self.seen();
        let gone = seen.gone(&now);
        seen.segments.clone_from(&now);
        for first in gone {
            self.found_damage(Part::Journal, 1);
            error!(
                file = %journal::segment_path(dir, first).display(),
                "a segment of the journal is gone while tollgate runs; totals that had counted its calls stay, their rows are missing"
            );
            if now.last().is_none_or(|last| *last < first)
                && let Some(durable) = &self.settings.durable
            {
                // What is written to a file without a name is gone with the process.
                durable.begin_anew();
            }
            seen.holes.push(first);
        }
        self.note_holes(&mut seen, &now)
    }

    /// Notes what is missing between two segments, so that reading goes on behind it.
    fn note_holes(&self, seen: &mut Seen, now: &[u64]) -> Result<(), LedgerError> {
        let dir = &self.settings.journal_dir;
        let (ends, open): (Vec<u64>, Vec<u64>) = seen
            .holes
            .iter()
            .partition(|first| now.last().is_some_and(|last| last > first));
        seen.holes = open;
        ends.into_iter()
            .try_for_each(|first| journal::mend(dir, first).map(drop))
            .map_err(LedgerError::from)
    }

    /// Segments before this number are deleted by ourselves from now on.
    pub(super) fn clears_before(&self, keep_from: u64) {
        let mut seen = self.seen();
        seen.cleared_before = seen.cleared_before.max(keep_from);
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seen {
    /// The segments of the last look that are no longer there, though nothing here deleted them.
    fn gone(&self, now: &[u64]) -> Vec<u64> {
        let nexts = self.segments.iter().skip(1).map(Some).chain([None]);
        let gone = self.segments.iter().zip(nexts).filter(|(first, next)| {
            let cleared = next.is_some_and(|next| *next <= self.cleared_before);
            !cleared && now.binary_search(first).is_err()
        });
        gone.map(|(first, _)| *first).collect()
    }
}
