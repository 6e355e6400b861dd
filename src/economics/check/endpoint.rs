//! A per-token alternative, checked.

use super::Checker;
use crate::economics::arm::{Arm, ArmPrice, Endpoint, TokenRates, assumed};
use crate::economics::assumptions::{Assumptions, Group};
use crate::economics::draft::{EndpointDraft, PlanProblem};
use crate::economics::plan::ThroughputSource;
use crate::money::RatePerMtok;

/// Less saving than this, dollars a month, is not worth changing the endpoint.
const ENDPOINT_SAVING_MIN_USD: f64 = 50.0;

impl Endpoint {
    /// The checked endpoint, or everything that is wrong with the draft.
    pub fn check(draft: EndpointDraft) -> Result<Self, Vec<PlanProblem>> {
        let mut checker = Checker::default();
        let c = &mut checker;
        let quality = Group::Quality.members();
        for (parameter, _) in draft.ranges.iter().filter(|(p, _)| !quality.contains(p)) {
            c.tell(parameter.key(), "says nothing about an endpoint");
        }
        let defaults = Assumptions::defaults(ThroughputSource::Measured, false);
        let (assumptions, moved) = c.ranges(&defaults, &draft.ranges, draft.basis.as_ref());
        let mut rate = |key: &str, rate: Option<RatePerMtok>| {
            if rate.is_none() {
                c.tell(key, "is missing; such as 0.59");
            }
            rate
        };
        let input = rate("input_usd_per_mtok", draft.input_usd_per_mtok);
        let output = rate("output_usd_per_mtok", draft.output_usd_per_mtok);
        let (Some(input), Some(output)) = (input, output) else {
            return Err(checker.problems);
        };
        let rates = TokenRates {
            input,
            cached_input: draft.cached_input_usd_per_mtok.unwrap_or(input),
            output,
        };
        let endpoint = Self {
            arm: Arm {
                replaces: c.names(&draft.replaces),
                serves: c.serves(draft.serves.as_deref()),
                price: ArmPrice::Tokens {
                    model: c.require("model", draft.model, "\"llama-3.3-70b\""),
                    rates,
                },
                router_usd_per_call: 0.0,
                as_of: c.require("price_as_of", draft.price_as_of, "2026-05-22"),
                source: c.require("price_source", draft.price_source, "\"quote of …\""),
                name: draft.name,
                assumptions,
                assumed: assumed(&draft.ranges),
                basis: draft.basis.filter(|_| !moved.is_empty()),
                moved,
            },
            min_saving_usd_per_month: c.amount(
                "min_saving_usd_per_month",
                draft.min_saving_usd_per_month,
                ENDPOINT_SAVING_MIN_USD,
            ),
            alert: draft.alert.unwrap_or(true),
        };
        checker.done(endpoint)
    }
}
