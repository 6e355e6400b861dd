//! Laws that hold whatever the demand, and each function against brute force or a second, naive way.
//!
//! Where a law that sounds right does not hold, the test says why and holds the one that does.
#![expect(clippy::float_arithmetic, reason = "these tests are about projections")]

mod costs;
mod doubt;
mod future;
mod replicas;
mod serverless;
mod volume;

use proptest::prelude::*;

use super::evaluate::{Policy, Profile, Terms};
use super::replicas::Burst;

/// A made window of demand and the terms it meets.
#[derive(Clone, Debug)]
struct Case {
    loads: Vec<f64>,
    api_usd: Vec<f64>,
    slot_work: Vec<f64>,
    terms: Terms,
}

/// The smallest rounding error that matters in these dollars.
const CENT: f64 = 1e-6;
/// Length of a bucket, seconds.
const BUCKET_SECONDS: f64 = 60.0;
/// Calls in a bucket of load 1.
const CALLS_PER_LOAD: f64 = 20.0;

impl Case {
    fn profile(&self) -> Profile<'_> {
        Profile {
            bucket_seconds: BUCKET_SECONDS,
            loads: &self.loads,
            api_usd: &self.api_usd,
            slot_work: &self.slot_work,
            bucket_calls: &[],
            lone: &[],
            calls: CALLS_PER_LOAD * self.loads.iter().sum::<f64>(),
        }
    }

    /// The same terms with something changed.
    fn with(&self, change: impl FnOnce(&mut Terms)) -> Terms {
        let mut terms = self.terms;
        change(&mut terms);
        terms
    }

    /// What the API costs less for each dollar that moves: repeated calls and the fee a call eat it.
    fn kept_of_a_dollar(&self) -> f64 {
        let usd: f64 = self.api_usd.iter().sum();
        let fees = self.terms.usd_per_call * self.profile().calls;
        1.0 - self.terms.escalation - fees / usd
    }
}

/// Loads of minutes between none and sixteen replicas, dollars that go with them more or less, and
/// calls that come within their minute all at once or evenly.
fn case() -> impl Strategy<Value = Case> {
    let minute = (
        prop_oneof![Just(0.0), 0.0_f64..4.0, 0.0_f64..16.0],
        0.01_f64..0.4,
        1.0_f64..6.0,
    );
    (prop::collection::vec(minute, 1..40), terms()).prop_map(|(minutes, terms)| Case {
        loads: minutes.iter().map(|(load, ..)| *load).collect(),
        api_usd: minutes
            .iter()
            .map(|(load, usd, _)| usd * load + 1e-4)
            .collect(),
        slot_work: minutes
            .iter()
            .map(|(load, _, burst)| load * 10.0 * burst)
            .collect(),
        terms,
    })
}

fn terms() -> impl Strategy<Value = Terms> {
    let burst = prop::option::of((0.5_f64..10.0).prop_map(|ttft_slo_seconds| Burst {
        slot_seconds: 10.0,
        ttft_slo_seconds,
    }));
    let shares = (0.3_f64..1.0, 0.1_f64..=1.0, 0.0_f64..0.5);
    let money = (
        0.5_f64..20.0,
        0.0_f64..5_000.0,
        0.0_f64..5_000.0,
        0.0_f64..1e-4,
    );
    (shares, money, 0_u32..3, burst).prop_map(|(shares, money, min_replicas, burst)| {
        let (utilisation, qualifying_share, escalation) = shares;
        let (usd_per_replica_hour, ops_usd_per_month, one_off_usd, usd_per_call) = money;
        Terms {
            utilisation,
            usd_per_replica_hour,
            min_replicas,
            max_replicas: 1_000,
            qualifying_share,
            escalation,
            ops_usd_per_month,
            one_off_usd,
            amortisation_months: 12.0,
            usd_per_call,
            burst,
        }
    })
}

/// The policies that hold the same number of replicas all the time, and the one that follows.
fn policies() -> impl Strategy<Value = Policy> {
    prop_oneof![
        (0_u32..30).prop_map(|replicas| Policy::Fixed { replicas }),
        Just(Policy::Peak { quantile: 1.0 }),
        Just(Policy::Hybrid),
        (0_usize..4, 0_usize..5).prop_map(|(warm_buckets, cool_buckets)| Policy::Auto {
            warm_buckets,
            cool_buckets
        }),
    ]
}
