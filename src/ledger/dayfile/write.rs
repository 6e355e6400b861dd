//! Writes a day file, row group by row group, so that a day of any size needs the room of one.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::civil::Date;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesPtr};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{ColumnPath, SchemaDescPtr};

use super::columns::{Numbered, Was};
use super::rows::Apart;
use super::schema::Shape;
use super::{FACTS, Facts, RowGroup, Tally, VERSION, damaged, schema, seal, unfinished_path};
use crate::call::CallRecord;
use crate::ledger::LedgerError;

/// Rows that are in memory at once; some hundred bytes each. Fewer in tests, so that their files have
/// several row groups.
pub(super) const GROUP_ROWS: usize = if cfg!(test) { 1_500 } else { 32_768 };
/// What a reader decodes at once of each column.
const PAGE_BYTES: usize = 128 * 1024;
/// Columns that hardly ever say the same twice.
const UNIQUE: [&str; 3] = ["call_id", "response_id", "request_id"];
/// Columns that only grow, or nearly so.
const GROWING: [&str; 2] = ["seq", "started_at"];

/// An unfinished day file.
pub(in crate::ledger) struct Writer {
    path: PathBuf,
    shape: Shape,
    day: Date,
    first_seq: u64,
    file: SerializedFileWriter<Summed>,
    group: Apart,
    group_rows: usize,
    groups: Vec<RowGroup>,
    tally: Tally,
    last_seq: u64,
}

impl Writer {
    /// Begins the file of a day, in place of one that was not finished.
    pub(in crate::ledger) fn of_day(
        dir: &Path,
        day: Date,
        first_seq: u64,
    ) -> Result<Self, LedgerError> {
        Self::create(unfinished_path(dir, day), Shape::Day, day, first_seq)
    }

    /// Begins a file of a shape; it has its rows' day in its footer.
    pub(in crate::ledger) fn create(
        path: PathBuf,
        shape: Shape,
        day: Date,
        first_seq: u64,
    ) -> Result<Self, LedgerError> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(&path);
        let file = file.map_err(LedgerError::io("write", &path))?;
        let begin = || {
            let schema: SchemaDescPtr = schema::schema(shape)?;
            let group = Apart::of(&schema)
                .ok_or_else(|| ParquetError::General("a column of an unused type".into()))?;
            let file = Summed { file, crc: 0 };
            let root = schema.root_schema_ptr();
            Ok((SerializedFileWriter::new(file, root, properties()?)?, group))
        };
        let (file, group) = begin().map_err(refused(&path))?;
        Ok(Self {
            path,
            shape,
            day,
            first_seq,
            file,
            group,
            group_rows: 0,
            groups: Vec::new(),
            tally: Tally::default(),
            last_seq: 0,
        })
    }

    /// Adds a call; the file grows by a row group at a time.
    pub(in crate::ledger) fn add(&mut self, seq: u64, call: CallRecord) -> Result<(), LedgerError> {
        let was = Was::default();
        self.add_row(Numbered { seq, call, was })
    }

    /// The same with what its money was.
    pub(in crate::ledger) fn add_row(&mut self, mut row: Numbered) -> Result<(), LedgerError> {
        let seq = row.seq;
        self.tally
            .add(seq, &row.call)
            .map_err(|source| LedgerError::Row { seq, source })?;
        self.group.add(self.shape, &mut row).map_err(|unfit| {
            let column = unfit.column;
            damaged(
                &self.path,
                format!("frame {seq} does not fit its column {column}"),
            )
        })?;
        self.last_seq = seq;
        self.group_rows = self.group_rows.saturating_add(1);
        if self.group_rows >= GROUP_ROWS {
            self.end_group()?;
        }
        Ok(())
    }

    /// Calls that were added.
    pub(in crate::ledger) const fn calls(&self) -> u64 {
        self.tally.rows
    }

    /// Ends the file and makes it durable under its unfinished name.
    pub(in crate::ledger) fn finish(mut self) -> Result<Facts, LedgerError> {
        if self.group_rows > 0 {
            self.end_group()?;
        }
        let facts = Facts {
            version: VERSION,
            day: self.day,
            first_seq: self.first_seq,
            last_seq: self.last_seq,
            tally: self.tally,
            groups: self.groups,
        };
        let path = self.path;
        let mut file = self.file;
        let end = || {
            let json = serde_json::to_string(&facts)
                .map_err(|error| ParquetError::External(Box::new(error)))?;
            file.append_key_value_metadata(KeyValue::new(FACTS.to_owned(), json));
            let open = KeyValue::new(seal::KEY.to_owned(), seal::UNSEALED.to_owned());
            file.append_key_value_metadata(open);
            file.into_inner()
        };
        let Summed { file, .. } = end().map_err(refused(&path))?;
        let sealed = seal::seal(&file).and_then(|()| file.sync_all());
        sealed.map_err(LedgerError::io("sync", &path))?;
        Ok(facts)
    }

    fn end_group(&mut self) -> Result<(), LedgerError> {
        let written = self.write_group().map_err(refused(&self.path))?;
        self.groups.push(written);
        self.group.clear();
        self.group_rows = 0;
        Ok(())
    }

    fn write_group(&mut self) -> Result<RowGroup, ParquetError> {
        let mut group = self.file.next_row_group()?;
        for leaf in self.group.leaves() {
            let mut column = group
                .next_column()?
                .ok_or_else(|| ParquetError::General("a column is missing".into()))?;
            leaf.write(&mut column)?;
            column.close()?;
        }
        group.close()?;
        self.file.flush()?;
        Ok(RowGroup {
            end: u64::try_from(self.file.bytes_written())?,
            crc: std::mem::take(&mut self.file.inner_mut().crc),
            last_seq: self.last_seq,
        })
    }
}

/// Says which file refused.
fn refused(path: &Path) -> impl FnOnce(ParquetError) -> LedgerError {
    let wrap = LedgerError::io("write", path);
    move |error| wrap(io::Error::other(error))
}

fn properties() -> Result<WriterPropertiesPtr, ParquetError> {
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_offset_index_disabled(true)
        .set_data_page_size_limit(PAGE_BYTES)
        .set_created_by(concat!("tollgate version ", env!("CARGO_PKG_VERSION")).to_owned());
    for column in UNIQUE.into_iter().chain(GROWING) {
        properties = properties.set_column_dictionary_enabled(ColumnPath::from(column), false);
    }
    for column in GROWING {
        let column = ColumnPath::from(column);
        properties = properties.set_column_encoding(column, Encoding::DELTA_BINARY_PACKED);
    }
    Ok(Arc::new(properties.build()))
}

/// A file with the CRC32C of what was written to it.
struct Summed {
    file: File,
    crc: u32,
}

impl Write for Summed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        let (written_bytes, _) = bytes.split_at_checked(written).unwrap_or((bytes, &[]));
        self.crc = crc32c::crc32c_append(self.crc, written_bytes);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
