//! The verdict as gauges: what the dashboard and the alert rules read.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::economics::HostPlan;
use crate::economics::projection::{AlternativeKind, Hosted, Projection, Scenario};
use crate::metrics::{
    AlternativeGauge, PlanGauges, PlanInfo, PriceDate, ScenarioGauges, VerdictGauges, WindowGauges,
};
use crate::verdict::{Report, StateView};

/// What a report says, as gauges.
pub(super) fn of(report: &Report) -> VerdictGauges {
    let settings = &report.settings;
    let plans = settings.plans.iter().enumerate();
    let alternatives = report.windows.iter().flat_map(|window| {
        window.alternatives.iter().map(|way| AlternativeGauge {
            alternative: way.name.clone(),
            kind: way.kind.label(),
            window: window.span.label,
            cost_usd: way.cost_usd,
        })
    });
    VerdictGauges {
        plans: plans
            .map(|(i, settings)| plan(report, settings, i))
            .collect(),
        alternatives: alternatives.collect(),
        prices: prices(report),
    }
}

fn plan(report: &Report, settings: &HostPlan, i: usize) -> PlanGauges {
    let windows: Vec<&Projection> = report
        .windows
        .iter()
        .filter_map(|window| window.plans.get(i))
        .collect();
    let own =
        |state: &&StateView| state.kind == AlternativeKind::Selfhost && state.name == settings.name;
    let state = report.states.iter().find(own);
    let shown = windows
        .iter()
        .rev()
        .find_map(|window| window.hosted.as_ref());
    PlanGauges {
        plan: settings.name.clone(),
        info: info(settings),
        verdict: state.map(|state| verdict(report, state)),
        cheaper: state.map(|state| state.cheaper),
        cheaper_since: state.and_then(|state| state.since),
        replicas: shown.map(replicas).unwrap_or_default(),
        windows: windows.into_iter().map(window).collect(),
    }
}

/// The word of the state: the dashboard knows these four.
fn verdict(report: &Report, state: &StateView) -> &'static str {
    let cheapest = report.windows.last().and_then(|window| window.cheapest());
    match cheapest.map(|way| way.kind) {
        _ if state.cheaper => "hosting_cheaper",
        _ if !state.lacks.is_empty() => "not_enough_evidence",
        Some(AlternativeKind::Endpoint) => "endpoint_cheaper",
        Some(AlternativeKind::Stay | AlternativeKind::Selfhost) | None => "api_cheaper",
    }
}

fn info(plan: &HostPlan) -> PlanInfo {
    PlanInfo {
        model: plan.model.clone(),
        gpu: plan.gpu.clone(),
        gpus: plan.gpus.to_string(),
        precision: plan.precision.clone(),
        policy: plan.policy.label().to_owned(),
        throughput_source: plan.throughput.source.label().to_owned(),
    }
}

fn replicas(hosted: &Hosted) -> Vec<(&'static str, f64)> {
    let replicas = hosted.replicas;
    vec![
        ("now", replicas.now),
        ("mean", replicas.mean),
        ("p99", replicas.p99),
        ("peak", replicas.peak),
    ]
}

fn window(projection: &Projection) -> WindowGauges {
    let scenario = |hosted: &Hosted| {
        Scenario::ALL.map(|scenario| {
            let figures = hosted.band.figures(scenario);
            ScenarioGauges {
                scenario: scenario.label(),
                cost_usd: figures.cost_usd,
                savings_usd: figures.savings_usd,
                savings_ratio: figures.savings_ratio,
            }
        })
    };
    WindowGauges {
        window: projection.window.label,
        coverage_ratio: projection.evidence.coverage,
        api_cost: projection.api_cost,
        scenarios: projection.hosted.iter().flat_map(scenario).collect(),
    }
}

/// When the prices and throughputs of the comparison were last looked at.
fn prices(report: &Report) -> Vec<PriceDate> {
    let settings = &report.settings;
    let date = |kind, name: &str, day| {
        Some(PriceDate {
            kind,
            name: name.to_owned(),
            checked_at: start_of(day)?,
        })
    };
    let plans = settings.plans.iter().flat_map(|plan| {
        [
            date("gpu", &plan.name, plan.price.as_of),
            date("throughput", &plan.name, plan.throughput.as_of),
        ]
    });
    let endpoints = settings.endpoints.iter();
    let endpoints = endpoints.map(|endpoint| date("api", &endpoint.name, endpoint.as_of));
    plans.chain(endpoints).flatten().collect()
}

fn start_of(day: Date) -> Option<Timestamp> {
    day.to_zoned(TimeZone::UTC)
        .ok()
        .map(|zoned| zoned.timestamp())
}
