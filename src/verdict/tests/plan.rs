//! One plan over steady demand: what it costs, checked by hand.

use super::made::{certain, plan, report, settings, steady};
use crate::economics::ownership::Ownership;
use crate::economics::projection::{AlternativeKind, ChosenOn, DAY, FORTNIGHT, Latency};

/// Calls of 2,000 in and 500 out keep a replica busy for 0.2496 s each: 60 a minute are a load of
/// 0.25, one replica at 5.38 dollars an hour.
#[test]
fn steady_demand_costs_its_replicas_and_nothing_else() {
    let verdict = steady(settings(vec![plan(certain)], vec![]), 30, 60, 5_000);
    let report = report(&verdict);
    for (span, hours) in [(DAY, 24.0), (FORTNIGHT, 336.0)] {
        let window = report.window(span).unwrap();
        let projection = &window.plans[0];
        let hosted = projection.hosted.as_ref().unwrap();
        assert_eq!(projection.api_cost.to_f64(), 60.0 * 60.0 * hours * 0.005);
        assert!((hosted.band.expected.cost_usd - 5.38 * hours).abs() < 1e-6);
        assert_eq!(hosted.replicas.mean, 1.0);
        assert_eq!(hosted.replicas.peak, 1.0);
        assert_eq!(hosted.short_ratio, 0.0);
        assert!((hosted.utilisation.unwrap() - 0.2496).abs() < 0.0005);
        assert_eq!(hosted.chosen_on, ChosenOn::PreviousWindow);
        assert_eq!(projection.latency, Latency::Held(0.05));
        assert_eq!(window.cheapest().unwrap().kind, AlternativeKind::Selfhost);
    }
}

#[test]
fn a_plan_that_loses_says_so_and_staying_is_cheapest() {
    let verdict = steady(settings(vec![plan(certain)], vec![]), 30, 60, 500);
    let report = report(&verdict);
    let window = report.window(FORTNIGHT).unwrap();
    let hosted = window.plans[0].hosted.as_ref().unwrap();
    assert!(hosted.band.expected.savings_usd < 0.0);
    assert_eq!(window.cheapest().unwrap().name, "stay");
    assert_eq!(window.alternatives.len(), 2);
}

#[test]
fn people_cost_half_an_engineer_and_the_band_reaches_a_whole_one() {
    let verdict = steady(settings(vec![plan(|_| {})], vec![]), 30, 60, 5_000);
    let report = report(&verdict);
    let window = report.window(FORTNIGHT).unwrap();
    let band = &window.plans[0].hosted.as_ref().unwrap().band;
    let people = band
        .sensitivity
        .iter()
        .find(|d| d.parameter == "people")
        .unwrap();
    let month = 336.0 / 730.0;
    assert!((people.low_usd - (8_333.0 - 16_667.0) * month).abs() < 1e-6);
    assert!((band.expected.cost_usd - (5.38 * 336.0 + 8_333.0 * month)).abs() < 1e-6);
    assert!(band.pessimistic.savings_usd <= band.expected.savings_usd + people.low_usd);
}

#[test]
fn replicas_are_chosen_on_the_window_before_and_pay_for_a_calmer_one() {
    // Twenty times the calls in the fortnight before: its base stays through the calm one.
    let verdict = steady(settings(vec![plan(certain)], vec![]), 14, 60, 5_000);
    let busy = super::made::minute(1_200, 5_000);
    let name = super::made::stream("gpt-4o", "8k");
    let before = super::made::minutes(super::made::TODAY - 28..super::made::TODAY - 14);
    verdict.load(before.map(|at| (name.clone(), at, busy)), []);
    let report = report(&verdict);
    let hosted = report.window(FORTNIGHT).unwrap().plans[0]
        .hosted
        .clone()
        .unwrap();
    assert_eq!(hosted.chosen_on, ChosenOn::PreviousWindow);
    // 1,200 calls a minute are a load of 4.99: eight replicas at u = 0.7.
    assert_eq!(hosted.replicas.mean, 8.0);
}

