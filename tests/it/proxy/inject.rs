//! A stream whose client did not ask for its usage is metered exactly, and its client sees no
//! difference.

mod held;
mod http2;
mod refused;

use serde_json::{Value, json};
use tollgate::journal::FrameKind;
use tollgate::proxy::{InjectUsage, Settings};

use crate::support::house::check_row;
use crate::support::wire::{Wire, header};
use crate::support::{Call, Running, soon};

const SSE: &str =
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
const TEXT: &str = "data: {\"id\":\"c\",\"model\":\"gpt-4o-2024-08-06\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"hi\"},\"finish_reason\":\"stop\"}]}\n\n";
const USAGE: &str = "data: {\"id\":\"c\",\"model\":\"gpt-4o-2024-08-06\",\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":1,\"total_tokens\":10}}\n\n";
const DONE: &str = "data: [DONE]\n\n";

const ASKS_NOTHING: &str = r#"{"model":"gpt-4o","stream":true}"#;
const ASKS_NOTHING_ASKED: &str =
    r#"{"stream_options":{"include_usage":true},"model":"gpt-4o","stream":true}"#;

/// A request as an SDK sends it.
fn post(body: &str) -> String {
    let length = body.len();
    format!(
        "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAccept: application/json\r\n\
         Accept-Encoding: gzip, deflate\r\nContent-Type: application/json\r\nX-Own: 1\r\n\
         Content-Length: {length}\r\nAuthorization: Bearer k\r\n\r\n{body}"
    )
}

fn asked_by(mode: InjectUsage) -> impl FnOnce(&mut Settings) {
    move |settings| settings.upstreams[0].inject_usage = mode
}

/// The request's body as the upstream gets it.
async fn sent(head: &str, server: &mut Wire) -> String {
    let bytes = match header(head, "Content-Length").or(header(head, "content-length")) {
        Some(length) => server.exactly(length.parse().unwrap()).await,
        None => server.chunked().await,
    };
    String::from_utf8(bytes).unwrap()
}

/// The records of the calls that are over, as they were written.
fn records(proxy: &Running) -> Vec<Value> {
    let frames = proxy.frames().into_iter();
    let ends = frames.filter(|frame| frame.kind == FrameKind::End);
    ends.map(|frame| serde_json::from_slice(&frame.body).unwrap())
        .collect()
}

/// The upstream streams its answer as OpenAI does; gives what the client reads.
async fn streamed(call: &mut Call, with_usage: bool) -> String {
    call.server.send(SSE).await;
    let usage = with_usage.then_some(USAGE);
    for event in [Some(TEXT), usage, Some(DONE)].into_iter().flatten() {
        call.server.send_chunk(event).await;
    }
    call.server.send("0\r\n\r\n").await;
    call.client.head().await;
    String::from_utf8(call.client.chunked().await).unwrap()
}

/// A client says `body`, the upstream gets `expected`; its client's bytes are those of a run without
/// tollgate, and the call is reported where the upstream was asked.
async fn check(mode: InjectUsage, body: &str, expected: &str) {
    let what = format!("{mode:?}: {body}");
    let mut call = Call::within(asked_by(mode), post(body)).await;
    let head = call.head.clone();
    let got = sent(&head, &mut call.server).await;
    assert_eq!(got, expected, "{what}");
    let asks = |body: &str| {
        serde_json::from_str::<Value>(body).unwrap()["stream_options"]["include_usage"] == true
    };
    let read = streamed(&mut call, asks(&got)).await;
    let direct = if asks(body) { USAGE } else { "" };
    assert_eq!(read, format!("{TEXT}{direct}{DONE}"), "{what}");
    let [record] = records(&call.proxy).try_into().unwrap();
    let source = if asks(&got) { "reported" } else { "unknown" };
    let expected =
        json!({"source": source, "end": "complete", "complete": true, "attempt_of": null});
    check_row(&what, &record, &expected);
    if asks(&got) {
        check_row(
            &what,
            &record,
            &json!({"input_tokens": 9, "output_tokens": 1}),
        );
    }
    let is_injected = asks(&got) && !asks(body);
    let counted = call.proxy.counts.in_flight.asked();
    assert_eq!(counted, ["injected"][..usize::from(is_injected)], "{what}");
}

