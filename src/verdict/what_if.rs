//! What other settings or other demand would have meant, over one window: no state comes of it.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

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
    demand: Mutex<LiveDemand>,
}

impl WhatIf {
    /// No demand yet; each minute counts for so much.
    #[must_use]
    pub fn new(settings: Settings, scale: Scale) -> Self {
        let settings = Arc::new(settings);
        Self {
            demand: Mutex::new(LiveDemand::scaled(&settings, scale)),
            settings,
        }
    }

    /// Takes the kept minutes of demand, and those in which tollgate was up, as a verdict does.
    pub fn load(
        &mut self,
        kept: impl IntoIterator<Item = (Stream, i64, DemandMinute)>,
        up: impl IntoIterator<Item = i64>,
    ) {
        let demand = self
            .demand
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        for (stream, minute, sums) in kept {
            demand.keep(&stream, minute, &sums);
        }
        for minute in up {
            demand.up(minute);
        }
    }

    /// The models of the demand, as their providers name them.
    #[must_use]
    pub fn models(&self) -> BTreeSet<String> {
        let demand = self.demand.lock().unwrap_or_else(PoisonError::into_inner);
        demand.models()
    }

    /// A report over the one window up to the last minute that has ended by `now`.
    #[must_use]
    pub fn report(&self, span: Span, now: Timestamp) -> Report {
        let end = now.as_second().div_euclid(BUCKET_SECONDS);
        pass::over(&self.settings, &self.demand, span, end)
    }
}
