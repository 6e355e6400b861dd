#![expect(
    clippy::float_arithmetic,
    reason = "amounts over two weeks as amounts a month"
)]
//! Calls as a trace: `backtest` says of them what the verdict says of the live sums.

use std::fmt::Write;
use std::ops::Range;

use serde_json::Value;
use tollgate::economics::projection::Scenario;

use crate::clock::{BEGIN, DAY};
use crate::figures::{near, window};
use crate::support::rows::Rows;
use crate::support::tollgate::{Home, Tollgate};

const MONTH_HOURS: f64 = 730.0;
const FORTNIGHT_HOURS: f64 = 14.0 * 24.0;

/// The columns of a trace.
pub(crate) const HEADER: &str = "t_ms,input_tokens,cached_input_tokens,output_tokens\n";

/// On the 28th day: a fleet that is chosen on the window before is the second half of a trace of both;
/// one that is not chosen is the whole of the last window.
pub(crate) fn compare(home: &Home, tollgate: &Tollgate, verdict: &Value) {
    let rows = Rows::while_running(home, tollgate);
    let plans = &window(verdict, "14d")["plans"];
    let both = backtest(home, &trace(&rows, 0..28));
    let last = backtest(home, &trace(&rows, 14..28));
    let (chosen, constant) = (&both["plans"][0], &last["plans"][1]);
    hosted(&plans[0], &chosen["chosen_ahead"], FORTNIGHT_HOURS);
    hosted(&plans[1], &constant["hindsight"], FORTNIGHT_HOURS);
    let (live, arm) = (&window(verdict, "14d")["endpoints"][0], &last["arms"][0]);
    months(&live["scenarios"], &arm["month"], FORTNIGHT_HOURS);
    assert_eq!(live["api_cost_usd"], last["recorded_api_usd"]);
}

/// What `backtest` says of a trace at the price that its calls were billed by.
pub(crate) fn backtest(home: &Home, trace: &str) -> Value {
    let file = home.data_dir().with_file_name("calls.csv");
    std::fs::write(&file, trace).unwrap();
    let (file, price) = (file.to_str().unwrap(), "own/replayed-1");
    let day = "2026-03-20";
    let output = home.run(&[
        "backtest", file, "--price", price, "--at", day, "--format", "json",
    ]);
    assert!(output.status.success(), "{output:?}");
    let mut said: Value = serde_json::from_slice(&output.stdout).unwrap();
    said["traces"][0]["prices"][0].take()
}

/// Exported rows in the columns of a trace.
fn trace(rows: &Rows, days: Range<i64>) -> String {
    let mut text = HEADER.to_owned();
    let ms = (BEGIN + days.start * DAY) * 60_000..(BEGIN + days.end * DAY) * 60_000;
    for row in rows.iter() {
        let started: jiff::Timestamp = row["started_at"].as_str().unwrap().parse().unwrap();
        let at = started.as_millisecond();
        if ms.contains(&at) {
            let (input, output) = (&row["input_tokens"], &row["output_tokens"]);
            let cached = row["cache_read_tokens"].as_u64().unwrap_or(0);
            writeln!(text, "{at},{input},{cached},{output}").unwrap();
        }
    }
    text
}

/// The same fleet at the same cost, over so many hours.
#[track_caller]
pub(crate) fn hosted(live: &Value, scored: &Value, hours: f64) {
    let hosted = &live["hosted"];
    months(&hosted["scenarios"], &scored["month"], hours);
    for (live, scored) in [("mean", "mean"), ("p99", "p99_need"), ("peak", "peak_need")]
        .map(|(live, back)| (&hosted["replicas"][live], &scored["replicas"][back]))
    {
        near(live, scored.as_f64().unwrap());
    }
    for figure in ["utilisation", "short_ratio", "usd_per_mtok"] {
        near(&hosted[figure], scored[figure].as_f64().unwrap());
    }
}

/// The same amounts, over so many hours and a month.
#[track_caller]
pub(crate) fn months(live: &Value, month: &Value, hours: f64) {
    for scenario in Scenario::ALL {
        for amount in ["cost_usd", "savings_usd"] {
            let a_month = month[scenario.label()][amount].as_f64().unwrap();
            near(
                &live[scenario.label()][amount],
                a_month * hours / MONTH_HOURS,
            );
        }
    }
}
