//! Which minutes count as observed when the clock jumps or the process stands still: those in which it
//! ran, and no other.

use serde_json::Value;

use crate::clock::{BEGIN, Clock, DAY};
use crate::lanes::Lanes;
use crate::looks::looked;
use crate::provider::{Call, Provider};
use crate::support::tollgate::{Home, Tollgate};

/// The last day once the verdict has looked at this minute: how many minutes it saw, and calls.
async fn seen(tollgate: &Tollgate, minute: i64) -> (i64, i64) {
    let verdict = looked(tollgate, minute).await;
    let day = &verdict["windows"][0];
    let minutes = whole(&day["observed_hours"], 60.0);
    (minutes, whole(&day["evidence"]["calls"], 1.0))
}

/// A JSON number, times `times`, which is a whole one.
#[expect(
    clippy::float_arithmetic,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "a count"
)]
fn whole(number: &Value, times: f64) -> i64 {
    (number.as_f64().unwrap() * times).round() as i64
}

/// A call in each of three minutes from the begin on.
async fn three_calls(clock: &Clock, provider: &Provider, tollgate: &Tollgate) {
    let mut lanes = Lanes::new(clock, provider, tollgate);
    for minute in BEGIN..BEGIN + 3 {
        let (input, cached, output) = (300, 100, 200);
        let at_ms = minute * 60_000;
        let call = Call {
            at_ms,
            input,
            cached,
            output,
        };
        lanes.send(&call).await;
    }
    lanes.settle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_was_stopped_saw_no_minute_in_between() {
    let provider = Provider::start().await;
    let home = Home::new(&provider.configured());
    let clock = Clock::at(BEGIN);
    let tollgate = clock.serve(&home).await;
    assert_eq!(seen(&tollgate, BEGIN).await, (0, 0));
    tollgate.signal("STOP");
    clock.set(BEGIN + 180);
    tollgate.signal("CONT");
    assert_eq!(seen(&tollgate, BEGIN + 180).await, (1, 0));
    clock.set(BEGIN + 181);
    assert_eq!(seen(&tollgate, BEGIN + 181).await, (2, 0));
    // The ledger says the same to the next process, which does not see the minutes between either.
    assert!(tollgate.terminate().success());
    clock.set(BEGIN + 200);
    let tollgate = clock.serve(&home).await;
    assert_eq!(seen(&tollgate, BEGIN + 200).await, (3, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_was_years_ahead_costs_no_minute_and_no_call() {
    let provider = Provider::start().await;
    let home = Home::new(&provider.configured());
    let clock = Clock::at(BEGIN);
    let tollgate = clock.serve(&home).await;
    three_calls(&clock, &provider, &tollgate).await;
    clock.set(BEGIN + 3);
    assert_eq!(seen(&tollgate, BEGIN + 3).await, (3, 3));
    clock.set(BEGIN + 1_000 * DAY);
    assert_eq!(seen(&tollgate, BEGIN + 1_000 * DAY).await, (0, 0));
    clock.set(BEGIN + 4);
    assert_eq!(seen(&tollgate, BEGIN + 4).await, (4, 3));
    // A little back, as time servers do: what was seen is seen once.
    clock.set(BEGIN + 2);
    assert_eq!(seen(&tollgate, BEGIN + 2).await, (2, 2));
    clock.set(BEGIN + 5);
    assert_eq!(seen(&tollgate, BEGIN + 5).await, (5, 3));
}
