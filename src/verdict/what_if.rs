//! What other settings or other demand would have meant, over one window: no state comes of it.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;

use super::kept::Kept;
use super::live::LiveDemand;
use super::pass;
use super::report::Report;
use super::settings::Settings;
use crate::economics::demand::BUCKET_SECONDS;
use crate::economics::edits::Scale;
use crate::economics::projection::Span;
use crate::economics::{DemandMinute, Stream};

/// Kept demand under settings that need not be those in force.
#[derive(Debug)]
pub struct WhatIf {
    settings: Arc<Settings>,
    demand: LiveDemand,
    kept: Kept,
}

impl WhatIf {
    /// No demand yet; each minute counts for so much.
    #[must_use]
    pub fn new(settings: Settings, scale: Scale) -> Self {
        let settings = Arc::new(settings);
        Self {
            demand: LiveDemand::new(&settings),
            kept: Kept::scaled(&settings, scale),
            settings,
        }
    }

    /// Takes the kept minutes of demand, and those in which tollgate was up, as a verdict does.
    pub fn load(
        &mut self,
        kept: impl IntoIterator<Item = (Stream, i64, DemandMinute)>,
        up: impl IntoIterator<Item = i64>,
    ) {
        for (stream, minute, sums) in kept {
            if let Some(closed) = self.demand.keep(&stream, minute, &sums) {
                self.kept.know(&self.demand);
                self.kept.add(&closed);
            }
        }
        for minute in up {
            self.demand.up(minute);
        }
        let closed = self.demand.close(i64::MAX);
        self.kept.know(&self.demand);
        self.kept.show(&closed, Vec::new(), i64::MIN);
    }

    /// The models of the demand, as their providers name them.
    #[must_use]
    pub fn models(&self) -> BTreeSet<String> {
        self.demand.models()
    }

    /// A report over the one window up to the last minute that has ended by `now`.
    #[must_use]
    pub fn report(&self, span: Span, now: Timestamp) -> Report {
        let end = now.as_second().div_euclid(BUCKET_SECONDS);
        let seen = self.demand.seen(i64::MIN..end);
        let mut report = pass::over(&self.settings, (&self.kept, &seen), span, end);
        report.streams = self.demand.streams();
        report
    }
}
