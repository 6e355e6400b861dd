//! What moves slowly and is searched for, so that it is looked for once an hour: break-even volumes,
//! trends and dates.

use super::{Pass, minutes};
use crate::economics::growth::growth_fit;
use crate::economics::project::{Minutes, breakeven, breakeven_days};
use crate::economics::projection::{FORTNIGHT, Latency, Outlook, Trend};
use crate::economics::{HostPlan, Projection};
use crate::verdict::gather::CompleteDays;
use crate::verdict::kept::{Kept, Series};
use crate::verdict::report::{Report, WindowReport};
use crate::verdict::seen::Seen;
use crate::verdict::settings::Settings;

/// Minutes for which a result holds.
const MINUTES: i64 = 60;

/// Where break-even volumes, trends and dates come from.
pub(super) enum Ahead<'a> {
    /// The report of another minute of this hour.
    Known(&'a WindowReport),
    /// They are looked for.
    Anew(&'a Kept, CompleteDays),
}

impl<'a> Ahead<'a> {
    pub(super) fn new(
        settings: &Settings,
        (kept, seen): (&'a Kept, &Seen),
        previous: &'a Report,
        end: i64,
    ) -> Self {
        let hour = |minute: i64| minute.div_euclid(MINUTES);
        let same = previous
            .end_minute
            .is_some_and(|made| hour(made) == hour(end));
        let known = previous.window(FORTNIGHT).filter(|_| same);
        known.map_or_else(
            || {
                Self::Anew(
                    kept,
                    CompleteDays::before(seen, end, settings.rule.coverage_min),
                )
            },
            Self::Known,
        )
    }

    /// Adds them to a plan over the fortnight.
    pub(super) fn look(
        &self,
        pass: &Pass<'_>,
        at: usize,
        series: &Series,
        projection: &mut Projection,
    ) {
        match self {
            Self::Known(known) => {
                if let Some(known) = known.plans.get(at) {
                    projection.breakeven = known.breakeven;
                    projection.outlook = known.outlook;
                }
            }
            Self::Anew(kept, days) => {
                if let Some(plan) = pass.settings.plans.get(at) {
                    let tokens = days.tokens(kept, at);
                    pass.search(plan, series, &tokens, projection);
                }
            }
        }
    }
}

impl Pass<'_> {
    /// The volume at which a plan beats every other way, and when it will be reached.
    fn search(
        &self,
        plan: &HostPlan,
        series: &Series,
        tokens: &[f64],
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
        let money = self.totals.paid.money(series, &self.now);
        let now = minutes(series, &self.now, &money);
        let rival = projection.rival.saved_usd();
        projection.breakeven = breakeven(plan, limit, now, rival);
        projection.outlook = Some(outlook(plan, limit, (now, rival), tokens));
    }
}

fn outlook(
    plan: &HostPlan,
    limit: Option<f64>,
    (now, rival_usd): (Minutes<'_>, f64),
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
