//! The values of one leaf column for some rows, with the levels that say where they stand.

use parquet::basic::Type;
use parquet::column::reader::ColumnReader;
use parquet::data_type::{
    BoolType, ByteArray, ByteArrayType, FixedLenByteArray, FixedLenByteArrayType, Int32Type,
    Int64Type,
};
use parquet::errors::ParquetError;
use parquet::file::writer::SerializedColumnWriter;
use parquet::schema::types::ColumnDescriptor;

use super::cell::Raw;

/// The values, as their physical type.
#[derive(Debug)]
enum Values {
    Bool(Vec<bool>),
    Int32(Vec<i32>),
    Int64(Vec<i64>),
    Bytes(Vec<ByteArray>),
    Fixed(Vec<FixedLenByteArray>),
}

/// One leaf column for some rows.
#[derive(Debug)]
pub(super) struct Leaf {
    values: Values,
    has_def: bool,
    has_rep: bool,
    defs: Vec<i16>,
    reps: Vec<i16>,
    /// The next value and the next level that are taken.
    value_at: usize,
    level_at: usize,
}

impl Leaf {
    /// The empty leaf of a column; `None` for a type that day files do not use.
    pub(super) fn of(column: &ColumnDescriptor) -> Option<Self> {
        let values = match column.physical_type() {
            Type::BOOLEAN => Values::Bool(Vec::new()),
            Type::INT32 => Values::Int32(Vec::new()),
            Type::INT64 => Values::Int64(Vec::new()),
            Type::BYTE_ARRAY => Values::Bytes(Vec::new()),
            Type::FIXED_LEN_BYTE_ARRAY => Values::Fixed(Vec::new()),
            Type::INT96 | Type::FLOAT | Type::DOUBLE => return None,
        };
        Some(Self {
            values,
            has_def: column.max_def_level() > 0,
            has_rep: column.max_rep_level() > 0,
            defs: Vec::new(),
            reps: Vec::new(),
            value_at: 0,
            level_at: 0,
        })
    }

    pub(super) fn clear(&mut self) {
        match &mut self.values {
            Values::Bool(values) => values.clear(),
            Values::Int32(values) => values.clear(),
            Values::Int64(values) => values.clear(),
            Values::Bytes(values) => values.clear(),
            Values::Fixed(values) => values.clear(),
        }
        self.defs.clear();
        self.reps.clear();
        (self.value_at, self.level_at) = (0, 0);
    }

    /// Adds a place, which has a value or not.
    pub(super) fn put_level(&mut self, def: i16, rep: i16) {
        if self.has_def {
            self.defs.push(def);
        }
        if self.has_rep {
            self.reps.push(rep);
        }
    }

    /// Adds a value; `None` if it is not of this column's type.
    pub(super) fn put(&mut self, raw: Raw<'_>) -> Option<()> {
        match (&mut self.values, raw) {
            (Values::Bool(values), Raw::Bool(value)) => values.push(value),
            (Values::Int32(values), Raw::Int(value)) => values.push(value.try_into().ok()?),
            (Values::Int64(values), Raw::Int(value)) => values.push(value),
            (Values::Bytes(values), Raw::Bytes(value)) => {
                values.push(value.into_owned().into());
            }
            (Values::Fixed(values), Raw::Bytes(value)) => {
                values.push(value.into_owned().into());
            }
            (Values::Bool(_), Raw::Int(_) | Raw::Bytes(_))
            | (Values::Int32(_) | Values::Int64(_), Raw::Bool(_) | Raw::Bytes(_))
            | (Values::Bytes(_) | Values::Fixed(_), Raw::Bool(_) | Raw::Int(_)) => return None,
        }
        Some(())
    }

    /// How far the next place is defined; 0 where a column has no levels.
    pub(super) fn take_def(&mut self) -> Option<i16> {
        let def = if self.has_def {
            *self.defs.get(self.level_at)?
        } else {
            0
        };
        self.level_at = self.level_at.saturating_add(1);
        Some(def)
    }

