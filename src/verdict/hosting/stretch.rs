//! Hosting that runs over any stretch of time, for reports: the same figures as those of its windows.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use super::look::window;
use super::{Hosted, HostingWindow};
use crate::economics::{DemandMinute, Stream};
use crate::verdict::seen::{Observed, Seen};
use crate::verdict::settings::Settings;

/// What a stretch is called among windows; which minutes it has, who asked knows.
const STRETCH: &str = "stretch";
/// Minutes in an hour, as hours are counted.
const HOUR_MINUTES: i64 = 60;

/// What hosting served in some time, and when tollgate was there to see it.
#[derive(Debug)]
pub struct Stretches {
    settings: Arc<Settings>,
    hosted: Hosted,
    up: BTreeSet<i64>,
}

impl Stretches {
    /// Nothing yet.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let settings = Arc::new(settings);
        Self {
            hosted: Hosted::new(&settings),
            settings,
            up: BTreeSet::new(),
        }
    }

    /// What of hosting is in memory, and the minutes of it that were observed.
    pub(in crate::verdict) fn of(hosted: Hosted, seen: &Seen) -> Self {
        Self {
            settings: Arc::clone(&hosted.settings),
            hosted,
            up: seen.runs().iter().cloned().flatten().collect(),
        }
    }

    /// Says that tollgate was up in a minute since 1970.
    pub fn up(&mut self, minute: i64) {
        self.up.insert(minute);
    }

    /// Adds what a stream of own hosting had in the hour that begins with a minute since 1970, once it is
    /// known when tollgate was up: in the first of its minutes that was observed, so that none is made.
    pub fn add_hour(&mut self, stream: &Stream, first: i64, demand: &DemandMinute) {
        let hour = first..first.saturating_add(HOUR_MINUTES);
        let minute = self.up.range(hour).next().copied().unwrap_or(first);
        self.add(stream, minute, demand);
    }

    /// Adds what a stream of own hosting had in a minute since 1970.
    pub fn add(&mut self, stream: &Stream, minute: i64, demand: &DemandMinute) {
        if self.hosted.add(stream, minute, demand).is_some() {
            self.up.insert(minute);
        }
    }

    /// Says since which minute tollgate meters. Replicas without a date are not known to have run before
    /// that, nor before the first call that they served.
    pub fn metered_from(&mut self, minute: i64) {
        let running = &mut Arc::make_mut(&mut self.settings).running;
        for (at, running) in running.iter_mut().enumerate() {
            let undated = running.steps.iter_mut().filter(|it| it.day.is_none());
            let served = self.hosted.first_call(at).unwrap_or(minute);
            undated.for_each(|step| step.from_minute = minute.min(served));
        }
    }

    /// Whether the calls are all that the hosting served.
    #[must_use]
    pub fn sees_all_traffic(&self) -> bool {
        self.settings.sees_all_traffic
    }

    /// The first minute in which tollgate was up.
    #[must_use]
    pub fn first(&self) -> Option<i64> {
        self.up.first().copied()
    }

    /// Every plan that ran in a stretch of minutes, by its name and in the order of the settings, and
    /// what it cost and saved in those that were observed.
    #[must_use]
    pub fn over(&self, minutes: &Range<i64>) -> Vec<(String, HostingWindow)> {
        let seen: Seen = self.up.range(minutes.clone()).copied().collect();
        let observed = Observed::of(&seen, minutes.clone());
        let plans = self.settings.running.iter().enumerate();
        let all = plans.map(|plan| {
            let name = plan.1.plan.name.clone();
            (
                name,
                window(&self.settings, &self.hosted, plan, (STRETCH, &observed)),
            )
        });
        all.filter(|(_, seen)| seen.ran.hours > 0.0 || seen.tokens > 0.0)
            .collect()
    }
}
