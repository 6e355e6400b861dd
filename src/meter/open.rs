//! A call that has not ended: what it has shown so far, for its observers, its end, and the marks.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use http::StatusCode;

use super::close::{self, Asked, Ending};
use super::counting::{Counting, Counts, Texts};
use super::keeping::Keeping;
use super::{Arrival, UpstreamFacts};
use crate::call::{CallRecord, StreamEnd};
use crate::pricing::PriceBook;
use crate::wire::{self, Coding, Endpoint, Reading, RequestScanner, ResponseReader, WireFormat};

/// One call, shared by all who look at it. Locks are taken in the order of the fields.
pub(super) struct Open {
    pub(super) upstream: Arc<UpstreamFacts>,
    pub(super) endpoint: Endpoint,
    pub(super) began: Instant,
    leaves: Mutex<Option<Leaves>>,
    request: Mutex<RequestScanner>,
    answer: Mutex<Answer>,
    /// The client is gone, and somebody reads on without it.
    abandoned: AtomicBool,
    /// Enough of the answer was read to try again; what is left of it is for nobody.
    laid_aside: AtomicBool,
    /// The attempt that came after this one.
    next: OnceLock<Arc<Self>>,
}

/// What a call leaves if nothing more is heard of it; taken away by its end.
struct Leaves {
    record: Box<CallRecord>,
    marked: Option<Instant>,
}

/// What has come of the answer.
#[derive(Default)]
pub(super) struct Answer {
    pub(super) status: Option<StatusCode>,
    /// Absent where nothing is billed or nothing can be read.
    pub(super) reader: Option<Box<ResponseReader>>,
    /// Whether the answer is labelled as a stream; a reader knows better.
    pub(super) labelled_stream: bool,
    pub(super) request_id: Option<String>,
    /// How the reader comes by the bytes it reads.
    pub(super) coding: Coding,
    pub(super) ttft: Option<Duration>,
    /// What of the call's texts is still kept.
    pub(super) keeping: Keeping,
}

impl Open {
    /// A call that has just come.
    pub(super) fn new(arrival: Arrival) -> Self {
        let upstream = Arc::clone(&arrival.upstream);
        let endpoint = wire::endpoint(upstream.format, &arrival.method, &arrival.path);
        let record = Box::new(close::interrupted(arrival, endpoint));
        Self::leaving(record, upstream, endpoint)
    }

    /// Another attempt at the same call; until more is heard of it, this record is what it leaves.
    pub(super) fn again(self: &Arc<Self>, record: Box<CallRecord>) -> Arc<Self> {
        let next = Self::leaving(record, Arc::clone(&self.upstream), self.endpoint);
        let next = Arc::clone(self.next.get_or_init(|| Arc::new(next)));
        // Who left before there was a next one told only this one.
        if self.is_abandoned() {
            next.abandon();
        }
        next
    }

    fn leaving(record: Box<CallRecord>, upstream: Arc<UpstreamFacts>, endpoint: Endpoint) -> Self {
        Self {
            request: Mutex::new(RequestScanner::of(upstream.format, endpoint.operation)),
            upstream,
            endpoint,
            began: Instant::now(),
            leaves: Mutex::new(Some(Leaves {
                record,
                marked: None,
            })),
            answer: Mutex::default(),
            abandoned: AtomicBool::new(false),
            laid_aside: AtomicBool::new(false),
            next: OnceLock::new(),
        }
    }

