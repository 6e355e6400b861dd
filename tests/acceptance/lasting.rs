//! `kill -9` in the middle of streams that last: each comes back once, as `interrupted`, with what
//! its upstream had reported by the last look, else with its input counted and its output up to then;
//! and a call that had only begun as `unknown`.
//!
//! Verified by breaking it: a replay that passes over `Facts` and `Progress`, and a meter that never
//! marks or never looks at the texts, fail.

use std::time::{Duration, Instant};

use bpe_openai::o200k_base;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::client::{Client, post};
use crate::support::http1::{self, Request};
use crate::support::rows::Rows;
use crate::support::tollgate::{Home, Tollgate};
use crate::support::totals::Totals;
use crate::support::upstream::{Moments, Script, Step, Upstream};

/// Two looks are five seconds apart; two busy cores take their time.
const WAIT: Duration = Duration::from_mins(5);
const POLL: Duration = Duration::from_millis(20);
const PACE: Duration = Duration::from_millis(100);
/// More than any of this takes.
const EVENTS: usize = 1_000;
const SSE: &[(&str, &str)] = &[("content-type", "text/event-stream")];

/// What each is asked, and how it is framed: three tokens around the message, its role, and three
/// around the request, or two where the model reasons.
const PROMPT: &str = "Say yes, and 是 if you like, until you are told to stop.";
const FRAME: u64 = 7;
/// One token each, wherever it stands.
const WORD: &str = " yes";

/// What is called, by the model that is asked for.
const MESSAGES: &str = "claude-sonnet-4-5";
const RUNNING: &str = "gpt-4o";
const LAST: &str = "gpt-4.1";
const SLOW: &str = "o3";
const YOUNG: &str = "gpt-4o-mini";

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_stream_that_lasts_leaves_what_was_reported() {
    let sent: [Moments; 2] = Default::default();
    let noted = sent.clone();
    let upstream = Upstream::start(move |request| answer(request, &noted)).await;
    let url = upstream.base_url();
    let home = Home::new(&format!(
        "[upstreams.openai]\nformat = \"openai\"\nbase_url = \"{url}\"\n\
         [upstreams.anthropic]\nformat = \"anthropic\"\nbase_url = \"{url}\"\n"
    ));
    let tollgate = home.serve().await;
    let mut calls = JoinSet::new();
    for model in [MESSAGES, RUNNING, LAST, SLOW] {
        call(&mut calls, &tollgate, model);
    }
    // The begin of each, then what was known of it after five seconds and after ten.
    in_journal(&home, &tollgate, |text| {
        let frames = |known: &str| text.matches(known).count();
        frames("\"model\":\"gpt-4o-2024-08-06\"") >= 2
            && frames("\"source\":\"partial\"") >= 3
            && frames("\"source\":\"counted\"") >= 2
            && frames("\"model_requested\":\"o3\"") >= 2
    })
    .await;
    call(&mut calls, &tollgate, YOUNG);
    in_journal(&home, &tollgate, |text| {
        text.matches("\"source\":\"unknown\",\"pricing\":\"unpriced\",\"duration_ms\":0")
            .count()
            >= 5
    })
    .await;
    tollgate.kill();
    calls.join_all().await;

    let tollgate = home.serve().await;
    let rows = Rows::settled(&home, &tollgate, 5).await;
    assert_eq!(Totals::of_ledger(&tollgate).await, Totals::of_rows(&rows));
    // The first part is the head, each one behind it is a token.
    let tokens = sent.map(|sent| u64::try_from(sent.lock().unwrap().len() - 1).unwrap());
    check_all(&rows, tokens);
    // Once is enough: the next start has nothing to book.
    assert!(tollgate.terminate().success());
    let again = home.serve().await;
    assert_eq!(Rows::while_running(&home, &again).len(), 5);
}

