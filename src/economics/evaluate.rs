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
mod tally;
mod terms;

use std::borrow::Cow;
use std::rc::Rc;

use super::curve::{Asked, Curves, LoadCurve, is_short, overflow_share};
use super::ownership::HOURS_PER_MONTH;
use super::replicas::{Burst, Running, Scaler, autoscale, load_asked, need, whole};
use super::work::real;

use tally::Tally;

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
            Policy::Fixed { replicas } if self.curves.known(bound(terms)).is_none() => {
                self.price(scale, terms, &self.once(hosted, terms, replicas))
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
                let fleet = autoscale(&self.needs(hosted, terms), scaler).into_iter();
                self.price(scale, terms, &self.walk(hosted, terms, fleet))
            }
            Policy::Serverless { idle_seconds } => {
                self.price(scale, terms, &self.serverless(hosted, terms, idle_seconds))
            }
        }
    }

    /// `policy` with its number of replicas chosen on this window, where one is chosen: the same as
    /// [`Self::at_scale`] finds, without sorting the window, which a single look is not worth.
    #[must_use]
    pub fn settled(&self, terms: &Terms, policy: Policy) -> Policy {
        let hosted = terms.qualifying_share;
        let replicas = match policy {
            Policy::Fixed { .. } | Policy::Auto { .. } | Policy::Serverless { .. } => {
                return policy;
            }
            Policy::Peak { quantile } => {
                let asked = value_at(self.asked(terms).into_owned(), quantile);
                clamp(need(hosted * asked, terms.utilisation), terms)
            }
            Policy::Hybrid => self.base(hosted, terms),
        };
        Policy::Fixed { replicas }
    }

    /// The cheapest base, by how many buckets need how much: no larger one than the peak is looked at.
    fn base(&self, hosted: f64, terms: &Terms) -> u32 {
        let asked = self.asked(terms);
        let peak = asked.iter().copied().fold(0.0, f64::max);
        let most = clamp(need(hosted * peak, terms.utilisation), terms);
        let a_replica = terms.utilisation / hosted;
        let Some(tally) = Tally::new(&asked, self.profile.api_usd, a_replica, most) else {
            let cost_usd =
                |replicas| self.price(1.0, terms, &self.constant(hosted, terms, replicas));
            return base::cheapest(terms.min_replicas, most, |k| cost_usd(k).selfhost_usd);
        };
        base::cheapest(terms.min_replicas, most, |replicas| {
            let fleet = Fleet {
                replica_buckets: f64::from(replicas) * count(self.profile.loads.len()),
                overflow_usd: hosted * tally.overflow_usd(replicas),
                ..Fleet::default()
            };
            self.price(1.0, terms, &fleet).selfhost_usd
        })
    }

    /// What each bucket needs, at `hosted` times the profile's load.
    pub fn needs(&self, hosted: f64, terms: &Terms) -> Vec<u32> {
        let need = |asked: &f64| need(hosted * asked, terms.utilisation);
        self.asked(terms).iter().map(need).collect()
    }

    /// How much of a fleet each bucket asks for: its load, or more where a burst may not wait.
    fn asked(&self, terms: &Terms) -> Cow<'a, [f64]> {
        let Profile {
            loads, slot_work, ..
        } = self.profile;
        if terms.burst.is_none() || slot_work.is_empty() {
            return Cow::Borrowed(loads);
        }
        let both = loads.iter().zip(slot_work);
        let asked =
            both.map(|(load, slot)| load_asked(*load, *slot, terms.utilisation, terms.burst));
        Cow::Owned(asked.collect())
    }

    /// The buckets, and how much of a fleet each asks for.
    fn buckets<'b>(&'b self, asked: &'b [f64]) -> impl Iterator<Item = Asked> + 'b {
        let known = self.profile.loads.iter().zip(self.profile.api_usd);
        asked.iter().zip(known).map(|(asked, (load, usd))| Asked {
            capacity: *asked,
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
        let asked = || self.buckets(&self.asked(terms)).collect();
        self.curves.of(bound(terms), asked)
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

    /// The same in one walk, for a single look: that is not worth sorting the window.
    fn once(&self, hosted: f64, terms: &Terms, replicas: u32) -> Fleet {
        let asked = self.asked(terms);
        let capacity = f64::from(replicas) * terms.utilisation;
        let mut fleet = Fleet {
            replica_buckets: f64::from(replicas) * count(self.profile.loads.len()),
            replicas,
            ..Fleet::default()
        };
        for bucket in self.buckets(&asked) {
            fleet.serve(bucket, hosted, capacity);
        }
        fleet
    }

    /// A fleet bucket by bucket, at `hosted` times the profile's load.
    fn walk(&self, hosted: f64, terms: &Terms, running: impl Iterator<Item = Running>) -> Fleet {
        let mut fleet = Fleet::default();
        let asked = self.asked(terms);
        for (Running { billed, ready }, asked) in running.zip(self.buckets(&asked)) {
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

/// The same of real numbers.
fn value_at(mut values: Vec<f64>, quantile: f64) -> f64 {
    let Some(last) = values.len().checked_sub(1) else {
        return 0.0;
    };
    let index = rank_of(quantile, values.len()).min(last);
    *values.select_nth_unstable_by(index, f64::total_cmp).1
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

    fn profile<'a>(loads: &'a [f64], api_usd: &'a [f64], slot_work: &'a [f64]) -> Profile<'a> {
        Profile {
            bucket_seconds: 60.0,
            loads,
            api_usd,
            slot_work,
            bucket_calls: &[],
            lone: &[],
            calls: 1_000.0,
        }
    }

    fn terms(share: f64, burst: Option<f64>) -> Terms {
        Terms {
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
            burst: burst.map(|ttft_slo_seconds| Burst {
                slot_seconds: 10.0,
                ttft_slo_seconds,
            }),
        }
    }

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
            let window = Window::new(profile(&loads, &api_usd, &slot_work));
            let terms = terms(share, burst);
            let fixed = || window.at_scale(1.5, &terms, Policy::Fixed { replicas });
            let walked = fixed();
            window.curve(&terms);
            let read = fixed();
            proptest::prop_assert!((walked.selfhost_usd - read.selfhost_usd).abs() < 1e-6);
            proptest::prop_assert!((walked.short_bucket_share - read.short_bucket_share).abs() < 1e-9);
            let used = |outcome: &Outcome| outcome.utilisation.unwrap_or_default();
            proptest::prop_assert!((used(&walked) - used(&read)).abs() < 1e-9);
        }

        /// Counted by size, or sorted: the same base, or one that costs the same.
        #[test]
        fn what_a_policy_settles_on_costs_what_the_policy_costs(
            buckets in proptest::collection::vec((0.0_f64..9.0, 0.0_f64..100.0), 0..60),
            (bursts, burst) in (0.0_f64..400.0, proptest::option::of(0.5_f64..10.0)),
            (usd_per_replica_hour, quantile) in (0.0_f64..3_000.0, 0.01_f64..1.0),
            (min_replicas, max_replicas) in (0_u32..4, 4_u32..20),
        ) {
            let (loads, api_usd): (Vec<f64>, Vec<f64>) = buckets.iter().copied().unzip();
            let slot_work: Vec<f64> = loads.iter().rev().map(|load| bursts * load / 9.0).collect();
            let window = Window::new(profile(&loads, &api_usd, &slot_work));
            let terms = Terms { usd_per_replica_hour, min_replicas, max_replicas, ..terms(0.9, burst) };
            for policy in [Policy::Hybrid, Policy::Peak { quantile }] {
                let settled = window.at_scale(1.0, &terms, window.settled(&terms, policy));
                let sorted = window.at_scale(1.0, &terms, policy);
                proptest::prop_assert!((settled.selfhost_usd - sorted.selfhost_usd).abs() < 1e-6);
                if matches!(policy, Policy::Peak { .. }) {
                    proptest::prop_assert_eq!(settled.replicas, sorted.replicas);
                }
            }
        }
    }
}
