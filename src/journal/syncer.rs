//! The thread that makes written frames safe from a power cut, beside the one that writes them.

use std::fs::File;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tracing::error;

use super::{JournalError, Settings, spawn};

/// How long a failed sync waits before it is tried again.
const RETRY_PAUSE: Duration = Duration::from_millis(200);

/// How far the journal is synced; a handle that can be waited on.
#[derive(Clone, Debug)]
pub struct Durable(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    /// Something was written, or the writer ended.
    written: Condvar,
    /// A sync ended, well or badly.
    synced: Condvar,
    /// No written frame waits longer than this for its sync to start.
    interval: Duration,
    /// A sync starts as soon as so many frames wait for it.
    records: usize,
}

#[derive(Debug)]
struct State {
    file: Option<Arc<File>>,
    written_seq: u64,
    synced_seq: u64,
    /// Frames written and in no sync yet.
    pending: usize,
    /// When the first of them was written.
    oldest: Option<Instant>,
    /// The same for the sync that is running.
    syncing: Option<Instant>,
    /// The last sync failed.
    failed: bool,
    errors: u64,
    closing: bool,
}

impl Durable {
    /// Starts the thread. Everything up to `synced_seq` is synced already.
    pub(super) fn start(
        settings: &Settings,
        file: Option<Arc<File>>,
        synced_seq: u64,
    ) -> Result<(Self, JoinHandle<()>), JournalError> {
        let state = State {
            file,
            written_seq: synced_seq,
            synced_seq,
            pending: 0,
            oldest: None,
            syncing: None,
            failed: false,
            errors: 0,
            closing: false,
        };
        let durable = Self(Arc::new(Shared {
            state: Mutex::new(state),
            written: Condvar::new(),
            synced: Condvar::new(),
            interval: settings.sync_interval,
            records: settings.sync_records.max(1),
        }));
        let synced = durable.clone();
        let thread = spawn("journal-sync", move || synced.run())?;
        Ok((durable, thread))
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

    pub(super) fn healthy(&self) -> bool {
        !self.state().failed
    }

    pub(super) fn errors(&self) -> u64 {
        self.state().errors
    }

    /// For how long the oldest written frame has not been synced.
    pub(super) fn unsynced(&self) -> Duration {
        let state = self.state();
        state
            .syncing
            .or(state.oldest)
            .map_or(Duration::ZERO, |since| since.elapsed())
    }

    /// The writer wrote a group into `file`.
    pub(super) fn wrote(&self, file: &Arc<File>, last_seq: u64, frames: usize) {
        let mut state = self.state();
        if !state
            .file
            .as_ref()
            .is_some_and(|current| Arc::ptr_eq(current, file))
        {
            state.file = Some(Arc::clone(file));
        }
        state.written_seq = last_seq;
        let before = state.pending;
        state.pending = before.saturating_add(frames);
        // The thread has a timer of its own: it is woken for what begins a wait or cuts one short.
        let begins = state.oldest.is_none();
        let suffices = before < self.0.records && state.pending >= self.0.records;
        state.oldest.get_or_insert_with(Instant::now);
        drop(state);
        if begins || suffices {
            self.0.written.notify_one();
        }
    }

    /// The writer ended: one more sync, then the thread ends too.
    pub(super) fn close(&self) {
        self.state().closing = true;
        self.0.written.notify_one();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) {
        while let Some((file, seq)) = self.due() {
            let result = file.map_or(Ok(()), |file| file.sync_data());
            let mut state = self.state();
            let since = state.syncing.take();
            if let Err(error) = &result {
                error!(%error, "the journal cannot be synced");
                state.errors = state.errors.saturating_add(1);
                // Still not safe, and since then.
                state.oldest = since.or(state.oldest);
            } else {
                state.synced_seq = seq;
            }
            state.failed = result.is_err();
            let give_up = state.failed && state.closing;
            drop(state);
            self.0.synced.notify_all();
            if give_up {
                return;
            }
            if result.is_err() {
                std::thread::sleep(RETRY_PAUSE);
            }
        }
    }

    /// Waits until a sync is due; `None` when there is nothing left to sync, ever.
    fn due(&self) -> Option<(Option<Arc<File>>, u64)> {
        let idle = |state: &mut State| state.oldest.is_none() && !state.closing;
        let waited = self.0.written.wait_while(self.state(), idle);
        let state = waited.unwrap_or_else(PoisonError::into_inner);
        let left = self.0.interval.saturating_sub(state.oldest?.elapsed());
        let early = |state: &mut State| state.pending < self.0.records && !state.closing;
        let waited = self.0.written.wait_timeout_while(state, left, early);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        state.pending = 0;
        state.syncing = state.oldest.take();
        Some((state.file.clone(), state.written_seq))
    }
}
