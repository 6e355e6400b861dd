//! The ceiling: a pass-through proxy on tollgate's HTTP stack that meters nothing.
//!
//! A bare hyper server and the pooling client of hyper-util on one multi-threaded runtime. What
//! tollgate costs beyond it is the price of the meter.

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Result;
use bytes::Bytes;
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use hyper::header::{CONNECTION, HOST, TRANSFER_ENCODING};
use hyper::http::uri::{Authority, PathAndQuery, Scheme};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::net::TcpListener;

struct Limit {
    client: Client<HttpConnector, Incoming>,
    upstream: Authority,
}

/// Forwards until it is ended.
pub(crate) fn run(listen: SocketAddr, upstream: SocketAddr) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(accept(listen, upstream))
}

#[expect(
    clippy::disallowed_methods,
    reason = "bare on purpose; ends with its process"
)]
async fn accept(listen: SocketAddr, upstream: SocketAddr) -> Result<()> {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let limit = Arc::new(Limit {
        client: Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .build(connector),
        upstream: upstream.to_string().parse()?,
    });
    let listener = TcpListener::bind(listen).await?;
    loop {
        // Too many open files for a moment is no reason to leave the others alone.
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        stream.set_nodelay(true)?;
        let limit = Arc::clone(&limit);
        tokio::spawn(async move {
            let forward = service_fn(|request| limit.forward(request));
            hyper::server::conn::http1::Builder::new()
                .timer(TokioTimer::new())
                .serve_connection(TokioIo::new(stream), forward)
                .await
        });
    }
}

type Answer = Response<Either<Incoming, Full<Bytes>>>;

impl Limit {
    async fn forward(
        &self,
        request: Request<Incoming>,
    ) -> Result<Answer, Box<dyn Error + Send + Sync>> {
        let (mut parts, body) = request.into_parts();
        let path = parts.uri.path_and_query().cloned();
        parts.uri = Uri::builder()
            .scheme(Scheme::HTTP)
            .authority(self.upstream.clone())
            .path_and_query(path.unwrap_or_else(|| PathAndQuery::from_static("/")))
            .build()?;
        for name in [HOST, CONNECTION, TRANSFER_ENCODING] {
            parts.headers.remove(name);
        }
        match self.client.request(Request::from_parts(parts, body)).await {
            Ok(mut answer) => {
                answer.headers_mut().remove(CONNECTION);
                answer.headers_mut().remove(TRANSFER_ENCODING);
                Ok(answer.map(Either::Left))
            }
            Err(error) => {
                let mut answer = Response::new(Either::Right(Full::from(format!("{error}\n"))));
                *answer.status_mut() = StatusCode::BAD_GATEWAY;
                Ok(answer)
            }
        }
    }
}
