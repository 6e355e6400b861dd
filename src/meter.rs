//! Watches one call on the client's path and closes a reported one there.
//!
//! A `CallMeter` is a guard: whatever happens to the call, exactly one record leaves it, at the
//! latest when it is dropped. It holds its place in the recorder's queue from before the request is
//! forwarded, so ending is short and cannot fail. It never sees a whole body and never changes one.

mod again;
mod background;
mod close;
mod counting;
mod keeping;
mod look;
mod marks;
mod open;
mod record;
mod results;
mod unknown;
mod watch;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use http::{HeaderMap, Method, StatusCode};
use jiff::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::call::{CallId, CallRecord, Role, StreamEnd};
use crate::journal::Journal;
use crate::pricing::{PriceBook, PricedAs};
use crate::usage::UsageSource;
use crate::wire::{RequestFacts, WireFormat};

pub use again::Again;
pub use background::BACKGROUND_IDS_MAX;
use background::Background;
use counting::Waiting;
pub use counting::{Count, Counting, Counts, Job, Studied, Texts, Uncounted};
pub use keeping::{STUDIED_MODELS_MAX, STUDIES_MAX, Studies};
pub use look::{LOOKS_MAX, Look};
pub use marks::{MARK_EVERY, MARKS_QUEUED_MAX};
use marks::{OpenCalls, Place};
use open::Open;
use record::Ended;
use unknown::Unknowns;
pub use unknown::{UNKNOWN_KINDS_MAX, UnknownCalls, UnknownKind, UnknownReason};
pub use watch::{Abandoning, RequestObserver, ResponseObserver};

/// What the meter needs to know about where calls go.
#[derive(Clone, Debug)]
pub struct UpstreamFacts {
    /// The configured name.
    pub name: String,
    /// How its bodies are read.
    pub format: WireFormat,
    /// What stands behind it.
    pub role: Role,
    /// Whether its calls cost money by the token.
    pub billed: bool,
    /// The price list its models are looked up in, such as `openai`.
    pub price_list: String,
    /// The prices of its calls: they come and go with the name of the list, in one swap. A call that
    /// has begun keeps them.
    pub prices: Arc<PriceBook>,
    /// Of own hosting: the API call whose price its calls are held against.
    pub would_cost_as: Option<PricedAs>,
    /// The region its address is of, where that says one.
    pub region: Option<String>,
}

/// What is known of a call before it is forwarded.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// Names the attempt.
    pub call_id: CallId,
    /// When the request line was read.
    pub started_at: Timestamp,
    /// Where it goes.
    pub upstream: Arc<UpstreamFacts>,
    /// The method.
    pub method: Method,
    /// The path as the upstream sees it, without the query.
    pub path: String,
    /// Who pays inside the house.
    pub tenant: Option<String>,
    /// The configured dimensions found in the headers.
    pub dimensions: BTreeMap<String, String>,
}

/// Checked settings of the meter.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Records that may be unfinished or not yet in the ledger: calls in flight plus backlog.
    pub places: usize,
    /// How long the last frame of a call waits for its record to be written. DESIGN: 5 ms.
    pub ack_wait: Duration,
    /// Whether that frame waits instead until the record is safe from a power cut, however long that
    /// takes.
    pub strict_ack: bool,
}

/// No record could be promised for a call: the ledger is behind by the whole backlog.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the ledger is behind: no place for another record")]
pub struct QueueFull;

/// What rides along with the journal's frames to the recorder.
#[derive(Debug)]
pub enum Entry {
    /// A call was admitted.
    Begun(CallId),
    /// A call is over.
    Ended(FinishedCall),
}

/// A closed call on its way to the ledger. Dropping it frees its place in the queue.
#[derive(Debug)]
pub struct FinishedCall {
    /// The record, as it stands in the journal.
    pub record: Box<CallRecord>,
    place: Option<OwnedSemaphorePermit>,
}

impl FinishedCall {
    /// A call that an earlier process left unfinished: it holds no place.
    #[must_use]
    pub fn left_over(record: CallRecord) -> Self {
        Self {
            record: Box::new(record),
            place: None,
        }
    }

    /// Whether it came through this process's front door.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.place.is_some()
    }
}

/// What the last frame of a call found when it had waited for its record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confirmed {
    /// The record was written.
    Written,
    /// It was not written in time: the frame went on without.
    Late,
    /// The disk refused it, so the frame went on without; it is kept and tried again.
    Refused,
    /// The journal did not take it: the call is in no number.
    Lost,
}

