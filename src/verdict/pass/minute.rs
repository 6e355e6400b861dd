//! What a minute that closed adds to the running totals of hosting.
//!
//! It has the calls that became known in it, each once, so that the totals agree with those of the API
//! bill; a call that takes long counts where it ends.

use std::sync::PoisonError;

use super::Pass;
use crate::economics::evaluate::Policy;
use crate::economics::project::{Bucket, MINUTES_REMEMBERED, minute};
use crate::economics::projection::Latency;
use crate::economics::{DemandMinute, HostPlan, Projection};
use crate::verdict::gather::{Observed, buckets};
use crate::verdict::report::{HostedMinute, Report};

impl Pass<'_> {
    /// Each plan's minute before `end`, by what became known in it of each pool; none at the first
    /// report, which no whole minute came before.
    pub(super) fn minute(
        &self,
        plans: &[Projection],
        previous: &Report,
        news: &[DemandMinute],
    ) -> Vec<HostedMinute> {
        if previous.end_minute.is_none() {
            return Vec::new();
        }
        let settings = self.settings.plans.iter().zip(plans).enumerate();
        settings
            .map(|(at, (plan, projection))| self.minute_of(at, plan, projection, news))
            .collect()
    }

    fn minute_of(
        &self,
        at: usize,
        plan: &HostPlan,
        projection: &Projection,
        news: &[DemandMinute],
    ) -> HostedMinute {
        let mut minutes = self.remembered(at, plan);
        let last = self.known_in_it(at, news);
        minutes.push(last);
        let limit = match projection.latency {
            Latency::Held(limit) => Some(limit),
            Latency::NotChecked | Latency::Infeasible(_) => None,
        };
        let hosted = projection.hosted.as_ref();
        HostedMinute {
            plan: plan.name.clone(),
            qualifying_usd: last.paid_usd(),
            hosted: hosted.and_then(|chosen| minute(plan, limit, chosen, &minutes)),
        }
    }

    /// The minutes before, for a fleet that follows the demand.
    fn remembered(&self, at: usize, plan: &HostPlan) -> Vec<Bucket> {
        match plan.policy {
            Policy::Fixed { .. } | Policy::Peak { .. } | Policy::Hybrid => Vec::new(),
            Policy::Auto { .. } | Policy::Serverless { .. } => {
                let live = self.demand.lock().unwrap_or_else(PoisonError::into_inner);
                let end = self.now.range.end.saturating_sub(1);
                let before = Observed::of(&live, end.saturating_sub(MINUTES_REMEMBERED)..end);
                buckets(&live, &before, at, &self.totals.paid)
            }
        }
    }

    /// What became known of the pools that a plan takes.
    fn known_in_it(&self, at: usize, news: &[DemandMinute]) -> Bucket {
        let live = self.demand.lock().unwrap_or_else(PoisonError::into_inner);
        let minute = self.now.range.end.saturating_sub(1);
        let mut all = Bucket::default();
        let pools = live.pools().iter().zip(news);
        for (pool, news) in pools.filter(|(pool, _)| pool.takers.plans.contains(&at)) {
            let bucket = Bucket::from(news);
            all.merge(&self.totals.paid.bucket(&pool.takers, minute, bucket));
        }
        all
    }
}