    /// The levels of the next place of a repeated column.
    pub(super) fn next_levels(&self) -> Option<(i16, i16)> {
        let def = self.defs.get(self.level_at)?;
        Some((*def, *self.reps.get(self.level_at)?))
    }

    /// The next value.
    pub(super) fn take(&mut self) -> Option<Raw<'_>> {
        let at = self.value_at;
        self.value_at = at.saturating_add(1);
        Some(match &self.values {
            Values::Bool(values) => Raw::Bool(*values.get(at)?),
            Values::Int32(values) => Raw::Int(i64::from(*values.get(at)?)),
            Values::Int64(values) => Raw::Int(*values.get(at)?),
            Values::Bytes(values) => Raw::Bytes(values.get(at)?.data().into()),
            Values::Fixed(values) => Raw::Bytes(values.get(at)?.data().into()),
        })
    }

    /// Writes all of it to its column of a row group.
    pub(super) fn write(
        &self,
        column: &mut SerializedColumnWriter<'_>,
    ) -> Result<(), ParquetError> {
        let defs = self.has_def.then_some(self.defs.as_slice());
        let reps = self.has_rep.then_some(self.reps.as_slice());
        match &self.values {
            Values::Bool(values) => column.typed::<BoolType>().write_batch(values, defs, reps),
            Values::Int32(values) => column.typed::<Int32Type>().write_batch(values, defs, reps),
            Values::Int64(values) => column.typed::<Int64Type>().write_batch(values, defs, reps),
            Values::Bytes(values) => column
                .typed::<ByteArrayType>()
                .write_batch(values, defs, reps),
            Values::Fixed(values) => column
                .typed::<FixedLenByteArrayType>()
                .write_batch(values, defs, reps),
        }
        .map(drop)
    }

    /// Replaces all of it by the next rows of its column; says how many there were.
    pub(super) fn read(
        &mut self,
        column: &mut ColumnReader,
        rows: usize,
    ) -> Result<usize, ParquetError> {
        self.clear();
        let Self {
            values, defs, reps, ..
        } = self;
        let defs = self.has_def.then_some(defs);
        let reps = self.has_rep.then_some(reps);
        let (rows, ..) = match (values, column) {
            (Values::Bool(values), ColumnReader::BoolColumnReader(column)) => {
                column.read_records(rows, defs, reps, values)?
            }
            (Values::Int32(values), ColumnReader::Int32ColumnReader(column)) => {
                column.read_records(rows, defs, reps, values)?
            }
            (Values::Int64(values), ColumnReader::Int64ColumnReader(column)) => {
                column.read_records(rows, defs, reps, values)?
            }
            (Values::Bytes(values), ColumnReader::ByteArrayColumnReader(column)) => {
                column.read_records(rows, defs, reps, values)?
            }
            (Values::Fixed(values), ColumnReader::FixedLenByteArrayColumnReader(column)) => {
                column.read_records(rows, defs, reps, values)?
            }
            (
                Values::Bool(_)
                | Values::Int32(_)
                | Values::Int64(_)
                | Values::Bytes(_)
                | Values::Fixed(_),
                _,
            ) => return Err(ParquetError::General("a column has another type".into())),
        };
        Ok(rows)
    }
}

/// Passes over the next rows of a column.
pub(super) fn skip(column: &mut ColumnReader, rows: usize) -> Result<usize, ParquetError> {
    match column {
        ColumnReader::BoolColumnReader(column) => column.skip_records(rows),
        ColumnReader::Int32ColumnReader(column) => column.skip_records(rows),
        ColumnReader::Int64ColumnReader(column) => column.skip_records(rows),
        ColumnReader::Int96ColumnReader(column) => column.skip_records(rows),
        ColumnReader::FloatColumnReader(column) => column.skip_records(rows),
        ColumnReader::DoubleColumnReader(column) => column.skip_records(rows),
        ColumnReader::ByteArrayColumnReader(column) => column.skip_records(rows),
        ColumnReader::FixedLenByteArrayColumnReader(column) => column.skip_records(rows),
    }
}
