//! Hosting that runs, through the real binary: rows, break-even, metrics and words say the same, worked
//! out by hand, before and after a reload, a stop and other prices.
#![expect(
    clippy::float_arithmetic,
    reason = "what hosting costs is an estimate, worked out here by hand"
)]

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::client::{Client, post};
use crate::support::rows::{Rows, pico};
use crate::support::tollgate::{Home, Tollgate};
use crate::support::upstream::{Script, Upstream};

const CALLS: usize = 3;
/// A minute must close before it is in a window.
const WAIT: Duration = Duration::from_mins(5);
const POLL: Duration = Duration::from_millis(200);

/// A million tokens in and half a million out: two dollars as `shop/small`, four as `shop/large`.
async fn vllm() -> Upstream {
    Upstream::start(|_| {
        let answer = json!({
            "id": "c", "object": "chat.completion", "model": "llama",
            "choices": [{"index": 0, "finish_reason": "stop",
                "message": {"role": "assistant", "content": "a"}}],
            "usage": {"prompt_tokens": 1_000_000, "completion_tokens": 500_000,
                "total_tokens": 1_500_000},
        });
        let headers = [("content-type", "application/json")];
        Script::unary(200, &headers, answer.to_string().as_bytes())
    })
    .await
}

/// Two cards at 3 dollars an hour make a replica; people are 24 dollars an hour, since a month has 730.
fn config(url: &str, replicas: &str, model: &str) -> String {
    format!(
        "[upstreams.vllm]
format = \"openai\"
base_url = \"{url}\"
role = \"own\"
plan = \"ours\"
replicas = {replicas}
would_cost_as = \"shop/{model}\"
[plans.ours]
replaces = [\"nothing\"]
model = \"llama-3.3-70b\"
gpu = \"H100-SXM\"
gpus = 2
precision = \"fp8\"
gpu_usd_per_hour = 3
serves = \"32k\"
throughput = {{ source = \"published\" }}
price_as_of = 2026-11-01
price_source = \"bill\"
policy = \"fixed\"
replicas = 1
ops_usd_per_month = 17520
[[prices]]
list = \"shop\"
match = \"small\"
from = 2020-01-01
input_usd_per_mtok = 1
output_usd_per_mtok = 2
source = \"test\"
[[prices]]
list = \"shop\"
match = \"large\"
from = 2020-01-01
input_usd_per_mtok = 2
output_usd_per_mtok = 4
source = \"test\"
"
    )
}

/// The hosting, once a day's window of it satisfies `wanted`.
async fn hosting(tollgate: &Tollgate, wanted: impl Fn(&Value, &Value) -> bool) -> (Value, Value) {
    let began = Instant::now();
    loop {
        let answer = tollgate.ask_admin("/api/v1/breakeven").await.unwrap();
        let all: Value = serde_json::from_str(&answer.text()).unwrap();
        let hosting = &all["hosting"][0];
        let day = &hosting["windows"][0];
        if day["window"] == "1d" && wanted(hosting, day) {
            check_apart(&all);
            return (hosting.clone(), day.clone());
        }
        assert!(began.elapsed() < WAIT, "{all:#}\n{}", tollgate.said());
        tokio::time::sleep(POLL).await;
    }
}

/// Nobody was paid for these calls.
fn check_apart(all: &Value) {
    for window in all["windows"].as_array().unwrap() {
        assert_eq!(window["api_cost_usd"], "0", "{all}");
    }
}

/// Every observed hour costs the same, with calls or without.
#[track_caller]
fn check_money(day: &Value, usd_per_hour: f64, would_cost_usd: f64) {
    let number = |key: &str| day[key].as_f64().unwrap();
    let hours = number("hours");
    assert!(hours > 0.0, "{day}");
    near(number("cost_usd"), hours * usd_per_hour);
    near(number("saving_usd"), would_cost_usd - hours * usd_per_hour);
    // 1.5 million tokens a call.
    near(number("usd_per_mtok"), hours * usd_per_hour / 4.5);
    near(number("api_usd_per_mtok"), would_cost_usd / 4.5);
}

#[track_caller]
fn near(seen: f64, expected: f64) {
    assert!((seen - expected).abs() < 1e-6, "{seen} is not {expected}");
}

fn sum(rows: &Rows) -> i128 {
    let worth = rows.iter().map(|row| {
        assert_eq!(
            (&row["pricing"], &row["cost_usd"]),
            (&json!("free"), &Value::Null)
        );
        pico(row["would_cost_usd"].as_str().unwrap())
    });
    worth.sum::<i128>() / 10_i128.pow(12)
}

async fn counter(tollgate: &Tollgate, name: &str) -> f64 {
    let scraped = tollgate.ask_admin("/metrics").await.unwrap().text();
    let line = format!("{name}{{plan=\"ours\"}} ");
    let value = scraped.lines().find_map(|seen| seen.strip_prefix(&line));
    value
        .unwrap_or_else(|| panic!("{name}:\n{scraped}"))
        .parse()
        .unwrap()
}

async fn reload(home: &Home, tollgate: &Tollgate, config: &str) {
    home.write_config(config);
    let answer = Client::new(tollgate.admin)
        .send(post("/-/reload", ""))
        .await;
    assert_eq!(answer.unwrap().status, 200);
}

/// The last line of today and of this month in the report, as the gauges of these windows say it; they
/// look once a minute, so what is asked at its beginning is asked again.
async fn reported(home: &Home, tollgate: &Tollgate) {
    let admin = tollgate.admin.to_string();
    let report = |by: &str, format: &str| {
        let asked = ["report", "--hosting", "--all", "--by", by];
        let output = home.run(&[&asked[..], &["--format", format, "--admin", &admin]].concat());
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    for (by, window) in [("day", "today"), ("month", "month")] {
        let began = Instant::now();
        loop {
            let gauges = gauges(tollgate, window).await;
            let lines: Value = serde_json::from_str(&report(by, "json")).unwrap();
            let line = lines.as_array().unwrap().last().unwrap();
            let would_cost = line["would_cost_usd"].as_str().unwrap().parse().ok();
            let number = |key: &str| line[key].as_f64();
            let said = [
                number("cost_usd"),
                would_cost,
                number("saving_usd"),
                number("usd_per_mtok"),
            ];
            let both = gauges.iter().zip(&said);
            let same = both.into_iter().all(|(gauge, said)| {
                let apart = gauge.zip(*said).map(|(gauge, said)| (gauge - said).abs());
                apart.is_some_and(|apart| apart < 1e-9)
            });
            if same {
                break;
            }
            assert!(began.elapsed() < WAIT, "{window}: {gauges:?} {said:?}");
            tokio::time::sleep(POLL).await;
        }
    }
    // The same figures for other programs.
    let csv = report("month", "csv");
    assert!(
        csv.starts_with("period,plan,hours,replica_hours,calls,tokens,cost_usd,would_cost_usd,")
    );
    let last = csv.lines().last().unwrap().split(',').collect::<Vec<_>>();
    assert_eq!((last[1], last[4], last[7]), ("ours", "3.0", "6"), "{csv}");
    let hours: f64 = last[2].parse().unwrap();
    near(last[6].parse().unwrap(), hours * 36.0);
    let output = home.run(&["report", "--admin", &admin]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("hosting ours: $"), "{said}");
    assert!(
        said.contains("an API would have taken $6.00 for the same tokens"),
        "{said}"
    );
}

/// Cost, API price, saving, and cost per million tokens over a window.
async fn gauges(tollgate: &Tollgate, window: &str) -> [Option<f64>; 4] {
    let scraped = tollgate.ask_admin("/metrics").await.unwrap().text();
    [
        "window_cost_usd",
        "window_api_cost_usd",
        "savings_usd",
        "cost_usd_per_million_tokens",
    ]
    .map(|name| {
        let line = format!("tollgate_hosting_{name}{{plan=\"ours\",window=\"{window}\"}} ");
        let value = scraped.lines().find_map(|seen| seen.strip_prefix(&line));
        value.map(|value| value.parse().unwrap())
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_hosting_costs_and_saves_is_the_same_everywhere() {
    let upstream = vllm().await;
    let url = upstream.base_url();
    let home = Home::new(&config(&url, "2", "small"));
    let tollgate = home.serve().await;
    near(
        counter(&tollgate, "tollgate_hosting_cost_usd_total").await,
        0.0,
    );
    let mut client = Client::new(tollgate.traffic);
    for _ in 0..CALLS {
        let body = json!({"model": "llama", "messages": []}).to_string();
        let answer = client.send(post("/vllm/v1/chat/completions", body)).await;
        assert_eq!(answer.unwrap().status, 200);
    }
    assert_eq!(sum(&Rows::settled(&home, &tollgate, CALLS).await), 6);

    // Two replicas of two cards at 3 dollars, and people: 36 dollars an hour, 60 cents a minute.
    let (running, day) = hosting(&tollgate, |_, day| day["would_cost_usd"] == "6").await;
    near(running["usd_per_hour"].as_f64().unwrap(), 36.0);
    check_money(&day, 36.0, 6.0);
    near(
        counter(&tollgate, "tollgate_hosting_avoided_usd_total").await,
        6.0,
    );
    let minutes = counter(&tollgate, "tollgate_hosting_cost_usd_total").await / 0.6;
    assert!(minutes > 0.5, "{minutes}");
    near(minutes, minutes.round());
    assert_eq!(tollgate.metric("tollgate_spend_all_time_usd").await, 0);

    reported(&home, &tollgate).await;

    // Another replica: an hour costs more, and the counters go on.
    reload(&home, &tollgate, &config(&url, "3", "small")).await;
    let more =
        |running: &Value, day: &Value| running["replicas"] == 3 && day["would_cost_usd"] == "6";
    let (running, day) = hosting(&tollgate, more).await;
    near(running["usd_per_hour"].as_f64().unwrap(), 42.0);
    check_money(&day, 42.0, 6.0);
    near(
        counter(&tollgate, "tollgate_hosting_avoided_usd_total").await,
        6.0,
    );

    // A dated change leaves the past as it was: nothing ran in it, so it cost nothing.
    let dated = "[{ from = 2999-01-01, replicas = 3 }]";
    reload(&home, &tollgate, &config(&url, dated, "small")).await;
    let later = |running: &Value, _: &Value| running["replicas"] == 0;
    let (_, day) = hosting(&tollgate, later).await;
    near(day["cost_usd"].as_f64().unwrap(), 0.0);

    // What is kept survives a stop; counters begin anew.
    tollgate.terminate();
    home.write_config(&config(&url, "2", "large"));
    let tollgate = home.serve().await;
    let (_, day) = hosting(&tollgate, |_, day| day["would_cost_usd"] == "6").await;
    check_money(&day, 36.0, 6.0);
    near(
        counter(&tollgate, "tollgate_hosting_avoided_usd_total").await,
        0.0,
    );
    // Priced again as the dearer model: rows, and what stands on them.
    let admin = tollgate.admin.to_string();
    let output = home.run(&["reprice", "--since", "2d", "--admin", &admin]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(sum(&Rows::while_running(&home, &tollgate)), 12);
    tollgate.terminate();
    let tollgate = home.serve().await;
    let (_, day) = hosting(&tollgate, |_, day| day["would_cost_usd"] == "12").await;
    check_money(&day, 36.0, 12.0);
    let said = home.run(&["breakeven", "--admin", &tollgate.admin.to_string()]);
    let said = String::from_utf8(said.stdout).unwrap();
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    for words in [
        "Hosting that runs, ours: 2 replicas for $36.00 an hour",
        "No verdict on leaving yet",
    ] {
        assert!(said.contains(words), "{said}");
    }
}