/// Told of each last frame: where it came from, what it found, and how long it waited.
pub type ConfirmHook = Box<dyn Fn(&str, Confirmed, Duration) + Send + Sync>;

/// Opens a meter for each call. One a process; clones share it.
#[derive(Clone)]
pub struct Meter(Arc<Shared>);

struct Shared {
    journal: Journal<Entry>,
    places: Arc<Semaphore>,
    all_places: usize,
    ack_wait: Duration,
    strict_ack: bool,
    confirm: ConfirmHook,
    open: OpenCalls,
    background: Background,
    unknown: Unknowns,
    /// None where nobody counts: then no text is kept.
    counting: Option<Counting>,
    /// Whoever is dropped from now on did not leave but was cut by us.
    interrupted: AtomicBool,
}

impl Meter {
    /// A meter that writes to `journal`, and has calls that nobody reports counted.
    #[must_use]
    pub fn new(
        settings: Settings,
        journal: Journal<Entry>,
        confirm: ConfirmHook,
        counting: Option<Counting>,
    ) -> Self {
        let all_places = settings.places.min(Semaphore::MAX_PERMITS);
        Self(Arc::new(Shared {
            journal,
            places: Arc::new(Semaphore::new(all_places)),
            all_places,
            ack_wait: settings.ack_wait,
            strict_ack: settings.strict_ack,
            confirm,
            open: OpenCalls::default(),
            background: Background::default(),
            unknown: Unknowns::default(),
            counting,
            interrupted: AtomicBool::new(false),
        }))
    }

    /// Says that this process cuts the calls in flight: what is dropped from now on was interrupted
    /// by us, and its client did not leave.
    pub fn interrupt(&self) {
        self.0.interrupted.store(true, Ordering::Release);
    }

    /// Takes over from an earlier process that a record's response in the background was billed.
    pub fn learn(&self, record: &CallRecord) {
        self.0.background.learn(record);
    }

    /// Records that are finished and not yet in the ledger, when `in_flight` calls are not finished.
    #[must_use]
    pub fn waiting(&self, in_flight: usize) -> usize {
        let taken = self
            .0
            .all_places
            .saturating_sub(self.0.places.available_permits());
        taken.saturating_sub(in_flight)
    }

    /// Takes a place for the call's record and writes its `Begin`, without waiting for the disk.
    ///
    /// # Errors
    /// [`QueueFull`] when the ledger is behind by the whole backlog; the caller decides then.
    pub fn begin(&self, arrival: Arrival) -> Result<CallMeter, QueueFull> {
        let place = self.0.place()?;
        let call_id = arrival.call_id;
        let open = Open::new(arrival);
        self.0.admit(place, call_id, Arc::new(open))
    }
}

impl Shared {
    fn place(&self) -> Result<OwnedSemaphorePermit, QueueFull> {
        let place = Arc::clone(&self.places).try_acquire_owned();
        place.map_err(|_| QueueFull)
    }

    fn admit(
        self: &Arc<Self>,
        place: OwnedSemaphorePermit,
        call_id: CallId,
        open: Arc<Open>,
    ) -> Result<CallMeter, QueueFull> {
        open.keep_request(self.counting.as_ref());
        // The `Begin` is the record this call leaves if nothing more is ever heard of it.
        let begun = open.leaves(|record| self.begun(record));
        begun.flatten().ok_or(QueueFull)?;
        Ok(CallMeter(Some(OpenCall {
            stands: self.open.add(call_id, &open),
            meter: Arc::clone(self),
            open,
            place,
            is_held: false,
        })))
    }
}

/// A call that has not ended, as its path holds it.
struct OpenCall {
    meter: Arc<Shared>,
    open: Arc<Open>,
    stands: Place,
    place: OwnedSemaphorePermit,
    /// Its upstream has seen nothing of it.
    is_held: bool,
}

impl OpenCall {
    /// How a call ends that is dropped with nothing said.
    fn dropped(&self) -> StreamEnd {
        if self.open.is_laid_aside() {
            StreamEnd::Complete
        } else if self.meter.interrupted.load(Ordering::Acquire) {
            StreamEnd::Interrupted
        } else {
            StreamEnd::ClientGone
        }
    }

