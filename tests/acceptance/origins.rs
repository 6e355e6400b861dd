//! How a call was served, and who says so: the answer, else the request, the path, nobody; and what a
//! call costs of which the answer does not say it. And what is billed beside its tokens, by number.

use http::Request;
use serde_json::{Value, json};

use crate::support::client::{Body, Client, whole};
use crate::support::http1;
use crate::support::rows::Rows;
use crate::support::tollgate::Home;
use crate::support::upstream::{Script, Upstream};

mod by_number;
mod paths;

const JSON: &[(&str, &str)] = &[("content-type", "application/json")];

/// A list with a price apart for a tier, a speed and a region; `plain` has none.
const PRICES: &str = r#"
[[prices]]
list = "own"
match = ["m", "anthropic.m", "eu.anthropic.m", "plain"]
from = 2024-01-01
input_usd_per_mtok = 1
output_usd_per_mtok = 2
x_search_usd_per_1k = 5
source = "test"

[[prices]]
list = "own"
match = ["heard"]
from = 2024-01-01
audio_seconds_usd_per_unit = 0.01
source = "test"

[[prices]]
list = "own"
match = ["m", "anthropic.m", "eu.anthropic.m"]
from = 2024-01-01
service_tier = "flex"
times = 0.5
source = "test"

[[prices]]
list = "own"
match = ["m", "anthropic.m"]
from = 2024-01-01
speed = "fast"
times = 6
source = "test"

[[prices]]
list = "own"
match = ["m"]
from = 2024-01-01
region = "us"
times = 1.1
source = "test"
"#;

/// One call and what its row says.
struct Case {
    path: &'static str,
    headers: &'static [(&'static str, &'static str)],
    asked: Value,
    answer: Value,
    row: Value,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_says_how_its_call_was_served_and_who_says_so() {
    let upstream = Upstream::start(answer).await;
    let url = upstream.base_url();
    let home = Home::new(&format!(
        "[upstreams.openai]\nformat = \"openai\"\nbase_url = \"{url}\"\nprices = \"own\"\n{PRICES}"
    ));
    let tollgate = home.serve().await;
    let mut client = Client::new(tollgate.traffic);
    let cases = cases();
    for (at, case) in cases.iter().enumerate() {
        let answer = client.send(request(case, at)).await.unwrap();
        assert_eq!(answer.status, 200);
    }
    let rows = Rows::settled(&home, &tollgate, cases.len()).await;
    for (case, row) in cases.iter().zip(rows.iter()) {
        for (column, value) in case.row.as_object().unwrap() {
            assert_eq!(
                &row[column], value,
                "{column} of {} {} {row}",
                case.path, case.asked
            );
        }
    }
}

const CASE: &str = "x-case";

fn request(case: &Case, at: usize) -> Request<Body> {
    let path = format!("/openai{}", case.path);
    let mut request = Request::post(path).header(CASE, at);
    for (name, value) in [JSON, case.headers].concat() {
        request = request.header(name, value);
    }
    request.body(whole(case.asked.to_string())).unwrap()
}

fn answer(request: &http1::Request) -> Script {
    let at: usize = request.header(CASE).unwrap().parse().unwrap();
    let answer = &cases()[at].answer;
    Script::unary(200, JSON, answer.to_string().as_bytes())
}

fn cases() -> Vec<Case> {
    [
        openai(),
        anthropic(),
        paths::google(),
        paths::bedrock(),
        by_number::by_number(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn openai() -> Vec<Case> {
    let chat = |asked: Value, answered: Value, row: Value| {
        let mut answer = json!({"id": "c", "model": "m", "choices": [],
            "usage": {"prompt_tokens": 1_000_000, "completion_tokens": 0}});
        answer["service_tier"] = answered;
        Case {
            path: "/v1/chat/completions",
            headers: &[],
            asked: json!({"model": "m", "service_tier": asked}),
            answer,
            row,
        }
    };
    vec![
        // The answer goes before the request.
        chat(
            json!("flex"),
            json!("default"),
            json!({"service_tier": "default", "service_tier_origin": "response",
                "cost_usd": "1", "flags": []}),
        ),
        chat(
            json!("auto"),
            json!("flex"),
            json!({"service_tier": "flex", "service_tier_origin": "response",
                "cost_usd": "0.5", "flags": []}),
        ),
        // Where the answer is silent, what was asked for is priced, and said.
        chat(
            json!("flex"),
            json!(null),
            json!({"service_tier": "flex", "service_tier_origin": "request",
                "cost_usd": "0.5", "flags": ["tier_assumed"]}),
        ),
        chat(
            json!("auto"),
            json!(null),
            json!({"service_tier": "auto", "service_tier_origin": "request",
                "cost_usd": "1", "flags": ["tier_assumed"]}),
        ),
        // A tier without a price is never taken for the standard one.
        chat(
            json!("priority"),
            json!(null),
            json!({"service_tier": "priority", "service_tier_origin": "request",
                "pricing": "unpriced", "cost_usd": null, "flags": ["no_rate"]}),
        ),
        chat(
            json!(null),
            json!(null),
            json!({"service_tier": null, "service_tier_origin": "default",
                "speed_origin": "default", "region_origin": "default",
                "cost_usd": "1", "flags": []}),
        ),
    ]
}

fn anthropic() -> Vec<Case> {
    let message = |asked: Value, usage: Value, row: Value| {
        let mut answer = json!({"id": "c", "type": "message", "model": "m", "usage": usage});
        answer["usage"]["input_tokens"] = 1_000_000.into();
        answer["usage"]["output_tokens"] = 0.into();
        Case {
            path: "/v1/messages",
            headers: &[],
            asked,
            answer,
            row,
        }
    };
    vec![
        message(
            json!({"speed": "fast", "inference_geo": "us", "service_tier": "auto"}),
            json!({"speed": "standard", "inference_geo": "global", "service_tier": "standard"}),
            json!({"speed": "standard", "region": "global", "service_tier": "standard",
                "speed_origin": "response", "region_origin": "response",
                "service_tier_origin": "response", "cost_usd": "1", "flags": []}),
        ),
        message(
            json!({"speed": "fast", "inference_geo": "us", "service_tier": "standard_only"}),
            json!({}),
            json!({"speed": "fast", "speed_origin": "request", "region": "us",
                "region_origin": "request", "service_tier": "standard_only", "cost_usd": "6.6",
                "flags": ["tier_assumed", "region_assumed"]}),
        ),
    ]
}
