//! Hosting that runs nearly idle, through the real binary by a clock that is set from outside: after a
//! fortnight leaving is cheaper, the statement follows from the rows, and with traffic it no longer is.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::clock::{BEGIN, Clock, DAY};
use crate::lanes::Lanes;
use crate::looks::look;
use crate::provider::{Call, Provider};
use crate::support::tollgate::{Home, Tollgate};

/// Days of a small call a minute. The fortnight is whole with the 14th, which is the first of three.
const IDLE: i64 = 16;
/// Days of a large call a minute, each worth more than a fortnight of the machine.
const BUSY: i64 = 3;
/// Two busy cores take their time.
const WAIT: Duration = Duration::from_mins(5);
const POLL: Duration = Duration::from_millis(50);
/// Minutes after which a day has closed.
const CLOSES: i64 = 15;

/// One card for three dollars an hour; the API call that its calls are held against is the provider's.
const PLAN: &str = "
[plans.ours]
replaces = [\"nothing\"]
serves = \"128k\"
model = \"llama-3.3-70b\"
gpu = \"H100-SXM\"
gpus = 2
precision = \"fp8\"
gpu_usd_per_hour = 1.50
price_as_of = 2026-02-01
price_source = \"made\"
policy = \"fixed\"
replicas = 1
alert = true
throughput = { source = \"published\" }
";

/// The upstream as one of our own.
fn config(provider: &Provider) -> String {
    let own = "role = \"own\"\nplan = \"ours\"\nreplicas = 1\nwould_cost_as = \"own/replayed-1\"";
    let upstream = provider.configured().replace("prices = \"own\"", own);
    format!("{upstream}{PLAN}")
}

fn call(minute: i64) -> Call {
    let is_idle = minute < BEGIN + IDLE * DAY;
    Call {
        at_ms: minute * 60_000,
        input: if is_idle { 10 } else { 100_000 },
        cached: 0,
        output: 10,
    }
}

/// Whether leaving is held to be cheaper, once the verdict has looked after a day.
async fn after(lanes: &mut Lanes<'_>, tollgate: &Tollgate, day: i64) -> (bool, Value) {
    let closed = BEGIN + (day + 1) * DAY + CLOSES;
    let verdict = look(lanes, tollgate, &call(closed)).await;
    let state = verdict["hosting"][0]["api_cheaper"].clone();
    (state["cheaper"].as_bool().unwrap(), state)
}

/// So many statements, the earliest first, each of which follows from the rows. They are written right
/// after a look.
async fn statements(home: &Home, tollgate: &Tollgate, many: usize) -> Vec<String> {
    let began = Instant::now();
    let names = loop {
        let files = std::fs::read_dir(home.data_dir().join("verdicts"));
        let files = files.into_iter().flatten();
        let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.filter(|name| is_json(name)).collect();
        names.sort();
        if names.len() == many {
            break names;
        }
        assert!(began.elapsed() < WAIT, "{names:?}\n{}", tollgate.said());
        tokio::time::sleep(POLL).await;
    };
    let admin = tollgate.admin.to_string();
    for name in &names {
        let output = home.run(&["verdict", "verify", name, "--admin", &admin]);
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{name}: {output:?}");
        assert!(said.contains("figures follow from the rows"), "{said}");
    }
    names
}

fn is_json(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|end| end == "json")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leaving_what_idles_is_cheaper_after_a_fortnight_until_traffic_comes() {
    let provider = Provider::start().await;
    let home = Home::new(&config(&provider));
    let clock = Clock::at(BEGIN);
    let tollgate = clock.serve(&home).await;
    let mut lanes = Lanes::new(&clock, &provider, &tollgate);
    let last = IDLE + BUSY - 1;
    for day in 0..=last {
        for minute in BEGIN + day * DAY..BEGIN + (day + 1) * DAY {
            // The first minutes of a day come with the look at the one before.
            if day == 0 || minute > BEGIN + day * DAY + CLOSES {
                lanes.send(&call(minute)).await;
            }
        }
        for minute in BEGIN + (day + 1) * DAY..BEGIN + (day + 1) * DAY + CLOSES {
            lanes.send(&call(minute)).await;
        }
        let (is, state) = after(&mut lanes, &tollgate, day).await;
        assert_eq!(
            is,
            (IDLE - 1..last).contains(&day),
            "day {day}: {state}\n{}",
            tollgate.said()
        );
        let lacks = &state["not_enough_evidence"];
        let is_thin = lacks.as_array().is_none_or(|lacks| !lacks.is_empty());
        assert_eq!(is_thin, day < 13, "day {day}: {state}");
        if day == IDLE - 1 {
            let on = statements(&home, &tollgate, 1).await;
            assert_eq!(on, ["2026-03-17-api-ours-on.json"]);
            let metric = tollgate.metric("tollgate_hosting_api_cheaper").await;
            assert_eq!(metric, 1);
        }
    }
    assert_eq!(
        statements(&home, &tollgate, 2).await,
        [
            "2026-03-17-api-ours-on.json",
            "2026-03-20-api-ours-off.json"
        ]
    );
    assert_eq!(tollgate.metric("tollgate_hosting_api_cheaper").await, 0);
    assert!(tollgate.terminate().success());
}
