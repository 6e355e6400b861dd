//! The counters of a journal: counted by whoever writes, read at any moment.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// Counters for metrics, read at any moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Frames written.
    pub appended: u64,
    /// Writes that carried them.
    pub groups: u64,
    /// Those of them that the journal's own thread did.
    pub by_thread: u64,
    /// Writes that were not answered at once, with no sync to wait for.
    pub slow: u64,
    /// Bytes written.
    pub bytes: u64,
    /// Writes and syncs that failed.
    pub errors: u64,
    /// Frames given up at a close while the disk refused them.
    pub lost: u64,
    /// Frames waiting to be written.
    pub queued: u64,
    /// The bodies of those that nobody writes yet, in bytes.
    pub queued_bytes: u64,
    /// For how long the oldest written frame has not been synced.
    pub unsynced: Duration,
}

#[derive(Debug, Default)]
pub(super) struct Counters {
    /// The last write was refused.
    pub(super) refused: AtomicBool,
    /// Nobody can write any more.
    pub(super) ended: AtomicBool,
    /// Frames in the write that is tried now.
    pub(super) held: AtomicU64,
    pub(super) appended: AtomicU64,
    pub(super) groups: AtomicU64,
    pub(super) by_thread: AtomicU64,
    pub(super) slow: AtomicU64,
    pub(super) bytes: AtomicU64,
    pub(super) errors: AtomicU64,
    pub(super) lost: AtomicU64,
}

impl Counters {
    pub(super) fn add(counter: &AtomicU64, n: usize) {
        let n = u64::try_from(n).unwrap_or(u64::MAX);
        counter.fetch_add(n, Ordering::Relaxed);
    }

    /// The writers' part of the numbers.
    pub(super) fn stats(&self) -> Stats {
        Stats {
            appended: self.appended.load(Ordering::Relaxed),
            groups: self.groups.load(Ordering::Relaxed),
            by_thread: self.by_thread.load(Ordering::Relaxed),
            slow: self.slow.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
            errors: self.errors.load(Ordering::Relaxed),
            lost: self.lost.load(Ordering::Relaxed),
            queued: self.held.load(Ordering::Relaxed),
            queued_bytes: 0,
            unsynced: Duration::ZERO,
        }
    }
}
