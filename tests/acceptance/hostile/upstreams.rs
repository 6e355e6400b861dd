//! Upstreams that break their promises: the client sees exactly what came, one row says what it was.

use std::time::Duration;

use serde_json::{Value, json};

use super::{JSON, Stage, config, good_answer};
use crate::support::client::{Answer, Client, post};
use crate::support::http1;
use crate::support::rows::Rows;
use crate::support::tollgate::Home;
use crate::support::upstream::{Script, Step, Then};

const CHAT: &str = "/v1/chat/completions";
const MESSAGES: &str = "/v1/messages";
const SSE: &[(&str, &str)] = &[("content-type", "text/event-stream")];
const BEAT: Duration = Duration::from_millis(30);

const OPENAI_DELTA: &[u8] = b"data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"model\":\"gpt-4o-2024-08-06\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"yes\"}}]}\n\n";
const OPENAI_ERROR: &[u8] =
    b"data: {\"error\":{\"message\":\"The server had an error\",\"type\":\"server_error\"}}\n\n";
const ANTHROPIC_START: &[u8] = b"event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"claude-sonnet-4-5-20250929\",\"content\":[],\"usage\":{\"input_tokens\":25,\"output_tokens\":1}}}\n\n";
const ANTHROPIC_ERROR: &[u8] = b"event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n";

/// Plays one call; gives what the client saw and the one row.
async fn play(path: &str, script: Script) -> (Answer, Value) {
    let stage = Stage::set(move |_| script.clone()).await;
    let body = r#"{"model":"gpt-4o","stream":true,"messages":[]}"#;
    let answer = stage.send(post(path, body)).await.unwrap();
    let row = stage.only_row().await;
    assert_eq!(answer.call_id(), row["call_id"].as_str());
    (answer, row)
}

/// The named columns of a row, and no others.
#[track_caller]
fn check(row: &Value, expected: &Value) {
    for (column, value) in expected.as_object().unwrap() {
        assert_eq!(&row[column], value, "{column} of {row}");
    }
}

#[track_caller]
fn check_broken(answer: &Answer, body: &[u8]) {
    assert_eq!(answer.status, 200);
    assert_eq!(answer.text(), String::from_utf8_lossy(body));
    assert!(answer.broken.is_some(), "the client must see the break");
}

#[tokio::test]
async fn an_upstream_that_is_down_is_answered_502_in_the_shape_of_its_api() {
    // Not a port that was free a moment ago: other tests look for those too.
    let home = Home::new(&config("http://127.0.0.1:1"));
    let tollgate = home.serve().await;
    let answer = Client::new(tollgate.traffic)
        .send(post(CHAT, "{}"))
        .await
        .unwrap();
    assert_eq!(answer.status, 502);
    assert!(answer.headers.contains_key("x-tollgate-error"));
    let said: Value = serde_json::from_slice(&answer.body).unwrap();
    assert!(
        said["error"]["message"]
            .as_str()
            .unwrap()
            .contains("openai")
    );
    let rows = Rows::settled(&home, &tollgate, 1).await;
    check(
        rows.by_id()[answer.call_id().unwrap()],
        &json!({"end": "upstream_failed", "complete": false, "cost_usd": null}),
    );
}

#[tokio::test]
async fn an_upstream_that_does_not_begin_in_time_is_answered_504() {
    let script = good_answer();
    let late = [Step::Wait(Duration::from_secs(3))].into_iter();
    let steps = late.chain(script.steps.clone()).collect();
    let (answer, row) = play(CHAT, Script { steps, ..script }).await;
    assert_eq!(answer.status, 504);
    assert!(answer.headers.contains_key("x-tollgate-error"));
    check(
        &row,
        &json!({"end": "timeout", "complete": false, "cost_usd": null}),
    );
}

#[tokio::test]
async fn an_upstream_that_falls_silent_in_its_answer_is_given_up() {
    let mut script = Script::unended(200, SSE, &[OPENAI_DELTA]);
    script.steps.push(Step::Wait(Duration::from_secs(3)));
    let (answer, row) = play(CHAT, script.then(Then::Close)).await;
    check_broken(&answer, OPENAI_DELTA);
    check(
        &row,
        &json!({"end": "timeout", "complete": false, "source": "counted", "output_tokens": 1}),
    );
}

