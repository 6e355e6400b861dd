//! However a call ends, one row says what happened.

use std::net::TcpListener;

use serde_json::{Value, json};

use crate::support::house::{House, Running, check_row};
use crate::support::wire::Wire;
use crate::support::{Upstream, soon};

const CHAT: &str = "POST /v1/chat/completions";
const MESSAGES: &str = "POST /messages/v1/messages";
const USAGE: &str = r#"{"id":"c1","model":"gpt-4o-2024-08-06","choices":[{"finish_reason":"stop"}],"usage":{"prompt_tokens":7,"completion_tokens":1,"total_tokens":8}}"#;
const DELTA: &str = "data: {\"id\":\"c1\",\"model\":\"gpt-4o-2024-08-06\",\"choices\":[{\"delta\":{\"content\":\"yes\"}}]}\n\n";
const ERROR: &str = "data: {\"error\":{\"message\":\"no\",\"type\":\"server_error\"}}\n\n";
const START: &str = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m1\",\"model\":\"claude-sonnet-4-5-20250929\",\"usage\":{\"input_tokens\":25,\"output_tokens\":1}}}\n\n";
const SSE: &str = "content-type: text/event-stream";

/// What the upstream does once it has the request.
enum Then {
    /// Answers and closes; the client reads it all.
    Close(String),
    /// Answers and breaks off.
    Reset(String),
    /// Answers; the client leaves when it has read as much.
    ClientLeaves(String),
    /// Says nothing: a limit of ours ends it.
    Silence(String),
    /// Is not there at all.
    Down,
}

/// An answer that is as long as its upstream's connection.
fn answer(status: &str, head: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{head}\r\nconnection: close\r\n\r\n{body}")
}

fn ok(body: &str) -> String {
    let length = format!("content-length: {}", body.len());
    answer("200 OK", &length, body)
}

fn stream(body: &str) -> String {
    answer("200 OK", SSE, body)
}

struct Stage {
    upstream: Upstream,
    tollgate: Running,
    calls: usize,
    _house: House,
}

impl Stage {
    async fn set() -> Self {
        let upstream = Upstream::bind().await;
        let url = upstream.url();
        let down = TcpListener::bind("127.0.0.1:0").unwrap();
        let nobody = down.local_addr().unwrap();
        let hasty = "response_header_timeout = \"150ms\"\nidle_timeout = \"150ms\"";
        let house = House::new(&format!(
            "[upstreams.openai]\nformat = \"openai\"\nbase_url = \"{url}\"\n\
             [upstreams.messages]\nformat = \"anthropic\"\nprices = \"anthropic\"\nbase_url = \"{url}\"\n\
             [upstreams.hasty]\nformat = \"openai\"\nprices = \"openai\"\nbase_url = \"{url}\"\n{hasty}\n\
             [upstreams.down]\nformat = \"openai\"\nprices = \"openai\"\nbase_url = \"http://{nobody}\"\n",
        ));
        let tollgate = house.start().await.unwrap();
        Self {
            upstream,
            tollgate,
            calls: 0,
            _house: house,
        }
    }

    /// Plays one call; gives its row.
    async fn play(&mut self, asked: &str, then: Then) -> Value {
        let mut client = self.tollgate.connect().await;
        let body = r#"{"model":"gpt-4o","stream":true}"#;
        let body = if asked.starts_with("POST") { body } else { "" };
        let length = body.len();
        client
            .send(format!(
                "{asked} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
            ))
            .await;
        self.answer(client, then).await;
        self.calls += 1;
        let rows = self.tollgate.rows_once(self.calls).await;
        rows.last().unwrap().clone()
    }

