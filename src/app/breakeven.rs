//! The verdict as an answer of the API: words first, then every figure they stand on.
//!
//! What was paid (`api_cost_usd`) is exact and a string; what would be paid is an estimate and a
//! number.

mod hosting;
mod standing;
mod steps;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::economics::assumptions::Parameter;
use crate::economics::band::Deviation;
use crate::economics::projection::{
    Band, Committed, EndpointProjection, Figures, Hosted, OptimisedProjection, Outlook, Projection,
    Scenario, Trend,
};
use crate::economics::rival::Rival;
use crate::economics::routing::{Routing, routing_breakeven_share};
use crate::economics::{Arm, Endpoint, HostPlan};
use crate::verdict::figures::{self, alternative, chosen_on, commitment, evidence, latency, put};
use crate::verdict::{Report, ReservedView, StateView, WindowReport, words};

use standing::{age_days, api_prices, moved};
pub(crate) use steps::steps;

/// The answer of `/api/v1/breakeven`.
pub(super) fn json(report: &Report) -> Value {
    let until = report
        .end_minute
        .and_then(|minute| Timestamp::from_second(minute.saturating_mul(60)).ok());
    json!({
        "currency": "USD",
        "timezone": "UTC",
        "until": until,
        "headline": standing::headline(report),
        "words": words(report),
        "states": report.states.iter().map(state).collect::<Vec<_>>(),
        "windows": report.windows.iter().map(|at| window(report, at)).collect::<Vec<_>>(),
        "hosting": hosting::hosting(report),
    })
}

