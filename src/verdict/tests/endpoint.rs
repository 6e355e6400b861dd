//! Per-token endpoints beside plans.

use super::made::{TODAY, certain, closed, endpoint, plan, report, settings, steady};
use crate::economics::projection::{AlternativeKind, FORTNIGHT};

/// 2,000 in at 0.59 and 500 out at 0.79 dollars per million tokens.
const A_CALL_USD: f64 = (2_000.0 * 0.59 + 500.0 * 0.79) / 1e6;

#[test]
fn an_endpoint_costs_its_tokens() {
    let verdict = steady(settings(vec![], vec![endpoint(|_| {})]), 30, 60, 5_000);
    let report = report(&verdict);
    let window = report.window(FORTNIGHT).unwrap();
    let band = &window.endpoints[0].band;
    let calls = 60.0 * 60.0 * 336.0;
    assert!((band.expected.cost_usd - calls * A_CALL_USD).abs() < 1e-6);
    // Pessimistic: 70 % may move, with 15 % more input and 30 % more output tokens, a tenth repeated.
    let moved = 0.7 * (2_000.0 * 0.59 * 1.15 + 500.0 * 0.79 * 1.3) / 1e6;
    let worst = calls * (moved + 0.3 * 0.005 + 0.07 * 0.005);
    assert!((band.pessimistic.cost_usd - worst).abs() < 1e-6);
    assert_eq!(window.cheapest().unwrap().kind, AlternativeKind::Endpoint);
}

#[test]
fn a_plan_that_beats_the_api_and_not_the_endpoint_is_not_cheaper() {
    // 5.38 dollars an hour for the replica, 5.67 through the endpoint, 18 on the API: at 60 calls a
    // minute the plan saves 0.29 more, which is below 10 % of 18.
    let both = settings(vec![plan(certain)], vec![endpoint(|_| {})]);
    let verdict = steady(both, 30, 60, 5_000);
    for day in TODAY - 3..TODAY {
        verdict.tick(closed(day));
    }
    let states = verdict.report().states.clone();
    let shown = report(&verdict);
    let projection = &shown.window(FORTNIGHT).unwrap().plans[0];
    let best = projection.best_endpoint.as_ref().unwrap();
    assert_eq!(best.name, "groq-llama-70b");
    assert!((best.cost_usd - 60.0 * 60.0 * 336.0 * A_CALL_USD).abs() < 1e-6);
    assert_eq!(states[0].kind, AlternativeKind::Selfhost);
    assert!(!states[0].cheaper);
    assert_eq!(states[1].kind, AlternativeKind::Endpoint);
    assert!(states[1].cheaper);
}

#[test]
fn the_breakeven_against_an_endpoint_is_later_than_against_the_api() {
    let alone = steady(settings(vec![plan(certain)], vec![]), 30, 60, 5_000);
    let both = settings(vec![plan(certain)], vec![endpoint(|_| {})]);
    let rivalled = steady(both, 30, 60, 5_000);
    let first = |verdict| {
        let report = report(verdict);
        report.window(FORTNIGHT).unwrap().plans[0]
            .breakeven
            .unwrap()
            .first
            .unwrap()
    };
    assert!((first(&alone) - 5.38 / 18.0).abs() < 1e-6);
    assert!((first(&rivalled) - 5.38 / (3_600.0 * A_CALL_USD)).abs() < 1e-6);
}
