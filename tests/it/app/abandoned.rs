//! A client that leaves where the answer is read on without it: the row says what it cost all the same.

use http::Request;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::support::house::{House, Running, check_row};
use crate::support::wire::Wire;
use crate::support::{Upstream, h2, soon};

const HEAD: &str =
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
const START: &str = "data: {\"type\":\"message_start\",\"message\":{\"id\":\"m1\",\"model\":\"claude-sonnet-4-5-20250929\",\"usage\":{\"input_tokens\":25,\"output_tokens\":1}}}\n\n";
const USAGE: &str = "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":9}}\n\n";
const STOP: &str = "data: {\"type\":\"message_stop\"}\n\n";
const WHOLE: &str = r#"{"type":"message","id":"m1","model":"claude-sonnet-4-5-20250929","content":[],"stop_reason":"end_turn","usage":{"input_tokens":25,"output_tokens":9}}"#;

struct Stage {
    upstream: Upstream,
    tollgate: Running,
    house: House,
}

impl Stage {
    async fn set(limits: &str) -> Self {
        let upstream = Upstream::bind().await;
        let url = upstream.url();
        let house = House::new(&format!(
            "[server]\ndrain = \"50ms\"\n\
             [upstreams.messages]\nformat = \"anthropic\"\nprices = \"anthropic\"\nbase_url = \"{url}\"\n\
             client_gone = \"drain\"\n{limits}"
        ));
        let tollgate = house.start().await.unwrap();
        Self {
            upstream,
            tollgate,
            house,
        }
    }

    /// A call that the upstream has read.
    async fn asked(&self) -> (Wire, Wire) {
        let mut client = self.tollgate.connect().await;
        let body = r#"{"model":"claude-sonnet-4-5","stream":true}"#;
        let length = body.len();
        client
            .send(format!(
                "POST /v1/messages HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n{body}"
            ))
            .await;
        let mut server = self.upstream.accept().await;
        server.head().await;
        server.expect(body).await;
        (client, server)
    }

    /// The same, and the beginning of its answer has come to the client.
    async fn answered(&self) -> (Wire, Wire) {
        let (mut client, mut server) = self.asked().await;
        server.send(HEAD).await;
        server.send_chunk(START).await;
        client.head().await;
        assert_eq!(client.chunk().await, START.as_bytes());
        (client, server)
    }

    async fn check(&self, expected: &Value) {
        let rows = self.tollgate.rows_once(1).await;
        check_row("row", &rows[0], expected);
        let metrics = self.tollgate.ask("/metrics").await;
        let in_flight = "tollgate_calls_in_flight{upstream=\"messages\"} 0\n";
        assert!(metrics.contains(in_flight), "{metrics}");
    }
}

#[tokio::test]
async fn a_client_that_stays_gets_every_byte() {
    let stage = Stage::set("").await;
    let (mut client, mut server) = stage.answered().await;
    for event in [USAGE, STOP] {
        server.send_chunk(event).await;
        assert_eq!(client.chunk().await, event.as_bytes());
    }
    server.send("0\r\n\r\n").await;
    assert_eq!(client.chunk().await, b"");
    stage
        .check(&json!({"end": "complete", "source": "reported", "output_tokens": 9, "flags": []}))
        .await;
}

#[tokio::test]
async fn an_answer_that_breaks_off_breaks_off_behind_its_last_bytes() {
    let stage = Stage::set("").await;
    let (mut client, mut server) = stage.answered().await;
    server.send_chunk(USAGE).await;
    server.reset();
    let rest = client.rest().await;
    assert!(String::from_utf8(rest).unwrap().contains("output_tokens"));
    stage
        .check(&json!({"end": "upstream_failed", "complete": false, "output_tokens": 9}))
        .await;
}

#[tokio::test]
async fn a_stream_is_read_to_its_end_for_a_client_that_left() {
    let stage = Stage::set("").await;
    let (client, mut server) = stage.answered().await;
    soon(client.leave()).await;
    server.send_chunk(USAGE).await;
    server.send_chunk(STOP).await;
    server.send("0\r\n\r\n").await;
    stage
        .check(
            &json!({"end": "client_gone", "complete": true, "status": 200, "source": "reported",
                "pricing": "priced", "input_tokens": 25, "output_tokens": 9, "flags": ["aborted"]}),
        )
        .await;
}