#[tokio::test]
async fn a_stream_is_reported_whatever_its_client_says_of_usage() {
    for (body, asked) in [
        (ASKS_NOTHING, ASKS_NOTHING_ASKED),
        (
            r#"{"stream":true,"stream_options":{"include_usage":false}}"#,
            r#"{"stream":true,"stream_options":{"include_usage":true}}"#,
        ),
        (
            r#"{"stream":true,"stream_options":{"include_obfuscation":false}}"#,
            r#"{"stream":true,"stream_options":{"include_usage":true,"include_obfuscation":false}}"#,
        ),
        (
            r#"{"stream":true, "stream_options": {"include_usage": true}}"#,
            r#"{"stream":true, "stream_options": {"include_usage": true}}"#,
        ),
    ] {
        check(InjectUsage::Auto, body, asked).await;
        check(InjectUsage::Always, body, asked).await;
        check(InjectUsage::Never, body, body).await;
    }
}

#[tokio::test]
async fn nothing_but_the_question_and_what_it_needs_changes_in_a_request() {
    let call = Call::begin(post(ASKS_NOTHING)).await;
    let length = ASKS_NOTHING_ASKED.len();
    let upstream = call.upstream.addr();
    let expected = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nHost: {upstream}\r\nAccept: application/json\r\n\
         Accept-Encoding: identity\r\nContent-Type: application/json\r\nX-Own: 1\r\n\
         Content-Length: {length}\r\nAuthorization: Bearer k"
    );
    assert_eq!(call.head, expected);
}

