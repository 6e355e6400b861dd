//! What a real Prometheus has of a tollgate that is stopped and killed: gauges do not move, and
//! `increase()` lacks what was counted after the last scrape of the process that is gone, and no more.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::Value;
use tollgate::app::now;

use crate::clock::{BEGIN, Clock};
use crate::lanes::Lanes;
use crate::looks::looked;
use crate::provider::{Call, Provider};
use crate::restart::{LOOK, calls};
use crate::support::client::Client;
use crate::support::prometheus::{NOBODY, Prometheus, are_installed, free_port};
use crate::support::tollgate::{Home, Tollgate};
use crate::weeks::PLANS;

/// Two busy cores take their time.
const WAIT: Duration = Duration::from_mins(5);
const POLL: Duration = Duration::from_millis(50);
/// Every sample since a test began.
const SAMPLES: &str = "[10m]";
/// About the process, which is another one, or about the disk as it is now.
const OF_THE_PROCESS: [&str; 3] = [
    "process_",
    "tollgate_config_last_reload_success_timestamp_seconds",
    "tollgate_ledger_size_bytes",
];
/// Calls before a kill, after the last scrape before it as a rule, and after it.
const CALLS: usize = 200;
const LAST: usize = 5;
const CALLS_TOTAL: &str = "tollgate_calls_total{tenant=\"none\"}";
const SPENT: &str = "tollgate_spend_all_time_usd{tenant=\"none\"}";
/// Between calls, so that some scrapes come between them.
const PAUSE: Duration = Duration::from_millis(10);
/// A record that was not written when its answer had waited for it long enough is written by then.
const WRITTEN: Duration = Duration::from_millis(50);

/// Samples of a series: when they were scraped, in milliseconds since 1970, and what was there.
fn samples(series: &Value) -> Vec<(i64, String)> {
    let pairs = series["values"].as_array().unwrap().iter();
    let sample = |pair: &Value| (ms(&pair[0]), pair[1].as_str().unwrap().to_owned());
    pairs.map(sample).collect()
}

/// A time as Prometheus writes it, in seconds with at most three decimals.
fn ms(seconds: &Value) -> i64 {
    let text = seconds.to_string();
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    format!("{whole}{part:0<3}").parse().unwrap()
}

/// The samples of one series.
async fn one(prometheus: &Prometheus, series: &str) -> Vec<(i64, String)> {
    let found = prometheus.query(&format!("{series}{SAMPLES}")).await;
    assert!(found.len() < 2, "{found:?}");
    found.first().map(samples).unwrap_or_default()
}

/// Waits until so many calls are counted, which comes behind their answers.
async fn counted(tollgate: &Tollgate, calls: usize) {
    let calls = u64::try_from(calls).unwrap();
    let began = Instant::now();
    while tollgate.metric("tollgate_calls_total").await < calls {
        assert!(began.elapsed() < WAIT, "{}", tollgate.said());
        tokio::time::sleep(POLL).await;
    }
}

/// Waits until Prometheus has asked a tollgate that answered, after this moment.
async fn scraped(prometheus: &Prometheus) {
    let after = now().as_millisecond();
    let began = Instant::now();
    loop {
        let up = one(prometheus, "up").await;
        if up.iter().any(|(at, is_up)| *at > after && is_up == "1") {
            return;
        }
        assert!(began.elapsed() < WAIT, "{up:?}");
        tokio::time::sleep(POLL).await;
    }
}

/// Names of the gauges that say something of calls, not of the process.
async fn gauges(tollgate: &Tollgate) -> BTreeSet<String> {
    let text = tollgate.ask_admin("/metrics").await.unwrap().text();
    let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let gauges = types.filter_map(|line| line.strip_suffix(" gauge"));
    let is_of_calls = |name: &&str| !OF_THE_PROCESS.iter().any(|of| name.starts_with(of));
    gauges.filter(is_of_calls).map(ToOwned::to_owned).collect()
}

