//! The mock providers as a client sees them, and the traffic against them.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use jiff::Timestamp;
use serde_json::Value;

use super::{
    MockSettings, MockUpstream, ModelTally, Serves, Stats, Tokens, Traffic, TrafficSettings,
};

const SETTINGS: MockSettings = MockSettings {
    listen: std::net::SocketAddr::V4(std::net::SocketAddrV4::new(
        std::net::Ipv4Addr::LOCALHOST,
        0,
    )),
    serves: Serves::Both,
    seed: 7,
    speed: 1_000,
    refused_per_mille: 0,
    now: || Timestamp::UNIX_EPOCH,
};

struct Bench {
    mock: MockUpstream,
    client: Client<HttpConnector, Full<Bytes>>,
}

impl Bench {
    async fn start(settings: MockSettings) -> Self {
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self {
            mock: MockUpstream::start(settings).await.unwrap(),
            client,
        }
    }

    async fn open(&self, path: &str, body: Option<&str>) -> http::Response<Incoming> {
        let uri = format!("http://{}{path}", self.mock.address());
        let request = match body {
            Some(body) => Request::post(uri).body(Full::new(Bytes::from(body.to_owned()))),
            None => Request::get(uri).body(Full::default()),
        };
        self.client.request(request.unwrap()).await.unwrap()
    }

    async fn send(&self, path: &str, body: Option<&str>) -> (StatusCode, HeaderMap, String) {
        let (head, body) = self.open(path, body).await.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        (
            head.status,
            head.headers,
            String::from_utf8(body.to_vec()).unwrap(),
        )
    }

    async fn stats(&self) -> Stats {
        let (_, _, body) = self.send(super::STATS_PATH, None).await;
        serde_json::from_str(&body).unwrap()
    }
}

/// The `data:` payloads of a stream; `[DONE]` is the string it is.
fn events(stream: &str) -> Vec<Value> {
    let data = stream
        .lines()
        .filter_map(|line| line.strip_prefix("data: "));
    data.map(|json| serde_json::from_str(json).unwrap_or_else(|_| Value::from(json)))
        .collect()
}

fn number(value: &Value, pointer: &str) -> u64 {
    value
        .pointer(pointer)
        .and_then(Value::as_u64)
        .unwrap_or_else(|| panic!("{pointer} in {value}"))
}

fn openai_usage(usage: &Value) -> Tokens {
    let [input, output] = ["/prompt_tokens", "/completion_tokens"].map(|at| number(usage, at));
    assert_eq!(number(usage, "/total_tokens"), input + output);
    let cache_read = number(usage, "/prompt_tokens_details/cached_tokens");
    Tokens {
        calls: 1,
        input,
        cache_read,
        cache_write: 0,
        output,
    }
}

fn anthropic_usage(usage: &Value) -> Tokens {
    let cache_read = number(usage, "/cache_read_input_tokens");
    let cache_write = number(usage, "/cache_creation_input_tokens");
    let input = number(usage, "/input_tokens") + cache_read + cache_write;
    Tokens {
        calls: 1,
        input,
        cache_read,
        cache_write,
        output: number(usage, "/output_tokens"),
    }
}

fn told(tokens: Tokens) -> ModelTally {
    ModelTally {
        told: tokens,
        ..ModelTally::default()
    }
}

fn words(text: &str) -> u64 {
    u64::try_from(text.split_whitespace().count()).unwrap()
}

