//! The question and what it changes, where either side speaks HTTP/2.

use http::{Request, Response};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde_json::json;
use tollgate::proxy::Http2Mode;

use super::{ASKS_NOTHING, ASKS_NOTHING_ASKED, DONE, SSE, TEXT, USAGE, post, records};
use crate::support::house::check_row;
use crate::support::wire::header;
use crate::support::{Running, Upstream, h2, settings, soon};

/// The proxy before an upstream that speaks HTTP/2.
async fn before_http2(upstream: &Upstream) -> Running {
    let mut settings = settings(&upstream.url());
    settings.upstreams[0].http2 = Http2Mode::Always;
    Running::start(settings).await
}

/// A call of a client that speaks HTTP/2; its length is known or not.
async fn ask(proxy: &Running, length: Option<usize>) -> Response<Incoming> {
    let mut client = h2::client(proxy.connect_tcp().await).await;
    let mut request = Request::post("http://proxy/v1/chat/completions")
        .header("content-type", "application/json")
        .header("accept-encoding", "gzip");
    if let Some(length) = length {
        request = request.header("content-length", length);
    }
    let (feed, body) = h2::played();
    let answer = client.send_request(request.body(body).unwrap());
    let (first, last) = ASKS_NOTHING.split_at(7);
    feed.send(first).await;
    feed.send(last).await;
    drop(feed);
    soon(answer).await.unwrap()
}

/// What an upstream that speaks HTTP/2 was asked, and that it answers with a stream.
async fn answer(asked: h2::Asked, expected: &str, events: &[&'static str]) {
    let length = expected.len().to_string();
    let (parts, body) = asked.request.into_parts();
    assert_eq!(parts.headers["content-length"], *length);
    assert_eq!(soon(body.collect()).await.unwrap().to_bytes(), expected);
    let (feed, body) = h2::played();
    let response = Response::builder().header("content-type", "text/event-stream");
    let _ = asked.answer.send(response.body(body).unwrap());
    for event in events {
        feed.send(*event).await;
    }
}

/// The one record is that of a stream that told its usage.
fn check_reported(proxy: &Running) {
    let [record] = records(proxy).try_into().unwrap();
    let expected = json!({"source": "reported", "input_tokens": 9, "output_tokens": 1,
        "stream": true, "complete": true, "end": "complete"});
    check_row("reported", &record, &expected);
    assert_eq!(proxy.counts.in_flight.asked(), ["injected"]);
}

#[tokio::test]
async fn a_client_of_http2_is_asked_for_too_and_sees_no_difference() {
    for length in [Some(ASKS_NOTHING.len()), None] {
        let upstream = Upstream::bind().await;
        let proxy = Running::before(&upstream).await;
        let plays = async {
            let mut server = upstream.accept().await;
            let head = server.head().await;
            let length = ASKS_NOTHING_ASKED.len().to_string();
            assert_eq!(header(&head, "content-length"), Some(&*length));
            assert_eq!(header(&head, "accept-encoding"), Some("identity"));
            server.expect(ASKS_NOTHING_ASKED).await;
            server.send(SSE).await;
            for event in [TEXT, USAGE, DONE] {
                server.send_chunk(event).await;
            }
            server.send("0\r\n\r\n").await;
        };
        let (answer, ()) = tokio::join!(ask(&proxy, length), plays);
        let read = soon(answer.collect()).await.unwrap().to_bytes();
        assert_eq!(read, format!("{TEXT}{DONE}"));
        check_reported(&proxy);
    }
}

#[tokio::test]
async fn an_upstream_of_http2_is_asked_and_its_usage_taken_out() {
    let upstream = Upstream::bind().await;
    let proxy = before_http2(&upstream).await;
    let mut client = proxy.connect().await;
    client.send(post(ASKS_NOTHING)).await;
    let mut calls = h2::server(upstream.accept_tcp().await);
    let asked = soon(calls.recv()).await.unwrap();
    assert_eq!(asked.request.headers()["accept-encoding"], "identity");
    answer(asked, ASKS_NOTHING_ASKED, &[TEXT, USAGE, DONE]).await;
    client.head().await;
    let read = client.chunked().await;
    assert_eq!(read, [TEXT, DONE].concat().as_bytes());
    check_reported(&proxy);
}

#[tokio::test]
async fn an_upstream_of_http2_that_refuses_gets_the_call_again() {
    let upstream = Upstream::bind().await;
    let proxy = before_http2(&upstream).await;
    let asking = ask(&proxy, Some(ASKS_NOTHING.len()));
    let plays = async {
        let mut calls = h2::server(upstream.accept_tcp().await);
        let asked = soon(calls.recv()).await.unwrap();
        let refusal = h2::whole(r#"{"error":"unknown key stream_options"}"#).await;
        let refusal = Response::builder().status(400).body(refusal).unwrap();
        let _ = asked.answer.send(refusal);
        let asked = soon(calls.recv()).await.unwrap();
        answer(asked, ASKS_NOTHING, &[TEXT, DONE]).await;
        // Until the client has read it all.
        calls
    };
    let (answer, _calls) = tokio::join!(asking, plays);
    let read = soon(answer.collect()).await.unwrap().to_bytes();
    assert_eq!(read, format!("{TEXT}{DONE}"));
    let [first, second] = records(&proxy).try_into().unwrap();
    check_row(
        "refused",
        &first,
        &json!({"status": 400, "end": "complete", "source": null}),
    );
    check_row(
        "served",
        &second,
        &json!({"status": 200, "attempt_of": first["call_id"]}),
    );
    assert_eq!(proxy.counts.in_flight.asked(), ["refused"]);
}
