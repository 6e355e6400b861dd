//! What a client has signed for the upstream's own host reaches it so that the signature holds.
//!
//! Verified by breaking it: with one header of the client's dropped, or the path's escapes read, no
//! signature holds.

use crate::support::client::{Client, post};
use crate::support::rows::Rows;
use crate::support::tollgate::Home;
use crate::support::upstream::{Script, Upstream};

use super::signature::Key;

const JSON: &[(&str, &str)] = &[("content-type", "application/json")];
const ANSWER: &[u8] =
    br#"{"output":{},"usage":{"inputTokens":7,"outputTokens":3,"totalTokens":10}}"#;
const CONVERSE: &str = "/model/us.anthropic.claude-sonnet-4-20250514-v1%3A0/converse";
const ARN: &str = "/model/arn%3Aaws%3Abedrock%3Aeu-west-1%3A1%3Ainference-profile%2Feu.a.b/invoke";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signature_for_the_upstream_holds_behind_tollgate() {
    let key = Key::new("AKIDCLIENT", Some("t0ken+/="));
    let known = key.clone();
    let upstream = Upstream::start(move |request| match known.fault(request) {
        None => Script::unary(200, JSON, ANSWER),
        Some(fault) => Script::unary(403, JSON, fault.as_bytes()),
    })
    .await;
    let url = upstream.base_url();
    let home = Home::new(&format!(
        "[upstreams.bedrock]\nformat = \"bedrock\"\nbase_url = \"{url}\"\n"
    ));
    let tollgate = home.serve().await;
    let mut client = Client::new(tollgate.traffic);
    let mut calls = 0;
    for path in [
        CONVERSE,
        ARN,
        "/model/a.b:0/invoke",
        "/model/a/converse?x=%20&y=a+b",
    ] {
        for at in [path.to_owned(), format!("/bedrock{path}")] {
            let mut request = key.signed(&format!("{url}{path}"), &at, r#"{"messages":[]}"#);
            // Ours alone, and not signed.
            let tenant = "search".parse().unwrap();
            request.headers_mut().insert("x-tollgate-tenant", tenant);
            let answer = client.send(request).await.unwrap();
            assert_eq!(answer.status, 200, "{at}: {}", answer.text());
            calls += 1;
        }
    }
    let rows = Rows::settled(&home, &tollgate, calls).await;
    for row in rows.iter() {
        assert_eq!(row["source"], "reported", "{row}");
        assert_eq!(row["tenant"], "search", "{row}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bedrock_key_passes_as_it_is() {
    let upstream = Upstream::start(|_| Script::unary(200, JSON, ANSWER)).await;
    let url = upstream.base_url();
    let home = Home::new(&format!(
        "[upstreams.bedrock]\nformat = \"bedrock\"\nbase_url = \"{url}\"\n"
    ));
    let tollgate = home.serve().await;
    let mut request = post(CONVERSE, "{}");
    let key = "Bearer bedrock-api-key-x".parse().unwrap();
    request.headers_mut().insert("authorization", key);
    let answer = Client::new(tollgate.traffic).send(request).await.unwrap();
    assert_eq!(answer.status, 200);
    let seen = upstream.take_seen().remove(0);
    assert_eq!(
        seen.header("authorization"),
        Some("Bearer bedrock-api-key-x")
    );
    assert_eq!(
        seen.header("host"),
        Some(upstream.address.to_string().as_str())
    );
    assert_eq!(seen.target, CONVERSE);
}
