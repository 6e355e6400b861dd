//! What the decoders of all answers together may hold: a window can be as long as an answer.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::Fault;

/// Memory of all decoders of the process. Enough for gzip in every call there may be, and for some
/// 3,000 answers in `br` or `zstd` of 100 KB at once.
const DECODERS_BYTES_MAX: usize = 1024 * 1024 * 1024;

/// So much is taken at a time, so that no two threads meet at every piece.
const STEP_BYTES: usize = 64 * 1024;

/// The room there is, in this process.
pub(super) static DECODERS: Room = Room::new(DECODERS_BYTES_MAX);

/// What one decoder holds: at once, and at most beside that as more comes out of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Memory {
    /// Tables and states, in bytes.
    pub(super) at_once: usize,
    /// The window, in bytes: only what came out is ever in it.
    pub(super) window: usize,
}

/// Room for decoders.
#[derive(Debug)]
pub(super) struct Room {
    bytes_max: usize,
    held: AtomicUsize,
}

/// A decoder's part of it, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Held {
    room: &'static Room,
    bytes: usize,
    /// Bytes that came out and fit into what is held.
    spare: usize,
    /// What may still be taken.
    left: usize,
}

impl Room {
    pub(super) const fn new(bytes_max: usize) -> Self {
        Self {
            bytes_max,
            held: AtomicUsize::new(0),
        }
    }

    /// Room for another decoder, if there is some.
    pub(super) fn hold(&'static self, memory: Memory) -> Option<Held> {
        let Memory { at_once, window } = memory;
        self.take(at_once).then_some(Held {
            room: self,
            bytes: at_once,
            spare: 0,
            left: window,
        })
    }

    fn take(&self, bytes: usize) -> bool {
        let before = self.held.fetch_add(bytes, Ordering::Relaxed);
        let fits = before.saturating_add(bytes) <= self.bytes_max;
        if !fits {
            self.give_back(bytes);
        }
        fits
    }

    fn give_back(&self, bytes: usize) {
        self.held.fetch_sub(bytes, Ordering::Relaxed);
    }
}

impl Held {
    /// So many bytes more came out, and stay in the window.
    pub(super) fn grow(&mut self, bytes: usize) -> Result<(), Fault> {
        if let Some(spare) = self.spare.checked_sub(bytes) {
            self.spare = spare;
            return Ok(());
        }
        // A full window holds no more than it did.
        if self.left == 0 {
            return Ok(());
        }
        let step = bytes.max(STEP_BYTES).min(self.left);
        if !self.room.take(step) {
            return Err(Fault::NoRoom);
        }
        self.bytes += step;
        self.left -= step;
        self.spare = step.saturating_sub(bytes);
        Ok(())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.room.give_back(self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(bytes_max: usize) -> &'static Room {
        Box::leak(Box::new(Room::new(bytes_max)))
    }

    const MEMORY: Memory = Memory {
        at_once: 10,
        window: 100_000,
    };

    #[test]
    fn a_decoder_holds_no_more_than_came_out_and_no_more_than_its_window() {
        let room = room(1_000_000);
        let held = || room.held.load(Ordering::Relaxed);
        let mut one = room.hold(MEMORY).unwrap();
        assert_eq!(held(), 10);
        one.grow(1).unwrap();
        assert_eq!(held(), 10 + STEP_BYTES);
        for _ in 0..100 {
            one.grow(4_096).unwrap();
        }
        assert_eq!(held(), 10 + 100_000);
        drop(one);
        assert_eq!(held(), 0);
    }

    #[test]
    fn what_finds_no_room_is_told_and_takes_none() {
        let room = room(STEP_BYTES + 25);
        let mut one = room.hold(MEMORY).unwrap();
        let mut two = room.hold(MEMORY).unwrap();
        one.grow(1).unwrap();
        assert!(room.hold(MEMORY).is_none());
        assert_eq!(two.grow(1), Err(Fault::NoRoom));
        drop(one);
        two.grow(1).unwrap();
    }
}
