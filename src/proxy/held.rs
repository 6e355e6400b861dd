//! The body that the upstream gets: as it comes, or held until it is known what has to be in it.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use hyper::body::Incoming;

use super::upload::UploadObserver;
use crate::tee::TeeBody;
use crate::wire::Edit;

/// The client's body, watched.
type Watched = Pin<Box<TeeBody<Incoming, UploadObserver>>>;

/// What the upstream gets; hyper and its pool move it often, so it is a pointer.
pub(super) enum RequestBody {
    /// As the client sends it.
    Passing(Watched),
    /// What was held of it, and then the rest.
    Held(Box<Held>),
}

/// What was held, and what has not come yet.
pub(super) struct Held {
    frames: VecDeque<Frame<Bytes>>,
    rest: Option<Watched>,
}

/// How far a body came that was to be held.
pub(super) enum Came {
    /// To its end.
    Whole(Bytes),
    /// Not to its end within the limit, or there is more behind it than data.
    Partly(RequestBody),
}

impl RequestBody {
    /// The client's body, watched while it passes.
    pub(super) fn passing(body: Incoming, observer: UploadObserver) -> Self {
        Self::Passing(Box::pin(TeeBody::from_client(body, observer)))
    }

    /// A body that is here whole.
    pub(super) fn whole(body: Bytes) -> Self {
        Self::of_pieces([body])
    }

    /// The same with a piece of it replaced; nothing is copied.
    pub(super) fn edited(body: &Bytes, edit: &Edit) -> Self {
        let Edit { replaced, text } = edit;
        let mut before = body.clone();
        let after = before.split_off(replaced.end.min(body.len()));
        before.truncate(replaced.start);
        Self::of_pieces([before, Bytes::from_static(text.as_bytes()), after])
    }

    /// Whether nothing of it is still to come.
    pub(super) const fn is_whole(&self) -> bool {
        match self {
            Self::Passing(_) => false,
            Self::Held(held) => held.rest.is_none(),
        }
    }

    /// What is here of it, in order.
    pub(super) fn pieces(&self) -> impl Iterator<Item = &Bytes> {
        let held = match self {
            Self::Passing(_) => None,
            Self::Held(held) => Some(&held.frames),
        };
        held.into_iter().flatten().filter_map(Frame::data_ref)
    }

    fn of_pieces<const N: usize>(pieces: [Bytes; N]) -> Self {
        let pieces = pieces.into_iter().filter(|piece| !piece.is_empty());
        Self::Held(Box::new(Held {
            frames: pieces.map(Frame::data).collect(),
            rest: None,
        }))
    }

    /// Waits until all of it is here, or more than `limit` bytes.
    pub(super) async fn hold(self, limit: usize) -> Result<Came, hyper::Error> {
        let too_long = |hint: SizeHint| usize::try_from(hint.lower()).map_or(true, |it| it > limit);
        let mut body = match self {
            Self::Passing(body) if !too_long(body.size_hint()) => body,
            other @ (Self::Passing(_) | Self::Held(_)) => return Ok(Came::Partly(other)),
        };
        let mut here = Gathered::default();
        while !body.is_end_stream() {
            let Some(frame) = body.frame().await else {
                break;
            };
            let last = match frame?.into_data() {
                Ok(data) => {
                    here.add(data);
                    None
                }
                Err(trailers) => Some(trailers),
            };
            if last.is_some() || here.len() > limit {
                let frames = std::iter::once(Frame::data(here.bytes()));
                let frames = frames.chain(last).collect();
                let rest = Some(body);
                return Ok(Came::Partly(Self::Held(Box::new(Held { frames, rest }))));
            }
        }
        Ok(Came::Whole(here.bytes()))
    }
}

/// Bytes that come in pieces. Mostly there is one, which is not copied.
#[derive(Default)]
struct Gathered {
    first: Bytes,
    all: Vec<u8>,
}

impl Gathered {
    fn add(&mut self, piece: Bytes) {
        if self.len() == 0 {
            self.first = piece;
            return;
        }
        if self.all.is_empty() {
            self.all.extend_from_slice(&self.first);
        }
        self.all.extend_from_slice(&piece);
    }

    fn len(&self) -> usize {
        self.all.len().max(self.first.len())
    }

    fn bytes(self) -> Bytes {
        if self.all.is_empty() {
            self.first
        } else {
            self.all.into()
        }
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        match self.get_mut() {
            Self::Passing(body) => body.as_mut().poll_frame(cx),
            Self::Held(held) => held.poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Passing(body) => body.is_end_stream(),
            Self::Held(held) => held.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Passing(body) => body.size_hint(),
            Self::Held(held) => held.size_hint(),
        }
    }
}

impl Held {
    fn poll_frame(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        if let Some(frame) = self.frames.pop_front() {
            return Poll::Ready(Some(Ok(frame)));
        }
        match &mut self.rest {
            Some(rest) => rest.as_mut().poll_frame(cx),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.frames.is_empty() && self.rest.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let data = self.frames.iter().filter_map(Frame::data_ref);
        let held: usize = data.map(Bytes::len).sum();
        let held = u64::try_from(held).unwrap_or(u64::MAX);
        let rest = self
            .rest
            .as_ref()
            .map_or_else(|| SizeHint::with_exact(0), Body::size_hint);
        let mut hint = SizeHint::new();
        hint.set_lower(rest.lower().saturating_add(held));
        if let Some(upper) = rest.upper() {
            hint.set_upper(upper.saturating_add(held));
        }
        hint
    }
}
