//! Text that a call may have to be counted by: kept in memory only, within a budget of all calls.
//!
//! It is taken as it passes and given back as soon as nobody can ask for it. It is never printed:
//! what is shown of it is how long it is.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// One call keeps no more of its request, and no more of its answer. The longest context there is, a
/// million tokens or two, is written in less.
pub const CALL_TEXT_BYTES_MAX: usize = 16 * 1024 * 1024;

/// The least room that is taken at a time.
const ROOM_BYTES_MIN: usize = 512;

/// How much text all calls together may keep.
#[derive(Debug)]
pub struct TextBudget {
    bytes_max: usize,
    held: AtomicUsize,
    dropped: AtomicU64,
}

impl TextBudget {
    /// A budget of so many bytes; with 0 nothing is kept.
    #[must_use]
    pub fn new(bytes_max: usize) -> Arc<Self> {
        Arc::new(Self {
            bytes_max,
            held: AtomicUsize::new(0),
            dropped: AtomicU64::new(0),
        })
    }

    /// Bytes taken at this moment.
    #[must_use]
    pub fn held(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }

    /// Texts that were dropped because they had no room, here or in their own call's share.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    pub(super) fn take(&self, bytes: usize) -> bool {
        let before = self.held.fetch_add(bytes, Ordering::Relaxed);
        let fits = before.saturating_add(bytes) <= self.bytes_max;
        if !fits {
            self.give_back(bytes);
        }
        fits
    }

    /// A text had no room.
    pub(super) fn drop_one(&self) {
        self.dropped.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn give_back(&self, bytes: usize) {
        self.held.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// One text, or a list beside it, and the room it takes.
pub(super) struct Kept<T> {
    budget: Arc<TextBudget>,
    items: Vec<T>,
    /// Bytes taken of the budget.
    taken: usize,
    /// It had no room: what came until then is gone too.
    dropped: bool,
}

impl<T: Copy> Kept<T> {
    pub(super) fn new(budget: &Arc<TextBudget>) -> Self {
        Self {
            budget: Arc::clone(budget),
            items: Vec::new(),
            taken: 0,
            dropped: false,
        }
    }

    /// Adds items; where there is no room for them, nothing is kept any more.
    pub(super) fn add(&mut self, items: &[T]) {
        if self.items.capacity() - self.items.len() >= items.len() || self.grow(items.len()) {
            self.items.extend_from_slice(items);
        }
    }

    /// Makes room for so many more, twice what there is; false where nothing is kept any more.
    #[cold]
    fn grow(&mut self, more: usize) -> bool {
        let (len, one) = (self.items.len(), size_of::<T>().max(1));
        let needed = len.saturating_add(more).saturating_mul(one);
        let usual = self
            .taken
            .saturating_mul(2)
            .clamp(ROOM_BYTES_MIN, CALL_TEXT_BYTES_MAX);
        let room = usual.max(needed);
        let fits = !self.dropped && needed <= CALL_TEXT_BYTES_MAX;
        if fits && self.budget.take(room - self.taken) {
            self.taken = room;
            self.items.reserve_exact(room / one - len);
            return true;
        }
        if !self.dropped {
            self.budget.drop_one();
        }
        self.drop_all();
        false
    }

    /// The same once more, where there is room for it now.
    pub(super) fn copy(&self) -> Option<Self> {
        let taken = self.items.len().saturating_mul(size_of::<T>().max(1));
        let has_room = !self.dropped && self.budget.take(taken);
        has_room.then(|| Self {
            budget: Arc::clone(&self.budget),
            items: self.items.clone(),
            taken,
            dropped: false,
        })
    }

    /// Gives everything back, and takes nothing more.
    pub(super) fn drop_all(&mut self) {
        self.dropped = true;
        self.items = Vec::new();
        self.budget.give_back(std::mem::take(&mut self.taken));
    }

    pub(super) fn items(&self) -> &[T] {
        &self.items
    }

    pub(super) fn last_mut(&mut self) -> Option<&mut T> {
        self.items.last_mut()
    }

    /// What was added from a place on.
    pub(super) fn since_mut(&mut self, place: usize) -> &mut [T] {
        self.items.get_mut(place..).unwrap_or_default()
    }

    pub(super) const fn is_dropped(&self) -> bool {
        self.dropped
    }
}

impl<T> Drop for Kept<T> {
    fn drop(&mut self) {
        self.budget.give_back(self.taken);
    }
}

impl<T> fmt::Debug for Kept<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Kept({})", self.items.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_is_given_back() {
        let budget = TextBudget::new(10_000);
        let mut one = Kept::new(&budget);
        one.add(b"secret");
        assert_eq!(
            (budget.held(), one.items()),
            (ROOM_BYTES_MIN, &b"secret"[..])
        );
        one.add(&[0; 600]);
        assert_eq!(budget.held(), 2 * ROOM_BYTES_MIN);
        drop(one);
        assert_eq!((budget.held(), budget.dropped()), (0, 0));
    }

    #[test]
    fn what_has_no_room_is_dropped_whole_and_counted_once() {
        let budget = TextBudget::new(1_000);
        let mut one = Kept::new(&budget);
        for _ in 0..20 {
            one.add(&[1; 100]);
        }
        assert!(one.is_dropped() && one.items().is_empty());
        assert_eq!((budget.held(), budget.dropped()), (0, 1));
        let mut next = Kept::new(&budget);
        next.add(b"there is room again");
        assert!(!next.is_dropped());
    }

    #[test]
    fn one_call_cannot_take_it_all() {
        let budget = TextBudget::new(usize::MAX);
        let mut one = Kept::new(&budget);
        one.add(&vec![0_u8; CALL_TEXT_BYTES_MAX]);
        assert!(!one.is_dropped());
        one.add(&[0]);
        assert!(one.is_dropped());
        assert_eq!(budget.held(), 0);
    }

    #[test]
    fn it_is_never_printed() {
        let mut one = Kept::new(&TextBudget::new(10_000));
        one.add(b"secret");
        assert_eq!(format!("{one:?}"), "Kept(6)");
    }
}
