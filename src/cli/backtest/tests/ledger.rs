//! A trace and a ledger of the same calls say the same.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use jiff::Timestamp;

use crate::cli::backtest::price::Tariff;
use crate::cli::backtest::{choose, price, trace};
use crate::cli::{House, Known, Options, Tollgate};
use crate::economics::backtest::Comparison;
use crate::economics::breakeven::BreakEven;
use crate::economics::plan::LatencyLimit;
use crate::economics::projection::{ChosenOn, DAY, FORTNIGHT, Scenario};
use crate::economics::{Arm, CallDemand, DemandMinute, Endpoint, Stream};
use crate::usage::{Capability, ContextClass, TokenUsage};
use crate::verdict::{Report, Settings, States, Verdict};

/// Minutes in a day.
const MINUTES: i64 = 1_440;
/// A day since 1970.
const DAY_AT: i64 = 20_700;

/// Made calls of a day: time in milliseconds of the day, input, cached, output.
fn calls() -> impl Iterator<Item = [i64; 4]> {
    (0..MINUTES).flat_map(|minute| {
        // Busier towards noon, with a long call now and then.
        let calls = 3 + (720 - (minute - 720).abs()) / 60;
        (0..calls).map(move |call| {
            let turn = minute * 31 + call * 17;
            let input = if turn % 101 == 0 {
                12_000
            } else {
                500 + turn % 1_900
            };
            [
                minute * 60_000 + call * 3_500,
                input,
                input / 4,
                20 + turn % 700,
            ]
        })
    })
}

fn usage([_, input, cached, output]: [i64; 4]) -> TokenUsage {
    let tokens = |number: i64| u64::try_from(number).ok();
    TokenUsage {
        input: tokens(input),
        cache_read: tokens(cached),
        output: tokens(output),
        ..TokenUsage::default()
    }
}

/// The same but for the order in which sums were made.
fn same(one: Option<BreakEven>, other: Option<BreakEven>) -> bool {
    let near = |(one, other): (Option<f64>, Option<f64>)| match (one, other) {
        (Some(one), Some(other)) => (one / other - 1.0).abs() < 1e-9,
        (one, other) => one == other,
    };
    one.zip(other)
        .is_some_and(|(a, b)| near((a.first, b.first)) && near((a.robust, b.robust)))
}

/// What the trace of the calls says at the first tariff.
fn of_trace(known: &Known, tariffs: &[Tariff]) -> Comparison {
    let mut text = "t_ms,input_tokens,cached_input_tokens,output_tokens\n".to_owned();
    for [at, input, cached, output] in calls() {
        writeln!(text, "{at},{input},{cached},{output}").unwrap();
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("day.csv");
    std::fs::write(&path, text).unwrap();
    let trace = trace::read(&path, &known.prices, tariffs, true).unwrap();
    let arms = choose::arms(known, "gpt-4o");
    let rivals = choose::rivals(&arms, "gpt-4o");
    Comparison::of(&trace.traffic(0), &known.plans, &arms, &rivals)
}

/// The verdict over the same calls as demand of a day, at the end of that day.
fn of_ledger(known: &Known, tariff: &Tariff) -> Arc<Report> {
    let mut minutes = BTreeMap::<(Stream, i64), DemandMinute>::new();
    for call in calls() {
        let usage = usage(call);
        let demand = CallDemand {
            started_ms: DAY_AT * MINUTES * 60_000 + call[0],
            duration_ms: 0,
            usage: &usage,
            side: &[],
            cost_usd: tariff.bill(&known.prices, &usage).cost_usd,
            imported: false,
        };
        let tokens = usage.input.unwrap() + usage.output.unwrap();
        let stream = Stream {
            upstream: "openai".into(),
            model: "gpt-4o".into(),
            capability: Capability {
                context: ContextClass::of(tokens),
                ..Capability::default()
            },
        };
        let minute = minutes.entry((stream, demand.place().minute));
        minute.or_default().add(&demand);
    }
    let verdict = Verdict::new(settings(known), States::default());
    let minutes = minutes.into_iter();
    let minutes = minutes.map(|((stream, at), minute)| (stream, at, minute));
    verdict.load(minutes, DAY_AT * MINUTES..(DAY_AT + 1) * MINUTES);
    verdict.tick(Timestamp::from_second((DAY_AT + 1) * MINUTES * 60).unwrap());
    verdict.report()
}

/// Every plan may replace the model, as it does in a backtest.
fn settings(known: &Known) -> Settings {
    let mut plans = known.plans.clone();
    for plan in &mut plans {
        plan.replaces = vec!["gpt-4o".to_owned()];
    }
    let endpoint = |arm: &Arm| Endpoint {
        arm: arm.clone(),
        min_saving_usd_per_month: 0.0,
        alert: false,
    };
    Settings {
        plans,
        endpoints: known.endpoints.iter().map(endpoint).collect(),
        ..Settings::default()
    }
}

#[test]
fn the_backtest_of_a_days_calls_is_the_projection_of_their_ledger() {
    let plans = std::path::Path::new("tests/fixtures/backtest/plans.toml");
    let mut known = Tollgate.known(&Options::default(), Some(plans)).unwrap();
    for plan in &mut known.plans {
        // A trace knows no durations, from which the limit of today would come.
        plan.latency = LatencyLimit::Seconds(0.05);
    }
    let at = jiff::civil::date(2026, 10, 1);
    let tariffs = price::tariffs(&known.prices, &["gpt-4o".to_owned()], at).unwrap();
    let backtest = of_trace(&known, &tariffs);
    let report = of_ledger(&known, &tariffs[0]);

    let day = report.window(DAY).unwrap();
    let fortnight = report.window(FORTNIGHT).unwrap();
    for (at, plan) in backtest.plans.iter().enumerate() {
        let hindsight = plan.hindsight.as_ref().unwrap();
        let live = &day.plans[at];
        assert_eq!(
            Some(&hindsight.hosted),
            live.hosted.as_ref(),
            "{}",
            live.plan
        );
        assert_ne!(hindsight.hosted.chosen_on, ChosenOn::PreviousWindow);
        assert_eq!(plan.latency, live.latency);
        assert!(same(plan.over_rivals, fortnight.plans[at].breakeven));
        assert!((plan.taken.total.calls - live.evidence.calls).abs() < 1e-9);
    }
    let costs = [&backtest.arms[0].band, &day.endpoints[0].band].map(|band| {
        let cost = |scenario| band.figures(scenario).cost_usd;
        Scenario::ALL.map(cost)
    });
    let mut pairs = costs[0].iter().zip(&costs[1]);
    assert!(pairs.all(|(one, other)| (one / other - 1.0).abs() < 1e-9));
    assert!(backtest.plans[1].taken.total.calls < backtest.total.calls);
}
