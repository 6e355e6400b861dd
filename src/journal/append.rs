//! Who appends writes: a frame is in the file when `append` returns, as long as the disk answers.
//!
//! Whoever comes while another one writes leaves the frame to that one, who looks again after its
//! own write; after [`ROUNDS`] it leaves the rest to the journal's thread, so that no client's
//! thread writes for ever. What may take long is for the thread from the start: another segment, a
//! disk that refuses or is slow, a running sync.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::Thread;

use super::backlog::{Backlog, Seat};
use super::desk::Desk;
use super::frame::HEADER_BYTES;
use super::group::Frame;
use super::stats::{Counters, Stats};
use super::{Ack, JournalError};

/// Writes in a row by a thread that only came to append: its own, and one for the others.
const ROUNDS: usize = 2;

/// What appending threads and the journal's own one share.
pub(super) struct Core<T> {
    pub(super) counters: Arc<Counters>,
    backlog: Mutex<Backlog<T>>,
    thread: OnceLock<Thread>,
}

impl<T> Core<T> {
    pub(super) fn new(desk: Desk<T>, next_seq: u64, frames_max: usize) -> Self {
        Self {
            counters: desk.counters(),
            backlog: Mutex::new(Backlog::new(desk, next_seq, frames_max)),
            thread: OnceLock::new(),
        }
    }

    /// Whom to wake when the desk is handed over, or something is left.
    pub(super) fn wakes(&self, thread: &Thread) {
        let _ = self.thread.set(thread.clone());
    }

    /// Writes the frame, and what was left before it, or gets it written.
    pub(super) fn append(&self, frame: Frame<'_>, payload: Option<T>) -> Result<Ack, JournalError> {
        let bytes = frame.body.len().saturating_add(HEADER_BYTES);
        let mut backlog = self.open_backlog()?;
        let together = backlog.in_one().map(|left| left.saturating_add(bytes));
        let wakes = match backlog.seat.take() {
            Seat::Free(mut desk) if together.is_some_and(|bytes| desk.is_quick(bytes)) => {
                backlog.take(&mut desk.group);
                let seq = backlog.number();
                drop(backlog);
                desk.group.add(seq, frame, payload);
                return Ok(self.lead(desk));
            }
            Seat::Free(desk) => {
                backlog.seat = Seat::Handed(desk);
                true
            }
            taken @ (Seat::Taken | Seat::Handed(_)) => {
                backlog.seat = taken;
                false
            }
        };
        let wakes = backlog.leave(frame, payload) || wakes;
        let ack = backlog.awaited();
        drop(backlog);
        self.wake_if(wakes);
        Ok(ack)
    }

    /// Leaves the frame to the next write; the thread sees to it that there is one soon.
    pub(super) fn leave(&self, frame: Frame<'_>, payload: Option<T>) -> Result<(), JournalError> {
        let mut backlog = self.open_backlog()?;
        let wakes = backlog.leave(frame, payload);
        drop(backlog);
        self.wake_if(wakes);
        Ok(())
    }

    /// Writes what is on the desk, then what others wait for meanwhile.
    fn lead(&self, mut desk: Box<Desk<T>>) -> Ack {
        let own = Ack::Settled(desk.write());
        let mut rounds = 1;
        // A refused group stays on the desk.
        while desk.group.is_empty() {
            desk = match self.next(desk, Backlog::is_awaited) {
                Some(desk) if rounds < ROUNDS && desk.is_quick(desk.group.bytes().len()) => desk,
                Some(desk) => return self.hand(desk, own),
                None => return own,
            };
            // Who waits for it is told what became of it; here it is only the next round's turn.
            let _ = desk.write();
            rounds += 1;
        }
        self.hand(desk, own)
    }

    /// Puts what waits longest on an empty desk, if it is due; else gives the desk back.
    pub(super) fn next(
        &self,
        mut desk: Box<Desk<T>>,
        is_due: impl Fn(&Backlog<T>) -> bool,
    ) -> Option<Box<Desk<T>>> {
        let mut backlog = self.backlog();
        if is_due(&backlog) && backlog.take(&mut desk.group) {
            return Some(desk);
        }
        backlog.seat = Seat::Free(desk);
        None
    }

    /// Leaves the desk, with what is on it, to the thread.
    fn hand(&self, desk: Box<Desk<T>>, own: Ack) -> Ack {
        self.backlog().seat = Seat::Handed(desk);
        self.wake_if(true);
        own
    }

    fn wake_if(&self, wakes: bool) {
        if let (true, Some(thread)) = (wakes, self.thread.get()) {
            thread.unpark();
        }
    }

    /// Refuses what comes from now on; the thread writes what waits, and ends.
    pub(super) fn close(&self) {
        self.backlog().closed = true;
        self.wake_if(true);
    }

    pub(super) fn healthy(&self) -> bool {
        !self.counters.refused.load(Ordering::Acquire) && !self.has_ended()
    }

    /// The desk is gone, after a close or a panic: nobody can write any more.
    pub(super) fn has_ended(&self) -> bool {
        self.counters.ended.load(Ordering::Acquire)
    }

    pub(super) fn stats(&self) -> Stats {
        let mut stats = self.counters.stats();
        let backlog = self.backlog();
        let waiting = u64::try_from(backlog.frames()).unwrap_or(u64::MAX);
        stats.queued = stats.queued.saturating_add(waiting);
        stats.queued_bytes = backlog.bytes();
        stats
    }

    /// The backlog, where it takes one frame more.
    fn open_backlog(&self) -> Result<MutexGuard<'_, Backlog<T>>, JournalError> {
        if self.has_ended() {
            return Err(JournalError::Closed);
        }
        let backlog = self.backlog();
        backlog.room()?;
        Ok(backlog)
    }

    pub(super) fn backlog(&self) -> MutexGuard<'_, Backlog<T>> {
        self.backlog.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
