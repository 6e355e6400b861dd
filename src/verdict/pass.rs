#![expect(
    clippy::float_arithmetic,
    reason = "alternatives are compared as projections"
)]
//! One pass: every plan and endpoint over every window.

use std::sync::{Arc, Mutex, PoisonError};

use super::DAY_MINUTES;
use super::evidence::{Lack, lacks};
use super::gather::{Observed, PoolTotals, buckets};
use super::live::LiveDemand;
use super::report::{Report, StateView, WindowReport};
use super::settings::{Settings, Takers};
use super::state::{DayFacts, States};
use crate::economics::hysteresis::Day;
use crate::economics::ownership::HOURS_PER_MONTH;
use crate::economics::project::{Demand, breakeven, hosted, latency, rented_tokens};
use crate::economics::projection::{
    AlternativeKind, Band, ChosenOn, FORTNIGHT, Hosted, Latency, SPANS, Span,
};
use crate::economics::{Alternative, Endpoint, EndpointProjection, HostPlan, Projection};

/// The name of staying, among alternatives.
const STAY: &str = "stay";
/// Minutes between two searches for the break-even volume, which moves slowly and takes long.
const BREAKEVEN_MINUTES: i64 = 60;
/// The window before must have so many observed minutes to choose replicas on: most of a day.
const CHOOSING_MINUTES_MIN: usize = 1_296;

/// A window that ends at a minute, as a pass sees it.
struct Pass<'a> {
    settings: &'a Settings,
    demand: &'a Mutex<LiveDemand>,
    span: Span,
    now: Observed,
    before: Observed,
    totals: PoolTotals,
}

impl<'a> Pass<'a> {
    fn new(settings: &'a Settings, demand: &'a Mutex<LiveDemand>, span: Span, end: i64) -> Self {
        let start = end.saturating_sub(span.minutes());
        let earlier = start.saturating_sub(span.minutes());
        let live = demand.lock().unwrap_or_else(PoisonError::into_inner);
        Self {
            settings,
            demand,
            span,
            now: Observed::of(&live, start..end),
            before: Observed::of(&live, earlier..start),
            totals: PoolTotals::of(&live, &(start..end)),
        }
    }

    fn plan(&self, at: usize, plan: &HostPlan) -> Projection {
        let live = self.demand.lock().unwrap_or_else(PoisonError::into_inner);
        let now = buckets(&live, &self.now, at);
        let before = if self.before.count >= CHOOSING_MINUTES_MIN {
            buckets(&live, &self.before, at)
        } else {
            Vec::new()
        };
        drop(live);
        let totals = self.totals.sum(|takers| takers.plans.contains(&at));
        let latency = latency(plan, &now);
        let demand = Demand {
            now: &now,
            before: &before,
        };
        let hosted = match latency {
            Latency::Infeasible(_) => None,
            Latency::Held(limit) => hosted(plan, Some(limit), &demand),
            Latency::NotChecked => hosted(plan, None, &demand),
        };
        let days = self.now.hours() / 24.0;
        Projection {
            plan: plan.name.clone(),
            window: self.span,
            api_cost: totals.cost,
            evidence: totals.evidence(&self.now),
            latency,
            hosted,
            best_endpoint: self.best_endpoint(at, totals.cost.to_f64()),
            breakeven: None,
            calls_per_day: if days > 0.0 {
                totals.tokens.calls / days
            } else {
                0.0
            },
        }
    }

    /// The cheapest endpoint for the streams of a plan; what it does not take stays on the API.
    fn best_endpoint(&self, plan: usize, api_usd: f64) -> Option<Alternative> {
        let taken = |at: usize| {
            move |takers: &Takers| takers.plans.contains(&plan) && takers.endpoints.contains(&at)
        };
        let costs = self
            .settings
            .endpoints
            .iter()
            .enumerate()
            .filter_map(|(at, endpoint)| {
                let totals = self.totals.sum(taken(at));
                (totals.tokens.calls > 0.0).then(|| {
                    let usd = totals.cost.to_f64();
                    let band = rented_tokens(endpoint, &totals.tokens, usd);
                    Alternative {
                        name: endpoint.name.clone(),
                        kind: AlternativeKind::Endpoint,
                        cost_usd: api_usd - band.expected.savings_usd,
                    }
                })
            });
        costs.min_by(|x, y| x.cost_usd.total_cmp(&y.cost_usd))
    }

