//! The open database and its counters, for readers that must not wait for the writing thread.

use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use super::LedgerError;
use super::damage::Damage;
use super::store::Store;

/// Counters for metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Transactions written and synced.
    pub commits: u64,
    /// Keys in them.
    pub keys: u64,
    /// Calls in them.
    pub calls: u64,
    /// Writes that failed, whoever wanted them.
    pub errors: u64,
    /// Whether the last try to close days failed.
    pub close_failed: bool,
    /// How often the database was rebuilt since this process began.
    pub rebuilds: u64,
    /// Damage that was found since this process began.
    pub damage: Damage,
    /// Time spent in commits.
    pub commit_time: Duration,
    /// Bytes the database takes on the disk.
    pub size_bytes: u64,
}

/// Shared by the ledger and its writer.
#[derive(Debug, Default)]
pub(super) struct Status {
    store: RwLock<Option<Arc<Store>>>,
    /// When the write began that is under way.
    writing: Mutex<Option<Instant>>,
    stats: Mutex<Stats>,
}

impl Status {
    pub(super) fn is_open(&self) -> bool {
        self.store
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .is_some()
    }

    pub(super) fn store(&self) -> Result<Arc<Store>, LedgerError> {
        let store = self.store.read().unwrap_or_else(PoisonError::into_inner);
        store.clone().ok_or(LedgerError::Closed)
    }

    pub(super) fn set_store(&self, store: Option<Arc<Store>>) {
        let old = {
            let mut held = self.store.write().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *held, store)
        };
        // Closing waits for the disk: never while readers, of metrics too, wait for this lock.
        drop(old);
    }

    /// Notes that a write began, or is over.
    pub(super) fn set_writing(&self, since: Option<Instant>) {
        *self.writing.lock().unwrap_or_else(PoisonError::into_inner) = since;
    }

    pub(super) fn writing_since(&self) -> Option<Instant> {
        *self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn stats(&self) -> Stats {
        let size_bytes = {
            // Not cloned: the last clone would be the one that closes the database.
            let store = self.store.read().unwrap_or_else(PoisonError::into_inner);
            store.as_ref().map_or(0, |store| store.size_bytes())
        };
        let stats = *self.stats.lock().unwrap_or_else(PoisonError::into_inner);
        Stats {
            size_bytes,
            ..stats
        }
    }

    pub(super) fn count(&self, add: impl FnOnce(&mut Stats)) {
        add(&mut self.stats.lock().unwrap_or_else(PoisonError::into_inner));
    }
}
