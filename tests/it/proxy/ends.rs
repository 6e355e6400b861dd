//! Who leaves, and what the others see of it.

use crate::support::wire::{Wire, header};
use crate::support::{Call, Running, Upstream, settings, soon};
use tollgate::proxy::Settings;

const GET: &str = "GET /v1/x HTTP/1.1\r\nhost: x\r\n\r\n";
const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
const CHUNKED: &str = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";

/// A call that has come to the upstream.
async fn asked(upstream: &Upstream, proxy: &Running) -> (Wire, Wire) {
    let mut client = proxy.connect().await;
    client.send(GET).await;
    let mut server = upstream.accept().await;
    server.head().await;
    (client, server)
}

/// A call whose answer has begun.
async fn answered(upstream: &Upstream, proxy: &Running) -> (Wire, Wire) {
    let (mut client, mut server) = asked(upstream, proxy).await;
    server.send(CHUNKED).await;
    server.send_chunk("one").await;
    client.head().await;
    assert_eq!(client.chunk().await, b"one");
    (client, server)
}

#[tokio::test]
async fn a_client_that_leaves_while_it_waits_cancels_the_upstream() {
    let upstream = Upstream::bind().await;
    let proxy = Running::before(&upstream).await;
    let (client, mut server) = asked(&upstream, &proxy).await;
    drop(client);
    server.closed().await;
    assert_eq!(proxy.counts.in_flight.now(), 0);
}

#[tokio::test]
async fn a_client_that_leaves_within_an_answer_cancels_the_upstream() {
    let upstream = Upstream::bind().await;
    let proxy = Running::before(&upstream).await;
    let (client, mut server) = answered(&upstream, &proxy).await;
    assert_eq!(proxy.counts.in_flight.now(), 1);
    client.reset();
    server.closed().await;
    assert_eq!(proxy.counts.in_flight.now(), 0);

    let (client, mut server) = answered(&upstream, &proxy).await;
    drop(client);
    server.closed().await;
}

#[tokio::test]
async fn a_client_that_breaks_off_its_request_cancels_the_upstream() {
    let mut call =
        Call::begin("POST /v1/x HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nabc").await;
    call.server.expect("abc").await;
    call.client.reset();
    call.server.closed().await;
}

#[tokio::test]
async fn connections_are_used_again() {
    let upstream = Upstream::bind().await;
    let proxy = Running::before(&upstream).await;
    let (mut client, mut server) = asked(&upstream, &proxy).await;
    server.send(OK).await;
    client.head().await;
    client.expect("ok").await;
    for _ in 0..3 {
        client.send(GET).await;
        // Were it another connection, this one would stay silent.
        server.head().await;
        server.send(OK).await;
        client.head().await;
        client.expect("ok").await;
    }
}

#[tokio::test]
async fn a_connection_that_the_upstream_closed_is_not_used_again() {
    let upstream = Upstream::bind().await;
    let proxy = Running::before(&upstream).await;
    let (mut client, mut server) = asked(&upstream, &proxy).await;
    server
        .send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok")
        .await;
    let head = client.head().await;
    assert_eq!(
        header(&head, "connection"),
        None,
        "it is the upstream's connection"
    );
    client.expect("ok").await;
    server.closed().await;
    client.send(GET).await;
    upstream.accept().await.head().await;
}

#[tokio::test]
async fn a_connection_that_closed_while_it_was_idle_is_replaced() {
    let upstream = Upstream::bind().await;
    let proxy = Running::before(&upstream).await;
    let (mut client, mut server) = asked(&upstream, &proxy).await;
    server.send(OK).await;
    client.head().await;
    client.expect("ok").await;
    drop(server);
    client.send(GET).await;
    let mut server = upstream.accept().await;
    server.head().await;
    server.send(OK).await;
    client.head().await;
    client.expect("ok").await;
}

