//! The thread that writes: all that is queued in one `write(2)`, in sequence.
//!
//! A group that the disk refuses stays in memory, in its place, and is tried again until it is
//! written or the journal is closed; what comes after it waits in the queue, whose bound shows at
//! the front door. So a full disk delays frames and never reorders or drops them.

use std::fs::File;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tracing::{error, info};

use super::disk::Disk;
use super::segment::{self, End};
use super::{Durable, FrameKind, JournalError, Settings, Stats, frame};

/// Frames written together at most.
const GROUP_FRAMES_MAX: usize = 1_024;
/// A group that has reached this length is written before more is taken.
const GROUP_BYTES_MAX: usize = 1024 * 1024;
/// What a group of several frames says of the next ones: so long for each, up to the bound, the
/// thread sleeps instead of being woken for one frame at a time. A frame that came alone is
/// followed at once, so that a call on a quiet machine does not wait.
const GATHER_PER_FRAME: Duration = Duration::from_micros(150);
const GATHER_MAX: Duration = Duration::from_micros(500);
/// How long a refused group waits before it is tried again.
const RETRY_PAUSE: Duration = Duration::from_millis(100);

/// A frame on its way to the file.
#[derive(Debug)]
pub(super) struct Entry<T> {
    pub(super) kind: FrameKind,
    pub(super) ts_ms: u64,
    pub(super) body: Vec<u8>,
    pub(super) payload: Option<T>,
    pub(super) ack: Option<oneshot::Sender<Result<(), JournalError>>>,
}

/// What the writer is asked to do.
#[derive(Debug)]
pub(super) enum Command<T> {
    Append(Entry<T>),
    /// Take what is queued, then end.
    Close,
}

/// What the writer and its callers both see.
#[derive(Debug, Default)]
pub(super) struct Shared {
    pub(super) queued_bytes: AtomicU64,
    pub(super) closing: AtomicBool,
    refused: AtomicBool,
    /// Frames taken from the queue and not written yet.
    held: AtomicU64,
    appended: AtomicU64,
    groups: AtomicU64,
    bytes: AtomicU64,
    errors: AtomicU64,
    lost: AtomicU64,
}

impl Shared {
    pub(super) fn healthy(&self) -> bool {
        !self.refused.load(Ordering::Acquire)
    }

    /// The writer's part of the counters.
    pub(super) fn stats(&self) -> Stats {
        Stats {
            appended: self.appended.load(Ordering::Relaxed),
            groups: self.groups.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
            errors: self.errors.load(Ordering::Relaxed),
            lost: self.lost.load(Ordering::Relaxed),
            queued: self.held.load(Ordering::Relaxed),
            queued_bytes: self.queued_bytes.load(Ordering::Relaxed),
            unsynced: Duration::ZERO,
        }
    }
}

/// The writing thread's own state.
pub(super) struct Writer<D: Disk> {
    disk: D,
    settings: Settings,
    file: Option<Arc<File>>,
    len: u64,
    /// A refused write may have left bytes behind `len`, which must be cut before the next one.
    dirty: bool,
    next_seq: u64,
    durable: Durable,
    shared: Arc<Shared>,
    group: Vec<u8>,
}

impl<D: Disk> Writer<D> {
    pub(super) fn new(
        disk: D,
        settings: Settings,
        end: End,
        durable: Durable,
        shared: Arc<Shared>,
    ) -> Self {
        let End {
            file,
            len,
            next_seq,
        } = end;
        Self {
            disk,
            settings,
            file,
            len,
            dirty: false,
            next_seq,
            durable,
            shared,
            group: Vec::new(),
        }
    }

    /// Writes until it is told to close or nobody can append any more.
    pub(super) fn run<T>(
        mut self,
        mut commands: mpsc::Receiver<Command<T>>,
        mut sink: impl FnMut(u64, T),
    ) {
        let mut entries = Vec::new();
        while let Some(command) = commands.blocking_recv() {
            self.take(command, &mut commands, &mut entries);
            let frames = entries.len();
            self.write_group(&mut entries, &mut sink);
            if let 2.. = frames {
                let frames = u32::try_from(frames).unwrap_or(u32::MAX);
                std::thread::sleep(GATHER_PER_FRAME.saturating_mul(frames).min(GATHER_MAX));
            }
        }
    }

    /// Takes what is queued, up to the bounds of a group.
    fn take<T>(
        &mut self,
        first: Command<T>,
        commands: &mut mpsc::Receiver<Command<T>>,
        entries: &mut Vec<Entry<T>>,
    ) {
        self.group.clear();
        let mut next = Some(first);
        while let Some(command) = next {
            match command {
                Command::Append(entry) => self.add(entry, entries),
                Command::Close => commands.close(),
            }
            let room = entries.len() < GROUP_FRAMES_MAX && self.group.len() < GROUP_BYTES_MAX;
            next = if room { commands.try_recv().ok() } else { None };
        }
    }

