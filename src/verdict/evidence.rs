//! Whether what was seen is enough to say anything.

use std::fmt;

use super::settings::Settings;
use super::words::percent;
use crate::economics::projection::{ChosenOn, Evidence, Span};

/// What is missing before a state may switch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Lack {
    /// No call that could be moved.
    NoCalls,
    /// Fewer days than the window has.
    Days {
        /// Days observed.
        seen: u32,
        /// Days of the window.
        asked: u32,
    },
    /// Too many minutes in which tollgate was down.
    Coverage {
        /// Minutes observed over minutes in the window.
        seen: f64,
        /// What it takes.
        asked: f64,
    },
    /// Too much of the money is a guess.
    Doubtful {
        /// The part that is unpriced or of unknown tokens.
        share: f64,
        /// The most that is allowed.
        most: f64,
    },
    /// Too much of what the provider invoiced was not metered.
    Uncaptured {
        /// Metered money over invoiced money.
        seen: f64,
        /// What it takes.
        asked: f64,
    },
    /// Made history is in the window.
    Imported,
    /// There was no earlier window to choose the number of replicas on.
    Hindsight,
    /// The servers of hosting that runs could not be compared for long enough.
    NotCompared {
        /// The part of the time in which they were.
        seen: f64,
        /// What it takes.
        asked: f64,
    },
    /// Calls of hosting that runs pass tollgate by: it would look more idle than it is.
    PassedBy {
        /// Tokens that were metered over tokens that the servers counted.
        seen: f64,
        /// What it takes.
        asked: f64,
    },
    /// More was metered than the servers counted: one is not asked, and what passes by there is not seen.
    NotListed {
        /// Tokens that were metered over tokens that the servers counted.
        seen: f64,
        /// The most that is allowed.
        most: f64,
    },
    /// This instance sees a part of the traffic.
    PartOfTraffic,
}

impl Lack {
    /// The name used in labels.
    #[must_use]
    pub const fn label(&self) -> &'static str {
        match self {
            Self::NoCalls => "no_calls",
            Self::Days { .. } => "days",
            Self::Coverage { .. } => "coverage",
            Self::Doubtful { .. } => "doubtful_money",
            Self::Uncaptured { .. } => "capture_ratio",
            Self::Imported => "imported_history",
            Self::Hindsight => "no_earlier_window",
            Self::NotCompared { .. } => "servers_not_compared",
            Self::PassedBy { .. } => "calls_pass_by",
            Self::NotListed { .. } => "servers_not_listed",
            Self::PartOfTraffic => "part_of_traffic",
        }
    }
}

impl fmt::Display for Lack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCalls => f.write_str("no call was seen that could be moved"),
            Self::Days { seen, asked } => {
                write!(f, "{seen} of {asked} days were seen")
            }
            Self::Coverage { seen, asked } => write!(
                f,
                "{} of the minutes were observed, {} are needed",
                percent(*seen),
                percent(*asked)
            ),
            Self::Doubtful { share, most } => write!(
                f,
                "{} of the money is unpriced or of unknown tokens, {} are allowed",
                percent(*share),
                percent(*most)
            ),
            Self::Uncaptured { seen, asked } => write!(
                f,
                "{} of the invoiced money was metered, {} are needed",
                percent(*seen),
                percent(*asked)
            ),
            Self::Imported => {
                f.write_str("calls that were imported, and not metered here, are among these days")
            }
            Self::Hindsight => {
                f.write_str("no earlier day was seen to choose the number of replicas on")
            }
            Self::NotCompared { seen, asked } => write!(
                f,
                "its servers could be compared in {} of the time, {} are needed",
                percent(*seen),
                percent(*asked)
            ),
            Self::PassedBy { seen, asked } => write!(
                f,
                "{} of the tokens that its servers counted were metered, {} are needed: the others pass \
                 tollgate by",
                percent(*seen),
                percent(*asked)
            ),
            Self::NotListed { seen, most } => write!(
                f,
                "{} of the tokens that its servers counted were metered, {} are allowed: a server is missing \
                 in measured_by",
                percent(*seen),
                percent(*most)
            ),
            Self::PartOfTraffic => f.write_str("this instance sees only a part of the traffic"),
        }
    }
}

/// Everything that is missing, the most telling first.
pub(super) fn lacks(
    settings: &Settings,
    evidence: &Evidence,
    span: Span,
    chosen_on: ChosenOn,
) -> Vec<Lack> {
    let asked = u32::from(span.days);
    let coverage_min = settings.rule.coverage_min;
    let found = [
        (!settings.sees_all_traffic).then_some(Lack::PartOfTraffic),
        (evidence.calls <= 0.0).then_some(Lack::NoCalls),
        (evidence.days_observed < asked).then_some(Lack::Days {
            seen: evidence.days_observed,
            asked,
        }),
        (evidence.coverage < coverage_min).then_some(Lack::Coverage {
            seen: evidence.coverage,
            asked: coverage_min,
        }),
        (evidence.doubtful_share > settings.doubtful_share_max).then_some(Lack::Doubtful {
            share: evidence.doubtful_share,
            most: settings.doubtful_share_max,
        }),
        evidence
            .capture_ratio
            .filter(|seen| *seen < settings.capture_ratio_min)
            .map(|seen| Lack::Uncaptured {
                seen,
                asked: settings.capture_ratio_min,
            }),
        (evidence.imported_calls > 0.0).then_some(Lack::Imported),
        (chosen_on == ChosenOn::Hindsight).then_some(Lack::Hindsight),
    ];
    found.into_iter().flatten().collect()
}
