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
//! short, so that a slow scaler is not rewarded for calls it could not have served. With a burst bound
//! so does the share of its busiest slot that `ready` cannot finish in time: the part served is what
//! the bound lets through, neither rounded nor changed by the volume.

mod base;
mod serverless;
mod terms;

use std::rc::Rc;

use super::curve::{Asked, Curves, LoadCurve, is_short, overflow_share};
use super::ownership::HOURS_PER_MONTH;
use super::replicas::{Burst, Running, Scaler, autoscale, load_asked, need, whole};
use super::work::real;

pub use terms::{Lone, Outcome, Policy, Profile, Terms};

/// What the fleet did over the window, before prices.
#[derive(Default)]
struct Fleet {
    replica_buckets: f64,
    served_load: f64,
    overflow_usd: f64,
    short: usize,
    replicas: u32,
}

impl Fleet {
    /// Serves `hosted` times a bucket as far as the capacity goes; the rest stays on the API.
    fn serve(&mut self, asked: Asked, hosted: f64, capacity: f64) {
        let stays = overflow_share(hosted * asked.capacity, capacity);
        self.served_load += hosted * asked.load * (1.0 - stays);
        self.overflow_usd += hosted * asked.usd * stays;
        self.short += usize::from(is_short(hosted * asked.capacity, capacity));
    }
}

/// A window that is evaluated more than once: at several scales, with several policies.
#[derive(Debug)]
pub struct Window<'a> {
    profile: Profile<'a>,
    api_usd: f64,
    curves: Curves,
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
            curves: Curves::default(),
        }
    }

    /// The outcome if loads, costs and calls were `scale` times what they were, shape unchanged.
    #[must_use]
    pub fn at_scale(&self, scale: f64, terms: &Terms, policy: Policy) -> Outcome {
        let hosted = scale * terms.qualifying_share;
        let constant = |replicas| self.price(scale, terms, &self.constant(hosted, terms, replicas));
        match policy {
            // A single look at a window is not worth sorting it.
            Policy::Fixed { replicas } if self.curves.known(bound(terms)).is_none() => {
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
        let utilisation = terms.utilisation;
        let asked = self.asked(terms);
        asked.map(move |asked| need(hosted * asked.capacity, utilisation))
    }

    /// The buckets, and how much of a fleet each asks for.
    fn asked(&self, terms: &Terms) -> impl Iterator<Item = Asked> {
        let none = std::iter::repeat(&0.0);
        let slots = self.profile.slot_work.iter().chain(none);
        let buckets = self.profile.loads.iter().zip(self.profile.api_usd);
        let (utilisation, burst) = (terms.utilisation, terms.burst);
        buckets.zip(slots).map(move |((load, usd), slot)| Asked {
            capacity: load_asked(*load, *slot, utilisation, burst),
            load: *load,
            usd: *usd,
        })
    }

    /// max(min, the need at the quantile), by nearest rank.
    fn peak(&self, hosted: f64, terms: &Terms, quantile: f64) -> u32 {
        // The need rises with what is asked for: what is asked for at the quantile is enough.
        let asked = self.curve(terms).asked_at(quantile);
        clamp(need(hosted * asked, terms.utilisation), terms)
    }

    fn curve(&self, terms: &Terms) -> Rc<LoadCurve> {
        self.curves.of(bound(terms), || self.asked(terms).collect())
    }

    /// A constant fleet, at `hosted` times the profile's load.
    fn constant(&self, hosted: f64, terms: &Terms, replicas: u32) -> Fleet {
        let curve = self.curve(terms);
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
        for (Running { billed, ready }, asked) in running.zip(self.asked(terms)) {
            fleet.replica_buckets += f64::from(billed);
            fleet.serve(asked, hosted, f64::from(ready) * terms.utilisation);
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

/// What decides how much a bucket asks for; without a burst bound its load alone.
fn bound(terms: &Terms) -> Option<(f64, Burst)> {
    terms.burst.map(|burst| (terms.utilisation, burst))
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
            (bursts, burst) in (0.0_f64..400.0, proptest::option::of(0.5_f64..10.0)),
            replicas in 0_u32..15,
            share in 0.1_f64..1.0,
        ) {
            let (loads, api_usd): (Vec<f64>, Vec<f64>) = buckets.iter().copied().unzip();
            let slot_work: Vec<f64> = loads.iter().rev().map(|load| bursts * load / 9.0).collect();
            let window = Window::new(Profile {
                bucket_seconds: 60.0,
                loads: &loads,
                api_usd: &api_usd,
                slot_work: &slot_work,
                bucket_calls: &[],
                lone: &[],
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
                burst: burst.map(|ttft_slo_seconds| Burst { slot_seconds: 10.0, ttft_slo_seconds }),
            };
            let fixed = || window.at_scale(1.5, &terms, Policy::Fixed { replicas });
            let walked = fixed();
            window.curve(&terms);
            let read = fixed();
            proptest::prop_assert!((walked.selfhost_usd - read.selfhost_usd).abs() < 1e-6);
            proptest::prop_assert!((walked.short_bucket_share - read.short_bucket_share).abs() < 1e-9);
            let used = |outcome: &Outcome| outcome.utilisation.unwrap_or_default();
            proptest::prop_assert!((used(&walked) - used(&read)).abs() < 1e-9);
        }
    }
}