#[tokio::test]
async fn a_stream_of_http2_that_was_reset_is_read_to_its_end_too() {
    let stage = Stage::set("").await;
    let stream = TcpStream::connect(stage.tollgate.0.traffic()).await;
    let mut client = h2::client(stream.unwrap()).await;
    let request = || Request::post("http://proxy/v1/messages").body(h2::nothing());
    let answer = client.send_request(request().unwrap());
    let mut server = stage.upstream.accept().await;
    server.head().await;
    server.send(HEAD).await;
    server.send_chunk(START).await;
    let mut answer = soon(answer).await.unwrap();
    let frame = soon(answer.frame()).await.unwrap().unwrap();
    assert_eq!(frame.into_data().unwrap(), START);
    drop(answer);
    // What comes behind the reset has come: so has the reset.
    let _next = client.send_request(request().unwrap());
    let mut next = stage.upstream.accept().await;
    next.head().await;
    server.send_chunk(USAGE).await;
    server.send_chunk(STOP).await;
    server.send("0\r\n\r\n").await;
    let rows = stage.tollgate.rows_once(1).await;
    check_row(
        "reset",
        &rows[0],
        &json!({"end": "client_gone", "complete": true, "source": "reported", "output_tokens": 9}),
    );
}

#[tokio::test]
async fn an_answer_that_had_not_begun_is_read_too() {
    let stage = Stage::set("").await;
    let (client, mut server) = stage.asked().await;
    soon(client.leave()).await;
    let length = WHOLE.len();
    server
        .send(format!(
            "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{WHOLE}"
        ))
        .await;
    stage
        .check(
            &json!({"end": "client_gone", "complete": true, "status": 200, "source": "reported",
                "output_tokens": 9}),
        )
        .await;
}

#[tokio::test]
async fn reading_on_ends_with_its_time() {
    let stage = Stage::set("drain_time_max = \"50ms\"\n").await;
    let (client, mut server) = stage.answered().await;
    soon(client.leave()).await;
    server.closed().await;
    stage
        .check(
            &json!({"end": "client_gone", "complete": false, "source": "partial",
                "input_tokens": 25, "flags": ["aborted"]}),
        )
        .await;
}

#[tokio::test]
async fn waiting_for_an_answer_ends_with_its_time_too() {
    let stage = Stage::set("drain_time_max = \"50ms\"\n").await;
    let (client, mut server) = stage.asked().await;
    soon(client.leave()).await;
    server.closed().await;
    stage
        .check(
            &json!({"end": "client_gone", "status": null, "source": "unknown",
                "flags": ["provider_may_bill"]}),
        )
        .await;
}

#[tokio::test]
async fn reading_on_ends_with_its_bytes() {
    let stage = Stage::set("drain_bytes_max = 8\n").await;
    let (client, mut server) = stage.answered().await;
    soon(client.leave()).await;
    server.send_chunk(": a long comment\n\n").await;
    server.closed().await;
    stage
        .check(&json!({"end": "client_gone", "complete": false, "source": "partial"}))
        .await;
}

#[tokio::test]
async fn an_upstream_that_fails_a_client_that_left_has_failed() {
    let stage = Stage::set("").await;
    let (client, server) = stage.answered().await;
    soon(client.leave()).await;
    server.reset();
    stage
        .check(&json!({"end": "upstream_failed", "source": "partial", "flags": ["aborted"]}))
        .await;
}

#[tokio::test]
async fn a_process_that_ends_interrupts_what_it_reads_on() {
    let stage = Stage::set("").await;
    let (client, mut server) = stage.answered().await;
    soon(client.leave()).await;
    let Stage {
        tollgate, house, ..
    } = stage;
    soon(tollgate.0.stop()).await.unwrap();
    server.closed().await;
    let again = house.start().await.unwrap();
    let rows = again.rows_once(1).await;
    check_row(
        "cut",
        &rows[0],
        &json!({"end": "interrupted", "source": "partial", "input_tokens": 25}),
    );
}
