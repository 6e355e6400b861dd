#![expect(clippy::float_arithmetic, reason = "a window is a part of a month")]
//! One plan or endpoint on one closed day, with every figure that the day says.

use serde_json::{Value, json};

use super::Pass;
use super::day::Seen;
use crate::economics::hysteresis::Day;
use crate::economics::ownership::HOURS_PER_MONTH;
use crate::economics::projection::{AlternativeKind, DAY, FORTNIGHT};
use crate::economics::{EndpointProjection, Projection};
use crate::verdict::DAY_MINUTES;
use crate::verdict::figures::{alternative, banded, evidence, latency, machines, put, rival};
use crate::verdict::kept::Kept;
use crate::verdict::seen::{self, Observed};
use crate::verdict::settings::Settings;
use crate::verdict::statement::Scored;

/// What a day says, and the figures of the fortnight that ends with it.
#[derive(Debug)]
pub(in crate::verdict) struct Judged {
    /// Absent without enough evidence.
    pub(in crate::verdict) day: Option<Day>,
    pub(in crate::verdict) figures: Value,
}

/// What a closed UTC day says about the plan or endpoint at a place of the settings; not about hosting
/// that runs, whose demand is another.
pub(in crate::verdict) fn judge(
    settings: &Settings,
    (kept, up): (&Kept, &seen::Seen),
    (kind, at): (AlternativeKind, usize),
    day: i64,
) -> Option<Judged> {
    let start = day.saturating_mul(DAY_MINUTES);
    let end = start.saturating_add(DAY_MINUTES);
    let pass = Pass::new(settings, kept, up, FORTNIGHT, end);
    let coverage = Observed::of(up, start..end).coverage();
    let hours = pass.now.hours();
    let seen = Seen {
        settings,
        months: hours / HOURS_PER_MONTH,
        coverage,
    };
    match kind {
        AlternativeKind::Selfhost => {
            let plan = settings.plans.get(at)?;
            let projection = pass.plan(at, plan, &kept.series(at, up));
            Some(Judged {
                day: seen.plan(plan, &projection).day,
                figures: hosted_figures(&projection, hours),
            })
        }
        AlternativeKind::Endpoint => {
            let endpoint = settings.endpoints.get(at)?;
            let projection = pass.endpoint(at, endpoint);
            Some(Judged {
                day: seen.endpoint(endpoint, &projection).day,
                figures: endpoint_figures(&projection, hours),
            })
        }
        AlternativeKind::Stay | AlternativeKind::Api | AlternativeKind::Optimised => None,
    }
}

/// What a closed UTC day cost on the API and would have cost this way, the replicas chosen on the
/// fortnight before it: what came after a decision is scored on what was known.
pub(in crate::verdict) fn score(
    settings: &Settings,
    (kept, up): (&Kept, &seen::Seen),
    (kind, at): (AlternativeKind, usize),
    day: i64,
) -> Option<Scored> {
    let end = day.saturating_add(1).saturating_mul(DAY_MINUTES);
    let pass = Pass::with(settings, (kept, up), (DAY, FORTNIGHT), end);
    let (api_cost, band) = match kind {
        AlternativeKind::Selfhost => {
            let projection = pass.plan(at, settings.plans.get(at)?, &kept.series(at, up));
            (projection.api_cost, projection.hosted?.band)
        }
        AlternativeKind::Endpoint => {
            let projection = pass.endpoint(at, settings.endpoints.get(at)?);
            (projection.api_cost, projection.band)
        }
        AlternativeKind::Stay | AlternativeKind::Api | AlternativeKind::Optimised => return None,
    };
    Some(Scored {
        coverage: pass.now.coverage(),
        hours: pass.now.hours(),
        api_usd: api_cost.to_f64(),
        cost_usd: band.expected.cost_usd,
    })
}

fn hosted_figures(projection: &Projection, hours: f64) -> Value {
    let api_usd = projection.api_cost.to_f64();
    let mut all = json!({
        "hours": hours,
        "api_cost_usd": projection.api_cost,
        "api_usd": api_usd,
        "committed_usd": projection.committed.iter().map(|it| it.cost.to_f64()).sum::<f64>(),
        "calls_per_day": projection.calls_per_day,
        "evidence": evidence(&projection.evidence),
        "latency": latency(projection.latency),
        "rival": rival(&projection.rival),
        "best_endpoint": projection.best_endpoint.as_ref().map(alternative),
        "best_optimised": projection.best_optimised.as_ref().map(alternative),
    });
    if let Some(hosted) = &projection.hosted {
        put(&mut all, banded(&hosted.band));
        put(&mut all, machines(hosted));
    }
    all
}

fn endpoint_figures(projection: &EndpointProjection, hours: f64) -> Value {
    let mut all = json!({
        "hours": hours,
        "api_cost_usd": projection.api_cost,
        "api_usd": projection.api_cost.to_f64(),
        "committed_usd": projection.committed.iter().map(|it| it.cost.to_f64()).sum::<f64>(),
        "evidence": evidence(&projection.evidence),
    });
    put(&mut all, banded(&projection.band));
    all
}
