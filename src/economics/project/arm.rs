#![expect(
    clippy::float_arithmetic,
    reason = "what calls would cost elsewhere is a projection"
)]
//! An arm without fixed cost over a window of demand, with its band.

use super::banded;
use crate::economics::arm::{Arm, ArmPrice, TokenRates};
use crate::economics::assumptions::{End, Group, Parameter, Point, Range};
use crate::economics::band::Deviation;
use crate::economics::price::{TokenVolume, price_cost, ratio};
use crate::economics::projection::Band;
use crate::economics::routing::Routing;
use crate::economics::work::TokenSums;

/// The name of the doubt about how much of the input a cache would serve.
const CACHED_SHARE: &str = "cached_share";

/// An arm over a window: total sums of the streams it covers, and what these cost on the API.
#[must_use]
pub fn rented_tokens(arm: &Arm, total: &TokenSums, api_usd: f64) -> Band {
    let ranges = &arm.assumptions;
    let cost = |point: &Point, cache: End| arm_cost(arm, (point, cache), total, api_usd);
    let expected = cost(&ranges.expected(), End::Expected);
    let quality = |end| expected - cost(&ranges.with_group_at(Group::Quality, end), End::Expected);
    let cached = |end| expected - cost(&ranges.expected(), end);
    let deviation = |parameter, change: &dyn Fn(End) -> f64| Deviation {
        parameter,
        low_usd: change(End::Low),
        high_usd: change(End::High),
    };
    let mut sensitivity = vec![deviation(Group::Quality.label(), &quality)];
    if matches!(arm.price, ArmPrice::Cache { .. }) {
        sensitivity.push(deviation(CACHED_SHARE, &cached));
    }
    let worst = cost(&ranges.with_group_at(Group::Quality, End::Low), End::Low);
    banded(api_usd, api_usd - expected, api_usd - worst, sensitivity)
}

/// What the taken share costs there; repeated calls and what may not move at API cost, and the
/// router for every call.
fn arm_cost(arm: &Arm, (point, cache): (&Point, End), total: &TokenSums, api_usd: f64) -> f64 {
    let share = point.value(Parameter::QualifyingShare);
    let repeated = point.value(Parameter::Escalation) * share * api_usd;
    share * taken_cost(&arm.price, (point, cache), total, api_usd)
        + (1.0 - share) * api_usd
        + repeated
        + arm.router_usd_per_call * total.calls
}

/// What all of the calls would cost at a price.
fn taken_cost(price: &ArmPrice, (point, cache): (&Point, End), total: &TokenSums, api: f64) -> f64 {
    match price {
        ArmPrice::Tokens { rates, .. } => {
            let (ratio_in, ratio_out) = (
                point.value(Parameter::TokenRatioIn),
                point.value(Parameter::TokenRatioOut),
            );
            let tokens = TokenVolume {
                input: ratio_in * total.uncached_input,
                cached_input: ratio_in * total.cached_input,
                output: ratio_out * total.output,
            };
            price_cost(&tokens, &rates.list_price())
        }
        ArmPrice::Factor(factor) => factor * api,
        ArmPrice::Cache { share, rates } => api * cache_factor(*share, cache, rates, total),
    }
}

/// The part of the list price that is left when some fresh input is read from the cache. What was
/// paid may be below the list, so the saving is a part of it and never more than it.
fn cache_factor(share: Range, end: End, rates: &TokenRates, total: &TokenSums) -> f64 {
    let moved = share.at(end) * total.uncached_input;
    let today = TokenVolume {
        input: total.uncached_input,
        cached_input: total.cached_input,
        output: total.output,
    };
    let then = TokenVolume {
        input: today.input - moved,
        cached_input: today.cached_input + moved,
        ..today
    };
    let list = rates.list_price();
    ratio(price_cost(&then, &list), price_cost(&today, &list)).unwrap_or(1.0)
}

/// What a call of the window costs on either side of a router, expected. `None` without a second
/// model, or without calls.
#[must_use]
pub fn routed(arm: &Arm, total: &TokenSums, api_usd: f64) -> Option<Routing> {
    let ArmPrice::Tokens { .. } = arm.price else {
        return None;
    };
    let point = arm.assumptions.expected();
    let small = taken_cost(&arm.price, (&point, End::Expected), total, api_usd);
    Some(Routing {
        big_usd_per_call: ratio(api_usd, total.calls)?,
        small_usd_per_call: ratio(small, total.calls)?,
        router_usd_per_call: arm.router_usd_per_call,
        escalation: point.value(Parameter::Escalation),
    })
}

#[cfg(test)]
mod tests;
