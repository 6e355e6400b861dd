#![expect(clippy::float_arithmetic, reason = "figures become places on a screen")]
//! What API and plan cost a month against volume, both scales logarithmic.

use super::{HEIGHT, columns, count, framed};
use crate::cli::backtest::PricedTrace;
use crate::cli::backtest::sheets::{compact, usd};
use crate::economics::HostPlan;
use crate::economics::backtest::{Hosting, a_month, volumes};

/// From a hundredth to a hundred times the traffic.
const DECADES: f64 = 4.0;

/// The chart, with the break-even marked on its axis.
pub(in crate::cli::backtest) fn volume(
    plan: &HostPlan,
    hosting: &Hosting,
    priced: &PricedTrace,
    width: usize,
) -> String {
    let columns = columns(width);
    let scale = |at: usize| 10_f64.powf(DECADES * (count(at) / count(columns - 1) - 0.5));
    let scales: Vec<f64> = (0..columns).map(scale).collect();
    let Some(outcomes) = volumes(plan, &priced.traffic, &scales) else {
        return String::new();
    };
    // Below a dollar there is nothing to see.
    let month = |usd: f64| a_month(usd, priced.comparison.hours).max(1.0);
    let api: Vec<f64> = outcomes.iter().map(|at| month(at.api_usd)).collect();
    let own: Vec<f64> = outcomes.iter().map(|at| month(at.selfhost_usd)).collect();
    let both = || api.iter().chain(&own).copied();
    let (low, high) = (both().fold(f64::MAX, f64::min), both().fold(1.0, f64::max));
    let height = (high / low).ln().max(f64::MIN_POSITIVE);
    let row_of = |usd: f64| ((usd / low).ln() / height * count(HEIGHT - 1)).round();
    let found = hosting
        .over_api
        .and_then(|found| found.robust.or(found.first));
    let marked = scales
        .iter()
        .position(|at| found.is_some_and(|found| *at >= found));
    let axis = (0..columns).map(|at| if Some(at) == marked { '^' } else { '─' });
    let axis: String = axis.collect();
    let chart = framed(&usd(high), &usd(low), &axis, |row| {
        let here = |usd: f64| (row_of(usd) - count(row)).abs() < 0.5;
        let pairs = api.iter().zip(&own);
        let cells = pairs.map(|(api, own)| match (here(*api), here(*own)) {
            (_, true) => '*',
            (true, false) => '·',
            (false, false) => ' ',
        });
        cells.collect()
    });
    chart + &volumes_below(columns, priced.comparison.calls_per_day())
}

/// The calls a day at the ends and in the middle of the axis.
fn volumes_below(columns: usize, calls_per_day: f64) -> String {
    let [left, middle, right] = [0.01, 1.0, 100.0].map(|scale| compact(scale * calls_per_day));
    let half = columns / 2;
    let rest = columns.saturating_sub(half);
    let right = format!("{right} calls a day");
    format!(
        "{:>13}{left:<half$}{middle}{right:>rest$}\n",
        "",
        rest = rest.saturating_sub(middle.len())
    )
}
