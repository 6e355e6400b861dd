//! A transcript is text where its label says so, whatever it begins with.

use serde_json::json;

use super::{EVENTS, JSON, Stage};
use crate::support::house::check_row;

const PATH: &str = "/v1/audio/transcriptions";

/// A form as SDKs send it, with a field more.
fn form(field: &str, value: &str) -> String {
    let part = |name: &str, value: &str| {
        format!("--b\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let (model, field) = (part("model", "whisper-1"), part(field, value));
    format!("{model}{field}--b--\r\n")
}

const TEXT: &str = "content-type: text/plain; charset=utf-8\r\n";
const STREAM: &[u8] = b"data: {\"type\":\"transcript.text.delta\",\"delta\":\"I\"}\n\ndata: {\"type\":\"transcript.text.done\",\"text\":\"I\",\"usage\":{\"type\":\"tokens\",\"input_tokens\":14,\"output_tokens\":45,\"total_tokens\":59}}\n\n";

#[tokio::test]
async fn a_transcript_is_text_whatever_it_begins_with() {
    let mut stage = Stage::set().await;
    let whole = json!({"stream": false, "complete": true, "end": "complete", "source": "unknown",
        "ttft_ms": null, "pricing": "unpriced", "flags": []});
    for said in [
        "data is what we speak of",
        "event: the same",
        "id est",
        "retry: no",
        ": so they say",
        "[Music]",
        "WEBVTT\n\n00:00.000 --> 00:01.000\nHello",
    ] {
        for labels in [TEXT, "content-type: text/vtt\r\n"] {
            let asked = form("response_format", "text");
            let row = stage.play(PATH, &asked, labels, said.as_bytes()).await;
            check_row(said, &row, &whole);
        }
    }
    // whisper-1 does not stream, whatever it is asked.
    let asked = form("stream", "true");
    let row = stage.play(PATH, &asked, TEXT, b"data is all").await;
    check_row("asked for a stream", &row, &whole);
}

#[tokio::test]
async fn a_stream_of_a_transcript_is_read_where_its_label_or_its_client_says_so() {
    let mut stage = Stage::set().await;
    let reported = json!({"stream": true, "complete": true, "source": "reported",
        "input_tokens": 14, "output_tokens": 45});
    for (field, labels) in [
        ("stream", EVENTS),
        ("stream", JSON),
        ("stream", ""),
        ("prompt", EVENTS),
    ] {
        let row = stage.play(PATH, &form(field, "true"), labels, STREAM).await;
        check_row(labels, &row, &reported);
    }
}
