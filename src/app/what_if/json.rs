#![expect(
    clippy::float_arithmetic,
    reason = "figures are scaled to a month for people"
)]
//! The answer: words, every way's cost side by side, and both windows as `/api/v1/breakeven` has them.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::edited::ApiPrice;
use super::{Sides, words};
use crate::app::breakeven::window;
use crate::economics::Alternative;
use crate::economics::ownership::HOURS_PER_MONTH;
use crate::economics::projection::MONTH;
use crate::pricing::Settlement;
use crate::verdict::{Report, WindowReport};

pub(super) fn json(sides: &Sides<'_>) -> Value {
    let Sides {
        edits,
        base,
        edited,
        api,
    } = sides;
    let until = base.end_minute.unwrap_or_default().saturating_mul(60);
    json!({
        "made": "asked, not decided: no state comes of it",
        "currency": "USD",
        "timezone": "UTC",
        "window": MONTH.label,
        "until": Timestamp::from_second(until).ok(),
        "edits": edits.written,
        "api_model": api.as_ref().map(price),
        "words": words::words(sides),
        "alternatives": side_by_side(base, edited),
        "base": of(base),
        "edited": of(edited),
    })
}

/// The one window of a side.
pub(super) fn the_window(report: &Report) -> Option<&WindowReport> {
    report.windows.first()
}

fn of(report: &Report) -> Value {
    the_window(report).map_or(Value::Null, |it| window(report, it))
}

/// Every way of either side, in the order of the edited one; null where a side has it not.
fn side_by_side(base: &Report, edited: &Report) -> Vec<Value> {
    let pairs = pairs(base, edited).into_iter();
    let side = |report: &Report, way: Option<&Alternative>| {
        way.map(|way| {
            json!({
                "cost_usd": way.cost_usd,
                "cost_usd_per_month": way.cost_usd * months(report),
            })
        })
    };
    pairs
        .map(|(way, before, after)| {
            json!({
                "name": way.name,
                "kind": way.kind.label(),
                "base": side(base, before),
                "edited": side(edited, after),
            })
        })
        .collect()
}

/// A way by its name, as it is and as it is asked for.
pub(super) type Pair<'r> = (
    &'r Alternative,
    Option<&'r Alternative>,
    Option<&'r Alternative>,
);

pub(super) fn pairs<'r>(base: &'r Report, edited: &'r Report) -> Vec<Pair<'r>> {
    let ways = |report: &'r Report| the_window(report).map_or(&[][..], |it| &it.alternatives);
    let like = |ways: &'r [Alternative], way: &Alternative| {
        ways.iter()
            .find(|other| (other.kind, &other.name) == (way.kind, &way.name))
    };
    let (before, after) = (ways(base), ways(edited));
    let gone = before.iter().filter(|way| like(after, way).is_none());
    let both = after.iter().map(|way| (way, like(before, way), Some(way)));
    both.chain(gone.map(|way| (way, Some(way), None))).collect()
}

/// A month over the hours that were observed; 0 of none.
pub(super) fn months(report: &Report) -> f64 {
    let hours = the_window(report).map_or(0.0, |it| it.hours);
    if hours > 0.0 {
        HOURS_PER_MONTH / hours
    } else {
        0.0
    }
}

fn price(price: &ApiPrice<'_>) -> Value {
    let quote = &price.quote;
    let rates = crate::config::token_rates(quote).list_price();
    json!({
        "name": price.name,
        "price_id": quote.id,
        "as_of": quote.entry.read_on(),
        "source": quote.entry.source,
        "settled": quote.settlement.map(Settlement::label),
        "conditions_left_out": quote.leaves_out,
        "input_usd_per_mtok": rates.input_usd_per_mtok,
        "cached_input_usd_per_mtok": rates.cached_usd_per_mtok,
        "output_usd_per_mtok": rates.output_usd_per_mtok,
    })
}
