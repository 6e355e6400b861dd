//! Money that moving does not save.

use jiff::civil::date;

use super::made::{TODAY, certain, closed, endpoint, plan, report, settings, steady};
use crate::economics::projection::{Committed, FORTNIGHT};
use crate::money::{Avoidable, Pico};
use crate::verdict::{PaidRule, Settings, Verdict, words};

/// A plan and an endpoint for calls whose price is `avoidable`; `TODAY` is 2026-09-04.
fn paid(avoidable: Avoidable) -> Settings {
    Settings {
        paid: vec![PaidRule {
            upstream: "openai".into(),
            model: "gpt-4o".into(),
            since: date(2026, 1, 1),
            avoidable,
        }],
        ..settings(vec![plan(certain)], vec![endpoint(|_| {})])
    }
}

fn decided(avoidable: Avoidable) -> Verdict {
    let verdict = steady(paid(avoidable), 30, 60, 10_000);
    for day in TODAY - 3..TODAY {
        verdict.tick(closed(day));
    }
    verdict
}

#[test]
fn what_is_committed_is_not_saved_and_never_switches_a_state_on() {
    let verdict = steady(paid(Avoidable::Never), 30, 60, 10_000);
    let report = report(&verdict);
    let window = report.window(FORTNIGHT).unwrap();
    let (plan, endpoint) = (&window.plans[0], &window.endpoints[0]);
    let committed = Committed {
        cost: Pico::from_units(12_096),
        avoidable: Avoidable::Never,
    };
    assert_eq!(plan.committed, [committed]);
    assert_eq!(endpoint.committed, [committed]);
    let figures = plan.hosted.as_ref().unwrap().band.expected;
    // Both are paid: 36 dollars an hour to the API, 5.38 for the replica.
    assert!((figures.cost_usd - (36.0 + 5.38) * 336.0).abs() < 1e-6);
    assert!((figures.savings_usd + 5.38 * 336.0).abs() < 1e-6);
    assert!((figures.savings_ratio.unwrap() + 5.38 / 36.0).abs() < 1e-9);
    assert!(endpoint.band.expected.savings_usd < 0.0);
    assert_eq!(window.cheapest().unwrap().name, "stay");
    let verdict = decided(Avoidable::Never);
    assert!(verdict.report().states.iter().all(|state| !state.cheaper));
    let said = words(&verdict.report());
    let phrase = "$26,280 a month of it is paid whatever happens and is not saved.";
    assert!(said.contains(phrase), "{said}");
    assert!(!said.contains("what moving does not save"), "{said}");
}

#[test]
fn a_commitment_ends_on_its_day() {
    let still = decided(Avoidable::From(date(2026, 9, 5)));
    let said = words(&still.report());
    assert!(
        said.contains("is committed until 2026-09-05 and is not saved"),
        "{said}"
    );
    assert!(still.report().states.iter().all(|state| !state.cheaper));
    let over = decided(Avoidable::From(date(2026, 9, 1)));
    let said = words(&over.report());
    assert!(!said.contains("is not saved"), "{said}");
    assert!(over.report().states.iter().any(|state| state.cheaper));
}

#[test]
fn of_a_mixed_stream_only_the_rest_is_saved() {
    let verdict = steady(paid(Avoidable::Never), 30, 60, 10_000);
    let name = super::made::stream("gpt-4o", "8k");
    let other = crate::economics::Stream {
        upstream: "azure".into(),
        ..name
    };
    let kept = super::made::minutes(TODAY - 30..TODAY);
    let minute = super::made::minute(60, 10_000);
    verdict.load(kept.map(|at| (other.clone(), at, minute)), []);
    let report = report(&verdict);
    let plan = &report.window(FORTNIGHT).unwrap().plans[0];
    assert_eq!(plan.api_cost, Pico::from_units(24_192));
    let figures = plan.hosted.as_ref().unwrap().band.expected;
    // One replica carries both: 36 of 72 dollars an hour are saved, less its 5.38.
    assert!((figures.savings_usd - (36.0 - 5.38) * 336.0).abs() < 1e-6);
    assert!((figures.savings_ratio.unwrap() - (36.0 - 5.38) / 72.0).abs() < 1e-9);
}
