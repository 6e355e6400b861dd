//! Coefficients from what was measured at full load.

/// How far estimates are from what was measured, as parts of it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Errors {
    /// Mean over all points.
    pub mean: f64,
    /// The largest.
    pub largest: f64,
}
