//! How a plan follows the minutes of a trace, and what it costs at other volumes.

use super::{Traffic, limit, under};
use crate::economics::HostPlan;
use crate::economics::evaluate::Outcome;
use crate::economics::project::{Beat, at_scales, beats};

/// What each minute asks for and what runs, replicas chosen knowing the trace; `None` if the latency
/// limit cannot be held.
#[must_use]
pub fn fleet(plan: &HostPlan, traffic: &Traffic) -> Option<Vec<Beat>> {
    let buckets = traffic.buckets(plan.serves.context);
    under(limit(plan, &buckets), |limit| beats(plan, limit, &buckets))
}

/// What the plan's calls cost over the trace at so many times their volume, shape unchanged, the
/// replicas chosen anew for each.
#[must_use]
pub fn volumes(plan: &HostPlan, traffic: &Traffic, scales: &[f64]) -> Option<Vec<Outcome>> {
    let buckets = traffic.buckets(plan.serves.context);
    under(limit(plan, &buckets), |limit| {
        at_scales(plan, limit, &buckets, scales)
    })
}