/// Every gauge has one value at all scrapes, the last one among them. What the ledger knows is there
/// at each of them, what the verdict finds from its first look on.
async fn compare(prometheus: &Prometheus, gauges: &BTreeSet<String>) {
    let all = prometheus
        .query(&format!("{{job=\"tollgate\"}}{SAMPLES}"))
        .await;
    let is_up = |series: &&Value| series["metric"]["__name__"] == "up";
    let up = samples(all.iter().find(is_up).unwrap());
    let up: Vec<i64> = up.iter().filter(|it| it.1 == "1").map(|it| it.0).collect();
    let mut compared = BTreeSet::new();
    for series in &all {
        let name = series["metric"]["__name__"].as_str().unwrap();
        if gauges.contains(name) {
            let samples = samples(series);
            let is_same = samples.iter().all(|(_, value)| *value == samples[0].1);
            assert!(is_same, "{series:#}");
            let is_whole = samples.len() == up.len() || !name.starts_with("tollgate_spend_");
            assert!(is_whole, "{series:#}, {up:?}");
            let last = samples.last().map(|(at, _)| at);
            assert_eq!(last, up.last(), "{series:#}");
            compared.insert(name.to_owned());
        }
    }
    println!("{} gauges at {} scrapes", compared.len(), up.len());
    assert!(compared.contains("tollgate_spend_all_time_usd"));
    assert!(compared.contains("tollgate_selfhost_savings_usd"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_gauge_moves_over_a_stop_and_a_kill() {
    if !are_installed(&["prometheus"]) {
        return;
    }
    let provider = Provider::start().await;
    let mut home = Home::new(&format!("{}{PLANS}", provider.configured()));
    home.admin = free_port().to_string();
    let clock = Clock::at(BEGIN);
    let tollgate = clock.serve(&home).await;
    let mut lanes = Lanes::new(&clock, &provider, &tollgate);
    for call in calls() {
        lanes.send(&call).await;
    }
    lanes.settle().await;
    drop(lanes);
    clock.set(BEGIN + LOOK);
    looked(&tollgate, BEGIN + LOOK).await;
    let gauges = gauges(&tollgate).await;
    let prometheus = Prometheus::start(tollgate.admin, NOBODY).await;
    scraped(&prometheus).await;

    assert!(tollgate.terminate().success());
    let tollgate = clock.serve(&home).await;
    looked(&tollgate, BEGIN + LOOK).await;
    scraped(&prometheus).await;
    tollgate.kill();
    let tollgate = clock.serve(&home).await;
    looked(&tollgate, BEGIN + LOOK).await;
    scraped(&prometheus).await;
    compare(&prometheus, &gauges).await;
    assert!(tollgate.terminate().success());
}

/// Sends calls one after the other.
async fn send(tollgate: &Tollgate, many: usize) {
    let call = Call {
        at_ms: 0,
        input: 100,
        cached: 0,
        output: 10,
    };
    let mut client = Client::new(tollgate.traffic);
    for _ in 0..many {
        let answer = client.send(call.request()).await.unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text());
        tokio::time::sleep(PAUSE).await;
    }
}

/// Each call is 100 tokens in at 150 dollars a million, and 10 out at 600.
fn cost_usd(calls: usize) -> String {
    let micro = calls * 21_000;
    format!("{}.{:06}", micro / 1_000_000, micro % 1_000_000)
        .trim_end_matches(['0'])
        .trim_end_matches('.')
        .to_owned()
}

/// `increase()` from the first sample of the calls to the last one.
async fn increase(prometheus: &Prometheus, samples: &[(i64, String)]) -> usize {
    let [(first, _), .., (last, _)] = samples else {
        panic!("{samples:?}");
    };
    // A millisecond more: a newer Prometheus leaves out what is on the edge.
    let expression = format!("round(increase({CALLS_TOTAL}[{}ms]))", last - first + 1);
    let time = Timestamp::from_millisecond(*last).unwrap().to_string();
    let found = prometheus.query_at(&expression, &time).await;
    found[0]["value"][1].as_str().unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_kill_increase_lacks_one_scrape_at_most_and_the_gauge_nothing() {
    if !are_installed(&["prometheus"]) {
        return;
    }
    let provider = Provider::start().await;
    let mut home = Home::new(&provider.configured());
    home.admin = free_port().to_string();
    // Before the first price would be cut.
    let clock = Clock::at(BEGIN);
    let tollgate = clock.serve(&home).await;
    // A series that begins above zero is no increase.
    send(&tollgate, 1).await;
    counted(&tollgate, 1).await;
    let prometheus = Prometheus::start(tollgate.admin, NOBODY).await;
    scraped(&prometheus).await;
    send(&tollgate, CALLS).await;
    counted(&tollgate, 1 + CALLS).await;
    scraped(&prometheus).await;
    send(&tollgate, LAST).await;
    tokio::time::sleep(WRITTEN).await;
    tollgate.kill();
    let killed = now().as_millisecond();
    let tollgate = clock.serve(&home).await;
    send(&tollgate, CALLS).await;
    counted(&tollgate, CALLS).await;
    scraped(&prometheus).await;

    let samples = one(&prometheus, CALLS_TOTAL).await;
    let seen = samples.iter().rev().find(|(at, _)| *at < killed).unwrap();
    let increase = increase(&prometheus, &samples).await;
    let lacks = CALLS + LAST + CALLS - increase;
    println!("{lacks} of {LAST} calls since the last scrape are lacking");
    assert!(lacks <= LAST, "{samples:?}");
    let counted: usize = seen.1.parse().unwrap();
    assert_eq!(lacks, 1 + CALLS + LAST - counted, "{samples:?}");
    let spent = one(&prometheus, SPENT).await;
    assert_eq!(spent.last().unwrap().1, cost_usd(1 + CALLS + LAST + CALLS));
    assert!(tollgate.terminate().success());
}
