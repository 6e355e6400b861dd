//! What each closed minute adds to the running totals.

use jiff::Timestamp;

use super::made::{TODAY, certain, minute, minutes, plan, settings, steady, stream};
use crate::call::CallRecord;
use crate::economics::PlanDraft;
use crate::money::Pico;
use crate::usage::TokenUsage;
use crate::verdict::{DAY_MINUTES, HostedMinute, States, Verdict};

/// So many seconds after midnight of the day on which all tests look back.
fn after(seconds: i64) -> Timestamp {
    Timestamp::from_second(TODAY * DAY_MINUTES * 60 + seconds).unwrap()
}

/// A call of 2,000 tokens in and 500 out that began so many seconds after midnight.
fn call(began: i64, took: u64, usd: i64) -> CallRecord {
    CallRecord {
        started_at: after(began),
        duration_ms: took * 1_000,
        model: Some("gpt-4o".into()),
        capability: "8k".into(),
        usage: TokenUsage {
            input: Some(2_000),
            output: Some(500),
            ..TokenUsage::default()
        },
        side: Vec::new(),
        flags: Vec::new(),
        cost_usd: Some(Pico::from_units(usd)),
        ..crate::call::tests::full()
    }
}

/// A month of a call a second at half a cent, seen to midnight.
fn seen(change: impl FnOnce(&mut PlanDraft)) -> Verdict {
    let verdict = steady(settings(vec![plan(change)], vec![]), 30, 60, 5_000);
    assert!(verdict.tick(after(0)));
    assert_eq!(verdict.report().minute, []);
    verdict
}

fn only(verdict: &Verdict) -> HostedMinute {
    let [minute] = verdict.report().minute.clone().try_into().unwrap();
    minute
}

#[track_caller]
#[expect(
    clippy::float_arithmetic,
    reason = "figures are compared up to rounding"
)]
fn near(seen: f64, expected: f64) {
    assert!((seen - expected).abs() < 1e-6, "{seen} is not {expected}");
}

#[test]
fn a_minute_is_counted_once_and_a_late_call_where_it_became_known() {
    let verdict = seen(certain);
    verdict.record(&call(5, 2, 1));
    // It began before midnight, in a minute that was counted already.
    verdict.record(&call(-30, 40, 2));
    assert!(!verdict.tick(after(59)));
    assert!(verdict.tick(after(60)));
    near(only(&verdict).qualifying_usd, 3.0);
    assert!(!verdict.tick(after(61)));
    verdict.record(&call(30, 60, 4));
    assert!(verdict.tick(after(120)));
    near(only(&verdict).qualifying_usd, 4.0);
    assert!(verdict.tick(after(180)));
    near(only(&verdict).qualifying_usd, 0.0);
}

#[test]
fn a_minute_pays_its_replica_idle_or_not_and_does_the_work_of_its_calls() {
    let verdict = seen(certain);
    for second in 0..60 {
        verdict.record(&call(second, 5, 0));
    }
    verdict.tick(after(60));
    // 60 calls are a load of 0.2496: one replica at 5.38 dollars an hour.
    let hosted = only(&verdict).hosted.unwrap();
    near(hosted.cost_usd.expected, 5.38 / 60.0);
    near(hosted.replica_seconds, 60.0);
    assert!((hosted.work_replica_seconds - 0.2496 * 60.0).abs() < 0.03);
    near(hosted.overflow_usd, 0.0);
    verdict.tick(after(120));
    let idle = only(&verdict).hosted.unwrap();
    near(idle.cost_usd.expected, 5.38 / 60.0);
    near(idle.work_replica_seconds, 0.0);
}

#[test]
fn what_the_chosen_replicas_are_short_for_stays_on_the_api() {
    let verdict = seen(certain);
    // Ten times the calls that the one replica was chosen for: a load of 2.496 against 0.7.
    for second in 0..600 {
        verdict.record(&call(second / 10, 5, 1));
    }
    verdict.tick(after(60));
    let hosted = only(&verdict).hosted.unwrap();
    let stays = 600.0 * (1.0 - 0.7 / 2.496);
    assert!((hosted.overflow_usd - stays).abs() < 0.5);
    near(hosted.cost_usd.expected, 5.38 / 60.0 + hosted.overflow_usd);
}

#[test]
fn a_scaler_is_paid_for_what_the_minutes_before_made_it_keep() {
    let auto = |draft: &mut PlanDraft| {
        certain(draft);
        draft.policy = Some("auto".into());
        draft.warm_up_seconds = Some(60);
        draft.cool_down_seconds = Some(300);
    };
    let verdict = Verdict::new(settings(vec![plan(auto)], vec![]), States::default());
    let calm = minutes(TODAY - 14..TODAY).map(|at| (stream("gpt-4o", "8k"), at, minute(1, 0)));
    // A load of 4.99 in the ten minutes before midnight: eight replicas, which idle for five more.
    let midnight = TODAY * DAY_MINUTES;
    let busy = (midnight - 10..midnight).map(|at| (stream("gpt-4o", "8k"), at, minute(1_200, 0)));
    verdict.load(calm.chain(busy), []);
    verdict.tick(after(0));
    verdict.tick(after(60));
    near(only(&verdict).hosted.unwrap().replica_seconds, 8.0 * 60.0);
    for tick in 2..=8 {
        verdict.tick(after(60 * tick));
    }
    near(only(&verdict).hosted.unwrap().replica_seconds, 60.0);
}

#[test]
fn the_scenarios_of_a_minute_are_as_far_apart_as_those_of_the_fortnight() {
    let verdict = seen(|_| {});
    verdict.record(&call(5, 2, 1));
    verdict.tick(after(60));
    let hosted = only(&verdict).hosted.unwrap();
    let report = verdict.report();
    let window = report.window(crate::economics::projection::FORTNIGHT);
    let band = window.unwrap().plans[0].hosted.clone().unwrap().band;
    let apart = |worse: f64, expected: f64| worse / expected;
    near(
        apart(hosted.cost_usd.pessimistic, hosted.cost_usd.expected),
        apart(band.pessimistic.cost_usd, band.expected.cost_usd),
    );
    assert!(hosted.cost_usd.pessimistic > hosted.cost_usd.expected);
    assert!(hosted.cost_usd.optimistic < hosted.cost_usd.expected);
}
