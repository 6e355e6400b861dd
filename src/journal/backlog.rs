//! What waits to be written, in sequence, and whose turn it is to write.
//!
//! The desk is what one needs to write. It is in one place at a time, so there is one writer at a
//! time; whoever finds it free takes it, and gives it back only when nobody waits any more.

use std::collections::VecDeque;

use super::desk::Desk;
use super::group::{Frame, Group};
use super::{Ack, JournalError, QUEUE_BYTES_MAX};

/// Where the desk is.
pub(super) enum Seat<T> {
    /// Nobody writes, and nobody waits.
    Free(Box<Desk<T>>),
    /// Somebody writes, and looks here again before giving it back.
    Taken,
    /// It lies ready for the thread, which has been woken.
    Handed(Box<Desk<T>>),
}

impl<T> Seat<T> {
    /// Takes what is there and leaves the seat taken.
    pub(super) fn take(&mut self) -> Self {
        std::mem::replace(self, Self::Taken)
    }
}

/// Frames that have their numbers and wait.
pub(super) struct Backlog<T> {
    pub(super) seat: Seat<T>,
    pub(super) closed: bool,
    /// The thread sleeps until it is woken.
    pub(super) asleep: bool,
    /// Somebody waits for one of the frames.
    awaited: bool,
    next_seq: u64,
    /// Groups that take no more, first one first.
    full: VecDeque<Group<T>>,
    /// The group that grows.
    open: Group<T>,
    frames: usize,
    bytes: u64,
    frames_max: usize,
}

impl<T> Backlog<T> {
    pub(super) fn new(desk: Desk<T>, next_seq: u64, frames_max: usize) -> Self {
        Self {
            seat: Seat::Free(Box::new(desk)),
            closed: false,
            asleep: false,
            awaited: false,
            next_seq,
            full: VecDeque::new(),
            open: Group::default(),
            frames: 0,
            bytes: 0,
            frames_max: frames_max.max(1),
        }
    }

    /// Whether there is room for one more frame.
    pub(super) fn room(&self) -> Result<(), JournalError> {
        match self {
            Self { closed: true, .. } => Err(JournalError::Closed),
            _ if self.frames >= self.frames_max || self.bytes > QUEUE_BYTES_MAX => {
                Err(JournalError::QueueFull)
            }
            _ => Ok(()),
        }
    }

    /// The number of the next frame, whoever writes it.
    pub(super) fn number(&mut self) -> u64 {
        let seq = self.next_seq;
        self.next_seq = seq.saturating_add(1);
        seq
    }

    /// Keeps a frame until it is taken. True: the thread is to be woken, to look after it.
    pub(super) fn leave(&mut self, frame: Frame<'_>, payload: Option<T>) -> bool {
        if self.open.is_full() {
            self.full.push_back(std::mem::take(&mut self.open));
        }
        let seq = self.number();
        self.open.add(seq, frame, payload);
        self.frames = self.frames.saturating_add(1);
        let bytes = u64::try_from(frame.body.len()).unwrap_or(u64::MAX);
        self.bytes = self.bytes.saturating_add(bytes);
        std::mem::take(&mut self.asleep)
    }

    /// Lets someone wait for the frame that was left last.
    pub(super) fn awaited(&mut self) -> Ack {
        self.awaited = true;
        self.open.awaited()
    }

    pub(super) const fn is_awaited(&self) -> bool {
        self.awaited
    }

    /// The bytes of all that waits, where that is one group with room for a frame more.
    pub(super) fn in_one(&self) -> Option<usize> {
        let one = self.full.is_empty() && !self.open.is_full();
        one.then(|| self.open.bytes().len())
    }

    /// The number of the frame that waits longest, if one does.
    pub(super) fn first_seq(&self) -> Option<u64> {
        let first = self.full.front().unwrap_or(&self.open);
        (!first.is_empty()).then(|| first.first_seq())
    }

    pub(super) const fn next_seq(&self) -> u64 {
        self.next_seq
    }

    /// Swaps what waits longest into an empty group. False: nothing waits.
    pub(super) fn take(&mut self, group: &mut Group<T>) -> bool {
        match self.full.pop_front() {
            Some(full) => *group = full,
            None => std::mem::swap(group, &mut self.open),
        }
        self.frames = self.frames.saturating_sub(group.frames());
        self.bytes = self.bytes.saturating_sub(group.body_bytes());
        self.awaited = self.awaited && self.frames > 0;
        !group.is_empty()
    }

    /// Forgets what waits, and says how much that was.
    pub(super) fn clear(&mut self) -> usize {
        self.full.clear();
        self.open = Group::default();
        self.bytes = 0;
        self.awaited = false;
        std::mem::take(&mut self.frames)
    }

    pub(super) const fn frames(&self) -> usize {
        self.frames
    }

    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }
}
