#![expect(
    clippy::float_arithmetic,
    reason = "estimates are rounded for people here"
)]
//! Estimates as people read them.

use crate::cli::numbers::grouped;

/// Dollars: six decimals below a dollar, cents below a thousand, whole above.
pub(super) fn dollars(usd: f64) -> String {
    let shown = match usd.abs() {
        below if below > 0.0 && below < 1.0 => format!("{below:.6}"),
        below if below < 1_000.0 => format!("{below:.2}"),
        above => format!("{above:.0}"),
    };
    let sign = if usd < 0.0 { "-" } else { "" };
    format!("{sign}${}", grouped(&shown))
}

/// A number of calls or tokens.
pub(super) fn count(number: f64) -> String {
    grouped(&format!("{number:.0}"))
}

/// A part of a whole.
pub(super) fn percent(part: f64) -> String {
    format!("{:.1} %", part * 100.0)
}

/// `$3 less`, `$3 more`.
pub(super) fn difference(saved_usd: f64) -> String {
    let way = if saved_usd < 0.0 { "more" } else { "less" };
    format!("{} {way}", dollars(saved_usd.abs()))
}

/// What a week's dollars are in a month of 730 hours.
pub(super) fn monthly(week_usd: f64) -> f64 {
    week_usd * 730.0 / 168.0
}
