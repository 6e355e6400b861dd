//! A decimal number of a bill, however many digits it has: exactly, then rounded half to even.

use std::str::FromStr;

use crate::money::Pico;

/// A longer one is no amount.
const BYTES_MAX: usize = 64;
/// Digits after the point of what money counts in.
const PICO_DIGITS: i32 = 12;
/// A larger exponent is no amount.
const EXPONENT_MAX: u32 = 64;

/// A decimal number, in a cell.
pub(super) struct Decimal(pub(super) Pico);

impl FromStr for Decimal {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        pico(text, 0).map(Self).ok_or(())
    }
}

/// The number that a text says, times ten to the power of `shift`.
pub(super) fn pico(text: &str, shift: i32) -> Option<Pico> {
    let is_short = text.len() <= BYTES_MAX;
    let (number, exponent) = match text.split_once(['e', 'E']) {
        Some((number, exponent)) => (number, exponent.parse().ok()?),
        None => (text, 0_i32),
    };
    let (sign, number) = match number.strip_prefix('-') {
        Some(number) => (-1, number),
        None => (1, number),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = format!("{whole}{fraction}");
    let is_number = !whole.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    if !is_short || !is_number || exponent.unsigned_abs() > EXPONENT_MAX {
        return None;
    }
    let places = i32::try_from(fraction.len()).ok()?;
    let power = PICO_DIGITS + exponent + shift - places;
    let amount = match u32::try_from(power) {
        Ok(power) => digits
            .parse::<i128>()
            .ok()?
            .checked_mul(10_i128.checked_pow(power)?)?,
        Err(_) => cut(&digits, usize::try_from(power.unsigned_abs()).ok()?)?,
    };
    Some(Pico(sign * amount))
}

/// A number without so many of its last digits, rounded half to even.
fn cut(digits: &str, last: usize) -> Option<i128> {
    let digits = format!("{}{digits}", "0".repeat(last.saturating_add(1)));
    let (kept, rest) = digits.split_at_checked(digits.len().checked_sub(last)?)?;
    let kept: i128 = kept.parse().ok()?;
    let half = format!("5{}", "0".repeat(last.saturating_sub(1)));
    let is_up = match rest.cmp(&half) {
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Equal => kept % 2 == 1,
        std::cmp::Ordering::Greater => true,
    };
    kept.checked_add(is_up.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_of_any_precision_is_rounded_half_to_even_and_never_refused() {
        for (text, shift, expected) in [
            ("12.5", 0, Some(12_500_000_000_000)),
            ("0.1234567890125", 0, Some(123_456_789_012)),
            ("0.1234567890135", 0, Some(123_456_789_014)),
            ("0.12345678901251", 0, Some(123_456_789_013)),
            ("123.45", -2, Some(1_234_500_000_000)),
            ("0.00000000001500000000000000000000", -2, Some(0)),
            ("1e-7", 0, Some(100_000)),
            ("-2.5E1", 0, Some(-25_000_000_000_000)),
            ("1e-60", 0, Some(0)),
            ("1e60", 0, None),
            ("1.2.3", 0, None),
            ("1,000", 0, None),
            ("", 0, None),
            ("-", 0, None),
        ] {
            assert_eq!(pico(text, shift).map(|it| it.0), expected, "{text}");
        }
    }
}
