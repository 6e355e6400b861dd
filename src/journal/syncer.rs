//! The thread that makes written frames safe from a power cut, beside those who write them.
//!
//! It is not woken for each write: it naps while frames come, is called when many wait, and is woken
//! for the first one after a quiet time.

use std::fs::File;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{JoinHandle, Thread};
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tracing::error;

use super::{JournalError, Settings, spawn};

/// How long a failed sync waits before it is tried again.
const RETRY_PAUSE: Duration = Duration::from_millis(200);

/// How far the journal is synced; a handle that can be waited on.
#[derive(Clone, Debug)]
pub struct Durable(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// The file of the last frames. All earlier ones were synced before they were left.
    file: Mutex<Option<Arc<File>>>,
    /// The last number that is in the file.
    written: AtomicU64,
    /// The last number whose sync has begun.
    begun: AtomicU64,
    /// When the first frame behind `begun` was written, in nanoseconds since `epoch`.
    oldest: AtomicU64,
    epoch: Instant,
    /// A sync runs.
    syncing: AtomicBool,
    /// The thread sleeps until it is woken.
    parked: AtomicBool,
    closing: AtomicBool,
    /// The file of the last frames has no name any more.
    anew: AtomicBool,
    thread: OnceLock<Thread>,
    state: Mutex<State>,
    /// A sync ended, well or badly: for threads that wait, and for tasks.
    synced: Condvar,
    told: Notify,
    /// No written frame waits longer than this for its sync to start.
    interval: Duration,
    /// A sync starts as soon as so many frames wait for it.
    records: u64,
}

#[derive(Debug)]
struct State {
    synced_seq: u64,
    /// When the oldest frame of the running sync was written.
    syncing: Option<Instant>,
    /// The last sync failed.
    failed: bool,
    errors: u64,
}

impl Durable {
    /// Starts the thread. Everything up to `synced_seq` is synced already.
    pub(super) fn start(
        settings: &Settings,
        file: Option<Arc<File>>,
        synced_seq: u64,
    ) -> Result<(Self, JoinHandle<()>), JournalError> {
        let durable = Self(Arc::new(Shared {
            file: Mutex::new(file),
            written: AtomicU64::new(synced_seq),
            begun: AtomicU64::new(synced_seq),
            oldest: AtomicU64::new(0),
            epoch: Instant::now(),
            syncing: AtomicBool::new(false),
            parked: AtomicBool::new(false),
            closing: AtomicBool::new(false),
            anew: AtomicBool::new(false),
            thread: OnceLock::new(),
            state: Mutex::new(State {
                synced_seq,
                syncing: None,
                failed: false,
                errors: 0,
            }),
            synced: Condvar::new(),
            told: Notify::new(),
            interval: settings.sync_interval,
            records: u64::try_from(settings.sync_records.max(1)).unwrap_or(u64::MAX),
        }));
        let synced = durable.clone();
        let running = spawn("journal-sync", move || synced.run())?;
        let _ = durable.0.thread.set(running.thread().clone());
        Ok((durable, running))
    }

    /// The number up to which all frames are on the disk.
    #[must_use]
    pub fn seq(&self) -> u64 {
        self.state().synced_seq
    }

    /// Waits until the frame is on the disk. False: syncing fails, or `patience` ran out.
    #[must_use]
    pub fn wait(&self, seq: u64, patience: Duration) -> bool {
        let waiting = |state: &mut State| state.synced_seq < seq && !state.failed;
        let state = self.state();
        let waited = self.0.synced.wait_timeout_while(state, patience, waiting);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        state.synced_seq >= seq
    }

    /// Waits until all that is written by now is on the disk. False: syncing fails.
    pub async fn synced(&self) -> bool {
        let written = self.0.written.load(Ordering::SeqCst);
        loop {
            // Made before the look, so that no sync in between is missed.
            let told = self.0.told.notified();
            let (seq, failed) = {
                let state = self.state();
                (state.synced_seq, state.failed)
            };
            if seq >= written || failed {
                return seq >= written;
            }
            told.await;
        }
    }

    pub(super) fn healthy(&self) -> bool {
        !self.state().failed
    }

    pub(super) fn errors(&self) -> u64 {
        self.state().errors
    }

    pub(super) fn is_syncing(&self) -> bool {
        self.0.syncing.load(Ordering::Acquire)
    }

    pub(super) fn set_syncing(&self, syncing: bool) {
        self.0.syncing.store(syncing, Ordering::Release);
    }

    /// For how long the oldest written frame has not been synced.
    pub(super) fn unsynced(&self) -> Duration {
        let state = self.state();
        match state.syncing {
            _ if state.synced_seq >= self.0.written.load(Ordering::Acquire) => Duration::ZERO,
            Some(since) => since.elapsed(),
            None => self.0.oldest().elapsed(),
        }
    }

    /// The segment that is written was deleted: the next frame begins another one.
    pub fn begin_anew(&self) {
        self.0.anew.store(true, Ordering::Release);
    }

