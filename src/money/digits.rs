//! An amount or a rate as it is shown, without a `String`: every record of a call holds several.

use super::{AMOUNT_DECIMALS, Pico};

/// `PICO_PER_UNIT`, narrow enough to divide by at little cost.
const UNIT: u64 = 1_000_000_000_000;

/// Where the point stands: behind a sign and 27 digits, the most there can be.
const POINT: usize = 28;
const BYTES: usize = POINT + 1 + AMOUNT_DECIMALS;

/// A plain decimal such as `-0.0025075`.
#[derive(Clone, Copy, Debug)]
pub struct Digits {
    bytes: [u8; BYTES],
    start: usize,
    end: usize,
}

impl Digits {
    pub(super) fn of(amount: Pico) -> Self {
        let (units, fraction) = split(amount.0.unsigned_abs());
        let mut digits = Self {
            bytes: [b'.'; BYTES],
            start: POINT,
            end: POINT,
        };
        if let (1.., Some(decimals)) = (fraction, digits.bytes.last_chunk_mut()) {
            *decimals = last_digits::<AMOUNT_DECIMALS>(fraction);
            let zeros = decimals.iter().rev().take_while(|digit| **digit == b'0');
            digits.end = BYTES.saturating_sub(zeros.count());
        }
        digits.put_units(units);
        if amount.0 < 0 {
            digits.put(b'-');
        }
        digits
    }

    /// The text, all of it ASCII.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(self.start..self.end).unwrap_or_default()
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    fn put_units(&mut self, mut units: u128) {
        // Dividing 128 bits is many times dearer.
        let mut small = loop {
            if let Ok(small) = u64::try_from(units) {
                break small;
            }
            let [digit] = last_digits(u64::try_from(units % 10).unwrap_or(0));
            self.put(digit);
            units /= 10;
        };
        loop {
            let [digit] = last_digits(small);
            self.put(digit);
            small /= 10;
            if small == 0 {
                break;
            }
        }
    }

    /// Puts a character in front.
    fn put(&mut self, byte: u8) {
        self.start = self.start.saturating_sub(1);
        if let Some(place) = self.bytes.get_mut(self.start) {
            *place = byte;
        }
    }
}

/// What is before the point and what is behind it.
fn split(magnitude: u128) -> (u128, u64) {
    if let Ok(small) = u64::try_from(magnitude) {
        return (u128::from(small / UNIT), small % UNIT);
    }
    let unit = u128::from(UNIT);
    let fraction = u64::try_from(magnitude % unit).unwrap_or(0);
    (magnitude / unit, fraction)
}

/// The last `N` digits of a number, zeros in front included.
pub(crate) fn last_digits<const N: usize>(mut number: u64) -> [u8; N] {
    let mut digits = [b'0'; N];
    for digit in digits.iter_mut().rev() {
        // Below 10, so it always fits.
        *digit = digit.saturating_add(u8::try_from(number % 10).unwrap_or(0));
        number /= 10;
    }
    digits
}
