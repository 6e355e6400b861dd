//! What moves slowly and takes long, so that it is computed once an hour: the windows that no state
//! stands on, break-even volumes, trends and dates.

use std::sync::PoisonError;

use super::Pass;
use crate::economics::growth::growth_fit;
use crate::economics::project::{Bucket, breakeven, breakeven_days};
use crate::economics::projection::{Latency, MONTH, Outlook, Span, Trend, WEEK};
use crate::economics::{HostPlan, Projection};
use crate::verdict::gather::{CompleteDays, buckets};
use crate::verdict::report::{Report, WindowReport};

/// The windows that hold for the hour.
pub(super) const HOURLY: [Span; 2] = [WEEK, MONTH];
/// Minutes for which a result holds.
const MINUTES: i64 = 60;

/// A window of the previous report, if that was made in the same hour.
pub(super) fn known(previous: &Report, span: Span, end: i64) -> Option<&WindowReport> {
    let hour = |minute: i64| minute.div_euclid(MINUTES);
    let made = previous.end_minute?;
    (hour(made) == hour(end)).then(|| previous.window(span))?
}

impl Pass<'_> {
    /// Break-even volumes, trends and dates: those known from the same hour, or new ones.
    pub(super) fn look_ahead(&self, plans: &mut [Projection], known: Option<&WindowReport>) {
        if let Some(known) = known {
            for (plan, known) in plans.iter_mut().zip(&known.plans) {
                plan.breakeven = known.breakeven;
                plan.outlook = known.outlook;
            }
            return;
        }
        let live = self.demand.lock().unwrap_or_else(PoisonError::into_inner);
        let coverage_min = self.settings.rule.coverage_min;
        let days = CompleteDays::before(&live, self.now.range.end, coverage_min);
        drop(live);
        for (at, (plan, projection)) in self.settings.plans.iter().zip(plans).enumerate() {
            self.look_ahead_of(at, plan, &days, projection);
        }
    }

    /// The volume at which a plan beats every other way, and when it will be reached.
    fn look_ahead_of(
        &self,
        at: usize,
        plan: &HostPlan,
        days: &CompleteDays,
        projection: &mut Projection,
    ) {
        let limit = match projection.latency {
            Latency::Held(limit) => Some(limit),
            Latency::NotChecked => None,
            Latency::Infeasible(_) => return,
        };
        if projection.evidence.calls <= 0.0 {
            return;
        }
        let live = self.demand.lock().unwrap_or_else(PoisonError::into_inner);
        let now = buckets(&live, &self.now, at, &self.totals.paid);
        let tokens = days.tokens(&live, at);
        drop(live);
        let rival = projection.rival.saved_usd();
        projection.breakeven = breakeven(plan, limit, &now, rival);
        projection.outlook = Some(outlook(plan, limit, (&now, rival), &tokens));
    }
}

fn outlook(
    plan: &HostPlan,
    limit: Option<f64>,
    (now, rival_usd): (&[Bucket], f64),
    tokens: &[f64],
) -> Outlook {
    let trend = growth_fit(tokens).and_then(|growth| {
        let breakeven_days = breakeven_days(plan, limit, now, rival_usd, &growth)?;
        Some(Trend {
            growth,
            breakeven_days,
        })
    });
    Outlook {
        days: tokens.len(),
        trend,
    }
}