    /// Writes the call's one record; none where the journal did not take it.
    fn end(self, end: StreamEnd, sent: bool) -> Option<Ended> {
        let Self {
            meter,
            open,
            stands,
            place,
            is_held,
        } = self;
        meter.open.remove(stands);
        let (mut record, ending) = open.end(end, sent && !is_held)?;
        let from = open.billed_before();
        meter
            .background
            .settle(&mut record, from, background::Moment::End);
        meter.unknown.note(&open, &record);
        let texts = open.take_texts();
        let asked = Instant::now();
        let texts = match (texts, record.source) {
            (Some(texts), Some(UsageSource::Unknown | UsageSource::Partial)) => {
                let is_silent = record.complete && texts.is_unheard();
                if let Some(counting) = meter.counting.as_ref().filter(|_| is_silent) {
                    counting.studies.heard_nothing_of(&open.upstream.name);
                }
                // Nobody waits for what takes its time.
                Uncounted::hand_on(Waiting {
                    meter,
                    open,
                    record,
                    ending,
                    place,
                    texts,
                });
                return None;
            }
            (texts, source) => texts.filter(|_| source == Some(UsageSource::Reported)),
        };
        if let Some(texts) = texts.filter(|_| record.complete) {
            Studied::hand_on(&meter, &open, &record, texts);
        }
        let Some(ack) = meter.ended(record, place) else {
            meter.tell(&open.upstream, Confirmed::Lost, asked.elapsed());
            return None;
        };
        Some(Ended {
            meter,
            upstream: Arc::clone(&open.upstream),
            ack,
            asked,
        })
    }
}

/// One call on its way, from before it is forwarded until its answer begins.
///
/// Dropped without an answer, the client left before there was one.
pub struct CallMeter(Option<OpenCall>);

impl CallMeter {
    /// Takes what the request's headers ask.
    pub fn head(&self, headers: &HeaderMap) {
        if let Some(call) = &self.0 {
            call.open.request().head(call.open.endpoint, headers);
        }
    }

    /// Watches the request body pass.
    #[must_use]
    pub fn request_observer(&self) -> RequestObserver {
        RequestObserver::new(self.0.as_ref().map(|call| Arc::clone(&call.open)))
    }

    /// In whose words the call is asked and answered.
    #[must_use]
    pub fn format(&self) -> Option<WireFormat> {
        Some(self.0.as_ref()?.open.endpoint.format)
    }

    /// Shows what the request asks as far as it has been watched.
    pub fn asked<R>(&self, look: impl FnOnce(&RequestFacts) -> R) -> Option<R> {
        let call = self.0.as_ref()?;
        Some(look(call.open.request().facts()))
    }

    /// The model as the client names it so far: in the body, else by its deployment.
    #[must_use]
    pub fn model_requested(&self) -> Option<String> {
        let call = self.0.as_ref()?;
        let named = call.open.request().facts().model.clone();
        let by_path = || call.open.leaves(|record| record.model_requested.clone());
        named.or_else(|| by_path().flatten())
    }

    /// Says whether the request is held back: what ends meanwhile was not sent, and is not billed.
    pub fn holds(&mut self, is_held: bool) {
        if let Some(call) = &mut self.0 {
            call.is_held = is_held;
        }
    }

    /// What another attempt at the same call would begin from.
    #[must_use]
    pub fn again(&self) -> Option<Again> {
        Again::of(self.0.as_ref()?)
    }

    /// For whoever goes on with the call after its client has left.
    #[must_use]
    pub fn abandoning(&self) -> Abandoning {
        Abandoning::new(self.0.as_ref().map(|call| Arc::clone(&call.open)))
    }

    /// The upstream answered: watches the response body pass.
    #[must_use]
    pub fn respond(mut self, status: StatusCode, headers: &HeaderMap) -> ResponseObserver {
        ResponseObserver::new(self.0.take(), status, headers)
    }

    /// No answer came. `sent` says whether the upstream may have seen the request, and bill it.
    pub fn fail(mut self, end: StreamEnd, sent: bool) {
        if let Some(call) = self.0.take() {
            // Nobody waits for this record: the answer is one of our own.
            drop(call.end(end, sent));
        }
    }
}

impl Drop for CallMeter {
    fn drop(&mut self) {
        if let Some(call) = self.0.take() {
            let end = call.dropped();
            drop(call.end(end, true));
        }
    }
}

#[cfg(test)]
mod tests;
