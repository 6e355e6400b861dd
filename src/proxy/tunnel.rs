//! Another protocol after a 101: bytes pass blind both ways, metered as one call.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf, copy_bidirectional};

use super::Core;
use super::admission::InFlight;
use crate::call::StreamEnd;
use crate::meter::ResponseObserver;
use crate::tee::Observer;

/// The two connections that are to become one.
pub(super) struct Ends {
    pub(super) client: OnUpgrade,
    pub(super) upstream: OnUpgrade,
}

/// Connects the ends in a task of its own, until one of them closes, nothing passes for `idle`, or
/// the proxy cuts what is left.
pub(super) fn open(
    core: &Core,
    ends: Ends,
    idle: Option<Duration>,
    observer: Option<ResponseObserver>,
    in_flight: InFlight,
) {
    let cut = core.cut.child_token();
    let mut ending = Ending(observer);
    core.tracker.spawn(async move {
        let end = tokio::select! {
            end = pass(ends, idle) => end,
            () = cut.cancelled() => StreamEnd::Interrupted,
        };
        ending.end(end);
        drop(in_flight);
    });
}

async fn pass(ends: Ends, idle: Option<Duration>) -> StreamEnd {
    let Ok(upstream) = ends.upstream.await else {
        return StreamEnd::UpstreamFailed;
    };
    let Ok(client) = ends.client.await else {
        return StreamEnd::ClientGone;
    };
    let reads = Arc::<AtomicU64>::default();
    let mut client = Counted::new(client, &reads);
    let mut upstream = Counted::new(upstream, &reads);
    tokio::select! {
        passed = copy_bidirectional(&mut client, &mut upstream) => match passed {
            Ok(_) => StreamEnd::Complete,
            Err(_) => StreamEnd::UpstreamFailed,
        },
        () = silence(&reads, idle) => StreamEnd::Timeout,
    }
}

/// Waits until nothing was read for `idle`; it may take up to twice as long.
async fn silence(reads: &AtomicU64, idle: Option<Duration>) {
    let Some(idle) = idle else {
        return std::future::pending().await;
    };
    loop {
        let seen = reads.load(Ordering::Relaxed);
        tokio::time::sleep(idle).await;
        if reads.load(Ordering::Relaxed) == seen {
            return;
        }
    }
}

/// Ends the observation exactly once, also when its task is dropped.
struct Ending(Option<ResponseObserver>);

impl Ending {
    fn end(&mut self, end: StreamEnd) {
        // Nobody waits behind a tunnel: a hold has nothing to hold.
        drop(self.0.take().and_then(|observer| observer.on_end(end)));
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.end(StreamEnd::ClientGone);
    }
}

/// One end, whose reads are counted.
struct Counted {
    inner: TokioIo<Upgraded>,
    reads: Arc<AtomicU64>,
}

impl Counted {
    fn new(inner: Upgraded, reads: &Arc<AtomicU64>) -> Self {
        Self {
            inner: TokioIo::new(inner),
            reads: Arc::clone(reads),
        }
    }
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.inner).poll_read(cx, buf);
        if polled.is_ready() {
            self.reads.fetch_add(1, Ordering::Relaxed);
        }
        polled
    }
}

impl AsyncWrite for Counted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
