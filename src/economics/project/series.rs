#![expect(clippy::float_arithmetic, reason = "loads are estimates")]
//! A plan minute by minute, and at other volumes: what charts show.

use super::{HostPlan, Loads, Minutes};
use crate::economics::evaluate::{Outcome, Policy};
use crate::economics::replicas::{Scaler, autoscale};

/// One minute of a fleet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Beat {
    /// Replicas that its load would fill to the utilisation target, not rounded.
    pub load: f64,
    /// Replicas that can serve in it.
    pub ready: u32,
}

/// The fleet of a plan over a window, its replicas chosen knowing the window; `None` if it cannot
/// hold the latency limit.
#[must_use]
pub fn beats(plan: &HostPlan, limit: Option<f64>, minutes: Minutes<'_>) -> Option<Vec<Beat>> {
    let point = plan.assumptions.expected();
    let loads = Loads::of(plan, &point, limit, minutes)?;
    let (window, terms) = (loads.window(), plan.terms(&point));
    let ready: Vec<u32> = match plan.policy {
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
            let needs = window.needs(terms.qualifying_share, &terms);
            let fleet = autoscale(&needs, scaler).into_iter();
            fleet.map(|running| running.ready).collect()
        }
        // As many as are called, and gone when nobody calls.
        Policy::Serverless { .. } => window.needs(terms.qualifying_share, &terms),
        Policy::Fixed { .. } | Policy::Peak { .. } | Policy::Hybrid => {
            vec![window.at_scale(1.0, &terms, plan.policy).replicas; minutes.len()]
        }
    };
    let replicas = terms.qualifying_share / terms.utilisation;
    let loads = loads.per_bucket.iter().map(|load| load * replicas);
    let beats = loads.zip(ready).map(|(load, ready)| Beat { load, ready });
    Some(beats.collect())
}

/// The outcome at other volumes, shape unchanged, the policy choosing anew at each.
#[must_use]
pub fn at_scales(
    plan: &HostPlan,
    limit: Option<f64>,
    minutes: Minutes<'_>,
    scales: &[f64],
) -> Option<Vec<Outcome>> {
    let point = plan.assumptions.expected();
    let loads = Loads::of(plan, &point, limit, minutes)?;
    let (window, terms) = (loads.window(), plan.terms(&point));
    let at = |scale: &f64| window.at_scale(*scale, &terms, plan.policy);
    Some(scales.iter().map(at).collect())
}
