//! What other meters and gateways got wrong in public, each by the issue that tells of it: through the
//! real binary, what the client gets and what the record has and costs.

use std::io::Write;
use std::sync::LazyLock;

use flate2::{Compression, write::GzEncoder};
use http::HeaderValue;
use serde_json::{Value, json};

use crate::support::client::{Client, post};
use crate::support::http1::Request;
use crate::support::rows::Rows;
use crate::support::tollgate::Home;
use crate::support::upstream::{Script, Upstream};

const SSE: (&str, &str) = ("content-type", "text/event-stream");
const JSON: (&str, &str) = ("content-type", "application/json");
const GZIP: (&str, &str) = ("content-encoding", "gzip");

/// Says which failure a request is to meet.
const MET: &str = "x-failure";

/// A failure that was met elsewhere.
struct Failure {
    issue: &'static str,
    path: &'static str,
    headers: Vec<(&'static str, &'static str)>,
    /// The answer's body, as it is written.
    parts: Vec<Vec<u8>>,
    row: Value,
}

static FAILURES: LazyLock<Vec<Failure>> = LazyLock::new(|| {
    vec![
        thoughts_beside_candidates(),
        lifetimes_in_the_first_event_only(),
        cached_images_taken_from_text(),
        more_cached_than_read(),
        usage_in_the_last_chunk_but_one(),
        usage_behind_a_usage_in_a_choice(),
        no_choices_in_the_first_chunk(),
        usage_in_headers_only(),
        a_character_in_two_reads(),
        a_compressed_stream(),
        caches_beside_the_input(),
    ]
});

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_others_got_wrong_in_public_is_metered_right() {
    let upstream = Upstream::start(answer).await;
    let url = upstream.base_url();
    let home = Home::new(&format!(
        "[upstreams.openai]\nformat = \"openai\"\nbase_url = \"{url}\"\n\
         [upstreams.azure]\nformat = \"openai\"\nprices = \"openai\"\nbase_url = \"{url}\"\n\
         [upstreams.anthropic]\nformat = \"anthropic\"\nbase_url = \"{url}\"\n\
         [upstreams.gemini]\nformat = \"gemini\"\nprices = \"google\"\nbase_url = \"{url}\"\n\
         [upstreams.bedrock]\nformat = \"bedrock\"\nprices = \"cohere\"\nbase_url = \"{url}\"\n\
         [[prices]]\nlist = \"cohere\"\nmatch = [\"cohere.embed-multilingual-v3\"]\n\
         from = 2023-01-01\ninput_usd_per_mtok = 0.1\nsource = \"aws.amazon.com/bedrock/pricing\"\n"
    ));
    let tollgate = home.serve().await;
    let mut client = Client::new(tollgate.traffic);
    for (place, failure) in FAILURES.iter().enumerate() {
        let mut request = post(failure.path, ASKED);
        let place = HeaderValue::from(place);
        request.headers_mut().insert(MET, place);
        let answer = client.send(request).await.unwrap();
        assert_eq!((answer.status.as_u16(), answer.broken), (200, None));
        assert_eq!(answer.body, failure.parts.concat(), "{}", failure.issue);
    }
    let rows = Rows::settled(&home, &tollgate, FAILURES.len()).await;
    for (failure, row) in FAILURES.iter().zip(rows.iter()) {
        for (column, value) in failure.row.as_object().unwrap() {
            assert_eq!(&row[column], value, "{column} of {}: {row}", failure.issue);
        }
        assert_eq!(row["source"], "reported", "{}", failure.issue);
    }
}

/// No other usage is asked for than the client's.
const ASKED: &str = r#"{"model":"gpt-4o","stream":true,"stream_options":{"include_usage":true}}"#;

fn answer(request: &Request) -> Script {
    let place: usize = request.header(MET).unwrap().parse().unwrap();
    let Failure { headers, parts, .. } = &FAILURES[place];
    let parts: Vec<_> = parts.iter().map(Vec::as_slice).collect();
    Script::chunked(200, headers, &parts)
}

/// Each event in a write of its own.
fn events(events: &[Value]) -> Vec<Vec<u8>> {
    let event = |event: &Value| format!("data: {event}\n\n").into_bytes();
    events.iter().map(event).collect()
}

/// Chunks of a chat completion, and its end.
fn chunks(chunks: &[Value]) -> Vec<Vec<u8>> {
    let chunk = |own: &Value| {
        let mut chunk = json!({"id": "chatcmpl-1", "object": "chat.completion.chunk",
            "model": "gpt-4o-2024-08-06"});
        let own = own.as_object().unwrap().clone();
        chunk.as_object_mut().unwrap().extend(own);
        chunk
    };
    let mut parts = events(&chunks.iter().map(chunk).collect::<Vec<_>>());
    parts.push(b"data: [DONE]\n\n".to_vec());
    parts
}

