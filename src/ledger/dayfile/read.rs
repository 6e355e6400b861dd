//! Reads a day file row by row; what it finds is what was written, or it says that it is not.

use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use parquet::column::reader::ColumnReader;
use parquet::errors::ParquetError;
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::reader::{FileReader, SerializedFileReader};

use super::leaf::Leaf;
use super::schema::Shape;
use super::walk::FileRows;
use super::wanted::Wanted;
use super::{FACTS, Facts, RowGroup, Tally, VERSION, damaged, guarded, schema, seal};
use crate::ledger::LedgerError;

/// Rows that are decoded at once.
pub(super) const BATCH_ROWS: usize = 1_024;
/// Bytes that are summed at once.
const SUM_BYTES: usize = 256 * 1024;
/// What is wrong with a footer whose checksum is not its own.
const UNSEALED: &str = "its footer is not the one that was written";
/// What is wrong with a footer that says something else than what we write.
const UNKNOWN: &str = "its footer is not one of a day file of this version";
/// What stands before the facts in a footer: the name, and that a text follows, as Thrift writes them.
const BEFORE_FACTS: &[u8] = b"\x18\x08tollgate\x18";

/// An open day file.
pub(in crate::ledger) struct Reader {
    pub(super) path: PathBuf,
    bytes: File,
    file: SerializedFileReader<File>,
    pub(super) facts: Facts,
    /// Where each of our columns is in this file, by its place.
    columns: Vec<Option<usize>>,
    /// Where two of them are: the number of a row, and when its call arrived.
    pub(super) seqs_at: Option<usize>,
    pub(super) arrived_at: Option<usize>,
    pub(super) leaves: Vec<Option<Leaf>>,
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
            return Err(damaged(path, UNSEALED));
        }
        let (file, ours) = guarded(path, || {
            let file = SerializedFileReader::new(bytes.try_clone()?)?;
            Ok((file, schema::schema(Shape::Pass)?))
        })?;
        let facts = facts(&file).ok_or_else(|| damaged(path, UNKNOWN))?;
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
            seqs_at: place("seq"),
            arrived_at: place("started_at"),
            columns,
            bytes,
            facts,
            file,
        })
    }

    /// What a file must hold, read from its footer without its index: of a million calls that is some
    /// hundred kilobytes, and a start asks every file.
    pub(in crate::ledger) fn facts_of(path: &Path) -> Result<Facts, LedgerError> {
        let failed = |error: std::io::Error| damaged(path, error.to_string());
        let footer = File::open(path).and_then(|file| seal::footer(&file));
        let footer = footer.map_err(failed)?;
        let footer = footer.ok_or_else(|| damaged(path, UNSEALED))?;
        match facts_in(&footer) {
            Some(facts) if facts.version == VERSION => Ok(facts),
            // It may be written in another way; the whole footer says.
            Some(_) | None => Self::open(path).map(|file| file.facts),
        }
    }

    /// What the file must hold.
    pub(in crate::ledger) const fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Its rows behind a number.
    pub(in crate::ledger) fn rows_after(self, after: u64) -> FileRows {
        FileRows::new(self, Wanted::behind(after))
    }

    /// Its rows behind a number, without those at the begin and the end of a row group that arrived
    /// at another time: who asks for an hour of a busy day does not read the day.
    pub(in crate::ledger) fn rows_near(self, after: u64, arrived: Range<Timestamp>) -> FileRows {
        FileRows::new(self, Wanted::near(after, arrived))
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
    pub(super) fn is_whole(&self, begin: u64, group: RowGroup) -> std::io::Result<bool> {
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

    /// Rows of a row group.
    pub(super) fn group_rows(&self, group: usize) -> usize {
        let group = self.file.metadata().row_groups().get(group);
        group.map_or(0, |group| usize::try_from(group.num_rows()).unwrap_or(0))
    }

    /// What a row group says about when its calls arrived.
    pub(super) fn arrivals(&self, group: usize) -> Option<&ColumnChunkMetaData> {
        let group = self.file.metadata().row_groups().get(group)?;
        group.columns().get(self.arrived_at?)
    }

    /// A whole column of integers of a row group; none of one that is not asked for.
    pub(super) fn numbers(
        &self,
        group: usize,
        column: Option<usize>,
    ) -> Result<Vec<i64>, ParquetError> {
        let mut numbers = Vec::new();
        let Some(column) = column else {
            return Ok(numbers);
        };
        let rows = self.file.get_row_group(group)?;
        let ColumnReader::Int64ColumnReader(mut column) = rows.get_column_reader(column)? else {
            return Ok(numbers);
        };
        while column.read_records(BATCH_ROWS, None, None, &mut numbers)?.0 > 0 {}
        Ok(numbers)
    }

    /// The readers of a row group's columns, in our order.
    pub(super) fn open_group(
        &self,
        group: usize,
    ) -> Result<Vec<Option<ColumnReader>>, ParquetError> {
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

/// The facts in the bytes of a footer that is the one that was written.
fn facts_in(footer: &[u8]) -> Option<Facts> {
    let at = memchr::memmem::rfind(footer, BEFORE_FACTS)?;
    let text = footer.get(at..)?.get(BEFORE_FACTS.len()..)?;
    let begin = text.iter().position(|byte| byte & 0x80 == 0)?;
    let text = text.get(begin..)?.get(1..)?;
    let mut facts = serde_json::Deserializer::from_slice(text).into_iter();
    facts.next()?.ok()
}
