//! Exact money: integers from the price file to the total.
//!
//! An amount is an integer number of pico-units (10⁻¹²) of its currency. A rate of one millionth of
//! a unit per million tokens is one pico-unit per token, so rate × tokens is exact. No floating
//! point; `metrics` and `economics` convert at their own edge.

mod avoidable;
mod digits;
mod factor;
mod inexact;

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use avoidable::Avoidable;
pub use digits::Digits;
pub(crate) use digits::last_digits;
pub use factor::Factor;

/// Pico-units in one unit of a currency.
pub const PICO_PER_UNIT: i128 = 1_000_000_000_000;

/// Digits after the point that an amount can hold.
const AMOUNT_DECIMALS: usize = 12;

/// An amount of money in pico-units of a currency that its owner knows.
///
/// Written as a plain decimal string (`"0.0025075"`), in JSON too, so that no reader rounds it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pico(pub i128);

impl Pico {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// Whole units of the currency.
    #[must_use]
    pub const fn from_units(units: i64) -> Self {
        // i64 · 10¹² is below 2¹⁰³: it cannot overflow.
        Self(widen(units) * PICO_PER_UNIT)
    }

    /// `self` × `numerator` / `denominator`, rounded half to even; saturating.
    ///
    /// A `denominator` of 0 yields zero; callers hold only checked ratios.
    #[must_use]
    pub fn scaled(self, numerator: i128, denominator: i128) -> Self {
        let Some(product) = self.0.checked_mul(numerator) else {
            return Self(if (self.0 < 0) == (numerator < 0) {
                i128::MAX
            } else {
                i128::MIN
            });
        };
        Self(divide_half_even(product, denominator))
    }

    /// Rounded half to even to `decimals` digits after the point (0 to 12), for people.
    #[must_use]
    pub fn rounded(self, decimals: u32) -> String {
        let digits = u32::try_from(AMOUNT_DECIMALS).unwrap_or(12);
        let keep = decimals.min(digits);
        let step = 10_i128.pow(digits.saturating_sub(keep));
        let shown = Self(divide_half_even(self.0, step).saturating_mul(step));
        let text = shown.to_string();
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
        if keep == 0 {
            return whole.to_owned();
        }
        format!(
            "{whole}.{fraction:0<width$}",
            width = usize::try_from(keep).unwrap_or(0)
        )
    }

    /// The amount in digits.
    #[must_use]
    pub fn digits(self) -> Digits {
        Digits::of(self)
    }
}

/// `i64` to `i128` in const context.
#[expect(
    clippy::as_conversions,
    reason = "`From` is not const; widening loses nothing"
)]
const fn widen(units: i64) -> i128 {
    units as i128
}

/// Integer division rounded half to even; a zero divisor yields 0.
fn divide_half_even(value: i128, divisor: i128) -> i128 {
    let (Some(quotient), Some(remainder)) =
        (value.checked_div(divisor), value.checked_rem(divisor))
    else {
        return 0;
    };
    let twice = remainder.unsigned_abs().saturating_mul(2);
    let away = match twice.cmp(&divisor.unsigned_abs()) {
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Greater => true,
        std::cmp::Ordering::Equal => quotient % 2 != 0,
    };
    if !away {
        quotient
    } else if (value < 0) == (divisor < 0) {
        quotient.saturating_add(1)
    } else {
        quotient.saturating_sub(1)
    }
}

impl fmt::Display for Pico {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.digits().as_str())
    }
}

impl FromStr for Pico {
    type Err = DecimalError;

    fn from_str(text: &str) -> Result<Self, DecimalError> {
        parse_decimal(text, AMOUNT_DECIMALS).map(Self)
    }
}

impl Add for Pico {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Pico {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Neg for Pico {
    type Output = Self;
    fn neg(self) -> Self {
        Self(self.0.saturating_neg())
    }
}

impl AddAssign for Pico {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for Pico {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

impl Serialize for Pico {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.digits().as_str())
    }
}

impl<'de> Deserialize<'de> for Pico {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A rate per million tokens, held as pico-units per token (millionths of a unit per million).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RatePerMtok(i64);

/// Digits after the point that a rate per million tokens can hold.
const RATE_DECIMALS: usize = 6;

impl RatePerMtok {
    /// What `tokens` cost at this rate: exact.
    #[must_use]
    pub fn cost(self, tokens: u64) -> Pico {
        // i64 · u64 fits in i128.
        Pico(i128::from(self.0).saturating_mul(i128::from(tokens)))
    }

