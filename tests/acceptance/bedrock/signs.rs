//! tollgate signs with credentials of its own: for whom it admits, what is whole, and so that it holds.
//!
//! Verified by breaking it: with everybody admitted, with the client's key left in, or with a hash of
//! nothing, the test of it is red.

use std::ffi::OsStr;
use std::fs;

use serde_json::{Value, json};

use crate::support::client::{Client, post};
use crate::support::rows::Rows;
use crate::support::tollgate::{Home, Tollgate};
use crate::support::upstream::{Script, Upstream};

use super::signature::Key;

const JSON: &[(&str, &str)] = &[("content-type", "application/json")];
const EVENTS: &[(&str, &str)] = &[("content-type", "application/vnd.amazon.eventstream")];
pub(super) const ANSWER: &[u8] =
    br#"{"output":{},"usage":{"inputTokens":7,"outputTokens":3,"totalTokens":10}}"#;
pub(super) const CONVERSE: &str = "/model/us.anthropic.claude-sonnet-4-20250514-v1%3A0/converse";

/// An upstream that answers what is signed with this key, and refuses all else as Amazon does.
pub(super) async fn checks(key: Key) -> Upstream {
    Upstream::start(move |request| match key.fault(request) {
        None if request.target.ends_with("-stream") => {
            let event = super::frames::event("messageStart", r#"{"role":"assistant"}"#);
            let usage = json!({"usage": {"inputTokens": 7, "outputTokens": 3, "totalTokens": 10}});
            let stop = super::frames::event("messageStop", r#"{"stopReason":"end_turn"}"#);
            let usage = super::frames::event("metadata", &usage.to_string());
            Script::chunked(200, EVENTS, &[&event, &stop, &usage])
        }
        None => Script::unary(200, JSON, ANSWER),
        Some(fault) => {
            let kind = ("x-amzn-errortype", "InvalidSignatureException");
            Script::unary(403, &[JSON[0], kind], fault.as_bytes())
        }
    })
    .await
}

pub(super) fn home(upstream: &Upstream, more: &str) -> Home {
    Home::new(&format!(
        "[upstreams.bedrock]\nformat = \"bedrock\"\nbase_url = \"{}\"\nsign = \"aws\"\n\
         sign_region = \"eu-central-1\"\n{more}",
        upstream.base_url()
    ))
}

/// Started with these variables, and with no other place to find credentials in.
pub(super) async fn serve(home: &Home, variables: &[(&str, &str)]) -> Tollgate {
    let mut all = vec![
        ("AWS_CONFIG_FILE", "/dev/null"),
        ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ];
    all.retain(|(name, _)| !variables.iter().any(|(given, _)| given == name));
    all.extend(variables);
    let all: Vec<_> = all
        .into_iter()
        .map(|(name, value)| (name, OsStr::new(value)))
        .collect();
    home.serve_in(&all).await
}

fn keys(key: &Key) -> [(&'static str, &str); 3] {
    [
        ("AWS_ACCESS_KEY_ID", &key.id),
        ("AWS_SECRET_ACCESS_KEY", &key.secret),
        ("AWS_SESSION_TOKEN", key.token.as_deref().unwrap()),
    ]
}

fn own() -> Key {
    Key::new("AKIDOWN", Some("own-t0ken"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_is_signed_anew_whatever_its_client_showed() {
    let key = own();
    let upstream = checks(key.clone()).await;
    let home = home(&upstream, "");
    let mut variables = keys(&key).to_vec();
    variables.push(("TOLLGATE_LOG_LEVEL", "trace"));
    let tollgate = serve(&home, &variables).await;
    let mut client = Client::new(tollgate.traffic);
    let theirs = Key::new("AKIDDUMMY", Some("their-t0ken"));
    let url = format!("http://{}{CONVERSE}", tollgate.traffic);
    let mut with_keys = post(CONVERSE, r#"{"messages":[1]}"#);
    for name in ["authorization", "x-api-key", "api-key"] {
        let secret = "Bearer team-key".parse().unwrap();
        with_keys.headers_mut().insert(name, secret);
    }
    for request in [
        post(CONVERSE, r#"{"messages":[]}"#),
        post("/bedrock/model/a.b:0/converse-stream?x=%20y", "{}"),
        post("/model/a/converse-stream", ""),
        theirs.signed(&url, CONVERSE, r#"{"messages":[2]}"#),
        with_keys,
    ] {
        let answer = client.send(request).await.unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.broken, None);
    }
    for seen in upstream.take_seen() {
        let shown = format!("{:?}", seen.headers);
        let is_theirs = ["team-key", "AKIDDUMMY", "their-t0ken"].map(|it| shown.contains(it));
        assert_eq!(is_theirs, [false; 3], "{shown}");
    }
    let rows = Rows::settled(&home, &tollgate, 5).await;
    assert!(rows.iter().all(|row| row["source"] == "reported"));
    // Nothing of them is told.
    let metrics = tollgate.ask_admin("/metrics").await.unwrap().text();
    let printed = String::from_utf8(home.run(&["check", "--print"]).stdout).unwrap();
    for text in [tollgate.said(), metrics, printed, home.journal()] {
        let secrets = [&key.secret, "own-t0ken", "their-t0ken", "team-key"];
        assert_eq!(secrets.map(|it| text.contains(it)), [false; 4], "{text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_not_admitted_gets_a_403_with_the_remedy() {
    let key = own();
    let upstream = checks(key.clone()).await;
    let more = "sign_for = [\"10.0.0.0/8\", \"tenant:search\"]\n\
                [tenants.search]\nkeys = [\"file:search-key\"]\n";
    let home = home(&upstream, more);
    fs::write(home.config().with_file_name("search-key"), "sk-search").unwrap();
    let tollgate = serve(&home, &keys(&key)).await;
    let mut client = Client::new(tollgate.traffic);
    let answer = client.send(post(CONVERSE, "{}")).await.unwrap();
    assert_eq!(answer.status, 403);
    let body: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(body["__type"], "AccessDeniedException", "{body}");
    assert!(
        body["message"].as_str().unwrap().contains("sign_for"),
        "{body}"
    );
    let chat = post("/bedrock/v1/chat/completions", "{}");
    let answer = client.send(chat).await.unwrap();
    let body: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(body["error"]["code"], "not_admitted", "{body}");
    assert_eq!(upstream.take_seen().len(), 0, "nothing was sent");
    let mut request = post(CONVERSE, "{}");
    let shown = "Bearer sk-search".parse().unwrap();
    request.headers_mut().insert("authorization", shown);
    let answer = client.send(request).await.unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    let rows = Rows::settled(&home, &tollgate, 1).await;
    assert_eq!(rows.iter().next().unwrap()["tenant"], "search");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_too_long_to_be_held_is_refused_and_what_is_not_is_signed() {
    let key = own();
    let upstream = checks(key.clone()).await;
    let home = home(&upstream, "");
    let tollgate = serve(&home, &keys(&key)).await;
    let mut client = Client::new(tollgate.traffic);
    let longest = 25_000_000;
    let answer = client
        .send(post(CONVERSE, vec![b' '; longest]))
        .await
        .unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    let answer = client
        .send(post(CONVERSE, vec![b' '; longest + 1]))
        .await
        .unwrap();
    assert_eq!(answer.status, 413, "{}", answer.text());
    assert!(
        answer.text().contains("25000000 bytes"),
        "{}",
        answer.text()
    );
    assert_eq!(upstream.take_seen().len(), 1);
    let rows = Rows::settled(&home, &tollgate, 2).await;
    assert_eq!(
        rows.iter().filter(|row| row["pricing"] == "free").count(),
        1
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_credentials_a_call_is_answered_at_once() {
    let upstream = checks(own()).await;
    let home = home(&upstream, "");
    let tollgate = serve(&home, &[]).await;
    let answer = Client::new(tollgate.traffic)
        .send(post(CONVERSE, "{}"))
        .await
        .unwrap();
    assert_eq!(answer.status, 503, "{}", answer.text());
    let body: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(body["__type"], "ServiceUnavailableException", "{body}");
    assert!(
        body["message"]
            .as_str()
            .unwrap()
            .contains("AWS credentials"),
        "{body}"
    );
    let rows = Rows::settled(&home, &tollgate, 1).await;
    let row = rows.iter().next().unwrap();
    assert_eq!(row["pricing"], "free", "{row}");
    tollgate.says("AWS credentials cannot be fetched").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signature_that_is_refused_is_told_as_ours() {
    let upstream = checks(Key::new("AKIDOTHER", None)).await;
    let home = home(&upstream, "");
    let tollgate = serve(&home, &keys(&own())).await;
    let answer = Client::new(tollgate.traffic)
        .send(post(CONVERSE, "{}"))
        .await
        .unwrap();
    assert_eq!(answer.status, 403);
    tollgate.says("AWS refused what tollgate signed").await;
    tollgate.says("InvalidSignatureException").await;
}
