#![expect(
    clippy::float_arithmetic,
    reason = "how long replicas are up is an estimate"
)]
//! Replicas that are paid for while they are up, and go when nobody calls.
//!
//! A bucket pays for the smaller of the whole replicas it needs and of its busy time plus idle time:
//! calls take at most what each would alone, one weight reading a token, and keep a replica up for at
//! most `idle_seconds` more. What a bucket has no room for runs on into the next ones, at most as long
//! as its longest call and the idle time on each replica that was up. So this is never too low, save
//! for starts, which are not paid for here, and where the time to read the weights is not known.

use super::{Fleet, Window, clamp};
use crate::economics::evaluate::{Lone, Terms};
use crate::economics::replicas::{need, whole};
use crate::economics::work::real;

/// What the last buckets, this one included, keep up.
struct Kept {
    /// The most that one of them asks for, at the profile's volume.
    asked: f64,
    /// Buckets from the end of this one until the last of their calls and its idle time are over.
    buckets: f64,
}

impl Window<'_> {
    /// What a serverless fleet would have had up, at `hosted` times the profile's load.
    pub(super) fn serverless(&self, hosted: f64, terms: &Terms, idle_seconds: f64) -> Fleet {
        let profile = &self.profile;
        let buckets = |seconds: f64| seconds / profile.bucket_seconds;
        let replicas = |asked: f64| clamp(need(hosted * asked, terms.utilisation), terms);
        let lone = |at: usize| profile.lone.get(at).copied().unwrap_or_default();
        // For each bucket what it asks for, and for how long its calls keep a replica up after it.
        let asked = self.asked(terms);
        let keeps: Vec<(f64, f64)> = asked
            .iter()
            .enumerate()
            .map(|(at, asked)| {
                let longest = lone(at).longest_seconds;
                (*asked, buckets(idle_seconds + longest))
            })
            .collect();
        let longest = keeps.iter().map(|(_, keep)| *keep).fold(0.0, f64::max);
        let reach = usize::try_from(whole(longest)).unwrap_or(usize::MAX);
        let mut fleet = Fleet::default();
        // Replica-buckets that earlier calls still keep up.
        let mut running_on = 0.0;
        for (now, bucket) in self.buckets(&asked).enumerate() {
            let since = now.saturating_sub(reach);
            let kept = kept(keeps.get(since..=now).unwrap_or_default());
            let up = f64::from(replicas(kept.asked));
            let calls = profile.bucket_calls.get(now).copied().unwrap_or_default();
            let Lone { seconds, .. } = lone(now);
            let busy = (bucket.load / terms.utilisation).max(buckets(seconds));
            let left = running_on + hosted * (busy + calls * buckets(idle_seconds));
            let paid = up.min(left);
            running_on = (left - paid).min(up * kept.buckets);
            fleet.replica_buckets += paid;
            let ready = replicas(bucket.capacity);
            fleet.serve(bucket, hosted, f64::from(ready) * terms.utilisation);
            fleet.replicas = fleet.replicas.max(replicas(kept.asked));
        }
        fleet
    }
}

/// What some buckets, the last one being the present, still keep up in it.
fn kept(recent: &[(f64, f64)]) -> Kept {
    let mut kept = Kept {
        asked: 0.0,
        buckets: 0.0,
    };
    for (age, (asked, keep)) in recent.iter().rev().enumerate() {
        let left = keep - real(u128::try_from(age).unwrap_or(u128::MAX));
        // A bucket that has begun is kept up in.
        if *asked > 0.0 && left > -1.0 {
            kept.asked = kept.asked.max(*asked);
            kept.buckets = kept.buckets.max(left);
        }
    }
    kept
}
