//! Ways to pay the same provider less, beside plans and endpoints.

use super::made::{TODAY, certain, closed, endpoint, plan, report, settings, steady};
use crate::economics::assumptions::{Parameter, Range};
use crate::economics::draft::OptimisedDraft;
use crate::economics::projection::{AlternativeKind, FORTNIGHT};
use crate::economics::{Arm, HostPlan};
use crate::verdict::{Settings, words};

/// A batch tier at a tenth of the price that takes a part of the calls.
fn batch(share: Range) -> Arm {
    Arm::check_optimised(OptimisedDraft {
        name: "batch".into(),
        replaces: vec!["gpt-4o".into()],
        price_factor: Some(0.1),
        ranges: vec![(Parameter::QualifyingShare, share)],
        price_as_of: Some(jiff::civil::date(2026, 8, 22)),
        price_source: Some("its page".into()),
        ..OptimisedDraft::default()
    })
    .unwrap()
}

/// A smaller model that takes 40 % of the calls behind a router.
fn routed() -> Arm {
    Arm::check_optimised(OptimisedDraft {
        name: "routed".into(),
        replaces: vec!["gpt-4o".into()],
        serves: Some("32k".into()),
        model: Some("gpt-4o-mini".into()),
        rates: Some(crate::economics::arm::TokenRates {
            input: "0.15".parse().unwrap(),
            cached_input: "0.075".parse().unwrap(),
            output: "0.6".parse().unwrap(),
        }),
        router_usd_per_call: Some(0.0005),
        ranges: vec![
            (Parameter::QualifyingShare, Range::new(0.2, 0.4, 0.6)),
            (Parameter::Escalation, Range::certain(0.0)),
            (Parameter::TokenRatioOut, Range::certain(1.0)),
        ],
        price_as_of: Some(jiff::civil::date(2025, 7, 4)),
        price_source: Some("its page".into()),
        ..OptimisedDraft::default()
    })
    .unwrap()
}

fn beside(plans: Vec<HostPlan>, optimised: Vec<Arm>) -> Settings {
    Settings {
        optimised,
        ..settings(plans, vec![])
    }
}

#[test]
fn a_plan_must_beat_what_the_provider_itself_would_take() {
    // 18 dollars an hour on the API, 5.38 for the replica: 70 % saved. In batches 4.5 for nine tenths.
    let hosted = |optimised| {
        let verdict = steady(beside(vec![plan(certain)], optimised), 33, 60, 5_000);
        for day in TODAY - 3..TODAY {
            verdict.tick(closed(day));
        }
        verdict.report()
    };
    assert!(hosted(vec![]).states[0].cheaper);
    let rivalled = hosted(vec![batch(Range::certain(0.9))]);
    assert_eq!(rivalled.states.len(), 1, "it has no state of its own");
    assert!(!rivalled.states[0].cheaper);
    let window = rivalled.window(FORTNIGHT).unwrap();
    let best = window.plans[0].best_optimised.as_ref().unwrap();
    assert_eq!(
        (best.name.as_str(), best.kind),
        ("batch", AlternativeKind::Optimised)
    );
    let paid = window.api_cost.to_f64();
    assert!((best.cost_usd - 0.19 * paid).abs() < 1e-6);
    assert_eq!(window.cheapest().unwrap().name, "batch");
    let first = |report: &crate::verdict::Report| {
        report.window(FORTNIGHT).unwrap().plans[0]
            .breakeven
            .unwrap()
            .first
            .unwrap()
    };
    assert!((first(&rivalled) - 5.38 / (18.0 * 0.19)).abs() < 1e-6);
}

#[test]
fn paying_the_provider_less_can_be_the_headline() {
    let arms = vec![batch(Range::new(0.3, 0.9, 0.9)), routed()];
    let verdict = steady(beside(vec![plan(|_| {})], arms), 30, 60, 5_000);
    report(&verdict);
    let said = words(&verdict.report());
    for phrase in [
        "Stay with the provider and pay it less. On these figures paying the same provider less by \
         batch is cheapest, at $2,497 a month instead of $13,140 for the same calls: $10,643 less.\n",
        "batch (10 % of what is paid now): $2,497 a month instead of $13,140; $10,643 less a month \
         (between $3,548 less and $10,643 less).\n  Taken to be able to wait: 90 % (30 % to 90 %) of \
         the calls.\n  Price: its page, read on",
        "routed (gpt-4o-mini, per token): ",
        "  Taken to be answered well enough: 40 % (20 % to 60 %) of the calls; 0 % of these are \
         repeated.\n  Routing pays above a share of 11.3 %.\n",
        "For the same calls the same provider, by batch, would take $2,497 a month.",
    ] {
        assert!(said.contains(phrase), "no {phrase:?} in:\n{said}");
    }
}

#[test]
fn alone_it_is_a_comparison_too() {
    let verdict = steady(
        beside(vec![], vec![batch(Range::certain(0.5))]),
        30,
        60,
        5_000,
    );
    report(&verdict);
    let said = words(&verdict.report());
    assert!(
        said.starts_with("Stay with the provider and pay it less."),
        "{said}"
    );
    let both = Settings {
        optimised: vec![batch(Range::certain(0.01))],
        ..settings(vec![], vec![endpoint(|_| {})])
    };
    let verdict = steady(both, 30, 60, 5_000);
    let shown = report(&verdict);
    let window = shown.window(FORTNIGHT).unwrap();
    assert_eq!(window.cheapest().unwrap().kind, AlternativeKind::Endpoint);
}
