//! The moment between the disk and memory: a commit that can be read in the database, and is not
//! published yet.
//!
//! Who reads old totals reads the database, and sees a commit while it is still being synced; rows are
//! given up to the watermark in memory. Without a wait they would lack calls that such totals have.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::LedgerError;

/// A commit that takes longer hangs: a slow disk takes a second, and who reads wants to know.
pub(super) const COMMIT_WAIT_MAX: Duration = Duration::from_secs(5);

/// The commit that is under way, if one is.
#[derive(Debug)]
pub(super) struct Commits {
    state: Mutex<State>,
    over: Condvar,
    wait_max: Duration,
}

#[derive(Debug, Default)]
struct State {
    /// When the commit began that is under way.
    under_way: Option<Instant>,
    /// Commits that are over.
    done: u64,
    /// Readers that wait for the one under way.
    waiting: usize,
}

/// Held by the writer from before a commit is written until it is published, or has failed.
#[derive(Debug)]
pub(super) struct UnderWay<'a>(&'a Commits);

impl Default for Commits {
    fn default() -> Self {
        Self::waited_for(COMMIT_WAIT_MAX)
    }
}

impl Commits {
    /// Commits that readers wait for so long, from their begin on.
    pub(super) fn waited_for(wait_max: Duration) -> Self {
        Self {
            state: Mutex::default(),
            over: Condvar::new(),
            wait_max,
        }
    }

    /// From now on a commit may be seen on the disk.
    pub(super) fn begin(&self) -> UnderWay<'_> {
        self.state().under_way = Some(Instant::now());
        UnderWay(self)
    }

    /// Waits until what can have been read from the disk so far is published: one commit at most, and
    /// none that hangs.
    pub(super) fn settle(&self) -> Result<(), LedgerError> {
        let mut state = self.state();
        let Some(began) = state.under_way else {
            return Ok(());
        };
        let (seen, before) = (state.done, state.waiting);
        state.waiting = before.saturating_add(1);
        let left = self.wait_max.saturating_sub(began.elapsed());
        let is_under_way = |state: &mut State| state.done == seen;
        let waited = self.over.wait_timeout_while(state, left, is_under_way);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        state.waiting = state.waiting.saturating_sub(1);
        if state.done == seen {
            return Err(LedgerError::hangs(began.elapsed()));
        }
        Ok(())
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
        state.under_way = None;
        state.done = state.done.saturating_add(1);
        self.0.over.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_that_hangs_is_not_waited_for_and_the_next_one_is() {
        let commits = Commits::waited_for(Duration::ZERO);
        let hung = commits.begin();
        for _ in 0..2 {
            assert_eq!(commits.settle().unwrap_err().reason(), "hangs");
            assert!(!commits.is_awaited());
        }
        drop(hung);
        commits.settle().unwrap();
    }
}
