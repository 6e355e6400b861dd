#![expect(clippy::float_arithmetic, reason = "a window is measured in months")]
//! What a closed day says about leaving hosting that runs: the verdict mirrored.

use std::ops::Range;

use super::look::window;
use super::{Hosted, HostingReport, HostingWindow, RunningPlan};
use crate::economics::decision::{Offer, Threshold, decide};
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
    let start = day.saturating_mul(DAY_MINUTES);
    let end = start.saturating_add(DAY_MINUTES);
    let fortnight = Observed::of(seen, end.saturating_sub(FORTNIGHT.minutes())..end);
    let coverage = Observed::of(seen, start..end).coverage();
    let plans = settings.running.iter().enumerate();
    plans
        .map(|(at, running)| {
            let seen = window(
                settings,
                hosted,
                (at, running),
                (FORTNIGHT.label, &fortnight),
            );
            let lacks = missing(settings, running, &seen, &fortnight.range);
            DayFacts {
                kind: AlternativeKind::Api,
                name: running.plan.name.clone(),
                alert: running.plan.alert,
                day: lacks.is_empty().then(|| {
                    let threshold = Threshold {
                        min_saving_usd_per_month: running.plan.min_saving_usd_per_month,
                        months: fortnight.hours() / HOURS_PER_MONTH,
                    };
                    decide(
                        &Offer::of(&seen.leaving, seen.cost_usd),
                        threshold,
                        coverage,
                    )
                }),
            }
        })
        .collect()
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
        Some(StateView {
            name: report.plan.clone(),
            kind: AlternativeKind::Api,
            cheaper: held.hysteresis.cheaper,
            since: held.since,
            lacks: missing(settings, running, seen, &range),
        })
    })
    .collect()
}

/// As of every state; and hosting must have run for as long as the window is.
fn missing(
    settings: &Settings,
    running: &RunningPlan,
    seen: &HostingWindow,
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
    lacks(settings, &evidence, FORTNIGHT, ChosenOn::Nothing)
}