    /// Reads what `units` of something cost together, as fees for searches, images or seconds are
    /// written; rounded half to even to a pico-unit for one of them.
    ///
    /// # Errors
    /// What is no amount, is below zero, or too large.
    pub fn from_cost_of(units: u32, text: &str) -> Result<Self, DecimalError> {
        let amount: Pico = text.parse()?;
        if amount < Pico::ZERO {
            return Err(DecimalError::Negative);
        }
        let Pico(one) = amount.scaled(1, units.into());
        i64::try_from(one)
            .map(Self)
            .map_err(|_| DecimalError::TooLarge)
    }

    /// Pico-units per token.
    #[must_use]
    pub const fn pico_per_token(self) -> i64 {
        self.0
    }

    /// The rate of so many pico-units per token.
    #[must_use]
    pub const fn from_pico_per_token(pico: i64) -> Self {
        Self(pico)
    }
}

impl FromStr for RatePerMtok {
    type Err = DecimalError;

    /// Reads `2.50`: digits, at most six after the point, not negative.
    fn from_str(text: &str) -> Result<Self, DecimalError> {
        let value = parse_decimal(text, RATE_DECIMALS)?;
        if value < 0 {
            return Err(DecimalError::Negative);
        }
        i64::try_from(value)
            .map(Self)
            .map_err(|_| DecimalError::TooLarge)
    }
}

impl RatePerMtok {
    /// The rate in digits.
    #[must_use]
    pub fn digits(self) -> Digits {
        // Millionths of a unit: the same digits as an amount of that many micro-units.
        Pico(i128::from(self.0).saturating_mul(1_000_000)).digits()
    }
}

impl fmt::Display for RatePerMtok {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.digits().as_str())
    }
}

impl Serialize for RatePerMtok {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.digits().as_str())
    }
}

impl<'de> Deserialize<'de> for RatePerMtok {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Three capital letters of ISO 4217.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Currency([u8; 3]);

impl Currency {
    /// The US dollar.
    pub const USD: Self = Self(*b"USD");

    /// The code, such as `USD`.
    #[must_use]
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("XXX")
    }

    /// The same in ASCII.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Currency {
    type Err = DecimalError;

