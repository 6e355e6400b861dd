//! Totals, roll-ups and the demand of the verdict, durably; the only room that knows sled and Parquet.
//!
//! The rows are in the journal, and in a file a day once the day is over. Totals are computed from them: absolute sums, written in one
//! transaction with the number of the last row that is in them, so that a replay adds nothing
//! twice, and a lost database is only a rebuild. A call belongs to the moment it arrived.

mod accepted;
mod begin;
mod believe;
mod check;
mod checkpoint;
mod close;
mod codec;
mod commit;
mod damage;
mod dayfile;
mod demand;
mod draft;
mod expired;
mod filed;
mod gaps;
mod hours;
mod import;
mod imported;
mod key;
mod memory;
mod meta;
mod names;
mod open_calls;
mod pass;
mod read;
mod recover;
mod replay;
mod retention;
mod rezone;
mod rows;
mod shelf;
mod sidecar;
mod status;
mod store;
mod sums;
mod totals;
mod upkeep;
mod watch;
mod write;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use self::believe::Belief;
use self::commit::Commits;
use self::memory::Memory;
use self::pass::Passes;
use self::shelf::Shelf;
use self::status::Status;
use self::watch::Seen;
use self::write::Writer;
use crate::call::{CallId, CallRecord};
use crate::journal::{Durable, JournalError};

pub use self::accepted::{Acceptance, Lost, LostOfDay, accept};
pub use self::check::{Checked, CheckedDay, CheckedPart, check};
pub use self::close::Closed;
pub use self::damage::{Damage, Part};
pub use self::dayfile::Facts;
pub use self::demand::StreamMinute;
pub use self::expired::make_room;
pub use self::hours::StreamHour;
pub use self::import::{History, ImportedHour, ImportedMinute, Minutes};
pub use self::key::{DIMENSIONS_MAX, Grain, Group, Origin, Period};
pub use self::memory::RECENT_DAYS;
pub use self::names::{NAME_BYTES_MAX, NAMES_MAX};
pub use self::pass::{Asked, ModelSums, Pass, Phase, Progress, Repriced, Summary, last_pass};
pub use self::recover::{LostRows, Rebuilt, Recovery};
pub use self::replay::Orphan;
pub use self::retention::Retention;
pub use self::rows::Rows;
pub use self::shelf::next_seq;
pub use self::status::Stats;
pub use self::sums::Apart;
pub use self::totals::Totals;
pub use self::upkeep::{BackedUp, Compacted, compact};

/// Where the ledger lives and how it counts.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The folder of the database and its sidecar; created if missing.
    pub dir: PathBuf,
    /// The journal whose rows are counted.
    pub journal_dir: PathBuf,
    /// The folder of the day files; created when the first one is written.
    pub calls_dir: PathBuf,
    /// The folder of the checkpoints; as above.
    pub checkpoints_dir: PathBuf,
    /// How long what is kept.
    pub retention: Retention,
    /// Decides what a day is.
    pub timezone: TimeZone,
    /// Whether a commit waits for the disk. Off for demonstrations and tests.
    pub sync: bool,
    /// How far the journal is synced: totals never run ahead of rows that a power cut could take.
    /// `None` when nobody writes the journal meanwhile.
    pub durable: Option<Durable>,
}

/// What the journal says, in sequence.
#[derive(Clone, Copy, Debug)]
pub enum Entry<'a> {
    /// A call was admitted.
    Begun(CallId),
    /// A call is over.
    Ended(&'a CallRecord),
}

