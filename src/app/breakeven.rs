//! The verdict as an answer of the API: words first, then every figure they stand on.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::economics::projection::{
    Alternative, Band, EndpointProjection, Evidence, Projection, Scenario,
};
use crate::verdict::{Report, StateView, WindowReport, words};

/// The answer of `/api/v1/breakeven`.
pub(super) fn json(report: &Report) -> Value {
    let until = report
        .end_minute
        .and_then(|minute| Timestamp::from_second(minute.saturating_mul(60)).ok());
    json!({
        "currency": "USD",
        "timezone": "UTC",
        "until": until,
        "words": words(report),
        "states": report.states.iter().map(state).collect::<Vec<_>>(),
        "windows": report.windows.iter().map(window).collect::<Vec<_>>(),
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

fn window(window: &WindowReport) -> Value {
    let WindowReport {
        span,
        api_cost,
        evidence: seen,
        hours,
        plans,
        endpoints,
        alternatives,
    } = window;
    json!({
        "window": span.label,
        "api_cost_usd": api_cost,
        "observed_hours": hours,
        "evidence": evidence(seen),
        "alternatives": alternatives.iter().map(alternative).collect::<Vec<_>>(),
        "plans": plans.iter().map(plan).collect::<Vec<_>>(),
        "endpoints": endpoints.iter().map(endpoint).collect::<Vec<_>>(),
    })
}

fn alternative(way: &Alternative) -> Value {
    json!({ "name": way.name, "kind": way.kind.label(), "cost_usd": way.cost_usd })
}

fn evidence(evidence: &Evidence) -> Value {
    let Evidence {
        coverage,
        calls,
        days_observed,
        doubtful_share,
        imported_calls,
    } = evidence;
    json!({
        "coverage": coverage,
        "calls": calls,
        "days_observed": days_observed,
        "doubtful_share": doubtful_share,
        "imported_calls": imported_calls,
    })
}

fn band(band: &Band) -> Value {
    let scenario = |scenario: Scenario| {
        let figures = band.figures(scenario);
        let value = json!({
            "cost_usd": figures.cost_usd,
            "savings_usd": figures.savings_usd,
            "savings_ratio": figures.savings_ratio,
        });
        (scenario.label().to_owned(), value)
    };
    Value::Object(Scenario::ALL.map(scenario).into_iter().collect())
}

fn plan(projection: &Projection) -> Value {
    let hosted = projection.hosted.as_ref().map(|hosted| {
        json!({
            "scenarios": band(&hosted.band),
            "replicas": {
                "now": hosted.replicas.now,
                "mean": hosted.replicas.mean,
                "p99": hosted.replicas.p99,
                "peak": hosted.replicas.peak,
            },
            "utilisation": hosted.utilisation,
            "short_ratio": hosted.short_ratio,
            "overflow_usd": hosted.overflow_usd,
            "usd_per_mtok": hosted.usd_per_mtok,
        })
    });
    let volume = |scale: Option<f64>| scale.and_then(|scale| at_scale(projection, scale));
    json!({
        "plan": projection.plan,
        "api_cost_usd": projection.api_cost,
        "evidence": evidence(&projection.evidence),
        "hosted": hosted,
        "best_endpoint": projection.best_endpoint.as_ref().map(alternative),
        "calls_per_day": projection.calls_per_day,
        "breakeven_calls_per_day": {
            "first": volume(projection.breakeven.and_then(|at| at.first)),
            "robust": volume(projection.breakeven.and_then(|at| at.robust)),
        },
    })
}

#[expect(
    clippy::float_arithmetic,
    reason = "a break-even is a multiple of the volume seen"
)]
fn at_scale(projection: &Projection, scale: f64) -> Option<f64> {
    let calls = projection.calls_per_day * scale;
    calls.is_finite().then_some(calls)
}

fn endpoint(projection: &EndpointProjection) -> Value {
    json!({
        "endpoint": projection.endpoint,
        "api_cost_usd": projection.api_cost,
        "evidence": evidence(&projection.evidence),
        "scenarios": band(&projection.band),
    })
}
