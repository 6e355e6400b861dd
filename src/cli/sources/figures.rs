#![expect(
    clippy::float_arithmetic,
    reason = "figures are scaled to millions and percent for people"
)]
//! Figures of claims as people read them: rounded, with their unit, and how far one is off.

use crate::cli::numbers::grouped;
use crate::economics::claims::{Amount, Judged, Unit};

/// Digits that are shown of what is not a whole number.
const DIGITS: usize = 4;
/// The same below one dollar, where published costs have more.
const DIGITS_SMALL: usize = 5;

/// `$1,334 a day`, `1.846T tokens`, `44.9 % busy`.
pub(super) fn amount(amount: Amount) -> String {
    let Amount { value, unit } = amount;
    let (number, words) = match unit {
        Unit::Usd(per) => (format!("${}", dollars(value)), per),
        Unit::Count(of) => {
            let number = number(value);
            let one = if number == "1" {
                of.strip_suffix('s')
            } else {
                None
            };
            (number, one.unwrap_or(of))
        }
        Unit::Times(of) => (format!("{} times", number(value)), of),
        Unit::Share(of) => (percent(value), of),
        Unit::Change => (percent(value), ""),
    };
    format!("{number} {words}").trim_end().to_owned()
}

/// The unit for programs, of the figure as it is.
pub(super) fn unit(unit: Unit) -> String {
    let (kind, words) = match unit {
        Unit::Usd(per) => ("USD", per),
        Unit::Count(of) => ("", of),
        Unit::Times(of) => ("times", of),
        Unit::Share(of) => ("share", of),
        Unit::Change => ("change", ""),
    };
    format!("{kind} {words}").trim().to_owned()
}

/// How far our figure is from the claimed one: points between parts, percent between figures that
/// are near, else how many times it is the other; nothing between figures of different kinds.
pub(super) fn deviation(unit: Unit, judged: &Judged) -> String {
    let (Some(difference), Some(ratio)) = (judged.difference, judged.ratio) else {
        return String::new();
    };
    match unit {
        Unit::Share(_) | Unit::Change => signed(difference * 100.0, "points"),
        Unit::Usd(_) | Unit::Count(_) | Unit::Times(_) if (0.5..2.0).contains(&ratio) => {
            signed((ratio - 1.0) * 100.0, "%")
        }
        Unit::Usd(_) | Unit::Count(_) | Unit::Times(_) => {
            format!("{} times", significant(ratio, 2))
        }
    }
}

/// A tenth with its sign, or a bare 0.
fn signed(value: f64, unit: &str) -> String {
    let tenths = format!("{value:+.1}");
    if tenths.ends_with("0.0") && tenths.len() == 4 {
        return format!("0 {unit}");
    }
    format!("{tenths} {unit}")
}

fn percent(part: f64) -> String {
    format!("{} %", trimmed(&format!("{:.1}", part * 100.0)))
}

/// Cents from one dollar on; below it digits, two after the point at least.
fn dollars(usd: f64) -> String {
    match usd {
        ..1.0 => format!("{:0<4}", significant(usd, DIGITS_SMALL)),
        1.0..1_000.0 => format!("{usd:.2}"),
        _ => number(usd),
    }
}

/// Whole thousands apart, and from a million on in millions, billions or trillions.
fn number(value: f64) -> String {
    for (size, letter) in [(1e12, "T"), (1e9, "B"), (1e6, "M")] {
        if value >= size {
            return format!("{}{letter}", significant(value / size, DIGITS));
        }
    }
    if value >= 1_000.0 {
        return grouped(&format!("{value:.0}"));
    }
    significant(value, DIGITS)
}

/// So many digits from the first that is not 0 on, and no zeros at the end.
fn significant(value: f64, digits: usize) -> String {
    let decimals = digits.saturating_sub(1);
    let scientific = format!("{value:.decimals$e}");
    let exponent = scientific
        .split_once('e')
        .map_or("0", |(_, exponent)| exponent);
    let leading: i32 = exponent.parse().unwrap_or(0);
    let decimals = i32::try_from(decimals).unwrap_or(0).saturating_sub(leading);
    let decimals = usize::try_from(decimals).unwrap_or(0);
    trimmed(&format!("{value:.decimals$}")).to_owned()
}

/// Without the zeros at the end of a fraction.
fn trimmed(number: &str) -> &str {
    if number.contains('.') {
        number.trim_end_matches('0').trim_end_matches('.')
    } else {
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::economics::claims::Verdict;

    #[track_caller]
    fn check(value: f64, unit: Unit, expected: &str) {
        assert_eq!(amount(Amount { value, unit }), expected);
    }

    #[test]
    fn figures_are_rounded_and_carry_their_unit() {
        check(0.010_666_688, Unit::Usd(""), "$0.010667");
        check(0.4, Unit::Usd(""), "$0.40");
        check(161.666, Unit::Usd("a day"), "$161.67 a day");
        check(486_910.4, Unit::Usd("a year"), "$486,910 a year");
        check(1_059_114.6, Unit::Usd(""), "$1.059M");
        check(1.846_153e12, Unit::Count("tokens"), "1.846T tokens");
        check(7e9, Unit::Count("parameters"), "7B parameters");
        check(16.0, Unit::Count("instances"), "16 instances");
        check(1.0, Unit::Count("instances"), "1 instance");
        check(267.428, Unit::Times("GPT-3"), "267.4 times GPT-3");
        check(0.448_63, Unit::Share("busy"), "44.9 % busy");
        check(-0.75, Unit::Change, "-75 %");
    }

    #[test]
    fn what_is_near_is_off_by_percent_and_what_is_far_by_times() {
        let off = |unit, claimed: f64, ours: f64| {
            let judged = Judged {
                holds: None,
                difference: Some(ours - claimed),
                ratio: Some(ours / claimed),
                verdict: Verdict::Off,
            };
            deviation(unit, &judged)
        };
        assert_eq!(off(Unit::Usd(""), 150.0, 120.0), "-20.0 %");
        assert_eq!(off(Unit::Usd(""), 150.0, 150.01), "0 %");
        assert_eq!(off(Unit::Usd(""), 100.0, 110.0), "+10.0 %");
        assert_eq!(off(Unit::Count(""), 1.0, 16.0), "16 times");
        assert_eq!(off(Unit::Count(""), 312.0, 0.78), "0.0025 times");
        assert_eq!(off(Unit::Change, -0.83, -0.8333), "-0.3 points");
    }
}
