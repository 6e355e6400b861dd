//! What could not be read is listed by kind, with a call to look at and nothing of anybody's.

use serde_json::{Value, json};

use super::{EVENTS, JSON, Stage};

const USAGE: &[u8] = br#"{"id":"x","usage":{"prompt_tokens":9,"total_tokens":9}}"#;

/// What is said, without times.
async fn unknown(stage: &Stage) -> Vec<Value> {
    let said = stage.tollgate.ask("/api/v1/unknown").await;
    let mut said: Value = serde_json::from_str(&said).unwrap();
    assert!(said["since"].is_string(), "{said}");
    let kinds = said["unknown"].as_array_mut().unwrap();
    for kind in kinds.iter_mut() {
        let kind = kind.as_object_mut().unwrap();
        let first = kind.remove("first_seen").unwrap();
        assert!(first.as_str() <= kind.remove("last_seen").unwrap().as_str());
    }
    std::mem::take(kinds)
}

/// A kind of one call: its path, operation and reason.
fn kind(row: &Value, path: &str, operation: &str, reason: &str) -> Value {
    json!({"upstream": row["upstream"], "method": "POST", "path": path, "operation": operation,
        "reason": reason, "calls": 1, "last_call_id": row["call_id"]})
}

#[tokio::test]
async fn what_could_not_be_read_is_listed_by_kind() {
    let mut stage = Stage::set().await;
    assert!(unknown(&stage).await.is_empty());
    let chat = "/openai/openai/deployments/ours/chat/completions?key=secret";
    let exi = format!("{JSON}content-encoding: exi\r\n");
    let mut expected = Vec::new();
    for (asked, labels, answer, path, operation, reason) in [
        (
            "/v1/embeddings",
            JSON,
            br#"{"data":[]}"#.as_slice(),
            "/v1/embeddings",
            "embeddings",
            "no_usage",
        ),
        (
            "/v1/frobnicate/f-123?key=secret",
            JSON,
            USAGE,
            "/v1/frobnicate/{id}",
            "other",
            "unknown_path",
        ),
        (
            "/v1/frobnicate/streams",
            EVENTS,
            b"data: {\"response\":{\"usage\":{\"input_tokens\":1}}}\n\n",
            "/v1/frobnicate/streams",
            "other",
            "unknown_path",
        ),
        (
            chat,
            JSON,
            b"oops",
            "/openai/deployments/{id}/chat/completions",
            "chat",
            "malformed",
        ),
        (
            chat,
            exi.as_str(),
            b"oops",
            "/openai/deployments/{id}/chat/completions",
            "chat",
            "coding",
        ),
        (
            "/v1/videos",
            JSON,
            br#"{"id":"video_1"}"#,
            "/v1/videos",
            "video_generation",
            "unread_operation",
        ),
    ] {
        let row = stage.play(asked, "{}", labels, answer).await;
        expected.push(kind(&row, path, operation, reason));
    }
    let mut found = unknown(&stage).await;
    let order = |kind: &Value| (kind["path"].to_string(), kind["reason"].to_string());
    found.sort_by_key(order);
    expected.sort_by_key(order);
    assert_eq!(found, expected);
}

#[tokio::test]
async fn calls_of_one_kind_are_counted_and_the_most_frequent_come_first() {
    let mut stage = Stage::set().await;
    stage
        .play("/v1/embeddings", "{}", JSON, br#"{"data":[]}"#)
        .await;
    for id in ["a1", "b2"] {
        let path = format!("/v1/new/{id}");
        stage.play(&path, "{}", JSON, USAGE).await;
    }
    let found = unknown(&stage).await;
    let counts: Vec<_> = found
        .iter()
        .map(|kind| (kind["path"].clone(), kind["calls"].clone()))
        .collect();
    let expected = [
        (json!("/v1/new/{id}"), json!(2)),
        (json!("/v1/embeddings"), json!(1)),
    ];
    assert_eq!(counts, expected);
}

#[tokio::test]
async fn what_is_read_or_free_or_refused_is_not_listed() {
    let mut stage = Stage::set().await;
    stage.play("/v1/embeddings", "{}", JSON, USAGE).await;
    for free in ["/v1/moderations", "/v1/files", "/v1/messages/count_tokens"] {
        let answer = br#"{"input_tokens":7,"usage":null}"#;
        stage.play(free, "{}", JSON, answer).await;
    }
    // Nobody hears what sound says.
    stage
        .play("/v1/new", "{}", "content-type: audio/mpeg\r\n", USAGE)
        .await;
    stage.status = 400;
    stage.play("/v1/new", "{}", JSON, USAGE).await;
    stage
        .play("/v1/chat/completions", "{}", JSON, b"oops")
        .await;
    assert!(unknown(&stage).await.is_empty());
}
