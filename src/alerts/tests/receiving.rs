//! A receiver that answers what it is told to and keeps what it got.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{HeaderMap, Request, Response, Uri};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// What came.
#[derive(Clone, Debug)]
pub(super) struct Got {
    pub(super) uri: Uri,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

impl Got {
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// What is answered.
#[derive(Clone, Debug)]
pub(super) enum Reply {
    Say(u16, &'static str),
    /// `retry-after`, in seconds.
    Busy(u16, &'static str),
    /// Never.
    Silence,
}

pub(super) struct Receiving {
    pub(super) at: SocketAddr,
    got: Arc<Mutex<Vec<Got>>>,
    _accepting: JoinSet<()>,
}

impl Receiving {
    /// Answers by the script, then 200.
    pub(super) async fn start(script: &[Reply]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let got = Arc::<Mutex<Vec<Got>>>::default();
        let script = Arc::new(Mutex::new(script.iter().cloned().collect::<VecDeque<_>>()));
        let mut accepting = JoinSet::new();
        let kept = Arc::clone(&got);
        accepting.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (got, script) = (Arc::clone(&kept), Arc::clone(&script));
                let answer = service_fn(move |request| {
                    answer(request, Arc::clone(&got), Arc::clone(&script))
                });
                connections.spawn(async move {
                    let http = hyper::server::conn::http1::Builder::new();
                    // A client that leaves is part of the script.
                    drop(http.serve_connection(TokioIo::new(stream), answer).await);
                });
            }
        });
        Self {
            at,
            got,
            _accepting: accepting,
        }
    }

    pub(super) fn hook(&self) -> String {
        format!("http://{}/services/T0/s3cret-part?key=t0ken-part", self.at)
    }

    pub(super) fn got(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }
}

async fn answer(
    request: Request<Incoming>,
    got: Arc<Mutex<Vec<Got>>>,
    script: Arc<Mutex<VecDeque<Reply>>>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    got.lock().unwrap().push(Got {
        uri: head.uri,
        headers: head.headers,
        body: String::from_utf8(body.to_vec()).unwrap(),
    });
    let reply = script.lock().unwrap().pop_front();
    let response = Response::builder();
    let (response, body) = match reply.unwrap_or(Reply::Say(200, "ok")) {
        Reply::Say(status, body) => (response.status(status), body),
        Reply::Busy(status, after) => {
            (response.status(status).header("retry-after", after), "busy")
        }
        Reply::Silence => std::future::pending().await,
    };
    Ok(response.body(Full::new(body.into())).unwrap())
}
