//! What nobody can know exactly, each with a low, an expected and a high value and its basis.
//!
//! *Low* is pessimistic for hosting and *high* is optimistic, meant as an 80 % range; so a low
//! utilisation is a small number and a low price factor is a large one.

mod defaults;
mod group;
mod range;
mod stored;

use serde::{Deserialize, Serialize};

use super::plan::ThroughputSource;

pub use group::Group;
pub use range::{End, Range};

use defaults::default_range;

/// One assumed parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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
    /// d: by how much API prices fall in a year. It moves dates and net values, not the window.
    ApiPriceDecline,
    /// The same of rented machines.
    GpuPriceDecline,
}

impl Parameter {
    /// All parameters.
    pub const ALL: [Self; 11] = [
        Self::WorkMultiplier,
        Self::Utilisation,
        Self::GpuPriceFactor,
        Self::QualifyingShare,
        Self::Escalation,
        Self::TokenRatioIn,
        Self::TokenRatioOut,
        Self::CachedWorkSaved,
        Self::OpsUsdPerMonth,
        Self::ApiPriceDecline,
        Self::GpuPriceDecline,
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
            Self::ApiPriceDecline => "api_price_decline_per_year",
            Self::GpuPriceDecline => "gpu_price_decline_per_year",
        }
    }

    /// Whether a larger value is better for hosting.
    #[must_use]
    pub const fn up_favours_hosting(self) -> bool {
        match self {
            Self::Utilisation
            | Self::QualifyingShare
            | Self::CachedWorkSaved
            | Self::GpuPriceDecline => true,
            Self::WorkMultiplier
            | Self::GpuPriceFactor
            | Self::Escalation
            | Self::TokenRatioIn
            | Self::TokenRatioOut
            | Self::OpsUsdPerMonth
            | Self::ApiPriceDecline => false,
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
            Self::ApiPriceDecline | Self::GpuPriceDecline => (0.0, 0.99),
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
            Self::ApiPriceDecline => {
                "assumption: market accounts of 2024 say 50-75 % a year; 0 for a contract, or for a \
                 model whose list price does not move"
            }
            Self::GpuPriceDecline => {
                "list prices: A100 2.21 (2024) to 1.29-1.39 (2026), H100 4.25 to 2.29-2.69, about \
                 20 % a year"
            }
        }
    }

    /// Whether it moves the figures of a window; the others move dates and net values alone.
    #[must_use]
    pub const fn moves_window(self) -> bool {
        !matches!(self, Self::ApiPriceDecline | Self::GpuPriceDecline)
    }

    /// Whether the default is nobody's measurement.
    #[must_use]
    pub fn is_assumed(self) -> bool {
        self.basis().starts_with("assumption")
    }
}

/// A range for every parameter.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(into = "stored::Ranges", try_from = "stored::Ranges")]
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

    /// Everything at one end.
    #[must_use]
    pub fn all_at(&self, end: End) -> Point {
        Point(self.0.map(|range| range.at(end)))
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
