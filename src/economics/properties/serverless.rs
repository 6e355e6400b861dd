//! What a serverless replica is paid for, against one that is watched call by call.

use proptest::prelude::*;

use super::BUCKET_SECONDS;
use crate::economics::evaluate::{Lone, Policy, Profile, Terms, evaluate};

/// The load at which a replica is full.
const UTILISATION: f64 = 0.7;

/// Work of a call, replica-seconds: less than it takes alone.
const WORK_SECONDS: f64 = 0.1;
/// Length of the window, minutes.
const MINUTES: u32 = 20;

/// When a call comes and how long it takes alone, seconds.
type Call = (f64, f64);

/// Seconds for which a replica was up that serves all these calls at once, given in their order, and
/// goes so many seconds after the last of them; the window ends all.
fn up(calls: &[Call], idle_seconds: f64) -> f64 {
    let mut seconds = 0.0;
    let mut until = 0.0_f64;
    for (call, takes) in calls {
        let goes = (call + takes + idle_seconds).min(f64::from(MINUTES) * BUCKET_SECONDS);
        seconds += (goes - call.max(until)).max(0.0);
        until = until.max(goes);
    }
    seconds
}

/// Seconds billed for the calls, by minute.
fn billed(calls: &[Call], idle_seconds: f64) -> f64 {
    let of_minute = |minute: u32| {
        let start = f64::from(minute) * BUCKET_SECONDS;
        let within = move |call: &&Call| (start..start + BUCKET_SECONDS).contains(&call.0);
        calls.iter().filter(within).map(|(_, takes)| *takes)
    };
    let all = |of: &dyn Fn(u32) -> f64| (0..MINUTES).map(of).collect::<Vec<f64>>();
    let bucket_calls = all(&|minute| of_minute(minute).map(|_| 1.0).sum());
    let loads: Vec<f64> = bucket_calls
        .iter()
        .map(|calls| UTILISATION * WORK_SECONDS * calls / BUCKET_SECONDS)
        .collect();
    let lone: Vec<Lone> = (0..MINUTES)
        .map(|minute| Lone {
            seconds: of_minute(minute).sum(),
            longest_seconds: of_minute(minute).fold(0.0, f64::max),
        })
        .collect();
    let profile = Profile {
        bucket_seconds: BUCKET_SECONDS,
        loads: &loads,
        api_usd: &bucket_calls,
        slot_work: &[],
        bucket_calls: &bucket_calls,
        lone: &lone,
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
        mut calls in prop::collection::vec((0.0_f64..1_200.0, 0.1_f64..200.0), 1..40),
        idle_seconds in 1.0_f64..400.0,
    ) {
        calls.sort_by(|x, y| x.0.total_cmp(&y.0));
        let (up, billed) = (up(&calls, idle_seconds), billed(&calls, idle_seconds));
        prop_assert!(billed >= up - 1e-6, "up {up}, billed {billed}");
        // Nor for more than each call alone would keep it up.
        let apart: f64 = calls.iter().map(|(_, takes)| takes + idle_seconds).sum();
        prop_assert!(billed <= apart + 1e-6, "apart {apart}, billed {billed}");
    }
}