    pub(super) fn request(&self) -> MutexGuard<'_, RequestScanner> {
        lock(&self.request)
    }

    pub(super) fn answer(&self) -> MutexGuard<'_, Answer> {
        lock(&self.answer)
    }

    /// Shows the record that it leaves now.
    pub(super) fn leaves<R>(&self, show: impl FnOnce(&CallRecord) -> R) -> Option<R> {
        lock(&self.leaves).as_ref().map(|left| show(&left.record))
    }

    /// The client left; what comes of the answer from now on comes for nobody.
    pub(super) fn abandon(&self) {
        self.abandoned.store(true, Ordering::Release);
        if let Some(next) = self.next.get() {
            next.abandon();
        }
    }

    pub(super) fn is_abandoned(&self) -> bool {
        self.abandoned.load(Ordering::Acquire)
    }

    pub(super) fn lay_aside(&self) {
        self.laid_aside.store(true, Ordering::Release);
    }

    pub(super) fn is_laid_aside(&self) -> bool {
        self.laid_aside.load(Ordering::Acquire)
    }

    /// The call's one record; none the second time.
    pub(super) fn end(
        &self,
        end: StreamEnd,
        sent: bool,
        prices: &PriceBook,
    ) -> Option<(Box<CallRecord>, Ending)> {
        let Leaves { mut record, .. } = lock(&self.leaves).take()?;
        let took = self.began.elapsed();
        let ending = Ending { end, took, sent };
        self.complete(&mut record, &ending, None, prices);
        Some((record, ending))
    }

    /// Whether all that is billed is text, in a form that is read.
    fn is_countable(&self) -> bool {
        self.endpoint.reading == Reading::Metered && self.endpoint.operation.is_text()
    }

    /// Keeps what is asked, where somebody could count it.
    pub(super) fn keep_request(&self, counting: Option<&Counting>) {
        if let Some(counting) = counting.filter(|_| self.is_countable()) {
            self.request().keep_body(&counting.budget);
        }
    }

    /// Keeps what is said, where somebody could count it.
    pub(super) fn keep_answer(&self, counting: Option<&Counting>) {
        let mut answer = self.answer();
        let is_answer = answer.status.is_some_and(|status| status.is_success());
        let is_read = is_answer && self.is_countable();
        if let (Some(counting), Some(reader)) = (counting.filter(|_| is_read), &mut answer.reader) {
            reader.keep_text(&counting.budget);
            answer.keeping = Keeping::Both;
        }
    }

    /// Lets go of what nobody will count, now that so much is reported.
    pub(super) fn let_go(&self, keeping: Keeping) {
        let mut answer = self.answer();
        answer.keeping = keeping;
        if let Some(reader) = answer.reader.as_mut().filter(|_| !keeping.keeps_answer()) {
            reader.drop_text();
        }
        drop(answer);
        if !keeping.keeps_request() {
            drop(self.request().take_body());
        }
    }

    /// What the call can be counted by; none where it has not to be, or nothing says that a model
    /// answered.
    pub(super) fn take_texts(&self) -> Option<Texts> {
        let request = self.request().take_body();
        let mut answer = self.answer();
        let keeping = std::mem::take(&mut answer.keeping);
        let reader = answer.reader.as_mut().filter(|_| keeping.keeps_answer())?;
        let spoken = reader.take_text();
        let report = reader.report();
        // Only Anthropic says something of the output before the end that is less than what came.
        let running = report.usage.is_some_and(|usage| usage.output.is_some())
            && self.upstream.format != WireFormat::Anthropic;
        // What is made in the background is not made yet.
        let is_later = report.background;
        let answered = reader.output_started() || report.model.is_some() || report.usage.is_some();
        (answered && !is_later && (!running || keeping == Keeping::Study)).then_some(Texts {
            format: self.upstream.format,
            operation: self.endpoint.operation,
            request,
            spoken,
        })
    }

    /// Where nothing was marked for `every`, shows what the call would leave if it were cut at `now`:
    /// always the first time (`true`), then only where more is known than before.
    pub(super) fn mark(
        &self,
        now: Instant,
        every: Duration,
        prices: &PriceBook,
        show: impl FnOnce(bool, &CallRecord) -> bool,
    ) {
        let mut leaves = lock(&self.leaves);
        let Some(Leaves { record, marked }) = leaves.as_mut() else {
            return;
        };
        if now.saturating_duration_since(marked.unwrap_or(self.began)) < every {
            return;
        }
        let mut cut = record.clone();
        let ending = Ending {
            end: StreamEnd::Interrupted,
            took: now.saturating_duration_since(self.began),
            sent: true,
        };
        self.complete(&mut cut, &ending, None, prices);
        // Time alone is nothing new.
        record.duration_ms = cut.duration_ms;
        let is_first = marked.is_none();
        if (!is_first && record == &cut) || show(is_first, &cut) {
            *marked = Some(now);
            *record = cut;
        }
    }

    /// Makes the record of what was seen, and of what was counted if it was.
    pub(super) fn complete(
        &self,
        record: &mut CallRecord,
        ending: &Ending,
        counts: Option<&Counts>,
        prices: &PriceBook,
    ) {
        let request = self.request();
        let asked = Asked {
            upstream: &self.upstream,
            endpoint: self.endpoint,
            facts: request.facts(),
        };
        let known = close::Known {
            answer: &self.answer(),
            counts,
        };
        close::complete(record, &asked, &known, ending, prices);
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