/// What can go wrong with the ledger.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// Another process has it open.
    #[error("data directory is in use: {}", dir.display())]
    InUse {
        /// The folder that is locked.
        dir: PathBuf,
    },
    /// The file system said no.
    #[error("cannot {doing} {}", path.display())]
    Io {
        /// What was tried.
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
    /// The database refused; it is opened again at the next try.
    #[error("the ledger's database failed")]
    Store {
        /// What it said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A write does not end: the disk hangs, and reading would wait with it.
    #[error("a write of the ledger's database has not ended for {seconds} s")]
    Hangs {
        /// For how long, in whole seconds.
        seconds: u64,
    },
    /// The database was closed after a write that failed; the next batch opens it again.
    #[error("the ledger's database is closed after a failed write, and opened again by itself")]
    Closed,
    /// The database is damaged; it is put aside and rebuilt from the journal.
    #[error("the ledger's database is damaged: {found}")]
    Damaged {
        /// What was seen.
        found: String,
    },
    /// The database was written by another version of tollgate.
    #[error(
        "the ledger has schema {found}, this version reads {}",
        meta::SCHEMA_VERSION
    )]
    Schema {
        /// The version found.
        found: u8,
    },
    /// The rows cannot be read.
    #[error("the journal cannot be read")]
    Journal(#[from] JournalError),
    /// The rows are not safe from a power cut yet, so their totals are not written.
    #[error("the journal could not be synced up to frame {seq}")]
    NotDurable {
        /// The last row of the batch.
        seq: u64,
    },
    /// A file of calls is not there or not what it was.
    #[error(
        "{}: {found}; bring it back from a backup, or leave its days out (--since, --until)",
        path.display()
    )]
    DayFile {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        found: String,
    },
    /// Hours or minutes are asked for that were deleted for their age.
    #[error("{grain} are kept from {from} on")]
    Forgotten {
        /// What was asked for.
        grain: Grain,
        /// The first moment of which they are kept whole.
        from: Timestamp,
    },
    /// A row has a word that is not known here: to drop it would lose a number, to guess at it could
    /// double one.
    #[error(
        "{place}: {found}; only a newer tollgate writes that: start the release that wrote it, or a \
         newer one"
    )]
    Newer {
        /// The row.
        place: String,
        /// What it has.
        found: String,
    },
    /// Calls are being priced again already.
    #[error("calls are being priced again already; one pass goes after the other")]
    Repricing,
    /// There are as many passes as are kept at one time.
    #[error(
        "{} passes over the calls are kept, and no more can be",
        pass::PASSES_MAX
    )]
    Passes,
    /// What a pass moves is not in the totals.
    #[error("pass {number} over the calls does not fit the totals: {found}")]
    Misfit {
        /// The pass.
        number: u64,
        /// What was seen, and what to do.
        found: String,
    },
    /// Somebody wanted it to stop.
    #[error("stopped before the end")]
    Stopped,
    /// A row is not a record.
    #[error("frame {seq} of the journal is not a call record")]
    Row {
        /// Its number.
        seq: u64,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
}

impl LedgerError {
    /// A label for metrics and logs: few values, stable across releases.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::InUse { .. } => "in_use",
            Self::Io { .. } => "io",
            Self::Store { .. } => "store",
            Self::Hangs { .. } => "hangs",
            Self::Closed => "closed",
            Self::Damaged { .. } => "damaged",
            Self::Schema { .. } => "schema",
            Self::Journal(_) => "journal",
            Self::NotDurable { .. } => "not_durable",
            Self::DayFile { .. } => "day_file",
            Self::Forgotten { .. } => "forgotten",
            Self::Newer { .. } => "newer",
            Self::Repricing => "repricing",
            Self::Passes => "passes",
            Self::Misfit { .. } => "misfit",
            Self::Stopped => "stopped",
            Self::Row { .. } => "row",
        }
    }

    fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io {
            doing,
            path,
            source,
        }
    }

    fn hangs(since: Duration) -> Self {
        let seconds = since.as_secs();
        Self::Hangs { seconds }
    }

    fn damaged(found: &str) -> Self {
        Self::Damaged {
            found: found.to_owned(),
        }
    }
}

/// The totals of one group in one period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rollup {
    /// When.
    pub period: Period,
    /// Whose.
    pub group: Group,
    /// How much.
    pub totals: Totals,
}

/// The open ledger. Reading is open to all threads; one thread applies.
#[derive(Debug)]
pub struct Ledger {
    settings: Settings,
    status: Arc<Status>,
    writer: Mutex<Writer>,
    memory: RwLock<Memory>,
    commits: Commits,
    /// Held by who waits to change the memory, passed by who wants to read it: a lock alone may be
    /// given to an endless reader again and again, and calls would wait to be counted.
    turn: Mutex<()>,
    shelf: Arc<RwLock<Shelf>>,
    passes: RwLock<Passes>,
    /// Held by who prices calls again.
    repricing: Mutex<()>,
    /// Held by who writes a checkpoint.
    checkpointing: Mutex<()>,
    seen: Mutex<Seen>,
    belief: Mutex<Belief>,
    /// Held as long as the ledger lives.
    _lock: File,
}

