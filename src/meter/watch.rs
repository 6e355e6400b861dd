//! The two observers of a call: what the request asks, what the response reports.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, StatusCode};

use super::OpenCall;
use super::close::Answer;
use crate::call::StreamEnd;
use crate::tee::{Hold, Observer};
use crate::wire::{self, Reading, RequestScanner, ResponseReader};

/// Headers in which providers name a request, in the order they are looked for.
const REQUEST_ID_HEADERS: [&str; 3] = ["x-request-id", "request-id", "apim-request-id"];

/// The longest request id that is kept: the records of a flood of calls must fit the queue.
const REQUEST_ID_BYTES_MAX: usize = 256;

/// Reads what a request asks while its body passes.
pub struct RequestObserver(Option<Arc<Mutex<RequestScanner>>>);

impl RequestObserver {
    pub(super) fn new(scanner: Option<Arc<Mutex<RequestScanner>>>) -> Self {
        Self(scanner)
    }
}

impl Observer for RequestObserver {
    fn on_data(&mut self, data: &Bytes) -> Option<Hold> {
        if let Some(scanner) = &self.0 {
            scanner
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .feed(data);
        }
        None
    }

    fn on_end(self, _: StreamEnd) -> Option<Hold> {
        None
    }
}

/// Reads what a response reports while its body passes, and closes the call at its end.
pub struct ResponseObserver {
    call: Option<Box<OpenCall>>,
    /// Absent where nothing is billed or nothing can be read.
    reader: Option<Box<ResponseReader>>,
    /// Whether the answer is labelled as a stream, for those that are not read.
    labelled_stream: bool,
    status: StatusCode,
    request_id: Option<String>,
    compressed: bool,
    ttft: Option<Duration>,
}

impl ResponseObserver {
    pub(super) fn new(
        call: Option<Box<OpenCall>>,
        status: StatusCode,
        headers: &HeaderMap,
    ) -> Self {
        let text = |name: &str| {
            let text = headers.get(name)?.to_str().ok()?;
            (text.len() <= REQUEST_ID_BYTES_MAX).then(|| text.to_owned())
        };
        let compressed = headers
            .get(CONTENT_ENCODING)
            .is_some_and(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity"));
        let content_type = headers
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok());
        let reader = call
            .as_ref()
            .filter(|call| call.endpoint.reading != Reading::Free && !compressed)
            .map(|call| {
                let format = call.upstream.format;
                Box::new(ResponseReader::new(format, call.endpoint, content_type))
            });
        let request_id = REQUEST_ID_HEADERS.into_iter().find_map(text);
        Self {
            call,
            reader,
            labelled_stream: content_type.is_some_and(wire::is_event_stream),
            status,
            request_id,
            compressed,
            ttft: None,
        }
    }

    /// Ends the call; a second end finds it already closed.
    fn close(&mut self, end: StreamEnd) -> Option<Hold> {
        let call = self.call.take()?;
        let end = match end {
            StreamEnd::ClientGone => call.dropped(),
            StreamEnd::Complete
            | StreamEnd::UpstreamFailed
            | StreamEnd::Timeout
            | StreamEnd::Interrupted => end,
        };
        let answer = Answer {
            end,
            took: call.began.elapsed(),
            sent: true,
            status: Some(self.status),
            reader: self.reader.as_deref(),
            labelled_stream: self.labelled_stream,
            request_id: self.request_id.take(),
            compressed: self.compressed,
            ttft: self.ttft,
        };
        let ended = call.end(&answer)?;
        // Whoever was dropped has no frame that waits.
        let heard = matches!(
            end,
            StreamEnd::Complete | StreamEnd::UpstreamFailed | StreamEnd::Timeout
        );
        if heard { ended.hold() } else { None }
    }
}

impl Observer for ResponseObserver {
    fn on_data(&mut self, data: &Bytes) -> Option<Hold> {
        let (Some(call), Some(reader)) = (&self.call, &mut self.reader) else {
            return None;
        };
        reader.feed(data);
        if self.ttft.is_none() && reader.output_started() {
            self.ttft = Some(call.began.elapsed());
        }
        // A client may leave as soon as it has read a stream's terminator, so the call ends here.
        // A whole JSON body ends with its bytes: the upstream may still break its promised length.
        if reader.ended() && reader.report().is_stream {
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
