//! Everything behind an answer about calls that nobody has made.

use serde_json::{Value, json};

use super::asked::Asked;
use crate::app::breakeven::{hosted, steps};
use crate::economics::breakeven::BreakEven;
use crate::economics::plan::HostPlan;
use crate::economics::price::{ListPrice, TokenVolume};
use crate::economics::whatif::{CallCost, Comparison, MINUTE_PEAK, PlanAnswer, Question};
use crate::pricing::Settlement;
use crate::verdict::figures::{alternative, latency};

/// The question, the comparison, and every step of every plan, unrounded.
pub(super) fn json(asked: &Asked<'_>, comparison: &Comparison) -> Value {
    let Comparison {
        api_usd,
        alternatives,
        best_endpoint,
        best_optimised,
        plans,
    } = comparison;
    let answers = asked.arms.plans.iter().zip(plans);
    json!({
        "made": "nobody has made these calls: a week of equal calls",
        "question": question(asked),
        "week": {
            "api_cost_usd": api_usd,
            "alternatives": alternatives.iter().map(alternative).collect::<Vec<_>>(),
            "best_endpoint": best_endpoint.as_ref().map(alternative),
            "best_optimised": best_optimised.as_ref().map(alternative),
        },
        "plans": answers
            .map(|(plan, answer)| self::plan(plan, answer, &asked.question))
            .collect::<Vec<_>>(),
        "plans_that_cannot": asked.too_long.iter().map(|plan| &plan.name).collect::<Vec<_>>(),
    })
}

fn question(asked: &Asked<'_>) -> Value {
    let Question {
        calls_per_day,
        call,
        price,
        shape,
    } = asked.question;
    let TokenVolume {
        input,
        cached_input,
        output,
    } = call;
    let ListPrice {
        input_usd_per_mtok,
        cached_usd_per_mtok,
        output_usd_per_mtok,
    } = price;
    let cost = asked.question.call_cost();
    let CallCost {
        input_usd,
        cached_input_usd,
        output_usd,
    } = cost;
    json!({
        "model": asked.model,
        "calls_per_day": calls_per_day,
        "tokens_per_day": tokens(&asked.question, calls_per_day),
        "call_tokens": { "fresh_input": input, "cached_input": cached_input, "output": output },
        "price": {
            "id": asked.quote.id,
            "as_of": asked.quote.entry.read_on(),
            "source": asked.quote.entry.source,
            "settled": asked.quote.settlement.map(Settlement::label),
            "conditions_left_out": asked.quote.leaves_out,
            "input_usd_per_mtok": input_usd_per_mtok,
            "cached_input_usd_per_mtok": cached_usd_per_mtok,
            "output_usd_per_mtok": output_usd_per_mtok,
        },
        "call_usd": {
            "fresh_input": input_usd,
            "cached_input": cached_input_usd,
            "output": output_usd,
            "total": cost.total_usd(),
        },
        "shape": shape.label(),
        "minute_peak_within_hour": MINUTE_PEAK,
    })
}

fn plan(plan: &HostPlan, answer: &PlanAnswer, question: &Question) -> Value {
    let coefficients = plan.throughput.coefficients;
    json!({
        "plan": answer.plan,
        "throughput": {
            "source": plan.throughput.source.label(),
            "cite": plan.throughput.cite,
            "as_of": plan.throughput.as_of.to_string(),
            "a": coefficients.a,
            "b": coefficients.b,
            "c": coefficients.c,
            "d": coefficients.d,
        },
        "price": {
            "usd_per_replica_hour": plan.price.usd_per_hour,
            "source": plan.price.source,
            "as_of": plan.price.as_of.to_string(),
        },
        "policy": plan.policy.label(),
        "latency": latency(answer.latency),
        "steps": answer.steps.as_ref().map(steps),
        "hosted": answer.hosted.as_ref().map(hosted),
        "breakeven_against_staying": answer.against_staying.map(|at| volumes(at, question)),
        "breakeven_against_all": answer.against_all.map(|at| volumes(at, question)),
    })
}

/// A null inside means "never" in the range that is searched.
fn volumes(found: BreakEven, question: &Question) -> Value {
    let volume = |scale: Option<f64>| {
        let calls = scale.map(|scale| scaled(question, scale));
        json!({
            "calls_per_day": calls,
            "tokens_per_day": calls.map(|calls| tokens(question, calls)),
        })
    };
    json!({ "first": volume(found.first), "robust": volume(found.robust) })
}

#[expect(
    clippy::float_arithmetic,
    reason = "a break-even is a multiple of the volume asked about"
)]
pub(super) fn scaled(question: &Question, scale: f64) -> f64 {
    question.calls_per_day * scale
}

#[expect(clippy::float_arithmetic, reason = "tokens of calls nobody has made")]
pub(super) fn tokens(question: &Question, calls: f64) -> f64 {
    calls * question.tokens_per_call()
}
