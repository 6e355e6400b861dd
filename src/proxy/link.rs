//! HTTP/1.1 connections to one upstream, each driven by the call that uses it.
//!
//! A connection has no task of its own: what arrives for a call wakes that call's task and no other,
//! and an answer that has come whole goes to the client in one write. Against a client whose
//! connections are tasks this saves two wake-ups a call and one a chunk. Upgrades, and upstreams that
//! may speak HTTP/2, go by hyper-util's client instead.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, Uri};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use hyper::client::conn::{TrySendError, http1};
use hyper::rt::Executor;
use hyper_rustls::MaybeHttpsStream;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tower_service::Service;

use super::connect::{
    Connector, IDLE_CONNECTION_KEPT, IDLE_CONNECTIONS_MAX, READ_BYTES_MAX, SendError,
};
use super::held::RequestBody;

/// How often idle connections are looked through for those that are closed or too old.
const SWEEP: Duration = Duration::from_secs(15);

type Connection = http1::Connection<MaybeHttpsStream<TokioIo<TcpStream>>, RequestBody>;

/// The connections to one upstream. Clones share them.
#[derive(Clone)]
pub(super) struct Links {
    connector: Connector,
    upstream: Uri,
    idle: Arc<Idle>,
}

impl Links {
    /// No connection yet; `upstream` says where they go.
    pub(super) fn new(connector: Connector, upstream: Uri) -> Self {
        Self {
            connector,
            upstream,
            idle: Arc::default(),
        }
    }

    /// Sends a request, with the path of its URL as its target, and waits for the head of its answer.
    /// `uploaded` says whether all of its body has been sent.
    ///
    /// A connection that was closed while it was idle is replaced, as long as the request has not
    /// been written to it.
    pub(super) async fn request(
        &self,
        mut request: Request<RequestBody>,
        uploaded: impl Fn() -> bool,
    ) -> Result<Response<LinkBody>, SendError> {
        if let Some(path) = request.uri().path_and_query().cloned() {
            *request.uri_mut() = path.into();
        }
        loop {
            let (mut link, is_new) = match self.idle.take() {
                Some(link) => (link, false),
                None => (self.connect().await?, true),
            };
            match link.exchange(request).await {
                Ok(answer) => return Ok(self.begin(answer, link, uploaded()).await),
                Err(mut error) => match error.take_message().filter(|_| !is_new) {
                    Some(unsent) => request = unsent,
                    None => return Err(SendError::Broken(error.into_error().into())),
                },
            }
        }
    }

    /// The answer, with what its connection is to do from now on.
    async fn begin(
        &self,
        answer: Response<Incoming>,
        link: Box<Link>,
        uploaded: bool,
    ) -> Response<LinkBody> {
        let mut answer = answer.map(LinkBody::driven);
        if uploaded {
            let body = answer.body_mut();
            body.link = Some((link, Arc::clone(&self.idle)));
            if body.is_end_stream() {
                // The server never polls a body that is empty at birth.
                poll_fn(|cx| {
                    body.give_back(cx);
                    Poll::Ready(())
                })
                .await;
            }
        } else {
            link.go_on_alone();
        }
        answer
    }

    async fn connect(&self) -> Result<Box<Link>, SendError> {
        self.idle.swept_from_now_on();
        let mut connector = self.connector.clone();
        let connected = connector.call(self.upstream.clone()).await;
        let (sender, connection) = http1::Builder::new()
            .preserve_header_case(true)
            .max_buf_size(READ_BYTES_MAX)
            .handshake(connected.map_err(SendError::Connect)?)
            .await
            .map_err(|error| SendError::Broken(error.into()))?;
        let mut link = Box::new(Link {
            sender,
            connection: Some(connection),
        });
        // Only a connection that has been polled says that it is ready.
        poll_fn(|cx| {
            link.drive(cx);
            Poll::Ready(())
        })
        .await;
        Ok(link)
    }
}

/// One connection.
struct Link {
    sender: http1::SendRequest<RequestBody>,
    /// Absent once it is over.
    connection: Option<Connection>,
}

impl Link {
    /// Reads and writes what can be; whoever waits for something of this connection calls it.
    fn drive(&mut self, cx: &mut Context<'_>) {
        drive(&mut self.connection, cx);
    }

    async fn exchange(
        &mut self,
        request: Request<RequestBody>,
    ) -> Result<Response<Incoming>, TrySendError<Request<RequestBody>>> {
        let mut answer = pin!(self.sender.try_send_request(request));
        let connection = &mut self.connection;
        poll_fn(|cx| {
            drive(connection, cx);
            // It is told by the connection, so nobody has to be woken for it.
            answer
                .as_mut()
                .poll(&mut Context::from_waker(Waker::noop()))
        })
        .await
    }

