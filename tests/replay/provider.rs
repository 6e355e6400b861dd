//! A provider that reports the tokens which the request asks it to, and tells that a request has come.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::clock::{BEGIN, DAY};
use crate::support::client::{Body, post};
use crate::support::upstream::{Script, Upstream};

const JSON: &[(&str, &str)] = &[("content-type", "application/json")];

/// The minute from which on its price is a tenth: 2026-03-30.
pub(crate) const PRICE_CUT: i64 = BEGIN + 28 * DAY;
/// The model of every call.
pub(crate) const MODEL: &str = "replayed-1";
pub(crate) const PRICES: &str = "
[[prices]]
list = \"own\"
match = \"replayed-1\"
from = 2025-01-01
input_usd_per_mtok = 150
cache_read_usd_per_mtok = 75
output_usd_per_mtok = 600
source = \"made\"
[[prices]]
list = \"own\"
match = \"replayed-1\"
from = 2026-03-30
input_usd_per_mtok = 15
cache_read_usd_per_mtok = 7.5
output_usd_per_mtok = 60
source = \"made\"
";

/// One call of a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    /// When it comes, in milliseconds since 1970.
    pub(crate) at_ms: i64,
    pub(crate) input: u64,
    /// The part of the input that was read from a cache.
    pub(crate) cached: u64,
    pub(crate) output: u64,
}

impl Call {
    /// As it is sent: its tokens are in the question.
    pub(crate) fn request(&self) -> http::Request<Body> {
        let Self {
            input,
            cached,
            output,
            ..
        } = self;
        let asked = format!("{input} {cached} {output}");
        let body = json!({"model": MODEL, "messages": [{"role": "user", "content": asked}]});
        post("/openai/v1/chat/completions", body.to_string())
    }
}

pub(crate) struct Provider {
    upstream: Upstream,
    came: Arc<Semaphore>,
}

impl Provider {
    pub(crate) async fn start() -> Self {
        let came = Arc::new(Semaphore::new(0));
        let comes = Arc::clone(&came);
        let upstream = Upstream::start(move |request| {
            comes.add_permits(1);
            answer(&request.body.bytes)
        });
        Self {
            upstream: upstream.await,
            came,
        }
    }

    /// The upstream of a configuration, with a price list of its own: one model, whose price falls by
    /// nine tenths on a day.
    pub(crate) fn configured(&self) -> String {
        let url = self.upstream.base_url();
        format!(
            "[upstreams.openai]\nformat = \"openai\"\nbase_url = \"{url}\"\nprices = \"own\"\n{PRICES}"
        )
    }

    /// Waits until one more request has come: by then tollgate has looked at the clock for it.
    pub(crate) async fn came(&self) {
        self.came.acquire().await.unwrap().forget();
        self.upstream.take_seen();
    }
}

fn answer(question: &[u8]) -> Script {
    let asked: Value = serde_json::from_slice(question).unwrap();
    let tokens = asked["messages"][0]["content"].as_str().unwrap().split(' ');
    let tokens: Vec<u64> = tokens.map(|count| count.parse().unwrap()).collect();
    let [input, cached, output] = tokens[..] else {
        panic!("{asked}");
    };
    let answer = json!({
        "id": "c", "object": "chat.completion", "model": asked["model"],
        "choices": [{"index": 0, "finish_reason": "stop",
            "message": {"role": "assistant", "content": "a"}}],
        "usage": {"prompt_tokens": input, "completion_tokens": output,
            "total_tokens": input + output, "prompt_tokens_details": {"cached_tokens": cached}},
    });
    Script::unary(200, JSON, answer.to_string().as_bytes())
}
