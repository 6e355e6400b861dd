//! What the states have to tell: each is told once, and waits until somebody takes it.

use std::sync::Arc;

use super::settings::Settings;
use super::statement::{Change, Counted, ServersDay, Side};
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
    /// The days that made it switch, in order; where changed settings ended it, those that were decided
    /// again; none where they forbid it.
    pub counted: Vec<Counted>,
    /// What the servers of hosting that runs said when those days were decided; empty where none was
    /// asked.
    pub servers: Vec<ServersDay>,
    /// By what it was decided: others may be in force when it is told.
    pub settings: Arc<Settings>,
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
