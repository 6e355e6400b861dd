//! A call that has not ended: what it has shown so far, for its observers, its end, and the marks.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use http::{Method, StatusCode};

use super::close::{self, Asked, Ending};
use super::counting::{Counting, Counts, Texts};
use super::keeping::Keeping;
use super::results::{File, Results};
use super::{Arrival, UpstreamFacts};
use crate::call::{CallRecord, StreamEnd};
use crate::wire::{
    self, Coding, Endpoint, Operation, Reading, Request, RequestScanner, ResponseReader, Spoken,
};

/// A longer answer is not looked at while it comes: copying it would hold its client up.
const LOOK_BYTES_MAX: usize = 1024 * 1024;

/// One call, shared by all who look at it. Locks are taken in the order of the fields.
pub(super) struct Open {
    /// As it was when the call began: a reload changes nothing of what is in flight.
    pub(super) upstream: Arc<UpstreamFacts>,
    pub(super) method: Method,
    /// As the upstream sees it.
    pub(super) path: String,
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
    /// How old the call was when its texts were last looked at.
    looked: Option<Duration>,
    /// What they came to.
    counts: Option<Counts>,
}

/// What has come of the answer.
#[derive(Default)]
pub(super) struct Answer {
    pub(super) status: Option<StatusCode>,
    /// Absent where nothing is billed or nothing can be read.
    pub(super) reader: Option<ResponseReader>,
    /// Whether the answer is labelled as a stream; a reader knows better.
    pub(super) labelled_stream: bool,
    pub(super) request_id: Option<String>,
    /// How the reader comes by the bytes it reads.
    pub(super) coding: Coding,
    pub(super) ttft: Option<Duration>,
    /// What of the call's texts is still kept.
    pub(super) keeping: Keeping,
    /// What a batch's results have said.
    pub(super) results: Option<Box<Results>>,
}

impl Open {
    /// A call that has just come.
    pub(super) fn new(mut arrival: Arrival) -> Self {
        let upstream = Arc::clone(&arrival.upstream);
        let endpoint = wire::endpoint(upstream.format, &arrival.method, &arrival.path);
        let method = arrival.method.clone();
        let path = std::mem::take(&mut arrival.path);
        let record = Box::new(close::interrupted(arrival, &path, endpoint));
        Self::leaving(record, upstream, (method, path, endpoint))
    }

    /// Another attempt at the same call; until more is heard of it, this record is what it leaves.
    pub(super) fn again(self: &Arc<Self>, record: Box<CallRecord>) -> Arc<Self> {
        let asked = (self.method.clone(), self.path.clone(), self.endpoint);
        let next = Self::leaving(record, Arc::clone(&self.upstream), asked);
        let next = Arc::clone(self.next.get_or_init(|| Arc::new(next)));
        // Who left before there was a next one told only this one.
        if self.is_abandoned() {
            next.abandon();
        }
        next
    }

