//! Thin data says nothing, and says why.

use super::made::{
    TODAY, certain, closed, minute, minutes, plan, report, settings, steady, stream,
};
use crate::economics::projection::{ChosenOn, Evidence, FORTNIGHT};
use crate::verdict::{DAY_MINUTES, Lack, States, Verdict};

fn winning() -> crate::verdict::Settings {
    settings(vec![plan(certain)], vec![])
}

/// What is missing now, and whether the plan is held to be cheaper after three closed days.
fn verdict_of(verdict: &Verdict) -> (Vec<Lack>, bool) {
    for day in TODAY - 3..TODAY {
        verdict.tick(closed(day));
    }
    let state = verdict.report().states[0].clone();
    (state.lacks, state.cheaper)
}

#[test]
fn enough_evidence_lacks_nothing_and_switches_after_three_days() {
    let verdict = steady(winning(), 33, 60, 5_000);
    assert_eq!(verdict_of(&verdict), (vec![], true));
}

#[test]
fn fewer_days_than_the_window_are_not_enough() {
    let verdict = steady(winning(), 9, 60, 5_000);
    assert!(!verdict_of(&verdict).1);
    report(&verdict);
    let lacks = verdict.report().states[0].lacks.clone();
    assert_eq!(lacks[0], Lack::Days { seen: 9, asked: 14 });
    assert!(lacks.contains(&Lack::Hindsight));
}

#[test]
fn a_hole_in_coverage_is_told_and_missing_on_both_sides() {
    let verdict = Verdict::new(winning(), States::default());
    let name = stream("gpt-4o", "8k");
    let demand = minute(60, 5_000);
    // Down for the first six hours of every day.
    let up = minutes(TODAY - 33..TODAY).filter(|at| at % DAY_MINUTES >= 360);
    verdict.load(up.map(|at| (name.clone(), at, demand)), []);
    let (lacks, cheaper) = verdict_of(&verdict);
    assert!(matches!(lacks[0], Lack::Coverage { seen, asked } if seen < 0.76 && asked == 0.9));
    assert!(!cheaper);
    let report = report(&verdict);
    let projection = &report.window(FORTNIGHT).unwrap().plans[0];
    assert!((projection.evidence.coverage - 0.75).abs() < 0.001);
    let hosted = projection.hosted.as_ref().unwrap();
    assert!((hosted.band.expected.cost_usd - 5.38 * 336.0 * 0.75).abs() < 1.0);
}

#[test]
fn minutes_without_calls_count_when_tollgate_was_up() {
    let verdict = Verdict::new(winning(), States::default());
    let name = stream("gpt-4o", "8k");
    let demand = minute(60, 5_000);
    let busy = minutes(TODAY - 33..TODAY).filter(|at| at % 2 == 0);
    verdict.load(
        busy.map(|at| (name.clone(), at, demand)),
        minutes(TODAY - 33..TODAY),
    );
    let report = report(&verdict);
    let projection = &report.window(FORTNIGHT).unwrap().plans[0];
    assert_eq!(projection.evidence.coverage, 1.0);
    let hosted = projection.hosted.as_ref().unwrap();
    assert!((hosted.band.expected.cost_usd - 5.38 * 336.0).abs() < 1e-6);
}

#[test]
fn unpriced_money_above_two_percent_is_too_much_doubt() {
    for (unpriced_tokens, share, cheaper) in [(2_500, 0.0164, true), (4_500, 0.0291, false)] {
        let mut demand = minute(60, 5_000);
        demand.unpriced_calls = 1;
        demand.unpriced_tokens = unpriced_tokens;
        let verdict = Verdict::new(winning(), States::default());
        let name = stream("gpt-4o", "8k");
        verdict.load(
            minutes(TODAY - 33..TODAY).map(|at| (name.clone(), at, demand)),
            [],
        );
        assert_eq!(verdict_of(&verdict).1, cheaper);
        let seen = report(&verdict).window(FORTNIGHT).unwrap().plans[0]
            .evidence
            .doubtful_share;
        assert!((seen - share).abs() < 0.001, "{seen}");
    }
}

#[test]
fn calls_of_unknown_tokens_weigh_as_much_as_a_known_one() {
    let mut demand = minute(60, 5_000);
    demand.unknown_calls = 20;
    let verdict = Verdict::new(winning(), States::default());
    let name = stream("gpt-4o", "8k");
    verdict.load(
        minutes(TODAY - 33..TODAY).map(|at| (name.clone(), at, demand)),
        [],
    );
    report(&verdict);
    let lacks = verdict.report().states[0].lacks.clone();
    assert_eq!(
        lacks,
        [Lack::Doubtful {
            share: 0.25,
            most: 0.02
        }]
    );
}

#[test]
fn nothing_priced_at_all_is_all_doubt() {
    let demand = crate::economics::DemandMinute {
        unpriced_calls: 1,
        unpriced_tokens: 10,
        ..Default::default()
    };
    let verdict = Verdict::new(winning(), States::default());
    verdict.load(
        [(stream("gpt-4o", "8k"), TODAY * DAY_MINUTES - 9, demand)],
        [],
    );
    let evidence = report(&verdict).window(FORTNIGHT).unwrap().plans[0].evidence;
    assert_eq!(evidence.doubtful_share, 1.0);
}

#[test]
fn imported_history_is_shown_and_never_switches() {
    let mut demand = minute(60, 5_000);
    demand.imported_calls = 60;
    let verdict = Verdict::new(winning(), States::default());
    let name = stream("gpt-4o", "8k");
    verdict.load(
        minutes(TODAY - 33..TODAY).map(|at| (name.clone(), at, demand)),
        [],
    );
    let (lacks, cheaper) = verdict_of(&verdict);
    assert_eq!(lacks, [Lack::Imported]);
    assert!(!cheaper);
    let shown = report(&verdict);
    let hosted = shown.window(FORTNIGHT).unwrap().plans[0]
        .hosted
        .clone()
        .unwrap();
    assert!(hosted.band.expected.savings_usd > 0.0);
}

#[test]
fn a_part_of_the_traffic_is_no_evidence() {
    let mut settings = winning();
    settings.sees_all_traffic = false;
    let verdict = steady(settings, 33, 60, 5_000);
    assert_eq!(verdict_of(&verdict), (vec![Lack::PartOfTraffic], false));
}

#[test]
fn a_reconciled_invoice_that_was_not_metered_is_a_doubt_and_none_is_not() {
    let lacks = |capture_ratio| {
        let evidence = Evidence {
            coverage: 1.0,
            calls: 1.0,
            days_observed: 14,
            capture_ratio,
            ..Evidence::default()
        };
        crate::verdict::evidence::lacks(&winning(), &evidence, FORTNIGHT, ChosenOn::Nothing)
    };
    assert_eq!(lacks(None), []);
    assert_eq!(lacks(Some(0.95)), []);
    let missing = lacks(Some(0.94));
    let said: Vec<String> = missing.iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        ["94 % of the invoiced money was metered, 95 % are needed"]
    );
}
