//! HTTP/2 at either end: frames by hyper, bodies and answers by the test.

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame};
use hyper::body::Incoming;
use hyper::client::conn::http2::SendRequest;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{mpsc, oneshot};

use super::soon;

/// A body that the test feeds; dropping the feed ends it.
pub(crate) struct Played(mpsc::Receiver<io::Result<Frame<Bytes>>>);

pub(crate) struct Feed(mpsc::Sender<io::Result<Frame<Bytes>>>);

/// A body and what feeds it.
pub(crate) fn played() -> (Feed, Played) {
    let (feed, body) = mpsc::channel(1);
    (Feed(feed), Played(body))
}

/// No body at all.
pub(crate) fn nothing() -> Played {
    played().1
}

/// A body of one frame.
pub(crate) async fn whole(data: impl Into<Bytes>) -> Played {
    let (feed, body) = played();
    feed.send(data).await;
    body
}

impl Feed {
    pub(crate) async fn send(&self, data: impl Into<Bytes>) {
        assert!(
            soon(self.0.send(Ok(Frame::data(data.into()))))
                .await
                .is_ok(),
            "body dropped"
        );
    }

    pub(crate) async fn trailers(&self, trailers: http::HeaderMap) {
        assert!(
            soon(self.0.send(Ok(Frame::trailers(trailers))))
                .await
                .is_ok(),
            "body dropped"
        );
    }

    /// Waits until nobody wants the body any more.
    pub(crate) async fn dropped(&self) {
        soon(self.0.closed()).await;
    }
}

impl Body for Played {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        self.0.poll_recv(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_closed() && self.0.is_empty()
    }
}

/// A client's connection with HTTP/2 known beforehand.
#[expect(clippy::disallowed_methods, reason = "ends with its connection")]
pub(crate) async fn client<S>(stream: S) -> SendRequest<Played>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    // Small windows: a stream that is not read stops early.
    let (sender, connection) = hyper::client::conn::http2::Builder::new(TokioExecutor::new())
        .initial_stream_window_size(65_535)
        .handshake(TokioIo::new(stream))
        .await
        .unwrap();
    tokio::spawn(connection);
    sender
}

/// A call that came to an upstream, to be answered by the test.
pub(crate) struct Asked {
    pub(crate) request: Request<Incoming>,
    pub(crate) answer: oneshot::Sender<Response<Played>>,
}

/// An upstream's connection.
#[expect(clippy::disallowed_methods, reason = "ends with its connection")]
pub(crate) fn server<S>(stream: S) -> mpsc::Receiver<Asked>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (calls, asked) = mpsc::channel(8);
    let service = service_fn(move |request| {
        let calls = calls.clone();
        async move {
            let (answer, answered) = oneshot::channel();
            let _ = calls.send(Asked { request, answer }).await;
            match answered.await {
                Ok(response) => Ok::<_, Infallible>(response),
                Err(_) => std::future::pending().await,
            }
        }
    });
    tokio::spawn(
        hyper::server::conn::http2::Builder::new(TokioExecutor::new())
            .serve_connection(TokioIo::new(stream), service),
    );
    asked
}
