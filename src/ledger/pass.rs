//! Calls priced again: a pass beside the rows, never in place of them.
//!
//! `calls/passes/N/` has the calls whose bill other prices changed, as they are now, each with what
//! its money was. Rows stay as they were booked; totals are what rows sum to, and then what each
//! pass moves, once. `pass.json` says what was asked; nothing moves before it says that all is there.

pub(super) mod files;
mod layers;
mod moves;
mod run;
mod step;
mod summary;

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub(super) use self::files::Passes;
pub(super) use self::layers::Layers;
#[cfg(test)]
pub(super) use self::run::is_full;
pub use self::run::{Asked, Phase, Progress, Repriced};
pub use self::summary::{ModelSums, Summary};
use super::dayfile::{Numbered, Was};
use crate::call::{CallRecord, Settled};

/// The folder of all passes in that of the day files: not in reach of `calls/*.parquet`.
const FOLDER: &str = "passes";
/// What a pass says of itself, in its folder.
const NOTE: &str = "pass.json";
/// The version of that. Another one is not guessed at.
const VERSION: u32 = 1;
/// Passes that are kept at one time: who reads rows has a file of each open.
pub(super) const PASSES_MAX: usize = 256;

/// One pass over the rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pass {
    version: u32,
    /// Passes are numbered from 1; the later one wins.
    pub number: u64,
    /// When it was asked for.
    pub begun_at: Timestamp,
    /// When all of it was on the disk; absent while it is being written.
    pub complete_at: Option<Timestamp>,
    /// What was asked for, as it was written …
    pub words: String,
    /// … and meant: calls that arrived from this moment on …
    pub since: Timestamp,
    /// … and before this one, …
    pub until: Timestamp,
    /// … of these models, or of all if none is named, …
    pub models: Vec<String>,
    /// … and these upstreams.
    pub upstreams: Vec<String>,
    /// The last frame of the journal that was counted when it began.
    pub last_frame: u64,
    /// Demand before this minute since 1970 was forgotten when it began.
    demand_from: u32,
    /// A checksum of the prices by which it was made.
    pub prices: String,
    /// What it found.
    pub summary: Summary,
    /// Every row up to this frame has been looked at …
    done_to: u64,
    /// … and so many files were finished.
    files_finished: u64,
    /// Its files in sequence; named once all are there.
    files: Vec<PassFile>,
}

/// A file of a pass, by its first row's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PassFile {
    pub(super) first_seq: u64,
    pub(super) last_seq: u64,
    pub(super) calls: u64,
}

impl Pass {
    /// Whether all of it is on the disk.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.complete_at.is_some()
    }

    /// Its files whose rows are expected, from this number on.
    pub(super) fn files_from(&self, rows_from: u64) -> impl Iterator<Item = PassFile> + '_ {
        let files = self.files.iter().copied();
        files.filter(move |file| file.last_seq >= rows_from)
    }
}

/// The folder of all passes.
pub(super) fn folder(calls_dir: &Path) -> PathBuf {
    calls_dir.join(FOLDER)
}

/// The number of the last pass over the calls of a folder of day files; 0 if there is none.
#[must_use]
pub fn last_pass(calls_dir: &Path) -> u64 {
    let passes = super::shelf::names(&folder(calls_dir)).unwrap_or_default();
    let numbers = passes.iter().filter_map(|name| name.parse().ok());
    numbers.max().unwrap_or(0)
}

/// The folder of one.
pub(super) fn folder_of(calls_dir: &Path, number: u64) -> PathBuf {
    folder(calls_dir).join(number.to_string())
}

/// Where a file of a pass is.
pub(super) fn path(calls_dir: &Path, number: u64, first_seq: u64) -> PathBuf {
    folder_of(calls_dir, number).join(format!("{first_seq:020}.parquet"))
}

/// The row of a call that was priced again. What only names it at its provider stays with its own row.
fn row_of(seq: u64, was: CallRecord, now: CallRecord, unnamed: Option<bool>) -> Numbered {
    let was = Was {
        pricing: Some(was.pricing),
        cost_native: was.cost_native,
        currency: was.currency,
        cost_usd: was.cost_usd,
        price_id: was.price_id,
        would_cost_usd: was.would_cost_usd,
        settled: Settled::of(&was.flags).flag(),
        unnamed,
    };
    let call = CallRecord {
        response_id: None,
        request_id: None,
        ..now
    };
    Numbered { seq, call, was }
}
