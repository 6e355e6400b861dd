//! Parameters that are one doubt, not several.

use super::Parameter;

/// Parameters that move together in the band. Quality is one thing: an open model that answers worse
/// takes less of the traffic, is repeated more often and talks longer, all at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Group {
    /// How fast a replica really is.
    Throughput,
    /// How full a replica may be.
    Utilisation,
    /// What machines really cost.
    GpuPrice,
    /// Share, escalation and token ratios.
    Quality,
    /// What a prefix cache of one's own saves.
    CachedWork,
    /// People.
    People,
}

impl Group {
    /// All groups.
    pub const ALL: [Self; 6] = [
        Self::Throughput,
        Self::Utilisation,
        Self::GpuPrice,
        Self::Quality,
        Self::CachedWork,
        Self::People,
    ];

    /// The name used in labels and reports.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Throughput => "throughput",
            Self::Utilisation => "utilisation",
            Self::GpuPrice => "gpu_price",
            Self::Quality => "quality",
            Self::CachedWork => "cached_work",
            Self::People => "people",
        }
    }

    /// The parameters that move with it.
    #[must_use]
    pub const fn members(self) -> &'static [Parameter] {
        match self {
            Self::Throughput => &[Parameter::WorkMultiplier],
            Self::Utilisation => &[Parameter::Utilisation],
            Self::GpuPrice => &[Parameter::GpuPriceFactor],
            Self::Quality => &[
                Parameter::QualifyingShare,
                Parameter::Escalation,
                Parameter::TokenRatioIn,
                Parameter::TokenRatioOut,
            ],
            Self::CachedWork => &[Parameter::CachedWorkSaved],
            Self::People => &[Parameter::OpsUsdPerMonth],
        }
    }
}
