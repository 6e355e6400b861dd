//! Drops clients that stop reading, and those that never begin to speak.
//!
//! What such a client leaves behind differs: over HTTP/1.1 (or any connection that is not read at
//! all) writes to the socket stay pending, which [`StallLimited`] notices. Over HTTP/2 the socket is
//! fine and one stream's window is used up; hyper then holds the frame it was given last and does
//! not poll the body again. No timer inside the body would be polled either, so the task of the
//! stream watches from outside ([`Streams`]): a frame was handed over and nothing was asked since.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::rt::{Executor, Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use pin_project_lite::pin_project;
use tokio::net::TcpStream;
use tokio_util::task::TaskTracker;

use super::patience::Patience;

/// A connection whose writes fail when the client takes nothing for too long, and whose reads fail
/// when its first call does not come in time (later ones are hyper's to limit).
pub(super) struct StallLimited {
    inner: TokioIo<TcpStream>,
    patience: Patience,
    first_call: Option<FirstCall>,
}

struct FirstCall {
    came: Arc<AtomicBool>,
    patience: Patience,
}

impl StallLimited {
    /// `came` becomes true with the first call.
    pub(super) fn new(
        stream: TcpStream,
        stall: Option<Duration>,
        first_call: Option<Duration>,
        came: Arc<AtomicBool>,
    ) -> Self {
        Self {
            inner: TokioIo::new(stream),
            patience: Patience::new(stall),
            first_call: Some(FirstCall {
                came,
                patience: Patience::new(first_call),
            }),
        }
    }

    fn limited<T>(
        &mut self,
        cx: &mut Context<'_>,
        polled: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if polled.is_ready() {
            self.patience.progressed();
            return polled;
        }
        self.patience.poll_exhausted(cx).map(|()| {
            Err(io::Error::new(
                io::ErrorKind::TimedOut,
                "the client stopped reading",
            ))
        })
    }
}

impl Read for StallLimited {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.inner).poll_read(cx, buf);
        let Some(first_call) = &mut self.first_call else {
            return polled;
        };
        if first_call.came.load(Ordering::Relaxed) {
            self.first_call = None;
            return polled;
        }
        if polled.is_ready() {
            return polled;
        }
        let silent = || io::Error::new(io::ErrorKind::TimedOut, "the client sent no request");
        first_call
            .patience
            .poll_exhausted(cx)
            .map(|()| Err(silent()))
    }
}

impl Write for StallLimited {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.inner).poll_write(cx, buf);
        self.limited(cx, polled)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.inner).poll_write_vectored(cx, bufs);
        self.limited(cx, polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

tokio::task_local! {
    static HANDOVER: Arc<Handover>;
}

/// How many frames a body has handed over, odd while the last one was not asked to be followed.
///
/// Written and read by one task; atomic only because futures must be `Send`.
#[derive(Default)]
pub(super) struct Handover(AtomicU32);

impl Handover {
    /// The handover of the HTTP/2 stream whose task this is; HTTP/1.1 has none.
    pub(super) fn of_this_task() -> Option<Arc<Self>> {
        HANDOVER.try_with(Arc::clone).ok()
    }

    /// The body was polled.
    pub(super) fn polled<T>(&self, polled: &Poll<T>) {
        let count = self.0.load(Ordering::Relaxed);
        let even = count.wrapping_add(count & 1);
        let now = if polled.is_ready() {
            even.wrapping_add(1)
        } else {
            even
        };
        self.0.store(now, Ordering::Relaxed);
    }

    /// The number of the frame that nothing was asked after.
    fn pending(&self) -> Option<u32> {
        let count = self.0.load(Ordering::Relaxed);
        (count & 1 == 1).then_some(count)
    }
}

/// Runs the streams of HTTP/2 connections, each until it is done or its client stops reading.
#[derive(Clone)]
pub(super) struct Streams {
    pub(super) tracker: TaskTracker,
    pub(super) stall: Option<Duration>,
}

impl<F> Executor<F> for Streams
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, stream: F) {
        let handover = Arc::<Handover>::default();
        let watched = Watched {
            stream,
            handover: Arc::clone(&handover),
            frame: None,
            patience: Patience::new(self.stall),
        };
        self.tracker.spawn(HANDOVER.scope(handover, watched));
    }
}

pin_project! {
    struct Watched<F> {
        #[pin]
        stream: F,
        handover: Arc<Handover>,
        frame: Option<u32>,
        patience: Patience,
    }
}

impl<F: Future<Output = ()>> Future for Watched<F> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        if this.stream.poll(cx).is_ready() {
            return Poll::Ready(());
        }
        let pending = this.handover.pending();
        if pending != *this.frame {
            *this.frame = pending;
            this.patience.progressed();
        }
        match pending {
            // Done before the stream is: its drop resets the stream and cancels the upstream.
            Some(_) => this.patience.poll_exhausted(cx),
            None => Poll::Pending,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::{Pending, pending};
    use std::pin::pin;
    use std::task::Waker;

    use tokio::time::advance;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(100);

    fn watched(handover: &Arc<Handover>) -> Watched<Pending<()>> {
        Watched {
            stream: pending(),
            handover: Arc::clone(handover),
            frame: None,
            patience: Patience::new(Some(LIMIT)),
        }
    }

    /// Lets the body be polled as given, then seconds pass; the last poll says whether it is done.
    async fn check(steps: &[(Option<Poll<()>>, u64)], done: bool) {
        let handover = Arc::<Handover>::default();
        let mut watched = pin!(watched(&handover));
        let mut cx = Context::from_waker(Waker::noop());
        for (polled, seconds) in steps {
            if let Some(polled) = polled {
                handover.polled(polled);
            }
            assert!(watched.as_mut().poll(&mut cx).is_pending());
            advance(Duration::from_secs(*seconds)).await;
        }
        assert_eq!(watched.as_mut().poll(&mut cx).is_ready(), done);
    }

    #[tokio::test(start_paused = true)]
    async fn a_stream_ends_when_nothing_is_asked_after_a_frame() {
        check(&[(Some(Poll::Ready(())), 99)], false).await;
        check(&[(Some(Poll::Ready(())), 99), (None, 1)], true).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_reads_slowly_does_not_stall() {
        let frame = Some(Poll::Ready(()));
        check(&[(frame, 60), (frame, 60), (frame, 60)], false).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_waits_for_its_upstream_does_not_stall() {
        check(
            &[
                (Some(Poll::Ready(())), 1),
                (Some(Poll::Pending), 1_000),
                (None, 1_000),
            ],
            false,
        )
        .await;
        check(&[(None, 1_000), (None, 1_000)], false).await;
    }
}
