//! A state that begins anew: its settings are others, or were not there. The days that are kept are
//! decided again by them, and in the end it says one thing.

use std::sync::Arc;

use jiff::Timestamp;

use super::news::{News, Switch};
use super::report::number_of;
use super::run::{RunDay, frozen};
use super::settings::Settings;
use super::state::DayFacts;
use super::statement::{Change, Side};
use crate::economics::hysteresis::Rule;
use crate::economics::projection::AlternativeKind;

/// One, while the kept days are decided again.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Anew {
    pub(super) kind: AlternativeKind,
    pub(super) name: String,
    /// What it said about the settings before …
    pub(super) was: Side,
    /// … and since when, where it was on.
    pub(super) since: Option<Timestamp>,
    /// What changed; empty where it was not there.
    pub(super) changed: Vec<Change>,
    /// The days that count by the new settings, in order.
    pub(super) counted: Vec<RunDay>,
    /// By the new settings it may never be on.
    pub(super) is_forbidden: bool,
    /// It says what it said.
    pub(super) stays: bool,
}

impl Anew {
    /// Whether a fact is about this state.
    pub(super) fn is_of(&self, fact: &DayFacts) -> bool {
        self.kind == fact.kind && self.name == fact.name
    }

    /// Notes what a day says of it.
    pub(super) fn saw(&mut self, day: i64, facts: &[DayFacts], rule: &Rule) {
        let Some(fact) = facts.iter().find(|fact| self.is_of(fact)) else {
            return;
        };
        self.is_forbidden |= !fact.alert;
        self.counted.extend(fact.run_day(day, rule));
    }

    /// What is to be told of it, out of its switches the last.
    fn told(self, last: Option<Switch>, last_day: i64, settings: &Arc<Settings>) -> Vec<News> {
        let Self {
            kind,
            name,
            was,
            since: _,
            changed,
            counted,
            is_forbidden: _,
            stays,
        } = self;
        let told = News::Changed {
            kind,
            name: name.clone(),
            changed: changed.clone(),
        };
        let news = (!changed.is_empty()).then_some(told);
        let last_counted = counted.last().map(|it| number_of(it.counted.day));
        let (counted, servers) = frozen(&counted);
        let end = match last {
            Some(last) => Switch {
                from: was,
                changed,
                ..last
            },
            None => Switch {
                kind,
                name,
                day: last_counted.unwrap_or(last_day),
                from: was,
                to: Side::Off,
                changed,
                counted,
                servers,
                settings: Arc::clone(settings),
            },
        };
        let is_new = !stays && (end.from == Side::On || end.to == Side::On);
        let switched = is_new.then_some(News::Switched(end));
        news.into_iter().chain(switched).collect()
    }
}

/// What is to be told of a pass over days: the switches, and of a state that began anew only what came
/// of it in the end.
pub(super) fn told(
    mut switches: Vec<Switch>,
    anew: Vec<Anew>,
    last_day: i64,
    settings: &Arc<Settings>,
) -> Vec<News> {
    let mut news = Vec::new();
    for anew in anew {
        let of = |switch: &Switch| switch.kind == anew.kind && switch.name == anew.name;
        let last = switches.iter().rfind(|switch| of(switch)).cloned();
        switches.retain(|switch| !of(switch));
        news.extend(anew.told(last, last_day, settings));
    }
    news.extend(switches.into_iter().map(News::Switched));
    news
}
