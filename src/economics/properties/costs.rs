//! What a window costs, against the formulas written out once more.

use proptest::prelude::*;

use super::{BUCKET_SECONDS, CENT, Case, case, policies};
use crate::economics::evaluate::{Outcome, Policy, Profile, Terms, Window, best_hybrid, evaluate};

/// The own cost of a constant fleet, minute by minute as a book-keeper would.
fn booked(case: &Case, terms: &Terms, replicas: u32) -> f64 {
    let calls_per_usd = case.profile().calls / case.api_usd.iter().sum::<f64>();
    let hours = BUCKET_SECONDS / 3_600.0;
    let monthly = terms.ops_usd_per_month + terms.one_off_usd / terms.amortisation_months;
    let able = f64::from(replicas) * terms.utilisation;
    let minutes = case.loads.iter().zip(&case.api_usd).zip(&case.slot_work);
    minutes
        .map(|((load, usd), slot)| {
            let asked = terms.qualifying_share * load;
            let steady = if asked > able { able / asked } else { 1.0 };
            // What the busiest slot and the wait leave time for.
            let in_time = terms.burst.map_or(1.0, |burst| {
                let seconds = f64::from(replicas) * (burst.slot_seconds + burst.ttft_slo_seconds);
                let slot = terms.qualifying_share * slot;
                if slot > seconds { seconds / slot } else { 1.0 }
            });
            let hosted = f64::min(steady, in_time);
            let moved = terms.qualifying_share * usd * hosted;
            let fleet = f64::from(replicas) * terms.usd_per_replica_hour * hours;
            let people = monthly * hours / 730.0;
            let again = terms.escalation * moved;
            fleet + people + (usd - moved) + again + terms.usd_per_call * calls_per_usd * moved
        })
        .sum()
}

fn fixed(case: &Case, terms: &Terms, replicas: u32) -> Outcome {
    evaluate(&case.profile(), terms, Policy::Fixed { replicas })
}

fn near(got: f64, expected: f64) -> bool {
    (got - expected).abs() <= CENT * (1.0 + expected.abs())
}

/// The replicas beyond which more can only cost more.
fn enough(case: &Case) -> u32 {
    let needs = Window::new(case.profile()).needs(1.0, &case.terms);
    let most = needs.into_iter().max();
    most.unwrap_or(0).max(case.terms.min_replicas) + 3
}

