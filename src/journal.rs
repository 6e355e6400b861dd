//! The append-only file that is the first durable record; it knows frames, not calls.
//!
//! Who appends a frame writes it, with one `write(2)` for all that came together; what may take long
//! is for two threads of its own, so that a slow disk delays no call. A frame is good when its length
//! and CRC32C are, and the sequence has no holes: what follows the last good frame is cut when the
//! journal is opened. Nothing is deleted of its own accord: who keeps the rows says what may go.

mod ack;
mod append;
mod aside;
mod backlog;
mod clear;
mod desk;
mod disk;
mod frame;
mod group;
mod holes;
mod mend;
mod reader;
mod segment;
mod stats;
mod syncer;
mod thread;
mod trust;

use std::fmt;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

pub use self::ack::{Ack, Pending};
use self::append::Core;
pub use self::aside::{aside, beside};
pub use self::clear::{Cleared, clear_before};
use self::desk::Desk;
use self::disk::{Disk, RealDisk};
pub use self::frame::{BODY_BYTES_MAX, Frame, FrameKind};
pub use self::holes::{behind_holes, holes, lose_end};
pub use self::mend::{Mended, mend};
pub use self::reader::{
    Frames, first_seq, first_seq_near, frames, last_seq, segment_behind, segment_path, segments,
    unread_tail,
};
use self::segment::Cut;
pub use self::stats::Stats;
pub use self::syncer::Durable;

/// Bodies waiting to be written, in bytes; beyond it `append` says `QueueFull`.
pub const QUEUE_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// Where the journal lives and how much it holds back.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The folder of the segments; created if missing.
    pub dir: PathBuf,
    /// A segment that would grow beyond this is followed by a new one.
    pub segment_bytes_max: u64,
    /// No written frame waits longer than this for its sync to start.
    pub sync_interval: Duration,
    /// A sync starts as soon as so many frames wait for it.
    pub sync_records: usize,
    /// Frames waiting to be written; beyond it `append` says `QueueFull`.
    pub queue_max: usize,
    /// A disk that takes longer for a write is left to a thread of the journal's own for a while.
    pub quick_write_max: Duration,
    /// The number of the first frame of a journal that holds none: behind all that was ever kept.
    pub first_seq: u64,
}

impl Settings {
    /// 64 MiB a segment, a sync every 20 ms or 256 frames, 131,072 frames queued, writes of
    /// up to 1 ms (the page cache takes some microseconds).
    #[must_use]
    pub fn in_dir(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            segment_bytes_max: 64 * 1024 * 1024,
            sync_interval: Duration::from_millis(20),
            sync_records: 256,
            queue_max: 131_072,
            quick_write_max: Duration::from_millis(1),
            first_seq: 1,
        }
    }
}

/// What can go wrong with the journal.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Another process writes here.
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
    /// A frame that is not the last one is damaged. Nothing is deleted; what follows is not read.
    #[error("{} is damaged at byte {offset}, before frame {seq}", segment.display())]
    Damaged {
        /// The file.
        segment: PathBuf,
        /// Where its last good frame ends.
        offset: u64,
        /// The frame that should stand there.
        seq: u64,
    },
    /// More frames or bytes wait to be written than are allowed to.
    #[error("the journal's queue is full")]
    QueueFull,
    /// The body is longer than a frame can carry.
    #[error("a body of {bytes} bytes is longer than a frame can carry")]
    TooLarge {
        /// Its length.
        bytes: usize,
    },
    /// The disk refused the frame. It is kept in memory, in its place, and written when it can be.
    #[error("the disk refused the frame; it is kept and tried again")]
    Delayed,
    /// The journal is closed.
    #[error("the journal is closed")]
    Closed,
}

impl JournalError {
    /// A label for metrics and logs: few values, stable across releases.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::InUse { .. } => "in_use",
            Self::Io { .. } => "io",
            Self::Damaged { .. } => "damaged",
            Self::QueueFull => "queue_full",
            Self::TooLarge { .. } => "too_large",
            Self::Delayed => "delayed",
            Self::Closed => "closed",
        }
    }

    /// Wraps an I/O error with what was tried.
    fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io {
            doing,
            path,
            source,
        }
    }
}

/// What was cut off when the journal was opened: the rest of a write that a crash broke.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CutTail {
    /// The file that ended badly.
    pub segment: PathBuf,
    /// How many bytes were cut.
    pub bytes: u64,
    /// What was done if there were good frames behind it: then it was damage, not a torn write.
    pub mended: Option<Mended>,
}

