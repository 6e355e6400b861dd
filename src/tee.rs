//! A body that an observer watches while it passes unchanged.
//!
//! Frames are neither copied nor kept. The observer may ask that one frame wait (the one that
//! carries the format's end, until the call is on disk) and is told exactly once how the body ended,
//! also when it is dropped halfway. What a provider says is not understood here.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use crate::call::StreamEnd;

/// What a frame (or the end) waits for before it is passed on; the observer bounds it itself.
pub type Hold = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Watches one body.
pub trait Observer: Send + 'static {
    /// Sees data before it is passed on. `Some`: this frame waits for the hold.
    fn on_data(&mut self, data: &Bytes) -> Option<Hold>;

    /// Called exactly once; from `drop` with [`StreamEnd::ClientGone`] if nothing ended it before.
    fn on_end(self, end: StreamEnd) -> Option<Hold>;
}

/// A body that nobody watches passes through the same type.
impl<O: Observer> Observer for Option<O> {
    fn on_data(&mut self, data: &Bytes) -> Option<Hold> {
        self.as_mut()?.on_data(data)
    }

    fn on_end(self, end: StreamEnd) -> Option<Hold> {
        self?.on_end(end)
    }
}

/// The error of a body whose sender was silent for longer than its limit.
///
/// It may sit anywhere in the chain of sources of a body's error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdleTimeout;

impl fmt::Display for IdleTimeout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nothing came for longer than the idle timeout")
    }
}

impl Error for IdleTimeout {}

pin_project! {
    /// A body that passes unchanged while an [`Observer`] watches it.
    pub struct TeeBody<B, O: Observer> where B: Body {
        #[pin]
        inner: B,
        // Whoever takes the observer ends it: that is how it is ended exactly once.
        observer: Option<O>,
        held: Option<Held<B::Error>>,
        fault: StreamEnd,
    }

    impl<B: Body, O: Observer> PinnedDrop for TeeBody<B, O> {
        fn drop(this: Pin<&mut Self>) {
            // A drop cannot wait, and there is nobody left for whom a frame would have to.
            drop(end(this.project().observer, StreamEnd::ClientGone));
        }
    }
}

/// A frame, error or end that waits.
struct Held<E> {
    hold: Hold,
    frame: Option<Result<Frame<Bytes>, E>>,
}

impl<B, O> TeeBody<B, O>
where
    B: Body<Data = Bytes>,
    O: Observer,
{
    /// Watches a body that comes from an upstream: its errors are the upstream's.
    pub fn new(inner: B, observer: O) -> Self {
        Self::with_fault(inner, observer, StreamEnd::UpstreamFailed)
    }

    /// Watches a body that comes from a client: its errors mean that the client broke off.
    pub fn from_client(inner: B, observer: O) -> Self {
        Self::with_fault(inner, observer, StreamEnd::ClientGone)
    }

    fn with_fault(inner: B, observer: O, fault: StreamEnd) -> Self {
        let mut observer = Some(observer);
        if inner.is_end_stream() {
            // The server never polls a body that is empty at birth (HEAD, 204, 304, length 0).
            drop(end(&mut observer, StreamEnd::Complete));
        }
        Self {
            inner,
            observer,
            held: None,
            fault,
        }
    }
}

impl<B, O> Body for TeeBody<B, O>
where
    B: Body<Data = Bytes>,
    B::Error: Error + 'static,
    O: Observer,
{
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let mut this = self.project();
        if this.held.is_none() {
            let frame = ready!(this.inner.as_mut().poll_frame(cx));
            match watch(&this.inner, this.observer, frame.as_ref(), *this.fault) {
                None => return Poll::Ready(frame),
                Some(hold) => *this.held = Some(Held { hold, frame }),
            }
        }
        if let Some(held) = this.held {
            ready!(held.hold.as_mut().poll(cx));
        }
        Poll::Ready(this.held.take().and_then(|held| held.frame))
    }

    fn is_end_stream(&self) -> bool {
        self.held.is_none() && self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let mut hint = self.inner.size_hint();
        if let Some(data) = self.held.as_ref().and_then(Held::data) {
            let held = u64::try_from(data.len()).unwrap_or(u64::MAX);
            // The upper bound first: a lower bound above it would panic.
            if let Some(upper) = hint.upper() {
                hint.set_upper(upper.saturating_add(held));
            }
            hint.set_lower(hint.lower().saturating_add(held));
        }
        hint
    }
}

impl<E> Held<E> {
    fn data(&self) -> Option<&Bytes> {
        self.frame.as_ref()?.as_ref().ok()?.data_ref()
    }
}

/// Shows what came to the observer, ends it where that was the end, and says what to wait for.
fn watch<B, O>(
    inner: &B,
    observer: &mut Option<O>,
    frame: Option<&Result<Frame<Bytes>, B::Error>>,
    fault: StreamEnd,
) -> Option<Hold>
where
    B: Body<Data = Bytes>,
    B::Error: Error + 'static,
    O: Observer,
{
    match frame {
        Some(Ok(frame)) => {
            let seen = match (frame.data_ref(), observer.as_mut()) {
                (Some(data), Some(observer)) => observer.on_data(data),
                (None, _) | (_, None) => None,
            };
            // With an exact length the server never polls for the closing `None`.
            if inner.is_end_stream() {
                return both(seen, end(observer, StreamEnd::Complete));
            }
            seen
        }
        Some(Err(error)) if is_idle_timeout(error) => end(observer, StreamEnd::Timeout),
        Some(Err(_)) => end(observer, fault),
        None => end(observer, StreamEnd::Complete),
    }
}

fn end<O: Observer>(observer: &mut Option<O>, how: StreamEnd) -> Option<Hold> {
    observer.take()?.on_end(how)
}

fn both(first: Option<Hold>, second: Option<Hold>) -> Option<Hold> {
    match (first, second) {
        (Some(first), Some(second)) => Some(Box::pin(async move {
            first.await;
            second.await;
        })),
        (first, second) => first.or(second),
    }
}

fn is_idle_timeout(error: &(dyn Error + 'static)) -> bool {
    std::iter::successors(Some(error), |&error| error.source()).any(<dyn Error>::is::<IdleTimeout>)
}

#[cfg(test)]
mod tests;