proptest! {
    #[test]
    fn a_window_costs_what_its_minutes_cost(case in case(), replicas in 0_u32..30) {
        let outcome = fixed(&case, &case.terms, replicas);
        let booked = booked(&case, &case.terms, replicas);
        prop_assert!(near(outcome.selfhost_usd, booked), "{} {booked}", outcome.selfhost_usd);
        let api: f64 = case.api_usd.iter().sum();
        prop_assert!(near(outcome.savings_usd, api - booked));
    }

    #[test]
    fn the_best_hybrid_is_the_cheapest_of_all_bases(case in case()) {
        let all = (case.terms.min_replicas..=enough(&case)).map(|k| booked(&case, &case.terms, k));
        let cheapest = all.fold(f64::INFINITY, f64::min);
        let best = best_hybrid(&case.profile(), &case.terms);
        prop_assert!(near(best.selfhost_usd, cheapest), "{} {cheapest}", best.selfhost_usd);
        prop_assert!(near(booked(&case, &case.terms, best.replicas), cheapest));
    }

    /// The search for the base may stop at the first increase: while a hosted call is cheaper than
    /// its API call the cost is convex, otherwise it never falls.
    #[test]
    fn the_cost_of_a_base_is_convex_or_never_falls(case in case(), fee in 0.0_f64..0.05) {
        let terms = case.with(|terms| terms.usd_per_call = fee);
        let costs: Vec<f64> = (0..enough(&case)).map(|k| fixed(&case, &terms, k).selfhost_usd).collect();
        let kept = Case { terms, ..case.clone() }.kept_of_a_dollar();
        for three in costs.windows(3) {
            let (before, after) = (three[1] - three[0], three[2] - three[1]);
            let slack = CENT * (1.0 + three[1].abs());
            if kept >= 0.0 {
                prop_assert!(after >= before - slack, "{three:?}");
            } else {
                prop_assert!(before >= -slack, "{three:?}");
            }
        }
    }

    #[test]
    fn dearer_machines_never_cost_less(case in case(), policy in policies(), factor in 1.0_f64..3.0) {
        let dearer = case.with(|terms| terms.usd_per_replica_hour *= factor);
        let now = evaluate(&case.profile(), &case.terms, policy).selfhost_usd;
        prop_assert!(evaluate(&case.profile(), &dearer, policy).selfhost_usd >= now - CENT);
    }

    /// Not under `auto`, nor for a quantile below 1: there a little more load starts a replica that
    /// takes over calls dearer than it is.
    #[test]
    fn more_volume_never_costs_less(case in case(), replicas in 0_u32..30, more in 1.0_f64..3.0) {
        let window = Window::new(case.profile());
        for policy in [Policy::Fixed { replicas }, Policy::Peak { quantile: 1.0 }, Policy::Hybrid] {
            let now = window.at_scale(1.0, &case.terms, policy);
            let then = window.at_scale(more, &case.terms, policy);
            prop_assert!(then.api_usd >= now.api_usd);
            prop_assert!(then.selfhost_usd >= now.selfhost_usd - CENT, "{policy:?}");
        }
    }

    /// A fuller replica takes over more calls: cheaper as long as a hosted call is.
    #[test]
    fn fuller_replicas_never_cost_more(case in case(), fuller in 1.0_f64..2.0, replicas in 0_u32..30) {
        prop_assume!(case.kept_of_a_dollar() >= 0.0);
        let full = case.with(|terms| terms.utilisation = (terms.utilisation * fuller).min(1.0));
        for policy in [Policy::Fixed { replicas }, Policy::Peak { quantile: 1.0 }, Policy::Hybrid] {
            let now = evaluate(&case.profile(), &case.terms, policy).selfhost_usd;
            let then = evaluate(&case.profile(), &full, policy).selfhost_usd;
            prop_assert!(then <= now + CENT * (1.0 + now.abs()), "{policy:?}");
        }
    }

    /// Two streams of one API price for the same work need no more together than apart. Not so with a
    /// burst bound: there work that comes in bursts needs more for the same price.
    #[test]
    fn pooling_streams_of_one_price_is_never_dearer(case in case(), other in prop::collection::vec(0.0_f64..16.0, 40), usd in 0.01_f64..0.4) {
        let size = case.loads.len();
        let alone = |loads: Vec<f64>, slot_work: Vec<f64>| Case {
            api_usd: loads.iter().map(|load| usd * load).collect(),
            loads,
            slot_work,
            terms: case.with(|terms| terms.burst = None),
        };
        let other: Vec<f64> = other.into_iter().take(size).collect();
        let slots: Vec<f64> = other.iter().map(|load| 30.0 * load).collect();
        let sum = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x + y).collect::<Vec<f64>>();
        let pool = alone(sum(&case.loads, &other), sum(&case.slot_work, &slots));
        let (one, two) = (alone(case.loads.clone(), case.slot_work.clone()), alone(other, slots));
        prop_assume!(one.kept_of_a_dollar() >= 0.0 && two.kept_of_a_dollar() >= 0.0);
        for policy in [Policy::Hybrid, Policy::Peak { quantile: 1.0 }] {
            let cost = |case: &Case| evaluate(&case.profile(), &case.terms, policy).selfhost_usd;
            prop_assert!(cost(&pool) <= cost(&one) + cost(&two) + CENT, "{policy:?}");
        }
    }
}

/// What does not fit overflows at the mean price of the minute. A stream that is cheap on the API and
/// heavy to host drags a dear one along: apart, the dear one alone would be hosted.
#[test]
fn pooling_a_cheap_heavy_stream_with_a_dear_light_one_can_be_dearer() {
    let terms = Terms {
        utilisation: 1.0,
        usd_per_replica_hour: 60.0,
        min_replicas: 0,
        max_replicas: 100,
        qualifying_share: 1.0,
        escalation: 0.0,
        ops_usd_per_month: 0.0,
        one_off_usd: 0.0,
        amortisation_months: 12.0,
        usd_per_call: 0.0,
        burst: None,
    };
    let cost = |load: f64, usd: f64| {
        let profile = Profile {
            bucket_seconds: 60.0,
            loads: &[load],
            api_usd: &[usd],
            slot_work: &[],
            bucket_calls: &[],
            lone: &[],
            calls: 1.0,
        };
        best_hybrid(&profile, &terms).selfhost_usd
    };
    // One replica takes the dear one for a dollar, the cheap one stays for another.
    assert!((cost(1.0, 100.0) - 1.0).abs() < CENT);
    assert!((cost(10.0, 1.0) - 1.0).abs() < CENT);
    assert!((cost(11.0, 101.0) - 11.0).abs() < CENT);
}