fn state(state: &StateView) -> Value {
    let StateView {
        name,
        kind,
        cheaper,
        since,
        lacks,
    } = state;
    json!({
        "name": name,
        "kind": kind.label(),
        "cheaper": cheaper,
        "since": since,
        "not_enough_evidence": lacks.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}

pub(super) fn window(report: &Report, window: &WindowReport) -> Value {
    let settings = &report.settings;
    let months = standing::months(window);
    let WindowReport {
        span,
        api_cost,
        reserved,
        evidence: seen,
        hours,
        plans,
        endpoints,
        optimised: cheaper,
        rival: best,
        alternatives,
    } = window;
    json!({
        "window": span.label,
        "api_cost_usd": api_cost,
        "reserved": reserved.iter().map(rented).collect::<Vec<_>>(),
        "observed_hours": hours,
        "evidence": evidence(seen),
        "alternatives": alternatives.iter().map(alternative).collect::<Vec<_>>(),
        "rival": rival(best, api_cost.to_f64()),
        "api_prices": api_prices(report, |_| true),
        "plans": settings.plans.iter().zip(plans).enumerate()
            .map(|(at, both)| plan((report, months), at, both)).collect::<Vec<_>>(),
        "endpoints": settings.endpoints.iter().zip(endpoints).enumerate()
            .map(|(at, both)| endpoint((report, months), at, both)).collect::<Vec<_>>(),
        "optimised": settings.optimised.iter().zip(cheaper).enumerate()
            .map(|(at, both)| optimised(report, at, both)).collect::<Vec<_>>(),
    })
}

fn rented(ReservedView { name, cost, worth }: &ReservedView) -> Value {
    json!({ "name": name, "cost_usd": cost, "worth_usd": worth })
}

fn band(band: &Band) -> Value {
    let scenario = |scenario: Scenario| {
        let value = saved(band.figures(scenario));
        (scenario.label().to_owned(), value)
    };
    Value::Object(Scenario::ALL.map(scenario).into_iter().collect())
}

fn saved(figures: &Figures) -> Value {
    json!({
        "cost_usd": figures.cost_usd,
        "savings_usd": figures.savings_usd,
        "savings_ratio": figures.savings_ratio,
    })
}

fn sensitivity(band: &Band) -> Value {
    let one = |deviation: &Deviation| {
        let Deviation {
            parameter,
            low_usd,
            high_usd,
        } = deviation;
        json!({ "parameter": parameter, "low_usd": low_usd, "high_usd": high_usd })
    };
    band.sensitivity.iter().map(one).collect()
}

fn plan(
    (report, months): (&Report, f64),
    at: usize,
    (plan, projection): (&HostPlan, &Projection),
) -> Value {
    let worth = projection
        .hosted
        .as_ref()
        .map_or(&[][..], |it| &it.moved_usd);
    json!({
        "plan": projection.plan,
        "alert": plan.alert,
        "api_cost_usd": projection.api_cost,
        "committed": committed(&projection.committed),
        "evidence": evidence(&projection.evidence),
        "throughput": {
            "source": plan.throughput.source.label(),
            "cite": plan.throughput.cite,
            "as_of": plan.throughput.as_of.to_string(),
            "age_days": age_days(report, plan.throughput.as_of.earliest()),
        },
        "api_prices": api_prices(report, |stream| stream.plans.contains(&at)),
        "price": {
            "usd_per_replica_hour": plan.price.usd_per_hour,
            "term_months": plan.price.term_months,
            "source": plan.price.source,
            "as_of": plan.price.as_of.to_string(),
            "age_days": age_days(report, plan.price.as_of.earliest()),
        },
        "policy": plan.policy.label(),
        "nobodys_measurement": keys(&plan.assumed),
        "latency": latency(projection.latency),
        "steps": projection.steps.as_ref().map(steps),
        "hosted": projection.hosted.as_ref().map(hosted),
        "moved_defaults": moved(&plan.moved, worth, plan.basis.as_ref(), months),
        "best_endpoint": projection.best_endpoint.as_ref().map(alternative),
        "best_optimised": projection.best_optimised.as_ref().map(alternative),
        "rival": rival(&projection.rival, projection.api_cost.to_f64()),
        "calls_per_day": projection.calls_per_day,
        "tokens_per_day": projection.tokens_per_day,
        "api_usd_per_mtok": projection.api_usd_per_mtok(),
        "breakeven_calls_per_day": breakeven(projection, |(calls, _)| calls),
        "breakeven_tokens_per_day": breakeven(projection, |(_, tokens)| tokens),
        "outlook": projection.outlook.as_ref().map(|it| outlook(report, it)),
    })
}

/// What hosting must beat, and what that costs.
fn rival(rival: &Rival, api_usd: f64) -> Value {
    let mut all = figures::rival(rival);
    put(&mut all, json!({ "cost_usd": rival.cost_usd(api_usd) }));
    all
}

/// What is paid whether the calls are moved or not.
fn committed(committed: &[Committed]) -> Value {
    let one = |Committed { cost, avoidable }: &Committed| json!({ "api_cost_usd": cost, "avoidable": avoidable.to_string() });
    committed.iter().map(one).collect()
}

pub(crate) fn hosted(hosted: &Hosted) -> Value {
    json!({
        "scenarios": band(&hosted.band),
        "all_at_worst": saved(&hosted.band.all_at_worst),
        "sensitivity": sensitivity(&hosted.band),
        "replicas": {
            "now": hosted.replicas.now,
            "mean": hosted.replicas.mean,
            "p99": hosted.replicas.p99,
            "peak": hosted.replicas.peak,
            "chosen_on": chosen_on(hosted.chosen_on),
        },
        "utilisation": hosted.utilisation,
        "short_ratio": hosted.short_ratio,
        "burst_ratio": hosted.burst_ratio,
        "overflow_usd": hosted.overflow_usd,
        "usd_per_mtok": hosted.usd_per_mtok,
        "commitment": hosted.commitment.as_ref().map(commitment),
    })
}

/// Null where it was not searched: only the longest window is. A null inside means "never".
fn breakeven(projection: &Projection, of: fn((f64, f64)) -> f64) -> Value {
    let Some(found) = projection.breakeven else {
        return Value::Null;
    };
    let volume = |scale: Option<f64>| projection.volume_at(scale?).map(of);
    json!({ "first": volume(found.first), "robust": volume(found.robust) })
}

/// A null growth: too few complete days, or one without calls. A null date: never within ten years.
fn outlook(report: &Report, outlook: &Outlook) -> Value {
    let Outlook { days, trend } = outlook;
    let date = |days: f64| report.after_days(days);
    let growth = trend.map(|Trend { growth, .. }| {
        json!({ "low": growth.low, "expected": growth.per_day, "high": growth.high })
    });
    let at = |trend: &Trend| {
        let one = |scenario: Scenario| {
            let at = trend.breakeven_days.at(scenario).and_then(date);
            (scenario.label().to_owned(), json!(at))
        };
        Value::Object(Scenario::ALL.map(one).into_iter().collect())
    };
    json!({
        "complete_days": days,
        "growth_per_day": growth,
        "breakeven_at": trend.as_ref().map(at),
    })
}

fn endpoint(
    (report, months): (&Report, f64),
    at: usize,
    (endpoint, projection): (&Endpoint, &EndpointProjection),
) -> Value {
    let arm = &endpoint.arm;
    json!({
        "endpoint": projection.endpoint,
        "alert": endpoint.alert,
        "price": price(report, arm),
        "api_prices": api_prices(report, |stream| stream.endpoints.contains(&at)),
        "nobodys_measurement": keys(&arm.assumed),
        "moved_defaults": moved(&arm.moved, &projection.moved_usd, arm.basis.as_ref(), months),
        "api_cost_usd": projection.api_cost,
        "committed": committed(&projection.committed),
        "evidence": evidence(&projection.evidence),
        "scenarios": band(&projection.band),
        "all_at_worst": saved(&projection.band.all_at_worst),
        "sensitivity": sensitivity(&projection.band),
    })
}

/// Who says what an arm costs, and how long ago.
fn price(report: &Report, arm: &Arm) -> Value {
    json!({ "source": arm.source, "as_of": arm.as_of, "age_days": age_days(report, arm.as_of) })
}

fn keys(parameters: &[Parameter]) -> Vec<&'static str> {
    parameters.iter().map(|parameter| parameter.key()).collect()
}

fn optimised(report: &Report, at: usize, (arm, projection): (&Arm, &OptimisedProjection)) -> Value {
    json!({
        "optimised": projection.optimised,
        "price": price(report, arm),
        "api_prices": api_prices(report, |stream| stream.optimised.contains(&at)),
        "nobodys_measurement": keys(&arm.assumed),
        "api_cost_usd": projection.api_cost,
        "committed": committed(&projection.committed),
        "evidence": evidence(&projection.evidence),
        "scenarios": band(&projection.band),
        "all_at_worst": saved(&projection.band.all_at_worst),
        "sensitivity": sensitivity(&projection.band),
        "routing": projection.routing.as_ref().map(routing),
    })
}

/// A share above 1 is never reached; null: a call to the smaller model saves nothing.
fn routing(routing: &Routing) -> Value {
    let Routing {
        big_usd_per_call,
        small_usd_per_call,
        router_usd_per_call,
        escalation,
    } = routing;
    json!({
        "big_usd_per_call": big_usd_per_call,
        "small_usd_per_call": small_usd_per_call,
        "router_usd_per_call": router_usd_per_call,
        "escalation": escalation,
        "pays_above_share": routing_breakeven_share(routing),
    })
}

#[cfg(test)]
mod tests;
