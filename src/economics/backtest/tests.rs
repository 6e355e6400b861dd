use std::collections::BTreeMap;

use super::*;
use crate::economics::assumptions::{Parameter, Range};
use crate::economics::demand::SLOTS;
use crate::economics::draft::{OptimisedDraft, PlanDraft};
use crate::economics::examples::{checked, plan_draft};
use crate::economics::work::Coefficients;

/// A plan whose replica does 1000 in and 1000 out in a second: 2000 tokens a second.
fn plan(change: impl FnOnce(&mut PlanDraft)) -> HostPlan {
    let mut draft = plan_draft("llama-70b-2xh100");
    draft.tpot_limit_seconds = None;
    change(&mut draft);
    let mut plan = checked(draft).unwrap();
    plan.throughput.coefficients = Coefficients {
        a: 2e-4,
        b: 5e-4,
        c: 2e-7,
        d: 0.0,
        decode: None,
    };
    plan
}

/// So many calls of 1000 in and 1000 out in one slot.
fn slot(calls: f64) -> TokenSums {
    TokenSums {
        calls,
        uncached_input: calls * 1e3,
        output: calls * 1e3,
        output_by_input: calls * 1e6,
        output_squared: calls * 1e6,
        ..TokenSums::default()
    }
}

/// Minutes with so many such calls in their slots, each at a cent.
fn traffic(minutes: &[[f64; SLOTS]]) -> Traffic {
    let minute = |calls: &[f64; SLOTS]| {
        let slots = calls.map(slot);
        let mut bucket = Bucket::default();
        for slot in slots {
            bucket.total += slot;
        }
        bucket.api_usd = bucket.total.calls * 0.01;
        Minute { bucket, slots }
    };
    let minutes = minutes.iter().map(minute).collect();
    Traffic::new(BTreeMap::from([(ContextClass::UpTo8k, minutes)]))
}

fn near(one: f64, other: f64) -> bool {
    (one - other).abs() <= 1e-9 * other.abs().max(1e-9)
}

#[test]
fn where_calls_are_its_own_shape_and_even_a_calculator_is_right() {
    let even = Calculator::of(&plan(|_| {}), &traffic(&[[10.0; SLOTS]; 4]));
    assert!(near(even.tokens_per_second, 2_000.0));
    assert!(near(even.asked_per_second, 2_000.0));
    assert!(near(even.load_ratio.unwrap(), 1.0));
    assert_eq!(
        (even.replicas, even.short_slots, even.short_minutes),
        (1, 0.0, 0.0)
    );
    assert!(near(even.usd_per_month, 5.38 * 730.0));
}

#[test]
fn a_calculator_sees_no_burst() {
    let burst = [0.0, 0.0, 60.0, 0.0, 0.0, 0.0];
    let busy = [[12.0; SLOTS], [0.0; SLOTS], burst, [8.0; SLOTS]];
    let said = Calculator::of(&plan(|_| {}), &traffic(&busy));
    // 180 calls in 240 s: one replica. The first minute asks for 1.2, one slot more for 6.
    assert_eq!(said.replicas, 1);
    assert!(near(said.short_minutes, 0.25));
    assert!(near(said.short_slots, 7.0 / 24.0));
    assert!(near(said.load_ratio.unwrap(), 1.0));
}

#[test]
fn replicas_chosen_ahead_are_those_of_the_first_half() {
    let peak = plan(|draft| draft.policy = Some("peak".into()));
    let calm_then_busy = [[2.0; SLOTS], [2.0; SLOTS], [30.0; SLOTS], [30.0; SLOTS]];
    let found = hosting(&peak, &traffic(&calm_then_busy), &[]);
    let (hindsight, ahead) = (found.hindsight.unwrap(), found.ahead.unwrap());
    // Work is taken at 1.2 times the table: 36 s in 10 s at u = 0.7 are six replicas.
    assert_eq!(
        (hindsight.hosted.replicas.mean, ahead.hosted.replicas.mean),
        (6.0, 1.0)
    );
    assert!(near(ahead.hours, hindsight.hours / 2.0));
    assert!(near(ahead.api_usd, 3.6));
    assert!(ahead.hosted.short_ratio > 0.99);
    let scaler = plan(|draft| draft.policy = Some("auto".into()));
    assert!(
        hosting(&scaler, &traffic(&calm_then_busy), &[])
            .ahead
            .is_none()
    );
}

#[test]
fn a_mean_minute_is_the_same_in_all_its_slots() {
    let minute = Minute::even(slot(60.0), 0.6);
    assert!(minute.slots.iter().all(|part| near(part.output, 1e4)));
    assert_eq!(minute.bucket.busiest, minute.slots[0]);
}

#[test]
fn a_class_beyond_the_limit_is_left_where_it_is() {
    let minutes = |calls: f64| vec![Minute::even(slot(calls), calls)];
    let both = Traffic::new(BTreeMap::from([
        (ContextClass::UpTo8k, minutes(3.0)),
        (ContextClass::UpTo128k, minutes(4.0)),
    ]));
    let calls = |most| taken(&both.buckets(most)).total.calls;
    assert!(near(calls(ContextClass::UpTo32k), 3.0));
    assert!(near(calls(ContextClass::UpTo128k), 7.0));
    assert!(near(
        taken(&both.scaled(2.0).buckets(ContextClass::More)).api_usd,
        14.0
    ));
}

#[test]
fn rivals_take_each_the_class_on_which_they_save_most() {
    let minutes = |calls: f64| vec![Minute::even(slot(calls), calls)];
    let both = Traffic::new(BTreeMap::from([
        (ContextClass::UpTo8k, minutes(10.0)),
        (ContextClass::UpTo128k, minutes(20.0)),
    ]));
    let rival = |factor, serves: &str| {
        Arm::check_optimised(OptimisedDraft {
            name: serves.into(),
            replaces: vec!["gpt-4o".into()],
            serves: Some(serves.into()),
            price_factor: Some(factor),
            ranges: vec![(Parameter::QualifyingShare, Range::certain(1.0))],
            price_as_of: Some(jiff::civil::date(2026, 8, 22)),
            price_source: Some("its page".into()),
            ..OptimisedDraft::default()
        })
        .unwrap()
    };
    let rivals = [rival(0.2, "32k"), rival(0.5, "128k")];
    let wide = plan(|draft| draft.serves = Some("128k".into()));
    // 8 of 10 dollars by the first and 10 of 20 by the second, where one alone saves 8 or 15.
    assert!(near(best_rivals(&wide, &both, &rivals), 18.0));
    let narrow = plan(|draft| draft.serves = Some("32k".into()));
    assert!(near(best_rivals(&narrow, &both, &rivals), 8.0));
    assert!(near(best_rivals(&wide, &both, &[]), 0.0));
}
