//! The break-even alert, from a switch of the verdict through a real Prometheus and Alertmanager, by
//! our configurations of both, to a receiver: it is told once, and taken back once.
//!
//! Only addresses and waits are others than in `config/`: a quarter of a second for Prometheus' 15, 10
//! seconds for which it keeps an alert firing, and one for what Alertmanager waits before it tells of a
//! group. How often it repeats itself is as it is there.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::clock::{BEGIN, Clock, DAY};
use crate::earlier;
use crate::figures::window;
use crate::lanes::Lanes;
use crate::looks::look;
use crate::provider::{Call, Provider};
use crate::support::prometheus::{Prometheus, Server, are_installed, free_port, with};
use crate::support::tollgate::Home;
use crate::support::upstream::{Script, Upstream};

const PROGRAMS: [&str; 2] = ["prometheus", "prometheus-alertmanager"];
/// Two busy cores take their time.
const WAIT: Duration = Duration::from_mins(5);
const POLL: Duration = Duration::from_millis(50);
/// So long nothing more comes: several times what Alertmanager waits for.
const QUIET: Duration = Duration::from_secs(4);
/// Several scrapes, and less than an alert is kept firing.
const DOWN: Duration = Duration::from_secs(2);
/// Minutes after which a day has closed.
const CLOSES: i64 = 15;
/// Days of calls before the first of this test.
const BEFORE: i64 = 20;
/// Days of which a verdict is made, and after so many with one sign it switches.
const WINDOW: i64 = 14;
const SWITCHES: i64 = 3;

/// Two cards for three dollars an hour.
const PLAN: &str = "
[plans.ours]
replaces = [\"replayed-1\"]
serves = \"8k\"
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

/// Every call costs 100 dollars up to the day whose last window is the last to be decided before the
/// test; what comes after costs a dollar a day.
fn cost_usd(day: i64) -> u32 {
    if day > BEGIN / DAY - WINDOW { 0 } else { 100 }
}

fn call(minute: i64) -> Call {
    Call {
        at_ms: minute * 60_000,
        input: 2,
        cached: 0,
        output: 1,
    }
}

/// Everything that the receiver was told.
struct Told {
    receiver: Upstream,
    messages: Vec<Value>,
}

impl Told {
    fn take(&mut self) {
        for request in self.receiver.take_seen() {
            assert_eq!(request.target, "/tollgate");
            let message = serde_json::from_slice(&request.body.bytes).unwrap();
            self.messages.push(message);
        }
    }

    /// Waits for so many messages, and then whether one more comes; the last one.
    async fn wait(&mut self, many: usize) -> &Value {
        let began = Instant::now();
        while self.messages.len() < many {
            assert!(began.elapsed() < WAIT, "{:?}", self.messages);
            tokio::time::sleep(POLL).await;
            self.take();
        }
        tokio::time::sleep(QUIET).await;
        self.take();
        assert_eq!(self.messages.len(), many, "{:#?}", self.messages);
        self.messages.last().unwrap()
    }
}

/// Alertmanager by config/alertmanager.yml, and its receiver.
async fn alertmanager() -> (Server, Told) {
    let receiver = Upstream::start(|_| Script::unary(200, &[], b"")).await;
    let config = with(
        "config/alertmanager.yml",
        &[
            ("http://127.0.0.1:9095", &receiver.base_url()),
            ("group_wait: 30s", "group_wait: 1s"),
            ("group_interval: 5m", "group_interval: 1s"),
        ],
    );
    let alone = ["--cluster.listen-address="];
    let server = Server::start(
        PROGRAMS[1],
        &[("config.yml", &config)],
        "--storage.path",
        &alone,
    )
    .await;
    let messages = Vec::new();
    (server, Told { receiver, messages })
}

/// One alert in it, as it is in config/alerts.
fn check(message: &Value, status: &str) {
    let alerts = message["alerts"].as_array().unwrap();
    let [alert] = &alerts[..] else {
        panic!("{message:#}");
    };
    assert_eq!(message["status"], status);
    assert_eq!(alert["status"], status);
    assert_eq!(message["groupLabels"]["plan"], "ours");
    for (label, value) in [
        ("alertname", "SelfHostingCheaper"),
        ("job", "tollgate"),
        ("severity", "info"),
    ] {
        assert_eq!(alert["labels"][label], value, "{message:#}");
    }
    let summary = "Hosting by plan ours is cheaper than the API";
    assert_eq!(message["commonAnnotations"]["summary"], summary);
}

/// In words, what hosting would have saved in the last window.
fn saving(verdict: &Value) -> String {
    let hosted = &window(verdict, "14d")["plans"][0]["hosted"];
    let saved = hosted["scenarios"]["expected"]["savings_usd"].as_f64();
    let saved = saved.unwrap();
    format!("The last 14 days would have cost {saved:.2} USD less on plan ours.")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_switch_is_told_once_over_a_restart_and_taken_back_once() {
    if !are_installed(&PROGRAMS) {
        return;
    }
    let provider = Provider::start().await;
    let mut home = Home::new(&format!("{}{PLAN}", provider.configured()));
    home.admin = free_port().to_string();
    let today = BEGIN / DAY;
    // The journal waits for its thread, which a thread of the runtime must not.
    let write = || earlier::write(&home, today - BEFORE..today, today - 1 - SWITCHES, cost_usd);
    std::thread::scope(|scope| scope.spawn(write).join().unwrap());

    let clock = Clock::at(BEGIN + CLOSES);
    let tollgate = clock.serve(&home).await;
    let mut lanes = Lanes::new(&clock, &provider, &tollgate);
    let (alertmanager, mut told) = alertmanager().await;
    let _prometheus = Prometheus::start(tollgate.admin, alertmanager.address).await;
    let verdict = look(&mut lanes, &tollgate, &call(BEGIN + CLOSES + 1)).await;
    assert_eq!(verdict["states"][0]["cheaper"], true, "{verdict:#}");
    let firing = told.wait(1).await;
    check(firing, "firing");
    let description = &firing["commonAnnotations"]["description"];
    assert_eq!(*description, saving(&verdict));

    // A scrape finds nobody, or nothing: neither is the end of the state.
    drop(lanes);
    tollgate.kill();
    tokio::time::sleep(DOWN).await;
    let tollgate = clock.serve(&home).await;
    let mut lanes = Lanes::new(&clock, &provider, &tollgate);
    for minute in BEGIN + CLOSES + 2..BEGIN + SWITCHES * DAY + CLOSES {
        lanes.send(&call(minute)).await;
    }
    let last = call(BEGIN + SWITCHES * DAY + CLOSES);
    let verdict = look(&mut lanes, &tollgate, &last).await;
    assert_eq!(verdict["states"][0]["cheaper"], false, "{verdict:#}");
    check(told.wait(2).await, "resolved");
    assert!(tollgate.terminate().success());
}
