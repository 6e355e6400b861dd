//! What hosting would have cost, over HTTP: the metrics say what the API says, each call of a closed
//! minute is counted once, and what if answers on the same traffic.
#![expect(
    clippy::float_arithmetic,
    reason = "figures are compared up to rounding, and made here"
)]

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::client::{Client, post};
use crate::support::tollgate::{Home, Tollgate};
use crate::support::upstream::{Script, Upstream};

/// A minute has to end, on busy cores.
const WAIT: Duration = Duration::from_mins(5);
const POLL: Duration = Duration::from_millis(50);
const JSON: &[(&str, &str)] = &[("content-type", "application/json")];
const CHAT: &str = r#"{"model":"gpt-4o","messages":[{"role":"user","content":"hi"}]}"#;
const ANSWER: &str = r#"{"id":"c1","object":"chat.completion","model":"gpt-4o-2024-08-06","choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"yes"}}],"usage":{"prompt_tokens":20000,"completion_tokens":5000,"total_tokens":25000}}"#;
/// 20,000 tokens at 2.50 dollars a million and 5,000 at 10.
const CALL_USD: f64 = 0.1;
const CALLS: u32 = 3;
const PLAN: &str = "llama-70b-2xh100";
/// More series a plan are a mistake.
const SERIES_MAX: usize = 120;

/// The API and the metrics of the same minute, once the calls are in them.
async fn seen(tollgate: &Tollgate) -> (Value, String) {
    let began = Instant::now();
    loop {
        assert!(began.elapsed() < WAIT, "{}", tollgate.said());
        tokio::time::sleep(POLL).await;
        let before = answer(tollgate, "/api/v1/breakeven").await;
        let metrics = tollgate.ask_admin("/metrics").await.unwrap().text();
        let after = answer(tollgate, "/api/v1/breakeven").await;
        let calls = before["windows"][2]["evidence"]["calls"].as_f64();
        if before["until"] == after["until"] && calls == Some(f64::from(CALLS)) {
            return (before, metrics);
        }
    }
}

async fn answer(tollgate: &Tollgate, path: &str) -> Value {
    let text = tollgate.ask_admin(path).await.unwrap().text();
    serde_json::from_str(&text).unwrap()
}

/// The value of a series; `None` if there is none.
fn value(metrics: &str, series: &str) -> Option<f64> {
    let mut lines = metrics.lines();
    let text = lines.find_map(|line| line.strip_prefix(series)?.strip_prefix(' '))?;
    Some(text.parse().unwrap())
}

/// The series says what the API says, and is absent where that says nothing.
#[track_caller]
fn same(metrics: &str, series: &str, api: &Value) {
    let said = value(metrics, series);
    let known = api
        .as_str()
        .map_or_else(|| api.as_f64(), |exact| exact.parse().ok());
    match (said, known) {
        (Some(said), Some(known)) => {
            assert!(
                (said - known).abs() <= 1e-9 * known.abs(),
                "{series}: {said}, {known}"
            );
        }
        (None, None) => {}
        _ => panic!("{series}: {said:?}, and the API says {api}"),
    }
}

fn same_window(metrics: &str, window: &Value, at: usize) {
    let label = window["window"].as_str().unwrap();
    let plan = &window["plans"][at];
    let name = plan["plan"].as_str().unwrap();
    let hosted = &plan["hosted"];
    for (series, api) in [
        ("selfhost_window_api_cost_usd", &plan["api_cost_usd"]),
        (
            "selfhost_window_coverage_ratio",
            &plan["evidence"]["coverage"],
        ),
        ("selfhost_utilization_ratio", &hosted["utilisation"]),
        ("selfhost_short_ratio", &hosted["short_ratio"]),
        ("selfhost_burst_ratio", &hosted["burst_ratio"]),
        (
            "selfhost_cost_usd_per_million_tokens",
            &hosted["usd_per_mtok"],
        ),
        ("api_cost_usd_per_million_tokens", &plan["api_usd_per_mtok"]),
    ] {
        let series = format!("tollgate_{series}{{plan=\"{name}\",window=\"{label}\"}}");
        same(metrics, &series, api);
    }
    for scenario in ["pessimistic", "expected", "optimistic"] {
        for (series, key) in [
            ("savings_usd", "savings_usd"),
            ("savings_ratio", "savings_ratio"),
            ("window_cost_usd", "cost_usd"),
        ] {
            let labels = format!("plan=\"{name}\",window=\"{label}\",scenario=\"{scenario}\"");
            let series = format!("tollgate_selfhost_{series}{{{labels}}}");
            same(metrics, &series, &hosted["scenarios"][scenario][key]);
        }
    }
    if label != "14d" {
        return;
    }
    for bound in ["first", "robust"] {
        for unit in ["calls", "tokens"] {
            let key = format!("breakeven_{unit}_per_day");
            let series = format!("tollgate_selfhost_{key}{{plan=\"{name}\",bound=\"{bound}\"}}");
            same(metrics, &series, &plan[&key][bound]);
        }
    }
    for doubt in hosted["sensitivity"].as_array().into_iter().flatten() {
        let parameter = doubt["parameter"].as_str().unwrap();
        for bound in ["low", "high"] {
            let labels = format!("plan=\"{name}\",parameter=\"{parameter}\",bound=\"{bound}\"");
            let series = format!("tollgate_selfhost_sensitivity_usd{{{labels}}}");
            same(metrics, &series, &doubt[format!("{bound}_usd")]);
        }
    }
}

