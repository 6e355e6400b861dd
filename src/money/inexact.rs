//! The one edge from exact money to floating point.

use super::{PICO_PER_UNIT, Pico};

impl Pico {
    /// The nearest `f64` in whole units: for gauges and projections, never fed back into money.
    #[must_use]
    #[expect(
        clippy::as_conversions,
        clippy::cast_precision_loss,
        clippy::float_arithmetic,
        reason = "the one documented edge from exact money to floating point"
    )]
    pub fn to_f64(self) -> f64 {
        self.0 as f64 / PICO_PER_UNIT as f64
    }
}
