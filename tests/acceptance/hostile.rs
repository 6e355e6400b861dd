//! Bad input from every side: requests no API would take, upstreams that break every promise,
//! configurations that mean nothing. The bytes pass as they are, and one row says what happened.
//!
//! Verified by breaking it: a break of the upstream that ends the call as complete fails the three
//! tests of bodies that stop early.

use std::time::Duration;

use http::Request;
use serde_json::Value;

use crate::support::client::{Answer, Body, Client};
use crate::support::http1;
use crate::support::rows::Rows;
use crate::support::tollgate::{Home, Tollgate};
use crate::support::upstream::{Script, Upstream};

mod configs;
mod requests;
mod texts;
mod upstreams;

const JSON: &[(&str, &str)] = &[("content-type", "application/json")];
/// The limit that a slow upstream runs into.
const PATIENCE: &str = "response_header_timeout = \"500ms\"\nidle_timeout = \"500ms\"\n";

/// One upstream that plays one script, and a tollgate before it.
struct Stage {
    upstream: Upstream,
    home: Home,
    tollgate: Tollgate,
}

impl Stage {
    async fn set(play: impl Fn(&http1::Request) -> Script + Send + Sync + 'static) -> Self {
        let upstream = Upstream::start(play).await;
        let home = Home::new(&config(&upstream.base_url()));
        Self {
            tollgate: home.serve().await,
            upstream,
            home,
        }
    }

    async fn send(&self, request: Request<Body>) -> Result<Answer, String> {
        Client::new(self.tollgate.traffic).send(request).await
    }

    async fn rows(&self, expected: usize) -> Rows {
        Rows::settled(&self.home, &self.tollgate, expected).await
    }

    /// Waits until the upstream has so many calls that did not end.
    async fn until_in_flight(&self, expected: u64) {
        let line = format!("tollgate_calls_in_flight{{upstream=\"openai\"}} {expected}\n");
        let seen = async {
            while !self.metrics().await.contains(&line) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let waited = tokio::time::timeout(Duration::from_mins(5), seen).await;
        assert!(waited.is_ok(), "no {line} in:\n{}", self.metrics().await);
    }

    async fn metrics(&self) -> String {
        self.tollgate.ask_admin("/metrics").await.unwrap().text()
    }

    async fn only_row(&self) -> Value {
        self.rows(1).await.iter().next().unwrap().clone()
    }
}

fn config(url: &str) -> String {
    format!(
        "[upstreams.openai]\nformat = \"openai\"\nbase_url = \"{url}\"\n{PATIENCE}\n\
         [upstreams.anthropic]\nformat = \"anthropic\"\nbase_url = \"{url}\"\n{PATIENCE}"
    )
}

/// A priced answer of a well-behaved upstream.
fn good_answer() -> Script {
    let body = br#"{"id":"c1","object":"chat.completion","model":"gpt-4o-2024-08-06","choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"yes"}}],"usage":{"prompt_tokens":7,"completion_tokens":1,"total_tokens":8}}"#;
    Script::unary(200, JSON, body)
}
