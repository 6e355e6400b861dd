//! A value nobody knows exactly, at its ends.

use serde::{Deserialize, Serialize};

/// A value at its pessimistic, expected and optimistic end, as seen from hosting.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Range {
    /// Pessimistic for hosting.
    pub low: f64,
    /// Expected.
    pub expected: f64,
    /// Optimistic for hosting.
    pub high: f64,
}

impl Range {
    /// A range by its three values.
    #[must_use]
    pub const fn new(low: f64, expected: f64, high: f64) -> Self {
        Self {
            low,
            expected,
            high,
        }
    }

    /// A value that is certain.
    #[must_use]
    pub const fn certain(value: f64) -> Self {
        Self::new(value, value, value)
    }

    /// The value at one end.
    #[must_use]
    pub const fn at(self, end: End) -> f64 {
        match end {
            End::Low => self.low,
            End::Expected => self.expected,
            End::High => self.high,
        }
    }

    /// Whether any end is better for hosting than in `other`; `up` tells which way is better.
    #[must_use]
    pub fn favours_hosting_over(self, other: Self, up: bool) -> bool {
        let better = |mine: f64, theirs: f64| if up { mine > theirs } else { mine < theirs };
        better(self.low, other.low)
            || better(self.expected, other.expected)
            || better(self.high, other.high)
    }
}

/// An end of a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Pessimistic for hosting.
    Low,
    /// In between.
    Expected,
    /// Optimistic for hosting.
    High,
}
