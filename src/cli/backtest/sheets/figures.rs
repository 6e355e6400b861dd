#![expect(clippy::float_arithmetic, reason = "figures are rounded for people")]
//! Figures as people read them.

use crate::cli::numbers::grouped;
use crate::economics::breakeven::BreakEven;
use crate::economics::projection::Latency;
use crate::economics::work::TokenSums;

/// What stands where there is no such value.
pub(super) const NONE: &str = "–";
/// The ends of the range in which break-evens are looked for.
const SCALE_LOW: f64 = 0.01;

/// In place of the cost of a plan that is not fast enough.
pub(super) fn too_slow(latency: Latency) -> String {
    match latency {
        Latency::Infeasible(limit) => format!("cannot make a token in {limit} s"),
        Latency::Held(_) | Latency::NotChecked => NONE.to_owned(),
    }
}

/// Calls a day from which on a plan pays: the first volume, and the one from which on for good.
pub(super) fn breakeven(found: Option<BreakEven>, calls_per_day: f64) -> String {
    let calls = |scale: f64| {
        let least = if scale <= SCALE_LOW { "< " } else { "" };
        format!("{least}{}", compact(scale * calls_per_day))
    };
    let same = |first: f64, robust: f64| (robust / first - 1.0).abs() < 1e-6;
    match found {
        Some(BreakEven {
            first: Some(first),
            robust: Some(robust),
        }) if same(first, robust) => calls(robust),
        Some(BreakEven {
            first: Some(first),
            robust: Some(robust),
        }) => format!("{}, for good {}", calls(first), calls(robust)),
        Some(BreakEven {
            first: Some(first),
            robust: None,
        }) => format!("{}, never for good", calls(first)),
        Some(BreakEven { first: None, .. }) => "never".to_owned(),
        None => NONE.to_owned(),
    }
}

/// Dollars per million tokens.
pub(super) fn per_mtok(usd: f64, total: &TokenSums) -> String {
    let tokens = total.tokens();
    if tokens > 0.0 {
        cents(usd / tokens * 1e6)
    } else {
        NONE.to_owned()
    }
}

/// Whole dollars.
pub(in crate::cli::backtest) fn usd(usd: f64) -> String {
    let whole = grouped(&format!("{:.0}", usd.abs()));
    let sign = if usd < -0.5 { "-" } else { "" };
    format!("{sign}${whole}")
}

/// Dollars with cents.
pub(super) fn cents(usd: f64) -> String {
    grouped(&format!("{usd:.2}"))
}

/// Whole things.
pub(in crate::cli::backtest) fn count(number: f64) -> String {
    grouped(&format!("{number:.0}"))
}

/// Three digits, in thousands, millions or billions.
pub(in crate::cli::backtest) fn compact(number: f64) -> String {
    let (size, letter) = match number {
        1e9.. => (1e9, "B"),
        1e6.. => (1e6, "M"),
        1e3.. => (1e3, "k"),
        _ => (1.0, ""),
    };
    let scaled = number / size;
    let decimals = match scaled {
        100.0.. => 0,
        10.0.. => 1,
        _ => 2,
    };
    format!("{scaled:.decimals$}{letter}")
}

/// `31 %`, and tenths where there is less than one.
pub(in crate::cli::backtest) fn percent(part: f64) -> String {
    let percent = part * 100.0;
    if percent > 0.0 && percent < 0.05 {
        "< 0.1 %".to_owned()
    } else if percent != 0.0 && percent.abs() < 0.95 {
        format!("{percent:.1} %")
    } else {
        format!("{} %", grouped(&format!("{percent:.0}")))
    }
}

/// `+48 %`.
pub(super) fn signed_percent(part: f64) -> String {
    format!("{:+.0} %", part * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_the_digits_that_matter() {
        assert_eq!(
            [usd(1_234.4), usd(-1_234.6), usd(-0.4)],
            ["$1,234", "-$1,235", "$0"]
        );
        let calls = [12.34, 1_234.0, 123_456.0, 2_345_678.0, 9.9e10].map(compact);
        assert_eq!(calls, ["12.3", "1.23k", "123k", "2.35M", "99.0B"]);
        let parts = [0.0, 0.000_1, 0.003, 0.31, 1.0, -0.02].map(percent);
        assert_eq!(parts, ["0 %", "< 0.1 %", "0.3 %", "31 %", "100 %", "-2 %"]);
    }

    #[test]
    fn a_break_even_says_whether_it_is_for_good() {
        let said = |first, robust| breakeven(Some(BreakEven { first, robust }), 1_000.0);
        assert_eq!(said(Some(2.0), Some(2.0)), "2.00k");
        assert_eq!(said(Some(2.0), Some(3.0)), "2.00k, for good 3.00k");
        assert_eq!(said(Some(2.0), None), "2.00k, never for good");
        assert_eq!(said(None, None), "never");
        assert_eq!(said(Some(0.01), Some(0.01)), "< 10.0");
        assert_eq!(breakeven(None, 1_000.0), NONE);
    }
}