    async fn answer(&self, mut client: Wire, then: Then) {
        if matches!(then, Then::Down) {
            return assert!(client.head().await.starts_with("HTTP/1.1 502"));
        }
        let mut server = self.upstream.accept().await;
        server.head().await;
        match then {
            Then::Close(text) => {
                server.send(&text).await;
                drop(server);
                client.rest().await;
            }
            Then::Reset(text) => {
                server.send(&text).await;
                client.head().await;
                client.line().await;
                server.reset();
                client.rest().await;
            }
            Then::ClientLeaves(text) => {
                if !text.is_empty() {
                    server.send(&text).await;
                    client.head().await;
                    client.line().await;
                }
                drop(client);
                soon(server.rest()).await;
            }
            Then::Silence(text) => {
                server.send(&text).await;
                client.rest().await;
            }
            Then::Down => {}
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_row_says_how_a_call_ended() {
    let mut stage = Stage::set().await;
    for (name, asked, then, expected) in ends() {
        let row = stage.play(asked, then).await;
        check_row(name, &row, &expected);
    }
    let text = stage.tollgate.ask("/metrics").await;
    let calls = stage.calls;
    for expected in [
        "tollgate_calls_in_flight{upstream=\"openai\"} 0".to_owned(),
        format!("tollgate_overhead_seconds_count{{stage=\"request\"}} {calls}"),
    ] {
        assert!(text.contains(&expected), "{expected} is not in\n{text}");
    }
    let confirmed = "tollgate_overhead_seconds_count{stage=\"confirm\"} ";
    assert!(!text.contains(&format!("{confirmed}0\n")), "nobody waited");
}

type End = (&'static str, &'static str, Then, Value);

fn ends() -> impl Iterator<Item = End> {
    whole()
        .into_iter()
        .chain(unread())
        .chain(broken())
        .chain(bodiless())
}

/// Answers that came to their end.
fn whole() -> Vec<End> {
    let done = format!("{DELTA}data: {USAGE}\n\ndata: [DONE]\n\n");
    let refused = r#"{"error":{"message":"no such model"}}"#;
    let length = format!("content-length: {}", refused.len());
    vec![
        (
            "unary",
            CHAT,
            Then::Close(ok(USAGE)),
            json!({"end": "complete", "complete": true, "status": 200, "stream": false, "source": "reported",
                "pricing": "priced", "input_tokens": 7, "output_tokens": 1, "flags": []}),
        ),
        (
            "stream",
            CHAT,
            Then::Close(stream(&done)),
            json!({"end": "complete", "complete": true, "status": 200, "stream": true, "source": "reported",
                "pricing": "priced", "model": "gpt-4o-2024-08-06", "flags": []}),
        ),
        (
            "an error in a stream",
            CHAT,
            Then::Close(stream(&format!("{DELTA}{ERROR}"))),
            json!({"end": "complete", "complete": false, "source": "unknown", "pricing": "unpriced",
                "flags": ["error_in_stream"]}),
        ),
        (
            "refused",
            CHAT,
            Then::Close(answer("404 Not Found", &length, refused)),
            json!({"end": "complete", "status": 404, "source": null, "pricing": "free", "cost_usd": null}),
        ),
        (
            "refused without a body",
            CHAT,
            Then::Close(answer("429 Too Many Requests", "content-length: 0", "")),
            json!({"end": "complete", "status": 429, "source": null, "pricing": "free", "flags": []}),
        ),
        (
            "listing",
            "GET /v1/models",
            Then::Close(ok("{}")),
            json!({"end": "complete", "complete": true, "source": null, "pricing": "free"}),
        ),
    ]
}

/// Answers that are billed and not read.
fn unread() -> Vec<End> {
    let zipped = "content-encoding: gzip\r\ncontent-length: 4";
    let zipped_stream = format!("content-encoding: gzip\r\n{SSE}");
    vec![
        (
            "compressed",
            CHAT,
            Then::Close(answer("200 OK", zipped, "gzip")),
            json!({"end": "complete", "complete": true, "stream": false, "source": "unknown",
                "pricing": "unpriced", "model_requested": "gpt-4o", "flags": ["compressed"]}),
        ),
        (
            "compressed stream",
            CHAT,
            Then::Close(answer("200 OK", &zipped_stream, "gzip")),
            json!({"end": "complete", "stream": true, "source": "unknown", "flags": ["compressed"]}),
        ),
        (
            "unread operation",
            "POST /v1/embeddings",
            Then::Close(ok(USAGE)),
            json!({"end": "complete", "complete": true, "source": "unknown", "pricing": "unpriced",
                "input_tokens": null, "model": "gpt-4o-2024-08-06", "flags": ["unread_operation"]}),
        ),
        (
            "unread stream",
            "POST /v1/responses",
            Then::Close(stream(DELTA)),
            json!({"end": "complete", "complete": true, "stream": true, "flags": ["unread_operation"]}),
        ),
    ]
}

/// Answers that did not come to their end.
fn broken() -> Vec<End> {
    let cut = answer("200 OK", "content-length: 900", "{\"id\":\"c1\"\r\n");
    vec![
        (
            "client gone in a stream",
            CHAT,
            Then::ClientLeaves(stream(&DELTA.replace('\n', "\r\n"))),
            json!({"end": "client_gone", "complete": false, "status": 200, "stream": true,
                "source": "unknown", "pricing": "unpriced", "flags": ["aborted"]}),
        ),
        (
            "client gone in a reported stream",
            MESSAGES,
            Then::ClientLeaves(stream(&START.replace('\n', "\r\n"))),
            json!({"end": "client_gone", "source": "partial", "input_tokens": 25, "flags": ["aborted"]}),
        ),
        (
            "client gone before headers",
            CHAT,
            Then::ClientLeaves(String::new()),
            json!({"end": "client_gone", "complete": false, "status": null, "source": "unknown",
                "pricing": "unpriced", "model_requested": "gpt-4o", "flags": ["provider_may_bill"]}),
        ),
        (
            "upstream reset in a stream",
            CHAT,
            Then::Reset(stream(&DELTA.replace('\n', "\r\n"))),
            json!({"end": "upstream_failed", "status": 200, "source": "unknown", "flags": ["aborted"]}),
        ),
        (
            "upstream reset in a body",
            CHAT,
            Then::Reset(cut),
            json!({"end": "upstream_failed", "complete": false, "source": "unknown", "flags": ["aborted"]}),
        ),
        (
            "upstream closes before headers",
            CHAT,
            Then::Close(String::new()),
            json!({"end": "upstream_failed", "status": null, "source": "unknown", "flags": ["provider_may_bill"]}),
        ),
        (
            "header timeout",
            "POST /hasty/v1/chat/completions",
            Then::Silence(String::new()),
            json!({"end": "timeout", "status": null, "source": "unknown", "flags": ["provider_may_bill"]}),
        ),
        (
            "idle timeout",
            "POST /hasty/v1/chat/completions",
            Then::Silence(stream(DELTA)),
            json!({"end": "timeout", "status": 200, "source": "unknown", "flags": ["aborted"]}),
        ),
        (
            "connect refused",
            "POST /down/v1/chat/completions",
            Then::Down,
            json!({"end": "upstream_failed", "status": null, "source": null, "pricing": "free", "flags": []}),
        ),
    ]
}

/// Answers that cannot have a body.
fn bodiless() -> Vec<End> {
    let said = |status| Then::Close(answer(status, "x-request-id: q", ""));
    let long = "content-length: 7\r\nx-request-id: q";
    vec![
        (
            "HEAD",
            "HEAD /v1/models",
            Then::Close(answer("200 OK", long, "")),
            json!({"end": "complete", "status": 200, "pricing": "free", "request_id": "q", "flags": []}),
        ),
        (
            "204",
            CHAT,
            said("204 No Content"),
            json!({"end": "complete", "status": 204, "source": "unknown", "flags": []}),
        ),
        (
            "304",
            CHAT,
            said("304 Not Modified"),
            json!({"end": "complete", "status": 304, "source": null, "pricing": "free", "flags": []}),
        ),
    ]
}
