//! What a serverless replica is paid for, against one that is watched call by call.

use proptest::prelude::*;

use super::BUCKET_SECONDS;
use crate::economics::evaluate::{Policy, Profile, Terms, evaluate};

/// The load at which a replica is full.
const UTILISATION: f64 = 0.7;

/// Seconds for which a replica was up that serves all these calls, given in their order, and goes so
/// many seconds after the last of them; the window ends all.
fn up(calls: &[f64], call_seconds: f64, idle_seconds: f64, end: f64) -> f64 {
    let mut seconds = 0.0;
    let mut until = 0.0_f64;
    for call in calls {
        let goes = (call + call_seconds + idle_seconds).min(end);
        seconds += (goes - call.max(until)).max(0.0);
        until = until.max(goes);
    }
    seconds
}

/// Seconds billed for the calls, by minute.
fn billed(calls: &[f64], call_seconds: f64, idle_seconds: f64, minutes: usize) -> f64 {
    let mut bucket_calls = vec![0.0; minutes];
    for call in calls {
        let minute = format!("{:.0}", (call / BUCKET_SECONDS).floor());
        bucket_calls[minute.parse::<usize>().unwrap()] += 1.0;
    }
    let loads: Vec<f64> = bucket_calls
        .iter()
        .map(|calls| UTILISATION * call_seconds * calls / BUCKET_SECONDS)
        .collect();
    let profile = Profile {
        bucket_seconds: BUCKET_SECONDS,
        loads: &loads,
        api_usd: &bucket_calls,
        slot_work: &[],
        bucket_calls: &bucket_calls,
        calls: 1.0,
    };
    let terms = Terms {
        utilisation: UTILISATION,
        usd_per_replica_hour: 1.0,
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
    let policy = Policy::Serverless { idle_seconds };
    evaluate(&profile, &terms, policy).replica_hours * 3_600.0
}

proptest! {
    #[test]
    fn a_serverless_replica_is_never_billed_for_less_than_it_is_up(
        mut calls in prop::collection::vec(0.0_f64..1_200.0, 1..40),
        call_seconds in 0.1_f64..1.0,
        idle_seconds in 1.0_f64..400.0,
    ) {
        calls.sort_by(f64::total_cmp);
        let (up, billed) = (up(&calls, call_seconds, idle_seconds, 1_200.0), billed(&calls, call_seconds, idle_seconds, 20));
        prop_assert!(billed >= up - 1e-6, "up {up}, billed {billed}");
        // Nor for more than each call alone would keep it up.
        let apart: f64 = calls.iter().map(|_| call_seconds + idle_seconds).sum();
        prop_assert!(billed <= apart + 1e-6, "apart {apart}, billed {billed}");
    }
}
