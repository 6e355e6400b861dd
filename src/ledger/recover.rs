//! Opening: the lock, the database, and what to do when it is not what it was.
//!
//! Damage is never repaired in place and never deleted: the folder is put aside under another name
//! and the totals are computed again from the journal.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::tz::TimeZone;
use tracing::{error, warn};

use super::accepted::Accepted;
use super::begin::{note_demand, note_minutes};
use super::checkpoint::{self, Restored};
use super::damage::Part;
use super::memory::Memory;
use super::replay::Orphan;
use super::sidecar::{self, State};
use super::store::{In, Store, said};
use super::write::Writer;
use super::{Ledger, LedgerError, Settings, expired, meta};
use crate::journal;

/// The folder of the database in the ledger's folder.
const DATABASE: &str = "sled";

/// What opening the ledger found and did.
#[derive(Debug, Default)]
pub struct Recovery {
    /// The database was damaged and has been computed again.
    pub rebuilt: Option<Rebuilt>,
    /// The reporting time zone was another one: day totals have been computed again.
    pub timezone_was: Option<String>,
    /// The database is new and begins with the totals of this checkpoint.
    pub restored: Option<PathBuf>,
    /// Calls counted from the journal.
    pub replayed: u64,
    /// How far the database was when that was last noted beside it.
    pub(super) noted: u64,
    /// Rows that had been counted are no longer in the journal. Their totals are kept, and their
    /// numbers noted as gone: open the journal again, so that it goes on behind them.
    pub lost_rows: Option<LostRows>,
    /// Frames, segments, day files or checkpoints that cannot be read, in words.
    pub problems: Vec<String>,
    /// Calls that began and did not end. Append an `End` for each: that closes it.
    pub orphans: Vec<Orphan>,
}

/// A database that was put aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rebuilt {
    /// What was wrong with it.
    pub found: String,
    /// Where it is now.
    pub moved_to: Option<PathBuf>,
}

/// Rows behind the end of the journal that were counted once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LostRows {
    /// How far the totals had counted.
    pub watermark: u64,
    /// Where the journal ends.
    pub journal_end: u64,
}

/// A database that was opened and read.
struct Opened {
    store: Store,
    memory: Memory,
    db_id: String,
    restored: Restored,
}

/// Creates the folder and takes its lock, which lasts as long as the file is open.
pub(super) fn prepare(dir: &Path) -> Result<File, LedgerError> {
    std::fs::create_dir_all(dir).map_err(LedgerError::io("create", dir))?;
    let path = dir.join("lock");
    let lock = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(LedgerError::io("open", &path))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(LedgerError::InUse {
            dir: dir.to_owned(),
        }),
        Err(TryLockError::Error(e)) => Err(LedgerError::io("lock", &path)(e)),
    }
}

impl Ledger {
    /// Opens the database, rebuilds it if it must be, and counts what the journal has beyond it.
    pub(super) fn recover(&self, writer: &mut Writer) -> Result<Recovery, LedgerError> {
        let recovered = self.recover_with(writer);
        if let Err(error) = &recovered {
            // Half recovered is not open: what was not counted yet must not be passed over.
            writer.let_go(error);
        }
        recovered
    }

    fn recover_with(&self, writer: &mut Writer) -> Result<Recovery, LedgerError> {
        let known_damage = writer.damage.take();
        let noted = sidecar::read(&self.settings.dir).map_or(0, |state| state.watermark);
        let (opened, rebuilt) = open_sound(&self.settings, writer, known_damage)?;
        self.set_memory(|memory| *memory = opened.memory);
        let store = Arc::new(opened.store);
        writer.attach(Arc::clone(&store), opened.db_id);
        let rows_from = meta::number(&store, meta::ROWS_FROM)?.unwrap_or(1);
        let rows_from = rows_from.max(expired::rows_from(&self.settings.calls_dir)?);
        self.set_shelf(|shelf| shelf.rows_from = rows_from);
        // Before anything is counted: a crash in a rebuild must not look like damage again.
        writer.note(self.watermark(), self.settings.sync, true)?;
        let Restored { from, problems } = opened.restored;
        self.found_damage(Part::Database, usize::from(rebuilt.is_some()));
        self.found_damage(Part::Checkpoint, problems.len());
        let mut recovery = Recovery {
            rebuilt,
            restored: from,
            problems,
            noted,
            ..Recovery::default()
        };
        note_minutes(writer, &store)?;
        note_demand(writer, &store)?;
        self.remember(&store)?;
        self.replay(writer, &mut recovery)?;
        self.catch_up(writer, &mut recovery)?;
        self.follow_timezone(writer, &store, &mut recovery)?;
        writer.note(self.watermark(), self.settings.sync, true)?;
        Ok(recovery)
    }

