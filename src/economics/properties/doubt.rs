//! The band around a projection.

use proptest::prelude::*;

use super::CENT;

use crate::economics::band::{Deviation, band};
use crate::economics::evaluate::Policy;
use crate::economics::examples::{checked, plan_draft};
use crate::economics::project::{Bucket, Columns, Demand, hosted};
use crate::economics::projection::Band;
use crate::economics::work::TokenSums;

proptest! {
    #[test]
    fn a_band_is_never_inside_out_and_worse_than_each_doubt_alone(expected in -1e5_f64..1e5, moves in prop::collection::vec((-1e4_f64..1e4, -1e4_f64..1e4), 0..8)) {
        let doubts: Vec<Deviation> = moves.iter().map(|(low_usd, high_usd)| Deviation {
            parameter: "made",
            low_usd: *low_usd,
            high_usd: *high_usd,
        }).collect();
        let (pessimistic, optimistic) = band(expected, &doubts);
        prop_assert!(pessimistic <= expected && expected <= optimistic);
        for doubt in &doubts {
            prop_assert!(pessimistic <= expected + doubt.low_usd.min(0.0) + CENT);
            prop_assert!(optimistic >= expected + doubt.high_usd.max(0.0) - CENT);
        }
        let all_worst: f64 = doubts.iter().map(|doubt| doubt.low_usd.min(0.0)).sum();
        prop_assert!(expected + all_worst <= pessimistic + CENT);
    }
}

/// Minutes of calls of about such lengths, at so many dollars a million tokens.
fn minutes(calls: &[f64], input: f64, output: f64, usd_per_mtok: f64) -> Vec<Bucket> {
    let minute = |calls: &f64| Bucket {
        total: TokenSums {
            calls: *calls,
            uncached_input: 0.6 * calls * input,
            cached_input: 0.4 * calls * input,
            output: calls * output,
            output_by_input: calls * input * output,
            output_squared: calls * output * output,
        },
        busiest: TokenSums::default(),
        api_usd: calls * (input + output) * usd_per_mtok / 1e6,
        committed_usd: 0.0,
        duration_seconds: 0.0,
    };
    calls.iter().map(minute).collect()
}

/// A plan's band over some minutes, its replicas chosen on the same minutes.
fn banded(policy: Policy, now: &[Bucket]) -> Band {
    let mut plan = checked(plan_draft("llama-70b-2xh100")).unwrap();
    plan.policy = policy;
    let now: Columns = now.iter().copied().collect();
    let demand = Demand {
        now: now.all(),
        before: now.all(),
    };
    hosted(&plan, None, &demand).unwrap().band
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// A fleet that takes all there is pays for every doubt in full, and doubts multiply.
    #[test]
    fn the_worst_of_a_peak_fleet_is_worse_than_its_band(calls in prop::collection::vec(0.0_f64..3_000.0, 1..60), input in 100.0_f64..8_000.0, output in 10.0_f64..2_000.0, usd in 0.1_f64..10.0) {
        let band = banded(Policy::Peak { quantile: 1.0 }, &minutes(&calls, input, output, usd));
        prop_assert!(band.all_at_worst.savings_usd <= band.pessimistic.savings_usd + CENT, "{band:?}");
    }

    /// A base is chosen anew for each doubt, and what does not pay stays on the API: together they
    /// may lose less than the band, which lets each lose anew. They never lose less than one alone.
    #[test]
    fn the_worst_of_a_hybrid_is_worse_than_each_doubt_alone(calls in prop::collection::vec(0.0_f64..3_000.0, 1..60), input in 100.0_f64..8_000.0, output in 10.0_f64..2_000.0, usd in 0.1_f64..10.0) {
        let band = banded(Policy::Hybrid, &minutes(&calls, input, output, usd));
        prop_assert!(band.pessimistic.savings_usd <= band.expected.savings_usd);
        prop_assert!(band.expected.savings_usd <= band.optimistic.savings_usd);
        for doubt in &band.sensitivity {
            let alone = band.expected.savings_usd + doubt.low_usd;
            prop_assert!(band.all_at_worst.savings_usd <= alone + CENT, "{doubt:?} {band:?}");
            prop_assert!(doubt.low_usd <= CENT && doubt.high_usd >= -CENT, "{doubt:?}");
        }
    }
}

#[test]
fn the_worst_of_a_hybrid_can_be_better_than_its_band() {
    let band = banded(
        Policy::Hybrid,
        &minutes(&[2_664.0, 1_972.0], 6_178.0, 1_987.0, 0.676),
    );
    assert!(band.all_at_worst.savings_usd > band.pessimistic.savings_usd + 1.0);
}
