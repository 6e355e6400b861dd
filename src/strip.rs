//! The one body that takes something out: the usage event that tollgate asked for.
//!
//! It sits above `tee`, so the meter sees what the upstream sent. Everything else goes on as it
//! comes; what can still be that event is held until it is known, and given out where the stream
//! ends or breaks off before.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use crate::wire::UsageSieve;

#[cfg(test)]
mod tests;

/// Told when an event was too long to be held.
pub type TooLong = Box<dyn FnOnce() + Send>;

pin_project! {
    /// A stream of events without those that report usage and nothing else.
    ///
    /// It is shorter than its upstream's says: no length of that may be promised for it.
    pub struct StripBody<B: Body> {
        #[pin]
        inner: B,
        sieve: UsageSieve,
        // Comes behind what was held: trailers, or the break.
        behind: Option<Result<Frame<Bytes>, B::Error>>,
        has_ended: bool,
        too_long: Option<TooLong>,
    }
}

impl<B: Body> StripBody<B> {
    /// Takes the reports out of `inner`; `too_long` is told, once, of an event that went on because
    /// it was longer than [`crate::wire::HELD_BYTES_MAX`].
    pub fn new(inner: B, too_long: TooLong) -> Self {
        Self {
            inner,
            sieve: UsageSieve::default(),
            behind: None,
            has_ended: false,
            too_long: Some(too_long),
        }
    }
}

impl<B: Body<Data = Bytes>> Body for StripBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let mut this = self.project();
        loop {
            if let Some(frame) = this.behind.take() {
                return Poll::Ready(Some(frame));
            }
            if *this.has_ended {
                return Poll::Ready(None);
            }
            let data = match ready!(this.inner.as_mut().poll_frame(cx)).map(into_data) {
                Some(Ok(data)) => {
                    let passed = passed(this.sieve, data);
                    tell(this.sieve, this.too_long);
                    *this.has_ended = this.inner.is_end_stream();
                    if *this.has_ended {
                        joined(passed, &this.sieve.finish())
                    } else {
                        passed
                    }
                }
                Some(Err(last)) => {
                    *this.behind = Some(last);
                    this.sieve.finish().into()
                }
                None => {
                    *this.has_ended = true;
                    this.sieve.finish().into()
                }
            };
            if !data.is_empty() {
                return Poll::Ready(Some(Ok(Frame::data(data))));
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        let holds = self.behind.is_some() || self.sieve.held_bytes() > 0;
        !holds && (self.has_ended || self.inner.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        let held = u64::try_from(self.sieve.held_bytes()).unwrap_or(u64::MAX);
        let mut hint = SizeHint::new();
        // All that comes may be a report, so nothing is promised but the end.
        if let Some(upper) = self.inner.size_hint().upper() {
            hint.set_upper(upper.saturating_add(held));
        }
        hint
    }
}

/// Data, or what is none and comes behind all data.
fn into_data<E>(frame: Result<Frame<Bytes>, E>) -> Result<Bytes, Result<Frame<Bytes>, E>> {
    match frame {
        Ok(frame) => frame.into_data().map_err(Ok),
        Err(error) => Err(Err(error)),
    }
}

fn passed(sieve: &mut UsageSieve, data: Bytes) -> Bytes {
    sieve.feed(&data).map_or(data, Bytes::from)
}

fn tell(sieve: &mut UsageSieve, too_long: &mut Option<TooLong>) {
    if sieve.was_too_long()
        && let Some(tell) = too_long.take()
    {
        tell();
    }
}

fn joined(passed: Bytes, held: &[u8]) -> Bytes {
    if held.is_empty() {
        return passed;
    }
    [&*passed, held].concat().into()
}
