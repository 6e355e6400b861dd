#![expect(
    clippy::float_arithmetic,
    reason = "what hosting costs is set against what an API would take"
)]
//! One look at every plan that runs, over every window.

use std::ops::Range;

use jiff::Timestamp;
use jiff::civil::Date;

use super::seen::{HostingReport, HostingWindow};
use super::servers::Beside;
use super::{HOUR_MINUTES, Hosted, RunningPlan};
use crate::economics::assumptions::{End, Group};
use crate::economics::band::Deviation;
use crate::economics::demand::BUCKET_SECONDS;
use crate::economics::hosting::{Ran, busy, cost_usd, owed, replicas_at, share_at_full_use};
use crate::economics::project::{banded, rented_tokens};
use crate::economics::projection::{AlternativeKind, Band, Evidence, SPANS, Scenario};
use crate::economics::rival::{Part, Rival};
use crate::verdict::gather::Totals;
use crate::verdict::report::date_of;
use crate::verdict::seen::{Observed, Seen};
use crate::verdict::settings::Settings;

/// Tokens in a million.
const MILLION: f64 = 1e6;

/// A window: its label, and which of its minutes were observed.
type Stretch<'s> = (&'static str, Observed<'s>);

/// The trailing windows, today and this month, up to a minute.
pub(in crate::verdict) fn observed<'s>(
    settings: &Settings,
    seen: &'s Seen,
    end: i64,
) -> Vec<Stretch<'s>> {
    let zone = &settings.timezone;
    let moment = Timestamp::from_second(end.saturating_mul(BUCKET_SECONDS));
    let today = moment.unwrap_or_default().to_zoned(zone.clone()).date();
    let begin = |day: Date| {
        let begin = day.to_zoned(zone.clone());
        let second = begin.map(|at| at.timestamp().as_second());
        second.map_or(end, |second| second.div_euclid(BUCKET_SECONDS))
    };
    let trailing = SPANS.map(|span| (span.label, end.saturating_sub(span.minutes())));
    let since = [("today", today), ("month", today.first_of_month())];
    let since = since.map(|(label, day)| (label, begin(day)));
    let all = trailing.into_iter().chain(since);
    all.map(|(label, start)| (label, Observed::of(seen, start..end)))
        .collect()
}

/// Every plan that runs, over the windows that end at a minute.
pub(in crate::verdict) fn look(
    settings: &Settings,
    hosted: &Hosted,
    observed: &[Stretch<'_>],
    end: i64,
) -> Vec<HostingReport> {
    let plans = settings.running.iter().enumerate();
    plans
        .map(|(at, running)| {
            let window = |(label, seen): &Stretch<'_>| {
                window(settings, hosted, (at, running), (label, seen))
            };
            report(running, end, observed.iter().map(window).collect())
        })
        .collect()
}

fn report(running: &RunningPlan, end: i64, windows: Vec<HostingWindow>) -> HostingReport {
    let RunningPlan {
        plan,
        steps,
        upstreams,
    } = running;
    let replicas = replicas_at(steps, end);
    let an_hour = Ran {
        hours: f64::from(u8::from(replicas > 0)),
        replica_hours: f64::from(replicas),
        calls: 0.0,
    };
    let against = upstreams
        .iter()
        .map(|it| (it.name.clone(), format!("{}/{}", it.list, it.model)));
    HostingReport {
        plan: plan.name.clone(),
        upstreams: against.collect(),
        replicas,
        usd_per_hour: cost_usd(plan, &plan.assumptions.expected(), &an_hour),
        windows,
    }
}