    /// Says which rows should be there and cannot be read.
    pub(super) fn look_for_lost(&self, recovery: &mut Recovery) -> Result<(), LedgerError> {
        let journal_first = journal::first_seq(&self.settings.journal_dir)?;
        let accepted = Accepted::read(&self.settings.calls_dir)?;
        let counted = self.watermark().max(recovery.noted);
        for stretch in self.shelf().stretches(journal_first) {
            let Some(problem) = stretch.rows.problem() else {
                continue;
            };
            let problem = problem.to_string();
            if accepted.frames(&stretch.frames(counted)).is_some() {
                warn!(problem, "calls have no rows any more, as was accepted");
            } else {
                error!(problem, "calls that were kept cannot be read");
                self.found_damage(Part::DayFile, 1);
            }
            recovery.problems.push(problem);
        }
        let moved = self.shelf().moved.clone();
        self.found_damage(Part::DayFile, moved.len());
        recovery.problems.extend(moved);
        Ok(())
    }

    /// Says once more, at each start, which frames are known to be gone.
    pub(super) fn look_for_holes(&self) -> Result<(), LedgerError> {
        for hole in journal::holes(&self.settings.journal_dir)? {
            let (first, last) = (hole.start(), hole.end());
            warn!(
                first,
                last,
                "frames of the journal are known to be gone; totals that had counted them stay"
            );
        }
        Ok(())
    }

    /// Computes the day totals again if days are other days now.
    fn follow_timezone(
        &self,
        writer: &mut Writer,
        store: &Store,
        recovery: &mut Recovery,
    ) -> Result<(), LedgerError> {
        let name = timezone_name(&self.settings.timezone);
        match meta::text(store, meta::TIMEZONE)? {
            Some(was) if was != name => {
                warn!(%was, now = %name, "the reporting time zone changed; days are computed again");
                self.rebuild_days(writer, store, &name, recovery)?;
                recovery.timezone_was = Some(was);
                Ok(())
            }
            Some(_) => Ok(()),
            None => Err(LedgerError::damaged("the time zone of the days is missing")),
        }
    }
}

/// A database that is what the sidecar says it was; if it is not, a new one.
fn open_sound(
    settings: &Settings,
    writer: &mut Writer,
    known_damage: Option<String>,
) -> Result<(Opened, Option<Rebuilt>), LedgerError> {
    let dir = settings.dir.join(DATABASE);
    let opened = match known_damage {
        Some(found) => Err(LedgerError::Damaged { found }),
        None => open_checked(&dir, settings),
    };
    let found = match opened {
        Ok(opened) => return Ok((opened, None)),
        Err(LedgerError::Damaged { found }) => found,
        Err(other) => return Err(other),
    };
    if !writer.may_rebuild() {
        return Err(LedgerError::Damaged { found });
    }
    let moved_to = put_aside(&dir)?;
    error!(%found, moved_to = ?moved_to, "the ledger is damaged and is computed again from the last checkpoint and the rows behind it");
    let opened = open_read(&dir, settings)?;
    Ok((opened, Some(Rebuilt { found, moved_to })))
}

/// Where the database is in the ledger's folder.
pub(super) fn database(dir: &Path) -> PathBuf {
    dir.join(DATABASE)
}

/// Opens a copy of the database, if it is what the sidecar says.
pub(super) fn look(copy: &Path, settings: &Settings) -> Result<Store, LedgerError> {
    if !copy.is_dir() {
        return Err(LedgerError::damaged("there is none"));
    }
    open_checked(copy, settings).map(|opened| opened.store)
}

