//! HTTP/2 in and out, over plain TCP with prior knowledge.

use http::{HeaderMap, Request, Response};
use http_body_util::BodyExt;
use tollgate::proxy::{Http2Mode, Settings};

use crate::support::wire::header;
use crate::support::{Running, Upstream, h2, settings, soon};

fn http2_settings(upstream: &Upstream) -> Settings {
    let mut settings = settings(&upstream.url());
    settings.upstreams[0].http2 = Http2Mode::Always;
    settings
}

#[tokio::test]
async fn http2_from_the_client_becomes_http1_to_the_upstream() {
    let upstream = Upstream::bind().await;
    let proxy = Running::before(&upstream).await;
    let mut client = h2::client(proxy.connect_tcp().await).await;
    let (feed, body) = h2::played();
    let request = Request::post("http://proxy/v1/x?q=%20")
        .header("x-a", "1")
        .body(body)
        .unwrap();
    let answer = client.send_request(request);
    let mut server = upstream.accept().await;
    let head = server.head().await;
    assert!(head.starts_with("POST /v1/x?q=%20 HTTP/1.1\r\n"), "{head}");
    assert_eq!(header(&head, "host"), Some(&*upstream.addr().to_string()));
    assert_eq!(header(&head, "x-a"), Some("1"));
    assert_eq!(header(&head, "transfer-encoding"), Some("chunked"));
    feed.send("abc").await;
    assert_eq!(server.chunk().await, b"abc");
    drop(feed);
    assert!(server.chunked().await.is_empty());

    server
        .send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: x\r\n\r\n")
        .await;
    let mut answer = soon(answer).await.unwrap();
    assert!(answer.headers().contains_key("x-tollgate-call-id"));
    for chunk in ["one", "two"] {
        server.send_chunk(chunk).await;
        let frame = soon(answer.frame()).await.unwrap().unwrap();
        assert_eq!(frame.into_data().unwrap(), chunk);
    }
    server.send("0\r\n\r\n").await;
    assert!(soon(answer.collect()).await.unwrap().to_bytes().is_empty());
}

#[tokio::test]
async fn http1_from_the_client_becomes_http2_to_the_upstream() {
    let upstream = Upstream::bind().await;
    let proxy = Running::start(http2_settings(&upstream)).await;
    let mut client = proxy.connect().await;
    client
        .send("POST /v1//x?q HTTP/1.1\r\nHost: p\r\nX-A: 1\r\nContent-Length: 3\r\n\r\nabc")
        .await;
    let mut calls = h2::server(upstream.accept_tcp().await);
    let asked = soon(calls.recv()).await.unwrap();
    let (parts, body) = asked.request.into_parts();
    assert_eq!(parts.uri.to_string(), format!("{}/v1//x?q", upstream.url()));
    let names: Vec<_> = parts.headers.keys().map(http::HeaderName::as_str).collect();
    assert_eq!(names, ["x-a", "content-length"]);
    assert_eq!(soon(body.collect()).await.unwrap().to_bytes(), "abc");

    let (feed, body) = h2::played();
    let _ = asked.answer.send(Response::new(body));
    client.head().await;
    for chunk in ["one", "two"] {
        feed.send(chunk).await;
        assert_eq!(client.chunk().await, chunk.as_bytes());
    }
    drop(feed);
    assert!(client.chunked().await.is_empty());
}

#[tokio::test]
async fn calls_share_one_connection_to_an_http2_upstream() {
    let upstream = Upstream::bind().await;
    let proxy = Running::start(http2_settings(&upstream)).await;
    let mut first = proxy.connect().await;
    first.send("GET /v1/1 HTTP/1.1\r\nhost: x\r\n\r\n").await;
    let mut calls = h2::server(upstream.accept_tcp().await);
    let asked_first = soon(calls.recv()).await.unwrap();
    let mut second = proxy.connect().await;
    second.send("GET /v1/2 HTTP/1.1\r\nhost: x\r\n\r\n").await;
    let asked_second = soon(calls.recv()).await.unwrap();
    // Answered in the other order.
    let _ = asked_second
        .answer
        .send(Response::new(h2::whole("2").await));
    second.head().await;
    assert_eq!(second.chunked().await, b"2");
    let _ = asked_first.answer.send(Response::new(h2::whole("1").await));
    first.head().await;
    assert_eq!(first.chunked().await, b"1");
}

