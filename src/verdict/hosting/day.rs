#![expect(clippy::float_arithmetic, reason = "a window is measured in months")]
//! What a closed day says about leaving hosting that runs: the verdict mirrored.

use std::ops::Range;

use super::look::window;
use super::{Hosted, HostingReport, HostingWindow, RunningPlan, Servers};
use crate::economics::decision::{Offer, Threshold, decide};
use crate::economics::hysteresis::Day;
use crate::economics::ownership::HOURS_PER_MONTH;
use crate::economics::projection::{AlternativeKind, ChosenOn, Evidence, FORTNIGHT};
use crate::verdict::DAY_MINUTES;
use crate::verdict::evidence::{Lack, lacks};
use crate::verdict::report::StateView;
use crate::verdict::seen::{Observed, Seen};
use crate::verdict::settings::Settings;
use crate::verdict::state::{DayFacts, States};

/// What a closed UTC day says about every plan that runs, on the fortnight that ends with it.
pub(in crate::verdict) fn days(
    settings: &Settings,
    hosted: &Hosted,
    seen: &Seen,
    day: i64,
) -> Vec<DayFacts> {
    let plans = settings.running.iter().enumerate();
    plans
        .map(|(at, running)| DayFacts {
            kind: AlternativeKind::Api,
            name: running.plan.name.clone(),
            alert: running.plan.alert && settings.sees_all_traffic,
            day: looked(settings, (hosted, seen), (at, running), day).day,
            servers: hosted.servers_by(&running.plan.name, day),
        })
        .collect()
}

/// One plan that runs, as a closed day sees it.
pub(super) struct Looked {
    /// The fortnight that ends with the day.
    pub(super) window: HostingWindow,
    /// Its observed hours.
    pub(super) hours: f64,
    /// Absent without enough evidence.
    pub(super) day: Option<Day>,
}

/// What a closed UTC day says about the plan at a place of the settings.
pub(super) fn looked(
    settings: &Settings,
    (hosted, seen): (&Hosted, &Seen),
    (at, running): (usize, &RunningPlan),
    day: i64,
) -> Looked {
    let range = minutes_of(day);
    let fortnight = Observed::of(
        seen,
        range.end.saturating_sub(FORTNIGHT.minutes())..range.end,
    );
    let coverage = Observed::of(seen, range).coverage();
    let label = FORTNIGHT.label;
    let window = window(settings, hosted, (at, running), (label, &fortnight));
    let hours = fortnight.hours();
    let threshold = Threshold {
        min_saving_usd_per_month: running.plan.min_saving_usd_per_month,
        months: hours / HOURS_PER_MONTH,
    };
    let servers = hosted.servers_by(&running.plan.name, day);
    let lacks = missing(settings, running, (&window, servers), &fortnight.range);
    let offer = Offer::of(&window.leaving, window.cost_usd);
    Looked {
        day: lacks
            .is_empty()
            .then(|| decide(&offer, threshold, coverage)),
        window,
        hours,
    }
}

/// The minutes of a UTC day.
pub(super) fn minutes_of(day: i64) -> Range<i64> {
    let start = day.saturating_mul(DAY_MINUTES);
    start..start.saturating_add(DAY_MINUTES)
}

/// The held states beside what is missing now, of a report that ends at a minute.
pub(in crate::verdict) fn views(
    settings: &Settings,
    reports: &[HostingReport],
    states: &States,
    end: i64,
) -> Vec<StateView> {
    let range = end.saturating_sub(FORTNIGHT.minutes())..end;
    let both = settings.running.iter().zip(reports);
    both.filter_map(|(running, report)| {
        let held = states.of(AlternativeKind::Api, &report.plan);
        let seen = report.window(FORTNIGHT.label)?;
        let servers = seen.beside.as_ref().map(|beside| beside.servers);
        Some(StateView {
            name: report.plan.clone(),
            kind: AlternativeKind::Api,
            cheaper: held.hysteresis.cheaper,
            since: held.since,
            lacks: missing(settings, running, (seen, servers), &range),
        })
    })
    .collect()
}

/// As of every state; hosting must have run for as long as the window is, and what its servers say must
/// not tell that tollgate sees a part of it only.
fn missing(
    settings: &Settings,
    running: &RunningPlan,
    (seen, servers): (&HostingWindow, Option<Servers>),
    range: &Range<i64>,
) -> Vec<Lack> {
    let begun = running.steps.iter().find(|step| step.replicas > 0);
    let begun = begun.map_or(range.end, |step| step.from_minute.max(range.start));
    let days = range
        .end
        .saturating_sub(begun)
        .max(0)
        .div_euclid(DAY_MINUTES);
    let days = u32::try_from(days).unwrap_or(u32::MAX);
    let evidence = Evidence {
        days_observed: seen.evidence.days_observed.min(days),
        ..seen.evidence
    };
    let mut all = lacks(settings, &evidence, FORTNIGHT, ChosenOn::Nothing);
    all.extend(
        servers
            .iter()
            .flat_map(|said| said.lacks(settings.capture_ratio_min)),
    );
    all
}
