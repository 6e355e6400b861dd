//! The past by month, by the settings as they are now: from hours, with no state.
//!
//! Each month is a window of its own. Its replicas are chosen on the month before, as a verdict's are on
//! the window before.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use super::kept::Kept;
use super::live::{LiveDemand, Part};
use super::report::WindowReport;
use super::settings::Settings;
use super::{DAY_MINUTES, pass};
use crate::economics::demand::HOUR_MINUTES;
use crate::economics::past::PastHour;
use crate::economics::projection::Span;
use crate::economics::work::real;
use crate::economics::{DemandHour, Stream};

/// Minutes in an hour, as times are counted.
const HOUR: i64 = DAY_MINUTES / 24;
/// What a month is called among windows; which days it has its range says.
const MONTH: Span = Span {
    label: "month",
    days: 30,
};

/// The demand of the month that is read and of the one before.
#[derive(Debug)]
pub struct Past {
    settings: Arc<Settings>,
    demand: LiveDemand,
    kept: Kept,
    /// The demand of the hours of the month, by hour and pool.
    hours: BTreeMap<(i64, usize), PastHour>,
    billed: u64,
    imported: u64,
}

/// A month under the settings.
#[derive(Debug)]
pub struct PastMonth {
    /// Its minutes since 1970, as far as they have begun.
    pub minutes: Range<i64>,
    /// Billed calls, those whose tokens or price nobody knows among them.
    pub billed_calls: u64,
    /// The part of them that was not metered here; 0 to 1.
    pub imported_share: f64,
    /// Every way over it.
    pub window: WindowReport,
}

impl Past {
    /// No demand yet.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let settings = Arc::new(settings);
        Self {
            demand: LiveDemand::new(&settings),
            kept: Kept::new(&settings),
            settings,
            hours: BTreeMap::new(),
            billed: 0,
            imported: 0,
        }
    }

    /// What is compared.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Says that tollgate was up in a minute, counted since 1970.
    pub fn up(&mut self, minute: i64) {
        self.demand.up(minute);
    }

    /// Adds an hour of a stream, counted since 1970.
    pub fn add(&mut self, stream: &Stream, hour: i64, demand: &DemandHour) {
        let pool = self.demand.pool_of(stream);
        let counts = [
            demand.sums.calls,
            demand.unpriced_calls,
            demand.unknown_calls,
        ];
        let billed = counts.into_iter().fold(0, u64::saturating_add);
        self.billed = self.billed.saturating_add(billed);
        self.imported = self.imported.saturating_add(demand.imported_calls);
        let hour = self.hours.entry((hour, pool)).or_default();
        hour.merge(&PastHour::from(demand));
    }

    /// The month whose hours were added since the last one; `None` without a call. Replicas are chosen
    /// on `before`; what is older than `month` is forgotten.
    pub fn month(&mut self, before: Range<i64>, month: Range<i64>) -> Option<PastMonth> {
        self.spread(month.end);
        let (billed, imported) = (
            std::mem::take(&mut self.billed),
            std::mem::take(&mut self.imported),
        );
        let found = (billed > 0).then(|| {
            let seen = self.demand.seen(before.start..month.end);
            let ranges = (before, month.clone());
            PastMonth {
                billed_calls: billed,
                imported_share: share(imported, billed),
                window: pass::between(&self.settings, (&self.kept, &seen), MONTH, ranges),
                minutes: month.clone(),
            }
        });
        self.demand.forget_before(month.start);
        self.kept.show(&[], Vec::new(), month.start);
        found
    }

    /// Makes minutes of the hours, as many as were observed of each before `end`. A minute with calls was
    /// observed, so an hour with calls and no such minute was whole; so is one with imported calls, which
    /// come from whole hours.
    fn spread(&mut self, end: i64) {
        self.kept.know(&self.demand);
        for ((hour, pool), demand) in std::mem::take(&mut self.hours) {
            let first = hour.saturating_mul(HOUR);
            let all = first..first.saturating_add(HOUR).min(end);
            let seen = self.demand.seen(all.clone());
            let minutes: Vec<i64> = if seen.len() == 0 || demand.is_imported() {
                all.collect()
            } else {
                seen.runs().iter().cloned().flatten().collect()
            };
            let count = u32::try_from(minutes.len()).unwrap_or(HOUR_MINUTES);
            for (minute, demand) in minutes.into_iter().zip(demand.minutes(count)) {
                self.demand.up(minute);
                self.kept.add(&Part {
                    pool,
                    minute,
                    demand,
                });
            }
        }
    }
}

#[expect(clippy::float_arithmetic, reason = "a share of calls is evidence")]
fn share(part: u64, of: u64) -> f64 {
    (real(part.into()) / real(of.into())).min(1.0)
}