    fn leaving(
        record: Box<CallRecord>,
        upstream: Arc<UpstreamFacts>,
        (method, path, endpoint): (Method, String, Endpoint),
    ) -> Self {
        let mut request = RequestScanner::of(endpoint);
        request.named_by(endpoint, &path);
        Self {
            request: Mutex::new(request),
            upstream,
            method,
            path,
            endpoint,
            began: Instant::now(),
            leaves: Mutex::new(Some(Leaves {
                record,
                marked: None,
                looked: None,
                counts: None,
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

    /// Whether something is asked for that nobody here knows.
    pub(super) fn is_foreign(&self) -> bool {
        let Endpoint {
            operation, reading, ..
        } = self.endpoint;
        operation == Operation::Other && reading == Reading::Free && self.method == Method::POST
    }

    /// Whether the answer shows a usage that is not read.
    pub(super) fn shows_usage(&self) -> bool {
        let answer = self.answer();
        let report = answer.reader.as_ref().map(ResponseReader::report);
        report.is_some_and(|report| report.shows_usage)
    }

    /// Whose results may come with the answer.
    pub(super) fn file(&self) -> Option<File> {
        let started_at = self.leaves(|record| record.started_at)?;
        (self.endpoint.reading == Reading::Results).then(|| File {
            upstream: Arc::clone(&self.upstream),
            id: wire::results_id(&self.path),
            at: started_at,
        })
    }

    /// Of the results that come with its answer, so many are other records'.
    pub(super) fn billed_before(&self) -> u64 {
        let answer = self.answer();
        answer.results.as_ref().map_or(0, |results| results.from())
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
    pub(super) fn end(&self, end: StreamEnd, sent: bool) -> Option<(Box<CallRecord>, Ending)> {
        let Leaves { mut record, .. } = lock(&self.leaves).take()?;
        let took = self.began.elapsed();
        let ending = Ending { end, took, sent };
        self.complete(&mut record, &ending, None);
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
        let Some(counting) = counting.filter(|_| self.is_countable()) else {
            return;
        };
        let request = self.request();
        let keeping = Keeping::of(request.facts(), &self.upstream.name, &counting.studies);
        let mut answer = self.answer();
        let is_answer = answer.status.is_some_and(|status| status.is_success());
        let Some(reader) = answer.reader.as_mut().filter(|_| is_answer) else {
            return;
        };
        if keeping.keeps_answer() {
            reader.keep_text(&counting.budget);
        }
        answer.keeping = keeping;
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
        let reader = answer.reader.as_mut();
        let reader = reader.filter(|_| keeping != Keeping::Nothing)?;
        let is_told = output_is_told(reader) && !reader.report().final_usage;
        let spoken = reader.take_text().filter(|_| !is_told);
        let counts = has_to_be_counted(reader) || keeping == Keeping::Study;
        (counts && has_answered(reader)).then(|| self.texts(request, spoken))
    }

    fn texts(&self, request: Option<Request>, spoken: Option<Box<Spoken>>) -> Texts {
        Texts {
            format: self.endpoint.format,
            operation: self.endpoint.operation,
            request,
            spoken,
        }
    }

    /// What there is to be counted of the call by now, and what it came to before: soon after `every`,
    /// and then each time it is twice as old, so that all looks together cost as much as its end.
    pub(super) fn look(&self, now: Instant, every: Duration) -> Option<(Texts, Counts, String)> {
        let mut leaves = lock(&self.leaves);
        let left = leaves.as_mut()?;
        let age = now.saturating_duration_since(self.began);
        if age < left.looked.map_or(every, |looked| looked.saturating_mul(2)) {
            return None;
        }
        left.looked = Some(age);
        let before = left.counts.clone().unwrap_or_default();
        let model = left.record.model_name()?.to_owned();
        let request = self.request().body();
        let answer = self.answer();
        let is_refused = answer.status.is_some_and(|status| !status.is_success());
        let reader = answer.reader.as_ref();
        if is_refused || reader.is_some_and(|reader| !has_to_be_counted(reader)) {
            return None;
        }
        let said = reader.filter(|reader| has_answered(reader));
        let spoken = said.and_then(|reader| reader.copy_text(LOOK_BYTES_MAX));
        let has_new = spoken.is_some() || (before.input.is_none() && request.is_some());
        has_new.then(|| (self.texts(request, spoken), before, model))
    }

    /// Takes over what a look came to, and shows what the call would leave now.
    pub(super) fn looked(&self, counts: Counts, show: impl FnOnce(&CallRecord)) {
        let mut leaves = lock(&self.leaves);
        let Some(left) = leaves.as_mut() else { return };
        left.counts = Some(counts);
        left.record = self.cut(left, Instant::now());
        show(&left.record);
    }

    /// The record the call would leave if it were cut at `now`.
    fn cut(&self, left: &Leaves, now: Instant) -> Box<CallRecord> {
        let mut cut = left.record.clone();
        let ending = Ending {
            end: StreamEnd::Interrupted,
            took: now.saturating_duration_since(self.began),
            sent: true,
        };
        self.complete(&mut cut, &ending, left.counts.as_ref());
        cut
    }

    /// Where nothing was marked for `every`, shows what the call would leave if it were cut at `now`:
    /// always the first time (`true`), then only where more is known than before.
    pub(super) fn mark(
        &self,
        now: Instant,
        every: Duration,
        show: impl FnOnce(bool, &CallRecord) -> bool,
    ) {
        let mut leaves = lock(&self.leaves);
        let Some(left) = leaves.as_mut() else {
            return;
        };
        if now.saturating_duration_since(left.marked.unwrap_or(self.began)) < every {
            return;
        }
        let cut = self.cut(left, now);
        // Time alone is nothing new.
        left.record.duration_ms = cut.duration_ms;
        let is_first = left.marked.is_none();
        if (!is_first && left.record == cut) || show(is_first, &cut) {
            left.marked = Some(now);
            left.record = cut;
        }
    }

    /// Makes the record of what was seen, and of what was counted if it was.
    pub(super) fn complete(
        &self,
        record: &mut CallRecord,
        ending: &Ending,
        counts: Option<&Counts>,
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
        close::complete(record, &asked, &known, ending);
    }
}

/// Whether what was reported leaves something to be counted.
fn has_to_be_counted(reader: &ResponseReader) -> bool {
    let report = reader.report();
    let input_is_told = report.usage.is_some_and(|usage| usage.input.is_some());
    let is_told = input_is_told && output_is_told(reader);
    // What is made in the background is not made yet.
    !is_told && !report.background
}

/// Whether what is reported of the output is all of it by now.
fn output_is_told(reader: &ResponseReader) -> bool {
    let usage = reader.report().usage;
    usage.is_some_and(|usage| usage.output.is_some()) && !reader.output_to_come()
}

/// Whether a model is seen in the answer, and not an error in its place.
fn has_answered(reader: &ResponseReader) -> bool {
    let report = reader.report();
    reader.output_started() || report.model.is_some() || report.usage.is_some()
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
