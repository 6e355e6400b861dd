//! A stream that is cut has no usage, or only its beginning: what came is counted from its text.
//!
//! Verified by breaking it: with every model's output taken for a running total, a Llama's count is
//! a count of ours.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bpe_openai::o200k_base;
use serde_json::{Value, json};

use super::frames::event;
use crate::support::client::{Client, post};
use crate::support::rows::Rows;
use crate::support::tollgate::Home;
use crate::support::upstream::{Script, Then, Upstream};

const EVENTS: &[(&str, &str)] = &[("content-type", "application/vnd.amazon.eventstream")];
const ASKED: &str = r#"{"messages":[{"role":"user","content":[{"text":"Where is the toll?"}]}]}"#;
const SAID: &str = "The toll is taken at the gate, once for each cart and its load, and the keeper \
                    writes it down before the bar goes up. ";

/// The row of a stream that is cut behind these events, which reach the client as they are.
async fn row(path: &str, events: Vec<Vec<u8>>) -> Value {
    let sent = events.concat();
    let upstream = Upstream::start(move |_| {
        let parts: Vec<&[u8]> = events.iter().map(Vec::as_slice).collect();
        Script::unended(200, EVENTS, &parts).then(Then::Close)
    })
    .await;
    // A bare path of Bedrock's goes to the one upstream that speaks it.
    let home = Home::new(&format!(
        "[upstreams.openai]\nformat = \"openai\"\nbase_url = \"http://127.0.0.1:9\"\n\
         [upstreams.bedrock]\nformat = \"bedrock\"\nbase_url = \"{}\"\n",
        upstream.base_url()
    ));
    let tollgate = home.serve().await;
    let asked = post(path, ASKED);
    let answer = Client::new(tollgate.traffic).send(asked).await.unwrap();
    assert_eq!(answer.body, sent, "the answer changed");
    assert!(answer.broken.is_some(), "the client must see the break");
    let rows = Rows::settled(&home, &tollgate, 1).await;
    rows.iter().next().unwrap().clone()
}

fn counted(text: &str) -> u64 {
    o200k_base().count(text).try_into().unwrap()
}

fn said(times: usize) -> impl Iterator<Item = &'static str> {
    std::iter::repeat_n(SAID, times)
}

/// An event of an invoked model.
fn chunk(payload: &Value) -> Vec<u8> {
    let bytes = STANDARD.encode(payload.to_string());
    event("chunk", &json!({"bytes": bytes, "p": "abcd"}).to_string())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cut_stream_of_converse_is_counted() {
    let delta = |text: &str| {
        let payload = json!({"contentBlockIndex": 0, "delta": {"text": text}, "p": "ab"});
        event("contentBlockDelta", &payload.to_string())
    };
    let mut events = vec![event("messageStart", r#"{"role":"assistant"}"#)];
    events.extend(said(20).map(delta));
    let row = row("/model/openai.gpt-oss-120b-1%3A0/converse-stream", events).await;
    assert_eq!(row["source"], "counted", "{row}");
    assert_eq!(row["complete"], false, "{row}");
    assert_eq!(row["output_tokens"], counted(&SAID.repeat(20)), "{row}");
    assert!(row["input_tokens"].as_u64() >= Some(5), "{row}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cut_stream_of_an_invoked_claude_has_its_input_and_what_came() {
    let start = json!({"type": "message_start", "message": {"id": "m", "model": "claude-sonnet-4",
        "usage": {"input_tokens": 25, "output_tokens": 1}}});
    let delta = |text: &str| {
        chunk(&json!({"type": "content_block_delta", "index": 0,
            "delta": {"type": "text_delta", "text": text}}))
    };
    let mut events = vec![chunk(&start)];
    events.extend(said(20).map(delta));
    let path = "/model/us.anthropic.claude-sonnet-4-20250514-v1%3A0/invoke-with-response-stream";
    let row = row(path, events).await;
    assert_eq!(row["source"], "partial", "{row}");
    assert_eq!(row["input_tokens"], 25, "{row}");
    // Nobody but its vendor counts a Claude exactly.
    let (found, near) = (
        row["output_tokens"].as_u64().unwrap(),
        counted(&SAID.repeat(20)),
    );
    assert!((near..=near * 3 / 2).contains(&found), "{found} of {near}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cut_stream_that_counts_as_it_goes_has_its_own_count() {
    // Shorter by its own count than by any other.
    let delta = |(i, text): (usize, &str)| {
        chunk(
            &json!({"generation": text, "prompt_token_count": (i == 0).then_some(9),
            "generation_token_count": i + 1, "stop_reason": null}),
        )
    };
    let events = said(5).enumerate().map(delta).collect();
    let path = "/model/meta.llama3-1-8b-instruct-v1%3A0/invoke-with-response-stream";
    let row = row(path, events).await;
    assert_eq!(row["source"], "partial", "{row}");
    assert_eq!(row["input_tokens"], 9, "{row}");
    assert_eq!(row["output_tokens"], 5, "{row}");
}
