//! Texts that are hard to count, asked and answered: they pass unchanged, are counted off the path
//! while other calls go on, and nothing panics.
//!
//! Verified by breaking it: an engine without segments, and a request kept with its image, fail.

use bpe_openai::o200k_base;
use serde_json::{Value, json};

use super::good_answer;
use crate::support::client::{Body, Client, post};
use crate::support::http1::Request;
use crate::support::rows::Rows;
use crate::support::tollgate::{Home, Tollgate};
use crate::support::upstream::{Script, Upstream};

/// Names the text of a request for its upstream.
const NAME: &str = "x-text";
const PATH: &str = "/v1/chat/completions";
const SSE: &[(&str, &str)] = &[("content-type", "text/event-stream")];
const GPT: &str = "gpt-4o-2024-08-06";
const DONE: &str = "data: [DONE]\n\n";
/// Calls that come and go while the long texts are counted.
const OTHERS: usize = 20;

/// The long ones are told by what they ask.
fn texts() -> Vec<(&'static str, String, String)> {
    let mixed = "a漢Ω\u{301}ب한😀\u{3000}'ſ9/\u{a0}".repeat(100_000);
    vec![
        (
            "one character",
            "a".repeat(5_000_000),
            "b".repeat(3_000_000),
        ),
        (
            "spaces",
            " ".repeat(3_000_000),
            format!("{}x", "\u{3000}".repeat(900_000)),
        ),
        ("scripts", mixed.clone(), mixed),
        ("lines", "\r\n".repeat(1_000_000), "/".repeat(3_000_000)),
    ]
}

async fn stage(
    config: &str,
    play: impl Fn(&Request) -> Script + Send + Sync + 'static,
) -> (Home, Tollgate, Upstream) {
    let upstream = Upstream::start(play).await;
    let home = Home::new(&format!(
        "{config}[upstreams.openai]\nformat = \"openai\"\nbase_url = \"{}\"\ninject_usage = \"never\"\n",
        upstream.base_url()
    ));
    let tollgate = home.serve().await;
    (home, tollgate, upstream)
}

fn delta(text: &str) -> String {
    let choice = json!({"index": 0, "delta": {"content": text}, "finish_reason": null});
    format!(
        "data: {}\n\n",
        json!({"id": "c1", "model": GPT, "choices": [choice]})
    )
}

fn asked(name: &'static str, text: &str) -> http::Request<Body> {
    let messages = json!([{"role": "user", "content": text}]);
    let body = json!({"model": "gpt-4o", "stream": true, "messages": messages});
    let mut request = post(PATH, body.to_string());
    let name = http::HeaderValue::from_static(name);
    request.headers_mut().insert(NAME, name);
    request
}

fn tokens(text: &str) -> u64 {
    o200k_base().count(text).try_into().unwrap()
}

/// Equal but for about one token in 16 KiB without a boundary.
#[track_caller]
fn check(row: &Value, side: &str, exact: u64) {
    let counted = row[side].as_u64().unwrap();
    assert!(
        counted.abs_diff(exact) <= 8 + exact / 200,
        "{side}: {exact} in {row}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_longest_texts_are_counted_while_others_go_on() {
    let (home, tollgate, _upstream) = stage("", |request| {
        let asked = request.header(NAME);
        let mut texts = texts().into_iter();
        match texts.find(|(name, ..)| asked == Some(name)) {
            Some((_, _, said)) => {
                Script::chunked(200, SSE, &[delta(&said).as_bytes(), DONE.as_bytes()])
            }
            None => good_answer(),
        }
    })
    .await;
    let mut client = Client::new(tollgate.traffic);
    for (name, question, said) in texts() {
        let answer = client.send(asked(name, &question)).await.unwrap();
        assert!(
            answer.body == (delta(&said) + DONE).as_bytes(),
            "{name}: the answer changed"
        );
        assert_eq!(answer.broken, None, "{name}");
    }
    for _ in 0..OTHERS {
        let body = r#"{"model":"gpt-4o","messages":[]}"#;
        let answer = client.send(post(PATH, body)).await.unwrap();
        assert_eq!(answer.status, 200);
    }
    // They came and went, and the counter is not done yet.
    assert!(tollgate.metric("tollgate_text_held_bytes").await > 0);
    let rows = Rows::settled(&home, &tollgate, OTHERS + texts().len()).await;
    let counted: Vec<_> = rows
        .iter()
        .filter(|row| row["source"] == "counted")
        .collect();
    assert_eq!(counted.len(), texts().len(), "{counted:?}");
    for ((name, question, said), row) in texts().iter().zip(counted) {
        assert_eq!(row["end"], "complete", "{name}: {row}");
        assert_eq!(row["pricing"], "priced", "{name}: {row}");
        assert_eq!(row["flags"], json!([]), "{name}: {row}");
        check(row, "input_tokens", 7 + tokens(question));
        check(row, "output_tokens", tokens(said));
    }
    assert_eq!(tollgate.metric("tollgate_text_held_bytes").await, 0);
    assert_eq!(tollgate.metric("tollgate_count_failures_total").await, 0);
}

/// 1,024 by 1,024 pixels, in base64: all that its tokens depend on.
const PNG_HEADER: &str = "iVBORw0KGgoAAAANSUhEUgAABAAAAAQA";
/// Four squares at 170 tokens, and 85.
const IMAGE_TOKENS: u64 = 765;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_data_of_an_image_takes_no_room_from_texts() {
    let said = "A cat.";
    let (home, tollgate, _upstream) = stage("[meter]\ntext_bytes_max = \"512KiB\"\n", move |_| {
        Script::chunked(200, SSE, &[delta(said).as_bytes(), DONE.as_bytes()])
    })
    .await;
    let question = "What is this?";
    let url = format!(
        "data:image/png;base64,{PNG_HEADER}{}",
        "AAAA".repeat(1_000_000)
    );
    let content = json!([{"type": "text", "text": question}, {"type": "image_url", "image_url": {"url": url}}]);
    let body = json!({"model": "gpt-4o", "stream": true, "messages": [{"role": "user", "content": content}]});
    let answer = Client::new(tollgate.traffic)
        .send(post(PATH, body.to_string()))
        .await
        .unwrap();
    assert_eq!(answer.status, 200);
    let rows = Rows::settled(&home, &tollgate, 1).await;
    let row = rows.iter().next().unwrap();
    assert_eq!(row["source"], "counted", "{row}");
    assert_eq!(
        row["input_tokens"],
        7 + tokens(question) + IMAGE_TOKENS,
        "{row}"
    );
    assert_eq!(row["output_tokens"], tokens(said), "{row}");
    assert_eq!(tollgate.metric("tollgate_text_dropped_total").await, 0);
}