/// `sent`: the tokens of the stream that reports as it goes, and of the one that never does, when their
/// tollgate was killed.
fn check_all(rows: &Rows, [sent, unreported]: [u64; 2]) {
    let known = |column: &str, value: &str| {
        let mut found = rows.iter().filter(|row| row[column] == value);
        let (row, other) = (found.next(), found.next());
        assert!(other.is_none(), "{value} is there twice");
        row.unwrap_or_else(|| panic!("{value} is missing")).clone()
    };
    let cut = json!({"end": "interrupted", "complete": false});
    for row in rows.iter() {
        check(row, &cut);
    }
    let messages = known("model_requested", MESSAGES);
    check(
        &messages,
        &json!({"source": "partial", "pricing": "priced", "status": 200, "input_tokens": 25,
            "model": "claude-sonnet-4-5-20250929", "flags": ["aborted"]}),
    );
    // The provider has said 1, and nothing of the words that came after it.
    assert!(messages["output_tokens"].as_u64() > Some(10), "{messages}");
    let running = known("model_requested", RUNNING);
    check(
        &running,
        &json!({"source": "partial", "pricing": "priced", "input_tokens": 31}),
    );
    let output = running["output_tokens"].as_u64().unwrap();
    assert!((1..=sent).contains(&output), "{sent} sent: {running}");
    // At ten seconds more had been reported than at five.
    assert!(
        running["duration_ms"].as_u64().unwrap() >= 9_000,
        "{running}"
    );
    let input = FRAME + u64::try_from(o200k_base().count(PROMPT)).unwrap();
    let last = known("model_requested", LAST);
    check(
        &last,
        &json!({"source": "counted", "pricing": "priced", "input_tokens": input, "status": 200,
            "model": "gpt-4.1-2025-04-14", "flags": ["aborted"]}),
    );
    let output = last["output_tokens"].as_u64().unwrap();
    assert!((1..=unreported).contains(&output), "{unreported}: {last}");
    assert!(last["duration_ms"].as_u64().unwrap() >= 9_000, "{last}");
    // Nobody knows what it would have said.
    check(
        &known("model_requested", SLOW),
        &json!({"source": "unknown", "pricing": "unpriced", "input_tokens": input - 1,
            "output_tokens": null, "status": null, "flags": ["provider_may_bill"]}),
    );
    let young = rows.iter().filter(|row| row["model_requested"].is_null());
    let young: Vec<_> = young.collect();
    assert_eq!(young.len(), 1);
    check(
        young[0],
        &json!({"source": "unknown", "status": null, "flags": ["provider_may_bill"]}),
    );
}

/// The named columns of a row, and no others.
#[track_caller]
fn check(row: &Value, expected: &Value) {
    for (column, value) in expected.as_object().unwrap() {
        assert_eq!(&row[column], value, "{column} of {row}");
    }
}

fn call(calls: &mut JoinSet<()>, tollgate: &Tollgate, model: &'static str) {
    let mut client = Client::new(tollgate.traffic);
    let path = if model == MESSAGES {
        "/v1/messages"
    } else {
        "/v1/chat/completions"
    };
    let messages = json!([{"role": "user", "content": PROMPT}]);
    let body = json!({"model": model, "stream": true, "messages": messages}).to_string();
    calls.spawn(async move {
        // It is cut by the kill.
        drop(client.send(post(path, body)).await);
    });
}

async fn in_journal(home: &Home, tollgate: &Tollgate, there: impl Fn(&str) -> bool) {
    let began = Instant::now();
    while !there(&home.journal()) {
        assert!(
            began.elapsed() < WAIT,
            "not written:\n{}\n{}",
            home.journal(),
            tollgate.said()
        );
        tokio::time::sleep(POLL).await;
    }
}

/// Notes what it sends of the stream that reports as it goes, and of the one that never does.
fn answer(request: &Request, [running, last]: &[Moments; 2]) -> Script {
    let body = String::from_utf8_lossy(&request.body.bytes);
    let asked = |model: &str| body.contains(&format!("\"{model}\""));
    if asked(MESSAGES) {
        let start = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m1\",\"model\":\"claude-sonnet-4-5-20250929\",\"usage\":{\"input_tokens\":25,\"output_tokens\":1}}}\n\n";
        let delta = "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"delta\":{\"type\":\"text_delta\",\"text\":\" yes\"}}\n\n";
        let events = [start].into_iter().chain([delta; EVENTS]);
        return stream(events.map(str::to_owned));
    }
    if asked(RUNNING) {
        return stream((1..=EVENTS).map(|output| {
            format!(
                "data: {{\"id\":\"c1\",\"model\":\"gpt-4o-2024-08-06\",\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"yes\"}}}}],\
                 \"usage\":{{\"prompt_tokens\":31,\"completion_tokens\":{output},\"total_tokens\":{}}}}}\n\n",
                31 + output
            )
        }))
        .noted(running);
    }
    if asked(LAST) {
        let delta = format!(
            "data: {{\"id\":\"c1\",\"model\":\"gpt-4.1-2025-04-14\",\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{WORD}\"}}}}],\"usage\":null}}\n\n"
        );
        return stream(std::iter::repeat_n(delta, EVENTS)).noted(last);
    }
    // Thinks for longer than anybody looks.
    let mut script = Script::unary(200, &[], b"{}");
    script.steps.insert(0, Step::Wait(2 * WAIT));
    script
}

fn stream(events: impl Iterator<Item = String>) -> Script {
    let mut script = Script::unended(200, SSE, &[]);
    let sends = events.map(|event| Step::Send(http1::chunk(event.as_bytes())));
    script.steps.extend(sends);
    script.paced(PACE)
}
