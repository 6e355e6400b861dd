//! Recorded hours of three services, call by call at their times: the verdict on what came through is
//! the `backtest` of the file.
//!
//! One call in `TOLLGATE_REPLAY_EVERY` (4) is sent. A minute without one has a call of one token.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::clock::{BEGIN, Clock};
use crate::figures::window;
use crate::lanes::Lanes;
use crate::ledger::{HEADER, backtest, hosted, months};
use crate::looks::look;
use crate::provider::{Call, Provider};
use crate::support::tollgate::Home;
use crate::weeks::PLANS;

const EVERY: usize = 4;

/// A trace from [`BEGIN`] on, thinned.
fn calls(name: &str) -> Vec<Call> {
    let every = std::env::var("TOLLGATE_REPLAY_EVERY").ok();
    let every = every.map_or(EVERY, |every| every.parse().unwrap());
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/traces");
    let mut rows = csv::Reader::from_path(format!("{folder}/{name}.csv")).unwrap();
    let rows = rows.deserialize::<BTreeMap<String, u64>>();
    let call = |row: BTreeMap<String, u64>| Call {
        at_ms: BEGIN * 60_000 + i64::try_from(row["t_ms"]).unwrap(),
        input: row["input_tokens"],
        cached: row.get("cached_input_tokens").copied().unwrap_or(0),
        output: row["output_tokens"],
    };
    filled(rows.step_by(every).map(|row| call(row.unwrap())).collect())
}

/// With a call in every minute.
fn filled(mut calls: Vec<Call>) -> Vec<Call> {
    let minute = |call: &Call| call.at_ms / 60_000;
    let last = calls.iter().map(minute).max().unwrap();
    for at in BEGIN..=last {
        if !calls.iter().any(|call| minute(call) == at) {
            calls.push(token(at));
        }
    }
    calls.sort_by_key(|call| call.at_ms);
    calls
}

fn token(minute: i64) -> Call {
    Call {
        at_ms: minute * 60_000,
        input: 1,
        cached: 0,
        output: 1,
    }
}

fn csv_of(calls: &[Call]) -> String {
    let mut text = HEADER.to_owned();
    for call in calls {
        let Call {
            at_ms,
            input,
            cached,
            output,
        } = call;
        writeln!(text, "{at_ms},{input},{cached},{output}").unwrap();
    }
    text
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_verdict_on_a_replayed_hour_is_the_backtest_of_its_file() {
    for name in [
        "azure-2023-conv",
        "azure-2023-code",
        "mooncake-conversation",
    ] {
        let provider = Provider::start().await;
        let home = Home::new(&format!("{}{PLANS}", provider.configured()));
        let calls = calls(name);
        let clock = Clock::at(BEGIN);
        let tollgate = clock.serve(&home).await;
        let mut lanes = Lanes::new(&clock, &provider, &tollgate);
        for call in &calls {
            lanes.send(call).await;
        }
        let end = calls[calls.len() - 1].at_ms / 60_000 + 1;
        let verdict = look(&mut lanes, &tollgate, &token(end)).await;
        println!("{name}: {} calls in {} minutes", calls.len(), end - BEGIN);
        let (day, trace) = (window(&verdict, "1d"), backtest(&home, &csv_of(&calls)));
        assert_eq!(day["api_cost_usd"], trace["recorded_api_usd"], "{name}");
        let hours = f64::from(i32::try_from(end - BEGIN).unwrap()) / 60.0;
        for plan in 0..2 {
            let (live, file) = (&day["plans"][plan], &trace["plans"][plan]);
            hosted(live, &file["hindsight"], hours);
            assert_eq!(live["evidence"]["calls"], file["taken"]["calls"]);
        }
        let (live, file) = (&day["endpoints"][0], &trace["arms"][0]);
        months(&live["scenarios"], &file["month"], hours);
    }
}
