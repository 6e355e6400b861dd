//! What one needs to write: the file, where its good part ends, and the group that is next.
//!
//! A group that the disk refuses stays on the desk, in its place; nothing is written past it.

use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use tracing::{error, info};

use super::disk::Disk;
use super::group::Group;
use super::segment::{self, End};
use super::stats::Counters;
use super::trust::Trust;
use super::{Durable, JournalError, Settings};

/// Whoever holds it is the one who writes.
pub(super) struct Desk<T> {
    /// Written next, or being refused.
    pub(super) group: Group<T>,
    disk: Box<dyn Disk>,
    sink: Box<dyn FnMut(u64, T) + Send>,
    dir: PathBuf,
    segment_bytes_max: u64,
    file: Option<Arc<File>>,
    len: u64,
    /// A refused write may have left bytes behind `len`, which must be cut before the next one.
    dirty: bool,
    trust: Trust,
    durable: Durable,
    counters: Arc<Counters>,
}

impl<T> Desk<T> {
    pub(super) fn new(
        disk: impl Disk,
        settings: Settings,
        end: End,
        durable: Durable,
        sink: impl FnMut(u64, T) + Send + 'static,
    ) -> Self {
        Self {
            group: Group::default(),
            disk: Box::new(disk),
            sink: Box::new(sink),
            dir: settings.dir,
            segment_bytes_max: settings.segment_bytes_max,
            file: end.file,
            len: end.len,
            dirty: false,
            trust: Trust::new(settings.quick_write_max),
            durable,
            counters: Arc::default(),
        }
    }

    pub(super) fn counters(&self) -> Arc<Counters> {
        Arc::clone(&self.counters)
    }

    /// Whether so many bytes more are written at once: into the file that is there, on a disk that
    /// answers. A write beside a running sync may wait for it.
    pub(super) fn is_quick(&self, bytes: usize) -> bool {
        self.trust.given()
            && !self.dirty
            && self.file.is_some()
            && self.fits(bytes)
            && !self.durable.is_syncing()
    }

    /// Tries to write the group; where that goes well, answers and hands on what it carries.
    pub(super) fn write(&mut self) -> Result<(), JournalError> {
        let frames = u64::try_from(self.group.frames()).unwrap_or(u64::MAX);
        self.counters.held.store(frames, Ordering::Relaxed);
        match self.try_write() {
            Ok(began) => {
                self.written(began);
                Ok(())
            }
            Err(error) => {
                self.refused(&error);
                Err(JournalError::Delayed)
            }
        }
    }

    /// Cuts what the last try left, begins a new segment if this one is full, writes. Says when.
    fn try_write(&mut self) -> io::Result<Instant> {
        self.clean()?;
        let file = self.segment_for(self.group.bytes().len())?;
        self.dirty = true;
        let beside_sync = self.durable.is_syncing();
        let began = Instant::now();
        let written = self.disk.write(&file, self.group.bytes(), self.len);
        // A wait for a running sync says nothing: no client's thread writes then.
        if !beside_sync && self.trust.saw(began.elapsed()) {
            self.counters.slow.fetch_add(1, Ordering::Relaxed);
        }
        if let Err(error) = written {
            // If this fails too, the next try begins with it.
            let _ = self.clean();
            return Err(error);
        }
        self.dirty = false;
        Ok(began)
    }

    /// Cuts what a refused write left behind the last good frame.
    fn clean(&mut self) -> io::Result<()> {
        if let (true, Some(file)) = (self.dirty, &self.file) {
            self.disk.cut(file, self.len)?;
        }
        self.dirty = false;
        Ok(())
    }

    fn fits(&self, bytes: usize) -> bool {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        let is_enough = self.len.saturating_add(bytes) <= self.segment_bytes_max;
        (self.len == 0 || is_enough) && !self.durable.must_begin_anew()
    }

    /// The file for the next group. A segment is synced whole before the next one is begun, so that
    /// only the last one can be torn.
    fn segment_for(&mut self, bytes: usize) -> io::Result<Arc<File>> {
        if let Some(file) = &self.file {
            if self.fits(bytes) {
                return Ok(Arc::clone(file));
            }
            file.sync_data()?;
        }
        let path = segment::path(&self.dir, self.group.first_seq());
        let file = Arc::new(self.disk.create(&path)?);
        self.durable.begins(&file);
        self.file = Some(Arc::clone(&file));
        self.len = 0;
        Ok(file)
    }

    fn written(&mut self, began: Instant) {
        let counters = &self.counters;
        let bytes = self.group.bytes().len();
        self.len = self
            .len
            .saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
        counters.held.store(0, Ordering::Relaxed);
        Counters::add(&counters.appended, self.group.frames());
        Counters::add(&counters.groups, 1);
        Counters::add(&counters.bytes, bytes);
        if counters.refused.load(Ordering::Relaxed) {
            counters.refused.store(false, Ordering::Release);
            info!("the journal can be written again");
        }
        self.durable.wrote(self.group.last_seq(), began);
        self.group.written(&mut self.sink);
    }

    /// Answers whoever waits that the frame is delayed, and says so once.
    fn refused(&mut self, error: &io::Error) {
        self.counters.errors.fetch_add(1, Ordering::Relaxed);
        if !self.counters.refused.swap(true, Ordering::AcqRel) {
            error!(%error, "the journal cannot be written; calls are kept in memory meanwhile");
        }
        self.group.delayed();
    }
}

/// However the desk ends, the syncing thread is told, so that a close never waits for ever.
impl<T> Drop for Desk<T> {
    fn drop(&mut self) {
        self.counters.ended.store(true, Ordering::Release);
        self.durable.close();
    }
}
