//! The verdict as gauges: what the dashboard and the alert rules read.

use jiff::Timestamp;

use super::arm_prices::start_of;
use crate::economics::HostPlan;
use crate::economics::band::Deviation;
use crate::economics::ownership::HOURS_PER_MONTH;
use crate::economics::projection::{
    AlternativeKind, FORTNIGHT, Hosted, Projection, Scenario, Trend,
};
use crate::metrics::{
    AlertGauge, AlternativeGauge, PlanGauges, PlanInfo, PlanMinute, PriceDate, ScenarioGauges,
    VerdictGauges, WindowGauges,
};
use crate::verdict::{HostedMinutes, Lack, Report, StateView};

/// What a report says, as gauges; `api` are the dates of the prices that calls are billed by.
pub(super) fn of(report: &Report, api: Vec<PriceDate>) -> VerdictGauges {
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
        alerts: alerts(report),
        prices: api.into_iter().chain(prices(report)).collect(),
        hosting: Vec::new(),
    }
}

/// Which plans and endpoints may ever be called cheaper; the examples may not.
fn alerts(report: &Report) -> Vec<AlertGauge> {
    let gauge = |kind: AlternativeKind, name: &str, enabled| AlertGauge {
        alternative: name.to_owned(),
        kind: kind.label(),
        enabled,
    };
    let plans = report.settings.plans.iter();
    let plans = plans.map(|plan| gauge(AlternativeKind::Selfhost, &plan.name, plan.alert));
    let endpoints = report.settings.endpoints.iter();
    let endpoints = endpoints.map(|at| gauge(AlternativeKind::Endpoint, &at.arm.name, at.alert));
    let running = report.settings.running.iter().map(|it| &it.plan);
    let running = running.map(|plan| gauge(AlternativeKind::Api, &plan.name, plan.alert));
    plans.chain(endpoints).chain(running).collect()
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
    let fortnight = windows.iter().copied().find(|at| at.window == FORTNIGHT);
    let hosted = fortnight.and_then(|at| at.hosted.as_ref());
    let trend = fortnight.and_then(|at| at.outlook?.trend);
    PlanGauges {
        plan: settings.name.clone(),
        info: info(settings),
        verdict: state
            .zip(fortnight)
            .map(|(state, fortnight)| verdict(state, fortnight)),
        lacks: state.map(lacks).unwrap_or_default(),
        cheaper: state.map(|state| state.cheaper),
        cheaper_since: state.and_then(|state| state.since),
        replicas: hosted.map(replicas).unwrap_or_default(),
        growth: trend.map(growth).unwrap_or_default(),
        breakeven_at: trend
            .map(|trend| breakeven_at(report, &trend))
            .unwrap_or_default(),
        payback_seconds: hosted.map(payback).unwrap_or_default(),
        breakeven_volumes: fortnight.map(breakeven_volumes).unwrap_or_default(),
        sensitivity_usd: hosted.map(sensitivity).unwrap_or_default(),
        windows: windows.into_iter().map(window).collect(),
    }
}

/// The word of the state: the dashboard knows these eight. It is about the plan's own calls, so another
/// plan that is cheaper for other calls does not change it.
fn verdict(state: &StateView, longest: &Projection) -> &'static str {
    if state.cheaper {
        return "hosting_cheaper";
    }
    if !state.lacks.is_empty() {
        return "not_enough_evidence";
    }
    let Some(hosted) = &longest.hosted else {
        return "too_slow";
    };
    let own = hosted.band.expected.cost_usd;
    let stay = longest.api_cost.to_f64();
    let rival = longest.rival.cost_usd(stay);
    match longest.rival.parts.as_slice() {
        [] if stay <= own => "api_cheaper",
        [best] if rival <= own && best.kind == AlternativeKind::Optimised => "optimised_cheaper",
        [_] if rival <= own => "endpoint_cheaper",
        [_, _, ..] if rival <= own => "together_cheaper",
        _ => "hosting_not_sure",
    }
}

