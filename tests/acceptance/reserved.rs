//! Throughput that is paid by the hour: hours are spent, and the calls that they serve are not spent
//! on top.

use serde_json::{Value, json};

use crate::support::client::{Client, post};
use crate::support::rows::Rows;
use crate::support::tollgate::Home;
use crate::support::upstream::{Script, Upstream};

const JSON: &[(&str, &str)] = &[("content-type", "application/json")];

/// Prices long before any clock, so that no day is special.
const OWN: &str = "
[[prices]]
list = \"openai\"
match = [\"gpt-4o\", \"gpt-4.1\"]
from = 2024-01-01
input_usd_per_mtok = 1
output_usd_per_mtok = 2
source = \"list\"
[[reserved]]
name = \"ptu\"
upstream = \"openai\"
match = \"gpt-4o\"
units = 3
usd_per_unit_hour = 2.00
from = 2024-01-01
committed_until = 9998-01-01
source = \"order\"
";

fn parsed(home: &Home, arguments: &[&str]) -> Value {
    let output = home.run(arguments);
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn text(home: &Home, arguments: &[&str]) -> String {
    let output = home.run(arguments);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Answers with a million tokens in and half a million out: two dollars.
async fn provider() -> Upstream {
    Upstream::start(|request| {
        let asked: Value = serde_json::from_slice(&request.body.bytes).unwrap();
        let answer = json!({
            "id": "c", "object": "chat.completion", "model": asked["model"],
            "choices": [{"index": 0, "finish_reason": "stop",
                "message": {"role": "assistant", "content": "a"}}],
            "usage": {"prompt_tokens": 1_000_000, "completion_tokens": 500_000,
                "total_tokens": 1_500_000},
        });
        Script::unary(200, JSON, answer.to_string().as_bytes())
    })
    .await
}

/// A day long past: 24 hours of 3 units, and no call.
fn check_hours(home: &Home) {
    let day = ["--since", "2024-06-01", "--until", "2024-06-02"];
    let past = parsed(home, &[&["report", "--format", "json"], &day[..]].concat());
    assert_eq!(past["reserved"][0]["cost_usd"], "144");
    assert_eq!(past["spend"]["total_usd"], "144");
    assert_eq!(past["spend"]["total_without_reserved_usd"], "0");
    let said = text(home, &[&["report"], &day[..]].concat());
    for line in [
        "reserved ptu: 24 h x 3 units x $2.00 = $144.00; the 0 calls it served are worth $0.00 at list \
         price, utilisation in money 0.0 %.",
        "spent: $0.00 by invoice + $144.00 for reserved hours = $144.00; without reserved hours $0.00.",
    ] {
        assert!(said.contains(line), "{said}");
    }
}

/// Both calls are worth two dollars; one of them is paid by the hours.
fn check_calls(all: &Value) {
    assert_eq!(all["total"]["cost_usd"], "4");
    assert_eq!(all["total"]["reserved_cost_usd"], "2");
    assert_eq!(all["spend"]["invoice_usd"], "2");
    assert_eq!(all["spend"]["total_without_reserved_usd"], "2");
    assert_eq!(all["reserved"][0]["calls"], 1);
    assert_eq!(all["reserved"][0]["worth_usd"], "2");
}

/// Both models answer; only one of them is reserved.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn reserved_hours_are_spent_and_the_calls_they_serve_are_not_spent_on_top() {
    let upstream = provider().await;
    let url = upstream.base_url();
    let home = Home::new(&format!(
        "[upstreams.openai]\nformat = \"openai\"\nbase_url = \"{url}\"\nprices = \"openai\"\n{OWN}"
    ));
    let tollgate = home.serve().await;
    let mut client = Client::new(tollgate.traffic);
    for model in ["gpt-4o", "gpt-4.1"] {
        let body = json!({"model": model, "messages": []}).to_string();
        let answer = client.send(post("/openai/v1/chat/completions", body)).await;
        assert_eq!(answer.unwrap().status.as_u16(), 200);
    }
    let rows = Rows::settled(&home, &tollgate, 2).await;
    let flags: Vec<_> = rows.iter().map(|row| row["flags"].to_string()).collect();
    assert_eq!(flags, ["[\"reserved\"]", "[]"]);
    let all = tollgate.ask_admin("/api/v1/totals?by=model").await;
    check_calls(&serde_json::from_str(&all.unwrap().text()).unwrap());
    let scraped = tollgate.ask_admin("/metrics").await.unwrap().text();
    for line in [
        r#"tollgate_settled_cost_usd_total{upstream="openai",settled="reserved"} 2"#,
        r#"tollgate_settled_cost_usd_total{upstream="openai",settled="prepaid"} 0"#,
        r#"tollgate_spend_all_time_usd{upstream="openai",model="gpt-4o",tenant="none"} 0"#,
        r#"tollgate_spend_all_time_usd{upstream="openai",model="gpt-4.1",tenant="none"} 2"#,
        r#"tollgate_reserved_yesterday_usd{reservation="ptu"} 144"#,
        r#"tollgate_reserved_worth_month_usd{reservation="ptu"} 2"#,
    ] {
        assert!(
            scraped.lines().any(|seen| seen == line),
            "{line}:\n{scraped}"
        );
    }
    // Without a running tollgate the data directory says the same.
    tollgate.terminate();
    check_hours(&home);
    let all = ["report", "--all", "--by", "model", "--format", "json"];
    check_calls(&parsed(&home, &all));
    let verdict = parsed(&home, &["breakeven", "--format", "json"]);
    // No minute has closed for certain: none of the hours need be in it.
    assert!(verdict["windows"][0]["reserved"].is_array(), "{verdict}");
}
