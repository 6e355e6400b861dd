//! The two observers of a call: what the request asks, what the response reports.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, StatusCode};

use super::OpenCall;
use super::keeping::Keeping;
use super::open::{Answer, Open};
use super::results::Results;
use crate::call::StreamEnd;
use crate::tee::{Hold, Observer};
use crate::wire::{self, Coding, Reading, ResponseReader};

/// Headers in which providers name a request, in the order they are looked for.
const REQUEST_ID_HEADERS: [&str; 4] = [
    "x-request-id",
    "request-id",
    "apim-request-id",
    "x-amzn-requestid",
];

/// The longest request id that is kept: the records of a flood of calls must fit the queue.
const REQUEST_ID_BYTES_MAX: usize = 256;

/// Reads what a request asks while its body passes.
pub struct RequestObserver(Option<Arc<Open>>);

impl RequestObserver {
    pub(super) const fn new(call: Option<Arc<Open>>) -> Self {
        Self(call)
    }
}

impl Observer for RequestObserver {
    fn on_data(&mut self, data: &Bytes) -> Option<Hold> {
        if let Some(call) = &self.0 {
            call.request().feed_frame(data);
        }
        None
    }

    fn on_end(self, _: StreamEnd) -> Option<Hold> {
        None
    }
}

/// Reads what a response reports while its body passes, and closes the call at its end.
pub struct ResponseObserver(Option<OpenCall>);

impl ResponseObserver {
    pub(super) fn new(call: Option<OpenCall>, status: StatusCode, headers: &HeaderMap) -> Self {
        if let Some(call) = &call {
            let mut answer = begun(&call.open, status, headers);
            answer.results = call.open.file().map(|file| {
                let (upstream, id) = (&call.open.upstream.name, file.id.as_deref());
                let from = call.meter.background.billed_of(upstream, id);
                Box::new(Results::new(file, from))
            });
            *call.open.answer() = answer;
            call.open.keep_answer(call.meter.counting.as_ref());
        }
        Self(call)
    }

    /// Ends the call; a second end finds it already closed.
    fn close(&mut self, end: StreamEnd) -> Option<Hold> {
        let call = self.0.take()?;
        let abandoned = call.open.is_abandoned();
        // Whoever was dropped has no frame that waits.
        let was_dropped = end == StreamEnd::ClientGone;
        let end = match end {
            StreamEnd::ClientGone => call.dropped(),
            StreamEnd::Complete if abandoned => StreamEnd::ClientGone,
            StreamEnd::Complete
            | StreamEnd::UpstreamFailed
            | StreamEnd::Timeout
            | StreamEnd::Interrupted => end,
        };
        let ended = call.end(end, true)?;
        let heard = !was_dropped
            && matches!(
                end,
                StreamEnd::Complete | StreamEnd::UpstreamFailed | StreamEnd::Timeout
            );
        if heard { ended.hold() } else { None }
    }
}

/// What the head of an answer says.
fn begun(call: &Open, status: StatusCode, headers: &HeaderMap) -> Answer {
    let text = |name: &str| {
        let text = headers.get(name)?.to_str().ok()?;
        (text.len() <= REQUEST_ID_BYTES_MAX).then(|| text.to_owned())
    };
    let content_type = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    // An answer that nobody here knows is looked at only where it may be text of a provider's.
    let may_tell = |kind: &str| kind.contains("json") || wire::is_event_stream(kind);
    let looks = || call.is_foreign() && content_type.is_some_and(may_tell);
    let reads = call.endpoint.reading != Reading::Free || looks();
    let coding = if reads {
        let values = headers.get_all(CONTENT_ENCODING).iter();
        Coding::of(values.map(HeaderValue::as_bytes))
    } else {
        Coding::Identity
    };
    let asked_for_stream = call.request().facts().stream == Some(true);
    let reader = || {
        let mut reader = ResponseReader::new(call.endpoint, content_type);
        if asked_for_stream {
            reader.expect_stream();
        }
        reader.head(headers);
        reader
    };
    Answer {
        status: Some(status),
        reader: (reads && !coding.is_opaque()).then(reader),
        labelled_stream: content_type.is_some_and(wire::is_event_stream),
        request_id: REQUEST_ID_HEADERS.into_iter().find_map(text),
        coding,
        ttft: None,
        keeping: Keeping::default(),
        results: None,
    }
}

impl Observer for ResponseObserver {
    fn on_data(&mut self, data: &Bytes) -> Option<Hold> {
        let call = self.0.as_ref()?;
        let (has_ended, keeping) = {
            let mut answer = call.open.answer();
            let Answer {
                reader,
                coding,
                ttft,
                keeping,
                results,
                ..
            } = &mut *answer;
            let reader = reader.as_mut()?;
            coding.feed(data, &mut |read| {
                reader.feed(read);
                if let Some(results) = results {
                    results.take(reader, &call.open.upstream.prices);
                }
            });
            if ttft.is_none() && reader.output_started() {
                *ttft = Some(call.open.began.elapsed());
            }
            // A client may leave as soon as it has read a stream's terminator, so the call ends here.
            // A whole JSON body ends with its bytes: the upstream may still break its promised length.
            let has_ended = reader.ended() && reader.report().is_stream;
            let studies = call
                .meter
                .counting
                .as_ref()
                .map(|counting| &*counting.studies);
            let keeping = studies.and_then(|studies| keeping.after(reader.report(), studies));
            (has_ended, keeping)
        };
        if let Some(keeping) = keeping {
            call.open.let_go(keeping);
        }
        if has_ended {
            return self.close(StreamEnd::Complete);
        }
        None
    }

    fn on_end(mut self, end: StreamEnd) -> Option<Hold> {
        self.close(end)
    }
}

impl Drop for ResponseObserver {
    fn drop(&mut self) {
        // Only reached when the body was dropped without a word: the client left.
        drop(self.close(StreamEnd::ClientGone));
    }
}

/// Tells a call that its client has left while its answer is still read.
#[derive(Default)]
pub struct Abandoning(Option<Arc<Open>>);

impl Abandoning {
    pub(super) const fn new(call: Option<Arc<Open>>) -> Self {
        Self(call)
    }

    /// However the answer ends from now on, its client was gone before; an upstream's failure or a
    /// limit of ours is still told as such.
    pub fn client_left(&self) {
        if let Some(call) = &self.0 {
            call.abandon();
        }
    }

    /// The answer said what it had to say: another attempt takes its place, and what is dropped of
    /// it was left by nobody.
    pub fn laid_aside(&self) {
        if let Some(call) = &self.0 {
            call.lay_aside();
        }
    }
}
