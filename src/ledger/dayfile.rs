//! A day's calls in one immutable Parquet file: `calls/2026-11-22.parquet`.
//!
//! A day file holds the calls that *ended* on a UTC day, in the order of the journal: a file that is
//! never written again cannot wait for a call that began on its day and still runs. Files are
//! stretches of the journal's numbers without holes, so each call is in one place, and where one is
//! missing it shows. Every field of the record is a column; the footer says what must be in the file.

mod cell;
mod columns;
mod leaf;
mod read;
mod rows;
mod schema;
mod seal;
mod tally;
mod walk;
mod wanted;
mod write;

use std::path::{Path, PathBuf};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::LedgerError;
use super::store::said;

pub(super) use self::columns::{Numbered, Was};
pub(super) use self::read::Reader;
pub(super) use self::schema::Shape;
pub(super) use self::tally::Tally;
pub(super) use self::walk::FileRows;
pub(super) use self::write::Writer;

/// The end of a day file's name.
pub(super) const SUFFIX: &str = ".parquet";
/// The end of the name while the file is not whole.
pub(super) const UNFINISHED: &str = ".parquet.new";
/// Under this name the footer carries the [`Facts`].
const FACTS: &str = "tollgate";
/// The version of the facts. Another one is not guessed at.
const VERSION: u32 = 1;

/// What a day file must hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    version: u32,
    /// The UTC day on which its calls ended.
    pub day: Date,
    /// The frames of the journal that it stands for: from this number …
    pub first_seq: u64,
    /// … to this one, which is the last call's.
    pub last_seq: u64,
    /// What its rows sum to.
    #[serde(flatten)]
    pub(super) tally: Tally,
    groups: Vec<RowGroup>,
}

impl Facts {
    /// Calls in the file.
    #[must_use]
    pub const fn calls(&self) -> u64 {
        self.tally.rows
    }
}

/// A stretch of rows that is read at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct RowGroup {
    /// Its bytes end here, and begin where those before it end.
    end: u64,
    /// CRC32C of its bytes: Parquet's own are not written.
    crc: u32,
    /// The number of its last row.
    last_seq: u64,
}

/// Where the file of a day is.
pub(super) fn path(dir: &Path, day: Date) -> PathBuf {
    dir.join(format!("{day}{SUFFIX}"))
}

/// Where it is while it is being written.
pub(super) fn unfinished_path(dir: &Path, day: Date) -> PathBuf {
    dir.join(format!("{day}{UNFINISHED}"))
}

/// The day of a file's name.
pub(super) fn day_of(name: &str) -> Option<Date> {
    name.strip_suffix(SUFFIX)?.parse().ok()
}

/// Whether a file was never finished.
pub(super) fn is_unfinished(name: &str) -> bool {
    name.ends_with(UNFINISHED)
}

/// Whether the footer of a file that can be read is not the one that was written. One that cannot be
/// read, or is of another version, is not broken.
pub(super) fn is_broken(path: &Path) -> bool {
    let sealed = std::fs::File::open(path).and_then(|file| seal::holds(&file));
    matches!(sealed, Ok(false))
}

fn damaged(path: &Path, found: impl Into<String>) -> LedgerError {
    LedgerError::DayFile {
        path: path.to_owned(),
        found: found.into(),
    }
}

/// Calls the Parquet crate, which may panic on a damaged footer.
fn guarded<T>(
    path: &Path,
    read: impl FnOnce() -> Result<T, parquet::errors::ParquetError>,
) -> Result<T, LedgerError> {
    match std::panic::catch_unwind(std::panic::AssertUnwindSafe(read)) {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => Err(damaged(path, error.to_string())),
        Err(panic) => Err(damaged(path, said(panic.as_ref()))),
    }
}

#[cfg(test)]
mod tests;
