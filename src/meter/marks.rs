//! What a dying process leaves of a call that lasts: every few seconds, the record as it stands.
//!
//! A call's own path writes `Begin` and `End` and nothing between them. Here somebody else goes
//! round the open calls: five seconds after its begin a call gets a `Facts` frame, and then a
//! `Progress` frame whenever more has been reported or counted. Each is a whole record, so the last one is what
//! a start books for a call that has no end.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::Meter;
use super::background::Moment;
use super::look::Look;
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

    #[cfg(test)]
    pub(super) fn any(&self) -> Option<Arc<Open>> {
        self.lasting(Instant::now()).next()
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
        for call in shared.open.lasting(before) {
            call.mark(now, MARK_EVERY, |is_first, record| {
                let kind = if is_first {
                    FrameKind::Facts
                } else {
                    FrameKind::Progress
                };
                if !shared.has_room_for_marks() {
                    return false;
                }
                // Nor is anything billed twice that is only left.
                let mut left = record.clone();
                let from = call.billed_before();
                shared.background.settle(&mut left, from, Moment::Mark);
                shared.marked(kind, &left).is_some()
            });
            Look::hand_on(shared, &call, now);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::mpsc;

    use tempfile::TempDir;

    use super::*;
    use crate::call::Role;
    use crate::journal::{self, Journal};
    use crate::meter::{Arrival, CallMeter, Entry, Settings, UpstreamFacts};
    use crate::pricing::{self, PriceBook};
    use crate::wire::WireFormat;

    fn meter(journal: &Journal<Entry>) -> Meter {
        let settings = Settings {
            places: 8,
            ack_wait: Duration::from_millis(5),
            strict_ack: false,
        };
        Meter::new(settings, journal.clone(), Box::new(|_, _, _| {}), None)
    }

    fn begun(meter: &Meter) -> CallMeter {
        let upstream = UpstreamFacts {
            name: "openai".into(),
            format: WireFormat::OpenAi,
            role: Role::Provider,
            billed: true,
            price_list: "openai".into(),
            prices: Arc::new(PriceBook::new(pricing::Settings::default()).unwrap()),
            would_cost_as: None,
            region: None,
        };
        let arrival = Arrival {
            call_id: CallId(uuid::Uuid::from_u128(7)),
            started_at: jiff::Timestamp::UNIX_EPOCH,
            upstream: Arc::new(upstream),
            method: http::Method::POST,
            path: "/v1/chat/completions".into(),
            tenant: None,
            dimensions: std::collections::BTreeMap::new(),
        };
        meter.begin(arrival).unwrap()
    }

    fn until(reached: impl Fn() -> bool) {
        while !reached() {
            std::thread::yield_now();
        }
    }

    fn frames(dir: &Path) -> Vec<FrameKind> {
        let frames = journal::frames(dir, 1).unwrap();
        frames.map(|frame| frame.unwrap().kind).collect()
    }

    #[test]
    fn marks_give_way_while_the_disk_refuses() {
        let dir = TempDir::new().unwrap();
        let folder = dir.path().join("journal");
        let journal = Journal::open(journal::Settings::in_dir(&folder), |_, _| {}).unwrap();
        std::fs::remove_dir_all(&folder).unwrap();
        let meter = meter(&journal);
        let call = begun(&meter);
        until(|| !journal.healthy());
        let later = Instant::now() + MARK_EVERY;
        meter.mark(later);
        assert_eq!(journal.stats().queued, 1, "only the begin waits");
        std::fs::create_dir(&folder).unwrap();
        // What has left the queue may still be on its way into the file.
        until(|| {
            meter.mark(later);
            frames(&folder).len() > 1
        });
        assert_eq!(frames(&folder), [FrameKind::Begin, FrameKind::Facts]);
        drop(call);
    }

    #[test]
    fn marks_give_way_while_much_waits_for_the_disk() {
        let dir = TempDir::new().unwrap();
        let folder = dir.path().join("journal");
        let (go_on, goes_on) = mpsc::sync_channel::<()>(1);
        let stuck = move |_, _| goes_on.recv().unwrap_or_default();
        let journal = Journal::open(journal::Settings::in_dir(&folder), stuck).unwrap();
        let meter = meter(&journal);
        let call = begun(&meter);
        until(|| journal.stats().appended == 1);
        for _ in 0..MARKS_QUEUED_MAX {
            journal.leave(FrameKind::Progress, 0, b"{}", None).unwrap();
        }
        let later = Instant::now() + MARK_EVERY;
        meter.mark(later);
        let waiting = u64::try_from(MARKS_QUEUED_MAX).unwrap();
        assert_eq!(journal.stats().queued, waiting);
        assert!(journal.healthy());
        drop(go_on);
        // What has left the queue may still be on its way into the file.
        until(|| {
            meter.mark(later);
            frames(&folder).pop() == Some(FrameKind::Facts)
        });
        drop(call);
    }
}