impl Ledger {
    /// Opens or creates the ledger and counts what the journal has beyond it.
    ///
    /// Open the journal first: it cuts what a crash left half written. A damaged database is put
    /// aside and rebuilt; [`Recovery`] says so.
    pub fn open(settings: Settings) -> Result<(Self, Recovery), LedgerError> {
        Self::open_with(settings, None)
    }

    /// The same; a database of which damage is known is rebuilt without a look at it.
    fn open_with(
        settings: Settings,
        damage: Option<String>,
    ) -> Result<(Self, Recovery), LedgerError> {
        let lock = recover::prepare(&settings.dir)?;
        let status = Arc::<Status>::default();
        let ledger = Self {
            writer: Mutex::new(Writer::new(&settings.dir, Arc::clone(&status))),
            status,
            memory: RwLock::default(),
            commits: Commits::default(),
            turn: Mutex::default(),
            seen: Mutex::default(),
            shelf: Arc::new(RwLock::new(Shelf::load(&settings.calls_dir)?)),
            belief: Mutex::default(),
            passes: RwLock::new(Passes::read(&settings.calls_dir)?),
            repricing: Mutex::default(),
            checkpointing: Mutex::default(),
            settings,
            _lock: lock,
        };
        ledger.writer().damage = damage;
        let mut recovery = ledger.recover(&mut ledger.writer())?;
        ledger.look_for_lost(&mut recovery)?;
        ledger.look_for_holes()?;
        ledger.look_for_deleted()?;
        Ok((ledger, recovery))
    }

    /// The journal was opened again: from now on its handle says what is safe.
    pub fn follow(&mut self, durable: Durable) {
        self.settings.durable = Some(durable);
    }

    /// Every frame up to this number is counted.
    #[must_use]
    pub fn watermark(&self) -> u64 {
        self.memory().watermark
    }

    /// How often what had been counted was made something else: by a pass over the calls, or by made
    /// history. What was concluded of another revision may not follow from this one.
    ///
    /// # Errors
    /// The database's.
    pub fn revision(&self) -> Result<u64, LedgerError> {
        meta::revision(&*self.status.store()?)
    }

    /// Whether the last batch was written.
    #[must_use]
    pub fn healthy(&self) -> bool {
        self.status.is_open()
    }

    /// What the disk does not end, if something hangs; no reader of this waits for the disk.
    #[must_use]
    pub fn hangs(&self) -> Option<LedgerError> {
        let since = self.status.writing_since()?.elapsed();
        (since >= commit::COMMIT_WAIT_MAX).then(|| LedgerError::hangs(since))
    }

    /// The counters of this moment.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.status.stats()
    }

    fn writer(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn memory(&self) -> RwLockReadGuard<'_, Memory> {
        drop(self.turn.lock().unwrap_or_else(PoisonError::into_inner));
        self.memory.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_memory(&self, change: impl FnOnce(&mut Memory)) {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut self.memory.write().unwrap_or_else(PoisonError::into_inner));
    }

    fn shelf(&self) -> RwLockReadGuard<'_, Shelf> {
        self.shelf.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_shelf(&self, change: impl FnOnce(&mut Shelf)) {
        change(&mut self.shelf.write().unwrap_or_else(PoisonError::into_inner));
    }

    fn passes(&self) -> RwLockReadGuard<'_, Passes> {
        self.passes.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_passes(&self, change: impl FnOnce(&mut Passes)) {
        change(&mut self.passes.write().unwrap_or_else(PoisonError::into_inner));
    }

    /// From now on rows show the passes up to a number.
    fn set_applied(&self, number: u64) {
        self.set_passes(|passes| passes.applied = number);
    }

    /// What decides where days begin; another one is taken at the next start.
    #[must_use]
    pub const fn timezone(&self) -> &TimeZone {
        &self.settings.timezone
    }

    /// The day of the reporting time zone in which a moment lies.
    #[must_use]
    pub fn day_of(&self, at: Timestamp) -> jiff::civil::Date {
        self.settings.timezone.to_datetime(at).date()
    }
}

#[cfg(test)]
pub(crate) mod tests;
