//! Leaving hosting that idles, through the real binary: whether days that have closed switch the state
//! follows from what is kept of its servers, at rest and while it runs.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::support::before;
use super::support::tollgate::{Home, Tollgate};

/// A pass on two busy cores.
const WAIT: Duration = Duration::from_mins(5);
const POLL: Duration = Duration::from_millis(100);
/// Minutes in a day.
const DAY: i64 = 1_440;
/// A fortnight before each of three days.
const DAYS: i64 = 17;
/// Places among which the days of what was measured take turns.
const SLOTS: i64 = 31;

/// Two cards for six dollars an hour, and servers that do not answer any more.
const CONFIG: &str = r#"
[upstreams.own]
base_url = "http://127.0.0.1:9"
format = "openai"
role = "own"
plan = "ours"
would_cost_as = "openai/gpt-4o"
measured_by = { vllm = "http://127.0.0.1:9" }

[plans.ours]
replaces = ["nothing"]
serves = "8k"
model = "llama-3.3-70b"
gpu = "H100-SXM"
gpus = 2
precision = "fp8"
throughput = { source = "published" }
gpu_usd_per_hour = 3
price_as_of = 2026-05-22
price_source = "a quote"
policy = "fixed"
replicas = 1
alert = true
"#;

/// The number of today's UTC day, as the verdict counts it: days close a quarter of an hour late.
fn today() -> i64 {
    (tollgate::app::now().as_second() - 900).div_euclid(DAY * 60)
}

/// A call every minute, worth a cent; decided up to four days ago.
fn idling(home: &Home) {
    let minutes = (today() - DAYS) * DAY..today() * DAY;
    before::call_every_minute(home, minutes, call);
    let decided = json!({ "last_day": today() - 4, "held": {} });
    before::keep(home, [("verdict".to_owned(), decided.to_string())]);
}

fn call(minute: i64) -> Value {
    json!({
        "call_id": format!("01910000-0000-7000-8000-{minute:012x}"),
        "started_at": Timestamp::from_second(minute * 60).unwrap(),
        "upstream": "own",
        "role": "own",
        "format": "openai",
        "operation": "chat",
        "model_requested": "m",
        "model": "m",
        "capability": "8k",
        "status": 200,
        "stream": false,
        "end": "complete",
        "complete": true,
        "source": "reported",
        "input_tokens": 2_000,
        "output_tokens": 500,
        "pricing": "free",
        "would_cost_usd": "0.01",
        "duration_ms": 5_000,
    })
}

/// Through all closed days the servers were compared, and so many of a hundred tokens were metered.
fn servers_said(home: &Home, percent: u64) {
    let day = |day: i64| {
        let hour = json!({
            "seen_ms": 3_600_000, "server_input": 150_000, "metered_input": 1_500 * percent,
            "rounds_all": 60, "up": 60, "servers": 60, "rounds": 60,
        });
        let hours = (day * 24..day * 24 + 24).map(|at| (at.to_string(), hour.clone()));
        let hours: serde_json::Map<String, Value> = hours.collect();
        let name = format!("measured/own/{}", day.rem_euclid(SLOTS));
        (name, json!({ "hours": hours }).to_string())
    };
    before::keep(home, (today() - DAYS..today()).map(day));
}

/// What `tollgate breakeven` says of it with nothing listening.
fn at_rest(home: &Home) -> String {
    let output = home.run(&["breakeven"]);
    let said = String::from_utf8(output.stdout).unwrap();
    said.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The state of leaving, once the first look has decided the days.
async fn state(tollgate: &Tollgate) -> Value {
    let began = Instant::now();
    loop {
        let answer = tollgate.ask_admin("/api/v1/breakeven").await.unwrap();
        let answer: Value = serde_json::from_str(&answer.text()).unwrap();
        if let Some(state) = answer.pointer("/hosting/0/api_cheaper") {
            return state.clone();
        }
        assert!(began.elapsed() < WAIT, "{answer:#}\n{}", tollgate.said());
        tokio::time::sleep(POLL).await;
    }
}

#[tokio::test]
async fn what_servers_said_on_closed_days_decides_whether_leaving_them_is() {
    let home = Home::new(CONFIG);
    let aside = |work: &(dyn Fn(&Home) + Sync)| {
        // The journal waits for its thread, which a thread of the runtime must not.
        std::thread::scope(|scope| scope.spawn(|| work(&home)).join().unwrap());
    };
    aside(&idling);
    aside(&|home| servers_said(home, 100));
    let said = at_rest(&home);
    assert!(said.contains("The API is cheaper since"), "{said}");

    aside(&|home| servers_said(home, 70));
    let passed_by = "70 % of the tokens that its servers counted were metered";
    let said = at_rest(&home);
    assert!(said.contains(passed_by), "{said}");
    assert!(!said.contains("The API is cheaper since"), "{said}");
    let tollgate = home.serve().await;
    let held = state(&tollgate).await;
    assert_eq!(held["cheaper"], false, "{held}");
    assert!(held.to_string().contains(passed_by), "{held}");
    assert!(tollgate.terminate().success());

    aside(&|home| servers_said(home, 100));
    // The days are decided: what is said of them later changes nothing.
    assert!(!at_rest(&home).contains("The API is cheaper since"));
}
