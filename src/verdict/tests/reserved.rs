//! Throughput paid by the hour: what it costs is what is paid, and is saved only once it can be given up.

use jiff::civil::date;

use super::made::{TODAY, certain, closed, endpoint, plan, report, settings, steady};
use crate::economics::projection::{Committed, FORTNIGHT};
use crate::money::{Avoidable, Pico};
use crate::verdict::{
    DAY_MINUTES, ReservedRule, ReservedView, Settings, Verdict, WindowReport, words,
};

/// 20 dollars an hour for calls that are worth 36, from a day on; `TODAY` is 2026-09-04.
fn reserved(from_day: i64, avoidable: Avoidable) -> Settings {
    Settings {
        reserved: vec![ReservedRule {
            name: "ptu".into(),
            upstreams: vec!["openai".into()],
            models: vec!["gpt-4*".into()],
            minutes: from_day * DAY_MINUTES..i64::MAX,
            usd_per_hour: Pico::from_units(20),
            avoidable,
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

/// The reservation ends on a day, and one at another price follows it.
fn followed(day: i64, usd: i64, avoidable: Avoidable) -> Settings {
    let mut settings = reserved(0, Avoidable::Now);
    let first = &mut settings.reserved[0];
    first.minutes.end = day * DAY_MINUTES;
    let next = ReservedRule {
        name: "ptu-next".into(),
        minutes: day * DAY_MINUTES..i64::MAX,
        usd_per_hour: Pico::from_units(usd),
        avoidable,
        ..first.clone()
    };
    settings.reserved.push(next);
    settings
}

#[test]
fn of_reservations_that_follow_each_other_each_serves_its_own_minutes() {
    let avoidable = Avoidable::Never;
    let window = fortnight(followed(TODAY - 7, 10, avoidable));
    assert_eq!(window.api_cost, Pico::from_units((20 + 10) * 168));
    let worth = |view: &ReservedView| (view.name.clone(), view.worth);
    let half = Pico::from_units(36 * 168);
    let seen: Vec<_> = window.reserved.iter().map(worth).collect();
    assert_eq!(seen, [("ptu".into(), half), ("ptu-next".into(), half)]);
    let cost = Pico::from_units(10 * 168);
    let plan = &window.plans[0];
    assert_eq!(plan.committed, [Committed { cost, avoidable }]);
}

#[test]
fn what_ended_before_the_window_still_cost_in_the_one_replicas_are_chosen_on() {
    let one = fortnight(reserved(0, Avoidable::Now));
    let two = fortnight(followed(TODAY - 14, 20, Avoidable::Now));
    assert_eq!(two.plans, one.plans);
}

#[test]
fn entries_of_one_name_share_what_they_cost_each_with_its_own_calls() {
    let mut settings = reserved(0, Avoidable::Now);
    let second = ReservedRule {
        upstreams: vec!["azure".into()],
        models: vec!["o3".into()],
        usd_per_hour: Pico::from_units(10),
        ..settings.reserved[0].clone()
    };
    settings.reserved.push(second);
    let verdict = steady(settings, 30, 60, 10_000);
    let other = crate::economics::Stream {
        upstream: "azure".into(),
        ..super::made::stream("o3", "8k")
    };
    let kept = super::made::minutes(TODAY - 30..TODAY);
    let minute = super::made::minute(60, 10_000);
    verdict.load(kept.map(|at| (other.clone(), at, minute)), []);
    let report = report(&verdict);
    let window = report.window(FORTNIGHT).unwrap();
    assert_eq!(window.api_cost, Pico::from_units(30 * 336));
    assert_eq!(window.reserved[0].worth, Pico::from_units(72 * 336));
}

#[test]
fn another_models_calls_are_none_of_its_business() {
    let mut settings = reserved(0, Avoidable::Never);
    settings.reserved[0].models = vec!["o3".into()];
    let window = fortnight(settings);
    assert_eq!(window.api_cost, Pico::from_units(36 * 336));
    assert_eq!(window.plans[0].committed, []);
}
