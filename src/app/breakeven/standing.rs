#![expect(
    clippy::float_arithmetic,
    reason = "figures are scaled to a month for people"
)]
//! The headline, and what each arm's figure stands on: the age of prices, what somebody moved, and
//! what that is worth.

use jiff::civil::Date;
use serde_json::{Value, json};

use crate::economics::ownership::HOURS_PER_MONTH;
use crate::economics::plan::{Basis, Moved};
use crate::economics::projection::FORTNIGHT;
use crate::verdict::{ApiPrice, Report, StreamView, WindowReport};

/// A month over the hours that a window observed; 0 of none.
pub(super) fn months(window: &WindowReport) -> f64 {
    if window.hours > 0.0 {
        HOURS_PER_MONTH / window.hours
    } else {
        0.0
    }
}

/// The cheapest way of the fortnight by its name, and whether that is a verdict or only a figure; null
/// before the first minute.
pub(super) fn headline(report: &Report) -> Value {
    let window = report.window(FORTNIGHT);
    let Some((window, cheapest)) = window.and_then(|at| Some((at, at.cheapest()?))) else {
        return Value::Null;
    };
    let state = report.state_of(cheapest);
    let lacks = state.map_or(&[][..], |state| &state.lacks);
    let calls = window.evidence.calls > 0.0;
    json!({
        "name": cheapest.name,
        "kind": cheapest.kind.label(),
        "window": window.span.label,
        "cost_usd_per_month": cheapest.cost_usd * months(window),
        "instead_of_usd_per_month": window.api_cost.to_f64() * months(window),
        "enough_evidence": calls && lacks.is_empty() && state.is_some(),
        "not_enough_evidence": lacks.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}

/// Days from `day` to the windows' end.
pub(super) fn age_days(report: &Report, day: Date) -> i64 {
    report.day().duration_since(day).as_hours().div_euclid(24)
}

/// The prices of the streams that are `taken`, the oldest first.
pub(super) fn api_prices(report: &Report, taken: impl Fn(&StreamView) -> bool) -> Value {
    let one = |price: &ApiPrice| {
        json!({
            "name": price.name,
            "as_of": price.as_of,
            "age_days": age_days(report, price.as_of),
        })
    };
    report.api_prices_of(taken).into_iter().map(one).collect()
}

/// The defaults that someone moved in favour of the arm, and what each adds to the savings of the
/// window and of a month.
pub(super) fn moved(moved: &[Moved], worth: &[f64], basis: Option<&Basis>, months: f64) -> Value {
    let of = |(at, Moved { parameter, default }): (usize, &Moved)| {
        let worth = worth.get(at);
        json!({
            "parameter": parameter.key(),
            "default": [default.low, default.expected, default.high],
            "worth_usd": worth,
            "worth_usd_per_month": worth.map(|usd| usd * months),
            "basis": basis.map(|basis| &basis.basis),
            "by": basis.map(|basis| &basis.by),
            "date": basis.map(|basis| basis.date),
        })
    };
    moved.iter().enumerate().map(of).collect()
}
