//! The vectors of arms without fixed cost: per token, a factor on what was paid, a prompt cache.

use serde_json::{Value, json};

use super::run::Inputs;
use crate::economics::arm::TokenRates;
use crate::economics::assumptions::{Parameter, Range};
use crate::economics::draft::OptimisedDraft;
use crate::economics::project::{rented_tokens, routed};
use crate::economics::projection::Scenario;
use crate::economics::routing::routing_breakeven_share;
use crate::economics::work::TokenSums;
use crate::economics::{Arm, PlanProblem};

/// Runs one function by its name.
pub(super) fn run(function: &str, of: &Inputs<'_>) -> Option<Value> {
    (function == "arm_cost").then(|| cost(of))
}

fn cost(of: &Inputs<'_>) -> Value {
    let total = TokenSums {
        calls: of.number("requests"),
        uncached_input: of.number("input_tokens"),
        cached_input: of.or("cached_input_tokens", 0.0),
        output: of.number("output_tokens"),
        ..TokenSums::default()
    };
    let api_usd = of.number("api_usd");
    let arm = arm(of).unwrap();
    let band = rented_tokens(&arm, &total, api_usd);
    let at = |scenario| band.figures(scenario).cost_usd;
    let pays_above = routed(&arm, &total, api_usd).and_then(|of| routing_breakeven_share(&of));
    json!({
        "usd": at(Scenario::Expected),
        "usd_pessimistic": at(Scenario::Pessimistic),
        "usd_optimistic": at(Scenario::Optimistic),
        "pays_above_share": pays_above,
    })
}

fn arm(of: &Inputs<'_>) -> Result<Arm, Vec<PlanProblem>> {
    let ranges = Parameter::ALL.into_iter();
    let ranges = ranges.filter_map(|parameter| Some((parameter, range(of, parameter.key())?)));
    Arm::check_optimised(OptimisedDraft {
        name: "made".to_owned(),
        replaces: vec!["gpt-4o".to_owned()],
        serves: Some("more".to_owned()),
        model: of.maybe("input_usd_per_mtok").map(|_| "other".to_owned()),
        rates: rates(of),
        price_factor: of.maybe("price_factor"),
        cached_share: range(of, "cached_share"),
        router_usd_per_call: of.maybe("router_usd_per_request"),
        price_as_of: Some(jiff::civil::date(2026, 5, 22)),
        price_source: Some("made".to_owned()),
        ranges: ranges.collect(),
    })
}

/// `[pessimistic, expected, optimistic]`, if it is there.
fn range(of: &Inputs<'_>, name: &str) -> Option<Range> {
    match of.list(name)[..] {
        [low, expected, high] => Some(Range::new(low, expected, high)),
        _ => None,
    }
}

fn rates(of: &Inputs<'_>) -> Option<TokenRates> {
    let rate = |name| of.maybe(name).map(|usd| usd.to_string().parse().unwrap());
    let input = rate("input_usd_per_mtok")?;
    Some(TokenRates {
        input,
        cached_input: rate("cached_usd_per_mtok").unwrap_or(input),
        output: rate("output_usd_per_mtok")?,
    })
}
