//! The answer: words, how far each plan can be told from hours, and a month after the other.

use serde_json::{Value, json};

use super::{Answer, month_at, words};
use crate::economics::past::untold;
use crate::economics::projection::{ChosenOn, Hosted};
use crate::economics::{EndpointProjection, HostPlan, OptimisedProjection, Projection};
use crate::verdict::PastMonth;
use crate::verdict::figures::alternative;

pub(super) fn json(answer: &Answer) -> Value {
    let plan = |plan: &HostPlan| {
        json!({
            "plan": plan.name,
            "policy": plan.policy.label(),
            "untold_by_hours": untold(plan.policy),
        })
    };
    let plans = answer.settings.plans.iter().map(plan);
    let months = answer.months.iter().map(|it| month(answer, it));
    json!({
        "made": "computed again, not decided: no state comes of it",
        "currency": "USD",
        "timezone": "UTC",
        "words": words::words(answer),
        "plans": plans.collect::<Vec<_>>(),
        "months": months.collect::<Vec<_>>(),
    })
}

fn month(answer: &Answer, month: &PastMonth) -> Value {
    let PastMonth {
        minutes,
        billed_calls,
        imported_share,
        window,
    } = month;
    let first = month_at(minutes.start);
    let ways = &window.alternatives;
    json!({
        "month": first.strftime("%Y-%m").to_string(),
        "running": first == answer.running,
        "calls": billed_calls,
        "api_cost_usd": window.api_cost,
        "observed_hours": window.hours,
        "coverage": window.evidence.coverage,
        "imported_share": imported_share,
        "doubtful_share": window.evidence.doubtful_share,
        "best": ways.first().map(alternative),
        "alternatives": ways.iter().map(alternative).collect::<Vec<_>>(),
        "plans": window.plans.iter().map(plan).collect::<Vec<_>>(),
        "endpoints": window.endpoints.iter().map(endpoint).collect::<Vec<_>>(),
        "optimised": window.optimised.iter().map(optimised).collect::<Vec<_>>(),
    })
}

/// Null figures: the machines cannot hold the latency limit.
fn plan(projection: &Projection) -> Value {
    json!({
        "plan": projection.plan,
        "api_cost_usd": projection.api_cost,
        "hosted": projection.hosted.as_ref().map(hosted),
    })
}

fn hosted(hosted: &Hosted) -> Value {
    let band = &hosted.band;
    json!({
        "cost_usd": {
            "pessimistic": band.pessimistic.cost_usd,
            "expected": band.expected.cost_usd,
            "optimistic": band.optimistic.cost_usd,
        },
        "savings_usd": band.expected.savings_usd,
        "replicas_mean": hosted.replicas.mean,
        "replicas_for_peak_at_most": hosted.replicas.peak,
        "chosen_on": chosen_on(hosted.chosen_on),
        "overflow_usd": hosted.overflow_usd,
    })
}

const fn chosen_on(chosen_on: ChosenOn) -> &'static str {
    match chosen_on {
        ChosenOn::PreviousWindow => "previous_month",
        ChosenOn::Hindsight => "hindsight",
        ChosenOn::Nothing => "nothing",
    }
}

fn endpoint(projection: &EndpointProjection) -> Value {
    json!({
        "endpoint": projection.endpoint,
        "api_cost_usd": projection.api_cost,
        "cost_usd": projection.band.expected.cost_usd,
        "savings_usd": projection.band.expected.savings_usd,
    })
}

fn optimised(projection: &OptimisedProjection) -> Value {
    json!({
        "optimised": projection.optimised,
        "api_cost_usd": projection.api_cost,
        "cost_usd": projection.band.expected.cost_usd,
        "savings_usd": projection.band.expected.savings_usd,
    })
}
