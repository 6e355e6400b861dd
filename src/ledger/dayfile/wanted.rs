//! Which rows are looked for: those behind a number that arrived in a stretch of time.
//!
//! A row group is asked by its statistics, then by two of its columns: where the first and the last
//! wanted row stand. The rows in front and behind are not decoded, those between are given as they are.

use std::ops::Range;

use jiff::Timestamp;
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::statistics::Statistics;

/// What is looked for.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    after: u64,
    /// In nanoseconds since 1970; `None` for any time.
    arrived: Option<Range<i64>>,
}

impl Wanted {
    /// All rows behind a number.
    pub(super) const fn behind(after: u64) -> Self {
        let arrived = None;
        Self { after, arrived }
    }

    /// Those of them that arrived in a stretch of time.
    pub(super) fn near(after: u64, arrived: Range<Timestamp>) -> Self {
        let arrived = Some(nanoseconds(arrived.start)..nanoseconds(arrived.end));
        Self { after, arrived }
    }

    /// Whether a number is behind the one that was named.
    pub(super) const fn is_behind(&self, seq: u64) -> bool {
        seq > self.after
    }

    /// Whether numbers have to be looked at in a row group that follows this number.
    pub(super) const fn cuts(&self, before: u64) -> bool {
        self.after > before
    }

    /// Whether a row group can hold such a time. One that says nothing about its times can.
    pub(super) fn may_be_in(&self, arrived: Option<&ColumnChunkMetaData>) -> bool {
        let (Some(wanted), Some((first, last))) = (&self.arrived, arrived.and_then(ends)) else {
            return true;
        };
        last >= wanted.start && first < wanted.end
    }

    /// Whether times have to be looked at in a row group that has such a time.
    pub(super) fn cuts_times(&self, arrived: Option<&ColumnChunkMetaData>) -> bool {
        let Some(wanted) = &self.arrived else {
            return false;
        };
        let ends = arrived.and_then(ends);
        ends.is_none_or(|(first, last)| first < wanted.start || last >= wanted.end)
    }

    /// From the first of some rows that is looked for to the last, by what was read of them.
    pub(super) fn among(&self, rows: usize, seqs: &[i64], arrived: &[i64]) -> Range<usize> {
        let is_wanted = |row: &usize| {
            let behind = seqs
                .get(*row)
                .map(|seq| self.is_behind(seq.cast_unsigned()));
            let wanted = self.arrived.as_ref().zip(arrived.get(*row));
            behind != Some(false) && wanted.is_none_or(|(wanted, at)| wanted.contains(at))
        };
        let first = (0..rows).find(is_wanted).unwrap_or(rows);
        let last = (first..rows).rfind(is_wanted);
        first..last.map_or(first, |last| last.saturating_add(1))
    }
}

/// A moment as the files have it; one they cannot hold is before or behind all of them.
fn nanoseconds(at: Timestamp) -> i64 {
    let out_of_range = if at < Timestamp::UNIX_EPOCH {
        i64::MIN
    } else {
        i64::MAX
    };
    at.as_nanosecond().try_into().unwrap_or(out_of_range)
}

/// The least and the greatest value of a column.
fn ends(column: &ColumnChunkMetaData) -> Option<(i64, i64)> {
    match column.statistics()? {
        Statistics::Int64(of) => Some((*of.min_opt()?, *of.max_opt()?)),
        Statistics::Boolean(_)
        | Statistics::Int32(_)
        | Statistics::Int96(_)
        | Statistics::Float(_)
        | Statistics::Double(_)
        | Statistics::ByteArray(_)
        | Statistics::FixedLenByteArray(_) => None,
    }
}