    fn endpoint(&self, at: usize, endpoint: &Endpoint) -> EndpointProjection {
        let totals = self.totals.sum(|takers| takers.endpoints.contains(&at));
        EndpointProjection {
            endpoint: endpoint.name.clone(),
            window: self.span,
            api_cost: totals.cost,
            evidence: totals.evidence(&self.now),
            band: rented_tokens(endpoint, &totals.tokens, totals.cost.to_f64()),
        }
    }

    fn plans(&self) -> Vec<Projection> {
        let plans = self.settings.plans.iter().enumerate();
        plans.map(|(at, plan)| self.plan(at, plan)).collect()
    }

    fn endpoints(&self) -> Vec<EndpointProjection> {
        let endpoints = self.settings.endpoints.iter().enumerate();
        endpoints
            .map(|(at, endpoint)| self.endpoint(at, endpoint))
            .collect()
    }

    /// The volume at which a plan beats every other way, for a projection of this window.
    fn find_breakeven(&self, at: usize, plan: &HostPlan, projection: &mut Projection) {
        let limit = match projection.latency {
            Latency::Held(limit) => Some(limit),
            Latency::NotChecked => None,
            Latency::Infeasible(_) => return,
        };
        let live = self.demand.lock().unwrap_or_else(PoisonError::into_inner);
        let now = buckets(&live, &self.now, at);
        drop(live);
        if projection.evidence.calls > 0.0 {
            projection.breakeven = breakeven(plan, limit, &now, rival_savings(projection));
        }
    }

    fn report(&self, plans: Vec<Projection>) -> WindowReport {
        let all = self.totals.sum(|_| true);
        let endpoints = self.endpoints();
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
        for plan in &plans {
            if let Some(hosted) = &plan.hosted {
                add(&plan.plan, AlternativeKind::Selfhost, &hosted.band);
            }
        }
        // A stable sort: of equals, the one that moves less.
        alternatives.sort_by(|x, y| x.cost_usd.total_cmp(&y.cost_usd));
        WindowReport {
            span: self.span,
            api_cost: all.cost,
            evidence: all.evidence(&self.now),
            hours: self.now.hours(),
            plans,
            endpoints,
            alternatives,
        }
    }
}

/// What the best endpoint already saves on a plan's streams, dollars; not less than nothing.
fn rival_savings(projection: &Projection) -> f64 {
    let api_usd = projection.api_cost.to_f64();
    let best = projection.best_endpoint.as_ref();
    best.map_or(0.0, |best| (api_usd - best.cost_usd).max(0.0))
}

/// The report over the windows that end at `end`.
pub(super) fn report(
    settings: &Arc<Settings>,
    demand: &Mutex<LiveDemand>,
    end: i64,
    previous: &Report,
    states: &States,
) -> Report {
    let mut report = Report::empty(Arc::clone(settings));
    report.end_minute = Some(end);
    for span in SPANS {
        let pass = Pass::new(settings, demand, span, end);
        let mut plans = pass.plans();
        if span == FORTNIGHT {
            let hour = |minute: i64| minute.div_euclid(BREAKEVEN_MINUTES);
            let fresh = previous
                .end_minute
                .is_some_and(|minute| hour(minute) == hour(end));
            let known = previous
                .window(span)
                .map_or(&[][..], |window| &window.plans);
            for (at, (plan, projection)) in settings.plans.iter().zip(&mut plans).enumerate() {
                match known.get(at) {
                    Some(known) if fresh => projection.breakeven = known.breakeven,
                    Some(_) | None => pass.find_breakeven(at, plan, projection),
                }
            }
            report.states = views(settings, &plans, &pass.endpoints(), states);
        }
        report.windows.push(pass.report(plans));
    }
    report
}

