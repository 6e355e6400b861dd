#![expect(
    clippy::float_arithmetic,
    reason = "what hosting would have cost is a projection; what the API cost came in exact"
)]
//! What the demand of a window would have cost on own replicas, idle hours and overflow included.
//!
//! Over a window of T hours with API cost `api`, share q, replica-hours rh and overflow `over`:
//! served = q·api - over; residual = (1-q)·api + over + e·served; selfhost = `rh·c_rep` + ops·T/730 +
//! `one_off`/months·T/730 + usd per call · hosted calls + residual; savings = api - selfhost.
//! In a bucket with load above ready·u the share 1 - ready·u/load stays on the API and the bucket is
//! short, so that a slow scaler is not rewarded for calls it could not have served.

mod base;
mod serverless;
mod terms;

use std::cell::OnceCell;

use super::curve::{LoadCurve, is_short, overflow_share};
use super::ownership::HOURS_PER_MONTH;
use super::replicas::{Running, Scaler, autoscale, need, need_burst, whole};
use super::work::real;

pub use terms::{Outcome, Policy, Profile, Terms};

/// What the fleet did over the window, before prices.
#[derive(Default)]
struct Fleet {
    replica_buckets: f64,
    served_load: f64,
    overflow_usd: f64,
    short: usize,
    replicas: u32,
}

/// A window that is evaluated more than once: at several scales, with several policies.
#[derive(Debug)]
pub struct Window<'a> {
    profile: Profile<'a>,
    api_usd: f64,
    curve: OnceCell<LoadCurve>,
}

/// What `profile` would have cost on `terms` under `policy`.
#[must_use]
pub fn evaluate(profile: &Profile<'_>, terms: &Terms, policy: Policy) -> Outcome {
    Window::new(*profile).at_scale(1.0, terms, policy)
}

/// The cheapest constant base with overflow to the API: the outcome under [`Policy::Hybrid`].
#[must_use]
pub fn best_hybrid(profile: &Profile<'_>, terms: &Terms) -> Outcome {
    evaluate(profile, terms, Policy::Hybrid)
}

impl<'a> Window<'a> {
    /// A window over `profile`.
    #[must_use]
    pub fn new(profile: Profile<'a>) -> Self {
        Self {
            profile,
            api_usd: profile.api_usd.iter().sum(),
            curve: OnceCell::new(),
        }
    }

    /// The outcome if loads, costs and calls were `scale` times what they were, shape unchanged.
    #[must_use]
    pub fn at_scale(&self, scale: f64, terms: &Terms, policy: Policy) -> Outcome {
        let hosted = scale * terms.qualifying_share;
        let constant = |replicas| self.price(scale, terms, &self.constant(hosted, terms, replicas));
        match policy {
            // A single look at a window is not worth sorting it.
            Policy::Fixed { replicas } if self.curve.get().is_none() => {
                let same = Running {
                    billed: replicas,
                    ready: replicas,
                };
                let fleet = std::iter::repeat_n(same, self.profile.loads.len());
                self.price(scale, terms, &self.walk(hosted, terms, fleet))
            }
            Policy::Fixed { replicas } => constant(replicas),
            Policy::Peak { quantile } => constant(self.peak(hosted, terms, quantile)),
            Policy::Hybrid => {
                let most = self.peak(hosted, terms, 1.0);
                let cost_usd = |replicas| constant(replicas).selfhost_usd;
                constant(base::cheapest(terms.min_replicas, most, cost_usd))
            }
            Policy::Auto {
                warm_buckets,
                cool_buckets,
            } => {
                let scaler = Scaler {
                    min: terms.min_replicas,
                    max: terms.max_replicas,
                    warm_buckets,
                    cool_buckets,
                };
                let needs: Vec<u32> = self.needs(hosted, terms).collect();
                let fleet = autoscale(&needs, scaler).into_iter();
                self.price(scale, terms, &self.walk(hosted, terms, fleet))
            }
            Policy::Serverless { idle_seconds } => {
                self.price(scale, terms, &self.serverless(hosted, terms, idle_seconds))
            }
        }
    }

    /// What each bucket needs, at `hosted` times the profile's load.
    pub fn needs(&self, hosted: f64, terms: &Terms) -> impl Iterator<Item = u32> {
        let none = std::iter::repeat(&0.0);
        let slots = self.profile.slot_work.iter().chain(none);
        let loads = self.profile.loads.iter().zip(slots);
        let (utilisation, burst) = (terms.utilisation, terms.burst);
        loads.map(move |(load, slot)| need_burst(hosted * load, hosted * slot, utilisation, burst))
    }

    /// max(min, the need at the quantile), by nearest rank.
    fn peak(&self, hosted: f64, terms: &Terms, quantile: f64) -> u32 {
        let needed = if terms.burst.is_some() {
            quantile_of(self.needs(hosted, terms).collect(), quantile)
        } else {
            // Without bursts the need rises with the load: the load at the quantile is enough.
            need(hosted * self.curve().load_at(quantile), terms.utilisation)
        };
        clamp(needed, terms)
    }

    fn curve(&self) -> &LoadCurve {
        self.curve
            .get_or_init(|| LoadCurve::new(self.profile.loads, self.profile.api_usd))
    }

