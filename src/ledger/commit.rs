//! The moment between the disk and memory: a commit that can be read in the database, and is not
//! published yet.
//!
//! Who reads old totals reads the database, and sees a commit while it is still being synced; rows are
//! given up to the watermark in memory. Without a wait they would lack calls that such totals have.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// The commit that is under way, if one is.
#[derive(Debug, Default)]
pub(super) struct Commits {
    state: Mutex<State>,
    over: Condvar,
}

#[derive(Debug, Default)]
struct State {
    under_way: bool,
    /// Commits that are over.
    done: u64,
    /// Readers that wait for the one under way.
    waiting: usize,
}

/// Held by the writer from before a commit is written until it is published, or has failed.
#[derive(Debug)]
pub(super) struct UnderWay<'a>(&'a Commits);

impl Commits {
    /// From now on a commit may be seen on the disk.
    pub(super) fn begin(&self) -> UnderWay<'_> {
        self.state().under_way = true;
        UnderWay(self)
    }

    /// Waits until what can have been read from the disk so far is published: one commit at most.
    pub(super) fn settle(&self) {
        let mut state = self.state();
        if !state.under_way {
            return;
        }
        let (seen, before) = (state.done, state.waiting);
        state.waiting = before.saturating_add(1);
        let settled = self.over.wait_while(state, |state| state.done == seen);
        let mut state = settled.unwrap_or_else(PoisonError::into_inner);
        state.waiting = state.waiting.saturating_sub(1);
    }

    /// Whether a reader waits.
    #[cfg(test)]
    pub(super) fn is_awaited(&self) -> bool {
        self.state().waiting > 0
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.under_way = false;
        state.done = state.done.saturating_add(1);
        self.0.over.notify_all();
    }
}