/// The held states beside what is missing now.
fn views(
    settings: &Settings,
    plans: &[Projection],
    endpoints: &[EndpointProjection],
    states: &States,
) -> Vec<StateView> {
    let view = |kind, name: &str, lacks: Vec<Lack>| {
        let held = states.of(kind, name);
        StateView {
            name: name.to_owned(),
            kind,
            cheaper: held.hysteresis.cheaper,
            since: held.since,
            lacks,
        }
    };
    let plans = plans.iter().map(|plan| {
        let lacks = plan_lacks(settings, plan);
        view(AlternativeKind::Selfhost, &plan.plan, lacks)
    });
    let endpoints = endpoints.iter().map(|endpoint| {
        let lacks = lacks(settings, &endpoint.evidence, FORTNIGHT, ChosenOn::Nothing);
        view(AlternativeKind::Endpoint, &endpoint.endpoint, lacks)
    });
    plans.chain(endpoints).collect()
}

fn plan_lacks(settings: &Settings, plan: &Projection) -> Vec<Lack> {
    let chosen_on = plan
        .hosted
        .as_ref()
        .map_or(ChosenOn::Nothing, |hosted| hosted.chosen_on);
    lacks(settings, &plan.evidence, plan.window, chosen_on)
}

/// What a closed UTC day says about every plan and endpoint, on the fortnight that ends with it.
pub(super) fn day(settings: &Settings, demand: &Mutex<LiveDemand>, day: i64) -> Vec<DayFacts> {
    let start = day.saturating_mul(DAY_MINUTES);
    let end = start.saturating_add(DAY_MINUTES);
    let pass = Pass::new(settings, demand, FORTNIGHT, end);
    let live = demand.lock().unwrap_or_else(PoisonError::into_inner);
    let coverage = Observed::of(&live, start..end).coverage();
    drop(live);
    let months = pass.now.hours() / HOURS_PER_MONTH;
    let plans = settings
        .plans
        .iter()
        .zip(pass.plans())
        .map(|(plan, projection)| DayFacts {
            kind: AlternativeKind::Selfhost,
            name: plan.name.clone(),
            alert: plan.alert,
            day: plan_lacks(settings, &projection)
                .is_empty()
                .then(|| plan_day(plan, &projection, months, coverage)),
        });
    let endpoints = settings.endpoints.iter().zip(pass.endpoints());
    let endpoints = endpoints.map(|(endpoint, projection)| DayFacts {
        kind: AlternativeKind::Endpoint,
        name: endpoint.name.clone(),
        alert: endpoint.alert,
        day: lacks(settings, &projection.evidence, FORTNIGHT, ChosenOn::Nothing)
            .is_empty()
            .then(|| {
                let saved = projection.band.expected.savings_usd;
                Day {
                    coverage,
                    may_enter: saved >= endpoint.min_saving_usd_per_month * months,
                    ..ratios(&projection.band, projection.api_cost.to_f64(), 0.0)
                }
            }),
    });
    plans.chain(endpoints).collect()
}

/// A plan's day: its savings beyond what the best endpoint saves, over what the API cost.
fn plan_day(plan: &HostPlan, projection: &Projection, months: f64, coverage: f64) -> Day {
    let Some(hosted) = &projection.hosted else {
        return Day {
            ratio: -1.0,
            pessimistic_ratio: -1.0,
            coverage,
            may_enter: false,
        };
    };
    let rival = rival_savings(projection);
    let saved = hosted.band.expected.savings_usd - rival;
    let pays = |hosted: &Hosted| hosted.commitment.is_none_or(|commitment| commitment.pays());
    Day {
        coverage,
        may_enter: saved >= plan.min_saving_usd_per_month * months && pays(hosted),
        ..ratios(&hosted.band, projection.api_cost.to_f64(), rival)
    }
}

/// Savings beyond `rival_usd` over API cost; nothing spent is nothing saved.
fn ratios(band: &Band, api_usd: f64, rival_usd: f64) -> Day {
    let ratio = |savings_usd: f64| {
        if api_usd > 0.0 {
            (savings_usd - rival_usd) / api_usd
        } else {
            -1.0
        }
    };
    Day {
        ratio: ratio(band.expected.savings_usd),
        pessimistic_ratio: ratio(band.pessimistic.savings_usd),
        coverage: 0.0,
        may_enter: false,
    }
}
