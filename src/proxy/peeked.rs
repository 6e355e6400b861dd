//! A short answer that is read before it is decided whether the client gets it.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use memchr::memmem;

use super::body::{BodyError, ResponseBody};
use crate::wire::Coding;

/// As much of an answer is read. Errors of providers have at most a few kB.
const PEEKED_BYTES_MAX: usize = 64 * 1024;

/// An answer whose beginning has been read; it gives all of it.
pub(super) struct Peeked {
    frames: VecDeque<Result<Frame<Bytes>, BodyError>>,
    /// What has not been read; mostly nothing.
    rest: ResponseBody,
}

impl Peeked {
    /// Reads an answer to its end, or as far as may be held.
    pub(super) async fn read(mut rest: ResponseBody) -> Self {
        let (mut frames, mut bytes) = (VecDeque::new(), 0);
        while bytes <= PEEKED_BYTES_MAX
            && let Some(frame) = rest.frame().await
        {
            let data = frame.as_ref().ok().and_then(Frame::data_ref);
            bytes += data.map_or(0, Bytes::len);
            let is_broken = frame.is_err();
            frames.push_back(frame);
            if is_broken {
                break;
            }
        }
        Self { frames, rest }
    }

    /// Whether the text stands in the beginning that was read, in whatever coding.
    pub(super) fn names(&self, text: &str, mut coding: Coding) -> bool {
        let mut read = Vec::new();
        for data in self.data() {
            coding.feed(data, &mut |piece| {
                if read.len() <= PEEKED_BYTES_MAX {
                    read.extend_from_slice(piece);
                }
            });
        }
        memmem::find(&read, text.as_bytes()).is_some()
    }

    fn data(&self) -> impl Iterator<Item = &Bytes> {
        self.frames.iter().flatten().filter_map(Frame::data_ref)
    }
}

impl Body for Peeked {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match self.frames.pop_front() {
            Some(frame) => Poll::Ready(Some(frame)),
            None => Pin::new(&mut self.rest).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.frames.is_empty() && self.rest.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let read: usize = self.data().map(Bytes::len).sum();
        let read = u64::try_from(read).unwrap_or(u64::MAX);
        let rest = self.rest.size_hint();
        let mut hint = SizeHint::new();
        if let Some(upper) = rest.upper() {
            hint.set_upper(upper.saturating_add(read));
        }
        hint.set_lower(rest.lower().saturating_add(read));
        hint
    }
}
