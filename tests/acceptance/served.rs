//! Model servers' own APIs, watsonx.ai and Qianfan through the real binary: what they count is in the row.
//!
//! Verified by breaking it: with the largest count of a stream replaced by its last, watsonx has no
//! input.

use serde_json::json;

use crate::support::client::{Client, post};
use crate::support::rows::Rows;
use crate::support::tollgate::Home;
use crate::support::totals::Totals;
use crate::support::upstream::{Script, Upstream};

/// Path, answer, and what the row says: input, cache read, output, model.
type Case = (
    &'static str,
    &'static str,
    [Option<u64>; 3],
    Option<&'static str>,
);

const JSON: &[(&str, &str)] = &[("content-type", "application/json")];
const SSE: &[(&str, &str)] = &[("content-type", "text/event-stream")];

macro_rules! answer {
    ($name:literal) => {
        include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/fixtures/served/",
            $name
        ))
    };
}

const CASES: [Case; 8] = [
    (
        "/generate_stream",
        answer!("generate_stream.sse"),
        [Some(9), None, Some(3)],
        Some("asked"),
    ),
    (
        "/generate",
        answer!("sglang.json"),
        [Some(18), Some(12), Some(6)],
        Some("asked"),
    ),
    (
        "/generate",
        answer!("sglang_stream.sse"),
        [Some(18), Some(12), Some(6)],
        Some("asked"),
    ),
    (
        "/completion",
        answer!("llama_completion_stream.sse"),
        [Some(20), Some(18), Some(2)],
        Some("qwen3-8b.gguf"),
    ),
    (
        "/ml/v1/text/generation?version=2024-05-01",
        answer!("watsonx_generation.json"),
        [Some(7), None, Some(2)],
        Some("ibm/granite-3-8b-instruct"),
    ),
    (
        "/ml/v1/text/generation_stream",
        answer!("watsonx_generation_stream.sse"),
        [Some(8), None, Some(3)],
        Some("ibm/granite-3-8b-instruct"),
    ),
    (
        "/rpc/2.0/ai_custom/v1/wenxinworkshop/chat/eb-instant",
        answer!("qianfan.json"),
        [Some(7), None, Some(6)],
        Some("asked"),
    ),
    (
        "/rpc/2.0/ai_custom/v1/wenxinworkshop/chat/completions",
        answer!("qianfan_stream.sse"),
        [Some(7), None, Some(6)],
        Some("asked"),
    ),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_a_server_counts_in_its_own_words_is_in_the_row() {
    let upstream = Upstream::start(|request| {
        let case: usize = request.header("x-case").unwrap().parse().unwrap();
        let (_, answer, ..) = CASES[case];
        if answer.starts_with('{') {
            Script::unary(200, JSON, answer.as_bytes())
        } else {
            // In pieces that end anywhere.
            let pieces: Vec<_> = answer.as_bytes().chunks(37).collect();
            Script::chunked(200, SSE, &pieces)
        }
    })
    .await;
    let home = Home::new(&format!(
        "[upstreams.own]\nformat = \"served\"\nbase_url = \"{}\"\n",
        upstream.base_url()
    ));
    let tollgate = home.serve().await;
    let mut client = Client::new(tollgate.traffic);
    for (case, (path, answer, ..)) in CASES.iter().enumerate() {
        let body = json!({"model": "asked", "prompt": "Which language?"}).to_string();
        let mut request = post(&format!("/own{path}"), body);
        let number = case.to_string().parse().unwrap();
        request.headers_mut().insert("x-case", number);
        let got = client.send(request).await.unwrap();
        assert_eq!(got.body, answer.as_bytes(), "{path}");
    }
    let rows = Rows::settled(&home, &tollgate, CASES.len()).await;
    for ((path, _, counts, model), row) in CASES.iter().zip(rows.iter()) {
        let [input, cached, output] = counts;
        assert_eq!(row["input_tokens"], json!(input), "{path}: {row}");
        assert_eq!(row["cache_read_tokens"], json!(cached), "{path}: {row}");
        assert_eq!(row["output_tokens"], json!(output), "{path}: {row}");
        assert_eq!(row["source"], "reported", "{path}: {row}");
        assert_eq!(row["format"], "served", "{path}: {row}");
        let named = model.filter(|model| *model != "asked");
        assert_eq!(row["model"], json!(named), "{path}: {row}");
    }
    assert_eq!(Totals::of_ledger(&tollgate).await, Totals::of_rows(&rows));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_input_that_a_server_leaves_out_is_counted() {
    let answer = answer!("generate.json");
    let upstream = Upstream::start(move |_| Script::unary(200, JSON, answer.as_bytes())).await;
    let home = Home::new(&format!(
        "[upstreams.tgi]\nformat = \"served\"\nbase_url = \"{}\"\n",
        upstream.base_url()
    ));
    let tollgate = home.serve().await;
    let mut client = Client::new(tollgate.traffic);
    let body = json!({"inputs": "Which language is it written in?"}).to_string();
    client.send(post("/tgi/generate", body)).await.unwrap();
    let rows = Rows::settled(&home, &tollgate, 1).await;
    let row = rows.iter().next().unwrap();
    assert_eq!(row["output_tokens"], 7, "{row}");
    assert_eq!(row["source"], "partial", "{row}");
    let input = row["input_tokens"].as_u64().unwrap();
    assert!((7..12).contains(&input), "{row}");
}
