#![expect(
    clippy::float_arithmetic,
    reason = "assumptions are estimates by their nature"
)]
//! What nobody can know exactly, each with a low, an expected and a high value and its basis.
//!
//! *Low* is pessimistic for hosting and *high* is optimistic, meant as an 80 % range; so a low
//! utilisation is a small number and a low price factor is a large one.

use super::plan::ThroughputSource;

/// A value at its pessimistic, expected and optimistic end, as seen from hosting.
#[derive(Clone, Copy, Debug, PartialEq)]
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

/// One assumed parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Parameter {
    /// Factor on the work of a call against the throughput source.
    WorkMultiplier,
    /// u: the load at which a replica counts as full.
    Utilisation,
    /// Factor on the configured price of the machines.
    GpuPriceFactor,
    /// q: the part of the traffic the plan may take.
    QualifyingShare,
    /// e: the part of hosted calls repeated on the API.
    Escalation,
    /// Tokens of the open model per input token of the API model.
    TokenRatioIn,
    /// The same for output; an open model may also answer longer.
    TokenRatioOut,
    /// κ: the part of the work that a cached input token saves when hosted.
    CachedWorkSaved,
    /// People, in dollars a month.
    OpsUsdPerMonth,
}

impl Parameter {
    /// All parameters.
    pub const ALL: [Self; 9] = [
        Self::WorkMultiplier,
        Self::Utilisation,
        Self::GpuPriceFactor,
        Self::QualifyingShare,
        Self::Escalation,
        Self::TokenRatioIn,
        Self::TokenRatioOut,
        Self::CachedWorkSaved,
        Self::OpsUsdPerMonth,
    ];

    /// The key in a plans file.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::WorkMultiplier => "work_multiplier",
            Self::Utilisation => "utilisation",
            Self::GpuPriceFactor => "gpu_price_factor",
            Self::QualifyingShare => "qualifying_share",
            Self::Escalation => "escalation",
            Self::TokenRatioIn => "token_ratio_in",
            Self::TokenRatioOut => "token_ratio_out",
            Self::CachedWorkSaved => "cached_work_saved",
            Self::OpsUsdPerMonth => "ops_usd_per_month",
        }
    }

    /// Whether a larger value is better for hosting.
    #[must_use]
    pub const fn up_favours_hosting(self) -> bool {
        match self {
            Self::Utilisation | Self::QualifyingShare | Self::CachedWorkSaved => true,
            Self::WorkMultiplier
            | Self::GpuPriceFactor
            | Self::Escalation
            | Self::TokenRatioIn
            | Self::TokenRatioOut
            | Self::OpsUsdPerMonth => false,
        }
    }

    /// The least and the most that makes sense.
    #[must_use]
    pub const fn bounds(self) -> (f64, f64) {
        match self {
            Self::WorkMultiplier | Self::GpuPriceFactor => (0.05, 100.0),
            Self::Utilisation | Self::QualifyingShare => (0.01, 1.0),
            Self::Escalation | Self::CachedWorkSaved => (0.0, 1.0),
            Self::TokenRatioIn | Self::TokenRatioOut => (0.1, 10.0),
            Self::OpsUsdPerMonth => (0.0, 1e9),
        }
    }

    /// Where the default range comes from; "assumption" means that nobody measured it.
    #[must_use]
    pub const fn basis(self) -> &'static str {
        match self {
            Self::WorkMultiplier => {
                "measured: error of the three-term model when a shape is left out, 3-7 % dense, up \
                 to 16 % for mixtures of experts; published: tables are taken at maximum load \
                 without a latency limit, serving reaches 0.3-0.8 of them; roofline: mixtures of \
                 experts and FP4 need 1.4-2.5 times the estimate"
            }
            Self::Utilisation => {
                "step-level simulation on two real traces: p99 first-token time 0.2-3.3 s at 0.7, \
                 0.4-6 s at 0.85, 4-50 s at 0.95"
            }
            Self::GpuPriceFactor => "the range of the one provider that was configured",
            Self::QualifyingShare => "assumption: the user says which traffic may be replaced",
            Self::Escalation => "assumption: share of hosted calls repeated on the API",
            Self::TokenRatioIn => "assumption for English between modern tokenizers",
            Self::TokenRatioOut => "assumption: an open model may answer longer",
            Self::CachedWorkSaved => {
                "assumption; 37 % of input tokens were reusable prefixes in a real conversation trace"
            }
            Self::OpsUsdPerMonth => {
                "assumption: 1.0, 0.5 or 0.1 of an engineer at 200,000 dollars a year for the \
                 first plan, 0.1 for each further one"
            }
        }
    }
}

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

/// A range for every parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Assumptions([Range; Parameter::ALL.len()]);

/// One value for every parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point([f64; Parameter::ALL.len()]);

/// Where a parameter is kept.
fn slot(parameter: Parameter) -> usize {
    Parameter::ALL
        .iter()
        .position(|known| *known == parameter)
        .unwrap_or_default()
}

impl Assumptions {
    /// The defaults; the first plan pays people 1.0, 0.5 or 0.1 of an engineer, a further one 0.1.
    #[must_use]
    pub fn defaults(source: ThroughputSource, first_plan: bool) -> Self {
        Self(Parameter::ALL.map(|parameter| default_range(parameter, source, first_plan)))
    }

    /// The range of a parameter.
    #[must_use]
    pub fn range(&self, parameter: Parameter) -> Range {
        self.0
            .get(slot(parameter))
            .copied()
            .unwrap_or(Range::certain(0.0))
    }

    /// The same assumptions with one range changed.
    #[must_use]
    pub fn with(mut self, parameter: Parameter, range: Range) -> Self {
        if let Some(kept) = self.0.get_mut(slot(parameter)) {
            *kept = range;
        }
        self
    }

    /// Everything as expected.
    #[must_use]
    pub fn expected(&self) -> Point {
        Point(self.0.map(|range| range.expected))
    }

    /// Everything as expected, but one group at an end.
    #[must_use]
    pub fn with_group_at(&self, group: Group, end: End) -> Point {
        let mut point = self.expected();
        for parameter in group.members() {
            if let Some(value) = point.0.get_mut(slot(*parameter)) {
                *value = self.range(*parameter).at(end);
            }
        }
        point
    }
}

impl Point {
    /// The value of a parameter.
    #[must_use]
    pub fn value(&self, parameter: Parameter) -> f64 {
        self.0.get(slot(parameter)).copied().unwrap_or_default()
    }

    /// Whether the same calls are the same work at both points.
    #[must_use]
    #[expect(clippy::float_cmp, reason = "the same point, not a near one")]
    pub fn same_work(&self, other: &Self) -> bool {
        let work = [
            Parameter::WorkMultiplier,
            Parameter::CachedWorkSaved,
            Parameter::TokenRatioIn,
            Parameter::TokenRatioOut,
        ];
        work.into_iter()
            .all(|parameter| self.value(parameter) == other.value(parameter))
    }
}

/// Yearly salary of the engineer of whom plans take a part, dollars.
const ENGINEER_USD_PER_YEAR: f64 = 200_000.0;

/// The default range of a parameter; [`Parameter::basis`] says where it comes from.
fn default_range(parameter: Parameter, source: ThroughputSource, first_plan: bool) -> Range {
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
    }
}
