#![expect(
    clippy::float_arithmetic,
    reason = "capacity from a data sheet is an estimate; replicas come out whole"
)]
//! What arithmetic alone says a machine can carry, and how busy it would have to be.
//!
//! An upper bound: reading weights and cache takes time of its own, which `roofline` and `work`
//! count. Enough to show that a claim cannot be.

use super::price::ratio;
use super::replicas::whole;

/// Tokens a second, input and output alike: flops·mfu/(2·`active_params`), for `flops` of the whole
/// machine and the part `mfu` of them that is reached, 0 to 1. `None` without parameters.
///
/// A token takes about two FLOP a parameter it passes through (Kaplan et al. 2020).
#[must_use]
pub fn capacity_tokens_per_s(flops: f64, active_params: f64, mfu: f64) -> Option<f64> {
    ratio(flops * mfu, 2.0 * active_params)
}

/// Whole replicas for a rate of tokens; `None` if one carries nothing.
#[must_use]
pub fn need_from_rate(tokens_per_s: f64, capacity_tokens_per_s: f64) -> Option<u32> {
    ratio(tokens_per_s, capacity_tokens_per_s).map(whole)
}

/// The part of the time a host must be busy for its tokens to cost `cost_ratio` times the API's:
/// `usd_per_mtok_at_full`/(`api_usd_per_mtok`·`cost_ratio`). Above 1 it never costs so little.
#[must_use]
pub fn implied_utilisation(
    usd_per_mtok_at_full: f64,
    api_usd_per_mtok: f64,
    cost_ratio: f64,
) -> Option<f64> {
    ratio(usd_per_mtok_at_full, api_usd_per_mtok * cost_ratio)
}
