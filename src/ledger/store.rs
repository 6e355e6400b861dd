//! sled, and nothing above it: four trees, one transaction for all, and a sync that is one.
//!
//! The rules were measured. `flush()` alone is no fsync on Linux, so each commit is followed by
//! `fdatasync` of the data file through a handle of our own; no transaction is larger than
//! [`KEYS_MAX`], since one that spans several of sled's segments can lose the whole database in a
//! power cut; sled may panic on damage, so every call into it is caught.

use std::fs::File;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sled::transaction::{ConflictableTransactionError, TransactionError, Transactional};
use sled::{Db, IVec, Tree};

use super::LedgerError;

/// Keys written by one transaction at most.
pub(super) const KEYS_MAX: usize = 256;
/// Keys read at once; between pages the writer gets its turn.
const PAGE_KEYS: usize = 1_000;
/// What sled may cache, by its own count; in memory that is several times as much. Only the newest keys
/// are written again, and five weeks of minutes are read once, at the start: more would only stay.
const CACHE_BYTES: u64 = 16 * 1024 * 1024;
/// sled's background flusher also collects its garbage.
const FLUSH_EVERY_MS: u64 = 500;
/// A child is born and begins its own program in far less than these tries take together.
const LOCK_TRIES: u32 = 100;
const LOCK_NAP: Duration = Duration::from_millis(10);

/// One of the trees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum In {
    Meta,
    Totals,
    Names,
    Demand,
}

/// A key with its new value, or without one to remove it.
pub(super) type Write = (In, Vec<u8>, Option<Vec<u8>>);

/// A page of keys with their values.
type Page = Vec<(IVec, IVec)>;

/// The open database.
#[derive(Debug)]
pub(super) struct Store {
    trees: Trees,
    db: Db,
    /// An own handle of sled's data file, to sync it.
    data: File,
    path: PathBuf,
    sync: bool,
}

#[derive(Clone, Debug)]
struct Trees {
    meta: Tree,
    totals: Tree,
    names: Tree,
    demand: Tree,
}

impl Trees {
    fn of(&self, tree: In) -> &Tree {
        match tree {
            In::Meta => &self.meta,
            In::Totals => &self.totals,
            In::Names => &self.names,
            In::Demand => &self.demand,
        }
    }
}

impl Store {
    /// Opens or creates the database. Damage may panic inside sled: it comes back as an error.
    pub(super) fn open(dir: &Path, sync: bool) -> Result<Self, LedgerError> {
        let fresh = !dir.exists();
        let (db, trees) = guarded(|| {
            let config = sled::Config::new()
                .path(dir)
                .cache_capacity(CACHE_BYTES)
                .flush_every_ms(Some(FLUSH_EVERY_MS));
            let db = once_free(&config)?;
            let trees = Trees {
                meta: db.open_tree("meta")?,
                totals: db.open_tree("totals")?,
                names: db.open_tree("names")?,
                demand: db.open_tree("demand")?,
            };
            Ok((db, trees))
        })?;
        let path = dir.join("db");
        let data = File::open(&path).map_err(LedgerError::io("open", &path))?;
        let store = Self {
            trees,
            db,
            data,
            path,
            sync,
        };
        if fresh && sync {
            store.settle(dir)?;
        }
        Ok(store)
    }

    /// After the first open: makes the names of the new files durable.
    fn settle(&self, dir: &Path) -> Result<(), LedgerError> {
        self.flush()?;
        for path in [dir.join("conf").as_path(), dir, dir.parent().unwrap_or(dir)] {
            let synced = File::open(path).and_then(|file| file.sync_all());
            synced.map_err(LedgerError::io("sync", path))?;
        }
        Ok(())
    }

    /// Writes all or nothing, and returns when it is on the disk.
    pub(super) fn commit(&self, writes: &[Write]) -> Result<(), LedgerError> {
        self.write(writes)?;
        self.flush()
    }

    /// Writes all or nothing, without a wait; [`Store::flush`] makes it last.
    pub(super) fn write(&self, writes: &[Write]) -> Result<(), LedgerError> {
        debug_assert!(
            writes.len() <= KEYS_MAX,
            "{} keys in one commit",
            writes.len()
        );
        #[cfg(test)]
        super::tests::dying::write(&self.path)?;
        let Trees {
            meta,
            totals,
            names,
            demand,
        } = &self.trees;
        guarded(|| {
            let written =
                (meta, totals, names, demand).transaction(|(meta, totals, names, demand)| {
                    for (tree, key, value) in writes {
                        let tree = match tree {
                            In::Meta => meta,
                            In::Totals => totals,
                            In::Names => names,
                            In::Demand => demand,
                        };
                        match value {
                            Some(value) => tree.insert(key.as_slice(), value.as_slice())?,
                            None => tree.remove(key.as_slice())?,
                        };
                    }
                    Ok::<(), ConflictableTransactionError<()>>(())
                });
            match written {
                Ok(()) | Err(TransactionError::Abort(())) => Ok(()),
                Err(TransactionError::Storage(error)) => Err(error),
            }
        })
    }

