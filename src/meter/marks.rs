//! What a dying process leaves of a call that lasts: every few seconds, the record as it stands.
//!
//! A call's own path writes `Begin` and `End` and nothing between them. Here somebody else goes
//! round the open calls: five seconds after its begin a call gets a `Facts` frame, and then a
//! `Progress` frame whenever more has been reported. Each is a whole record, so the last one is what
//! a start books for a call that has no end.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::Meter;
use super::open::Open;
use crate::call::CallId;
use crate::journal::FrameKind;

/// A call that ends sooner is not marked, and one that lasts at most so often.
pub const MARK_EVERY: Duration = Duration::from_secs(5);

/// A mark is worth nothing compared with a begin or an end: no more than so many wait for a disk.
pub const MARKS_QUEUED_MAX: usize = 1_024;

/// Calls come and go on all threads; they wait for each other only within one shelf.
const SHELVES: usize = 16;

/// The calls that are open now.
#[derive(Default)]
pub(super) struct OpenCalls {
    shelves: [Mutex<Shelf>; SHELVES],
}

#[derive(Default)]
struct Shelf {
    calls: Vec<Option<Arc<Open>>>,
    free: Vec<usize>,
}

/// Where a call stands.
#[derive(Clone, Copy)]
pub(super) struct Place {
    on: usize,
    at: usize,
}

impl OpenCalls {
    pub(super) fn add(&self, id: CallId, call: &Arc<Open>) -> Place {
        let [.., random] = id.0.into_bytes();
        let on = usize::from(random) % SHELVES;
        let at = self
            .shelf(on)
            .map_or(0, |mut shelf| shelf.add(Arc::clone(call)));
        Place { on, at }
    }

    pub(super) fn remove(&self, Place { on, at }: Place) {
        let removed = self.shelf(on).and_then(|mut shelf| shelf.remove(at));
        // With the shelf free again: it may be the last that holds the call.
        drop(removed);
    }

    fn shelf(&self, number: usize) -> Option<MutexGuard<'_, Shelf>> {
        let found = self.shelves.get(number)?;
        Some(found.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The calls that began at `before` or earlier, a shelf at a time.
    fn lasting(&self, before: Instant) -> impl Iterator<Item = Arc<Open>> {
        let shelves = (0..SHELVES).filter_map(|number| self.shelf(number));
        shelves.flat_map(move |shelf| -> Vec<Arc<Open>> {
            let calls = shelf.calls.iter().flatten();
            calls.filter(|call| call.began <= before).cloned().collect()
        })
    }
}

impl Shelf {
    fn add(&mut self, call: Arc<Open>) -> usize {
        match self.free.pop() {
            Some(at) if let Some(place) = self.calls.get_mut(at) => {
                *place = Some(call);
                at
            }
            Some(_) | None => {
                self.calls.push(Some(call));
                self.calls.len() - 1
            }
        }
    }

    fn remove(&mut self, at: usize) -> Option<Arc<Open>> {
        let removed = self.calls.get_mut(at)?.take();
        self.free.push(at);
        removed
    }
}

impl Meter {
    /// Writes down what is known of the calls that last; `now` is the moment it is asked. Call it
    /// every second.
    ///
    /// While frames wait for the disk nothing is written: the room in the queue is for begins and ends.
    pub fn mark(&self, now: Instant) {
        let shared = &self.0;
        let Some(before) = now.checked_sub(MARK_EVERY) else {
            return;
        };
        let prices = shared.prices.load();
        for call in shared.open.lasting(before) {
            call.mark(now, MARK_EVERY, &prices, |is_first, record| {
                let kind = if is_first {
                    FrameKind::Facts
                } else {
                    FrameKind::Progress
                };
                shared.has_room_for_marks() && shared.marked(kind, record).is_some()
            });
        }
    }
}
