#![expect(
    clippy::float_arithmetic,
    reason = "assumptions are estimates by their nature"
)]
//! The default ranges.

use super::{Parameter, Range};
use crate::economics::plan::ThroughputSource;

/// Yearly salary of the engineer of whom plans take a part, dollars.
const ENGINEER_USD_PER_YEAR: f64 = 200_000.0;

/// The default range of a parameter; [`Parameter::basis`] says where it comes from.
pub(super) fn default_range(
    parameter: Parameter,
    source: ThroughputSource,
    first_plan: bool,
) -> Range {
    match parameter {
        Parameter::WorkMultiplier => match source {
            ThroughputSource::Measured => Range::new(1.15, 1.0, 0.9),
            ThroughputSource::Published => Range::new(1.7, 1.2, 0.9),
            ThroughputSource::Roofline => Range::new(3.0, 1.33, 0.9),
        },
        Parameter::Utilisation => Range::new(0.5, 0.7, 0.85),
        Parameter::GpuPriceFactor => Range::new(1.3, 1.0, 0.8),
        Parameter::QualifyingShare => Range::new(0.7, 1.0, 1.0),
        Parameter::Escalation => Range::new(0.1, 0.0, 0.0),
        Parameter::TokenRatioIn => Range::new(1.15, 1.0, 0.9),
        Parameter::TokenRatioOut => Range::new(1.3, 1.0, 0.9),
        Parameter::CachedWorkSaved => Range::new(0.0, 0.5, 0.9),
        Parameter::OpsUsdPerMonth => {
            let engineers = |part: f64| (part * ENGINEER_USD_PER_YEAR / 12.0).round();
            if first_plan {
                Range::new(engineers(1.0), engineers(0.5), engineers(0.1))
            } else {
                Range::certain(engineers(0.1))
            }
        }
        Parameter::ApiPriceDecline => Range::new(0.75, 0.5, 0.0),
        Parameter::GpuPriceDecline => Range::new(0.0, 0.2, 0.3),
    }
}
