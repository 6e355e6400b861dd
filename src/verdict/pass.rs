#![expect(
    clippy::float_arithmetic,
    reason = "alternatives are compared as projections"
)]
//! One pass: every plan and every arm over every window.

mod arms;
mod day;
mod hourly;
mod judge;
mod minute;
mod views;

use std::ops::Range;
use std::sync::Arc;

use super::fresh::ClosedMinute;
use super::gather::PoolTotals;
use super::kept::{Kept, Series};
use super::report::{Report, ReservedView, WindowReport, date_of};
use super::reserved::Paid;
use super::seen::{Observed, Seen};
use super::settings::Settings;
use super::state::States;
use crate::economics::price::ratio;
use crate::economics::project::{Demand, Minutes, hosted, latency, steps};
use crate::economics::projection::{AlternativeKind, Band, FORTNIGHT, Latency, SPANS, Span};
use crate::economics::{Alternative, HostPlan, Projection};

pub(super) use day::day;
use hourly::Ahead;
pub(super) use judge::{Judged, judge, score};
use views::{plan_lacks, views};

/// The name of staying, among alternatives.
const STAY: &str = "stay";
/// The window before must have so many observed minutes to choose replicas on: most of a day.
const CHOOSING_MINUTES_MIN: usize = 1_296;

/// A window that ends at a minute, as a pass sees it.
struct Pass<'a> {
    settings: &'a Settings,
    span: Span,
    now: Observed<'a>,
    before: Observed<'a>,
    /// Other hours may have been reserved in the window before.
    paid_before: Paid<'a>,
    totals: PoolTotals<'a>,
}

impl<'a> Pass<'a> {
    fn new(settings: &'a Settings, kept: &Kept, seen: &'a Seen, span: Span, end: i64) -> Self {
        Self::with(settings, (kept, seen), (span, span), end)
    }