fn said(text: &str) -> Value {
    json!({"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": null}]})
}

fn finished() -> Value {
    json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
}

/// A thousand tokens in and a hundred out.
fn usage() -> Value {
    json!({"prompt_tokens": 1_000, "completion_tokens": 100, "total_tokens": 1_100})
}

fn thousand() -> Value {
    json!({"input_tokens": 1_000, "output_tokens": 100, "cost_usd": "0.0035", "flags": []})
}

fn chat(issue: &'static str, parts: Vec<Vec<u8>>, row: Value) -> Failure {
    Failure {
        issue,
        path: "/openai/v1/chat/completions",
        headers: vec![SSE],
        parts,
        row,
    }
}

/// Gemini bills thoughts as output and does not count them among the candidates.
fn thoughts_beside_candidates() -> Failure {
    let text = |text: &str| json!([{"content": {"parts": [{"text": text}]}, "index": 0}]);
    let usage = json!({"promptTokenCount": 7_477, "candidatesTokenCount": 2_060,
        "thoughtsTokenCount": 1_939, "totalTokenCount": 11_476});
    let last = json!([{"content": {"parts": []}, "finishReason": "STOP", "index": 0}]);
    let answer = |candidates: Value, usage: &Value| json!({"candidates": candidates, "modelVersion": "gemini-2.5-pro", "usageMetadata": usage});
    let first = json!({"promptTokenCount": 7_477, "totalTokenCount": 7_477});
    Failure {
        issue: "vercel/ai#6082, QuantumNous/new-api#1014",
        path: "/gemini/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse",
        headers: vec![SSE],
        parts: events(&[answer(text("Yes."), &first), answer(last, &usage)]),
        row: json!({"input_tokens": 7_477, "output_tokens": 3_999, "reasoning_tokens": 1_939,
            "cost_usd": "0.04933625", "flags": []}),
    }
}

/// A stream's last event has the sum of what was written to the cache, and not for how long.
fn lifetimes_in_the_first_event_only() -> Failure {
    let start = json!({"type": "message_start", "message": {"id": "msg_1", "type": "message",
        "model": "claude-sonnet-4-5-20250929", "content": [], "usage": {
        "input_tokens": 100, "cache_creation_input_tokens": 556, "cache_read_input_tokens": 0,
        "cache_creation": {"ephemeral_5m_input_tokens": 456, "ephemeral_1h_input_tokens": 100},
        "output_tokens": 1}}});
    let end = json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {
        "input_tokens": 100, "cache_creation_input_tokens": 556, "cache_read_input_tokens": 0,
        "output_tokens": 50}});
    Failure {
        issue: "anthropics/anthropic-sdk-typescript#793",
        path: "/anthropic/v1/messages",
        headers: vec![SSE],
        parts: events(&[start, end, json!({"type": "message_stop"})]),
        row: json!({"input_tokens": 656, "cache_write_5m_tokens": 456,
            "cache_write_1h_tokens": 100, "cost_usd": "0.00336", "flags": []}),
    }
}

/// What was cached of images is none of the text: text less all that was cached is negative.
fn cached_images_taken_from_text() -> Failure {
    let by = |text: u64, image: u64| json!([{"modality": "TEXT", "tokenCount": text}, {"modality": "IMAGE", "tokenCount": image}]);
    let body = json!({"candidates": [{"content": {"parts": [{"text": "Yes."}]},
        "finishReason": "STOP"}], "modelVersion": "gemini-2.5-flash", "usageMetadata": {
        "promptTokenCount": 995, "cachedContentTokenCount": 990, "candidatesTokenCount": 10,
        "totalTokenCount": 1_005, "promptTokensDetails": by(737, 258),
        "cacheTokensDetails": by(732, 258)}});
    Failure {
        issue: "BerriAI/litellm#18750",
        path: "/gemini/v1beta/models/gemini-2.5-flash:generateContent",
        headers: vec![JSON],
        parts: vec![body.to_string().into_bytes()],
        row: json!({"input_tokens": 995, "cache_read_tokens": 990, "cache_read_image_tokens": 258,
            "cost_usd": "0.0000562", "flags": []}),
    }
}

