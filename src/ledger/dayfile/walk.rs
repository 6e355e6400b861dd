//! The rows of a day file one after the other: row groups that hold none of those that are looked for
//! are passed over unread, and of the others only what lies between the first and the last.

use std::ops::Range;
use std::path::Path;

use parquet::column::reader::ColumnReader;
use parquet::errors::ParquetError;

use super::columns::{Numbered, Unfit};
use super::read::{BATCH_ROWS, Reader};
use super::rows::Together;
use super::wanted::Wanted;
use super::{RowGroup, damaged, guarded, leaf};
use crate::call::CallRecord;
use crate::ledger::LedgerError;

/// The rows of a file, each with its number.
pub(in crate::ledger) struct FileRows {
    file: Reader,
    wanted: Wanted,
    /// The next row group.
    group: usize,
    open: Vec<Option<ColumnReader>>,
    /// Rows of the open row group that were not decoded yet.
    left: usize,
    /// Decoded rows that were not given yet.
    batch: usize,
    done: bool,
}

impl std::fmt::Debug for FileRows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FileRows")
            .field("file", &self.file)
            .field("wanted", &self.wanted)
            .finish_non_exhaustive()
    }
}

impl FileRows {
    pub(super) const fn new(file: Reader, wanted: Wanted) -> Self {
        Self {
            file,
            wanted,
            group: 0,
            open: Vec::new(),
            left: 0,
            batch: 0,
            done: false,
        }
    }

    /// The next row with all its columns.
    pub(in crate::ledger) fn next_row(&mut self) -> Result<Option<Numbered>, LedgerError> {
        loop {
            if let Some(left) = self.batch.checked_sub(1) {
                self.batch = left;
                let row = Together::of(&mut self.file.leaves).next();
                let row = row.map_err(|unfit| newer(&self.file.path, unfit))?;
                if self.wanted.is_behind(row.seq) {
                    return Ok(Some(row));
                }
            } else if !self.decode()? && !self.next_group()? {
                return Ok(None);
            }
        }
    }

    /// Decodes the next rows of this row group; false if there are none.
    fn decode(&mut self) -> Result<bool, LedgerError> {
        let path = self.file.path.clone();
        let ask = self.left.min(BATCH_ROWS);
        if ask == 0 {
            return Ok(false);
        }
        let mut decoded: Option<usize> = None;
        for (column, leaf) in self.open.iter_mut().zip(&mut self.file.leaves) {
            let (Some(column), Some(leaf)) = (column, leaf) else {
                continue;
            };
            let rows = guarded(&path, || leaf.read(column, ask))?;
            if decoded.is_some_and(|others| others != rows) {
                return Err(damaged(
                    &path,
                    "its columns have not the same number of rows",
                ));
            }
            decoded = Some(rows);
        }
        self.batch = decoded.unwrap_or(0);
        self.left = self.left.saturating_sub(self.batch);
        Ok(self.batch > 0)
    }

    /// Opens the next row group that can hold wanted rows; false if there is none.
    fn next_group(&mut self) -> Result<bool, LedgerError> {
        let groups = &self.file.facts.groups;
        let next = (self.group..).zip(groups.iter().copied().skip(self.group));
        let Some((at, group)) = { next }.find(|(at, group)| self.may_hold(*at, *group)) else {
            return Ok(false);
        };
        let path = self.file.path.clone();
        let begin = self.before(at).map_or(0, |before| before.end);
        if !self
            .file
            .is_whole(begin, group)
            .map_err(LedgerError::io("read", &path))?
        {
            return Err(damaged(&path, "its bytes are not those that were written"));
        }
        self.open = guarded(&path, || self.file.open_group(at))?;
        self.group = at.saturating_add(1);
        let rows = guarded(&path, || self.rows_wanted(at))?;
        self.left = rows.len();
        if rows.start > 0 {
            for column in self.open.iter_mut().flatten() {
                guarded(&path, || leaf::skip(column, rows.start))?;
            }
        }
        Ok(true)
    }

    /// The row group in front of one.
    fn before(&self, group: usize) -> Option<&RowGroup> {
        let before = group.checked_sub(1)?;
        self.file.facts.groups.get(before)
    }

    /// Whether a row group can hold wanted rows.
    fn may_hold(&self, at: usize, group: RowGroup) -> bool {
        self.wanted.is_behind(group.last_seq) && self.wanted.may_be_in(self.file.arrivals(at))
    }

    /// The rows of a row group from the first that is wanted to the last.
    fn rows_wanted(&self, at: usize) -> Result<Range<usize>, ParquetError> {
        let wanted = &self.wanted;
        let before = self.before(at).map_or(0, |before| before.last_seq);
        let column = |asked, place| if asked { place } else { None };
        let seqs = column(wanted.cuts(before), self.file.seqs_at);
        let cuts_times = wanted.cuts_times(self.file.arrivals(at));
        let arrived = column(cuts_times, self.file.arrived_at);
        let rows = self.file.group_rows(at);
        let (seqs, arrived) = (
            self.file.numbers(at, seqs)?,
            self.file.numbers(at, arrived)?,
        );
        Ok(wanted.among(rows, &seqs, &arrived))
    }
}

impl Iterator for FileRows {
    type Item = Result<(u64, CallRecord), LedgerError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let next = self.next_row().transpose();
        let next = next.map(|row| row.map(|row| (row.seq, row.call)));
        self.done = !matches!(next, Some(Ok(_)));
        next
    }
}

/// A value that no column of ours has. The bytes are those that were written, so another release wrote
/// them.
fn newer(path: &Path, Unfit { column }: Unfit) -> LedgerError {
    LedgerError::Newer {
        place: path.display().to_string(),
        found: format!("a value of its column {column} is not known"),
    }
}