    /// The same; replicas are chosen on a span of another length before it.
    fn with(
        settings: &'a Settings,
        (kept, seen): (&Kept, &'a Seen),
        (span, chosen_on): (Span, Span),
        end: i64,
    ) -> Self {
        let start = end.saturating_sub(span.minutes());
        let earlier = start.saturating_sub(chosen_on.minutes());
        Self::between(settings, (kept, seen), span, (earlier..start, start..end))
    }

    /// The same between any minutes; replicas are chosen on the first of both ranges.
    fn between(
        settings: &'a Settings,
        (kept, seen): (&Kept, &'a Seen),
        span: Span,
        (before, now): (Range<i64>, Range<i64>),
    ) -> Self {
        // What is committed on the UTC day on which the window ends is not saved.
        let day = date_of(now.end);
        let now = Observed::of(seen, now);
        let paid = Paid::of(&settings.reserved, kept, &now, day);
        let before = Observed::of(seen, before);
        Self {
            settings,
            span,
            totals: PoolTotals::of(kept, &now, paid),
            now,
            paid_before: Paid::of(&settings.reserved, kept, &before, day),
            before,
        }
    }

    fn plan(&self, at: usize, plan: &HostPlan, series: &Series) -> Projection {
        let money = self.totals.paid.money(series, &self.now);
        let now = minutes(series, &self.now, &money);
        let money = self.paid_before.money(series, &self.before);
        let before = if self.before.count() >= CHOOSING_MINUTES_MIN {
            minutes(series, &self.before, &money)
        } else {
            Minutes::default()
        };
        let totals = self.totals.sum(|takers| takers.plans.contains(&at));
        let latency = latency(plan, &now);
        let demand = Demand { now, before };
        let (hosted, steps) = match latency {
            Latency::Infeasible(_) => (None, None),
            Latency::Held(limit) => (
                hosted(plan, Some(limit), &demand),
                steps(plan, Some(limit), now),
            ),
            Latency::NotChecked => (hosted(plan, None, &demand), steps(plan, None, now)),
        };
        let days = self.now.hours() / 24.0;
        Projection {
            plan: plan.name.clone(),
            window: self.span,
            api_cost: totals.cost,
            committed: self.totals.committed(|takers| takers.plans.contains(&at)),
            evidence: totals.evidence(&self.now),
            latency,
            hosted,
            best_endpoint: self.best_endpoint(at, totals.cost.to_f64()),
            best_optimised: self.best_optimised(at, totals.cost.to_f64()),
            rival: self.rival(|takers| takers.plans.contains(&at)),
            steps,
            breakeven: None,
            outlook: None,
            calls_per_day: ratio(totals.tokens.calls, days).unwrap_or_default(),
            tokens_per_day: ratio(totals.tokens.tokens(), days).unwrap_or_default(),
            tokens: totals.tokens.tokens(),
        }
    }

    fn report(&self, plans: Vec<Projection>) -> WindowReport {
        let all = self.totals.sum(|_| true);
        let endpoints = self.endpoints();
        let optimised = self.optimised();
        let api_usd = all.cost.to_f64();
        let mut alternatives = vec![Alternative {
            name: STAY.to_owned(),
            kind: AlternativeKind::Stay,
            cost_usd: api_usd,
        }];
        let mut add = |name: &str, kind, band: &Band| {
            alternatives.push(Alternative {
                name: name.to_owned(),
                kind,
                cost_usd: api_usd - band.expected.savings_usd,
            });
        };
        for endpoint in &endpoints {
            add(
                &endpoint.endpoint,
                AlternativeKind::Endpoint,
                &endpoint.band,
            );
        }
        for way in &optimised {
            add(&way.optimised, AlternativeKind::Optimised, &way.band);
        }
        for plan in &plans {
            if let Some(hosted) = &plan.hosted {
                add(&plan.plan, AlternativeKind::Selfhost, &hosted.band);
            }
        }
        // A stable sort: of equals, the one that moves less.
        alternatives.sort_by(|x, y| x.cost_usd.total_cmp(&y.cost_usd));
        let reserved = self.totals.paid.reserved();
        let reserved = reserved.map(|(name, rent)| ReservedView {
            name: name.to_owned(),
            cost: rent.cost,
            worth: rent.worth,
        });
        WindowReport {
            reserved: reserved.collect(),
            span: self.span,
            api_cost: all.cost,
            evidence: all.evidence(&self.now),
            hours: self.now.hours(),
            plans,
            endpoints,
            optimised,
            rival: self.rival(|_| true),
            alternatives,
        }
    }
}

/// The report over one window that ends at `end`, without states and what is ahead.
pub(super) fn over(
    settings: &Arc<Settings>,
    (kept, seen): (&Kept, &Seen),
    span: Span,
    end: i64,
) -> Report {
    let pass = Pass::new(settings, kept, seen, span, end);
    let mut report = Report::empty(Arc::clone(settings));
    report.end_minute = Some(end);
    let plans = settings.plans.iter().enumerate();
    let plans = plans.map(|(at, plan)| pass.plan(at, plan, &kept.series(at, seen)));
    report.windows.push(pass.report(plans.collect()));
    report
}

/// One window between any minutes, without states and what is ahead; replicas are chosen on the first of
/// both ranges.
pub(super) fn between(
    settings: &Settings,
    (kept, seen): (&Kept, &Seen),
    span: Span,
    ranges: (Range<i64>, Range<i64>),
) -> WindowReport {
    let pass = Pass::between(settings, (kept, seen), span, ranges);
    let plans = settings.plans.iter().enumerate();
    let plans = plans.map(|(at, plan)| pass.plan(at, plan, &kept.series(at, seen)));
    pass.report(plans.collect())
}

/// The observed minutes of a window, at what they really cost.
fn minutes<'m>(
    series: &'m Series,
    observed: &Observed<'_>,
    (api_usd, committed_usd): &'m (Vec<f64>, Vec<f64>),
) -> Minutes<'m> {
    Minutes {
        api_usd,
        committed_usd,
        ..series.columns.all().part(&observed.places)
    }
}

/// The report over the windows that end at `end`.
pub(super) fn report(
    settings: &Arc<Settings>,
    (kept, seen): (&Kept, &Seen),
    end: i64,
    previous: &Report,
    (states, closed): &(States, Vec<ClosedMinute>),
) -> Report {
    let mut report = Report::empty(Arc::clone(settings));
    report.end_minute = Some(end);
    let passes = SPANS.map(|span| Pass::new(settings, kept, seen, span, end));
    let mut plans = SPANS.map(|_| Vec::new());
    let ahead = Ahead::new(settings, (kept, seen), previous, end);
    for (at, plan) in settings.plans.iter().enumerate() {
        // A plan's minutes are read once for all windows.
        let series = kept.series(at, seen);
        for (pass, plans) in passes.iter().zip(&mut plans) {
            let mut projection = pass.plan(at, plan, &series);
            if pass.span == FORTNIGHT {
                ahead.look(pass, at, &series, &mut projection);
            }
            plans.push(projection);
        }
    }
    for (pass, plans) in passes.iter().zip(plans) {
        if pass.span == FORTNIGHT {
            report.states = views(settings, &plans, &pass.endpoints(), states);
            if !closed.is_empty() {
                report.closed = pass.closed((kept, seen), &plans, closed);
            }
        }
        report.windows.push(pass.report(plans));
    }
    report
}
