//! Accepts connections, serves them, and goes in two steps: drain, then cut.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::TokioTimer;
use hyper_util::server::conn::auto;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use super::patience::Spare;
use super::stall::{StallLimited, Streams};
use super::{Core, Live, forward};

/// Streams at one time on one HTTP/2 connection of a client; it opens another one for more.
const HTTP2_STREAMS_MAX: u32 = 1_000;

/// How often HTTP/2 asks a client whether it is still there.
const HTTP2_PING: Duration = Duration::from_secs(30);

/// How long to wait when the system has no more sockets; the queue of the listener holds meanwhile.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How long dropped tasks may take to be gone.
const CUT_GRACE: Duration = Duration::from_secs(1);

/// Says when to go. The first call drains, the second cuts.
#[derive(Clone, Default)]
pub struct Shutdown {
    drain: CancellationToken,
    hurry: CancellationToken,
}

impl Shutdown {
    /// First: stop accepting, let calls in flight end. Again: stop now.
    pub fn signal(&self) {
        if self.drain.is_cancelled() {
            self.hurry.cancel();
        }
        self.drain.cancel();
    }

    /// Whether it was told.
    pub(super) fn is_told(&self) -> bool {
        self.drain.is_cancelled()
    }
}

/// Serves a listener until all calls have ended or were cut; gives how many were cut.
pub(super) async fn serve(core: Arc<Core>, listener: TcpListener) -> usize {
    accept(&core, &listener).await;
    drop(listener);
    core.tracker.close();
    let drain = core.live.load().drain;
    tokio::select! {
        () = core.tracker.wait() => return 0,
        () = tokio::time::sleep(drain) => {}
        () = core.shutdown.hurry.cancelled() => {}
    }
    let left = core.gate.in_flight();
    core.meter.interrupt();
    core.cut.cancel();
    // Dropping is quick; whatever is not, ends with the process.
    let _ = tokio::time::timeout(CUT_GRACE, core.tracker.wait()).await;
    left
}

async fn accept(core: &Arc<Core>, listener: &TcpListener) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = core.shutdown.drain.cancelled() => return,
        };
        match accepted {
            Ok((stream, peer)) => {
                core.tracker
                    .spawn(connection(Arc::clone(core), stream, peer.ip()));
            }
            Err(error) => {
                tracing::warn!(%error, "a connection cannot be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn connection(core: Arc<Core>, stream: TcpStream, peer: IpAddr) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY was refused");
    }
    let called = Arc::<AtomicBool>::default();
    let (builder, io) = {
        let live = core.live.load();
        let (stall, first) = (live.client_stall, live.header_read_timeout);
        (
            server(&core, &live),
            StallLimited::new(stream, stall, first, Arc::clone(&called)),
        )
    };
    // Of its own: the tasks of all connections would wait for one lock at each poll.
    let drain = core.shutdown.drain.child_token();
    let cut = core.cut.clone();
    let spare = Spare::default();
    let calls = service_fn(move |request| {
        called.store(true, Ordering::Relaxed);
        forward::call(Arc::clone(&core), spare.clone(), peer, request)
    });
    let connection = builder.serve_connection_with_upgrades(io, calls);
    let mut connection = std::pin::pin!(connection);
    let served = tokio::select! {
        biased;
        served = connection.as_mut() => served,
        () = drain.cancelled() => {
            connection.as_mut().graceful_shutdown();
            tokio::select! {
                served = connection => served,
                () = cut.cancelled() => Ok(()),
            }
        }
    };
    if let Err(error) = served {
        tracing::debug!(error, "a connection broke off");
    }
}

fn server(core: &Core, live: &Live) -> auto::Builder<Streams> {
    let streams = Streams {
        tracker: core.tracker.clone(),
        stall: live.client_stall,
    };
    let mut server = auto::Builder::new(streams);
    server
        .http1()
        .timer(TokioTimer::new())
        .preserve_header_case(true)
        .header_read_timeout(live.header_read_timeout)
        .max_buf_size(live.header_bytes_max);
    server
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(HTTP2_STREAMS_MAX)
        .max_header_list_size(u32::try_from(live.header_bytes_max).unwrap_or(u32::MAX))
        .keep_alive_interval(HTTP2_PING);
    server
}
