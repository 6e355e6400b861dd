//! The band: wide where nobody measured, never inside out.

use super::made::{certain, plan, report, settings, steady};
use crate::economics::band::Deviation;
use crate::economics::projection::FORTNIGHT;

#[test]
fn certain_parameters_make_no_band() {
    let verdict = steady(settings(vec![plan(certain)], vec![]), 30, 60, 5_000);
    let band = report(&verdict).window(FORTNIGHT).unwrap().plans[0]
        .hosted
        .clone()
        .unwrap()
        .band;
    assert_eq!(band.pessimistic, band.expected);
    assert_eq!(band.optimistic, band.expected);
}

#[test]
fn the_most_influential_parameter_comes_first() {
    let verdict = steady(settings(vec![plan(|_| {})], vec![]), 30, 60, 5_000);
    let band = report(&verdict).window(FORTNIGHT).unwrap().plans[0]
        .hosted
        .clone()
        .unwrap()
        .band;
    let influence: Vec<f64> = band.sensitivity.iter().map(Deviation::influence).collect();
    assert!(influence.is_sorted_by(|x, y| x >= y));
    assert_eq!(band.sensitivity.len(), 6);
    assert!(band.pessimistic.savings_usd < band.expected.savings_usd);
    assert!(band.optimistic.savings_usd > band.expected.savings_usd);
}
