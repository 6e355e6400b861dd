//! The days towards a switch, each as it was decided.

use serde::{Deserialize, Serialize};

use super::report::day_of;
use super::state::DayFacts;
use super::statement::{Counted, ServersDay};
use crate::economics::hysteresis::{Day, Rule};

/// A day that counts towards a switch, as it was decided.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunDay {
    /// What it says.
    #[serde(flatten)]
    pub counted: Counted,
    /// What the servers of hosting that runs said by then; they may be asked from a later day on, or no
    /// longer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub servers: Option<ServersDay>,
}

/// The days of a run, and what servers said on them, as they are frozen.
pub(super) fn frozen(run: &[RunDay]) -> (Vec<Counted>, Vec<ServersDay>) {
    let counted = run.iter().map(|day| day.counted).collect();
    (counted, run.iter().filter_map(|day| day.servers).collect())
}

impl DayFacts {
    /// What counts of a day, if anything does, as it is kept.
    pub(super) fn run_day(&self, day: i64, rule: &Rule) -> Option<RunDay> {
        let counted = Counted::of(day, self.counted(rule)?);
        let servers = self.servers.map(|said| ServersDay {
            day: counted.day,
            compared_ratio: said.compared_ratio,
            capture_ratio: said.capture_ratio,
        });
        Some(RunDay { counted, servers })
    }
}

impl Counted {
    pub(super) fn of(day: i64, seen: &Day) -> Self {
        let Day {
            ratio,
            pessimistic_ratio,
            coverage,
            may_enter,
        } = *seen;
        Self {
            day: day_of(day),
            ratio,
            pessimistic_ratio,
            coverage,
            may_enter,
        }
    }
}