#[tokio::test]
async fn an_answer_that_breaks_off_breaks_off_for_the_client() {
    let upstream = Upstream::bind().await;
    let proxy = Running::before(&upstream).await;
    let (mut client, server) = answered(&upstream, &proxy).await;
    server.reset();
    client.closed().await;
    assert_eq!(proxy.counts.in_flight.now(), 0);

    let (mut client, server) = answered(&upstream, &proxy).await;
    drop(server);
    client.closed().await;
}

#[tokio::test]
async fn a_length_that_is_too_long_is_passed_on_as_the_lie_it_is() {
    let upstream = Upstream::bind().await;
    let proxy = Running::before(&upstream).await;
    let (mut client, mut server) = asked(&upstream, &proxy).await;
    server
        .send("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc")
        .await;
    drop(server);
    let head = client.head().await;
    assert_eq!(header(&head, "content-length"), Some("10"));
    assert_eq!(client.rest().await, b"abc");
}

#[tokio::test]
async fn what_comes_after_the_stated_length_is_not_an_answer() {
    let upstream = Upstream::bind().await;
    let proxy = Running::before(&upstream).await;
    let (mut client, mut server) = asked(&upstream, &proxy).await;
    server
        .send("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabcdef")
        .await;
    client.head().await;
    client.expect("abc").await;
    // The rest is not taken for the answer to the next call.
    client.send(GET).await;
    let mut server = upstream.accept().await;
    server.head().await;
    server.send(OK).await;
    assert!(client.head().await.starts_with("HTTP/1.1 200 OK"));
    client.expect("ok").await;
}

#[tokio::test]
async fn an_upstream_that_breaks_off_before_its_answer_is_a_502() {
    let upstream = Upstream::bind().await;
    let proxy = Running::before(&upstream).await;
    let (mut client, server) = asked(&upstream, &proxy).await;
    drop(server);
    let head = client.head().await;
    assert!(head.starts_with("HTTP/1.1 502 "), "{head}");
    assert_eq!(
        header(&head, "x-tollgate-error"),
        Some("upstream_broke_off")
    );
}

#[tokio::test]
async fn an_answer_that_is_not_http_is_a_502() {
    let upstream = Upstream::bind().await;
    let proxy = Running::before(&upstream).await;
    let (mut client, mut server) = asked(&upstream, &proxy).await;
    server.send("220 mail.example.com ESMTP\r\n").await;
    assert!(client.head().await.starts_with("HTTP/1.1 502 "));
}

#[tokio::test]
async fn an_upstream_that_is_not_there_is_a_502() {
    let gone = Upstream::bind().await;
    let url = gone.url();
    drop(gone);
    let proxy = Running::start(settings(&url)).await;
    let mut client = proxy.connect().await;
    client.send(GET).await;
    let head = client.head().await;
    assert!(head.starts_with("HTTP/1.1 502 "), "{head}");
    assert_eq!(
        header(&head, "x-tollgate-error"),
        Some("upstream_unreachable")
    );
}

#[tokio::test]
async fn a_call_beyond_the_limit_is_a_503_and_the_next_one_is_not() {
    let upstream = Upstream::bind().await;
    let limited = Settings {
        calls_in_flight_max: 1,
        ..settings(&upstream.url())
    };
    let proxy = Running::start(limited).await;
    let (mut client, mut server) = asked(&upstream, &proxy).await;

    let mut second = proxy.connect().await;
    second.send(GET).await;
    let head = second.head().await;
    assert!(head.starts_with("HTTP/1.1 503 "), "{head}");
    assert_eq!(header(&head, "retry-after"), Some("1"));
    assert_eq!(header(&head, "x-tollgate-error"), Some("busy"));
    let len = header(&head, "content-length").unwrap().parse().unwrap();
    second.exactly(len).await;

    server.send(OK).await;
    client.head().await;
    client.expect("ok").await;
    second.send(GET).await;
    soon(server.head()).await;
    assert_eq!(*proxy.counts.answers.lock().unwrap(), ["busy"]);
}
