//! Day files past their retention, deleted in an order that asks for no room and no database: on a full
//! disk nothing else makes room.
//!
//! An empty file `LAST.expired` says up to which number nobody expects rows; it stays until the
//! database and a checkpoint say so too. Rows whose totals no good checkpoint has stay.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use tracing::info;

use super::close::sync_folder;
use super::pass::Pass;
use super::shelf::{Shelf, names};
use super::{Ledger, LedgerError, Settings, checkpoint, dayfile, meta};

/// The end of the name.
const SUFFIX: &str = ".expired";

/// A day with the last number of its file.
pub(super) type Day = (Date, u64);

/// The number behind the rows that are known to be past their retention; 1 if none are.
pub(super) fn rows_from(calls_dir: &Path) -> Result<u64, LedgerError> {
    let marks = marks(calls_dir)?.into_iter();
    Ok(marks.max().map_or(1, |last| last.saturating_add(1)))
}

/// Whether a file of the folder is such a mark.
pub(super) fn is_mark(name: &str) -> bool {
    name.ends_with(SUFFIX)
}

/// Deletes day files that take too much before anything is opened: on a full disk it could not be.
/// True: it made room. Only for who has the data directory to itself.
pub fn make_room(settings: &Settings) -> Result<bool, LedgerError> {
    let Some(bytes) = settings.retention.bytes else {
        return Ok(false);
    };
    let shelf = Shelf::read(&settings.calls_dir)?;
    let expired = shelf
        .oldest_within(bytes)
        .map(|oldest| shelf.before(oldest));
    let expired = covered(settings, expired.unwrap_or_default())?;
    mark(&settings.calls_dir, &expired)?;
    for (day, _) in &expired {
        delete(&settings.calls_dir, *day)?;
    }
    Ok(!expired.is_empty())
}

impl Ledger {
    /// Deletes the files past their retention. False: there were none.
    pub(super) fn delete_expired(&self, now: Timestamp) -> Result<bool, LedgerError> {
        let dir = &self.settings.calls_dir;
        let expired = covered(&self.settings, self.expired(now))?;
        let Some((_, last_seq)) = expired.last() else {
            return Ok(false);
        };
        mark(dir, &expired)?;
        let rows_from = last_seq.saturating_add(1);
        self.set_shelf(|shelf| shelf.rows_from = shelf.rows_from.max(rows_from));
        for (day, _) in expired {
            delete(dir, day)?;
            self.set_shelf(|shelf| shelf.forget(day));
        }
        Ok(true)
    }

    /// Deletes what passes say of rows that are gone: those that the newest good checkpoint has in its
    /// totals, so that no rebuild asks for it.
    pub(super) fn delete_expired_passes(&self) -> Result<(), LedgerError> {
        let dir = &self.settings.calls_dir;
        let rows_from = self.shelf().rows_from;
        let is_old = |pass: &Arc<Pass>| pass.files_from(0).any(|it| it.last_seq < rows_from);
        let passes: Vec<Arc<Pass>> = self
            .passes()
            .all()
            .filter(|it| is_old(it))
            .cloned()
            .collect();
        if passes.is_empty() {
            return Ok(());
        }
        let counted = checkpoint::passes(&self.settings.checkpoints_dir)?;
        for pass in passes.iter().filter(|pass| pass.number <= counted) {
            if pass.remove_before(dir, rows_from)? {
                self.set_passes(|passes| passes.forget(pass.number));
                pass.remove(dir)?;
            }
        }
        Ok(())
    }

    /// Notes in the database what the marks say. True: a checkpoint must say so too.
    pub(super) fn note_expired(&self) -> Result<bool, LedgerError> {
        let rows_from = rows_from(&self.settings.calls_dir)?;
        if rows_from <= 1 {
            return Ok(false);
        }
        let writer = self.writer();
        let store = writer.store()?;
        let noted = meta::number(&store, meta::ROWS_FROM)?.unwrap_or(1);
        if noted < rows_from {
            writer.commit(&store, &[meta::put_number(meta::ROWS_FROM, rows_from)])?;
        }
        Ok(true)
    }
}

/// Removes the marks: what they say is in the database and in a checkpoint.
pub(super) fn forget_marks(calls_dir: &Path) -> Result<(), LedgerError> {
    marks(calls_dir)?
        .into_iter()
        .try_for_each(|last| remove(&path(calls_dir, last)))
}

/// Those of the days whose totals are in the newest good checkpoint.
fn covered(settings: &Settings, expired: Vec<Day>) -> Result<Vec<Day>, LedgerError> {
    if expired.is_empty() {
        return Ok(expired);
    }
    let counted = checkpoint::watermark(&settings.checkpoints_dir)?;
    let (covered, rest): (Vec<Day>, Vec<Day>) =
        expired.into_iter().partition(|(_, last)| *last <= counted);
    if !rest.is_empty() {
        info!(
            days = rest.len(),
            "calls past their retention stay until a checkpoint has their totals"
        );
    }
    Ok(covered)
}

/// Says from now on that nobody expects the rows of these days.
fn mark(dir: &Path, expired: &[Day]) -> Result<(), LedgerError> {
    let Some((_, last)) = expired.last() else {
        return Ok(());
    };
    let path = path(dir, *last);
    File::create(&path).map_err(LedgerError::io("write", &path))?;
    sync_folder(dir)
}

fn delete(dir: &Path, day: Date) -> Result<(), LedgerError> {
    remove(&dayfile::path(dir, day))?;
    info!(%day, "the calls of the day are past their retention and deleted");
    Ok(())
}

/// One that is gone already is as good.
fn remove(path: &Path) -> Result<(), LedgerError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(LedgerError::io("delete", path)(error))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

fn path(dir: &Path, last: u64) -> PathBuf {
    dir.join(format!("{last:020}{SUFFIX}"))
}

fn marks(dir: &Path) -> Result<Vec<u64>, LedgerError> {
    let names = names(dir)?;
    let lasts = names.iter().filter_map(|name| name.strip_suffix(SUFFIX));
    Ok(lasts.filter_map(|last| last.parse().ok()).collect())
}
