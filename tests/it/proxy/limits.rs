//! Limits of time and size, each made short.

use std::time::Duration;

use http::Request;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tollgate::proxy::Settings;

use crate::support::wire::{Wire, header};
use crate::support::{Call, Running, Upstream, h2, settings, soon};

const GET: &str = "GET /v1/x HTTP/1.1\r\nhost: x\r\n\r\n";
const CHUNKED: &str = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
const SHORT: Option<Duration> = Some(Duration::from_millis(50));

/// More than the buffers of two sockets and the proxy hold.
const MUCH: usize = 64 * 1024 * 1024;

#[tokio::test]
async fn an_upstream_that_does_not_answer_is_a_504() {
    let slow = |settings: &mut Settings| settings.upstreams[0].response_header_timeout = SHORT;
    let mut call = Call::within(slow, GET).await;
    let head = call.client.head().await;
    assert!(head.starts_with("HTTP/1.1 504 "), "{head}");
    assert_eq!(
        header(&head, "x-tollgate-error"),
        Some("upstream_headers_timeout")
    );
    call.server.closed().await;
}

#[tokio::test]
async fn an_upstream_that_falls_silent_is_cut_off() {
    let silent = |settings: &mut Settings| settings.upstreams[0].idle_timeout = SHORT;
    let mut call = Call::within(silent, GET).await;
    // In one write: between two the limit could run out.
    call.server.send(format!("{CHUNKED}3\r\none\r\n")).await;
    call.client.head().await;
    assert_eq!(call.client.chunk().await, b"one");
    call.client.closed().await;
    call.server.closed().await;
}

#[tokio::test]
async fn a_connection_that_is_not_made_in_time_is_a_504() {
    // A TLS handshake that nobody answers: the limit is for all of the connection.
    let upstream = Upstream::bind().await;
    let mut settings = settings(&format!("https://{}", upstream.addr()));
    settings.upstreams[0].connect_timeout = SHORT;
    let proxy = Running::start(settings).await;
    let mut client = proxy.connect().await;
    client.send(GET).await;
    let head = client.head().await;
    assert!(head.starts_with("HTTP/1.1 504 "), "{head}");
    assert_eq!(
        header(&head, "x-tollgate-error"),
        Some("upstream_connect_timeout")
    );
}

#[tokio::test]
async fn a_client_that_stops_reading_is_dropped() {
    let stalled = |settings: &mut Settings| settings.client_stall = SHORT;
    let mut call = Call::within(stalled, GET).await;
    call.server
        .send(format!("HTTP/1.1 200 OK\r\ncontent-length: {MUCH}\r\n\r\n"))
        .await;
    call.server.send_what_is_taken(vec![b'x'; MUCH]).await;
    call.server.closed().await;
    assert!(call.client.rest().await.len() < MUCH);
}

#[tokio::test]
async fn a_client_that_stops_reading_one_stream_of_many_loses_that_stream() {
    let upstream = Upstream::bind().await;
    let proxy = Running::start(Settings {
        client_stall: SHORT,
        ..settings(&upstream.url())
    })
    .await;
    let mut client = h2::client(proxy.connect_tcp().await).await;
    let call = || Request::get("http://x/v1/x").body(h2::nothing()).unwrap();

    let stalled = client.send_request(call());
    let mut server = upstream.accept().await;
    server.head().await;
    server
        .send(format!("HTTP/1.1 200 OK\r\ncontent-length: {MUCH}\r\n\r\n"))
        .await;
    let unread = soon(stalled).await.unwrap();
    server.send_what_is_taken(vec![b'x'; MUCH]).await;
    server.closed().await;
    assert_eq!(proxy.counts.in_flight.now(), 0);

    // The connection and its other streams go on.
    let next = client.send_request(call());
    let mut server = upstream.accept().await;
    server.head().await;
    server.send("HTTP/1.1 204 No Content\r\n\r\n").await;
    assert_eq!(soon(next).await.unwrap().status(), 204);
    drop(unread);
}

#[tokio::test]
async fn an_upstream_that_is_slow_is_no_client_that_stalls() {
    let upstream = Upstream::bind().await;
    let proxy = Running::start(Settings {
        client_stall: SHORT,
        ..settings(&upstream.url())
    })
    .await;
    let mut client = h2::client(proxy.connect_tcp().await).await;
    let answer = client.send_request(Request::get("http://x/").body(h2::nothing()).unwrap());
    let mut server = upstream.accept().await;
    server.head().await;
    tokio::time::sleep(Duration::from_millis(150)).await;
    server.send(CHUNKED).await;
    server.send_chunk("one").await;
    let mut answer = soon(answer).await.unwrap();
    tokio::time::sleep(Duration::from_millis(150)).await;
    server.send("0\r\n\r\n").await;
    let body = http_body_util::BodyExt::collect(answer.body_mut());
    assert_eq!(soon(body).await.unwrap().to_bytes(), "one");
}

/// What a client writes at the start of a connection that is then closed.
async fn check_slow_start(start: &str) {
    let upstream = Upstream::bind().await;
    let slow = Settings {
        header_read_timeout: SHORT,
        ..settings(&upstream.url())
    };
    let proxy = Running::start(slow).await;
    let mut client = proxy.connect().await;
    client.send(start).await;
    let _ = client.rest().await;
}

#[tokio::test]
async fn a_client_that_does_not_finish_its_head_is_dropped() {
    check_slow_start("").await;
    check_slow_start("P").await;
    check_slow_start("PRI * HTTP/2.0\r\n").await;
    check_slow_start("GET /v1/x HTTP/1.1\r\nhost: x\r\n").await;
}

/// Sends a head of this size; hyper may answer before it was all read.
async fn send_head(client: TcpStream, len: usize) -> String {
    let mut client = Wire::new(client);
    client
        .send_what_is_taken(format!(
            "GET /v1/x HTTP/1.1\r\nhost: x\r\nx-long: {}",
            "x".repeat(len)
        ))
        .await;
    client.send_what_is_taken("\r\n\r\n").await;
    client.head().await
}

#[tokio::test]
async fn a_head_that_is_too_long_is_refused() {
    let upstream = Upstream::bind().await;
    let proxy = Running::before(&upstream).await;
    let mut tcp = proxy.connect_tcp().await;
    tcp.flush().await.unwrap();
    let head = send_head(tcp, 1024 * 1024).await;
    assert!(head.starts_with("HTTP/1.1 431 "), "{head}");

    let call = proxy.connect_tcp().await;
    let passed = async {
        let mut server = upstream.accept().await;
        assert!(server.head().await.len() > 60_000);
        server.send("HTTP/1.1 204 No Content\r\n\r\n").await;
    };
    let (head, ()) = tokio::join!(send_head(call, 60_000), passed);
    assert!(head.starts_with("HTTP/1.1 204 "), "{head}");
}
