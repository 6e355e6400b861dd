#![expect(
    clippy::float_arithmetic,
    reason = "the figures of a test are made here"
)]
//! What each closed minute adds to the running totals.

use jiff::Timestamp;

use super::made::{TODAY, certain, minute, minutes, plan, settings, steady, stream};
use crate::call::CallRecord;
use crate::economics::PlanDraft;
use crate::money::Pico;
use crate::usage::TokenUsage;
use crate::verdict::{DAY_MINUTES, HostedMinutes, States, Verdict};

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
    assert_eq!(verdict.report().closed, []);
    verdict
}

fn only(verdict: &Verdict) -> HostedMinutes {
    let [minute] = verdict.report().closed.clone().try_into().unwrap();
    minute
}

#[track_caller]
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
        verdict.record(&call(second, 0, 0));
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
        verdict.record(&call(second / 10, 0, 1));
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

/// A verdict that was looked at after each minute, and one that was looked at once after all of them.
#[track_caller]
fn same_totals(change: fn(&mut PlanDraft), calls: &[CallRecord], minutes: i64) {
    let (each, late) = (seen(change), seen(change));
    let mut sum = HostedMinutes {
        plan: String::new(),
        qualifying_usd: 0.0,
        hosted: None,
    };
    for tick in 1..=minutes {
        for call in calls {
            let ended =
                call.started_at.as_second() + i64::try_from(call.duration_ms / 1_000).unwrap();
            if (ended - after(0).as_second()).div_euclid(60) == tick - 1 {
                each.record(call);
            }
        }
        each.tick(after(60 * tick));
        let one = only(&each);
        sum.qualifying_usd += one.qualifying_usd;
        sum.hosted = Some(sum.hosted.unwrap_or_default().plus(&one.hosted.unwrap()));
    }
    for call in calls {
        late.record(call);
    }
    let midnight = TODAY * DAY_MINUTES;
    late.load([], midnight..midnight + minutes);
    late.tick(after(60 * minutes));
    let late = only(&late);
    near(late.qualifying_usd, sum.qualifying_usd);
    let (late, sum) = (late.hosted.unwrap(), sum.hosted.unwrap());
    near(late.cost_usd.expected, sum.cost_usd.expected);
    near(late.replica_seconds, sum.replica_seconds);
    near(late.work_replica_seconds, sum.work_replica_seconds);
    near(late.overflow_usd, sum.overflow_usd);
}

#[test]
fn a_wait_of_minutes_adds_what_looks_in_each_of_them_would_have() {
    // A load of 0.5 in each of five minutes: no machine is ever short, and five minutes of it are paid.
    let calls: Vec<_> = (0..600).map(|nth| call(nth / 2, 5, 1)).collect();
    same_totals(certain, &calls, 7);
}

#[test]
fn a_wait_of_minutes_moves_a_scaler_minute_by_minute() {
    let auto = |draft: &mut PlanDraft| {
        certain(draft);
        draft.policy = Some("auto".into());
        draft.warm_up_seconds = Some(60);
        draft.cool_down_seconds = Some(120);
    };
    let calls: Vec<_> = (0..1_200).map(|nth| call(nth / 10, 5, 1)).collect();
    same_totals(auto, &calls, 7);
}

#[test]
fn minutes_in_which_nobody_was_there_pay_no_machines() {
    let verdict = seen(certain);
    verdict.tick(after(60));
    verdict.record(&call(130, 5, 3));
    verdict.tick(after(600));
    // The minute of the last look; and a call that ended when nobody looked.
    let seen = only(&verdict);
    near(seen.qualifying_usd, 3.0);
    near(seen.hosted.unwrap().replica_seconds, 2.0 * 60.0);
}

#[test]
fn a_call_that_is_known_late_pays_no_machine_twice() {
    let verdict = seen(certain);
    verdict.tick(after(60));
    // It ended in a minute that was counted: the disk was slow.
    verdict.record(&call(5, 2, 3));
    verdict.tick(after(120));
    let late = only(&verdict);
    near(late.qualifying_usd, 3.0);
    near(late.hosted.unwrap().replica_seconds, 60.0);
    near(late.hosted.unwrap().cost_usd.expected, 5.38 / 60.0);
}

#[test]
fn a_reload_in_a_minute_leaves_it_to_whoever_takes_its_calls_then() {
    let before = seen(certain);
    before.record(&call(5, 2, 1));
    let dear = |draft: &mut PlanDraft| {
        certain(draft);
        draft.min_saving_usd_per_month = Some(9.0);
    };
    let anew = steady(settings(vec![plan(dear)], vec![]), 30, 60, 5_000).following(&before);
    // The minute was looked at already: nothing has closed since.
    assert!(anew.tick(after(30)));
    assert_eq!(anew.report().closed, []);
    anew.record(&call(40, 2, 2));
    anew.tick(after(60));
    let minute = only(&anew);
    near(minute.qualifying_usd, 3.0);
    near(minute.hosted.unwrap().replica_seconds, 60.0);
    // None of it is counted again.
    anew.tick(after(120));
    near(only(&anew).qualifying_usd, 0.0);
}
