//! Calls whose provider reports nothing, or a part, are counted from their text, off the client's path.
//!
//! The expected numbers come from another tokenizer than ours, by the rules that docs/accuracy.md names.

use bpe_openai::o200k_base;
use serde_json::{Value, json};

use crate::support::house::{House, Running, check_row};
use crate::support::wire::Wire;
use crate::support::{Upstream, soon};

const HEAD: &str =
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
const DONE: &str = "data: [DONE]\n\n";
const START: &str = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m1\",\"model\":\"claude-sonnet-4-5-20250929\",\"usage\":{\"input_tokens\":25,\"output_tokens\":1}}}\n\n";

/// What is asked and answered, in several scripts.
const PROMPT: &str =
    "Zähle die Wörter: 你好，世界! How many \"tokens\" are these?\n\n\tfn main() {}";
const WORDS: [&str; 8] = [
    "Das",
    " sind",
    " größere",
    " 你好",
    "世界",
    "\n\n",
    "😀",
    " \"x\" \\",
];

struct Stage {
    upstream: Upstream,
    tollgate: Running,
    house: House,
}

impl Stage {
    async fn set(meter: &str) -> Self {
        let upstream = Upstream::bind().await;
        let url = upstream.url();
        let house = House::new(&format!(
            "[meter]\n{meter}\n\
             [upstreams.openai]\nformat = \"openai\"\nbase_url = \"{url}\"\ninject_usage = \"never\"\n\
             [upstreams.anthropic]\nformat = \"anthropic\"\nbase_url = \"{url}\"\n"
        ));
        let tollgate = house.start().await.unwrap();
        Self {
            upstream,
            tollgate,
            house,
        }
    }

    /// A call whose answer has begun: the client's end and the upstream's.
    async fn asked(&self, path: &str, body: &str) -> (Wire, Wire) {
        let mut client = self.tollgate.connect().await;
        let length = body.len();
        let head = format!("POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n");
        let asking = async {
            client.send(head).await;
            client.send(body).await;
        };
        let answering = async {
            let mut server = self.upstream.accept().await;
            server.head().await;
            assert!(
                server.exactly(length).await == body.as_bytes(),
                "the body changed"
            );
            server.send(HEAD).await;
            server
        };
        let ((), server) = tokio::join!(asking, answering);
        client.head().await;
        (client, server)
    }

    /// The whole of a stream reaches the client as it was sent.
    async fn stream(&self, path: &str, body: &str, events: &[String]) -> Value {
        let (mut client, mut server) = self.asked(path, body).await;
        let sending = async {
            for event in events {
                server.send_chunk(event).await;
            }
            server.send("0\r\n\r\n").await;
        };
        let ((), got) = tokio::join!(sending, client.chunked());
        assert!(got == events.concat().as_bytes(), "the answer changed");
        self.tollgate.rows_once(1).await.remove(0)
    }
}

fn chat(model: &str, prompt: &str) -> String {
    let messages = json!([{"role": "user", "content": prompt}]);
    json!({"model": model, "stream": true, "messages": messages}).to_string()
}

fn delta(model: &str, text: &str) -> String {
    let choice = json!({"index": 0, "delta": {"content": text}, "finish_reason": null});
    format!(
        "data: {}\n\n",
        json!({"id": "c1", "model": model, "choices": [choice]})
    )
}

fn text(text: &str) -> String {
    let delta = json!({"type": "text_delta", "text": text});
    let event = json!({"type": "content_block_delta", "index": 0, "delta": delta});
    format!("event: content_block_delta\ndata: {event}\n\n")
}

fn tokens(text: &str) -> u64 {
    o200k_base().count(text).try_into().unwrap()
}

/// One message of a user: three around it, three around the request, one for the role.
fn input(prompt: &str) -> u64 {
    tokens(prompt) + 7
}

const CHAT: &str = "/v1/chat/completions";
const GPT: &str = "gpt-4o-2024-08-06";

