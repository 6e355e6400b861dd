//! A request's body as it passes: not copied, but held in the frames it came in.
//!
//! Most calls are reported in the end, and then holding a frame has cost nothing. The data of an
//! image in it is let go of: only its header can be counted by.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use super::kept::{CALL_TEXT_BYTES_MAX, TextBudget};

/// A shorter frame is copied: held, it would keep a buffer of many times its size. Longer ones are as
/// a rule a good part of theirs, because a reader's buffer grows only while it is filled.
const COPIED_BYTES_MAX: usize = 4 * 1024;

/// What a frame takes beside its bytes: its handle, and what an allocation is rounded up by.
const FRAME_BYTES: usize = 64;

/// The frames of one body, and the room they take.
pub(super) struct Frames {
    budget: Arc<TextBudget>,
    held: Vec<Bytes>,
    /// Bytes taken of the budget.
    taken: usize,
    /// They had no room: what came until then is gone too.
    dropped: bool,
}

impl Frames {
    pub(super) fn new(budget: &Arc<TextBudget>) -> Self {
        Self {
            budget: Arc::clone(budget),
            held: Vec::new(),
            taken: 0,
            dropped: false,
        }
    }

    /// Adds a frame without its `cuts`, which are in order and apart.
    pub(super) fn add(&mut self, frame: &Bytes, cuts: &[Range<usize>]) {
        if cuts.is_empty() && frame.len() > COPIED_BYTES_MAX {
            self.hold(frame.len(), || frame.clone());
            return;
        }
        let mut from = 0;
        for end in cuts.iter().chain([&(frame.len()..frame.len())]) {
            let part = frame.get(from..end.start).unwrap_or_default();
            if !part.is_empty() {
                self.hold(part.len(), || Bytes::copy_from_slice(part));
            }
            from = end.end;
        }
    }

    /// Takes the room for a frame; where there is none, nothing is held any more.
    fn hold(&mut self, bytes: usize, frame: impl FnOnce() -> Bytes) {
        if self.dropped {
            return;
        }
        let taken = bytes.saturating_add(FRAME_BYTES);
        let fits = self.taken.saturating_add(taken) <= CALL_TEXT_BYTES_MAX;
        if fits && self.budget.take(taken) {
            self.taken += taken;
            self.held.push(frame());
            return;
        }
        self.dropped = true;
        self.budget.drop_one();
        self.held = Vec::new();
        self.budget.give_back(std::mem::take(&mut self.taken));
    }

    /// The bytes in one piece; none where they had no room.
    pub(super) fn bytes(&self) -> Option<Cow<'_, [u8]>> {
        if self.dropped {
            return None;
        }
        Some(match self.held.as_slice() {
            [] => Cow::Borrowed(&[]),
            [whole] => Cow::Borrowed(whole),
            frames => Cow::Owned(frames.concat()),
        })
    }
}

impl Drop for Frames {
    fn drop(&mut self) {
        self.budget.give_back(self.taken);
    }
}

impl fmt::Debug for Frames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Frames({})", self.taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cut_out_takes_no_room() {
        let budget = TextBudget::new(100_000);
        let mut frames = Frames::new(&budget);
        let long = Bytes::from(vec![b'x'; 50_000]);
        frames.add(&Bytes::from_static(b"abc"), &[]);
        frames.add(&long, &[2..1_000, 1_001..49_999]);
        assert_eq!(frames.bytes().unwrap(), &b"abcxxxx"[..]);
        assert!(budget.held() < 1_000, "{}", budget.held());
        drop(frames);
        assert_eq!((budget.held(), budget.dropped()), (0, 0));
    }

    #[test]
    fn a_long_frame_is_held_and_a_short_one_copied() {
        let mut frames = Frames::new(&TextBudget::new(100_000));
        let (long, short) = (Bytes::from(vec![b'x'; 5_000]), Bytes::from(vec![b'x'; 50]));
        frames.add(&long, &[]);
        frames.add(&short, &[]);
        assert!(!long.is_unique() && short.is_unique());
        assert_eq!(frames.bytes().unwrap().len(), 5_050);
    }

    #[test]
    fn what_has_no_room_is_dropped_whole_and_counted_once() {
        let budget = TextBudget::new(10_000);
        let mut frames = Frames::new(&budget);
        for _ in 0..5 {
            frames.add(&Bytes::from(vec![b'x'; 5_000]), &[]);
        }
        assert!(frames.bytes().is_none());
        assert_eq!((budget.held(), budget.dropped()), (0, 1));
        assert_eq!(format!("{frames:?}"), "Frames(0)");
    }

    #[test]
    fn bytes_that_trickle_in_are_charged_for_what_they_take() {
        let budget = TextBudget::new(10_000);
        let mut frames = Frames::new(&budget);
        for _ in 0..200 {
            frames.add(&Bytes::from_static(b"x"), &[]);
        }
        assert!(frames.bytes().is_none());
    }
}