/// Opens and reads the database and compares it with the sidecar.
fn open_checked(dir: &Path, settings: &Settings) -> Result<Opened, LedgerError> {
    let opened = match open_read(dir, settings) {
        Err(LedgerError::Damaged { .. }) if remove_unfinished_snapshots(dir) => {
            open_read(dir, settings)?
        }
        other => other?,
    };
    match sidecar::read(&settings.dir) {
        Some(State { db_id, watermark }) if db_id != opened.db_id => {
            // A new database is right when there was none.
            let found = format!("it is not the one that had counted up to frame {watermark}");
            Err(LedgerError::Damaged { found })
        }
        Some(State { watermark, .. }) if watermark > opened.memory.watermark => {
            let found = format!(
                "it has counted up to frame {}, and had up to {watermark}",
                opened.memory.watermark
            );
            Err(LedgerError::Damaged { found })
        }
        _ => Ok(opened),
    }
}

/// Opens and reads the database in a thread of its own, where a panic of sled's is only an error.
fn open_read(dir: &Path, settings: &Settings) -> Result<Opened, LedgerError> {
    let (dir, sync) = (dir.to_owned(), settings.sync);
    let checkpoints = settings.checkpoints_dir.clone();
    let timezone = timezone_name(&settings.timezone);
    let thread = std::thread::Builder::new()
        .name("ledger-open".to_owned())
        .spawn(move || {
            let store = Store::open(&dir, sync)?;
            let mut restored = Restored::default();
            if meta::check_schema(&store)? {
                restored = checkpoint::restore(&store, &checkpoints)?;
                initialise(&store, &timezone, restored.from.is_none())?;
            }
            meta::raise_schema(&store)?;
            let db_id = meta::text(&store, meta::DB_ID)?
                .ok_or_else(|| LedgerError::damaged("its name is missing"))?;
            let memory = Memory::load(&store)?;
            Ok(Opened {
                store,
                memory,
                db_id,
                restored,
            })
        })
        .map_err(LedgerError::io("start a thread for", &settings.dir))?;
    thread.join().unwrap_or_else(|panic| {
        Err(LedgerError::Damaged {
            found: said(panic.as_ref()),
        })
    })
}

/// Writes what a new database is, last of all: one that was not filled whole is still new.
fn initialise(store: &Store, timezone: &str, empty: bool) -> Result<(), LedgerError> {
    let id = format!("{:032x}", fastrand::u128(..));
    let schema = Some(vec![meta::SCHEMA_VERSION]);
    let mut writes = vec![
        (In::Meta, meta::SCHEMA.into(), schema),
        meta::put_text(meta::DB_ID, &id),
    ];
    if empty {
        writes.push(meta::put_text(meta::TIMEZONE, timezone));
        writes.push(meta::put_number(meta::WATERMARK, 0));
    }
    store.commit(&writes)
}

/// Removes snapshots that sled had not finished; it takes them for corruption (sled 1527, 1533).
/// True if there was one.
fn remove_unfinished_snapshots(dir: &Path) -> bool {
    let Ok(listing) = std::fs::read_dir(dir) else {
        return false;
    };
    let unfinished = listing.flatten().filter(|entry| {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        name.starts_with("snap.") && name.ends_with(".generating")
    });
    unfinished
        .filter(|entry| std::fs::remove_file(entry.path()).is_ok())
        .count()
        > 0
}

/// Renames the database: `sled.damaged-TIME`.
fn put_aside(dir: &Path) -> Result<Option<PathBuf>, LedgerError> {
    if !dir.exists() {
        return Ok(None);
    }
    let aside = journal::aside(dir);
    std::fs::rename(dir, &aside).map_err(LedgerError::io("rename", dir))?;
    Ok(Some(aside))
}

/// A name under which the time zone is stored and compared.
fn timezone_name(timezone: &TimeZone) -> String {
    match (timezone.iana_name(), timezone.to_fixed_offset()) {
        (Some(name), _) => name.to_owned(),
        (None, Ok(offset)) => offset.to_string(),
        (None, Err(_)) => format!("{timezone:?}"),
    }
}
