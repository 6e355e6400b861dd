//! One call as it passes: what is sent, what is answered, and what the meter is told.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::pin::Pin;
use std::slice;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use http_body::{Body, Frame};
use jiff::Timestamp;
use tollgate::call::{CallId, Role};
use tollgate::meter::{Arrival, UpstreamFacts};
use tollgate::pricing::PriceBook;
use tollgate::wire::WireFormat;

use super::bodies::{self, Chunks};

/// The request of a stream; what is measured is the answer.
const STREAM_REQUEST_BYTES: usize = 1_024;

/// What a call looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// So many bytes of request, and of answer in one go.
    Unary(usize),
    /// An answer in so many chunks.
    Stream(usize, Chunks),
}

/// The bodies of one call, and what the meter is told beside them.
pub(crate) struct Exchange {
    upstream: Arc<UpstreamFacts>,
    pub(crate) path: &'static str,
    pub(crate) request: Vec<Bytes>,
    pub(crate) headers: HeaderMap,
    pub(crate) answer: Vec<Bytes>,
    pub(crate) is_stream: bool,
}

impl Exchange {
    pub(crate) fn new(format: WireFormat, shape: Shape, prices: Arc<PriceBook>) -> Self {
        let (request, answer, kind, is_stream) = match shape {
            Shape::Unary(bytes) => (
                bodies::request(format, bytes, false),
                bodies::pieces(&bodies::answer(format, bytes)),
                "application/json",
                false,
            ),
            Shape::Stream(chunks, kind) => (
                bodies::request(format, STREAM_REQUEST_BYTES, true),
                bodies::stream(format, chunks, kind),
                "text/event-stream",
                true,
            ),
        };
        Self {
            upstream: Arc::new(upstream(format, prices)),
            path: bodies::path(format),
            request: bodies::pieces(&request),
            headers: headers(kind),
            answer,
            is_stream,
        }
    }

    /// What is known of the call when it comes; the number names it.
    pub(crate) fn arrival(&self, number: u64) -> Arrival {
        Arrival {
            call_id: CallId(uuid::Uuid::from_u128(number.into())),
            started_at: Timestamp::UNIX_EPOCH + Duration::from_secs(1_790_000_000),
            upstream: Arc::clone(&self.upstream),
            method: Method::POST,
            path: self.path.to_owned(),
            tenant: Some("key-0123456789abcdef".to_owned()),
            dimensions: BTreeMap::from([("team".to_owned(), "search".to_owned())]),
        }
    }

    pub(crate) fn request_body(&self) -> Pieces<'_> {
        Pieces {
            pieces: self.request.iter(),
            is_sized: true,
        }
    }

    pub(crate) fn answer_body(&self) -> Pieces<'_> {
        Pieces {
            pieces: self.answer.iter(),
            is_sized: !self.is_stream,
        }
    }
}

fn upstream(format: WireFormat, prices: Arc<PriceBook>) -> UpstreamFacts {
    UpstreamFacts {
        name: format.label().to_owned(),
        format,
        role: Role::Provider,
        billed: true,
        price_list: format.label().to_owned(),
        prices,
        would_cost_as: None,
        region: None,
    }
}

fn headers(kind: &'static str) -> HeaderMap {
    let id = HeaderName::from_static("x-request-id");
    HeaderMap::from_iter([
        (CONTENT_TYPE, HeaderValue::from_static(kind)),
        (id, HeaderValue::from_static("req_011CSHoEeqs5C35K2UUqR7Fy")),
    ])
}

/// A body in pieces; one that is sized has promised its length.
pub(crate) struct Pieces<'a> {
    pieces: slice::Iter<'a, Bytes>,
    is_sized: bool,
}

impl Body for Pieces<'_> {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let piece = self.pieces.next().cloned();
        Poll::Ready(piece.map(|piece| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.is_sized && self.pieces.len() == 0
    }
}
