//! The ends of calls, and what their rows say.

use serde_json::{Value, json};

use super::Then;

const CHAT: &str = "POST /v1/chat/completions";
const MESSAGES: &str = "POST /messages/v1/messages";
const USAGE: &str = r#"{"id":"c1","model":"gpt-4o-2024-08-06","choices":[{"finish_reason":"stop"}],"usage":{"prompt_tokens":7,"completion_tokens":1,"total_tokens":8}}"#;
const DELTA: &str = "data: {\"id\":\"c1\",\"model\":\"gpt-4o-2024-08-06\",\"choices\":[{\"delta\":{\"content\":\"yes\"}}]}\n\n";
const ERROR: &str = "data: {\"error\":{\"message\":\"no\",\"type\":\"server_error\"}}\n\n";
const START: &str = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m1\",\"model\":\"claude-sonnet-4-5-20250929\",\"usage\":{\"input_tokens\":25,\"output_tokens\":1}}}\n\n";
const OVERLOADED: &str = "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n";
const SSE: &str = "content-type: text/event-stream";

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

pub(super) type End = (&'static str, &'static str, Then, Value);

pub(super) fn ends() -> impl Iterator<Item = End> {
    whole()
        .into_iter()
        .chain(errors())
        .chain(refused())
        .chain(unread())
        .chain(broken())
        .chain(late())
        .chain(bodiless())
}

/// Answers that came to their end.
fn whole() -> Vec<End> {
    let done = format!("{DELTA}data: {USAGE}\n\ndata: [DONE]\n\n");
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
            "listing",
            "GET /v1/models",
            Then::Close(ok("{}")),
            json!({"end": "complete", "complete": true, "source": null, "pricing": "free"}),
        ),
    ]
}

/// Answers that are billed and not read.
fn unread() -> Vec<End> {
    let coded = "content-encoding: compress\r\ncontent-length: 4";
    let coded_stream = format!("content-encoding: compress\r\n{SSE}");
    let damaged = "content-encoding: gzip\r\ncontent-length: 4";
    vec![
        (
            "in a coding that is not known",
            CHAT,
            Then::Close(answer("200 OK", coded, "lzw!")),
            json!({"end": "complete", "complete": true, "stream": false, "source": "unknown",
                "pricing": "unpriced", "model_requested": "gpt-4o", "flags": ["compressed"]}),
        ),
        (
            "stream in a coding that is not known",
            CHAT,
            Then::Close(answer("200 OK", &coded_stream, "lzw!")),
            json!({"end": "complete", "stream": true, "source": "unknown", "flags": ["compressed"]}),
        ),
        (
            "not of its coding",
            CHAT,
            Then::Close(answer("200 OK", damaged, "zip?")),
            json!({"end": "complete", "complete": false, "stream": false, "source": "unknown",
                "pricing": "unpriced", "flags": ["malformed"]}),
        ),
        (
            "unread operation",
            "POST /v1/videos",
            Then::Close(ok(USAGE)),
            json!({"end": "complete", "complete": true, "source": "unknown", "pricing": "unpriced",
                "input_tokens": null, "model": "gpt-4o-2024-08-06", "flags": ["unread_operation"]}),
        ),
        (
            "unread stream",
            "POST /v1/evals/e/runs",
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

/// Errors inside of streams that began well.
fn errors() -> Vec<End> {
    vec![
        (
            "an error in a stream",
            CHAT,
            Then::Close(stream(&format!("{DELTA}{ERROR}"))),
            json!({"end": "complete", "complete": false, "source": "unknown", "pricing": "unpriced",
                "flags": ["error_in_stream"]}),
        ),
        (
            "an error as a stream's last word",
            CHAT,
            Then::Close(stream(&format!("{DELTA}{ERROR}data: [DONE]\n\n"))),
            json!({"end": "complete", "complete": true, "source": "unknown", "pricing": "unpriced",
                "flags": ["error_in_stream"]}),
        ),
        (
            "an error in a stream that has reported its input",
            MESSAGES,
            Then::Close(stream(&format!("{START}{OVERLOADED}"))),
            json!({"end": "complete", "complete": false, "status": 200, "source": "partial",
                "pricing": "priced", "input_tokens": 25, "flags": ["error_in_stream"]}),
        ),
    ]
}

/// Answers that say no.
fn refused() -> Vec<End> {
    let refused = r#"{"error":{"message":"no such model"}}"#;
    let length = format!("content-length: {}", refused.len());
    let usage_length = format!("content-length: {}", USAGE.len());
    vec![
        (
            "refused with usage",
            CHAT,
            Then::Close(answer("400 Bad Request", &usage_length, USAGE)),
            json!({"end": "complete", "status": 400, "source": "reported", "pricing": "priced",
                "input_tokens": 7}),
        ),
        (
            "failed with usage",
            CHAT,
            Then::Close(answer("500 Internal Server Error", &usage_length, USAGE)),
            json!({"end": "complete", "status": 500, "source": "reported", "pricing": "priced"}),
        ),
        (
            "failed without usage",
            CHAT,
            Then::Close(answer("503 Service Unavailable", &length, refused)),
            json!({"end": "complete", "status": 503, "source": null, "pricing": "free", "flags": []}),
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
    ]
}

/// Upstreams that fall silent.
fn late() -> Vec<End> {
    vec![
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
            "idle timeout in a body",
            "POST /hasty/v1/chat/completions",
            Then::Silence(answer("200 OK", "content-length: 900", "{\"id\":\"c1\"")),
            json!({"end": "timeout", "complete": false, "status": 200, "source": "unknown",
                "pricing": "unpriced", "flags": ["aborted"]}),
        ),
        (
            "idle timeout in a reported stream",
            "POST /hasty-messages/v1/messages",
            Then::Silence(stream(START)),
            json!({"end": "timeout", "status": 200, "source": "partial", "pricing": "priced",
                "input_tokens": 25, "flags": ["aborted"]}),
        ),
    ]
}
