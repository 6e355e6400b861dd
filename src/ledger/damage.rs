//! Damage that was found since the process began, by the part of the data directory it was in.

use std::path::Path;

use tracing::error;

use super::{Ledger, LedgerError};
use crate::journal::{self, Frame};

/// A part of the data directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The database of the totals.
    Database,
    /// The rows of the days that have no file yet.
    Journal,
    /// The rows of a day.
    DayFile,
    /// The totals at the close of a day.
    Checkpoint,
}

/// How often each part was found damaged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Damage {
    database: u64,
    journal: u64,
    day_file: u64,
    checkpoint: u64,
}

impl Damage {
    /// All parts with their counts, under the labels of metrics.
    #[must_use]
    pub const fn by_part(&self) -> [(&'static str, u64); 4] {
        [
            ("database", self.database),
            ("journal", self.journal),
            ("day_file", self.day_file),
            ("checkpoint", self.checkpoint),
        ]
    }

    const fn of(&mut self, part: Part) -> &mut u64 {
        match part {
            Part::Database => &mut self.database,
            Part::Journal => &mut self.journal,
            Part::DayFile => &mut self.day_file,
            Part::Checkpoint => &mut self.checkpoint,
        }
    }
}

impl Ledger {
    /// Counts damage that somebody should look at.
    pub fn found_damage(&self, part: Part, times: usize) {
        let times = u64::try_from(times).unwrap_or(u64::MAX);
        self.status.count(|stats| {
            let found = stats.damage.of(part);
            *found = found.saturating_add(times);
        });
    }

    /// Mends the journal where frame `seq` should stand. What it was, in words; `None`: it cannot be
    /// mended.
    pub(super) fn mend_journal(&self, seq: u64) -> Result<Option<String>, LedgerError> {
        let mended = journal::mend(&self.settings.journal_dir, seq)?;
        Ok(mended.map(|mended| {
            self.found_damage(Part::Journal, 1);
            mended.problem()
        }))
    }

    /// Keeps a frame that is no record beside the journal, so that its day can be closed without it.
    pub(super) fn set_row_aside(
        &self,
        frame: &Frame,
        why: &LedgerError,
    ) -> Result<(), LedgerError> {
        let kept = keep(&self.settings.journal_dir, frame)?;
        self.found_damage(Part::Journal, 1);
        error!(
            seq = frame.seq,
            why = %why,
            kept = %kept.display(),
            "a frame is not a call record; its day is closed without it, and it is kept"
        );
        Ok(())
    }
}

fn keep(dir: &Path, frame: &Frame) -> Result<std::path::PathBuf, LedgerError> {
    let kept = journal::beside(&dir.join(format!("frame-{:020}", frame.seq)), "unreadable");
    let written =
        std::fs::write(&kept, &frame.body).and_then(|()| std::fs::File::open(&kept)?.sync_all());
    written.map_err(LedgerError::io("write", &kept))?;
    Ok(kept)
}
