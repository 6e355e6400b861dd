//! What the states have to tell: each is told once, and waits until somebody takes it.

use super::state::Anew;
use super::statement::{Change, Counted, Side};
use crate::economics::projection::AlternativeKind;

/// News that wait at one time: far more than there are plans; beyond it the oldest are dropped.
const NEWS_MAX: usize = 1_000;

/// A state that says something else.
#[derive(Clone, Debug, PartialEq)]
pub struct Switch {
    /// What it is about.
    pub kind: AlternativeKind,
    /// Its configured name.
    pub name: String,
    /// The closed UTC day that decided, in days since 1970.
    pub day: i64,
    /// What it said before.
    pub from: Side,
    /// What it says now.
    pub to: Side,
    /// What changed in its settings, where that is why days were decided again.
    pub changed: Vec<Change>,
    /// The days that made it switch, in order; none where its settings alone did.
    pub counted: Vec<Counted>,
}

/// What is new about the states.
#[derive(Clone, Debug, PartialEq)]
pub enum News {
    /// One says something else.
    Switched(Switch),
    /// The settings of one are others, and the kept days were decided again.
    Changed {
        /// What it is about.
        kind: AlternativeKind,
        /// Its configured name.
        name: String,
        /// What changed.
        changed: Vec<Change>,
    },
    /// What one was about is no longer configured.
    Dropped {
        /// Such as `selfhost/NAME`.
        key: String,
        /// What it said.
        was: Side,
    },
}

/// What waits to be told.
#[derive(Debug, Default)]
pub(super) struct Waiting(Vec<News>);

impl Waiting {
    pub(super) fn add(&mut self, news: impl IntoIterator<Item = News>) {
        self.0.extend(news);
        let over = self.0.len().saturating_sub(NEWS_MAX);
        self.0.drain(..over);
    }

    pub(super) fn take(&mut self) -> Vec<News> {
        std::mem::take(&mut self.0)
    }
}

/// What is to be told of a pass over days: the switches, and of a state that began anew only what came
/// of it in the end.
pub(super) fn told(mut switches: Vec<Switch>, anew: Vec<Anew>, last_day: i64) -> Vec<News> {
    let mut news = Vec::new();
    for Anew {
        kind,
        name,
        was,
        changed,
    } in anew
    {
        let of = |switch: &Switch| switch.kind == kind && switch.name == name;
        let last = switches.iter().rfind(|switch| of(switch)).cloned();
        switches.retain(|switch| !of(switch));
        if !changed.is_empty() {
            news.push(News::Changed {
                kind,
                name: name.clone(),
                changed: changed.clone(),
            });
        }
        let end = last.map(|last| Switch {
            from: was,
            changed: changed.clone(),
            ..last
        });
        let gone = || Switch {
            kind,
            name,
            day: last_day,
            from: was,
            to: Side::Off,
            changed,
            counted: Vec::new(),
        };
        let end = end.unwrap_or_else(gone);
        if end.from == Side::On || end.to == Side::On {
            news.push(News::Switched(end));
        }
    }
    news.extend(switches.into_iter().map(News::Switched));
    news
}
