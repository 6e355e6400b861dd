//! The append-only file that is the first durable record; it knows frames, not calls.
//!
//! One thread takes all that is queued and writes it with one `write(2)`; a second thread syncs the
//! file, so that a slow disk delays no call. A frame is good when its length and CRC32C are, and the
//! sequence has no holes: what follows the last good frame is cut when the journal is opened. No
//! retention here: who owns the rows deletes segments.

mod disk;
mod frame;
mod reader;
mod segment;
mod syncer;
mod writer;

use std::fs::File;
use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};

use self::disk::{Disk, RealDisk};
pub use self::frame::{BODY_BYTES_MAX, Frame, FrameKind};
pub use self::reader::{Frames, first_seq_near, frames, last_seq, segment_behind};
use self::segment::Cut;
pub use self::syncer::Durable;
use self::writer::{Command, Entry, Shared, Writer};

/// Bodies waiting to be written, in bytes; beyond it `append` says `QueueFull`.
pub const QUEUE_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// How long `close` waits before it asks a full queue again.
const CLOSE_PAUSE: Duration = Duration::from_millis(1);

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
}

impl Settings {
    /// 64 MiB a segment, a sync every 20 ms or 256 frames, 131,072 frames queued.
    #[must_use]
    pub fn in_dir(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            segment_bytes_max: 64 * 1024 * 1024,
            sync_interval: Duration::from_millis(20),
            sync_records: 256,
            queue_max: 131_072,
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

/// Counters for metrics, read at any moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Frames written.
    pub appended: u64,
    /// Writes that carried them.
    pub groups: u64,
    /// Bytes written.
    pub bytes: u64,
    /// Writes and syncs that failed.
    pub errors: u64,
    /// Frames given up at a close while the disk refused them.
    pub lost: u64,
    /// Frames waiting to be written.
    pub queued: u64,
    /// Their bodies, in bytes.
    pub queued_bytes: u64,
    /// For how long the oldest written frame has not been synced.
    pub unsynced: Duration,
}

/// What was cut off when the journal was opened: the rest of a write that a crash broke.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CutTail {
    /// The file that ended badly.
    pub segment: PathBuf,
    /// How many bytes were cut.
    pub bytes: u64,
    /// A copy of them, if there were good frames among them: then it was damage, not a torn write.
    pub kept_as: Option<PathBuf>,
}

/// The open journal. Clones write to the same file.
///
/// `T` rides along with a frame and is handed to the sink, in sequence, after the frame is written.
#[derive(Debug)]
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

#[derive(Debug)]
struct Inner<T> {
    queue: mpsc::Sender<Command<T>>,
    shared: Arc<Shared>,
    durable: Durable,
    cut: Option<CutTail>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl<T: Send + 'static> Journal<T> {
    /// Opens or creates the journal, cuts what a crash left half written, and starts its threads.
    ///
    /// The sink runs on the writing thread: it must not block.
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
        let (end, cut) = segment::open_end(&settings.dir)?;
        let (queue, commands) = mpsc::channel(settings.queue_max.max(1));
        let shared = Arc::new(Shared::default());
        let file = end.file.clone();
        let (durable, syncing) = Durable::start(&settings, file, end.next_seq.saturating_sub(1))?;
        let writer = Writer::new(disk, settings, end, durable.clone(), Arc::clone(&shared));
        let writing = spawn("journal-write", move || {
            writer.run(commands, sink);
            drop::<File>(lock);
        })?;
        Ok(Self {
            inner: Arc::new(Inner {
                queue,
                shared,
                durable,
                cut: cut.map(Cut::into_report),
                threads: Mutex::new(vec![writing, syncing]),
            }),
        })
    }

    /// Queues a frame; never blocks. `ts_ms` is the time of writing, milliseconds since 1970.
    ///
    /// The [`Ack`] is ready once the frame is in the file (not yet synced). It can be dropped.
    pub fn append(
        &self,
        kind: FrameKind,
        ts_ms: u64,
        body: Vec<u8>,
        payload: Option<T>,
    ) -> Result<Ack, JournalError> {
        let bytes = u64::try_from(body.len()).unwrap_or(u64::MAX);
        if body.len() > BODY_BYTES_MAX {
            return Err(JournalError::TooLarge { bytes: body.len() });
        }
        let shared = &self.inner.shared;
        if shared.queued_bytes.fetch_add(bytes, Ordering::AcqRel) > QUEUE_BYTES_MAX {
            shared.queued_bytes.fetch_sub(bytes, Ordering::AcqRel);
            return Err(JournalError::QueueFull);
        }
        let (ack, written) = oneshot::channel();
        let entry = Entry {
            kind,
            ts_ms,
            body,
            payload,
            ack: Some(ack),
        };
        match self.inner.queue.try_send(Command::Append(entry)) {
            Ok(()) => Ok(Ack(written)),
            Err(refused) => {
                shared.queued_bytes.fetch_sub(bytes, Ordering::AcqRel);
                Err(match refused {
                    TrySendError::Full(_) => JournalError::QueueFull,
                    TrySendError::Closed(_) => JournalError::Closed,
                })
            }
        }
    }

    /// Writes what is queued, syncs it and ends the threads. Blocks; later appends are refused.
    ///
    /// On a disk that refuses to write, what is still in memory is given up and counted as lost.
    pub fn close(self) {
        self.inner.shared.closing.store(true, Ordering::Release);
        while let Err(TrySendError::Full(_)) = self.inner.queue.try_send(Command::Close) {
            std::thread::sleep(CLOSE_PAUSE);
        }
        let threads = std::mem::take(
            &mut *self
                .inner
                .threads
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        );
        for thread in threads {
            // A thread that panicked has said so on its own; the other one still ends.
            let _ = thread.join();
        }
    }

    /// Whether the last write and the last sync succeeded.
    #[must_use]
    pub fn healthy(&self) -> bool {
        self.inner.shared.healthy() && self.inner.durable.healthy()
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
        let queued = self.inner.queue.max_capacity() - self.inner.queue.capacity();
        let mut stats = self.inner.shared.stats();
        stats.queued = stats
            .queued
            .saturating_add(u64::try_from(queued).unwrap_or(u64::MAX));
        stats.errors = stats.errors.saturating_add(self.inner.durable.errors());
        stats.unsynced = self.inner.durable.unsynced();
        stats
    }
}

/// Ready once its frame is in the file.
#[derive(Debug)]
pub struct Ack(oneshot::Receiver<Result<(), JournalError>>);

impl Ack {
    /// Waits on a thread of its own; panics inside an async runtime.
    pub fn wait(self) -> Result<(), JournalError> {
        self.0.blocking_recv().unwrap_or(Err(JournalError::Closed))
    }
}

impl Future for Ack {
    type Output = Result<(), JournalError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0)
            .poll(cx)
            .map(|answer| answer.unwrap_or(Err(JournalError::Closed)))
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