/// No line is negative: what was read from the cache is at most what was read.
fn more_cached_than_read() -> Failure {
    let usage = json!({"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110,
        "prompt_tokens_details": {"cached_tokens": 150}});
    let last = json!({"choices": [], "usage": usage});
    chat(
        "promptfoo/promptfoo#9908",
        chunks(&[said("Yes."), finished(), last]),
        json!({"input_tokens": 100, "cache_read_tokens": 150, "cost_usd": "0.000225",
            "flags": ["cache_overlap", "negative_clamped"]}),
    )
}

fn usage_in_the_last_chunk_but_one() -> Failure {
    let last = json!({"choices": []});
    let counted = json!({"choices": [], "usage": usage()});
    chat(
        "BerriAI/litellm#17136",
        chunks(&[said("Yes."), finished(), counted, last]),
        thousand(),
    )
}

/// The choice that ends repeats the usage within, and nobody may stop there.
fn usage_behind_a_usage_in_a_choice() -> Failure {
    let ended = json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "length",
        "usage": {"prompt_tokens": 23, "completion_tokens": 235, "total_tokens": 258}}]});
    let counted = json!({"choices": [], "usage": usage()});
    chat(
        "maximhq/bifrost#191",
        chunks(&[said("Yes."), ended, counted]),
        thousand(),
    )
}

/// Azure tells first what its filters found, of no choice and of no model.
fn no_choices_in_the_first_chunk() -> Failure {
    let filtered = json!({"id": "", "object": "", "model": "", "choices": [],
        "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": {}}]});
    let counted = json!({"choices": [], "usage": usage()});
    Failure {
        path: "/azure/openai/deployments/our-gpt/chat/completions?api-version=2024-06-01",
        ..chat(
            "langfuse/langfuse#2833, pydantic/logfire#64",
            chunks(&[filtered, said("Yes."), finished(), counted]),
            thousand(),
        )
    }
}

/// Of an embedding of Cohere's on Bedrock the body says nothing.
fn usage_in_headers_only() -> Failure {
    let body = json!({"id": "1", "texts": ["a"], "embeddings": [[0.5]],
        "response_type": "embeddings_floats"});
    Failure {
        issue: "langchain4j/langchain4j#5057, aws/aws-sdk-js-v3#5917",
        path: "/bedrock/model/cohere.embed-multilingual-v3/invoke",
        headers: vec![JSON, ("x-amzn-bedrock-input-token-count", "42")],
        parts: vec![body.to_string().into_bytes()],
        row: json!({"input_tokens": 42, "cost_usd": "0.0000042", "flags": []}),
    }
}

fn a_character_in_two_reads() -> Failure {
    let counted = json!({"choices": [], "usage": usage()});
    let whole = chunks(&[said("你好 🙂"), finished(), counted]).concat();
    let begin = memchr::memmem::find(&whole, "好".as_bytes()).unwrap();
    let (head, tail) = whole.split_at(begin + 1);
    let (middle, tail) = tail.split_at(5);
    chat(
        "katanemo/plano#980, api7/aisix#111",
        [head, middle, tail].map(<[u8]>::to_vec).to_vec(),
        thousand(),
    )
}

/// Read as text it is nothing, and nothing is billed.
fn a_compressed_stream() -> Failure {
    let counted = json!({"choices": [], "usage": usage()});
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    let plain = chunks(&[said("Yes."), finished(), counted]).concat();
    gzip.write_all(&plain).unwrap();
    let coded = gzip.finish().unwrap();
    Failure {
        headers: vec![SSE, GZIP],
        ..chat(
            "envoyproxy/ai-gateway#1189, github/gh-aw-firewall#1550",
            coded.chunks(20).map(<[u8]>::to_vec).collect(),
            thousand(),
        )
    }
}

/// Anthropic's input is what is left of it beside the caches: nobody takes them from it again, or
/// pays for them at the input's price too.
fn caches_beside_the_input() -> Failure {
    let body = json!({"id": "msg_1", "type": "message", "model": "claude-sonnet-4-5-20250929",
        "content": [{"type": "text", "text": "Yes."}], "stop_reason": "end_turn", "usage": {
        "input_tokens": 4, "cache_creation_input_tokens": 1_000,
        "cache_read_input_tokens": 5_000, "output_tokens": 100}});
    Failure {
        issue: "BerriAI/litellm#6575, browser-use/browser-use#5305",
        path: "/anthropic/v1/messages",
        headers: vec![JSON],
        parts: vec![body.to_string().into_bytes()],
        row: json!({"input_tokens": 6_004, "cache_read_tokens": 5_000,
            "cache_write_tokens": 1_000, "cost_usd": "0.006762", "flags": []}),
    }
}
