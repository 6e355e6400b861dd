//! Bodies pass unchanged and at once, both ways.

use crate::support::wire::header;
use crate::support::{Call, Running, Upstream, soon};

const CHUNKED: &str = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";

fn bytes(len: usize) -> Vec<u8> {
    (0..len)
        .map(|at| u8::try_from(at * 31 % 251).unwrap())
        .collect()
}

#[tokio::test]
async fn an_answer_is_streamed_chunk_by_chunk() {
    let mut call = Call::begin("GET /v1/models HTTP/1.1\r\nhost: x\r\n\r\n").await;

    call.server.send(CHUNKED).await;
    assert!(
        call.client.head().await.starts_with("HTTP/1.1 200 OK\r\n"),
        "before any chunk"
    );
    for chunk in ["data: one\n\n", "data: tw", "o\n\n"] {
        call.server.send_chunk(chunk).await;
        // Only now does the upstream send the next one.
        assert_eq!(call.client.chunk().await, chunk.as_bytes());
    }
    call.server.send("0\r\n\r\n").await;
    assert!(call.client.chunked().await.is_empty());
}

#[tokio::test]
async fn a_request_is_streamed_chunk_by_chunk() {
    let mut call =
        Call::begin("POST /v1/audio HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n")
            .await;
    assert_eq!(header(&call.head, "transfer-encoding"), Some("chunked"));
    for chunk in ["one", "two"] {
        call.client.send_chunk(chunk).await;
        assert_eq!(call.server.chunk().await, chunk.as_bytes());
    }
    call.client.send("0\r\n\r\n").await;
    assert!(call.server.chunked().await.is_empty());

    // The answer may begin before the request has ended, and here after it.
    call.server
        .send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
        .await;
    call.client.head().await;
    call.client.expect("ok").await;
}

#[tokio::test]
async fn an_answer_can_come_before_the_request_has_ended() {
    let mut call =
        Call::begin("POST /v1/x HTTP/1.1\r\nhost: x\r\ncontent-length: 6\r\n\r\nabc").await;
    call.server.expect("abc").await;
    call.server.send(CHUNKED).await;
    call.server.send_chunk("early").await;
    call.client.head().await;
    assert_eq!(call.client.chunk().await, b"early");
    call.client.send("def").await;
    call.server.expect("def").await;
    call.server.send("0\r\n\r\n").await;
    assert!(call.client.chunked().await.is_empty());
}

#[tokio::test]
async fn a_request_goes_on_while_nobody_reads_the_early_answer() {
    let mut call =
        Call::begin("POST /v1/x HTTP/1.1\r\nhost: x\r\ncontent-length: 6\r\n\r\nabc").await;
    call.server.expect("abc").await;
    call.server.send("HTTP/1.1 200 OK\r\n\r\n").await;
    call.server.send_until_it_stalls(&bytes(65_536)).await;
    call.client.send("def").await;
    call.server.expect("def").await;
}

#[tokio::test]
async fn twenty_megabytes_pass_unchanged_both_ways() {
    let upstream = Upstream::bind().await;
    let proxy = Running::before(&upstream).await;
    let mut client = proxy.connect().await;
    let sent = bytes(20 * 1024 * 1024);
    let len = sent.len();
    let up = async {
        client
            .send(format!(
                "POST /v1/x HTTP/1.1\r\nhost: x\r\ncontent-length: {len}\r\n\r\n"
            ))
            .await;
        client.send(&sent).await;
        let head = client.head().await;
        assert_eq!(header(&head, "content-length"), Some(&*len.to_string()));
        client.exactly(len).await
    };
    let down = async {
        let mut server = upstream.accept().await;
        let head = server.head().await;
        assert_eq!(header(&head, "content-length"), Some(&*len.to_string()));
        let received = server.exactly(len).await;
        server
            .send(format!("HTTP/1.1 200 OK\r\ncontent-length: {len}\r\n\r\n"))
            .await;
        server.send(&received).await;
        received
    };
    let (back, received) = soon(async { tokio::join!(up, down) }).await;
    assert!(received == sent, "the request was changed");
    assert!(back == sent, "the answer was changed");
}

#[tokio::test]
async fn chunk_extensions_are_the_connections_own_and_the_data_is_not() {
    let mut call = Call::begin("GET /v1/x HTTP/1.1\r\nhost: x\r\n\r\n").await;
    call.server.send(CHUNKED).await;
    call.server.send("3;sig=\"a;b\"\r\nabc\r\n0\r\n\r\n").await;
    call.client.head().await;
    assert_eq!(call.client.chunked().await, b"abc");
}

#[tokio::test]
async fn a_body_that_the_upstream_ends_by_closing_gets_an_end() {
    let mut call = Call::begin("GET /v1/x HTTP/1.1\r\nhost: x\r\n\r\n").await;
    call.server.send("HTTP/1.0 200 OK\r\n\r\nall of it").await;
    drop(call.server);
    let head = call.client.head().await;
    assert!(head.starts_with("HTTP/1.1 200 OK"), "{head}");
    assert_eq!(header(&head, "transfer-encoding"), Some("chunked"));
    assert_eq!(call.client.chunked().await, b"all of it");
}

