//! The states that survive a restart, and how a closed day moves them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::economics::hysteresis::{Day, Hysteresis, Rule};
use crate::economics::projection::AlternativeKind;

/// Seconds in a day.
const DAY_SECONDS: i64 = 86_400;

/// One held state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// The state and the days towards the other one.
    pub hysteresis: Hysteresis,
    /// Since when it is cheaper.
    pub since: Option<Timestamp>,
}

/// The states of all plans and endpoints, as they are stored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct States {
    /// The last decided UTC day, in days since 1970.
    pub last_day: Option<i64>,
    /// By `selfhost/NAME` or `endpoint/NAME`.
    pub held: BTreeMap<String, Held>,
}

/// What a closed day says about one plan or endpoint.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct DayFacts {
    pub(super) kind: AlternativeKind,
    pub(super) name: String,
    /// Whether the state may ever say "cheaper".
    pub(super) alert: bool,
    /// Absent without enough evidence: the state stays.
    pub(super) day: Option<Day>,
}

impl States {
    /// The state of one plan or endpoint.
    #[must_use]
    pub fn of(&self, kind: AlternativeKind, name: &str) -> Held {
        self.held.get(&key(kind, name)).copied().unwrap_or_default()
    }

    /// The day after which decisions go on, none of them after `closed`. A clock that was days ahead
    /// has decided days that were never seen, which says nothing of a state, but must not hold up
    /// those to come.
    pub(super) fn resume(&mut self, closed: i64) -> Option<i64> {
        let at_most = closed.saturating_add(1);
        if self.last_day.is_some_and(|day| day > at_most) {
            self.last_day = Some(closed);
        }
        self.last_day
    }

    /// Moves every state by one closed day.
    pub(super) fn decide(&mut self, day: i64, facts: &[DayFacts], rule: &Rule) {
        self.last_day = Some(day);
        for fact in facts {
            let before = self.of(fact.kind, &fact.name);
            let after = match &fact.day {
                _ if !fact.alert => Hysteresis::default(),
                None => before.hysteresis,
                Some(day) => before.hysteresis.after(day, rule),
            };
            let closed = day.saturating_add(1).saturating_mul(DAY_SECONDS);
            let since = match (before.hysteresis.cheaper, after.cheaper) {
                (_, false) => None,
                (true, true) => before.since,
                (false, true) => Timestamp::from_second(closed).ok(),
            };
            let held = Held {
                hysteresis: after,
                since,
            };
            self.held.insert(key(fact.kind, &fact.name), held);
        }
    }
}

fn key(kind: AlternativeKind, name: &str) -> String {
    format!("{}/{name}", kind.label())
}