    /// Gives the frame its number and its bytes.
    fn add<T>(&mut self, mut entry: Entry<T>, entries: &mut Vec<Entry<T>>) {
        let ahead = u64::try_from(entries.len()).unwrap_or(u64::MAX);
        let seq = self.next_seq.saturating_add(ahead);
        let body = std::mem::take(&mut entry.body);
        frame::encode(&mut self.group, entry.kind, seq, entry.ts_ms, &body);
        let bytes = u64::try_from(body.len()).unwrap_or(u64::MAX);
        self.shared.queued_bytes.fetch_sub(bytes, Ordering::AcqRel);
        entries.push(entry);
    }

    /// Writes the group, however long the disk refuses it; then answers and hands on, in sequence.
    fn write_group<T>(&mut self, entries: &mut Vec<Entry<T>>, sink: &mut impl FnMut(u64, T)) {
        let frames = u64::try_from(entries.len()).unwrap_or(u64::MAX);
        if frames == 0 {
            return;
        }
        self.shared.held.store(frames, Ordering::Relaxed);
        while let Err(error) = self.write() {
            self.refused(&error, entries);
            if self.shared.closing.load(Ordering::Acquire) {
                error!(
                    frames,
                    "the journal was closed on a disk that refuses to write"
                );
                self.shared.lost.fetch_add(frames, Ordering::Relaxed);
                self.shared.held.store(0, Ordering::Relaxed);
                entries.clear();
                return;
            }
            std::thread::sleep(RETRY_PAUSE);
        }
        self.written(frames);
        for entry in entries.drain(..) {
            let seq = self.next_seq;
            self.next_seq = seq.saturating_add(1);
            if let Some(ack) = entry.ack {
                // Whoever does not wait for it has dropped it.
                let _ = ack.send(Ok(()));
            }
            if let Some(payload) = entry.payload {
                sink(seq, payload);
            }
        }
    }

    /// One try: cut what the last one left, begin a new segment if this one is full, write.
    fn write(&mut self) -> io::Result<()> {
        let bytes = u64::try_from(self.group.len()).unwrap_or(u64::MAX);
        self.clean()?;
        let file = self.segment_for(bytes)?;
        self.dirty = true;
        let written = self.disk.write(&file, &self.group, self.len);
        if written.is_err() {
            // If this fails too, the next try begins with it.
            let _ = self.clean();
            return written;
        }
        self.dirty = false;
        self.len = self.len.saturating_add(bytes);
        Ok(())
    }

    /// Cuts what a refused write left behind the last good frame.
    fn clean(&mut self) -> io::Result<()> {
        if let (true, Some(file)) = (self.dirty, &self.file) {
            self.disk.cut(file, self.len)?;
        }
        self.dirty = false;
        Ok(())
    }

    /// The file for the next group. A segment is synced whole before the next one is begun, so that
    /// only the last one can be torn.
    fn segment_for(&mut self, bytes: u64) -> io::Result<Arc<File>> {
        if let Some(file) = &self.file {
            let fits = self.len.saturating_add(bytes) <= self.settings.segment_bytes_max;
            if fits || self.len == 0 {
                return Ok(Arc::clone(file));
            }
            file.sync_data()?;
        }
        let path = segment::path(&self.settings.dir, self.next_seq);
        let file = Arc::new(self.disk.create(&path)?);
        self.file = Some(Arc::clone(&file));
        self.len = 0;
        Ok(file)
    }

    /// Answers whoever waits that the frame is delayed, and says so once.
    fn refused<T>(&self, error: &io::Error, entries: &mut [Entry<T>]) {
        self.shared.errors.fetch_add(1, Ordering::Relaxed);
        if !self.shared.refused.swap(true, Ordering::AcqRel) {
            error!(%error, "the journal cannot be written; calls are kept in memory meanwhile");
        }
        for ack in entries.iter_mut().filter_map(|entry| entry.ack.take()) {
            let _ = ack.send(Err(JournalError::Delayed));
        }
    }

    fn written(&mut self, frames: u64) {
        let shared = &self.shared;
        let bytes = u64::try_from(self.group.len()).unwrap_or(u64::MAX);
        shared.held.store(0, Ordering::Relaxed);
        shared.appended.fetch_add(frames, Ordering::Relaxed);
        shared.groups.fetch_add(1, Ordering::Relaxed);
        shared.bytes.fetch_add(bytes, Ordering::Relaxed);
        if shared.refused.swap(false, Ordering::AcqRel) {
            info!("the journal can be written again");
        }
        if let Some(file) = &self.file {
            let last_seq = self.next_seq.saturating_add(frames).saturating_sub(1);
            let count = usize::try_from(frames).unwrap_or(usize::MAX);
            self.durable.wrote(file, last_seq, count);
        }
    }
}

/// However the writer ends, the syncing thread is told, so that a close never waits for ever.
impl<D: Disk> Drop for Writer<D> {
    fn drop(&mut self) {
        self.durable.close();
    }
}
