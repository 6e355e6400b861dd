#![expect(
    clippy::float_arithmetic,
    reason = "what an endpoint would cost is a projection"
)]
//! An endpoint over a window of demand, with its band.

use super::banded;
use crate::economics::assumptions::{End, Group, Parameter, Point};
use crate::economics::band::Deviation;
use crate::economics::plan::Endpoint;
use crate::economics::projection::Band;
use crate::economics::work::TokenSums;
use crate::money::{Pico, RatePerMtok};

/// An endpoint over a window: total sums of the streams it covers, and what these cost on the API.
#[must_use]
pub fn rented_tokens(endpoint: &Endpoint, total: &TokenSums, api_usd: f64) -> Band {
    let cost = |point: &Point| endpoint_cost(endpoint, point, total, api_usd);
    let expected = api_usd - cost(&endpoint.assumptions.expected());
    let at =
        |end| api_usd - cost(&endpoint.assumptions.with_group_at(Group::Quality, end)) - expected;
    let quality = Deviation {
        parameter: Group::Quality.label(),
        low_usd: at(End::Low),
        high_usd: at(End::High),
    };
    // Quality is the only doubt: at its worst, everything is.
    banded(api_usd, expected, expected + quality.low_usd, vec![quality])
}

/// q·tokens at the endpoint's price, repeated calls and what may not move at API cost.
fn endpoint_cost(endpoint: &Endpoint, point: &Point, total: &TokenSums, api_usd: f64) -> f64 {
    let share = point.value(Parameter::QualifyingShare);
    let (ratio_in, ratio_out) = (
        point.value(Parameter::TokenRatioIn),
        point.value(Parameter::TokenRatioOut),
    );
    // A rate is a whole number of pico-units per token.
    let usd = |rate: RatePerMtok| Pico(rate.pico_per_token().into()).to_f64();
    let tokens_usd = ratio_in * total.uncached_input * usd(endpoint.input)
        + ratio_in * total.cached_input * usd(endpoint.cached_input)
        + ratio_out * total.output * usd(endpoint.output);
    let repeated = point.value(Parameter::Escalation) * share * api_usd;
    share * tokens_usd + (1.0 - share) * api_usd + repeated
}
