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
    let demand = minute(20, 5_000);
    for model in 0..50_u32 {
        let name = stream(&format!("model-{model}"), "8k");
        verdict.load(
            minutes(TODAY - 35..TODAY).map(|at| (name.clone(), at, demand)),
            [],
        );
    }
    let midnight = jiff::Timestamp::from_second(TODAY * 86_400).unwrap();
    verdict.tick(midnight);
    let started = std::time::Instant::now();
    verdict.tick(midnight + jiff::SignedDuration::from_mins(1));
    let taken = started.elapsed();
    println!("one pass: {taken:?}");
    assert!(taken.as_secs_f64() < 1.0);
}
