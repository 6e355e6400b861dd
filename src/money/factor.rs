//! What a rate is multiplied by: a negotiated discount, a tier billed as a share of the standard one.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{DecimalError, PICO_PER_UNIT, Pico, parse_decimal};

/// A ratio above zero, in lowest terms. Written `0.85`, or `1/3` where no decimal says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Factor {
    numerator: i128,
    denominator: i128,
}

/// Digits after the point of a written factor.
const FACTOR_DECIMALS: usize = 6;
/// More than this times, or this small a part, is a slip of the pen. Products of three decimals stay
/// within `i128` for costs of ten million units; products of ratios near this bound saturate.
const TERM_MAX: i128 = 1_000_000_000;

impl Factor {
    /// As it is.
    pub const ONE: Self = Self {
        numerator: 1,
        denominator: 1,
    };

    /// Both, one after the other: factors of one call multiply. Saturating.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self::reduced(
            self.numerator.saturating_mul(other.numerator),
            self.denominator.saturating_mul(other.denominator),
        )
    }

    /// The amount times this, rounded half to even to the pico-unit.
    #[must_use]
    pub fn of(self, amount: Pico) -> Pico {
        if self == Self::ONE {
            return amount;
        }
        amount.scaled(self.numerator, self.denominator)
    }

    /// Reads what [`Display`](fmt::Display) writes: products of factors are longer than one that
    /// somebody wrote.
    ///
    /// # Errors
    /// What is no decimal and no ratio, or not above zero.
    pub fn from_record(text: &str) -> Result<Self, DecimalError> {
        let (numerator, denominator) = match text.split_once('/') {
            Some((over, under)) => (parse_decimal(over, 0)?, parse_decimal(under, 0)?),
            None => (parse_decimal(text, 12)?, PICO_PER_UNIT),
        };
        if numerator <= 0 || denominator <= 0 {
            return Err(DecimalError::Zero);
        }
        Ok(Self::reduced(numerator, denominator))
    }

    fn reduced(numerator: i128, denominator: i128) -> Self {
        let divisor = common(numerator, denominator).max(1);
        Self {
            numerator: numerator.checked_div(divisor).unwrap_or(numerator),
            denominator: denominator.checked_div(divisor).unwrap_or(denominator),
        }
    }
}

/// The greatest common divisor, by Euclid.
fn common(a: i128, b: i128) -> i128 {
    let (mut a, mut b) = (a, b);
    while let Some(rest) = a.checked_rem(b) {
        (a, b) = (b, rest);
    }
    a
}

impl FromStr for Factor {
    type Err = DecimalError;

    /// Reads `0.85`, at most six decimals, or `17/20`; above zero.
    fn from_str(text: &str) -> Result<Self, DecimalError> {
        let (numerator, denominator) = match text.split_once('/') {
            Some((over, under)) => (parse_decimal(over, 0)?, parse_decimal(under, 0)?),
            None => (parse_decimal(text, FACTOR_DECIMALS)?, 1_000_000),
        };
        if numerator < 0 || denominator < 0 {
            return Err(DecimalError::Negative);
        }
        if numerator == 0 || denominator == 0 {
            return Err(DecimalError::Zero);
        }
        if numerator.max(denominator) > TERM_MAX {
            return Err(DecimalError::TooLarge);
        }
        Ok(Self::reduced(numerator, denominator))
    }
}

impl fmt::Display for Factor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            numerator,
            denominator,
        } = self;
        let scaled = numerator.saturating_mul(PICO_PER_UNIT);
        match scaled.checked_rem(*denominator) {
            Some(0) => Pico(scaled.checked_div(*denominator).unwrap_or(0)).fmt(f),
            _ => write!(f, "{numerator}/{denominator}"),
        }
    }
}

impl Serialize for Factor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Factor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::from_record(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn factor(text: &str) -> Factor {
        text.parse().unwrap()
    }

    #[test]
    fn a_factor_is_written_as_it_is_read() {
        for (text, shown) in [
            ("0.85", "0.85"),
            ("17/20", "0.85"),
            ("1/3", "1/3"),
            ("6", "6"),
            ("1.100", "1.1"),
        ] {
            assert_eq!(factor(text).to_string(), shown);
            assert_eq!(factor(shown), factor(text));
        }
    }

    #[test]
    fn products_of_factors_survive_a_record() {
        let factors = [
            "0.857143",
            "0.5",
            "0.3333",
            "1/3",
            "17/20",
            "1.1",
            "999999999/7",
        ];
        for (one, other) in factors.iter().flat_map(|a| factors.map(|b| (*a, b))) {
            let product = factor(one).and(factor(other)).and(factor("0.857143"));
            let written = serde_json::to_string(&product).unwrap();
            assert_eq!(serde_json::from_str::<Factor>(&written).unwrap(), product);
        }
    }

    #[test]
    fn what_is_no_factor_says_why() {
        for (text, error) in [
            ("0", DecimalError::Zero),
            ("1/0", DecimalError::Zero),
            ("-0.5", DecimalError::Negative),
            ("0,5", DecimalError::NotADecimal),
            ("1.5/2", DecimalError::TooPrecise(0)),
            ("0.0000001", DecimalError::TooPrecise(6)),
            ("1000000001", DecimalError::TooLarge),
            ("50%", DecimalError::NotADecimal),
        ] {
            assert_eq!(text.parse::<Factor>(), Err(error), "{text}");
        }
    }

    #[test]
    fn factors_multiply_and_round_once() {
        assert_eq!(factor("0.5").of(Pico(3)), Pico(2));
        assert_eq!(factor("0.5").of(Pico(1)), Pico(0));
        assert_eq!(factor("1/3").and(factor("3")), Factor::ONE);
        assert_eq!(factor("0.5").and(factor("1.1")), factor("0.55"));
    }
}
