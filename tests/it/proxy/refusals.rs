//! Answers of our own: in the shape of the API that was called, and they say what to do.

use serde_json::Value;
use tollgate::proxy::Settings;
use tollgate::wire::WireFormat;

use crate::support::wire::header;
use crate::support::{Running, settings, upstream, upstream_of};

/// Nobody listens there.
const NOWHERE: &str = "http://127.0.0.1:9";

/// Sends a head to a proxy with two upstreams that are not there; gives head and body.
async fn refused(request: &str) -> (String, Value) {
    let two = Settings {
        upstreams: vec![
            upstream("openai", NOWHERE),
            upstream_of(WireFormat::Anthropic, "claude", NOWHERE),
        ],
        default_upstream: None,
        ..settings(NOWHERE)
    };
    let proxy = Running::start(two).await;
    let mut client = proxy.connect().await;
    client.send(format!("{request}\r\nhost: x\r\n\r\n")).await;
    let head = client.head().await;
    assert_eq!(header(&head, "content-type"), Some("application/json"));
    header(&head, "x-tollgate-call-id")
        .unwrap()
        .parse::<uuid::Uuid>()
        .unwrap();
    let len = header(&head, "content-length").unwrap().parse().unwrap();
    let body = serde_json::from_slice(&client.exactly(len).await).unwrap();
    (head, body)
}

async fn check_openai(request: &str, status: &str, reason: &str, says: &str) {
    let (head, body) = refused(request).await;
    assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
    assert_eq!(header(&head, "x-tollgate-error"), Some(reason));
    let error = &body["error"];
    assert_eq!(error["code"], reason);
    assert_eq!(error["param"], Value::Null);
    let kind = if status.starts_with('4') {
        "invalid_request_error"
    } else {
        "server_error"
    };
    assert_eq!(error["type"], kind);
    let message = error["message"].as_str().unwrap();
    assert!(message.contains(says), "{message:?} does not say {says:?}");
}

async fn check_anthropic(request: &str, status: &str, reason: &str, kind: &str) {
    let (head, body) = refused(request).await;
    assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
    assert_eq!(header(&head, "x-tollgate-error"), Some(reason));
    assert_eq!(body["type"], "error");
    assert_eq!(body["error"]["type"], kind);
    assert!(
        body["error"]["message"]
            .as_str()
            .unwrap()
            .starts_with("tollgate: ")
    );
}

#[tokio::test]
async fn a_path_without_an_upstream_names_those_there_are() {
    check_openai(
        "GET /v1/models HTTP/1.1",
        "404",
        "no_route",
        "/claude/, /openai/",
    )
    .await;
    let google = "POST /v1beta/models/m:generateContent HTTP/1.1";
    let (_, body) = refused(google).await;
    assert_eq!(body["error"]["status"], "NOT_FOUND", "{body}");
}

#[tokio::test]
async fn an_upstream_that_is_not_there_is_named_with_the_cause() {
    let (reason, says) = ("upstream_unreachable", "upstream openai cannot be reached");
    check_openai("GET /openai/v1/models HTTP/1.1", "502", reason, says).await;
    check_openai("GET /openai/v1/models HTTP/1.1", "502", reason, "refused").await;
    check_anthropic(
        "POST /claude/v1/messages HTTP/1.1",
        "502",
        reason,
        "api_error",
    )
    .await;
}

#[tokio::test]
async fn the_path_says_in_whose_shape_whatever_the_upstream_speaks() {
    let reason = "upstream_unreachable";
    check_anthropic(
        "POST /openai/anthropic/v1/messages HTTP/1.1",
        "502",
        reason,
        "api_error",
    )
    .await;
    let says = "upstream claude cannot be reached";
    let completions = "POST /claude/v1/chat/completions HTTP/1.1";
    check_openai(completions, "502", reason, says).await;
}

#[tokio::test]
async fn bedrock_gets_an_error_as_its_own() {
    for (request, kind) in [
        (
            "POST /model/m/converse HTTP/1.1",
            "ResourceNotFoundException",
        ),
        (
            "POST /openai/model/m/invoke HTTP/1.1",
            "InternalServerException",
        ),
    ] {
        let (_, body) = refused(request).await;
        assert_eq!(body["__type"], kind, "{body}");
        let message = body["message"].as_str().unwrap();
        assert!(message.starts_with("tollgate: "), "{message}");
    }
}

#[tokio::test]
async fn connect_is_refused_by_name() {
    let says = "reverse proxy";
    check_openai(
        "CONNECT api.openai.com:443 HTTP/1.1",
        "405",
        "connect_refused",
        says,
    )
    .await;
}

#[tokio::test]
async fn a_target_without_a_path_is_a_400() {
    check_openai("OPTIONS * HTTP/1.1", "400", "bad_target", "names no path").await;
}
