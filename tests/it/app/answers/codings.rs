//! Content codings that are not named, wrongly named or not known: the bytes pass, nothing is
//! guessed, and the row says why it does not know.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;

use super::{EVENTS, JSON, Stage};
use crate::support::house::check_row;

const CHAT: &str = "/v1/chat/completions";
const MESSAGES: &str = "/v1/messages";
const ANSWER: &[u8] = br#"{"id":"c","model":"gpt-4o-2024-08-06","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":1,"total_tokens":10}}"#;
const STREAM: &[u8] = b"data: {\"id\":\"c\",\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":1}}\n\ndata: [DONE]\n\n";

fn zipped(body: &[u8]) -> Vec<u8> {
    let mut zip = GzEncoder::new(Vec::new(), Compression::default());
    zip.write_all(body).unwrap();
    zip.finish().unwrap()
}

/// The row of an answer, labelled so.
async fn check(path: &str, labels: &str, answer: &[u8], flags: &[&str]) {
    let mut stage = Stage::set().await;
    let model = if path == MESSAGES {
        "claude-sonnet-4-5"
    } else {
        "gpt-4o"
    };
    let asked = format!(r#"{{"model":"{model}"}}"#);
    let row = stage.play(path, &asked, labels, answer).await;
    let unknown = json!({"source": "unknown", "pricing": "unpriced", "input_tokens": null,
        "end": "complete", "flags": flags});
    check_row(&format!("{path}: {labels}"), &row, &unknown);
}

#[tokio::test]
async fn a_coding_that_is_not_named_is_not_guessed() {
    for (labels, body) in [(JSON, ANSWER), (EVENTS, STREAM)] {
        for path in [CHAT, MESSAGES, "/v1/responses"] {
            check(path, labels, &zipped(body), &["malformed"]).await;
        }
    }
}

#[tokio::test]
async fn a_coding_that_is_named_and_is_not_there_is_malformed() {
    for coding in ["gzip", "deflate", "br", "zstd"] {
        let labels = format!("{JSON}content-encoding: {coding}\r\n");
        check(CHAT, &labels, ANSWER, &["malformed"]).await;
    }
    let labels = format!("{JSON}content-encoding: br\r\n");
    check(CHAT, &labels, &zipped(ANSWER), &["malformed"]).await;
}

#[tokio::test]
async fn a_coding_that_is_not_known_is_left() {
    for coding in ["compress", "gzip, gzip, gzip", "aes128gcm"] {
        let labels = format!("{JSON}content-encoding: {coding}\r\n");
        check(CHAT, &labels, ANSWER, &["compressed"]).await;
    }
}
