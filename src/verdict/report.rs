#![expect(clippy::float_arithmetic, reason = "a day to come is an estimate")]
//! What a pass found: plain results for metrics, the page, the API and words.

use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::DAY_MINUTES;
use super::evidence::Lack;
use super::hosting::HostingReport;
use super::settings::Settings;
use super::streams::StreamView;
use crate::economics::demand::BUCKET_SECONDS;
use crate::economics::project::MinuteCost;
use crate::economics::projection::{AlternativeKind, Evidence, Span};
use crate::economics::rival::Rival;
use crate::economics::{Alternative, EndpointProjection, OptimisedProjection, Projection};
use crate::money::Pico;

/// Everything the verdict says at one moment.
#[derive(Clone, Debug)]
pub struct Report {
    /// The minute (since 1970) at which the windows end, that minute not included.
    pub end_minute: Option<i64>,
    /// The windows, shortest first.
    pub windows: Vec<WindowReport>,
    /// The state of each plan and endpoint, in the order of the settings.
    pub states: Vec<StateView>,
    /// What the minutes that closed since the report before add to the running totals of each plan, in
    /// the order of the settings; none in the first report.
    pub closed: Vec<HostedMinutes>,
    /// Hosting that runs, in the order of the settings.
    pub hosting: Vec<HostingReport>,
    /// The streams seen in five weeks, and which arms take them.
    pub streams: Vec<StreamView>,
    /// What it was computed with.
    pub settings: Arc<Settings>,
}

/// Closed minutes of one plan, each counted once.
#[derive(Clone, Debug, PartialEq)]
pub struct HostedMinutes {
    /// The configured name of the plan.
    pub plan: String,
    /// What the calls of its streams that became known in them really cost, dollars.
    pub qualifying_usd: f64,
    /// The same calls on the plan; absent if it cannot hold the latency limit.
    pub hosted: Option<MinuteCost>,
}

/// One window.
#[derive(Clone, Debug)]
pub struct WindowReport {
    /// Which one.
    pub span: Span,
    /// What all calls of the window really cost, moved or not.
    pub api_cost: Pico,
    /// What reserved throughput cost in it: part of `api_cost`, in place of what its calls are worth.
    pub reserved: Vec<ReservedView>,
    /// How well all of the window is known.
    pub evidence: Evidence,
    /// Minutes that were observed, as hours.
    pub hours: f64,
    /// Each plan, in the order of the settings.
    pub plans: Vec<Projection>,
    /// Each endpoint, in the order of the settings.
    pub endpoints: Vec<EndpointProjection>,
    /// Each way to pay the same provider less, in the order of the settings.
    pub optimised: Vec<OptimisedProjection>,
    /// The best arms together: each pool of the calls by the one that saves most on it.
    pub rival: Rival,
    /// Every way of serving all calls of the window, the cheapest first; what a way does not take
    /// stays on the API. Of equals, staying comes first.
    pub alternatives: Vec<Alternative>,
}

/// Throughput that is paid by the hour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReservedView {
    /// The configured name.
    pub name: String,
    /// What the observed minutes cost, used or not.
    pub cost: Pico,
    /// What the calls in them are worth by the price list.
    pub worth: Pico,
}

/// The state of one plan or endpoint.
#[derive(Clone, Debug, PartialEq)]
pub struct StateView {
    /// The configured name.
    pub name: String,
    /// What it is.
    pub kind: AlternativeKind,
    /// Whether it is held to be cheaper.
    pub cheaper: bool,
    /// Since when.
    pub since: Option<Timestamp>,
    /// What is missing before the state may switch; empty when the evidence is enough.
    pub lacks: Vec<Lack>,
}

/// The UTC day in which a minute since 1970 lies.
pub(super) fn date_of(minute: i64) -> Date {
    let seconds = minute.saturating_mul(BUCKET_SECONDS);
    let moment = Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH);
    moment.to_zoned(TimeZone::UTC).date()
}

/// A UTC day by its number since 1970.
pub(super) fn day_of(day: i64) -> Date {
    date_of(day.saturating_mul(DAY_MINUTES))
}

/// The number of a UTC day since 1970.
pub(super) fn number_of(day: Date) -> i64 {
    let midnight = day.to_zoned(TimeZone::UTC).map(|at| at.timestamp());
    let seconds = midnight.unwrap_or(Timestamp::UNIX_EPOCH).as_second();
    seconds.div_euclid(BUCKET_SECONDS * DAY_MINUTES)
}

impl Report {
    /// No report yet.
    #[must_use]
    pub(super) const fn empty(settings: Arc<Settings>) -> Self {
        Self {
            end_minute: None,
            windows: Vec::new(),
            states: Vec::new(),
            hosting: Vec::new(),
            closed: Vec::new(),
            streams: Vec::new(),
            settings,
        }
    }

    /// So many days after the windows' end.
    #[must_use]
    pub fn after_days(&self, days: f64) -> Option<Timestamp> {
        let end = Timestamp::from_second(self.end_minute?.saturating_mul(BUCKET_SECONDS)).ok()?;
        let seconds = days * 86_400.0;
        end.checked_add(SignedDuration::try_from_secs_f64(seconds).ok()?)
            .ok()
    }

    /// The state that decides about a way. Staying, for less or not, has none of its own: it is a
    /// verdict as soon as there is evidence about one of the others.
    #[must_use]
    pub fn state_of(&self, way: &Alternative) -> Option<&StateView> {
        // Hosting that runs has other calls.
        let states = self.states.iter();
        let mut states = states.filter(|view| view.kind != AlternativeKind::Api);
        match way.kind {
            AlternativeKind::Stay | AlternativeKind::Api | AlternativeKind::Optimised => states
                .clone()
                .find(|view| view.lacks.is_empty())
                .or_else(|| states.next()),
            AlternativeKind::Endpoint | AlternativeKind::Selfhost => {
                states.find(|view| view.kind == way.kind && view.name == way.name)
            }
        }
    }

    /// The UTC day on which the windows end.
    #[must_use]
    pub fn day(&self) -> Date {
        date_of(self.end_minute.unwrap_or(0))
    }

    /// The window of a span, once there is one.
    #[must_use]
    pub fn window(&self, span: Span) -> Option<&WindowReport> {
        self.windows.iter().find(|window| window.span == span)
    }
}

impl WindowReport {
    /// The cheapest way.
    #[must_use]
    pub fn cheapest(&self) -> Option<&Alternative> {
        self.alternatives.first()
    }
}
