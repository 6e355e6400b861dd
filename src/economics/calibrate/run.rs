#![expect(
    clippy::float_arithmetic,
    reason = "rates are compared; no money is made here"
)]
//! One run of a load test, whatever wrote it, and whether the machine was full during it.

use std::fmt;

use jiff::civil::Date;

use super::Measured;
use crate::economics::work::real;

/// The part of the rate that was asked for, from which on it counts as met.
const RATE_MET: f64 = 0.95;
/// Lengths that differ by a smaller part are the same.
const SAME_LENGTH: f64 = 0.01;
/// A run with a limit on calls at once that reaches less of the speed of another is not full.
const AS_FAST: f64 = 0.95;

/// One run.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// The file and the place in it, for people.
    pub place: String,
    /// What was served.
    pub model: String,
    /// The day it began.
    pub date: Date,
    /// Calls, all answered.
    pub calls: u64,
    /// How long it took, above 0.
    pub seconds: f64,
    /// How fast calls came.
    pub rate: Rate,
    /// Calls at once, if the client held the others back.
    pub at_once_max: Option<u64>,
    /// What the machine did.
    pub measured: Measured,
    /// Whether the length of every call is known, not only the mean.
    pub exact: bool,
}

/// How fast calls came.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rate {
    /// As fast as they can be sent.
    AllAtOnce,
    /// So many a second.
    PerSecond(f64),
    /// More and more.
    Rising,
}

/// Why the machine was not full during a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum NotFull {
    /// The rate was met: the machine had time left.
    RateMet {
        /// Calls a second that came.
        asked: f64,
        /// Calls a second that were answered.
        reached: f64,
    },
    /// The rate was below the full load for a part of the run.
    RateRose,
    /// With so many calls at once it was slower than in another run of the same lengths.
    HeldBack {
        /// Calls at once.
        at_once_max: u64,
        /// Output tokens a second.
        reached: f64,
        /// The same of the other run.
        best: f64,
    },
}

impl fmt::Display for NotFull {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RateMet { asked, reached } => write!(
                f,
                "{reached:.2} of {asked:.2} calls a second were served, so the machine had time left"
            ),
            Self::RateRose => f.write_str("the rate rose during the run"),
            Self::HeldBack {
                at_once_max,
                reached,
                best,
            } => write!(
                f,
                "{at_once_max} calls at once reached {reached:.0} output tokens a second, another run of \
                 the same lengths {best:.0}"
            ),
        }
    }
}

/// The runs during which the machine was full, and the others.
#[must_use]
pub fn at_full_load(runs: Vec<Run>) -> (Vec<Run>, Vec<(Run, NotFull)>) {
    let judged: Vec<Option<NotFull>> = runs.iter().map(|run| run.not_full(&runs)).collect();
    let mut full = Vec::new();
    let mut left_out = Vec::new();
    for (run, reason) in runs.into_iter().zip(judged) {
        match reason {
            Some(reason) => left_out.push((run, reason)),
            None => full.push(run),
        }
    }
    (full, left_out)
}

impl Run {
    fn not_full(&self, all: &[Self]) -> Option<NotFull> {
        match self.rate {
            Rate::Rising => return Some(NotFull::RateRose),
            Rate::PerSecond(asked) => {
                let reached = real(self.calls.into()) / self.seconds;
                if reached >= RATE_MET * asked {
                    return Some(NotFull::RateMet { asked, reached });
                }
            }
            Rate::AllAtOnce => {}
        }
        let at_once_max = self.at_once_max?;
        let others = all.iter().filter(|other| self.is_as_long_as(other));
        let best = others.map(|run| run.measured.output_per_second());
        let best = best.fold(0.0, f64::max);
        let reached = self.measured.output_per_second();
        (reached < AS_FAST * best).then_some(NotFull::HeldBack {
            at_once_max,
            reached,
            best,
        })
    }

    fn is_as_long_as(&self, other: &Self) -> bool {
        let near = |x: f64, y: f64| (x - y).abs() <= SAME_LENGTH * x.max(y);
        let (one, other) = (self.measured, other.measured);
        near(one.input, other.input) && near(one.output, other.output)
    }
}
