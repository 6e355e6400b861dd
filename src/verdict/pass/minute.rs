//! What a minute that closed adds to the running totals of hosting.
//!
//! It has the calls that became known in it, each once, so that the totals agree with those of the API
//! bill; a call that takes long counts where it ends.

use super::Pass;
use crate::economics::evaluate::Policy;
use crate::economics::project::{Bucket, Columns, MINUTES_REMEMBERED, minute};
use crate::economics::projection::Latency;
use crate::economics::{DemandMinute, HostPlan, Projection};
use crate::verdict::kept::Kept;
use crate::verdict::report::HostedMinute;
use crate::verdict::seen::{Observed, Seen};

impl Pass<'_> {
    /// Each plan's minute before the end, by what became known in it of each pool.
    pub(super) fn minute(
        &self,
        now: (&Kept, &Seen),
        plans: &[Projection],
        news: &[DemandMinute],
    ) -> Vec<HostedMinute> {
        let settings = self.settings.plans.iter().zip(plans).enumerate();
        settings
            .map(|(at, (plan, projection))| {
                let last = self.known_in_it(now.0, at, news);
                Self::minute_of(plan, projection, self.remembered(now, at, plan), &last)
            })
            .collect()
    }

    fn minute_of(
        plan: &HostPlan,
        projection: &Projection,
        mut minutes: Columns,
        last: &Bucket,
    ) -> HostedMinute {
        minutes.push(last);
        let limit = match projection.latency {
            Latency::Held(limit) => Some(limit),
            Latency::NotChecked | Latency::Infeasible(_) => None,
        };
        let hosted = projection.hosted.as_ref();
        HostedMinute {
            plan: plan.name.clone(),
            qualifying_usd: last.paid_usd(),
            hosted: hosted.and_then(|chosen| minute(plan, limit, chosen, minutes.all())),
        }
    }

    /// The minutes before, for a fleet that follows the demand.
    fn remembered(&self, (kept, seen): (&Kept, &Seen), at: usize, plan: &HostPlan) -> Columns {
        match plan.policy {
            Policy::Fixed { .. } | Policy::Peak { .. } | Policy::Hybrid => Columns::default(),
            Policy::Auto { .. } | Policy::Serverless { .. } => {
                let end = self.now.range.end.saturating_sub(1);
                let before = end.saturating_sub(MINUTES_REMEMBERED)..end;
                let seen = seen.part(&before);
                let observed = Observed::of(&seen, before);
                let series = kept.series(at, &seen);
                let (api_usd, committed_usd) = self.totals.paid.money(&series, &observed);
                Columns {
                    api_usd,
                    committed_usd,
                    ..series.columns
                }
            }
        }
    }

    /// What became known of the pools that a plan takes.
    fn known_in_it(&self, kept: &Kept, at: usize, news: &[DemandMinute]) -> Bucket {
        let minute = self.now.range.end.saturating_sub(1);
        let mut all = Bucket::default();
        let pools = kept.pools().iter().zip(news);
        for (pool, news) in pools.filter(|(pool, _)| pool.takers.plans.contains(&at)) {
            let bucket = Bucket::from(news);
            all.merge(&self.totals.paid.bucket(&pool.takers, minute, bucket));
        }
        all
    }
}
