#![expect(
    clippy::float_arithmetic,
    reason = "the cost of calls nobody has made is a projection"
)]
//! Small models instead of a large one: what a call costs when a router shares them out.

use super::price::ratio;

/// What a call costs on either side; dollars.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Routing {
    /// A call to the large model.
    pub big_usd_per_call: f64,
    /// A call to a small one.
    pub small_usd_per_call: f64,
    /// Deciding, for every call.
    pub router_usd_per_call: f64,
    /// The part of the small models' calls that the large one has to repeat, 0 to 1.
    pub escalation: f64,
}

/// Dollars a call when the share s, 0 to 1, goes to the small models:
/// (1-s)·big + s·(small + e·big) + router.
#[must_use]
pub fn routing_mix(routing: &Routing, share_small: f64) -> f64 {
    let repeated = routing.escalation * routing.big_usd_per_call;
    (1.0 - share_small) * routing.big_usd_per_call
        + share_small * (routing.small_usd_per_call + repeated)
        + routing.router_usd_per_call
}

/// The share above which routing pays: router/(big - small - e·big). Above 1 it never does; `None`
/// if a call to a small model saves nothing.
#[must_use]
pub fn routing_breakeven_share(routing: &Routing) -> Option<f64> {
    let saved_usd = routing.big_usd_per_call
        - routing.small_usd_per_call
        - routing.escalation * routing.big_usd_per_call;
    ratio(routing.router_usd_per_call, saved_usd)
}
