#![expect(clippy::float_arithmetic, reason = "loads are estimates")]
//! How much more than the mean the busiest ten seconds ask for.

use super::columns::Minutes;
use crate::economics::assumptions::Parameter;
use crate::economics::demand::SLOT_SECONDS;
use crate::economics::plan::{HostPlan, conversion, seconds};
use crate::economics::price;
use crate::economics::work::Work;

/// Largest load of a slot over `mean_load`, the mean load of the minutes; `None` without load, or if
/// the latency limit cannot be held. The qualifying share is in both, so in neither.
pub(super) fn ratio(
    plan: &HostPlan,
    limit: Option<f64>,
    minutes: Minutes<'_>,
    mean_load: f64,
) -> Option<f64> {
    let point = plan.assumptions.expected();
    let conversion = conversion(&point);
    let multiplier = point.value(Parameter::WorkMultiplier);
    let work = Work::of(&plan.throughput.coefficients, &conversion, limit)?;
    let slots = minutes.busiest.each();
    let largest = slots
        .map(|slot| multiplier * work.seconds(&slot))
        .fold(0.0, f64::max);
    price::ratio(largest / seconds(SLOT_SECONDS), mean_load)
}