    /// Hands everything to the kernel and, if syncing is on, to the disk.
    pub(super) fn flush(&self) -> Result<(), LedgerError> {
        guarded(|| self.db.flush().map(drop))?;
        if self.sync {
            self.data
                .sync_data()
                .map_err(LedgerError::io("sync", &self.path))?;
        }
        Ok(())
    }

    pub(super) fn get(&self, tree: In, key: &[u8]) -> Result<Option<Vec<u8>>, LedgerError> {
        guarded(|| self.trees.of(tree).get(key)).map(|value| value.map(|value| value.to_vec()))
    }

    /// The last key of a range.
    pub(super) fn last(&self, tree: In, keys: Range<Vec<u8>>) -> Result<Option<IVec>, LedgerError> {
        guarded(|| self.trees.of(tree).range(keys).next_back().transpose())
            .map(|last| last.map(|(key, _)| key))
    }

    /// Visits the keys of a range with their values, where they lie, until a visit says false; says
    /// whether none did.
    pub(super) fn visit(
        &self,
        tree: In,
        keys: Range<Vec<u8>>,
        mut visit: impl FnMut(&[u8], &[u8]) -> bool,
    ) -> Result<bool, LedgerError> {
        guarded(|| {
            for found in self.trees.of(tree).range(keys) {
                let (key, value) = found?;
                if !visit(&key, &value) {
                    return Ok(false);
                }
            }
            Ok(true)
        })
    }

    /// The keys of a range, page by page.
    pub(super) fn scan(&self, tree: In, keys: Range<Vec<u8>>) -> Scan {
        Scan {
            tree: self.trees.of(tree).clone(),
            from: keys.start,
            end: keys.end,
            page: Vec::new().into_iter(),
            done: false,
        }
    }

    /// Bytes the database takes on the disk.
    pub(super) fn size_bytes(&self) -> u64 {
        self.data.metadata().map_or(0, |file| file.len())
    }
}

/// The keys of a range with their values, in pages of [`PAGE_KEYS`].
#[derive(Debug)]
pub(super) struct Scan {
    tree: Tree,
    from: Vec<u8>,
    end: Vec<u8>,
    page: std::vec::IntoIter<(IVec, IVec)>,
    done: bool,
}

impl Scan {
    fn next_page(&mut self) -> Result<(), LedgerError> {
        let (from, end) = (self.from.clone(), self.end.clone());
        let page = guarded(|| {
            let mut page: Page = Vec::with_capacity(PAGE_KEYS);
            for found in self.tree.range(from..end).take(PAGE_KEYS) {
                page.push(found?);
            }
            Ok(page)
        })?;
        self.done = page.len() < PAGE_KEYS;
        if let Some((last, _)) = page.last() {
            // The smallest key after it.
            self.from = last.to_vec();
            self.from.push(0);
        }
        self.page = page.into_iter();
        Ok(())
    }
}

impl Iterator for Scan {
    type Item = Result<(IVec, IVec), LedgerError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(found) = self.page.next() {
                return Some(Ok(found));
            }
            if self.done {
                return None;
            }
            if let Err(error) = self.next_page() {
                self.done = true;
                return Some(Err(error));
            }
        }
    }
}

/// Calls sled; a panic of its is an error of ours.
fn guarded<T>(call: impl FnOnce() -> sled::Result<T>) -> Result<T, LedgerError> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(answer) => answer.map_err(of_sled),
        Err(panic) => Err(LedgerError::Damaged {
            found: said(panic.as_ref()),
        }),
    }
}

/// Opens the database. The folder's lock is held by now, so who has the database's is on its way out:
/// a child process keeps what it was born with until its own program begins.
fn once_free(config: &sled::Config) -> sled::Result<Db> {
    for _ in 0..LOCK_TRIES {
        match config.open() {
            Err(sled::Error::Io(error)) if error.to_string().contains("acquire lock") => {
                std::thread::sleep(LOCK_NAP);
            }
            opened => return opened,
        }
    }
    config.open()
}

/// What a panic said.
pub(super) fn said(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "panic without a message".to_owned())
}

/// Tells damage from a disk that refuses.
fn of_sled(error: sled::Error) -> LedgerError {
    let damaged = |found: String| LedgerError::Damaged { found };
    match error {
        sled::Error::Corruption { .. }
        | sled::Error::ReportableBug(_)
        | sled::Error::CollectionNotFound(_) => damaged(error.to_string()),
        // A file that is shorter than its own header says.
        sled::Error::Io(io) if io.kind() == std::io::ErrorKind::UnexpectedEof => {
            damaged(io.to_string())
        }
        sled::Error::Io(_) | sled::Error::Unsupported(_) => LedgerError::Store {
            source: Box::new(error),
        },
    }
}
