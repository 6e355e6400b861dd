//! An upstream that does not know the question gets the call again without it, and is remembered.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;
use tollgate::proxy::{InjectUsage, OnLedgerFailure};

use super::{ASKS_NOTHING, ASKS_NOTHING_ASKED, DONE, TEXT, asked_by, post, records, streamed};
use crate::support::house::check_row;
use crate::support::wire::header;
use crate::support::{Call, Running, Upstream, settings};

/// An answer that is an error of the client's.
fn error(status: u16, text: &str) -> String {
    let length = text.len();
    format!(
        "HTTP/1.1 {status} No\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{text}"
    )
}

const UNKNOWN_KEY: &str =
    r#"{"error":{"message":"Unrecognized request argument supplied: stream_options"}}"#;
const FORBIDDEN_KEY: &str =
    r#"{"detail":[{"type":"extra_forbidden","loc":["body","stream_options"]}]}"#;
const OTHER: &str = r#"{"error":{"message":"max_tokens is too large"}}"#;

/// The upstream has the call again, as its client sent it.
async fn goes_again(call: &mut Call) {
    let head = call.server.head().await;
    assert_eq!(header(&head, "Accept-Encoding"), Some("gzip, deflate"));
    let length = ASKS_NOTHING.len().to_string();
    assert_eq!(header(&head, "Content-Length"), Some(&*length));
    call.server.expect(ASKS_NOTHING).await;
}

#[tokio::test]
async fn a_call_that_is_refused_for_the_question_goes_again_without_it() {
    for refusal in [error(400, UNKNOWN_KEY), error(422, FORBIDDEN_KEY)] {
        let mut call = Call::begin(post(ASKS_NOTHING)).await;
        call.server.expect(ASKS_NOTHING_ASKED).await;
        call.server.send(&refusal).await;
        goes_again(&mut call).await;
        call.server.send(super::SSE).await;
        call.server.send_chunk(TEXT).await;
        let head = call.client.head().await;
        assert!(head.starts_with("HTTP/1.1 200 OK"), "{head}");
        assert_eq!(call.client.chunk().await, TEXT.as_bytes());
        call.server.send_chunk(DONE).await;
        call.server.send("0\r\n\r\n").await;
        assert_eq!(call.client.chunked().await, DONE.as_bytes());

        let [first, second] = records(&call.proxy).try_into().unwrap();
        let refused = json!({"source": null, "pricing": "free", "end": "complete",
            "attempt_of": null, "model_requested": "gpt-4o"});
        check_row("refused", &first, &refused);
        assert!([json!(400), json!(422)].contains(&first["status"]));
        let served = json!({"status": 200, "source": "unknown", "stream": true, "end": "complete",
            "attempt_of": first["call_id"], "model_requested": "gpt-4o"});
        check_row("served", &second, &served);
        let call_id = header(&head, "x-tollgate-call-id").unwrap();
        assert_eq!(second["call_id"], call_id);
        assert_eq!(call.proxy.counts.in_flight.now(), 0);

        // The model is not asked again, another one is, and after a reload this one too.
        again(&mut call, "gpt-4o", false).await;
        again(&mut call, "gpt-4.1", true).await;
        let url = call.upstream.url();
        call.proxy.proxy.reload(settings(&url)).unwrap();
        again(&mut call, "gpt-4o", true).await;
        let counted = call.proxy.counts.in_flight.asked();
        assert_eq!(counted, ["refused", "remembered", "injected", "injected"]);
    }
}

/// A further call on the same connections, and whether the upstream is asked.
async fn again(call: &mut Call, model: &str, is_asked: bool) {
    let named = |body: &str| body.replace("gpt-4o", model);
    call.client.send(post(&named(ASKS_NOTHING))).await;
    call.head = call.server.head().await;
    let expected = if is_asked {
        ASKS_NOTHING_ASKED
    } else {
        ASKS_NOTHING
    };
    call.server.expect(&named(expected)).await;
    assert_eq!(streamed(call, is_asked).await, format!("{TEXT}{DONE}"));
}

/// The refusal reaches the client byte for byte, nothing is sent again and nothing is remembered.
async fn check_handed_on(call: &mut Call, status: u16, text: &str) {
    call.server.expect(ASKS_NOTHING_ASKED).await;
    call.server.send(error(status, text)).await;
    let head = call.client.head().await;
    assert!(head.starts_with(&format!("HTTP/1.1 {status}")), "{head}");
    let length = text.len().to_string();
    assert_eq!(header(&head, "content-length"), Some(&*length));
    call.client.expect(text).await;
    assert_eq!(records(&call.proxy).len(), 1);
    again(call, "gpt-4o", true).await;
}

#[tokio::test]
async fn a_call_that_is_refused_for_something_else_is_not_sent_again() {
    let long = format!("{OTHER}{}stream_options", " ".repeat(200_000));
    for (status, text) in [
        (400, OTHER),
        (422, OTHER),
        (500, UNKNOWN_KEY),
        (429, UNKNOWN_KEY),
        (400, &long),
    ] {
        let mut call = Call::begin(post(ASKS_NOTHING)).await;
        check_handed_on(&mut call, status, text).await;
    }
}

#[tokio::test]
async fn who_asks_always_is_told_of_the_refusal() {
    let mut call = Call::within(asked_by(InjectUsage::Always), post(ASKS_NOTHING)).await;
    check_handed_on(&mut call, 400, UNKNOWN_KEY).await;
}

