//! Numbers of replicas, against a scaler that keeps machines one by one.

use proptest::prelude::*;

use super::{BUCKET_SECONDS, CENT, case};
use crate::economics::evaluate::{Policy, evaluate};
use crate::economics::replicas::{Running, Scaler, autoscale, need};

/// The scaler once more: a list of machines, each with the bucket from which it can serve.
fn machine_by_machine(needs: &[u32], scaler: Scaler) -> Vec<Running> {
    let mut machines = vec![0; scaler.min.try_into().unwrap()];
    let mut wants: Vec<usize> = Vec::new();
    let mut fleet = Vec::new();
    let number = |machines: usize| u32::try_from(machines).unwrap();
    for (now, need) in needs.iter().enumerate() {
        let ready = machines.iter().filter(|from| **from <= now).count();
        wants.push(
            need.clamp(&scaler.min, &scaler.max)
                .to_owned()
                .try_into()
                .unwrap(),
        );
        while machines.len() < wants[now] {
            machines.push(now + 1 + scaler.warm_buckets);
        }
        let recent = wants
            .iter()
            .rev()
            .take(scaler.cool_buckets + 1)
            .max()
            .unwrap();
        if machines.iter().all(|from| *from <= now) {
            machines.truncate(*recent);
        }
        fleet.push(Running {
            billed: number(machines.len()),
            ready: number(ready),
        });
    }
    fleet
}

fn scaler() -> impl Strategy<Value = Scaler> {
    (0_u32..4, 0_u32..12, 0_usize..5, 0_usize..6).prop_map(
        |(min, more, warm_buckets, cool_buckets)| Scaler {
            min,
            max: min + more,
            warm_buckets,
            cool_buckets,
        },
    )
}

proptest! {
    #[test]
    fn a_need_is_enough_and_one_less_is_not(load in 0.001_f64..500.0, utilisation in 0.05_f64..1.0) {
        let replicas = f64::from(need(load, utilisation));
        prop_assert!(replicas * utilisation >= load * (1.0 - 1e-6));
        prop_assert!((replicas - 1.0) * utilisation < load);
    }

    #[test]
    fn the_scaler_is_the_one_that_keeps_machines_one_by_one(needs in prop::collection::vec(0_u32..20, 0..60), scaler in scaler()) {
        prop_assert_eq!(autoscale(&needs, scaler), machine_by_machine(&needs, scaler));
    }

    /// In the bucket of a stop, what stops was still able to serve; it is not billed, and what was
    /// asked for fits without it.
    #[test]
    fn what_serves_is_billed_and_stays_within_its_limits(needs in prop::collection::vec(0_u32..20, 0..60), scaler in scaler()) {
        for (Running { billed, ready }, need) in autoscale(&needs, scaler).into_iter().zip(needs) {
            prop_assert!(billed >= ready.min(need));
            prop_assert!((scaler.min..=scaler.max).contains(&billed));
            prop_assert!((scaler.min..=scaler.max).contains(&ready));
        }
    }

    #[test]
    fn a_scaled_fleet_is_paid_and_short_as_its_machines_are(case in case(), warm_buckets in 0_usize..4, cool_buckets in 0_usize..5) {
        let terms = case.terms;
        let scaler = Scaler { min: terms.min_replicas, max: terms.max_replicas, warm_buckets, cool_buckets };
        let outcome = evaluate(&case.profile(), &terms, Policy::Auto { warm_buckets, cool_buckets });
        let asked: Vec<f64> = case.loads.iter().map(|load| terms.qualifying_share * load).collect();
        let needs: Vec<u32> = asked.iter().zip(&case.slot_work).map(|(load, slot)| {
            let steady = (load / terms.utilisation - 1e-9).ceil();
            let burst = terms.burst.map_or(0.0, |burst| {
                (terms.qualifying_share * slot / (10.0 + burst.ttft_slo_seconds) - 1e-9).ceil()
            });
            format!("{:.0}", steady.max(burst).abs()).parse().unwrap()
        }).collect();
        let fleet = machine_by_machine(&needs, scaler);
        let hours: f64 = fleet.iter().map(|running| f64::from(running.billed) * BUCKET_SECONDS / 3_600.0).sum();
        prop_assert!((outcome.replica_hours - hours).abs() < CENT);
        let work = asked.iter().zip(&case.slot_work).zip(&case.api_usd);
        let over: f64 = fleet.iter().zip(work).map(|(running, ((load, slot), usd))| {
            let ready = f64::from(running.ready);
            let steady = load / terms.utilisation;
            let burst = terms.burst.map_or(0.0, |burst| terms.qualifying_share * slot / (10.0 + burst.ttft_slo_seconds));
            let asked = steady.max(burst);
            if asked > ready { terms.qualifying_share * usd * (1.0 - ready / asked) } else { 0.0 }
        }).sum();
        prop_assert!((outcome.overflow_api_usd - over).abs() < CENT);
    }
}
