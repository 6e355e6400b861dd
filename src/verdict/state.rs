//! The states that survive a restart, and how a closed day moves them.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::about::About;
use super::anew::Anew;
use super::hosting::Servers;
use super::news::Switch;
use super::report::number_of;
use super::run::{RunDay, frozen};
use super::settings::Settings;
use super::statement::Side;
use crate::economics::hysteresis::{Day, Hysteresis, Rule};
use crate::economics::projection::AlternativeKind;

/// Seconds in a day.
const DAY_SECONDS: i64 = 86_400;

/// One held state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Held {
    /// The state and the days towards the other one.
    pub hysteresis: Hysteresis,
    /// Since when it is cheaper.
    pub since: Option<Timestamp>,
    /// The settings that it is about; absent in what an earlier release stored.
    #[serde(default)]
    pub about: Option<String>,
    /// The days that speak for the other one, in order.
    #[serde(default)]
    pub run: Vec<RunDay>,
}

/// The states of all plans and endpoints, as they are stored.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct States {
    /// The last decided UTC day, in days since 1970.
    pub last_day: Option<i64>,
    /// Whether it counted for no state: too little was seen of it.
    #[serde(default)]
    pub last_day_counted_for_none: bool,
    /// By what every day towards a switch was counted: a checksum of the settings, and the revision of
    /// the past; absent in what an earlier release stored.
    #[serde(default)]
    pub counted_by: Option<String>,
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
    /// What the servers of hosting that runs said; absent where none was asked.
    pub(super) servers: Option<Servers>,
}

impl DayFacts {
    /// What counts of it, if anything does.
    pub(super) fn counted(&self, rule: &Rule) -> Option<&Day> {
        let seen = self.day.as_ref().filter(|_| self.alert)?;
        (seen.coverage >= rule.coverage_min).then_some(seen)
    }
}

impl States {
    /// The state of one plan or endpoint.
    #[must_use]
    pub fn of(&self, kind: AlternativeKind, name: &str) -> Held {
        self.held.get(&key(kind, name)).cloned().unwrap_or_default()
    }

    /// The day after which decisions go on. A clock that was ahead has decided days that were not seen
    /// yet, which says nothing of a state, but must not hold up those to come. One day ahead that
    /// counted stays decided: a clock that is set right around midnight decides none twice.
    pub(super) fn resume(&mut self, closed: i64) -> Option<i64> {
        let next = Some(closed.saturating_add(1));
        let was_unseen = self.last_day == next && self.last_day_counted_for_none;
        if self.last_day > next || was_unseen {
            self.last_day = Some(closed);
            self.last_day_counted_for_none = false;
        }
        self.last_day
    }

    /// Begins every state anew whose settings are others than it was decided by.
    pub(super) fn begin(&mut self, about: &[About]) -> Vec<Anew> {
        let begin = |about: &About| {
            let known = self.held.get_mut(&key(about.kind, &about.name));
            let (was, since, changed) = match known {
                Some(Held {
                    about: stored @ None,
                    ..
                }) => {
                    *stored = Some(about.text.clone());
                    return None;
                }
                Some(held) => {
                    let changed = about.changed_from(held.about.as_deref().unwrap_or_default());
                    if changed.is_empty() {
                        return None;
                    }
                    (Side::of(held.hysteresis.cheaper), held.since, changed)
                }
                None => (Side::Off, None, Vec::new()),
            };
            let held = Held {
                about: Some(about.text.clone()),
                ..Held::default()
            };
            self.held.insert(key(about.kind, &about.name), held);
            Some(Anew {
                kind: about.kind,
                name: about.name.clone(),
                was,
                since,
                changed,
                counted: Vec::new(),
                is_forbidden: false,
                stays: false,
            })
        };
        about.iter().filter_map(begin).collect()
    }

    /// Leaves a state on that was, where no day that counts speaks against it by its new settings. Off,
    /// with as many days in its favour as were counted, says only that they are too few.
    pub(super) fn stay(&mut self, anew: &mut Anew) {
        let Some(held) = self.held.get_mut(&key(anew.kind, &anew.name)) else {
            return;
        };
        let in_favour = usize::try_from(held.hysteresis.days).unwrap_or(usize::MAX);
        let is_against = held.hysteresis.cheaper || in_favour < anew.counted.len();
        anew.stays = anew.was == Side::On && !anew.is_forbidden && !is_against;
        if anew.stays {
            *held = Held {
                hysteresis: Hysteresis {
                    cheaper: true,
                    days: 0,
                },
                since: anew.since,
                about: held.about.take(),
                run: Vec::new(),
            };
        }
    }