#[tokio::test]
async fn a_completion_says_what_was_billed() {
    let bench = Bench::start(SETTINGS).await;
    let long = "word ".repeat(6_000);
    let body = format!(r#"{{"model":"gpt-4o","messages":[{{"role":"user","content":"{long}"}}]}}"#);
    let (status, headers, answer) = bench.send("/v1/chat/completions", Some(&body)).await;
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(status, StatusCode::OK);
    assert!(
        headers["x-request-id"]
            .to_str()
            .unwrap()
            .starts_with("req_")
    );
    assert!(headers.contains_key("content-length"));
    assert_eq!(answer["model"], "gpt-4o-2024-08-06");
    assert_eq!(answer["object"], "chat.completion");
    let usage = openai_usage(&answer["usage"]);
    assert_eq!(
        usage.output,
        words(answer["choices"][0]["message"]["content"].as_str().unwrap())
    );
    assert_eq!(usage.input, 7_508);
    assert_eq!(bench.stats().await.models["gpt-4o-2024-08-06"], told(usage));
}

#[tokio::test]
async fn a_client_that_asks_gets_the_same_answer_in_gzip() {
    for stream in [true, false] {
        // The same seed answers the first call of each the same way.
        let (plain, zipped) = (Bench::start(SETTINGS).await, Bench::start(SETTINGS).await);
        let body = format!(r#"{{"model":"gpt-4o","stream":{stream},"messages":[]}}"#);
        let (_, _, expected) = plain.send("/v1/chat/completions", Some(&body)).await;
        let uri = format!("http://{}/v1/chat/completions", zipped.mock.address());
        let request = Request::post(uri).header("accept-encoding", "gzip, br");
        let request = request.body(Full::new(Bytes::from(body))).unwrap();
        let answer = zipped.client.request(request).await.unwrap();
        assert_eq!(answer.headers()["content-encoding"], "gzip");
        let bytes = answer.into_body().collect().await.unwrap().to_bytes();
        let mut text = String::new();
        let mut decoder = flate2::read::GzDecoder::new(bytes.as_ref());
        std::io::Read::read_to_string(&mut decoder, &mut text).unwrap();
        assert_eq!(text, expected);
    }
}

#[tokio::test]
async fn a_stream_that_was_asked_ends_with_its_usage_in_a_chunk_without_choices() {
    let bench = Bench::start(SETTINGS).await;
    let body = r#"{"model":"gpt-4o-mini","stream":true,"stream_options":{"include_usage":true},"messages":[]}"#;
    let (_, headers, stream) = bench.send("/v1/chat/completions", Some(body)).await;
    let events = events(&stream);
    assert_eq!(headers["content-type"], "text/event-stream; charset=utf-8");
    let [chunks @ .., finish, usage, done] = events.as_slice() else {
        panic!("{stream}")
    };
    assert_eq!(chunks[0]["choices"][0]["delta"]["role"], "assistant");
    assert!(
        chunks
            .iter()
            .all(|chunk| chunk["usage"].is_null() && chunk.get("usage").is_some())
    );
    assert_eq!(finish["choices"][0]["finish_reason"], "stop");
    assert_eq!(usage["choices"], Value::Array(Vec::new()));
    assert_eq!(done, "[DONE]");
    let usage = openai_usage(&usage["usage"]);
    assert_eq!(usage.output, u64::try_from(chunks.len()).unwrap() - 1);
    assert_eq!(
        bench.stats().await.models["gpt-4o-mini-2024-07-18"],
        told(usage)
    );
}

#[tokio::test]
async fn a_stream_that_was_not_asked_says_nothing_and_is_billed() {
    let bench = Bench::start(SETTINGS).await;
    let body = r#"{"model":"house-model","stream":true,"messages":[]}"#;
    let (_, _, stream) = bench.send("/v1/chat/completions", Some(body)).await;
    assert!(
        !stream.contains("usage") && stream.ends_with("data: [DONE]\n\n"),
        "{stream}"
    );
    let tally = bench.stats().await.models["house-model"];
    let chunks = u64::try_from(events(&stream).len()).unwrap();
    assert_eq!((tally.untold.calls, tally.untold.output), (1, chunks - 3));
    assert_eq!(tally.told, Tokens::default());
}

#[tokio::test]
async fn a_message_stream_says_input_first_and_output_last() {
    let bench = Bench::start(SETTINGS).await;
    let long = "word ".repeat(6_000);
    let body = format!(
        r#"{{"model":"claude-sonnet-4-5","max_tokens":900,"stream":true,"messages":[],
            "system":[{{"type":"text","text":"{long}","cache_control":{{"type":"ephemeral"}}}}]}}"#
    );
    let (_, headers, stream) = bench.send("/v1/messages", Some(&body)).await;
    assert!(headers.contains_key("request-id"));
    let events = events(&stream);
    let names: Vec<&str> = events
        .iter()
        .map(|event| event["type"].as_str().unwrap())
        .collect();
    let event_lines = stream
        .lines()
        .filter_map(|line| line.strip_prefix("event: "));
    assert!(event_lines.eq(names.iter().copied()));
    let [start, open, ping, deltas @ .., close, delta, stop] = names.as_slice() else {
        panic!()
    };
    let order = [start, open, ping, close, delta, stop].map(|name| *name);
    assert_eq!(
        order,
        [
            "message_start",
            "content_block_start",
            "ping",
            "content_block_stop",
            "message_delta",
            "message_stop"
        ]
    );
    assert!(deltas.iter().all(|name| *name == "content_block_delta"));
    let first = anthropic_usage(&events[0]["message"]["usage"]);
    let last = anthropic_usage(&events[events.len() - 2]["usage"]);
    assert_eq!(
        Tokens {
            output: last.output,
            ..first
        },
        last
    );
    assert!(first.output < last.output && last.cache_read + last.cache_write > 0);
    assert_eq!(last.output, u64::try_from(deltas.len()).unwrap());
    assert_eq!(
        bench.stats().await.models["claude-sonnet-4-5-20250929"],
        told(last)
    );
}