#[tokio::test]
async fn legacy_completions_are_asked_too() {
    let chat = post(r#"{"stream":true,"prompt":"x"}"#);
    let mut call = Call::begin(chat.replace("/chat/", "/")).await;
    let head = call.head.clone();
    let got = sent(&head, &mut call.server).await;
    let expected = r#"{"stream_options":{"include_usage":true},"stream":true,"prompt":"x"}"#;
    assert_eq!(got, expected);
    let read = streamed(&mut call, true).await;
    assert_eq!(read, format!("{TEXT}{DONE}"));
}

/// The request reaches the upstream as the client sent it, but for the connection's own headers.
async fn check_left(request: String) {
    let mut call = Call::begin(&request).await;
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let upstream = format!("Host: {}", call.upstream.addr());
    assert_eq!(call.head, head.replace("Host: x", &upstream));
    call.server.expect(body).await;
    let answer = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
    call.server.send(answer).await;
    let head = call.client.head().await;
    assert_eq!(header(&head, "content-length"), Some("2"));
    call.client.expect("{}").await;
    assert!(call.proxy.counts.in_flight.asked().is_empty(), "{request}");
}

#[tokio::test]
async fn other_calls_pass_as_they_are() {
    check_left(post(r#"{"model":"gpt-4o"}"#)).await;
    check_left(post(r#"{"stream":false}"#)).await;
    check_left(post(r#"{"stream":true"#)).await;
    check_left(post("")).await;
    let streams = || post(ASKS_NOTHING);
    check_left(streams().replace("/chat/completions", "/responses")).await;
    check_left(streams().replace("application/json\r\nX", "text/plain\r\nX")).await;
    check_left(streams().replace("X-Own: 1", "Content-Encoding: gzip")).await;
    check_left(streams().replace("Content-Type: application/json\r\n", "")).await;
}

#[tokio::test]
async fn a_body_that_can_be_meant_in_two_ways_is_left_and_counted() {
    let body = r#"{"stream":false,"stream":true}"#;
    let mut call = Call::begin(post(body)).await;
    call.server.expect(body).await;
    assert_eq!(call.proxy.counts.in_flight.asked(), ["in_doubt"]);
}

#[tokio::test]
async fn a_request_whose_headers_vouch_for_its_body_is_left_and_counted() {
    for vouching in [
        "Content-Digest: sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:",
        "Repr-Digest: sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:",
        "Digest: SHA-256=X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=",
        "Content-MD5: Q2hlY2sgSW50ZWdyaXR5IQ==",
        "X-Amz-Content-Sha256: 5fe0",
        "x-ms-content-sha256: 5fe0",
        "Signature: sig1=:5fe0:",
        "Signature-Input: sig1=(\"content-type\")",
        "Authorization: AWS4-HMAC-SHA256 Credential=AKID/20261122/eu-west-1/bedrock/aws4_request",
        "Authorization: TC3-HMAC-SHA256 Credential=AKID/2026-11-22/hunyuan/tc3_request",
    ] {
        let request = post(ASKS_NOTHING).replace("Authorization: Bearer k", vouching);
        let mut call = Call::begin(request).await;
        let head = call.head.clone();
        assert!(head.ends_with(vouching), "{head}");
        assert_eq!(header(&head, "Accept-Encoding"), Some("gzip, deflate"));
        assert_eq!(sent(&head, &mut call.server).await, ASKS_NOTHING);
        assert_eq!(streamed(&mut call, false).await, format!("{TEXT}{DONE}"));
        let counted = call.proxy.counts.in_flight.asked();
        assert_eq!(counted, ["signed"], "{vouching}");
    }
}

#[tokio::test]
async fn a_signed_request_that_lacks_nothing_is_not_counted() {
    for body in [r#"{"model":"gpt-4o"}"#, ASKS_NOTHING_ASKED] {
        let request = post(body).replace("X-Own: 1", "Content-Digest: sha-256=:5fe0:");
        let mut call = Call::begin(request).await;
        call.server.expect(body).await;
        streamed(&mut call, false).await;
        assert!(call.proxy.counts.in_flight.asked().is_empty(), "{body}");
    }
}

#[tokio::test]
async fn an_answer_of_known_length_loses_the_usage_and_its_length() {
    let mut call = Call::begin(post(ASKS_NOTHING)).await;
    call.server.expect(ASKS_NOTHING_ASKED).await;
    let body = [TEXT, USAGE, DONE].concat();
    let length = body.len();
    call.server
        .send(format!(
            "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nx-last: 1\r\n\r\n{body}"
        ))
        .await;
    let head = call.client.head().await;
    assert_eq!(header(&head, "content-length"), None);
    assert_eq!(header(&head, "x-last"), Some("1"));
    let read = call.client.chunked().await;
    assert_eq!(read, [TEXT, DONE].concat().as_bytes());
    let [record] = records(&call.proxy).try_into().unwrap();
    check_row("known length", &record, &json!({"source": "reported"}));
}

#[tokio::test]
async fn an_upstream_that_compresses_unasked_is_not_asked_again() {
    let mut call = Call::begin(post(ASKS_NOTHING)).await;
    call.server.expect(ASKS_NOTHING_ASKED).await;
    call.server
        .send("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\n\r\nzzzz")
        .await;
    let head = call.client.head().await;
    assert_eq!(header(&head, "content-length"), Some("4"));
    call.client.expect("zzzz").await;

    call.client.send(post(ASKS_NOTHING)).await;
    let head = call.server.head().await;
    assert_eq!(header(&head, "Accept-Encoding"), Some("gzip, deflate"));
    call.server.expect(ASKS_NOTHING).await;
    let counted = call.proxy.counts.in_flight.asked();
    assert_eq!(counted, ["compressed", "remembered"]);
}

#[tokio::test]
async fn an_upstream_that_breaks_off_within_the_usage_leaves_the_client_what_came() {
    let mut call = Call::begin(post(ASKS_NOTHING)).await;
    call.server.expect(ASKS_NOTHING_ASKED).await;
    call.server.send(SSE).await;
    call.server.send_chunk(TEXT).await;
    call.client.head().await;
    assert_eq!(call.client.chunk().await, TEXT.as_bytes());
    let begun = &USAGE[..USAGE.len() - 10];
    call.server.send_chunk(begun).await;
    drop(call.server);
    assert_eq!(call.client.chunk().await, begun.as_bytes());
    assert!(soon(call.client.rest()).await.is_empty());
}
