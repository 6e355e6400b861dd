#![expect(
    clippy::float_arithmetic,
    reason = "how sure a projection is, is an estimate too"
)]
//! How sure a projection is: each uncertain parameter alone at its ends, and the band they make.

/// What one parameter does to the savings, alone at its pessimistic and its optimistic end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Deviation {
    /// Which parameter, or group of parameters that move together.
    pub parameter: &'static str,
    /// Change of the savings at the pessimistic end, dollars.
    pub low_usd: f64,
    /// Change of the savings at the optimistic end, dollars.
    pub high_usd: f64,
}

impl Deviation {
    /// How far the parameter moves the savings, whichever way.
    #[must_use]
    pub fn influence(&self) -> f64 {
        (self.high_usd - self.low_usd).abs()
    }
}

/// The pessimistic and the optimistic savings around the expected ones: root-sum-square of the
/// deviations, which takes the parameters as independent.
///
/// pessimistic = expected - sqrt(Σ min(0, low)²); optimistic = expected + sqrt(Σ max(0, high)²).
#[must_use]
pub fn band(expected_usd: f64, deviations: &[Deviation]) -> (f64, f64) {
    let root = |squares: f64| squares.sqrt();
    let low = deviations.iter().map(|d| d.low_usd.min(0.0).powi(2)).sum();
    let high = deviations.iter().map(|d| d.high_usd.max(0.0).powi(2)).sum();
    (expected_usd - root(low), expected_usd + root(high))
}
