//! Per-token endpoints beside plans.

use super::made::{
    TODAY, certain, closed, endpoint, minute, minutes, plan, report, settings, steady, stream,
};
use crate::economics::projection::{AlternativeKind, FORTNIGHT};
use crate::verdict::{States, Verdict, words};

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

#[test]
fn a_plan_for_two_models_must_beat_what_each_would_cost_elsewhere() {
    // An hour of gpt-4o costs 18 dollars, one of gpt-4o-mini 9. Each endpoint takes one of them for
    // 5.67, so both together 11.34; either alone leaves 14.67 or 23.67. The replica at 12.5 an hour
    // beats each alone, and loses to the two.
    let plan = plan(|draft| {
        certain(draft);
        draft.replaces = vec!["gpt-4o".into(), "gpt-4o-mini".into()];
        draft.offer = None;
        draft.gpu_usd_per_hour = Some(6.25);
        draft.price_as_of = "2026-05-22".parse().ok();
        draft.price_source = Some("invoice".into());
    });
    let arm = |name: &str, model: &str| {
        endpoint(|draft| {
            draft.name = name.into();
            draft.replaces = vec![model.into()];
        })
    };
    let arms = vec![arm("big", "gpt-4o"), arm("small", "gpt-4o-mini")];
    let verdict = Verdict::new(settings(vec![plan], arms), States::default());
    let demand = [("gpt-4o", 5_000), ("gpt-4o-mini", 2_500)];
    let demand = demand.map(|(model, usd)| (stream(model, "8k"), minute(60, usd)));
    let all = minutes(TODAY - 30..TODAY);
    let of = |at| {
        demand
            .iter()
            .map(move |(name, sums)| (name.clone(), at, *sums))
    };
    verdict.load(all.flat_map(of), []);
    let report = report(&verdict);
    let window = report.window(FORTNIGHT).unwrap();
    let projection = &window.plans[0];
    let an_hour = 3_600.0 * A_CALL_USD;
    let paid = projection.api_cost.to_f64();
    assert!((paid - 27.0 * 336.0).abs() < 1e-6);
    assert_eq!(projection.rival.names(), "big and small");
    assert!((projection.rival.cost_usd(paid) - 2.0 * an_hour * 336.0).abs() < 1e-6);
    assert_eq!(projection.best_endpoint.as_ref().unwrap().name, "big");
    assert_eq!(window.rival, projection.rival);
    // 27 s - 12.5 >= (27 - 11.34) s.
    let first = projection.breakeven.unwrap().first.unwrap();
    assert!((first - 12.5 / (2.0 * an_hour)).abs() < 1e-6, "{first}");
    let said = words(&report);
    for phrase in [
        "Cheaper than any one way are big and small together, each where it saves most: $8,278 a month.",
        "  Each where it saves most, big and small together would take $8,278 a month: hosting must \
         beat that.\n",
    ] {
        assert!(said.contains(phrase), "no {phrase:?} in:\n{said}");
    }
}