fn lacks(state: &StateView) -> Vec<&'static str> {
    state.lacks.iter().map(Lack::label).collect()
}

fn info(plan: &HostPlan) -> PlanInfo {
    PlanInfo {
        model: plan.model.name.clone(),
        gpu: plan.gpu.name.clone(),
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

fn growth(trend: Trend) -> Vec<(&'static str, f64)> {
    let growth = trend.growth;
    vec![
        ("low", growth.low),
        ("expected", growth.per_day),
        ("high", growth.high),
    ]
}

/// Only the scenarios in which there is such a day.
fn breakeven_at(report: &Report, trend: &Trend) -> Vec<(&'static str, Timestamp)> {
    let at = |scenario: Scenario| {
        let days = trend.breakeven_days.at(scenario)?;
        Some((scenario.label(), report.after_days(days)?))
    };
    Scenario::ALL.into_iter().filter_map(at).collect()
}

/// Only the scenarios in which money up front comes back.
fn payback(hosted: &Hosted) -> Vec<(&'static str, f64)> {
    let paid = hosted.commitment.filter(|paid| paid.up_front_usd > 0.0);
    let at = |scenario: Scenario| {
        let months = paid?.payback_months.at(scenario)?;
        Some((scenario.label(), months_seconds(months)))
    };
    Scenario::ALL.into_iter().filter_map(at).collect()
}

/// Only the bounds that are there in the range that is searched.
fn breakeven_volumes(fortnight: &Projection) -> Vec<(&'static str, f64, f64)> {
    let found = fortnight.breakeven.unwrap_or_default();
    let volume = |(bound, scale): (&'static str, Option<f64>)| {
        let (calls, tokens) = fortnight.volume_at(scale?)?;
        Some((bound, calls, tokens))
    };
    let bounds = [("first", found.first), ("robust", found.robust)];
    bounds.into_iter().filter_map(volume).collect()
}

fn sensitivity(hosted: &Hosted) -> Vec<(&'static str, f64, f64)> {
    let of = |it: &Deviation| (it.parameter, it.low_usd, it.high_usd);
    hosted.band.sensitivity.iter().map(of).collect()
}

/// What the minutes that closed add to the running totals of the plans.
pub(super) fn minutes(report: &Report) -> Vec<PlanMinute> {
    let of = |minute: &HostedMinutes| {
        let HostedMinutes {
            plan,
            qualifying_usd,
            hosted,
        } = minute;
        let cost = hosted.unwrap_or_default();
        let scenario = |at: Scenario| (at.label(), cost.cost_usd.at(at));
        PlanMinute {
            plan: plan.clone(),
            qualifying_usd: *qualifying_usd,
            cost_usd: Scenario::ALL.map(scenario).to_vec(),
            work_replica_seconds: cost.work_replica_seconds,
            replica_seconds: cost.replica_seconds,
            overflow_usd: cost.overflow_usd,
        }
    };
    report.closed.iter().map(of).collect()
}

#[expect(clippy::float_arithmetic, reason = "a payback is an estimate")]
fn months_seconds(months: f64) -> f64 {
    months * HOURS_PER_MONTH * 3_600.0
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
    let hosted = projection.hosted.as_ref();
    WindowGauges {
        window: projection.window.label,
        coverage_ratio: projection.evidence.coverage,
        api_cost: projection.api_cost,
        api_usd_per_mtok: projection.api_usd_per_mtok(),
        usd_per_mtok: hosted.and_then(|hosted| hosted.usd_per_mtok),
        utilization_ratio: hosted.and_then(|hosted| hosted.utilisation),
        short_ratio: hosted.map(|hosted| hosted.short_ratio),
        burst_ratio: hosted.and_then(|hosted| hosted.burst_ratio),
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
            date("gpu", &plan.name, plan.price.as_of.earliest()),
            date("throughput", &plan.name, plan.throughput.as_of.earliest()),
        ]
    });
    let endpoints = settings.endpoints.iter().map(|endpoint| &endpoint.arm);
    let arms = endpoints.chain(&settings.optimised);
    let arms = arms.map(|arm| date("api", &arm.name, arm.as_of));
    plans.chain(arms).flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::economics::projection::{Band, Figures, Replicas};
    use crate::economics::projection::{ChosenOn, Evidence, Latency};
    use crate::economics::rival::{Part, Rival};
    use crate::money::Pico;

    /// An arm that would cost so much instead of 100 dollars.
    #[expect(
        clippy::float_arithmetic,
        reason = "the figures of a test are made here"
    )]
    fn part(kind: AlternativeKind, cost_usd: f64) -> Part {
        Part {
            name: kind.label().into(),
            kind,
            saved_usd: 100.0 - cost_usd,
        }
    }

    /// A fortnight that cost 100 dollars on the API, and `own` and `rented` otherwise.
    fn fortnight(own: Option<f64>, rented: Option<f64>) -> Projection {
        let hosted = |cost_usd| Hosted {
            band: Band {
                expected: Figures {
                    cost_usd,
                    ..Figures::default()
                },
                ..Band::default()
            },
            replicas: Replicas::default(),
            moved_usd: Vec::new(),
            chosen_on: ChosenOn::PreviousWindow,
            utilisation: None,
            short_ratio: 0.0,
            overflow_usd: 0.0,
            burst_ratio: None,
            commitment: None,
            usd_per_mtok: None,
        };
        Projection {
            plan: "llama".into(),
            window: FORTNIGHT,
            api_cost: Pico::from_units(100),
            committed: Vec::new(),
            evidence: Evidence::default(),
            latency: Latency::NotChecked,
            hosted: own.map(hosted),
            best_endpoint: None,
            best_optimised: None,
            rival: Rival::of([rented.map(|cost_usd| part(AlternativeKind::Endpoint, cost_usd))]),
            steps: None,
            breakeven: None,
            outlook: None,
            calls_per_day: 0.0,
            tokens_per_day: 0.0,
            tokens: 0.0,
        }
    }

    #[track_caller]
    fn check(cheaper: bool, lacks: Vec<Lack>, projection: &Projection, word: &str) {
        let state = StateView {
            name: "llama".into(),
            kind: AlternativeKind::Selfhost,
            cheaper,
            since: None,
            lacks,
        };
        assert_eq!(verdict(&state, projection), word);
    }

    #[test]
    fn the_verdict_is_the_plans_own_and_never_says_more_than_is_known() {
        let is = |own, rented, word| check(false, vec![], &fortnight(own, rented), word);
        is(Some(120.0), None, "api_cheaper");
        is(Some(120.0), Some(130.0), "api_cheaper");
        is(Some(100.0), Some(100.0), "api_cheaper");
        is(Some(120.0), Some(90.0), "endpoint_cheaper");
        is(Some(80.0), Some(70.0), "endpoint_cheaper");
        // Cheaper on paper, and the state is not on: an example, or not clear for days in a row.
        is(Some(80.0), Some(90.0), "hosting_not_sure");
        is(Some(80.0), None, "hosting_not_sure");
        is(None, None, "too_slow");
        let rivalled = |rival| Projection {
            rival,
            ..fortnight(Some(80.0), None)
        };
        let batch = part(AlternativeKind::Optimised, 60.0);
        let optimised = rivalled(Rival::of([[batch]]));
        check(false, vec![], &optimised, "optimised_cheaper");
        // 15 dollars less and 10: 75 for both.
        let both = [
            (AlternativeKind::Endpoint, 85.0),
            (AlternativeKind::Optimised, 90.0),
        ];
        let together = Rival::of(both.map(|(kind, cost_usd)| [part(kind, cost_usd)]));
        check(false, vec![], &rivalled(together), "together_cheaper");
        check(
            true,
            vec![],
            &fortnight(Some(80.0), None),
            "hosting_cheaper",
        );
        let thin = vec![Lack::Imported];
        check(
            false,
            thin,
            &fortnight(Some(80.0), None),
            "not_enough_evidence",
        );
    }
}
