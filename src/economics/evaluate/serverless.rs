#![expect(
    clippy::float_arithmetic,
    reason = "how long replicas are up is an estimate"
)]
//! Replicas that are paid for while they are up, and go when nobody calls.
//!
//! A bucket pays for the smaller of the whole replicas it needs and load/u plus idle time: each call
//! keeps a replica up for at most `idle_seconds`. What a bucket has no room for runs on into the next
//! ones, at most the idle time of each replica that was up, and the replicas it keeps are theirs too.
//! So this is never too low.

use super::{Fleet, Window, clamp};
use crate::economics::curve::{is_short, overflow_share};
use crate::economics::evaluate::Terms;
use crate::economics::replicas::{need_burst, whole};

impl Window<'_> {
    /// What a serverless fleet would have had up, at `hosted` times the profile's load.
    pub(super) fn serverless(&self, hosted: f64, terms: &Terms, idle_seconds: f64) -> Fleet {
        let profile = &self.profile;
        let idle_buckets = idle_seconds / profile.bucket_seconds;
        // How many buckets before it a bucket may still pay for.
        let reach = usize::try_from(whole(idle_buckets)).unwrap_or(usize::MAX);
        let mut fleet = Fleet::default();
        // Replica-buckets that earlier calls still keep up.
        let mut running_on = 0.0;
        let buckets = profile.loads.iter().zip(profile.api_usd).enumerate();
        for (now, (load, usd)) in buckets {
            let since = now.saturating_sub(reach);
            let peak = |values: &[f64]| {
                let recent = values.get(since..=now).unwrap_or_default();
                hosted * recent.iter().copied().fold(0.0, f64::max)
            };
            let need = |load: f64, slot_work: f64| {
                let need = need_burst(load, slot_work, terms.utilisation, terms.burst);
                clamp(need, terms)
            };
            let up = need(peak(profile.loads), peak(profile.slot_work));
            let calls = profile.bucket_calls.get(now).copied().unwrap_or_default();
            let idle = running_on + hosted * calls * idle_buckets;
            let load = hosted * load;
            let slot = profile.slot_work.get(now).copied().unwrap_or_default();
            let ready = need(load, hosted * slot);
            let capacity = f64::from(ready) * terms.utilisation;
            let asked = load / terms.utilisation + idle;
            let paid = f64::from(up).min(asked);
            running_on = (asked - paid).min(f64::from(up) * idle_buckets);
            fleet.replica_buckets += paid;
            fleet.served_load += load.min(capacity);
            fleet.overflow_usd += hosted * usd * overflow_share(load, capacity);
            fleet.short += usize::from(is_short(load, capacity));
            fleet.replicas = fleet.replicas.max(up);
        }
        fleet
    }
}