#[tokio::test]
async fn a_call_that_is_refused_without_the_question_too_is_not_remembered() {
    let mut call = Call::begin(post(ASKS_NOTHING)).await;
    call.server.expect(ASKS_NOTHING_ASKED).await;
    call.server.send(error(400, UNKNOWN_KEY)).await;
    goes_again(&mut call).await;
    call.server.send(error(400, OTHER)).await;
    call.client.head().await;
    call.client.expect(OTHER).await;
    again(&mut call, "gpt-4o", true).await;
}

#[tokio::test]
async fn a_refusal_is_understood_compressed_too() {
    let mut zip = GzEncoder::new(Vec::new(), Compression::default());
    zip.write_all(UNKNOWN_KEY.as_bytes()).unwrap();
    let zipped = zip.finish().unwrap();
    let length = zipped.len();
    let head =
        format!("HTTP/1.1 400 No\r\ncontent-encoding: gzip\r\ncontent-length: {length}\r\n\r\n");
    let mut call = Call::begin(post(ASKS_NOTHING)).await;
    call.server.expect(ASKS_NOTHING_ASKED).await;
    call.server.send([head.as_bytes(), &zipped].concat()).await;
    goes_again(&mut call).await;
    assert_eq!(streamed(&mut call, false).await, format!("{TEXT}{DONE}"));
    assert_eq!(call.proxy.counts.in_flight.asked(), ["refused"]);
}

#[tokio::test]
async fn a_long_refusal_is_heard_and_its_client_did_not_leave() {
    // As long as the request that some frameworks repeat in it.
    let echo = "x".repeat(300_000);
    let long = format!(r#"{{"detail":[{{"loc":["body","stream_options"],"input":"{echo}"}}]}}"#);
    let mut call = Call::begin(post(ASKS_NOTHING)).await;
    call.server.expect(ASKS_NOTHING_ASKED).await;
    call.server.send_what_is_taken(error(422, &long)).await;
    call.server = call.upstream.accept().await;
    goes_again(&mut call).await;
    assert_eq!(streamed(&mut call, false).await, format!("{TEXT}{DONE}"));
    let [first, second] = records(&call.proxy).try_into().unwrap();
    let refused = json!({"status": 422, "source": null, "pricing": "free", "end": "complete",
        "complete": false, "flags": null});
    check_row("refused", &first, &refused);
    let served = json!({"end": "complete", "attempt_of": first["call_id"]});
    check_row("served", &second, &served);
    assert_eq!(call.proxy.counts.in_flight.asked(), ["refused"]);
}

#[tokio::test]
async fn a_question_that_nobody_answers_is_counted_as_such() {
    let mut call = Call::begin(post(ASKS_NOTHING)).await;
    call.server.expect(ASKS_NOTHING_ASKED).await;
    call.client.leave().await;
    call.server.closed().await;
    assert_eq!(call.proxy.counts.in_flight.asked(), ["unanswered"]);

    let nobody = Upstream::bind().await;
    let url = nobody.url();
    drop(nobody);
    let proxy = Running::start(settings(&url)).await;
    let mut client = proxy.connect().await;
    client.send(post(ASKS_NOTHING)).await;
    let head = client.head().await;
    assert!(head.starts_with("HTTP/1.1 502"), "{head}");
    assert_eq!(proxy.counts.in_flight.asked(), ["unanswered"]);
}

#[tokio::test]
async fn a_deployment_that_refused_says_nothing_of_another_one() {
    let body = ASKS_NOTHING.replace(r#""model":"gpt-4o","#, "");
    let asked = ASKS_NOTHING_ASKED.replace(r#""model":"gpt-4o","#, "");
    assert_ne!(body, ASKS_NOTHING);
    let to = |deployment: &str| {
        let path = format!("/openai/deployments/{deployment}/chat/completions");
        post(&body).replace("/v1/chat/completions", &path)
    };
    let mut call = Call::begin(to("old")).await;
    call.server.expect(&asked).await;
    call.server.send(error(400, UNKNOWN_KEY)).await;
    call.server.head().await;
    call.server.expect(&body).await;
    streamed(&mut call, false).await;
    for (deployment, expected) in [("old", &body), ("new", &asked)] {
        call.client.send(to(deployment)).await;
        call.server.head().await;
        call.server.expect(expected).await;
        streamed(&mut call, expected == &asked).await;
    }
}

#[tokio::test]
async fn a_refusal_that_breaks_off_reaches_the_client_as_far_as_it_came() {
    let mut call = Call::begin(post(ASKS_NOTHING)).await;
    call.server.expect(ASKS_NOTHING_ASKED).await;
    let whole = error(400, UNKNOWN_KEY);
    let (sent, _) = whole.split_at(whole.len() - 40);
    call.server.send(sent).await;
    drop(call.server);
    call.client.head().await;
    let read = call.client.rest().await;
    assert_eq!(read, UNKNOWN_KEY.as_bytes()[..UNKNOWN_KEY.len() - 40]);
}

#[tokio::test]
async fn without_a_place_for_another_record_the_refusal_is_the_answer() {
    let upstream = Upstream::bind().await;
    let settings = tollgate::proxy::Settings {
        on_ledger_failure: OnLedgerFailure::Refuse,
        ..settings(&upstream.url())
    };
    let proxy = Running::with_places(settings, 1).await;
    let mut client = proxy.connect().await;
    client.send(post(ASKS_NOTHING)).await;
    let mut server = upstream.accept().await;
    server.head().await;
    server.expect(ASKS_NOTHING_ASKED).await;
    server.send(error(400, UNKNOWN_KEY)).await;
    client.head().await;
    client.expect(UNKNOWN_KEY).await;
    assert_eq!(proxy.closed(), 1);
}