#[tokio::test]
async fn a_stream_without_usage_is_counted_whole() {
    let stage = Stage::set("").await;
    let mut events = WORDS.map(|word| delta(GPT, word)).to_vec();
    events.push(DONE.to_owned());
    let row = stage.stream(CHAT, &chat("gpt-4o", PROMPT), &events).await;
    check_row(
        "counted",
        &row,
        &json!({"end": "complete", "complete": true, "source": "counted", "pricing": "priced",
            "input_tokens": input(PROMPT), "output_tokens": tokens(&WORDS.concat()), "flags": []}),
    );
    let metrics = stage.tollgate.ask("/metrics").await;
    assert!(
        metrics.contains("tollgate_text_held_bytes 0\n"),
        "{metrics}"
    );
}

/// A whole answer has its usage with it, so its text is not kept, until a server leaves it out.
#[tokio::test]
async fn whole_answers_without_usage_are_counted_once_a_server_is_known_to_leave_it_out() {
    let stage = Stage::set("audit_share = 0").await;
    let said = WORDS.concat();
    let asked = json!({"model": "gpt-4o", "messages": [{"role": "user", "content": PROMPT}]});
    let message = json!({"role": "assistant", "content": said});
    let choice = json!({"index": 0, "message": message, "finish_reason": "stop"});
    let answer = json!({"id": "c1", "model": GPT, "choices": [choice]}).to_string();
    for (source, pricing, output) in [
        ("unknown", "unpriced", Value::Null),
        ("counted", "priced", tokens(&said).into()),
    ] {
        let mut client = stage.tollgate.connect().await;
        let body = asked.to_string();
        let length = body.len();
        let head =
            format!("POST {CHAT} HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n{body}");
        let answering = async {
            let mut server = stage.upstream.accept().await;
            server.head().await;
            server.exactly(length).await;
            let kind = "content-type: application/json\r\nconnection: close";
            let length = answer.len();
            let head = format!("HTTP/1.1 200 OK\r\n{kind}\r\ncontent-length: {length}\r\n\r\n");
            server.send(head + &answer).await;
        };
        tokio::join!(client.send(head), answering);
        client.head().await;
        client.exactly(answer.len()).await;
        let calls = if source == "unknown" { 1 } else { 2 };
        let rows = stage.tollgate.rows_once(calls).await;
        let row = rows.iter().find(|row| row["source"] == source);
        check_row(
            source,
            row.unwrap_or_else(|| panic!("{rows:?}")),
            &json!({"end": "complete", "complete": true, "pricing": pricing, "stream": false,
                "input_tokens": input(PROMPT), "output_tokens": output, "flags": []}),
        );
    }
    let metrics = stage.tollgate.ask("/metrics").await;
    assert!(
        metrics.contains("tollgate_text_held_bytes 0\n"),
        "{metrics}"
    );
}

#[tokio::test]
async fn a_client_that_leaves_has_paid_for_what_had_come() {
    for came in [1, 4, 7] {
        let stage = Stage::set("").await;
        let (mut client, mut server) = stage.asked(CHAT, &chat("gpt-4o", PROMPT)).await;
        for word in &WORDS[..came] {
            server.send_chunk(&delta(GPT, word)).await;
            client.chunk().await;
        }
        soon(client.leave()).await;
        let row = stage.tollgate.rows_once(1).await.remove(0);
        check_row(
            "left",
            &row,
            &json!({"end": "client_gone", "complete": false, "source": "counted",
                "input_tokens": input(PROMPT), "output_tokens": tokens(&WORDS[..came].concat()),
                "pricing": "priced", "flags": ["aborted"]}),
        );
    }
}

#[tokio::test]
async fn an_upstream_that_breaks_off_is_counted_too() {
    let stage = Stage::set("").await;
    let (mut client, mut server) = stage.asked(CHAT, &chat("gpt-4o", PROMPT)).await;
    server.send_chunk(&delta(GPT, WORDS[0])).await;
    client.chunk().await;
    server.reset();
    client.rest().await;
    let row = stage.tollgate.rows_once(1).await.remove(0);
    check_row(
        "broken",
        &row,
        &json!({"end": "upstream_failed", "source": "counted", "input_tokens": input(PROMPT),
            "output_tokens": tokens(WORDS[0]), "flags": ["aborted"]}),
    );
}

