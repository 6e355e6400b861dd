//! From demand of another source to the same statement: all that follows from demand and settings.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde_json::Value;

use super::compare::Holds;
use super::gather::{BOTH_WINDOWS, Gathered, days_of};
use super::make::{stands_on, windows};
use super::{Counted, Days, DemandSeal, Side, Statement};
use crate::economics::hysteresis::{Day, Hysteresis};
use crate::economics::projection::AlternativeKind;
use crate::verdict::about::About;
use crate::verdict::hosting::Servers;
use crate::verdict::report::{day_of, number_of};

/// Why a decision without a day cannot be computed again.
const NO_DAY: &str = "it names no day that it was decided on, as an earlier release did not";

/// A counted day, computed again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Again {
    /// It counts, by these figures.
    Counts(Counted),
    /// There is not enough evidence for it to count.
    DoesNotCount,
    /// Its windows begin before the demand that a statement is made of: an outage lies between it and
    /// the decision.
    TooOld,
}

/// What a statement says, computed again.
#[derive(Clone, Debug, PartialEq)]
pub struct Recomputed {
    /// What the demand comes to, and the days that are asked for by those that counted.
    pub demand: DemandSeal,
    /// The fortnight that ends with the decision.
    pub window: Days,
    /// The one before it.
    pub before: Days,
    /// The figures.
    pub figures: Value,
    /// Where prices come from, by the statement's own settings.
    pub stands_on: Value,
    /// What each changed setting is by them.
    pub changed: Vec<Value>,
    /// The stated days, and all between them and the decision that can be computed.
    pub days: BTreeMap<Date, Again>,
    /// Whether these days make the state switch as stated.
    pub decision: Holds,
}

impl Gathered {
    /// Everything of a statement that follows from demand and settings, from this demand.
    #[must_use]
    pub fn recomputed(&self, statement: &Statement) -> Option<Recomputed> {
        let decided = statement.decided;
        let first = statement.counted.first().map(|stated| stated.day);
        let days = self.days(statement);
        let [before, window] = windows(decided);
        Some(Recomputed {
            demand: DemandSeal {
                days: days_of(first, number_of(decided)),
                ..self.seal.clone()
            },
            window,
            before,
            figures: self.judged(decided)?.figures,
            stands_on: stands_on(&self.settings, (self.kind, self.at), decided),
            changed: self.changed(statement),
            decision: self.decision(statement, &days),
            days,
        })
    }

    fn again(&self, day: Date) -> Again {
        if !self.holds(day) {
            return Again::TooOld;
        }
        let number = number_of(day);
        let judged = self.judged(day).and_then(|judged| judged.day);
        let counts = judged.filter(|seen| seen.coverage >= self.settings.rule.coverage_min);
        counts.map_or(Again::DoesNotCount, |seen| {
            Again::Counts(Counted::of(number, &seen))
        })
    }

    /// A day that counts and is not stated is as wrong as one that does not and is; of hosting that runs
    /// nobody can tell, as no row says what its servers did.
    fn days(&self, statement: &Statement) -> BTreeMap<Date, Again> {
        let stated = statement.counted.iter().map(|stated| stated.day);
        let first = statement
            .counted
            .first()
            .filter(|_| self.kind != AlternativeKind::Api);
        let between = first.into_iter().flat_map(|first| {
            let Days { first: held, last } = self.seal.days;
            let held = number_of(held).saturating_add(BOTH_WINDOWS);
            (held.max(number_of(first.day))..=number_of(last)).map(day_of)
        });
        let days = stated.chain(between);
        days.map(|day| (day, self.again(day))).collect()
    }

    /// Whether the rule, over these days, leads to what is stated.
    fn decision(&self, statement: &Statement, days: &BTreeMap<Date, Again>) -> Holds {
        let (is_changed, to) = (!statement.changed.is_empty(), statement.to);
        let is_forbidden = !self.settings.may_say(self.kind, self.at);
        let holds = |holds| if holds { Holds::Equal } else { Holds::Differs };
        let counted = statement.counted.iter().map(|stated| {
            // What cannot be computed again is taken as stated, and said beside.
            match days.get(&stated.day) {
                Some(Again::Counts(again)) => *again,
                Some(Again::DoesNotCount | Again::TooOld) | None => *stated,
            }
        });
        let counted: Vec<Counted> = counted.collect();
        match to {
            _ if !self.servers_let(statement) => Holds::Differs,
            Side::On => holds(!is_forbidden && self.switches_at_last(to, &counted)),
            Side::Off if counted.is_empty() && !is_changed => Holds::Differs,
            Side::Off if counted.is_empty() && is_forbidden => Holds::Equal,
            Side::Off if counted.is_empty() => Holds::Unknown(NO_DAY),
            Side::Off => {
                let is_ended = is_changed && self.never_on(&counted);
                holds(is_ended || self.switches_at_last(to, &counted))
            }
        }
    }

    /// Whether what servers are stated to have said lets a day count.
    fn servers_let(&self, statement: &Statement) -> bool {
        let least = self.settings.capture_ratio_min;
        statement.servers.iter().all(|said| {
            let servers = Servers {
                compared_ratio: said.compared_ratio,
                capture_ratio: said.capture_ratio,
                ..Servers::default()
            };
            servers.lacks(least).is_empty()
        })
    }

    /// Whether the last day, and none before it, leads from the other side to this one.
    fn switches_at_last(&self, to: Side, counted: &[Counted]) -> bool {
        let states = self.states(to == Side::Off, counted);
        let switched = states.iter().position(|it| Side::of(it.cheaper) == to);
        switched.is_some_and(|at| at.saturating_add(1) == counted.len())
    }

    /// Whether what begins off stays off, with a day that speaks against it.
    fn never_on(&self, counted: &[Counted]) -> bool {
        let states = self.states(false, counted);
        let last = states.last().map_or(0, |last| last.days);
        let in_favour = usize::try_from(last).unwrap_or(usize::MAX);
        !states.iter().any(|it| it.cheaper) && in_favour < counted.len()
    }

    /// The state after each day.
    fn states(&self, cheaper: bool, counted: &[Counted]) -> Vec<Hysteresis> {
        let mut state = Hysteresis { cheaper, days: 0 };
        let after = counted.iter().map(|counted| {
            let Counted {
                day: _,
                ratio,
                pessimistic_ratio,
                coverage,
                may_enter,
            } = *counted;
            let day = Day {
                ratio,
                pessimistic_ratio,
                coverage,
                may_enter,
            };
            state = state.after(&day, &self.settings.rule);
            state
        });
        after.collect()
    }

    /// What each changed setting is by the settings as they were frozen.
    fn changed(&self, statement: &Statement) -> Vec<Value> {
        let about = About::all(&self.settings).into_iter();
        let mut about = about.filter(|it| it.kind == self.kind && it.name == statement.name);
        let about = about.next();
        let is = |key: &str| about.as_ref().and_then(|it| it.value(key));
        let changed = statement.changed.iter();
        changed
            .map(|change| is(&change.key).unwrap_or_default())
            .collect()
    }
}
