//! Which totals are asked for, and what they are told apart by.

use jiff::Timestamp;

use crate::ledger::{Apart, Grain};

/// What totals are told apart by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum By {
    /// The month in the reporting time zone.
    Month,
    /// The day in the reporting time zone.
    Day,
    /// The hour of UTC, told in the reporting time zone.
    Hour,
    /// The minute; only upstreams and models are kept by it.
    Minute,
    /// The configured name of the upstream.
    Upstream,
    /// The model that answered.
    Model,
    /// Who pays inside the house.
    Tenant,
    /// A dimension of the calls, by its name.
    Dimension(String),
}

impl By {
    /// Those that calls always have.
    pub(super) const ALWAYS: [Self; 7] = [
        Self::Month,
        Self::Day,
        Self::Hour,
        Self::Minute,
        Self::Upstream,
        Self::Model,
        Self::Tenant,
    ];

    /// The name used in the query and in the answer.
    #[must_use]
    pub fn label(&self) -> &str {
        match self {
            Self::Month => "month",
            Self::Day => "day",
            Self::Hour => "hour",
            Self::Minute => "minute",
            Self::Upstream => "upstream",
            Self::Model => "model",
            Self::Tenant => "tenant",
            Self::Dimension(name) => name,
        }
    }

    /// Whether it tells times apart.
    #[must_use]
    pub const fn is_time(&self) -> bool {
        match self {
            Self::Month | Self::Day | Self::Hour | Self::Minute => true,
            Self::Upstream | Self::Model | Self::Tenant | Self::Dimension(_) => false,
        }
    }
}

/// Which totals are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TotalsQuery {
    /// What they are read from.
    pub grain: Grain,
    /// The day, hour or minute of this moment is the first, if there is a first.
    pub since: Option<Timestamp>,
    /// The one before this moment's is the last, if there is a last.
    pub until: Option<Timestamp>,
    /// A row for each combination of these.
    pub by: Vec<By>,
    /// So many of them, the largest bills; the others are one row.
    pub top: Option<usize>,
}

impl TotalsQuery {
    /// What the ledger has to tell apart.
    #[must_use]
    pub fn apart(&self) -> Apart {
        let dimension = |by: &By| match by {
            By::Dimension(name) => Some(name.clone()),
            By::Month | By::Day | By::Hour | By::Minute | By::Upstream | By::Model | By::Tenant => {
                None
            }
        };
        Apart {
            period: self.by.iter().any(By::is_time),
            upstream: self.by.contains(&By::Upstream),
            model: self.by.contains(&By::Model),
            tenant: self.by.contains(&By::Tenant),
            dimensions: self.by.iter().filter_map(dimension).collect(),
        }
    }
}