#[tokio::test]
async fn a_client_that_leaves_resets_only_its_own_stream() {
    let upstream = Upstream::bind().await;
    let proxy = Running::start(http2_settings(&upstream)).await;
    let mut leaver = proxy.connect().await;
    leaver.send("GET /v1/1 HTTP/1.1\r\nhost: x\r\n\r\n").await;
    let mut calls = h2::server(upstream.accept_tcp().await);
    let (feed, body) = h2::played();
    let _ = soon(calls.recv())
        .await
        .unwrap()
        .answer
        .send(Response::new(body));
    feed.send("one").await;
    leaver.head().await;
    drop(leaver);
    feed.dropped().await;

    let mut next = proxy.connect().await;
    next.send("GET /v1/2 HTTP/1.1\r\nhost: x\r\n\r\n").await;
    let asked = soon(calls.recv()).await.unwrap();
    let _ = asked.answer.send(Response::new(h2::whole("2").await));
    next.head().await;
    assert_eq!(next.chunked().await, b"2");
}

#[tokio::test]
async fn a_stream_that_its_client_resets_cancels_the_upstream() {
    let upstream = Upstream::bind().await;
    let proxy = Running::before(&upstream).await;
    let mut client = h2::client(proxy.connect_tcp().await).await;
    let answer = client.send_request(Request::get("http://x/v1/x").body(h2::nothing()).unwrap());
    let mut server = upstream.accept().await;
    server.head().await;
    server
        .send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        .await;
    drop(soon(answer).await.unwrap());
    server.closed().await;
    assert_eq!(proxy.counts.in_flight.now(), 0);
}

#[tokio::test]
async fn trailers_pass_from_end_to_end() {
    let upstream = Upstream::bind().await;
    let proxy = Running::start(http2_settings(&upstream)).await;
    let mut client = h2::client(proxy.connect_tcp().await).await;
    let request = Request::get("http://x/v1/x").header("te", "trailers");
    let answer = client.send_request(request.body(h2::nothing()).unwrap());
    let mut calls = h2::server(upstream.accept_tcp().await);
    let asked = soon(calls.recv()).await.unwrap();
    assert_eq!(asked.request.headers()["te"], "trailers");
    let (feed, body) = h2::played();
    let _ = asked.answer.send(Response::new(body));
    feed.send("data").await;
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", "0".parse().unwrap());
    feed.trailers(trailers.clone()).await;
    drop(feed);
    let collected = soon(soon(answer).await.unwrap().into_body().collect())
        .await
        .unwrap();
    assert_eq!(collected.trailers(), Some(&trailers));
    assert_eq!(collected.to_bytes(), "data");
}

#[tokio::test]
async fn answers_without_a_body_have_none_over_http2_either() {
    for (method, status, length) in [
        ("HEAD", 200, Some("1234")),
        ("GET", 204, None),
        ("GET", 304, None),
    ] {
        let upstream = Upstream::bind().await;
        let proxy = Running::start(http2_settings(&upstream)).await;
        let mut client = proxy.connect().await;
        client
            .send(format!("{method} /v1/x HTTP/1.1\r\nhost: x\r\n\r\n"))
            .await;
        let mut calls = h2::server(upstream.accept_tcp().await);
        let answer = soon(calls.recv()).await.unwrap().answer;
        let mut response = Response::builder().status(status);
        if let Some(length) = length {
            response = response.header("content-length", length);
        }
        let _ = answer.send(response.body(h2::nothing()).unwrap());
        let head = client.head().await;
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
        assert_eq!(header(&head, "content-length"), length);
        assert_eq!(header(&head, "transfer-encoding"), None);
        client
            .send("GET /v1/next HTTP/1.1\r\nhost: x\r\n\r\n")
            .await;
        assert_eq!(
            soon(calls.recv()).await.unwrap().request.uri().path(),
            "/v1/next"
        );
    }
}