/// The open journal. Clones write to the same file.
///
/// `T` rides along with a frame and is handed to the sink, in sequence, after the frame is written.
pub struct Journal<T> {
    inner: Arc<Inner<T>>,
}

impl<T> Clone for Journal<T> {
    fn clone(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
        }
    }
}

struct Inner<T> {
    core: Arc<Core<T>>,
    durable: Durable,
    cut: Option<CutTail>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

/// Nobody can append any more: what waits is written, and the threads end.
impl<T> Drop for Inner<T> {
    fn drop(&mut self) {
        self.core.close();
    }
}

impl<T> fmt::Debug for Journal<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal").finish_non_exhaustive()
    }
}

impl<T: Send + 'static> Journal<T> {
    /// Opens or creates the journal, cuts what a crash left half written, and starts its threads.
    ///
    /// The sink runs on whatever thread writes, a client's too: it must not block, nor append.
    pub fn open(
        settings: Settings,
        sink: impl FnMut(u64, T) + Send + 'static,
    ) -> Result<Self, JournalError> {
        Self::open_on(RealDisk, settings, sink)
    }

    /// The same on any disk, so that a test can fill it.
    fn open_on(
        disk: impl Disk,
        settings: Settings,
        sink: impl FnMut(u64, T) + Send + 'static,
    ) -> Result<Self, JournalError> {
        let lock = segment::prepare(&settings.dir)?;
        let (end, cut) = segment::open_end(&settings.dir, settings.first_seq)?;
        let (first, queue_max) = (end.next_seq, settings.queue_max);
        let (durable, sync_thread) =
            Durable::start(&settings, end.file.clone(), first.saturating_sub(1))?;
        let to_write = Desk::new(disk, settings, end, durable.clone(), sink);
        let core = Arc::new(Core::new(to_write, first, queue_max));
        let same = Arc::clone(&core);
        let write_thread = spawn("journal-write", move || {
            same.run();
            drop::<File>(lock);
        })?;
        core.wakes(write_thread.thread());
        Ok(Self {
            inner: Arc::new(Inner {
                core,
                durable,
                cut: cut.map(Cut::into_report),
                threads: Mutex::new(vec![write_thread, sync_thread]),
            }),
        })
    }

    /// Writes a frame, or queues it where that would take long; never waits for a disk that is known
    /// to be slow. `ts_ms` is the time of writing, milliseconds since 1970.
    pub fn append(
        &self,
        kind: FrameKind,
        ts_ms: u64,
        body: impl AsRef<[u8]>,
        payload: Option<T>,
    ) -> Result<Ack, JournalError> {
        let frame = group::Frame::new(kind, ts_ms, body.as_ref())?;
        self.inner.core.append(frame, payload)
    }

    /// The same for a frame that nobody waits for: the next write carries it, and there is one
    /// within some milliseconds. A kill before that takes it.
    pub fn leave(
        &self,
        kind: FrameKind,
        ts_ms: u64,
        body: impl AsRef<[u8]>,
        payload: Option<T>,
    ) -> Result<(), JournalError> {
        let frame = group::Frame::new(kind, ts_ms, body.as_ref())?;
        self.inner.core.leave(frame, payload)
    }

    /// Writes what is queued, syncs it and ends the threads. Blocks; later appends are refused.
    ///
    /// On a disk that refuses to write, what is still in memory is given up and counted as lost.
    pub fn close(self) {
        self.inner.core.close();
        let mut threads = self
            .inner
            .threads
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        for thread in threads.drain(..) {
            // A thread that panicked has said so on its own; the other one still ends.
            let _ = thread.join();
        }
    }

    /// Whether the last write and the last sync succeeded.
    #[must_use]
    pub fn healthy(&self) -> bool {
        self.inner.core.healthy() && self.inner.durable.healthy()
    }

    /// What is already safe from a power cut, to wait for.
    #[must_use]
    pub fn durable(&self) -> Durable {
        self.inner.durable.clone()
    }

    /// What was cut off when this journal was opened.
    #[must_use]
    pub fn cut_tail(&self) -> Option<&CutTail> {
        self.inner.cut.as_ref()
    }

    /// The counters of this moment.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let mut stats = self.inner.core.stats();
        stats.errors = stats.errors.saturating_add(self.inner.durable.errors());
        stats.unsynced = self.inner.durable.unsynced();
        stats
    }
}

/// Starts a named thread.
fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, JournalError> {
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(run)
        .map_err(JournalError::io("start the thread", Path::new(name)))
}

#[cfg(test)]
mod tests;
