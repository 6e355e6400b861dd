//! The same answer, streamed and not, leaves the same priced record.

use serde_json::{Value, json};

use crate::support::client::{Client, post};
use crate::support::http1::Request;
use crate::support::rows::Rows;
use crate::support::tollgate::Home;
use crate::support::upstream::{Script, Upstream};

const SSE: &[(&str, &str)] = &[("content-type", "text/event-stream")];
const JSON: &[(&str, &str)] = &[("content-type", "application/json")];

/// What a call has of its own, and whether it was streamed.
const OWN: [&str; 6] = [
    "call_id",
    "started_at",
    "duration_ms",
    "ttft_ms",
    "request_id",
    "stream",
];

/// The catalogue has no rate for the searches of `OpenAI`'s models.
const SEARCHES: &str = "
[[prices]]
list = \"openai\"
match = [\"gpt-4.1\"]
from = 2025-04-14
input_usd_per_mtok = 2
cache_read_usd_per_mtok = 0.5
output_usd_per_mtok = 8
web_search_usd_per_1k = 10
source = \"developers.openai.com/api/docs/pricing\"
";

struct Case {
    path: &'static str,
    model: &'static str,
    whole: Value,
    events: Vec<Value>,
    /// The stream's own end behind its events.
    done: &'static str,
    row: Value,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_answer_streamed_and_not_leaves_the_same_priced_record() {
    let upstream = Upstream::start(answer).await;
    let url = upstream.base_url();
    let home = Home::new(&format!(
        "[upstreams.openai]\nformat = \"openai\"\nbase_url = \"{url}\"\nprices = \"openai\"\n\
         [upstreams.anthropic]\nformat = \"anthropic\"\nbase_url = \"{url}\"\n\
         prices = \"anthropic\"\n{SEARCHES}"
    ));
    let tollgate = home.serve().await;
    let mut client = Client::new(tollgate.traffic);
    let cases = cases();
    for case in &cases {
        for stream in [false, true] {
            let body = json!({"model": case.model, "stream": stream}).to_string();
            let answer = client.send(post(case.path, body)).await.unwrap();
            assert_eq!((answer.status.as_u16(), answer.broken), (200, None));
        }
    }
    let rows = Rows::settled(&home, &tollgate, 2 * cases.len()).await;
    let rows: Vec<_> = rows.iter().collect();
    for (case, pair) in cases.iter().zip(rows.chunks(2)) {
        let [whole, streamed] = [pair[0], pair[1]].map(|row| {
            let mut row = row.as_object().unwrap().clone();
            for own in OWN {
                row.remove(own).unwrap();
            }
            Value::Object(row)
        });
        assert_eq!(whole, streamed, "{} {}", case.path, case.model);
        assert_eq!(
            [&pair[0]["stream"], &pair[1]["stream"]],
            [&json!(false), &json!(true)]
        );
        for (column, value) in case.row.as_object().unwrap() {
            assert_eq!(&whole[column], value, "{column} of {} {whole}", case.path);
        }
    }
}

/// The path is not enough: two cases may share it.
fn answer(request: &Request) -> Script {
    let asked: Value = serde_json::from_slice(&request.body.bytes).unwrap();
    let cases = cases();
    let case = cases.iter().find(|case| asked["model"] == case.model);
    let case = case.unwrap();
    if asked["stream"] != true {
        return Script::unary(200, JSON, case.whole.to_string().as_bytes());
    }
    let events = case.events.iter().map(|event| format!("data: {event}\n\n"));
    let events: Vec<_> = events.chain([case.done.to_owned()]).collect();
    let parts: Vec<_> = events.iter().map(String::as_bytes).collect();
    Script::chunked(200, SSE, &parts)
}

fn cases() -> Vec<Case> {
    vec![
        chat(),
        completion(),
        response("gpt-4.1-2025-04-14", true),
        response("gpt-4o-2024-08-06", false),
        message(),
    ]
}

fn chat() -> Case {
    let answer = |choices: Value, usage: &Value| {
        json!({"id": "chatcmpl-1", "model": "gpt-4o-2024-08-06", "service_tier": "default",
            "choices": choices, "usage": usage})
    };
    let usage = json!({"prompt_tokens": 1_200, "completion_tokens": 40, "total_tokens": 1_240,
        "prompt_tokens_details": {"cached_tokens": 1_000, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0}});
    let said = json!([{"index": 0, "message": {"content": "Yes."}, "finish_reason": "stop"}]);
    let delta = json!([{"index": 0, "delta": {"content": "Yes."}, "finish_reason": null}]);
    let last = json!([{"index": 0, "delta": {}, "finish_reason": "stop"}]);
    Case {
        path: "/v1/chat/completions",
        model: "gpt-4o",
        whole: answer(said, &usage),
        events: vec![
            answer(delta, &Value::Null),
            answer(last, &Value::Null),
            answer(json!([]), &usage),
        ],
        done: "data: [DONE]\n\n",
        row: json!({"source": "reported", "pricing": "priced", "cost_usd": "0.00215",
            "input_tokens": 1_200, "cache_read_tokens": 1_000, "finish_reason": "stop",
            "flags": []}),
    }
}

fn completion() -> Case {
    let answer = |choices: Value, usage: &Value| {
        json!({"id": "cmpl-1", "model": "gpt-3.5-turbo-instruct", "choices": choices,
            "usage": usage})
    };
    let usage = json!({"prompt_tokens": 5, "completion_tokens": 4, "total_tokens": 9});
    let said = |reason: &Value| json!([{"index": 0, "text": "Yes.", "finish_reason": reason}]);
    let stop = json!("stop");
    Case {
        path: "/v1/completions",
        model: "gpt-3.5-turbo-instruct",
        whole: answer(said(&stop), &usage),
        events: vec![
            answer(said(&Value::Null), &Value::Null),
            answer(said(&stop), &Value::Null),
            answer(json!([]), &usage),
        ],
        done: "data: [DONE]\n\n",
        row: json!({"source": "reported", "pricing": "priced", "cost_usd": "0.0000155",
            "operation": "text_completion", "flags": []}),
    }
}

/// With searches of the web, which have a rate of their own or make the call unpriced.
fn response(model: &'static str, has_rate: bool) -> Case {
    let response = |status: &str, tier: &str, usage: &Value| {
        let search = json!({"type": "web_search_call", "action": {"type": "search"}});
        json!({"id": "resp_1", "object": "response", "status": status, "model": model,
            "service_tier": tier, "output": [search, search, {"type": "message"}],
            "usage": usage})
    };
    let usage = json!({"input_tokens": 1_000, "input_tokens_details": {"cached_tokens": 400},
        "output_tokens": 100, "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 1_100});
    let whole = response("completed", "default", &usage);
    let created = response("in_progress", "flex", &Value::Null);
    let mut row = json!({"source": "reported", "input_tokens": 1_000, "units": {"web_search": 2},
        "service_tier": "default", "finish_reason": "completed"});
    let (pricing, cost, flags) = if has_rate {
        ("priced", json!("0.0222"), json!([]))
    } else {
        ("unpriced", Value::Null, json!(["no_rate"]))
    };
    row["pricing"] = json!(pricing);
    row["cost_usd"] = cost;
    row["flags"] = flags;
    Case {
        path: "/v1/responses",
        model,
        whole: whole.clone(),
        events: vec![
            json!({"type": "response.created", "response": created}),
            json!({"type": "response.output_text.delta", "delta": "Yes."}),
            json!({"type": "response.completed", "response": whole}),
        ],
        done: "",
        row,
    }
}

/// With all that a message is billed for: caches by lifetime, some of which is said at the start
/// only; server tools, which change the input on the way; and what its totals leave out.
fn message() -> Case {
    let lifetimes = json!({"ephemeral_5m_input_tokens": 1_000, "ephemeral_1h_input_tokens": 2_068});
    let tools = json!({"web_search_requests": 2, "web_fetch_requests": 1});
    let iterations = json!([
        {"type": "message", "input_tokens": 7_172, "output_tokens": 250},
        {"type": "compaction", "input_tokens": 60_385, "output_tokens": 300},
        {"type": "advisor_message", "model": "claude-opus-4-5-20251101", "input_tokens": 2_728,
            "output_tokens": 3_880}
    ]);
    let usage = json!({"input_tokens": 7_172, "cache_creation_input_tokens": 3_337,
        "cache_read_input_tokens": 2_000, "cache_creation": lifetimes, "output_tokens": 250,
        "server_tool_use": tools, "service_tier": "standard", "iterations": iterations});
    let first = json!({"input_tokens": 3_456, "cache_creation_input_tokens": 3_068,
        "cache_read_input_tokens": 2_000, "cache_creation": lifetimes, "output_tokens": 3,
        "service_tier": "standard"});
    let last = json!({"input_tokens": 7_172, "cache_creation_input_tokens": 3_337,
        "cache_read_input_tokens": 0, "output_tokens": 250, "server_tool_use": tools,
        "iterations": iterations});
    let message = |reason: &Value, usage: &Value| {
        json!({"id": "msg_1", "type": "message", "model": "claude-sonnet-4-5-20250929",
            "content": [], "stop_reason": reason, "usage": usage})
    };
    let end_turn = json!("end_turn");
    Case {
        path: "/v1/messages",
        model: "claude-sonnet-4-5",
        whole: message(&end_turn, &usage),
        events: vec![
            json!({"type": "message_start", "message": message(&Value::Null, &first)}),
            json!({"type": "content_block_delta", "index": 0,
                "delta": {"type": "text_delta", "text": "Yes."}}),
            json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": last}),
            json!({"type": "message_stop"}),
        ],
        done: "",
        row: json!({"source": "reported", "pricing": "priced", "cost_usd": "0.35932775",
            "input_tokens": 12_509, "cache_write_5m_tokens": 1_000,
            "cache_write_1h_tokens": 2_068, "units": {"web_fetch": 1, "web_search": 2},
            "flags": ["ttl_remainder"]}),
    }
}