#[test]
fn the_breakeven_volume_is_told_in_calls_a_day() {
    let verdict = steady(settings(vec![plan(certain)], vec![]), 30, 60, 500);
    let report = report(&verdict);
    let projection = &report.window(FORTNIGHT).unwrap().plans[0];
    assert_eq!(projection.calls_per_day, 86_400.0);
    // One replica at u = 0.7 carries 2.80 times the load, its 5.38 dollars an hour are earned at
    // 5.38/1.80 = 2.99 times: full or not, it never pays.
    let breakeven = projection.breakeven.unwrap();
    assert_eq!((breakeven.first, breakeven.robust), (None, None));
    let dear = steady(settings(vec![plan(certain)], vec![]), 30, 60, 5_000);
    let report = super::made::report(&dear);
    let scale = report.window(FORTNIGHT).unwrap().plans[0]
        .breakeven
        .unwrap()
        .first
        .unwrap();
    // 5.38 dollars an hour against 18 on the API.
    assert!((scale - 5.38 / 18.0).abs() < 1e-6);
}

#[test]
fn a_limit_no_machine_can_hold_leaves_the_plan_out() {
    // 5 s for 500 tokens are 10 ms a token; 70B on two H100 read their weights in 15 ms.
    let as_today = plan(|draft| draft.tpot_limit_seconds = None);
    let verdict = steady(settings(vec![as_today], vec![]), 30, 60, 5_000);
    let report = report(&verdict);
    let window = report.window(FORTNIGHT).unwrap();
    assert_eq!(window.plans[0].latency, Latency::Infeasible(0.01));
    assert!(window.plans[0].hosted.is_none());
    assert_eq!(window.alternatives.len(), 1);
}

#[test]
fn up_front_money_must_come_back_at_falling_prices() {
    let one_off = |usd| {
        let plan = plan(|draft| {
            certain(draft);
            draft.one_off_usd = Some(usd);
        });
        let verdict = steady(settings(vec![plan], vec![]), 30, 60, 5_000);
        let hosted = report(&verdict).window(FORTNIGHT).unwrap().plans[0]
            .hosted
            .clone();
        hosted.unwrap().commitment
    };
    assert_eq!(one_off(0.0), None);
    let small = one_off(10_000.0).unwrap();
    let large = one_off(90_000.0).unwrap();
    assert!(small.pays());
    // 18 - 5.38 dollars an hour are 9,212 a month: 90,000 would pay at today's prices only.
    assert!(large.net_usd.expected < 0.0 && !large.pays());
    assert!((small.net_usd.expected - large.net_usd.expected - 80_000.0).abs() < 1.0);
}

#[test]
fn a_bought_machine_is_paid_up_front_and_not_a_second_time_by_the_hour() {
    let bought = plan(|draft| {
        certain(draft);
        draft.offer = None;
        draft.price_as_of = "2026-05-22".parse().ok();
        draft.price_source = Some("invoice".into());
        draft.amortisation_months = Some(24);
        draft.owned = Some(Ownership {
            capex_usd: 100_000.0,
            residual_usd: 0.0,
            life_years: 4.0,
            maintenance_rate: 0.0,
            kw: 0.0,
            pue: 1.0,
            usd_per_kwh: 0.0,
            colo_usd_per_kw_month: 0.0,
            cost_of_capital: 0.0,
        });
    });
    let verdict = steady(settings(vec![bought], vec![]), 30, 60, 5_000);
    let hosted = report(&verdict).window(FORTNIGHT).unwrap().plans[0]
        .hosted
        .clone()
        .unwrap();
    let hourly = 100_000.0 / (4.0 * 8_760.0);
    assert!((hosted.band.expected.cost_usd - hourly * 336.0).abs() < 1e-6);
    // Nothing runs on but the API that is saved: 18 dollars an hour, halving every year.
    let monthly = 0.5_f64.powf(1.0 / 12.0);
    let saved = 18.0 * 730.0 * (1.0 - monthly.powi(24)) / (1.0 - monthly);
    let commitment = hosted.commitment.unwrap();
    assert!((commitment.net_usd.expected - (saved - 100_000.0)).abs() < 1e-3);
}