    fn from_str(text: &str) -> Result<Self, DecimalError> {
        match <[u8; 3]>::try_from(text.as_bytes()) {
            Ok(code) if code.iter().all(u8::is_ascii_uppercase) => Ok(Self(code)),
            _ => Err(DecimalError::NotACurrency),
        }
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Why a text is not the money it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecimalError {
    /// Letters, a comma, an exponent, or nothing.
    #[error("not a decimal number, such as 2.50")]
    NotADecimal,
    /// More digits after the point than the unit can hold exactly.
    #[error("more than {0} decimals")]
    TooPrecise(usize),
    /// A rate below zero.
    #[error("below zero")]
    Negative,
    /// A factor of nothing.
    #[error("zero; what costs nothing is declared free")]
    Zero,
    /// More than the integer can hold.
    #[error("too large")]
    TooLarge,
    /// Not three capital letters.
    #[error("not a currency code, such as USD")]
    NotACurrency,
}

/// Reads digits with an optional sign and point into an integer of 10^-`decimals` units.
fn parse_decimal(text: &str, decimals: usize) -> Result<i128, DecimalError> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !all_digits(whole) || !all_digits(fraction) {
        return Err(DecimalError::NotADecimal);
    }
    let significant = fraction.trim_end_matches('0');
    if significant.len() > decimals {
        return Err(DecimalError::TooPrecise(decimals));
    }
    format!("{whole}{significant:0<decimals$}")
        .parse::<i128>()
        .map(|value| if negative { -value } else { value })
        .map_err(|_| DecimalError::TooLarge)
}

/// Splits `total` over `weights` so that the parts sum to it exactly (largest remainder; ties go to
/// the earlier part). All-zero weights put everything on the first part.
#[must_use]
pub fn apportion(total: Pico, weights: &[Pico]) -> Vec<Pico> {
    let sum: i128 = weights.iter().map(|w| w.0).fold(0, i128::saturating_add);
    if sum == 0 {
        let first = std::iter::once(total);
        return first
            .chain(std::iter::repeat(Pico::ZERO))
            .take(weights.len())
            .collect();
    }
    let mut shares: Vec<(usize, i128, i128)> = weights
        .iter()
        .enumerate()
        .map(|(i, weight)| {
            let product = total.0.saturating_mul(weight.0);
            (i, product.div_euclid(sum), product.rem_euclid(sum))
        })
        .collect();
    let given: i128 = shares.iter().map(|(_, share, _)| share).sum();
    let mut left = total.0.saturating_sub(given);
    shares.sort_by(|a, b| b.2.cmp(&a.2).then(a.0.cmp(&b.0)));
    for (_, share, _) in &mut shares {
        if left <= 0 {
            break;
        }
        *share = share.saturating_add(1);
        left = left.saturating_sub(1);
    }
    shares.sort_by_key(|(i, _, _)| *i);
    shares
        .into_iter()
        .map(|(_, share, _)| Pico(share))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn rate(text: &str) -> RatePerMtok {
        text.parse().unwrap()
    }

    #[test]
    fn a_rate_times_tokens_is_exact() {
        assert_eq!(rate("2.50").cost(1_003).to_string(), "0.0025075");
        assert_eq!(rate("0.0375").cost(1).to_string(), "0.0000000375");
        assert_eq!(
            rate("15").cost(u64::MAX).0,
            15_000_000 * i128::from(u64::MAX)
        );
    }

    #[test]
    fn a_rate_is_a_plain_decimal_of_six_places() {
        assert_eq!(
            "2,50".parse::<RatePerMtok>(),
            Err(DecimalError::NotADecimal)
        );
        assert_eq!(
            "0.1234567".parse::<RatePerMtok>(),
            Err(DecimalError::TooPrecise(6))
        );
        assert_eq!("-1".parse::<RatePerMtok>(), Err(DecimalError::Negative));
        assert_eq!("1e3".parse::<RatePerMtok>(), Err(DecimalError::NotADecimal));
        assert_eq!("".parse::<RatePerMtok>(), Err(DecimalError::NotADecimal));
        assert_eq!(rate("0.1000000").to_string(), "0.1");
    }

    #[test]
    fn ten_for_a_thousand_is_a_cent_each() {
        let fee = RatePerMtok::from_cost_of(1_000, "10").unwrap();
        assert_eq!(fee.cost(1).to_string(), "0.01");
        assert_eq!(fee, rate("10000"));
    }

    #[test]
    fn halves_round_to_even() {
        let halves = [(1, 0), (3, 2), (5, 2), (-1, 0), (-3, -2), (7, 4)];
        for (value, expected) in halves {
            assert_eq!(Pico(value).scaled(1, 2), Pico(expected), "{value}/2");
        }
        assert_eq!(Pico(2).scaled(1, 3), Pico(1));
    }

    #[test]
    fn what_is_written_is_read_back() {
        for value in [
            0,
            1,
            -1,
            123_456_789_012_345,
            -PICO_PER_UNIT,
            i128::from(i64::MAX),
            i128::from(u64::MAX) + 1,
            i128::MAX,
            -i128::MAX,
        ] {
            assert_eq!(Pico(value).to_string().parse(), Ok(Pico(value)));
        }
    }

    #[test]
    fn people_see_cents() {
        assert_eq!(Pico(1_005_000_000_000).rounded(2), "1.00");
        assert_eq!(Pico(1_015_000_000_000).rounded(2), "1.02");
        assert_eq!(Pico(-1_500_000_000_000).rounded(0), "-2");
        assert_eq!(Pico::from_units(3).rounded(2), "3.00");
    }

    proptest::proptest! {
        #[test]
        fn parts_always_sum_to_the_total(
            total in 0_i64..i64::MAX,
            weights in proptest::collection::vec(0_i64..1_000_000_000_000, 1..9),
        ) {
            let weights: Vec<Pico> = weights.into_iter().map(|w| Pico(i128::from(w))).collect();
            let parts = apportion(Pico(i128::from(total)), &weights);
            proptest::prop_assert_eq!(parts.iter().copied().sum::<Pico>(), Pico(i128::from(total)));
        }
    }
}