    pub(super) fn must_begin_anew(&self) -> bool {
        self.0.anew.load(Ordering::Acquire)
    }

    /// What is written from now on is in `file`; the one before it is synced.
    pub(super) fn begins(&self, file: &Arc<File>) {
        self.0.anew.store(false, Ordering::Release);
        *self.0.file() = Some(Arc::clone(file));
    }

    /// All frames up to `last_seq` are in the file, the last ones since `when`.
    pub(super) fn wrote(&self, last_seq: u64, when: Instant) {
        let shared = &*self.0;
        let begun = shared.begun.load(Ordering::Acquire);
        let before = shared.written.load(Ordering::Relaxed);
        if before <= begun {
            shared.set_oldest(when);
        }
        shared.written.store(last_seq, Ordering::SeqCst);
        // The thread has a timer of its own: it is woken after a quiet time, or to cut a wait short.
        let suffice = begun.saturating_add(shared.records);
        if shared.parked.load(Ordering::SeqCst) || (before < suffice && last_seq >= suffice) {
            shared.wake();
        }
    }

    /// Nobody writes any more: one more sync, then the thread ends too.
    pub(super) fn close(&self) {
        self.0.closing.store(true, Ordering::SeqCst);
        self.0.wake();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) {
        while let Some(seq) = self.0.due() {
            self.set_syncing(true);
            let since = self.0.begin(seq);
            self.state().syncing = Some(since);
            let file = self.0.file().clone();
            let result = file.map_or(Ok(()), |file| file.sync_data());
            self.set_syncing(false);
            let failed = result.is_err();
            let mut state = self.state();
            state.syncing = None;
            state.failed = failed;
            if let Err(error) = result {
                error!(%error, "the journal cannot be synced");
                state.errors = state.errors.saturating_add(1);
                // Still not safe, and since then.
                self.0.begun.store(state.synced_seq, Ordering::Release);
                self.0.set_oldest(since);
            } else {
                state.synced_seq = seq;
            }
            drop(state);
            self.0.synced.notify_all();
            self.0.told.notify_waiters();
            if failed {
                if self.0.closing.load(Ordering::SeqCst) {
                    return;
                }
                std::thread::sleep(RETRY_PAUSE);
            }
        }
    }
}

impl Shared {
    /// Waits until a sync is due and says of what; `None` when there is nothing left to sync, ever.
    fn due(&self) -> Option<u64> {
        let mut quiet = false;
        loop {
            let closing = self.closing.load(Ordering::SeqCst);
            let written = self.written.load(Ordering::SeqCst);
            let waiting = written.saturating_sub(self.begun.load(Ordering::Acquire));
            let left = match waiting {
                0 if closing => return None,
                0 => self.interval,
                _ => self.interval.saturating_sub(self.oldest().elapsed()),
            };
            if waiting > 0 && (closing || waiting >= self.records || left.is_zero()) {
                return Some(written);
            }
            // Nothing came during a whole nap: the next frame calls.
            self.parked.store(waiting == 0 && quiet, Ordering::SeqCst);
            let unseen = self.written.load(Ordering::SeqCst) > written;
            match waiting {
                0 if quiet && !unseen && !self.closing.load(Ordering::SeqCst) => {
                    std::thread::park();
                }
                0 if quiet => {}
                _ => std::thread::park_timeout(left),
            }
            self.parked.store(false, Ordering::SeqCst);
            quiet = waiting == 0;
        }
    }

    /// A sync of all up to `seq` begins; says since when the oldest of them waits.
    fn begin(&self, seq: u64) -> Instant {
        let since = self.oldest();
        self.set_oldest(Instant::now());
        self.begun.store(seq, Ordering::Release);
        since
    }

    fn oldest(&self) -> Instant {
        let since = Duration::from_nanos(self.oldest.load(Ordering::Acquire));
        self.epoch.checked_add(since).unwrap_or(self.epoch)
    }

    fn set_oldest(&self, when: Instant) {
        let since = when.saturating_duration_since(self.epoch).as_nanos();
        let since = u64::try_from(since).unwrap_or(u64::MAX);
        self.oldest.store(since, Ordering::Release);
    }

    fn wake(&self) {
        if let Some(thread) = self.thread.get() {
            thread.unpark();
        }
    }

    fn file(&self) -> MutexGuard<'_, Option<Arc<File>>> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_frame_after_a_quiet_time_wakes_the_thread() {
        let settings = Settings {
            sync_interval: Duration::from_millis(1),
            ..Settings::in_dir("nowhere")
        };
        let (durable, thread) = Durable::start(&settings, None, 7).unwrap();
        for seq in 8..=10 {
            while !durable.0.parked.load(Ordering::SeqCst) {
                std::thread::yield_now();
            }
            durable.wrote(seq, Instant::now());
            assert!(durable.wait(seq, Duration::from_secs(20)));
            assert_eq!(durable.unsynced(), Duration::ZERO);
        }
        durable.close();
        thread.join().unwrap();
    }
}