    /// Forgets the days towards a switch that other settings counted, or on calls that have become
    /// others, or a release that did not write them down: a switch is of days that one set of settings
    /// counts on one past. Gives from which day on each state
    /// counts again.
    pub(super) fn count_again(&mut self, by: &str) -> BTreeMap<String, i64> {
        let before = self.counted_by.replace(by.to_owned());
        if before.as_deref() == Some(by) {
            return BTreeMap::new();
        }
        let last = self.last_day;
        let begun = self.held.iter_mut().filter_map(|(key, held)| {
            let days = std::mem::take(&mut held.hysteresis.days);
            let first = std::mem::take(&mut held.run);
            let first = first.first().map(|it| it.counted.day);
            // None of them was before this day.
            let unwritten = || last?.checked_sub(i64::from(days.checked_sub(1)?));
            Some((key.clone(), first.map(number_of).or_else(unwritten)?))
        });
        begun.collect()
    }

    /// The same states; days towards a switch are counted again, as what they were counted on is
    /// another: calls that cost something else now.
    #[must_use]
    pub fn to_count_again(self) -> Self {
        Self {
            counted_by: None,
            ..self
        }
    }

    /// Forgets the states of what is no longer configured; gives their keys, and what they said.
    pub(super) fn drop_others(&mut self, about: &[About]) -> Vec<(String, Side)> {
        let known = |found: &str| about.iter().any(|it| key(it.kind, &it.name) == found);
        let mut dropped = Vec::new();
        self.held.retain(|found, held| {
            let stays = known(found);
            if !stays {
                dropped.push((found.clone(), Side::of(held.hysteresis.cheaper)));
            }
            stays
        });
        dropped
    }

    /// Moves the states that `facts` are about by one closed day; gives those that switched.
    pub(super) fn decide(
        &mut self,
        day: i64,
        facts: &[DayFacts],
        settings: &Arc<Settings>,
    ) -> Vec<Switch> {
        self.note(day, facts, &settings.rule);
        let moved = facts.iter();
        moved
            .filter_map(|fact| self.held_of(fact).after(day, fact, settings))
            .collect()
    }

    /// Notes the last day that is decided: one that is decided again moves nothing back.
    fn note(&mut self, day: i64, facts: &[DayFacts], rule: &Rule) {
        if self.last_day <= Some(day) {
            self.last_day = Some(day);
            let counts = facts.iter().any(|fact| fact.counted(rule).is_some());
            self.last_day_counted_for_none = !counts;
        }
    }

    fn held_of(&mut self, fact: &DayFacts) -> &mut Held {
        self.held.entry(key(fact.kind, &fact.name)).or_default()
    }
}

impl Held {
    /// Moves on by one closed day.
    fn after(&mut self, day: i64, fact: &DayFacts, settings: &Arc<Settings>) -> Option<Switch> {
        if !fact.alert {
            self.hysteresis = Hysteresis::default();
            self.since = None;
            self.run.clear();
            return None;
        }
        let seen = fact.counted(&settings.rule)?;
        let run_day = fact.run_day(day, &settings.rule)?;
        let before = self.hysteresis;
        self.hysteresis = before.after(seen, &settings.rule);
        if self.hysteresis == before || self.hysteresis.days == 0 && !self.switched(before) {
            self.run.clear();
            return None;
        }
        self.run.push(run_day);
        if !self.switched(before) {
            return None;
        }
        let closed = day.saturating_add(1).saturating_mul(DAY_SECONDS);
        let cheaper = self.hysteresis.cheaper;
        self.since = Timestamp::from_second(closed).ok().filter(|_| cheaper);
        let (counted, servers) = frozen(&std::mem::take(&mut self.run));
        Some(Switch {
            kind: fact.kind,
            name: fact.name.clone(),
            day,
            from: Side::of(before.cheaper),
            to: Side::of(cheaper),
            changed: Vec::new(),
            counted,
            servers,
            settings: Arc::clone(settings),
        })
    }

    const fn switched(&self, before: Hysteresis) -> bool {
        self.hysteresis.cheaper != before.cheaper
    }
}

/// Under what a state is held.
pub(super) fn key(kind: AlternativeKind, name: &str) -> String {
    format!("{}/{name}", kind.label())
}