/// One plan over one window; both sides are of the observed minutes.
pub(super) fn window(
    settings: &Settings,
    hosted: &Hosted,
    (at, running): (usize, &RunningPlan),
    (label, observed): (&'static str, &Observed<'_>),
) -> HostingWindow {
    let plan = &running.plan;
    let mut all = Totals::default();
    let mut parts = Vec::new();
    for (endpoints, minutes) in hosted.pools_of(at, &observed.range) {
        let mut totals = Totals::default();
        minutes.for_each(|minute| totals.merge(minute));
        all.merge(&totals);
        parts.push((endpoints, totals));
    }
    let hours = step_hours(running, observed);
    let ran = ran(running, &hours, all.tokens.calls);
    let cost = cost_usd(plan, &plan.assumptions.expected(), &ran);
    let today = date_of(observed.range.end.saturating_sub(1));
    let owed = owed(plan, &running.steps, (&ran, &hours), today);
    let rivals = Scenario::ALL.map(|scenario| rival(settings, &parts, scenario));
    let api_usd = all.cost.to_f64();
    let tokens = all.tokens.tokens();
    let per_mtok = |usd: f64| (tokens > 0.0).then(|| usd / tokens * MILLION);
    let busy = busy(plan, &all.tokens, &ran);
    let evidence = all.evidence(observed);
    let servers = hosted.servers_in(&plan.name, label);
    HostingWindow {
        beside: servers.map(|said| Beside::of(plan, (&all.tokens, cost), &ran, said)),
        window: label,
        evidence: Evidence {
            days_observed: evidence
                .days_observed
                .min(hosted.days_of(at, &observed.range)),
            ..evidence
        },
        cost_usd: cost,
        api_cost: all.cost,
        saving_usd: api_usd - cost,
        tokens,
        usd_per_mtok: per_mtok(cost),
        full_usd_per_mtok: busy.and_then(|busy| per_mtok(cost * share_at_full_use(plan, busy))),
        api_usd_per_mtok: per_mtok(api_usd),
        busy,
        leaving: leaving(
            running,
            &ran,
            api_usd,
            owed.iter().map(|it| it.usd).sum(),
            &rivals,
        ),
        owed,
        ran,
        rival: rivals.into_iter().nth(1).unwrap_or_default(),
    }
}

/// The observed hours in which each step held.
fn step_hours(running: &RunningPlan, observed: &Observed<'_>) -> Vec<f64> {
    let Range { start, end: last } = observed.range;
    let steps = running.steps.iter().enumerate();
    let hours = steps.map(|(at, step)| {
        let next = running.steps.get(at.saturating_add(1));
        let end = next.map_or(i64::MAX, |next| next.from_minute);
        let minutes =
            observed.count_in(&(step.from_minute.clamp(start, last)..end.clamp(start, last)));
        f64::from(u32::try_from(minutes).unwrap_or(u32::MAX)) / HOUR_MINUTES
    });
    hours.collect()
}

/// What ran in the hours of each step.
fn ran(running: &RunningPlan, hours: &[f64], calls: f64) -> Ran {
    let mut ran = Ran {
        calls,
        ..Ran::default()
    };
    for (step, hours) in running.steps.iter().zip(hours) {
        ran.replica_hours += hours * f64::from(step.replicas);
        ran.hours += hours * f64::from(u8::from(step.replicas > 0));
    }
    ran
}

/// The endpoints that take each pool for less than the API would, at one end of their doubts.
fn rival(settings: &Settings, parts: &[(&[usize], Totals)], scenario: Scenario) -> Rival {
    Rival::of(parts.iter().map(|(endpoints, totals)| {
        let arms = endpoints
            .iter()
            .filter_map(|at| settings.endpoints.get(*at));
        arms.map(|endpoint| {
            let api_usd = totals.cost.to_f64();
            let band = rented_tokens(&endpoint.arm, &totals.tokens, api_usd);
            Part {
                name: endpoint.arm.name.clone(),
                kind: AlternativeKind::Endpoint,
                saved_usd: band.figures(scenario).savings_usd,
            }
        })
    }))
}

/// What leaving would save: the cost less what is owed anyway, less what the calls cost elsewhere. What
/// is pessimistic for hosting is optimistic for leaving it.
fn leaving(
    running: &RunningPlan,
    ran: &Ran,
    api_usd: f64,
    owed_usd: f64,
    rivals: &[Rival; 3],
) -> Band {
    let plan = &running.plan;
    let ranges = &plan.assumptions;
    let cost = cost_usd(plan, &ranges.expected(), ran);
    let [worst, expected, best] = rivals.each_ref().map(|rival| api_usd - rival.saved_usd());
    let at = |group, end| cost_usd(plan, &ranges.with_group_at(group, end), ran) - cost;
    let machine = |group: Group| Deviation {
        parameter: group.label(),
        low_usd: at(group, End::High),
        high_usd: at(group, End::Low),
    };
    let elsewhere = Deviation {
        parameter: Group::Quality.label(),
        low_usd: expected - worst,
        high_usd: expected - best,
    };
    let sensitivity = vec![machine(Group::GpuPrice), machine(Group::People), elsewhere];
    let saved = cost - owed_usd - expected;
    let least: f64 = sensitivity.iter().map(|doubt| doubt.low_usd).sum();
    banded(cost, saved, saved + least, sensitivity)
}
