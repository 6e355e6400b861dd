//! The largest case the design knows: 50 streams, 20 plans, 35 days of minutes.

use super::made::{TODAY, minute, minutes, plan, settings, stream};
use crate::verdict::{States, Verdict};

#[test]
#[ignore = "takes long without optimisation; run with --release -- --ignored --nocapture"]
fn a_pass_over_the_largest_case_takes_less_than_a_second() {
    let plans = (0..20_u32).map(|i| {
        plan(|draft| {
            draft.name = format!("plan-{i}");
            // Every plan takes another half of the streams, so that no two streams pool.
            draft.replaces = (0..50_u32)
                .filter(|s| (s >> (i % 6)) & 1 == 1)
                .map(|s| format!("model-{s}"))
                .collect();
        })
    });
    let verdict = Verdict::new(settings(plans.collect(), vec![]), States::default());
    // Loads in no order, so that sorting them costs what it costs.
    let demand: Vec<_> = (0..997).map(|calls| minute(calls % 40, 5_000)).collect();
    for model in 0..50_u32 {
        let name = stream(&format!("model-{model}"), "8k");
        let kept = minutes(TODAY - 35..TODAY).map(|at| {
            let any = (at * 7_919 + i64::from(model) * 104_729).rem_euclid(997);
            (name.clone(), at, demand[usize::try_from(any).unwrap()])
        });
        verdict.load(kept, []);
    }
    let midnight = jiff::Timestamp::from_second(TODAY * 86_400).unwrap();
    let pass = |minutes| {
        let started = std::time::Instant::now();
        verdict.tick(midnight + jiff::SignedDuration::from_mins(minutes));
        started.elapsed()
    };
    println!("the first pass, with a day to decide: {:?}", pass(0));
    let taken = pass(1);
    println!("one pass: {taken:?}, once an hour {:?}", pass(60));
    assert!(taken.as_secs_f64() < 1.0);
}
