#![expect(
    clippy::float_arithmetic,
    reason = "how long replicas are up is an estimate"
)]
//! Replicas that are paid for while they are up, and go when nobody calls.
//!
//! A bucket pays for the smaller of the whole replicas it needs and load/u plus the idle time after
//! its calls: each call keeps a replica up for at most `idle_seconds`, so this is never too low. Idle
//! time longer than a bucket runs on into the next ones, and the replicas it keeps are theirs too.

use super::{Fleet, Window, clamp, count};
use crate::economics::curve::{is_short, overflow_share};
use crate::economics::evaluate::Terms;
use crate::economics::replicas::{need_burst, whole};

impl Window<'_> {
    /// What a serverless fleet would have had up, at `hosted` times the profile's load.
    pub(super) fn serverless(&self, hosted: f64, terms: &Terms, idle_seconds: f64) -> Fleet {
        let profile = &self.profile;
        let idle_buckets = idle_seconds / profile.bucket_seconds;
        // How many buckets before it a bucket may still pay for.
        let reach = usize::try_from(whole(idle_buckets).saturating_sub(1)).unwrap_or(0);
        let mut fleet = Fleet::default();
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
            let idle = hosted * idle_replicas(profile.bucket_calls, since, now, idle_buckets);
            let load = hosted * load;
            let slot = profile.slot_work.get(now).copied().unwrap_or_default();
            let ready = need(load, hosted * slot);
            let capacity = f64::from(ready) * terms.utilisation;
            fleet.replica_buckets += f64::from(up).min(load / terms.utilisation + idle);
            fleet.served_load += load.min(capacity);
            fleet.overflow_usd += hosted * usd * overflow_share(load, capacity);
            fleet.short += usize::from(is_short(load, capacity));
            fleet.replicas = fleet.replicas.max(up);
        }
        fleet
    }
}

/// Replicas kept idle in bucket `now` by the calls since `since`, each for so many buckets.
fn idle_replicas(calls: &[f64], since: usize, now: usize, idle_buckets: f64) -> f64 {
    let recent = calls.get(since..=now).unwrap_or_default();
    let left = |ago: usize| (idle_buckets - count(ago)).clamp(0.0, 1.0);
    recent
        .iter()
        .rev()
        .enumerate()
        .map(|(ago, calls)| calls * left(ago))
        .sum()
}
