//! Numbers for people: thousands apart, money rounded, shares of what is known.

use super::totals::Sums;
use crate::money::Pico;

/// `1234567` as `1,234,567`.
pub(super) fn count(n: u64) -> String {
    grouped(&n.to_string())
}

/// Puts a comma between each three digits of the whole part.
pub(super) fn grouped(number: &str) -> String {
    let (sign, number) = number
        .strip_prefix('-')
        .map_or(("", number), |rest| ("-", rest));
    let (whole, fraction) = number
        .split_once('.')
        .map_or((number, None), |(w, f)| (w, Some(f)));
    let mut out = sign.to_owned();
    for (digit, place) in whole.chars().zip((0..whole.len()).rev()) {
        out.push(digit);
        if place > 0 && place % 3 == 0 {
            out.push(',');
        }
    }
    if let Some(fraction) = fraction {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

/// An amount as people read it: cents, or hundredths of a cent below one unit.
pub(super) fn money(amount: Pico, currency: &str) -> String {
    let small = amount != Pico::ZERO && amount.0.unsigned_abs() < 1_000_000_000_000;
    let number = grouped(&amount.rounded(if small { 4 } else { 2 }));
    match (currency, number.strip_prefix('-')) {
        ("USD", Some(positive)) => format!("-${positive}"),
        ("USD", None) => format!("${number}"),
        _ => format!("{number} {currency}"),
    }
}

/// What the calls cost, as far as it is known; what is not is never a zero. Who shows it says what
/// `?` means.
pub(super) fn cost(sums: &Sums, currency: &str) -> String {
    match (sums.unpriced_calls, sums.cost_usd) {
        (0, known) => money(known, currency),
        (_, Pico::ZERO) => "unpriced".to_owned(),
        (_, known) => format!("{} + ?", money(known, currency)),
    }
}

/// A part of what is known, to a tenth of a percent; nothing if there is no whole.
pub(super) fn share(part: Pico, whole: Pico) -> String {
    if whole.0 <= 0 {
        return String::new();
    }
    let per_mille = part.scaled(1_000, whole.0).0;
    format!("{}.{} %", per_mille / 10, per_mille.rem_euclid(10))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(amount: &str, expected: &str) {
        assert_eq!(money(amount.parse().unwrap(), "USD"), expected);
    }

    #[test]
    fn people_read_thousands_and_cents() {
        check("0", "$0.00");
        check("1234567.891", "$1,234,567.89");
        check("-1234.5", "-$1,234.50");
        check("999", "$999.00");
        check("0.01234", "$0.0123");
        assert_eq!(money(Pico::from_units(12_000), "CNY"), "12,000.00 CNY");
        assert_eq!([count(0), count(999), count(1_000)], ["0", "999", "1,000"]);
    }

    #[test]
    fn what_has_no_price_is_not_zero() {
        let sums = |unpriced_calls, dollars| Sums {
            unpriced_calls,
            cost_usd: Pico::from_units(dollars),
            ..Sums::default()
        };
        let short = [sums(0, 0), sums(0, 2), sums(3, 0), sums(3, 2)].map(|sums| cost(&sums, "USD"));
        assert_eq!(short, ["$0.00", "$2.00", "unpriced", "$2.00 + ?"]);
    }

    #[test]
    fn a_share_is_of_what_is_known() {
        let pico = Pico::from_units;
        assert_eq!(share(pico(1), pico(3)), "33.3 %");
        assert_eq!(share(pico(3), pico(3)), "100.0 %");
        assert_eq!(share(pico(0), pico(0)), "");
    }
}