#[tokio::test]
async fn a_whole_message_and_its_free_neighbours() {
    let bench = Bench::start(SETTINGS).await;
    let body = r#"{"model":"claude-haiku-4-5","max_tokens":3,"messages":[{"role":"user","content":"hello you"}]}"#;
    let (_, _, message) = bench.send("/v1/messages", Some(body)).await;
    let message: Value = serde_json::from_str(&message).unwrap();
    let usage = anthropic_usage(&message["usage"]);
    assert_eq!(
        (message["stop_reason"].as_str(), usage.output),
        (Some("max_tokens"), 3)
    );
    let (_, _, count) = bench.send("/v1/messages/count_tokens", Some(body)).await;
    assert_eq!(count, format!(r#"{{"input_tokens":{}}}"#, usage.input));
    let (_, _, models) = bench.send("/v1/models", None).await;
    let models: Value = serde_json::from_str(&models).unwrap();
    assert_eq!(models["data"][0]["object"], "model");
    assert_eq!(bench.stats().await.total(), told(usage));
}

#[tokio::test]
async fn errors_have_the_providers_shape_and_bill_nothing() {
    let bench = Bench::start(MockSettings {
        refused_per_mille: 1_000,
        ..SETTINGS
    })
    .await;
    let (status, headers, body) = bench.send("/v1/messages", Some(r#"{"model":"m"}"#)).await;
    let body: Value = serde_json::from_str(&body).unwrap();
    assert!(
        status == 429 && headers.contains_key("retry-after") || status == 500,
        "{status}"
    );
    assert_eq!(body["type"], "error");
    let (status, _, body) = bench.send("/v1/chat/completions", Some("not json")).await;
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        (status, body["error"]["type"].as_str()),
        (StatusCode::BAD_REQUEST, Some("invalid_request_error"))
    );
    let (status, _, _) = bench.send("/v1/embeddings", Some("{}")).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert_eq!(
        bench.stats().await.total(),
        ModelTally {
            refused: 1,
            ..ModelTally::default()
        }
    );
}

#[tokio::test]
async fn a_client_that_leaves_in_mid_stream_is_billed_for_what_was_made() {
    let bench = Bench::start(SETTINGS).await;
    // Too long to be over before the client leaves, however busy the machine.
    let body = r#"{"model":"gpt-4o","min_tokens":100000000,"stream":true,"stream_options":{"include_usage":true},"messages":[]}"#;
    let mut answer = bench
        .open("/v1/chat/completions", Some(body))
        .await
        .into_body();
    for _ in 0..3 {
        answer.frame().await.unwrap().unwrap();
    }
    drop(answer);
    let tally = bench.mock.stop().await.total();
    assert_eq!((tally.cut.calls, tally.told.calls), (1, 0));
    assert!((1..100_000_000).contains(&tally.cut.output), "{tally:?}");
}

#[tokio::test]
async fn a_seed_answers_the_same_calls_the_same_way() {
    let answer = async || {
        let bench = Bench::start(SETTINGS).await;
        let body = r#"{"model":"gpt-4o","messages":[]}"#;
        bench.send("/v1/chat/completions", Some(body)).await.2
    };
    assert_eq!(answer().await, answer().await);
}

#[tokio::test]
async fn clients_and_provider_agree_on_what_happened() {
    let settings = MockSettings {
        speed: 50,
        refused_per_mille: 100,
        ..SETTINGS
    };
    let bench = Bench::start(settings).await;
    let base = format!("http://{}", bench.mock.address());
    let traffic = Traffic::start(TrafficSettings {
        openai: base.clone(),
        anthropic: base,
        calls_per_second: 200,
        hang_up_per_mille: 200,
        without_usage_per_mille: 200,
        ..TrafficSettings::default()
    });
    while traffic.counts().sent < 200 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let seen = traffic.stop().await;
    let billed = bench.mock.stop().await.total();
    assert_eq!((seen.failed, seen.in_flight()), (0, 0));
    assert_eq!(seen.refused, billed.refused);
    // A client may leave just as the provider ends; no call is lost for it, and none is invented.
    let ended = billed.told.calls + billed.untold.calls;
    assert_eq!(seen.complete + seen.hung_up, ended + billed.cut.calls);
    assert!(seen.complete <= ended && billed.cut.calls <= seen.hung_up);
    assert!(
        billed.cut.calls > 0 && billed.untold.calls > 0 && billed.refused > 0,
        "{billed:?}"
    );
}
