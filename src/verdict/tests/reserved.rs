//! Throughput paid by the hour: what it costs is what is paid, and is saved only once it can be given up.

use jiff::civil::date;

use super::made::{TODAY, certain, closed, endpoint, plan, report, settings, steady};
use crate::economics::projection::{Committed, FORTNIGHT};
use crate::money::{Avoidable, Pico};
use crate::verdict::{
    DAY_MINUTES, ReservedPart, ReservedRule, ReservedView, Settings, Verdict, WindowReport, words,
};

/// 20 dollars an hour for calls that are worth 36, from a day on; `TODAY` is 2026-09-04.
fn reserved(from_day: i64, avoidable: Avoidable) -> Settings {
    Settings {
        reserved: vec![ReservedRule {
            name: "ptu".into(),
            upstreams: vec!["openai".into()],
            models: vec!["gpt-4*".into()],
            parts: vec![ReservedPart {
                from_minute: from_day * DAY_MINUTES,
                until_minute: i64::MAX,
                usd_per_hour: Pico::from_units(20),
                avoidable,
            }],
        }],
        ..settings(vec![plan(certain)], vec![endpoint(|_| {})])
    }
}

fn decided(settings: Settings) -> Verdict {
    let verdict = steady(settings, 30, 60, 10_000);
    for day in TODAY - 3..TODAY {
        verdict.tick(closed(day));
    }
    verdict
}

fn fortnight(settings: Settings) -> WindowReport {
    let verdict = steady(settings, 30, 60, 10_000);
    report(&verdict).window(FORTNIGHT).unwrap().clone()
}

#[test]
fn what_is_committed_is_paid_as_it_costs_and_not_saved() {
    let until = Avoidable::From(date(2026, 12, 1));
    let window = fortnight(reserved(0, until));
    let cost = Pico::from_units(20 * 336);
    assert_eq!(window.api_cost, cost);
    let view = ReservedView {
        name: "ptu".into(),
        cost,
        worth: Pico::from_units(36 * 336),
    };
    assert_eq!(window.reserved, [view]);
    let plan = &window.plans[0];
    let avoidable = until;
    assert_eq!(plan.committed, [Committed { cost, avoidable }]);
    let figures = plan.hosted.as_ref().unwrap().band.expected;
    assert!((figures.savings_usd + 5.38 * 336.0).abs() < 1e-6);
    assert!(window.endpoints[0].band.expected.savings_usd < 0.0);
    let verdict = decided(reserved(0, until));
    assert!(verdict.report().states.iter().all(|state| !state.cheaper));
    let said = words(&verdict.report());
    for phrase in [
        "Of it $14,600 a month is for the reserved hours of ptu, used or not; the calls they serve are \
         worth $26,280 a month at list price.",
        "$14,600 a month of it is committed until 2026-12-01 and is not saved.",
    ] {
        assert!(said.contains(phrase), "{said}");
    }
}

#[test]
fn what_can_be_given_up_is_saved_at_what_it_costs() {
    for avoidable in [Avoidable::Now, Avoidable::From(date(2026, 9, 1))] {
        let window = fortnight(reserved(0, avoidable));
        let plan = &window.plans[0];
        assert_eq!(plan.committed, []);
        let figures = plan.hosted.as_ref().unwrap().band.expected;
        // 20 dollars an hour are saved, not the 36 that the calls are worth.
        assert!((figures.savings_usd - (20.0 - 5.38) * 336.0).abs() < 1e-6);
        assert!((figures.savings_ratio.unwrap() - (20.0 - 5.38) / 20.0).abs() < 1e-9);
        let verdict = decided(reserved(0, avoidable));
        assert!(verdict.report().states.iter().any(|state| state.cheaper));
    }
}

#[test]
fn before_it_began_calls_were_billed_as_they_came() {
    let until = Avoidable::From(date(2026, 12, 1));
    // Half of the fortnight.
    let window = fortnight(reserved(TODAY - 7, until));
    assert_eq!(window.api_cost, Pico::from_units((20 + 36) * 168));
    let plan = &window.plans[0];
    let cost = Pico::from_units(20 * 168);
    let avoidable = until;
    assert_eq!(plan.committed, [Committed { cost, avoidable }]);
    let figures = plan.hosted.as_ref().unwrap().band.expected;
    assert!((figures.savings_usd - (36.0 * 168.0 - 5.38 * 336.0)).abs() < 1e-6);
}

#[test]
fn another_models_calls_are_none_of_its_business() {
    let mut settings = reserved(0, Avoidable::Never);
    settings.reserved[0].models = vec!["o3".into()];
    let window = fortnight(settings);
    assert_eq!(window.api_cost, Pico::from_units(36 * 336));
    assert_eq!(window.plans[0].committed, []);
}