/// Each call of the closed minute is in the running totals, and a replica was paid beside it.
fn counted_once(metrics: &str) {
    let total = |name: &str| value(metrics, &format!("tollgate_selfhost_{name}")).unwrap();
    let qualifying = total(&format!("qualifying_cost_usd_total{{plan=\"{PLAN}\"}}"));
    assert!(
        (qualifying - f64::from(CALLS) * CALL_USD).abs() < 1e-9,
        "{qualifying}"
    );
    let minutes = total(&format!("replica_seconds_total{{plan=\"{PLAN}\"}}")) / 60.0;
    assert!(minutes >= 1.0 && minutes.fract() == 0.0, "{minutes}");
    let cost = |scenario| {
        total(&format!(
            "cost_usd_total{{plan=\"{PLAN}\",scenario=\"{scenario}\"}}"
        ))
    };
    assert!(cost("pessimistic") > cost("expected") && cost("expected") > cost("optimistic"));
    // No plan takes claude's calls here: it pays its replica and has none.
    let idle = total("qualifying_cost_usd_total{plan=\"qwen3-235b-8xh100\"}");
    assert!(idle == 0.0, "{idle}");
}

async fn asked(home: &Home, tollgate: &Tollgate) {
    let twice = answer(tollgate, "/api/v1/whatif?volume=2&people=0").await;
    let ways = twice["alternatives"].as_array().unwrap();
    let stay = ways.iter().find(|way| way["name"] == "stay").unwrap();
    let cost = |side: &str| stay[side]["cost_usd"].as_f64().unwrap();
    assert!((cost("edited") - 2.0 * cost("base")).abs() < 1e-9, "{stay}");
    let base = cost("base");
    assert!((base - f64::from(CALLS) * CALL_USD).abs() < 1e-9, "{base}");
    let unknown = tollgate.ask_admin("/api/v1/whatif?peple=0").await.unwrap();
    assert!(
        unknown.text().contains("did you mean people?"),
        "{}",
        unknown.text()
    );
    let admin = tollgate.admin.to_string();
    let asked = [
        "breakeven",
        "--set",
        "volume=2",
        "--set",
        "people=0",
        "--admin",
        &admin,
    ];
    let said = home.run(&asked);
    let said = String::from_utf8(said.stdout).unwrap();
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        said.contains("people=0, volume=2. Nobody measured"),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metrics_and_api_say_the_same_in_the_same_minute() {
    let upstream = Upstream::start(|_| Script::unary(200, JSON, ANSWER.as_bytes())).await;
    let home = Home::new(&format!(
        "[upstreams.openai]\nformat = \"openai\"\nbase_url = \"{}\"\n",
        upstream.base_url()
    ));
    let tollgate = home.serve().await;
    for _ in 0..CALLS {
        let call = post("/v1/chat/completions", CHAT);
        Client::new(tollgate.traffic).send(call).await.unwrap();
    }
    let (api, metrics) = seen(&tollgate).await;
    for window in api["windows"].as_array().unwrap() {
        for at in 0..window["plans"].as_array().unwrap().len() {
            same_window(&metrics, window, at);
        }
    }
    counted_once(&metrics);
    let of_plan = [format!("plan=\"{PLAN}\""), format!("=\"{PLAN}\"")];
    let series = metrics
        .lines()
        .filter(|line| of_plan.iter().any(|label| line.contains(label)));
    let series = series.count();
    println!("{series} series of a plan");
    assert!((60..SERIES_MAX).contains(&series), "{series} series");
    asked(&home, &tollgate).await;
    assert_eq!(tollgate.terminate().code(), Some(0));
    // Nothing runs: the data directory answers the same.
    let said = home.run(&["breakeven", "--set", "volume=2", "--format", "json"]);
    let offline: Value = serde_json::from_slice(&said.stdout).unwrap();
    assert_eq!(offline["edits"]["volume"], "2");
    assert_eq!(offline["base"]["evidence"]["calls"], f64::from(CALLS));
}
