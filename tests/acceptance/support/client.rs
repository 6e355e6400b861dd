//! The client of a call: sends one request and tells what came back, to the byte, and how it ended.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// No call of these tests takes longer; past it the test says so instead of hanging.
const ANSWER_WAIT: Duration = Duration::from_mins(5);

pub(crate) type Body = BoxBody<Bytes, Infallible>;

/// What the client saw of a call.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    /// Why the body ended before its end, if it did.
    pub(crate) broken: Option<String>,
}

impl Answer {
    pub(crate) fn call_id(&self) -> Option<&str> {
        self.headers.get("x-tollgate-call-id")?.to_str().ok()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// One connection, kept as long as both sides like.
pub(crate) struct Client {
    address: SocketAddr,
    sender: Option<SendRequest<Body>>,
    driving: JoinSet<()>,
}

impl Client {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self {
            address,
            sender: None,
            driving: JoinSet::new(),
        }
    }

    /// Sends one request; `Err` is a call that got no answer at all.
    pub(crate) async fn send(&mut self, request: Request<Body>) -> Result<Answer, String> {
        self.send_watched(request, |_| {}).await
    }

    /// The same, telling the answer's head before its body is read.
    pub(crate) async fn send_watched(
        &mut self,
        request: Request<Body>,
        on_head: impl FnOnce(&HeaderMap),
    ) -> Result<Answer, String> {
        let call = self.exchange(request, on_head);
        let answer = tokio::time::timeout(ANSWER_WAIT, call).await;
        answer.map_err(|_| format!("no end within {ANSWER_WAIT:?}"))?
    }

    async fn exchange(
        &mut self,
        mut request: Request<Body>,
        on_head: impl FnOnce(&HeaderMap),
    ) -> Result<Answer, String> {
        let host = self.address.to_string().parse().unwrap();
        request.headers_mut().insert("host", host);
        let sender = self.connected().await?;
        let response = sender.send_request(request).await;
        let (head, mut body) = response.map_err(|error| format!("{error:?}"))?.into_parts();
        on_head(&head.headers);
        let mut answer = Answer {
            status: head.status,
            headers: head.headers,
            body: Vec::new(),
            broken: None,
        };
        while let Some(frame) = body.frame().await {
            match frame.map(hyper::body::Frame::into_data) {
                Ok(Ok(data)) => answer.body.extend_from_slice(&data),
                Ok(Err(_trailers)) => {}
                Err(error) => {
                    answer.broken = Some(format!("{error:?}"));
                    break;
                }
            }
        }
        Ok(answer)
    }

    /// The kept connection if it is still good, else a new one.
    async fn connected(&mut self) -> Result<&mut SendRequest<Body>, String> {
        let usable = match &mut self.sender {
            Some(sender) => sender.ready().await.is_ok(),
            None => false,
        };
        if !usable {
            let stream = TcpStream::connect(self.address).await;
            let stream = stream.map_err(|error| error.to_string())?;
            stream
                .set_nodelay(true)
                .map_err(|error| error.to_string())?;
            let (sender, connection) = handshake(TokioIo::new(stream))
                .await
                .map_err(|error| error.to_string())?;
            self.driving.spawn(async move { drop(connection.await) });
            self.sender = Some(sender);
        }
        self.sender
            .as_mut()
            .ok_or_else(|| "not connected".to_owned())
    }
}

/// A request with a whole body and a JSON content type.
pub(crate) fn post(path: &str, body: impl Into<Bytes>) -> Request<Body> {
    let request = Request::post(path).header("content-type", "application/json");
    request.body(whole(body)).unwrap()
}

pub(crate) fn get(path: &str) -> Request<Body> {
    Request::get(path).body(whole(Bytes::new())).unwrap()
}

pub(crate) fn whole(body: impl Into<Bytes>) -> Body {
    Full::new(body.into()).boxed()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::support::upstream::{Script, Then, Upstream};

    const JSON: &[(&str, &str)] = &[("content-type", "application/json")];

    async fn ask(script: Script) -> Answer {
        let upstream = Upstream::start(move |_| script.clone()).await;
        let mut client = Client::new(upstream.address);
        client.send(post("/v1/x", "{}")).await.unwrap()
    }

    #[tokio::test]
    async fn a_whole_answer_is_whole() {
        let answer = ask(Script::unary(200, JSON, b"{\"a\":1}")).await;
        assert_eq!((answer.text().as_str(), answer.broken), ("{\"a\":1}", None));
    }

    #[tokio::test]
    async fn chunks_are_put_together() {
        let answer = ask(Script::chunked(200, JSON, &[b"{\"a\"", b":1}"])).await;
        assert_eq!((answer.text().as_str(), answer.broken), ("{\"a\":1}", None));
    }

    #[tokio::test]
    async fn a_stream_that_stops_is_seen_as_broken() {
        for then in [Then::Close, Then::Reset] {
            let script = Script::unended(200, JSON, &[b"{\"a\""]);
            let answer = ask(script.paced(Duration::from_millis(20)).then(then)).await;
            assert!(answer.broken.is_some(), "{then:?}");
        }
    }

    #[tokio::test]
    async fn one_connection_serves_several_calls() {
        let upstream = Upstream::start(|_| Script::unary(200, JSON, b"{}")).await;
        let mut client = Client::new(upstream.address);
        for _ in 0..3 {
            client.send(post("/v1/x", "{}")).await.unwrap();
        }
        assert_eq!(client.driving.len(), 1);
        assert_eq!(upstream.take_seen().len(), 3);
    }

    #[tokio::test]
    async fn nobody_listening_is_no_answer() {
        let upstream = Upstream::start(|_| Script::unary(200, JSON, b"{}")).await;
        let address = upstream.address;
        drop(upstream);
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert!(Client::new(address).send(get("/")).await.is_err());
    }
}