#[tokio::test]
async fn a_client_of_http_1_0_gets_a_body_that_ends_by_closing() {
    let mut call = Call::begin("GET /v1/x HTTP/1.0\r\n\r\n").await;
    assert!(
        call.head.starts_with("GET /v1/x HTTP/1.1\r\n"),
        "{}",
        call.head
    );
    call.server.send(CHUNKED).await;
    call.server.send("3\r\nabc\r\n0\r\n\r\n").await;
    let head = call.client.head().await;
    assert_eq!(header(&head, "transfer-encoding"), None, "{head}");
    assert_eq!(call.client.rest().await, b"abc");
}

/// An answer without a body, and what must be left of its head; the connection goes on.
async fn check_bodyless(method: &str, answer: &str, length: Option<&str>) {
    let mut call = Call::begin(format!("{method} /v1/x HTTP/1.1\r\nhost: x\r\n\r\n")).await;
    call.server.send(format!("{answer}\r\n\r\n")).await;
    let head = call.client.head().await;
    assert_eq!(head.lines().next(), answer.lines().next());
    assert_eq!(header(&head, "content-length"), length, "{head}");
    assert_eq!(header(&head, "transfer-encoding"), None, "{head}");

    call.client
        .send("GET /v1/next HTTP/1.1\r\nhost: x\r\n\r\n")
        .await;
    assert!(call.server.head().await.starts_with("GET /v1/next "));
    call.server
        .send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
        .await;
    assert!(
        call.client.head().await.starts_with("HTTP/1.1 200 OK"),
        "nothing in between"
    );
    call.client.expect("ok").await;
    assert_eq!(call.proxy.counts.in_flight.now(), 0);
}

#[tokio::test]
async fn an_answer_to_head_keeps_its_length_and_has_no_body() {
    check_bodyless(
        "HEAD",
        "HTTP/1.1 200 OK\r\ncontent-length: 1234",
        Some("1234"),
    )
    .await;
    check_bodyless(
        "HEAD",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked",
        None,
    )
    .await;
}

#[tokio::test]
async fn answers_204_and_304_have_no_body() {
    check_bodyless("DELETE", "HTTP/1.1 204 No Content", None).await;
    check_bodyless("GET", "HTTP/1.1 304 Not Modified\r\netag: \"a\"", None).await;
    // hyper drops the length that a 304 may state; it is no length of anything that is sent.
    check_bodyless(
        "GET",
        "HTTP/1.1 304 Not Modified\r\ncontent-length: 99",
        None,
    )
    .await;
}

#[tokio::test]
async fn an_empty_answer_keeps_its_length() {
    check_bodyless("GET", "HTTP/1.1 200 OK\r\ncontent-length: 0", Some("0")).await;
}

/// A request as the client writes it, and what the upstream gets of its framing.
async fn check_request(head: &str, body: &str, expected: &[(&str, Option<&str>)]) {
    let mut call = Call::begin(format!("{head}\r\nhost: x\r\n\r\n{body}")).await;
    for (name, value) in expected {
        assert_eq!(header(&call.head, name), *value, "{name} in {}", call.head);
    }
    call.server.expect(body).await;
}

#[tokio::test]
async fn a_post_without_a_body_keeps_its_length_of_nothing() {
    check_request(
        "POST /v1/x HTTP/1.1\r\ncontent-length: 0",
        "",
        &[("content-length", Some("0")), ("transfer-encoding", None)],
    )
    .await;
}

#[tokio::test]
async fn a_get_may_have_a_body_of_any_framing() {
    check_request(
        "GET /v1/x HTTP/1.1\r\ntransfer-encoding: chunked",
        "3\r\nabc\r\n0\r\n\r\n",
        &[
            ("transfer-encoding", Some("chunked")),
            ("content-length", None),
        ],
    )
    .await;
    check_request(
        "GET /v1/x HTTP/1.1\r\ncontent-length: 3",
        "abc",
        &[("content-length", Some("3"))],
    )
    .await;
}

#[tokio::test]
async fn two_framings_in_one_request_become_one() {
    check_request(
        "POST /v1/x HTTP/1.1\r\ncontent-length: 5\r\ntransfer-encoding: chunked",
        "3\r\nabc\r\n0\r\n\r\n",
        &[
            ("transfer-encoding", Some("chunked")),
            ("content-length", None),
        ],
    )
    .await;
}

#[tokio::test]
async fn expect_100_continue_is_answered_here() {
    let upstream = Upstream::bind().await;
    let proxy = Running::before(&upstream).await;
    let mut client = proxy.connect().await;
    client
        .send("POST /v1/x HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\nexpect: 100-continue\r\n\r\n")
        .await;
    assert_eq!(client.head().await, "HTTP/1.1 100 Continue");
    client.send("abc").await;
    let mut server = upstream.accept().await;
    assert_eq!(header(&server.head().await, "expect"), None);
    server.expect("abc").await;
}

#[tokio::test]
async fn interim_answers_of_the_upstream_are_swallowed() {
    let mut call = Call::begin("POST /v1/x HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n").await;
    call.server
        .send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n")
        .await;
    call.server
        .send("HTTP/1.1 201 Created\r\ncontent-length: 1\r\n\r\n!")
        .await;
    assert!(call.client.head().await.starts_with("HTTP/1.1 201 Created"));
    call.client.expect("!").await;
}