    /// Whether it can carry another call now.
    fn is_idle(&self) -> bool {
        self.connection.is_some() && self.sender.is_ready()
    }

    /// An answer that begins before its request has ended: what is left of the request must not wait
    /// for a client that reads nothing before it has sent everything.
    fn go_on_alone(self: Box<Self>) {
        if let Some(connection) = self.connection {
            TokioExecutor::new().execute(async move {
                // Why it is over is told to the call.
                let _ = connection.await;
            });
        }
    }
}

fn drive(connection: &mut Option<Connection>, cx: &mut Context<'_>) {
    if let Some(open) = connection
        && Pin::new(open).poll(cx).is_ready()
    {
        // Why it is over is told to the call that it was over for.
        *connection = None;
    }
}

/// The body of an answer, which reads its connection itself and gives it back at its end.
///
/// Dropped before, it closes the connection: the upstream learns that nobody listens.
pub(super) struct LinkBody {
    incoming: Incoming,
    link: Option<(Box<Link>, Arc<Idle>)>,
}

impl LinkBody {
    /// A body whose connection somebody else drives.
    pub(super) const fn driven(incoming: Incoming) -> Self {
        Self {
            incoming,
            link: None,
        }
    }

    /// What has come, or what reading the connection brings.
    ///
    /// Frames come only while the connection is driven, which is here: a waker that is called for
    /// them would call this task again for nothing. So it is the last look alone, after which there
    /// is nothing to give out, that leaves the waker with the socket.
    fn next_frame(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let Self { incoming, link } = self;
        let Some((link, _)) = link else {
            return Pin::new(incoming).poll_frame(cx);
        };
        let unwoken = &mut Context::from_waker(Waker::noop());
        let mut polled = Pin::new(&mut *incoming).poll_frame(unwoken);
        if polled.is_pending() {
            link.drive(unwoken);
            polled = Pin::new(&mut *incoming).poll_frame(unwoken);
        }
        if polled.is_pending() {
            link.drive(cx);
            polled = Pin::new(&mut *incoming).poll_frame(unwoken);
        }
        polled
    }

    fn give_back(&mut self, cx: &mut Context<'_>) {
        if let Some((mut link, idle)) = self.link.take() {
            link.drive(cx);
            if link.is_idle() {
                idle.put(link);
            }
        }
    }
}

impl Body for LinkBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let polled = self.next_frame(cx);
        match &polled {
            Poll::Ready(None) => self.give_back(cx),
            Poll::Ready(Some(Ok(_))) if self.incoming.is_end_stream() => self.give_back(cx),
            Poll::Ready(Some(Ok(_) | Err(_))) | Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}

/// Connections that no call uses, the one used last at the back.
#[derive(Default)]
struct Idle(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    links: VecDeque<(Instant, Box<Link>)>,
    swept: bool,
}

impl Idle {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection that was used last. It may have been closed since: the next call will see.
    fn take(&self) -> Option<Box<Link>> {
        loop {
            let (since, link) = self.waiting().links.pop_back()?;
            if link.is_idle() && since.elapsed() < IDLE_CONNECTION_KEPT {
                return Some(link);
            }
        }
    }

    fn put(&self, link: Box<Link>) {
        let mut waiting = self.waiting();
        waiting.links.push_back((Instant::now(), link));
        if waiting.links.len() > IDLE_CONNECTIONS_MAX {
            waiting.links.pop_front();
        }
    }

    /// Lets go of connections that were closed or have been idle for too long.
    fn sweep(&self) {
        self.waiting().links.retain_mut(|(since, link)| {
            look(link);
            link.is_idle() && since.elapsed() < IDLE_CONNECTION_KEPT
        });
    }

    /// Starts the sweeper with the first connection; it ends when nobody has these connections any
    /// more.
    fn swept_from_now_on(self: &Arc<Self>) {
        if !std::mem::replace(&mut self.waiting().swept, true) {
            TokioExecutor::new().execute(sweep(Arc::downgrade(self)));
        }
    }
}

async fn sweep(idle: Weak<Idle>) {
    loop {
        tokio::time::sleep(SWEEP).await;
        match idle.upgrade() {
            Some(idle) => idle.sweep(),
            None => return,
        }
    }
}

/// Sees whether the upstream has closed an idle connection. Nobody is to be woken for it.
fn look(link: &mut Link) {
    link.drive(&mut Context::from_waker(Waker::noop()));
}