#[tokio::test]
async fn a_message_that_breaks_off_keeps_its_input_and_counts_its_output() {
    let stage = Stage::set("").await;
    let body = json!({"model": "claude-sonnet-4-5", "stream": true, "max_tokens": 9,
        "messages": [{"role": "user", "content": PROMPT}]});
    let (mut client, mut server) = stage.asked("/v1/messages", &body.to_string()).await;
    server.send_chunk(START).await;
    client.chunk().await;
    for word in WORDS {
        server.send_chunk(&text(word)).await;
        client.chunk().await;
    }
    soon(client.leave()).await;
    let row = stage.tollgate.rows_once(1).await.remove(0);
    // Nothing is learned yet of how Claude counts: 1.1 tokens for one of o200k, and 3.
    let counted = tokens(&WORDS.concat()) * 11;
    check_row(
        "left",
        &row,
        &json!({"end": "client_gone", "source": "partial", "pricing": "priced", "input_tokens": 25,
            "output_tokens": (counted + 5) / 10 + 3, "flags": ["aborted"]}),
    );
}

#[tokio::test]
async fn what_a_model_thought_is_never_counted() {
    let stage = Stage::set("").await;
    let model = "gpt-5-mini-2025-08-07";
    let events = [delta(model, "yes"), DONE.to_owned()];
    let row = stage
        .stream(CHAT, &chat("gpt-5-mini", PROMPT), &events)
        .await;
    check_row(
        "reasoning",
        &row,
        &json!({"source": "unknown", "pricing": "unpriced", "cost_usd": null,
            // Around the request of a model that reasons there are two.
            "input_tokens": input(PROMPT) - 1, "output_tokens": null, "flags": ["lower_bound"]}),
    );
}

#[tokio::test]
async fn thoughts_that_are_shown_are_not_taken_for_all_that_was_thought() {
    let stage = Stage::set("").await;
    let thought = r#"data: {"model":"deepseek-reasoner","choices":[{"index":0,"delta":{"reasoning_content":"hm"}}]}"#;
    let events = [
        format!("{thought}\n\n"),
        delta("deepseek-reasoner", "yes"),
        DONE.to_owned(),
    ];
    let row = stage
        .stream(CHAT, &chat("deepseek-reasoner", PROMPT), &events)
        .await;
    check_row(
        "thinking",
        &row,
        &json!({"source": "unknown", "output_tokens": null, "flags": ["lower_bound", "no_price"]}),
    );
}

#[tokio::test]
async fn an_answer_in_which_no_model_is_seen_is_not_counted() {
    let stage = Stage::set("").await;
    let error = "data: {\"error\":{\"message\":\"no\"}}\n\n".to_owned();
    let row = stage.stream(CHAT, &chat("gpt-4o", PROMPT), &[error]).await;
    check_row(
        "error",
        &row,
        &json!({"source": "unknown", "input_tokens": null, "flags": ["error_in_stream"]}),
    );
}

/// The longest texts: nothing but their time may come of them, and that is not the client's.
#[tokio::test]
async fn texts_of_one_character_are_counted_and_no_byte_of_them_changes() {
    let mixed = "a漢Ω\u{301}ب한".repeat(20_000);
    for (asked, answered) in [
        ("a".repeat(5_000_000), "yes".to_owned()),
        ("short".to_owned(), " ".repeat(3_000_000)),
        (mixed.clone(), mixed),
    ] {
        let stage = Stage::set("").await;
        let events = [delta(GPT, &answered), DONE.to_owned()];
        let row = stage.stream(CHAT, &chat("gpt-4o", &asked), &events).await;
        check_row(
            "long",
            &row,
            &json!({"source": "counted", "pricing": "priced", "flags": []}),
        );
        for (side, text) in [("input_tokens", &asked), ("output_tokens", &answered)] {
            let counted = row[side].as_u64().unwrap();
            let exact = tokens(text);
            // About one token for each 16 KiB without a boundary.
            assert!(
                counted.abs_diff(exact) <= 8 + exact / 200,
                "{side}: {counted} of {exact}"
            );
        }
    }
}

