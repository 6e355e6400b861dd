//! How a plan follows the minutes of a trace, and what it costs at other volumes.

use super::{Traffic, limit, under};
use crate::economics::HostPlan;
use crate::economics::evaluate::Outcome;
use crate::economics::project::{Beat, Columns, at_scales, beats};

/// What each minute asks for and what runs, replicas chosen knowing the trace; `None` if the latency
/// limit cannot be held.
#[must_use]
pub fn fleet(plan: &HostPlan, traffic: &Traffic) -> Option<Vec<Beat>> {
    let columns: Columns = traffic.buckets(plan.serves.context).into_iter().collect();
    let minutes = columns.all();
    under(limit(plan, &minutes), |limit| beats(plan, limit, minutes))
}

/// What the plan's calls cost over the trace at so many times their volume, shape unchanged, the
/// replicas chosen anew for each.
#[must_use]
pub fn volumes(plan: &HostPlan, traffic: &Traffic, scales: &[f64]) -> Option<Vec<Outcome>> {
    let columns: Columns = traffic.buckets(plan.serves.context).into_iter().collect();
    let minutes = columns.all();
    under(limit(plan, &minutes), |limit| {
        at_scales(plan, limit, minutes, scales)
    })
}
