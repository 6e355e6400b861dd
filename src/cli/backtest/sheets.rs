#![expect(
    clippy::float_arithmetic,
    reason = "figures are brought to a month and to percent for people"
)]
//! The tables of a backtest, cell by cell: terminal and document show the same.

use super::choose::may_replace;
use super::{PricedTrace, Study};
use crate::economics::backtest::{Comparison, Hosting, Rented, Scored, a_month};
use crate::economics::projection::Band;

mod figures;
mod machines;

use figures::{NONE, breakeven, cents, per_mtok, too_slow};
pub(super) use figures::{compact, count, percent, usd};
pub(super) use machines::{averages, fleets};

/// A table of texts; the first column says what a row is about.
pub(super) struct Sheet {
    pub(super) header: &'static [&'static str],
    pub(super) rows: Vec<Vec<String>>,
}

/// What each way costs a month.
pub(super) fn ways(study: &Study<'_>, priced: &PricedTrace, model: &str) -> Sheet {
    let comparison = &priced.comparison;
    let mut rows = vec![stay(comparison)];
    let arms = priced.arms.iter().zip(&comparison.arms);
    rows.extend(arms.map(|(arm, rented)| {
        let name = marked(&arm.name, &arm.replaces, model);
        arm_row(comparison, name, rented)
    }));
    let plans = study.known.plans.iter().zip(&comparison.plans);
    rows.extend(plans.map(|(plan, hosting)| {
        let name = marked(&plan.name, &plan.replaces, model);
        plan_row(comparison, name, hosting)
    }));
    Sheet {
        header: &[
            "way",
            "a month",
            "saving",
            "of API",
            "80 % band of the saving",
            "$/Mtok",
            "break-even calls/day",
            "against the best",
        ],
        rows,
    }
}

/// A way that nobody said may replace the model has a star.
fn marked(name: &str, replaces: &[String], model: &str) -> String {
    let star = if may_replace(replaces, model) {
        ""
    } else {
        "*"
    };
    format!("{name}{star}")
}

/// Whether any way has a star.
pub(super) fn any_marked(study: &Study<'_>, priced: &PricedTrace, model: &str) -> bool {
    let plans = study.known.plans.iter().map(|plan| &plan.replaces);
    let arms = priced.arms.iter().map(|arm| &arm.replaces);
    let mut all = plans.chain(arms);
    all.any(|replaces| !may_replace(replaces, model))
}

fn stay(comparison: &Comparison) -> Vec<String> {
    let api_usd = comparison.api_usd;
    Vec::from([
        "stay on the API".to_owned(),
        usd(comparison.a_month(api_usd)),
        NONE.to_owned(),
        NONE.to_owned(),
        NONE.to_owned(),
        per_mtok(api_usd, &comparison.total),
        NONE.to_owned(),
        NONE.to_owned(),
    ])
}

fn arm_row(comparison: &Comparison, name: String, rented: &Rented) -> Vec<String> {
    let Rented { taken, band } = rented;
    let [cost, saving, ratio, range] = money(comparison, band, comparison.hours);
    Vec::from([
        name,
        cost,
        saving,
        ratio,
        range,
        per_mtok(band.expected.cost_usd, &taken.total),
        NONE.to_owned(),
        NONE.to_owned(),
    ])
}

fn plan_row(comparison: &Comparison, name: String, hosting: &Hosting) -> Vec<String> {
    let Some(Scored { hosted, hours, .. }) = &hosting.hindsight else {
        let mut row = vec![name, too_slow(hosting.latency)];
        row.resize(8, NONE.to_owned());
        return row;
    };
    let [cost, saving, ratio, range] = money(comparison, &hosted.band, *hours);
    let calls = comparison.calls_per_day();
    Vec::from([
        name,
        cost,
        saving,
        ratio,
        range,
        hosted.usd_per_mtok.map_or_else(|| NONE.to_owned(), cents),
        breakeven(hosting.over_api, calls),
        breakeven(hosting.over_rivals, calls),
    ])
}

/// Cost, saving, its part of what all calls cost on the API, and its band; a month.
fn money(comparison: &Comparison, band: &Band, hours: f64) -> [String; 4] {
    let month = |usd: f64| a_month(usd, hours);
    let saving = month(band.expected.savings_usd);
    let api = comparison.a_month(comparison.api_usd);
    let ends = [&band.pessimistic, &band.optimistic].map(|end| usd(month(end.savings_usd)));
    let of_api = if api > 0.0 {
        percent(saving / api)
    } else {
        NONE.to_owned()
    };
    [usd(api - saving), usd(saving), of_api, ends.join(" to ")]
}
