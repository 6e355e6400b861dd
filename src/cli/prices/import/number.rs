//! Exact amounts from the numbers of a price map, `3.75e-06` among them: no `f64` on the way.

use crate::money::{Pico, RatePerMtok};

/// Digits of a number that are read; a price has a few.
const DIGITS_MAX: usize = 24;
/// The largest power of ten of a number either way; more is no price.
const POWER_MAX: i32 = 30;

/// What a price is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Per {
    /// One token, image, second …
    One,
    /// A thousand.
    Thousand,
    /// A million.
    Million,
    /// An hour of seconds.
    Hour,
}

impl Per {
    const fn units(self) -> i128 {
        match self {
            Self::One => 1,
            Self::Thousand => 1_000,
            Self::Million => 1_000_000,
            Self::Hour => 3_600,
        }
    }
}

/// Why a number is no price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoPrice {
    /// Below zero.
    Negative,
    /// Beyond all reason, in digits or in size.
    Absurd,
}

/// A rate, and whether it had to be rounded to a picodollar for one.
pub(super) fn rate(number: &str, per: Per) -> Result<(RatePerMtok, bool), NoPrice> {
    let (mantissa, power) = split(number).ok_or(NoPrice::Absurd)?;
    if mantissa < 0 {
        return Err(NoPrice::Negative);
    }
    if mantissa == 0 {
        return Ok((RatePerMtok::default(), false));
    }
    // A picodollar is 10^-12 of one.
    let power = power.saturating_add(12);
    let scale = |power: i32| 10_i128.checked_pow(power.max(0).unsigned_abs());
    let over = scale(power).and_then(|scale| mantissa.checked_mul(scale));
    let under = scale(power.saturating_neg()).and_then(|scale| scale.checked_mul(per.units()));
    let (over, under) = over.zip(under).ok_or(NoPrice::Absurd)?;
    let Pico(pico) = Pico(over).scaled(1, under);
    let pico = i64::try_from(pico).map_err(|_| NoPrice::Absurd)?;
    let exact = over.checked_rem(under) == Some(0);
    Ok((RatePerMtok::from_pico_per_token(pico), !exact))
}

/// `-1.5e-07` as -15 and -8.
fn split(number: &str) -> Option<(i128, i32)> {
    let (digits, power) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let power: i32 = power.parse().ok()?;
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let fraction = fraction.trim_end_matches('0');
    if whole.len().saturating_add(fraction.len()) > DIGITS_MAX {
        return None;
    }
    let mantissa: i128 = format!("{whole}{fraction}").parse().ok()?;
    let shift = i32::try_from(fraction.len()).ok()?;
    let power = power.checked_sub(shift)?;
    (mantissa == 0 || power.abs() <= POWER_MAX).then_some((mantissa, power))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(number: &str, per: Per, expected: Result<(&str, bool), NoPrice>) {
        let found = rate(number, per).map(|(rate, rounded)| (rate.to_string(), rounded));
        let expected = expected.map(|(rate, rounded)| (rate.to_owned(), rounded));
        assert_eq!(found, expected, "{number}");
    }

    #[test]
    fn a_number_is_read_in_its_digits() {
        check("3.75e-06", Per::One, Ok(("3.75", false)));
        check("3.75E-06", Per::One, Ok(("3.75", false)));
        check("0.0000025", Per::One, Ok(("2.5", false)));
        check("2.5", Per::Million, Ok(("2.5", false)));
        check("25e-1", Per::Million, Ok(("2.5", false)));
        check("10", Per::Thousand, Ok(("10000", false)));
        check("0.36", Per::Hour, Ok(("100", false)));
        check("0", Per::One, Ok(("0", false)));
        check("0e999999999", Per::One, Ok(("0", false)));
        check("-0.0", Per::One, Ok(("0", false)));
        check("2.0833333e-08", Per::One, Ok(("0.020833", true)));
        check("1e-13", Per::One, Ok(("0", true)));
    }

    #[test]
    fn what_is_no_price_is_refused() {
        check("-1e-06", Per::One, Err(NoPrice::Negative));
        check("1e400", Per::One, Err(NoPrice::Absurd));
        check("1e-400", Per::One, Err(NoPrice::Absurd));
        check("1e99999999999", Per::One, Err(NoPrice::Absurd));
        check("1e20", Per::One, Err(NoPrice::Absurd));
        check(&"9".repeat(40), Per::Million, Err(NoPrice::Absurd));
    }
}