    /// A constant fleet, at `hosted` times the profile's load.
    fn constant(&self, hosted: f64, terms: &Terms, replicas: u32) -> Fleet {
        let curve = self.curve();
        // The curve is of the profile as it is: the capacity is scaled instead.
        let capacity = f64::from(replicas) * terms.utilisation / hosted;
        Fleet {
            replica_buckets: f64::from(replicas) * count(self.profile.loads.len()),
            served_load: hosted * curve.served_load(capacity),
            overflow_usd: hosted * curve.overflow_usd(capacity),
            short: curve.short(capacity),
            replicas,
        }
    }

    /// A fleet bucket by bucket, at `hosted` times the profile's load.
    fn walk(&self, hosted: f64, terms: &Terms, running: impl Iterator<Item = Running>) -> Fleet {
        let mut fleet = Fleet::default();
        let buckets = self.profile.loads.iter().zip(self.profile.api_usd);
        for (Running { billed, ready }, (load, usd)) in running.zip(buckets) {
            let (load, usd) = (hosted * load, hosted * usd);
            let capacity = f64::from(ready) * terms.utilisation;
            fleet.replica_buckets += f64::from(billed);
            fleet.served_load += load.min(capacity);
            fleet.overflow_usd += usd * overflow_share(load, capacity);
            fleet.short += usize::from(is_short(load, capacity));
            fleet.replicas = fleet.replicas.max(billed);
        }
        fleet
    }

    /// Puts prices on what a fleet did.
    fn price(&self, scale: f64, terms: &Terms, fleet: &Fleet) -> Outcome {
        let buckets = count(self.profile.loads.len());
        let hours = buckets * self.profile.bucket_seconds / 3_600.0;
        let bucket_hours = self.profile.bucket_seconds / 3_600.0;
        let api_usd = scale * self.api_usd;
        let qualifying = terms.qualifying_share * api_usd;
        let served = qualifying - fleet.overflow_usd;
        let residual_usd = api_usd - qualifying + fleet.overflow_usd + terms.escalation * served;
        let served_share = if api_usd > 0.0 {
            served / api_usd
        } else {
            terms.qualifying_share
        };
        let one_off_a_month = if terms.one_off_usd > 0.0 {
            terms.one_off_usd / terms.amortisation_months
        } else {
            0.0
        };
        let replica_hours = fleet.replica_buckets * bucket_hours;
        let selfhost_usd = replica_hours * terms.usd_per_replica_hour
            + (terms.ops_usd_per_month + one_off_a_month) * hours / HOURS_PER_MONTH
            + terms.usd_per_call * scale * self.profile.calls * served_share
            + residual_usd;
        let savings_usd = api_usd - selfhost_usd;
        Outcome {
            api_usd,
            selfhost_usd,
            savings_usd,
            savings_ratio: (api_usd > 0.0).then(|| savings_usd / api_usd),
            replica_hours,
            overflow_api_usd: fleet.overflow_usd,
            residual_usd,
            utilisation: (fleet.replica_buckets > 0.0)
                .then(|| fleet.served_load / fleet.replica_buckets),
            short_bucket_share: if buckets > 0.0 {
                count(fleet.short) / buckets
            } else {
                0.0
            },
            replicas: fleet.replicas,
        }
    }
}

/// Within the plan's limits.
fn clamp(replicas: u32, terms: &Terms) -> u32 {
    replicas.min(terms.max_replicas).max(terms.min_replicas)
}

/// The value at a quantile by nearest rank; 0 of nothing.
#[must_use]
pub fn quantile_of(mut values: Vec<u32>, quantile: f64) -> u32 {
    let Some(last) = values.len().checked_sub(1) else {
        return 0;
    };
    let index = rank_of(quantile, values.len()).min(last);
    *values.select_nth_unstable(index).1
}

/// The nearest rank of a quantile among so many values, from 0.
pub(super) fn rank_of(quantile: f64, length: usize) -> usize {
    let rank = whole(quantile * count(length)).saturating_sub(1);
    usize::try_from(rank).unwrap_or(usize::MAX)
}

/// A length as a real number.
fn count(length: usize) -> f64 {
    real(u128::try_from(length).unwrap_or(u128::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn a_fixed_fleet_costs_the_same_by_walk_and_by_curve(
            buckets in proptest::collection::vec((0.0_f64..9.0, 0.0_f64..100.0), 1..60),
            replicas in 0_u32..15,
            share in 0.1_f64..1.0,
        ) {
            let (loads, api_usd): (Vec<f64>, Vec<f64>) = buckets.iter().copied().unzip();
            let window = Window::new(Profile {
                bucket_seconds: 60.0,
                loads: &loads,
                api_usd: &api_usd,
                slot_work: &[],
                bucket_calls: &[],
                calls: 1_000.0,
            });
            let terms = Terms {
                utilisation: 0.7,
                usd_per_replica_hour: 5.38,
                min_replicas: 0,
                max_replicas: 20,
                qualifying_share: share,
                escalation: 0.05,
                ops_usd_per_month: 100.0,
                one_off_usd: 0.0,
                amortisation_months: 12.0,
                usd_per_call: 0.001,
                burst: None,
            };
            let fixed = || window.at_scale(1.5, &terms, Policy::Fixed { replicas });
            let walked = fixed();
            window.curve();
            let read = fixed();
            proptest::prop_assert!((walked.selfhost_usd - read.selfhost_usd).abs() < 1e-6);
            proptest::prop_assert!((walked.short_bucket_share - read.short_bucket_share).abs() < 1e-9);
            let used = |outcome: &Outcome| outcome.utilisation.unwrap_or_default();
            proptest::prop_assert!((used(&walked) - used(&read)).abs() < 1e-9);
        }
    }
}
