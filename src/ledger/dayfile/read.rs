//! Reads a day file row by row; what it finds is what was written, or it says that it is not.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use parquet::column::reader::ColumnReader;
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};

use super::leaf::{self, Leaf};
use super::rows::Together;
use super::{FACTS, Facts, RowGroup, Tally, VERSION, damaged, guarded, schema, seal};
use crate::call::CallRecord;
use crate::ledger::LedgerError;

/// Rows that are decoded at once.
const BATCH_ROWS: usize = 1_024;
/// Bytes that are summed at once.
const SUM_BYTES: usize = 256 * 1024;

/// An open day file.
pub(in crate::ledger) struct Reader {
    path: PathBuf,
    bytes: File,
    file: SerializedFileReader<File>,
    facts: Facts,
    /// Where each of our columns is in this file, by its place.
    columns: Vec<Option<usize>>,
    leaves: Vec<Option<Leaf>>,
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Reader").field(&self.path).finish()
    }
}

impl Reader {
    /// Opens a file and reads its footer.
    pub(in crate::ledger) fn open(path: &Path) -> Result<Self, LedgerError> {
        let bytes = File::open(path).map_err(|error| damaged(path, error.to_string()))?;
        if !seal::holds(&bytes).map_err(|error| damaged(path, error.to_string()))? {
            return Err(damaged(path, "its footer is not the one that was written"));
        }
        let (file, ours) = guarded(path, || {
            let file = SerializedFileReader::new(bytes.try_clone()?)?;
            Ok((file, schema::schema()?))
        })?;
        let facts = facts(&file)
            .ok_or_else(|| damaged(path, "its footer is not one of a day file of this version"))?;
        let theirs = file.metadata().file_metadata().schema_descr();
        let place = |name: &str| {
            let same = |column: &_| {
                let column: &parquet::schema::types::ColumnDescPtr = column;
                column.path().string() == name
            };
            theirs.columns().iter().position(same)
        };
        let columns: Vec<Option<usize>> = ours
            .columns()
            .iter()
            .map(|column| place(&column.path().string()))
            .collect();
        let leaf = |place: &Option<usize>| Leaf::of(&theirs.column((*place)?));
        Ok(Self {
            path: path.to_owned(),
            leaves: columns.iter().map(leaf).collect(),
            columns,
            bytes,
            facts,
            file,
        })
    }

    /// What the file must hold.
    pub(in crate::ledger) const fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Its rows behind a number.
    pub(in crate::ledger) fn rows_after(self, after: u64) -> FileRows {
        FileRows {
            after,
            group: 0,
            open: Vec::new(),
            batch: 0,
            done: false,
            file: self,
        }
    }

    /// Reads all of it and compares it with what was written.
    pub(in crate::ledger) fn check(self) -> Result<Facts, LedgerError> {
        let (path, facts) = (self.path.clone(), self.facts.clone());
        let mut tally = Tally::default();
        for row in self.rows_after(0) {
            let (seq, call) = row?;
            tally
                .add(seq, &call)
                .map_err(|source| LedgerError::Row { seq, source })?;
        }
        match tally.differs_from(&facts.tally) {
            Some(found) => Err(damaged(&path, found)),
            None => Ok(facts),
        }
    }

    /// Whether the bytes of a row group are those that were written.
    fn is_whole(&self, begin: u64, group: RowGroup) -> std::io::Result<bool> {
        let (mut at, mut crc) = (begin, 0);
        let mut buffer = vec![0; SUM_BYTES];
        while at < group.end {
            let left = usize::try_from(group.end.saturating_sub(at)).unwrap_or(SUM_BYTES);
            let part = buffer.get_mut(..left.min(SUM_BYTES)).unwrap_or_default();
            self.bytes.read_exact_at(part, at)?;
            crc = crc32c::crc32c_append(crc, part);
            at = at.saturating_add(u64::try_from(part.len()).unwrap_or(u64::MAX));
        }
        Ok(crc == group.crc)
    }

    /// The readers of a row group's columns, in our order.
    fn open_group(&self, group: usize) -> Result<Vec<Option<ColumnReader>>, ParquetError> {
        let rows = self.file.get_row_group(group)?;
        let open = |place: &Option<usize>| place.map(|at| rows.get_column_reader(at)).transpose();
        self.columns.iter().map(open).collect()
    }
}