#[tokio::test]
async fn an_upstream_that_resets_reaches_the_client_as_a_break() {
    let script = Script::unended(200, SSE, &[OPENAI_DELTA, OPENAI_DELTA]).paced(BEAT);
    let mut script = script.then(Then::Reset);
    script.steps.push(Step::Wait(BEAT));
    let (answer, row) = play(CHAT, script).await;
    check_broken(&answer, &[OPENAI_DELTA, OPENAI_DELTA].concat());
    check(
        &row,
        // Nothing was asked: three tokens are around the request.
        &json!({"end": "upstream_failed", "complete": false, "source": "counted", "input_tokens": 3,
                "output_tokens": 2, "pricing": "priced", "flags": ["aborted"], "status": 200}),
    );
}

#[tokio::test]
async fn what_was_reported_before_a_break_is_kept_as_partial() {
    let script = Script::unended(200, SSE, &[ANTHROPIC_START]).then(Then::Close);
    let (answer, row) = play(MESSAGES, script).await;
    check_broken(&answer, ANTHROPIC_START);
    check(
        &row,
        &json!({"end": "upstream_failed", "complete": false, "source": "partial",
                "input_tokens": 25, "flags": ["aborted"]}),
    );
}

#[tokio::test]
async fn a_body_shorter_than_its_length_is_seen_as_broken() {
    let body = b"{\"id\":\"c1\",";
    let mut bytes = http1::head(200, &[JSON[0], ("content-length", "100")]);
    bytes.extend_from_slice(body);
    let steps = vec![Step::Send(bytes), Step::Wait(BEAT)];
    let (answer, row) = play(
        CHAT,
        Script {
            steps,
            then: Then::Close,
        },
    )
    .await;
    check_broken(&answer, body);
    check(
        &row,
        &json!({"end": "upstream_failed", "complete": false, "source": "unknown"}),
    );
}

#[tokio::test]
async fn bytes_beyond_the_length_reach_nobody() {
    let stage = Stage::set(|request| {
        if request.target.ends_with("models") {
            return good_answer();
        }
        let mut bytes = http1::head(200, &[JSON[0], ("content-length", "4")]);
        bytes.extend_from_slice(b"null{\"usage\":{\"prompt_tokens\":9}}");
        let steps = vec![Step::Send(bytes)];
        Script {
            steps,
            then: Then::Keep,
        }
    })
    .await;
    let mut client = Client::new(stage.tollgate.traffic);
    let first = client.send(post(CHAT, "{}")).await.unwrap();
    assert_eq!((first.text().as_str(), first.broken), ("null", None));
    let second = client.send(post("/v1/models", "{}")).await.unwrap();
    assert_eq!(second.status, 200, "{}", second.text());
    assert!(second.text().starts_with("{\"id\":\"c1\""));
    let rows = stage.rows(2).await;
    let expected = json!({"end": "complete", "source": "unknown", "input_tokens": null});
    check(
        rows.by_id()[first.headers["x-tollgate-call-id"].to_str().unwrap()],
        &expected,
    );
}

#[tokio::test]
async fn half_an_event_passes_and_reports_nothing_it_did_not_say() {
    let half: &[u8] = b"data: {\"id\":\"c1\",\"usage\":{\"prompt_tok";
    let (answer, row) = play(CHAT, Script::chunked(200, SSE, &[OPENAI_DELTA, half])).await;
    assert_eq!(answer.body, [OPENAI_DELTA, half].concat());
    assert_eq!(answer.broken, None);
    check(
        &row,
        &json!({"end": "complete", "complete": false, "source": "counted", "input_tokens": 3,
                "output_tokens": 1}),
    );
}

#[tokio::test]
async fn an_error_inside_a_200_stream_is_said_by_its_row() {
    let cases = [
        (CHAT, [OPENAI_DELTA, OPENAI_ERROR].concat(), "counted"),
        (
            MESSAGES,
            [ANTHROPIC_START, ANTHROPIC_ERROR].concat(),
            "partial",
        ),
    ];
    for (path, body, source) in cases {
        let (answer, row) = play(path, Script::chunked(200, SSE, &[&body])).await;
        assert_eq!(
            (answer.body.as_slice(), answer.broken),
            (body.as_slice(), None)
        );
        check(
            &row,
            &json!({"end": "complete", "complete": false, "source": source}),
        );
        let flags = row["flags"].as_array().unwrap();
        assert!(flags.contains(&"error_in_stream".into()), "{row}");
    }
}