#[tokio::test]
async fn without_room_for_its_text_a_call_is_unknown() {
    let stage = Stage::set("text_bytes_max = 2048").await;
    let events = [delta(GPT, &"word ".repeat(1_000)), DONE.to_owned()];
    let row = stage.stream(CHAT, &chat("gpt-4o", PROMPT), &events).await;
    check_row(
        "dropped",
        &row,
        &json!({"end": "complete", "source": "unknown", "pricing": "unpriced",
            "input_tokens": input(PROMPT), "output_tokens": null, "flags": ["text_dropped"]}),
    );
    let metrics = stage.tollgate.ask("/metrics").await;
    for line in [
        "tollgate_text_dropped_total 1\n",
        "tollgate_text_held_bytes 0\n",
    ] {
        assert!(metrics.contains(line), "{metrics}");
    }
}

#[tokio::test]
async fn a_stop_waits_until_every_call_is_counted() {
    let stage = Stage::set("").await;
    let asked = "a".repeat(1_000_000);
    let body = chat("gpt-4o", &asked);
    for _ in 0..5 {
        let (mut client, mut server) = stage.asked(CHAT, &body).await;
        server.send_chunk(&delta(GPT, "yes")).await;
        server.send_chunk(DONE).await;
        server.send("0\r\n\r\n").await;
        client.chunked().await;
    }
    let Stage {
        tollgate, house, ..
    } = stage;
    soon(tollgate.0.stop()).await.unwrap();
    let again = house.start().await.unwrap();
    for row in again.rows_once(5).await {
        check_row(
            "stopped",
            &row,
            &json!({"end": "complete", "source": "counted", "output_tokens": 1, "flags": []}),
        );
    }
}

#[tokio::test]
async fn reported_calls_teach_how_a_vendor_counts_and_the_next_start_knows() {
    let stage = Stage::set("").await;
    let body = json!({"model": "claude-sonnet-4-5", "stream": true, "max_tokens": 9,
        "messages": [{"role": "user", "content": PROMPT}]});
    let said = "one two three four five six seven eight nine ten ".repeat(20);
    // This vendor has twice as many tokens as o200k.
    let twice = 2 * tokens(&said);
    let usage = format!(
        "data: {{\"type\":\"message_delta\",\"delta\":{{}},\"usage\":{{\"output_tokens\":{twice}}}}}\n\n"
    );
    let stop = "data: {\"type\":\"message_stop\"}\n\n";
    for _ in 0..30 {
        let (mut client, mut server) = stage.asked("/v1/messages", &body.to_string()).await;
        for event in [START, &text(&said), &usage, stop] {
            server.send_chunk(event).await;
            client.chunk().await;
        }
    }
    let Stage {
        tollgate,
        house,
        upstream,
    } = stage;
    let drift = soon(async {
        loop {
            let metrics = tollgate.ask("/metrics").await;
            let drift = metrics
                .lines()
                .find(|line| line.starts_with("tollgate_usage_drift_ratio"));
            if let Some(drift) = drift {
                return drift.to_owned();
            }
        }
    });
    assert!(drift.await.contains("model=\"claude-sonnet-4-5-20250929\""));
    let audit: Value = serde_json::from_str(&tollgate.ask("/api/v1/audit").await).unwrap();
    // The first count knew nothing of this vendor, so all together are below what was reported.
    let output = &audit["rows"][1];
    check_row(
        "audit",
        output,
        &json!({"upstream": "anthropic", "model": "claude-sonnet-4-5-20250929", "class": "output"}),
    );
    let counted = output["counted_tokens"].as_u64().unwrap();
    let reported = output["reported_tokens"].as_u64().unwrap();
    assert_eq!(reported, twice * output["calls"].as_u64().unwrap());
    assert!((reported / 2..reported).contains(&counted), "{output}");
    soon(tollgate.0.stop()).await.unwrap();
    let tollgate = house.start().await.unwrap();
    let stage = Stage {
        upstream,
        tollgate,
        house,
    };
    let (mut client, mut server) = stage.asked("/v1/messages", &body.to_string()).await;
    for event in [START, &text(&said)] {
        server.send_chunk(event).await;
        client.chunk().await;
    }
    soon(client.leave()).await;
    let row = stage.tollgate.rows_once(31).await.remove(30);
    let output = row["output_tokens"].as_u64().unwrap();
    assert!(
        output.abs_diff(twice) < twice / 10,
        "{output} of {twice}: {row}"
    );
}
