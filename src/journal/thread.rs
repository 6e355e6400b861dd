//! The journal's own thread: it writes what may take long, so that nobody else waits for it, and what
//! nobody waits for, when no other write carries it.
//!
//! It tries a refused group again until it is written or the journal is closed; what comes after it
//! waits, and the bound on what waits shows at the front door. So a full disk delays frames and
//! never reorders or drops them.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tracing::error;

use super::append::Core;
use super::backlog::Seat;
use super::desk::Desk;
use super::stats::Counters;

/// What a group of several frames says of the next ones: so long for each, up to the bound, the
/// thread sleeps instead of being woken for one frame at a time. A frame that came alone is
/// followed at once, so that a call on a quiet machine does not wait.
const GATHER_PER_FRAME: Duration = Duration::from_micros(150);
const GATHER_MAX: Duration = Duration::from_micros(500);
/// How long a refused group waits before it is tried again.
const RETRY_PAUSE: Duration = Duration::from_millis(100);
/// A frame that nobody waits for is written at the latest after two naps. The thread naps as long as
/// frames come, so that none of them has to wake it.
const NAP: Duration = Duration::from_millis(2);
/// How long a close waits for a client's thread that still writes.
const CLOSE_PAUSE: Duration = Duration::from_millis(1);

/// What the thread saw when it looked last.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Look {
    /// The frame that waited longest.
    waits: Option<u64>,
    next_seq: u64,
}

impl<T> Core<T> {
    /// Writes what is handed over, and what was left, until the journal is closed and nothing waits.
    pub(super) fn run(&self) {
        let mut last = Look::default();
        while let Some(desk) = self.turn(&mut last) {
            self.serve(desk);
        }
    }

    /// Waits for a turn to write; none when there will be no more.
    fn turn(&self, last: &mut Look) -> Option<Box<Desk<T>>> {
        loop {
            let mut backlog = self.backlog();
            let look = Look {
                waits: backlog.first_seq(),
                next_seq: backlog.next_seq(),
            };
            let overdue = look.waits.is_some() && look.waits == last.waits;
            let closed = backlog.closed;
            match backlog.seat.take() {
                Seat::Handed(desk) => return Some(desk),
                Seat::Free(desk) if overdue || (closed && look.waits.is_some()) => {
                    return Some(desk);
                }
                // Dropped here, and with it the last that could write.
                Seat::Free(_) if closed => return None,
                Seat::Taken if self.has_ended() => return None,
                seat @ (Seat::Free(_) | Seat::Taken) => backlog.seat = seat,
            }
            // Nothing came during a whole nap: whoever comes next calls.
            backlog.asleep = !closed && look.waits.is_none() && look == *last;
            let asleep = backlog.asleep;
            drop(backlog);
            *last = look;
            match (closed, asleep) {
                (true, _) => std::thread::sleep(CLOSE_PAUSE),
                (_, true) => std::thread::park(),
                (_, false) => std::thread::park_timeout(NAP),
            }
        }
    }

    /// Writes what waits, and then what somebody waits for, however long the disk refuses it.
    fn serve(&self, mut desk: Box<Desk<T>>) {
        let mut rounds = 0_usize;
        loop {
            if desk.group.is_empty() {
                match self.next(desk, |backlog| rounds == 0 || backlog.is_awaited()) {
                    Some(next) => desk = next,
                    None => return,
                }
            }
            rounds = rounds.saturating_add(1);
            let frames = desk.group.frames();
            if desk.write().is_ok() {
                self.counters.by_thread.fetch_add(1, Ordering::Relaxed);
                gather(frames, &desk);
            } else if self.backlog().closed {
                return self.give_up(&desk);
            } else {
                std::thread::sleep(RETRY_PAUSE);
            }
        }
    }

    /// The journal was closed and the disk still refuses: what waits is lost.
    fn give_up(&self, desk: &Desk<T>) {
        let left = self.backlog().clear();
        let frames = desk.group.frames().saturating_add(left);
        error!(
            frames,
            "the journal was closed on a disk that refuses to write"
        );
        Counters::add(&self.counters.lost, frames);
        self.counters.held.store(0, Ordering::Relaxed);
    }
}

/// Lets frames come together, as long as they come here and are many.
fn gather<T>(frames: usize, desk: &Desk<T>) {
    if frames > 1 && !desk.is_quick(0) {
        let frames = u32::try_from(frames).unwrap_or(u32::MAX);
        std::thread::sleep(GATHER_PER_FRAME.saturating_mul(frames).min(GATHER_MAX));
    }
}
