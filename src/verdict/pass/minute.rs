#![expect(
    clippy::float_arithmetic,
    reason = "what minutes would have cost is summed as an estimate"
)]
//! What minutes that closed add to the running totals of hosting.
//!
//! Each minute that was observed pays its machines, however late it is looked at. It has the calls that
//! became known in it, each once, so that the totals agree with those of the API bill; a call that takes
//! long counts where it ends.

use super::Pass;
use crate::economics::evaluate::Policy;
use crate::economics::project::{Bucket, Columns, MINUTES_REMEMBERED, MinuteCost, minute};
use crate::economics::projection::Latency;
use crate::economics::{HostPlan, Projection};
use crate::verdict::fresh::ClosedMinute;
use crate::verdict::kept::Kept;
use crate::verdict::report::HostedMinutes;
use crate::verdict::seen::{Observed, Seen};

impl Pass<'_> {
    /// What some minutes add to each plan.
    pub(super) fn closed(
        &self,
        now: (&Kept, &Seen),
        plans: &[Projection],
        closed: &[ClosedMinute],
    ) -> Vec<HostedMinutes> {
        let settings = self.settings.plans.iter().zip(plans).enumerate();
        settings
            .map(|(at, (plan, projection))| {
                let mut all = HostedMinutes {
                    plan: plan.name.clone(),
                    qualifying_usd: 0.0,
                    hosted: None,
                };
                for one in closed {
                    let last = self.known_in_it(now.0, at, one);
                    let before = self.remembered(now, at, plan, one.minute);
                    all.qualifying_usd += last.paid_usd();
                    let cost = cost_of(plan, projection, (before, &last), one.whole);
                    if let Some(cost) = cost {
                        all.hosted = Some(all.hosted.unwrap_or_default().plus(&cost));
                    }
                }
                all
            })
            .collect()
    }

    /// The minutes before one, for a fleet that follows the demand.
    fn remembered(
        &self,
        (kept, seen): (&Kept, &Seen),
        at: usize,
        plan: &HostPlan,
        minute: i64,
    ) -> Columns {
        match plan.policy {
            Policy::Fixed { .. } | Policy::Peak { .. } | Policy::Hybrid => Columns::default(),
            Policy::Auto { .. } | Policy::Serverless { .. } => {
                let before = minute.saturating_sub(MINUTES_REMEMBERED)..minute;
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
    fn known_in_it(&self, kept: &Kept, at: usize, closed: &ClosedMinute) -> Bucket {
        let mut all = Bucket::default();
        let pools = kept.pools().iter().zip(&closed.calls);
        for (pool, calls) in pools.filter(|(pool, _)| pool.takers.plans.contains(&at)) {
            let paid = &self.totals.paid;
            all.merge(&paid.bucket(&pool.takers, closed.minute, Bucket::from(calls)));
        }
        all
    }
}

/// What a minute costs with the calls of `last`; without its machines only what the calls add to an idle
/// one. `None` where the latency limit cannot be held.
fn cost_of(
    plan: &HostPlan,
    projection: &Projection,
    (before, last): (Columns, &Bucket),
    whole: bool,
) -> Option<MinuteCost> {
    let limit = match projection.latency {
        Latency::Held(limit) => Some(limit),
        Latency::NotChecked | Latency::Infeasible(_) => None,
    };
    let chosen = projection.hosted.as_ref()?;
    let cost = |mut minutes: Columns, last: &Bucket| {
        minutes.push(last);
        minute(plan, limit, chosen, minutes.all())
    };
    if whole {
        return cost(before, last);
    }
    let idle = cost(before.clone(), &Bucket::default())?;
    Some(cost(before, last)?.beyond(&idle))
}