/// The facts of a file, if its footer agrees with them.
fn facts(file: &SerializedFileReader<File>) -> Option<Facts> {
    let meta = file.metadata();
    let kept = meta.file_metadata().key_value_metadata()?;
    let json = kept.iter().find(|kept| kept.key == FACTS)?.value.as_ref()?;
    let facts: Facts = serde_json::from_str(json).ok()?;
    let rows = u64::try_from(meta.file_metadata().num_rows()).ok()?;
    let agrees = facts.version == VERSION
        && facts.tally.rows == rows
        && facts.groups.len() == meta.num_row_groups();
    agrees.then_some(facts)
}

/// The rows of a file, each with its number.
pub(in crate::ledger) struct FileRows {
    file: Reader,
    after: u64,
    /// The next row group.
    group: usize,
    open: Vec<Option<ColumnReader>>,
    /// Decoded rows that were not given yet.
    batch: usize,
    done: bool,
}

impl std::fmt::Debug for FileRows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FileRows")
            .field("file", &self.file)
            .field("after", &self.after)
            .finish_non_exhaustive()
    }
}

impl FileRows {
    fn advance(&mut self) -> Result<Option<(u64, CallRecord)>, LedgerError> {
        loop {
            if let Some(left) = self.batch.checked_sub(1) {
                self.batch = left;
                let row = Together::of(&mut self.file.leaves).next();
                let row = row.map_err(|unfit| {
                    damaged(
                        &self.file.path,
                        format!("column {} cannot be read", unfit.column),
                    )
                })?;
                if row.seq > self.after {
                    return Ok(Some((row.seq, row.call)));
                }
            } else if !self.decode()? && !self.next_group()? {
                return Ok(None);
            }
        }
    }

    /// Decodes the next rows of this row group; false if there are none.
    fn decode(&mut self) -> Result<bool, LedgerError> {
        let path = self.file.path.clone();
        let mut decoded: Option<usize> = None;
        for (column, leaf) in self.open.iter_mut().zip(&mut self.file.leaves) {
            let (Some(column), Some(leaf)) = (column, leaf) else {
                continue;
            };
            let rows = guarded(&path, || leaf.read(column, BATCH_ROWS))?;
            if decoded.is_some_and(|others| others != rows) {
                return Err(damaged(
                    &path,
                    "its columns have not the same number of rows",
                ));
            }
            decoded = Some(rows);
        }
        self.batch = decoded.unwrap_or(0);
        Ok(self.batch > 0)
    }

    /// Opens the next row group that holds rows behind `after`; false if there is none.
    fn next_group(&mut self) -> Result<bool, LedgerError> {
        let groups = &self.file.facts.groups;
        let passed = |group: &&RowGroup| group.last_seq <= self.after;
        let skipped = groups.iter().skip(self.group).take_while(passed).count();
        let at = self.group.saturating_add(skipped);
        let Some(group) = groups.get(at).copied() else {
            return Ok(false);
        };
        let before = at.checked_sub(1).and_then(|before| groups.get(before));
        let path = self.file.path.clone();
        let begin = before.map_or(0, |before| before.end);
        if !self
            .file
            .is_whole(begin, group)
            .map_err(LedgerError::io("read", &path))?
        {
            return Err(damaged(&path, "its bytes are not those that were written"));
        }
        self.open = guarded(&path, || self.file.open_group(at))?;
        self.group = at.saturating_add(1);
        let passed = guarded(&path, || self.rows_passed(at))?;
        if passed > 0 {
            for column in self.open.iter_mut().flatten() {
                guarded(&path, || leaf::skip(column, passed))?;
            }
        }
        Ok(true)
    }

    /// How many rows of a row group stand up to `after`: their numbers grow.
    fn rows_passed(&mut self, group: usize) -> Result<usize, ParquetError> {
        let before = group.checked_sub(1);
        let before = before.and_then(|before| self.file.facts.groups.get(before));
        if before.is_some_and(|before| before.last_seq >= self.after) || self.after == 0 {
            return Ok(0);
        }
        let numbers = self.file.columns.first().copied().flatten();
        let rows = self.file.file.get_row_group(group)?;
        let mut passed = 0_usize;
        let Some(ColumnReader::Int64ColumnReader(mut numbers)) =
            numbers.map(|at| rows.get_column_reader(at)).transpose()?
        else {
            return Ok(0);
        };
        let mut seqs = Vec::new();
        while numbers.read_records(BATCH_ROWS, None, None, &mut seqs)?.0 > 0 {
            let below = seqs.iter().filter(|seq| seq.cast_unsigned() <= self.after);
            passed = passed.saturating_add(below.count());
            seqs.clear();
        }
        Ok(passed)
    }
}

impl Iterator for FileRows {
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
