//! A start reads from the ledger what the process before had in memory: however that one ended, the
//! verdict is the same to the digit, and its sums are those of the rows.

use serde_json::{Value, json};
use tollgate::money::Pico;

use crate::clock::{BEGIN, Clock, DAY};
use crate::figures::{near, window};
use crate::lanes::Lanes;
use crate::looks::looked;
use crate::provider::{Call, Provider};
use crate::support::rows::Rows;
use crate::support::tollgate::{Home, Tollgate};
use crate::weeks::PLANS;

/// When it is looked, in minutes after the begin: on the hour, when everything is found anew.
pub(crate) const LOOK: i64 = 29 * DAY + 60;
/// The windows, and the days in each.
const WINDOWS: [(&str, i64); 4] = [("1d", 1), ("7d", 7), ("14d", 14), ("30d", 30)];

/// Calls in some minutes of five days, so that each window has others: three a minute, no two alike.
pub(crate) fn calls() -> Vec<Call> {
    let minutes = [0, 3, 20, 25, 29].map(|day| day * DAY).into_iter();
    let minutes = minutes.flat_map(|first| (0..20).step_by(3).map(move |past| first + past));
    let times = minutes.flat_map(|minute| [0, 17, 41].map(|second| minute * 60 + second));
    let call = |(nth, second): (u64, i64)| Call {
        at_ms: BEGIN * 60_000 + second * 1_000,
        input: 4_000 + 37 * nth,
        cached: 11 * nth,
        output: 300 + 7 * nth,
    };
    (0..).zip(times).map(call).collect()
}

/// What is said of the windows and the states once the verdict has looked.
async fn said(tollgate: &Tollgate) -> Value {
    let mut verdict = looked(tollgate, BEGIN + LOOK).await;
    json!({"windows": verdict["windows"].take(), "states": verdict["states"].take()})
}

/// Money and calls of every window are those of the rows that began in it.
fn compare(rows: &Rows, said: &Value) {
    let costs: Vec<(i64, Pico)> = rows.iter().map(cost).collect();
    for (label, days) in WINDOWS {
        let begin = (BEGIN + LOOK - days * DAY) * 60_000;
        let inside = costs.iter().filter(|(began, _)| *began >= begin);
        let inside: Vec<Pico> = inside.map(|(_, cost)| *cost).collect();
        let window = window(said, label);
        let cost: Pico = inside.iter().copied().sum();
        assert_eq!(window["api_cost_usd"], cost.to_string(), "{label}");
        let calls = u32::try_from(inside.len()).unwrap();
        near(&window["evidence"]["calls"], calls.into());
    }
}

/// When a row's call began, in milliseconds since 1970, and what it cost.
fn cost(row: &Value) -> (i64, Pico) {
    let began: jiff::Timestamp = row["started_at"].as_str().unwrap().parse().unwrap();
    let cost = row["cost_usd"].as_str().unwrap().parse().unwrap();
    (began.as_millisecond(), cost)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_says_what_the_process_before_said_however_it_ended() {
    let provider = Provider::start().await;
    let home = Home::new(&format!("{}{PLANS}", provider.configured()));
    let clock = Clock::at(BEGIN);
    let tollgate = clock.serve(&home).await;
    let mut lanes = Lanes::new(&clock, &provider, &tollgate);
    for call in calls() {
        lanes.send(&call).await;
    }
    lanes.settle().await;
    drop(lanes);
    clock.set(BEGIN + LOOK);
    let live = said(&tollgate).await;
    let rows = Rows::while_running(&home, &tollgate);
    assert_eq!(rows.len(), calls().len());
    compare(&rows, &live);
    tollgate.kill();
    let tollgate = clock.serve(&home).await;
    assert_eq!(said(&tollgate).await, live, "after SIGKILL");
    assert!(tollgate.terminate().success());
    let tollgate = clock.serve(&home).await;
    assert_eq!(said(&tollgate).await, live, "after SIGTERM");
}
