//! The verdict as an answer of the API: words first, then every figure they stand on.
//!
//! What was paid (`api_cost_usd`) is exact and a string; what would be paid is an estimate and a
//! number.

mod hosting;
mod standing;
mod steps;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::economics::assumptions::Parameter;
use crate::economics::band::Deviation;
use crate::economics::price::ratio;
use crate::economics::projection::{
    Alternative, Band, ChosenOn, Commitment, Committed, EndpointProjection, Evidence, Figures,
    Hosted, Latency, OptimisedProjection, Outlook, Projection, Scenario, Spread, Trend,
};
use crate::economics::rival::{Part, Rival};
use crate::economics::routing::{Routing, routing_breakeven_share};
use crate::economics::{Arm, Endpoint, HostPlan};
use crate::verdict::{Report, ReservedView, StateView, WindowReport, words};

use standing::{age_days, api_prices, moved};
pub(crate) use steps::steps;

/// The answer of `/api/v1/breakeven`.
pub(super) fn json(report: &Report) -> Value {
    let until = report
        .end_minute
        .and_then(|minute| Timestamp::from_second(minute.saturating_mul(60)).ok());
    json!({
        "currency": "USD",
        "timezone": "UTC",
        "until": until,
        "headline": standing::headline(report),
        "words": words(report),
        "states": report.states.iter().map(state).collect::<Vec<_>>(),
        "windows": report.windows.iter().map(|at| window(report, at)).collect::<Vec<_>>(),
        "hosting": hosting::hosting(report),
    })
}

fn state(state: &StateView) -> Value {
    let StateView {
        name,
        kind,
        cheaper,
        since,
        lacks,
    } = state;
    json!({
        "name": name,
        "kind": kind.label(),
        "cheaper": cheaper,
        "since": since,
        "not_enough_evidence": lacks.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}

pub(super) fn window(report: &Report, window: &WindowReport) -> Value {
    let settings = &report.settings;
    let months = standing::months(window);
    let WindowReport {
        span,
        api_cost,
        reserved,
        evidence: seen,
        hours,
        plans,
        endpoints,
        optimised: cheaper,
        rival: best,
        alternatives,
    } = window;
    json!({
        "window": span.label,
        "api_cost_usd": api_cost,
        "reserved": reserved.iter().map(rented).collect::<Vec<_>>(),
        "observed_hours": hours,
        "evidence": evidence(seen),
        "alternatives": alternatives.iter().map(alternative).collect::<Vec<_>>(),
        "rival": rival(best, api_cost.to_f64()),
        "api_prices": api_prices(report, |_| true),
        "plans": settings.plans.iter().zip(plans).enumerate()
            .map(|(at, both)| plan((report, months), at, both)).collect::<Vec<_>>(),
        "endpoints": settings.endpoints.iter().zip(endpoints).enumerate()
            .map(|(at, both)| endpoint((report, months), at, both)).collect::<Vec<_>>(),
        "optimised": settings.optimised.iter().zip(cheaper).enumerate()
            .map(|(at, both)| optimised(report, at, both)).collect::<Vec<_>>(),
    })
}

fn rented(ReservedView { name, cost, worth }: &ReservedView) -> Value {
    json!({ "name": name, "cost_usd": cost, "worth_usd": worth })
}

pub(crate) fn alternative(way: &Alternative) -> Value {
    json!({ "name": way.name, "kind": way.kind.label(), "cost_usd": way.cost_usd })
}

fn evidence(evidence: &Evidence) -> Value {
    let Evidence {
        coverage,
        calls,
        days_observed,
        doubtful_share,
        imported_calls,
        capture_ratio,
    } = evidence;
    json!({
        "coverage": coverage,
        "calls": calls,
        "days_observed": days_observed,
        "doubtful_share": doubtful_share,
        "imported_calls": imported_calls,
        "imported_share": ratio(*imported_calls, calls.max(*imported_calls)),
        "capture_ratio": capture_ratio,
    })
}

fn band(band: &Band) -> Value {
    let scenario = |scenario: Scenario| {
        let value = figures(band.figures(scenario));
        (scenario.label().to_owned(), value)
    };
    Value::Object(Scenario::ALL.map(scenario).into_iter().collect())
}

fn figures(figures: &Figures) -> Value {
    json!({
        "cost_usd": figures.cost_usd,
        "savings_usd": figures.savings_usd,
        "savings_ratio": figures.savings_ratio,
    })
}

fn sensitivity(band: &Band) -> Value {
    let one = |deviation: &Deviation| {
        let Deviation {
            parameter,
            low_usd,
            high_usd,
        } = deviation;
        json!({ "parameter": parameter, "low_usd": low_usd, "high_usd": high_usd })
    };
    band.sensitivity.iter().map(one).collect()
}

fn plan(
    (report, months): (&Report, f64),
    at: usize,
    (plan, projection): (&HostPlan, &Projection),
) -> Value {
    let worth = projection
        .hosted
        .as_ref()
        .map_or(&[][..], |it| &it.moved_usd);
    json!({
        "plan": projection.plan,
        "alert": plan.alert,
        "api_cost_usd": projection.api_cost,
        "committed": committed(&projection.committed),
        "evidence": evidence(&projection.evidence),
        "throughput": {
            "source": plan.throughput.source.label(),
            "cite": plan.throughput.cite,
            "as_of": plan.throughput.as_of.to_string(),
            "age_days": age_days(report, plan.throughput.as_of.earliest()),
        },
        "api_prices": api_prices(report, |stream| stream.plans.contains(&at)),
        "price": {
            "usd_per_replica_hour": plan.price.usd_per_hour,
            "term_months": plan.price.term_months,
            "source": plan.price.source,
            "as_of": plan.price.as_of.to_string(),
            "age_days": age_days(report, plan.price.as_of.earliest()),
        },
        "policy": plan.policy.label(),
        "nobodys_measurement": keys(&plan.assumed),
        "latency": latency(projection.latency),
        "steps": projection.steps.as_ref().map(steps),
        "hosted": projection.hosted.as_ref().map(hosted),
        "moved_defaults": moved(&plan.moved, worth, plan.basis.as_ref(), months),
        "best_endpoint": projection.best_endpoint.as_ref().map(alternative),
        "best_optimised": projection.best_optimised.as_ref().map(alternative),
        "rival": rival(&projection.rival, projection.api_cost.to_f64()),
        "calls_per_day": projection.calls_per_day,
        "tokens_per_day": projection.tokens_per_day,
        "api_usd_per_mtok": projection.api_usd_per_mtok(),
        "breakeven_calls_per_day": breakeven(projection, |(calls, _)| calls),
        "breakeven_tokens_per_day": breakeven(projection, |(_, tokens)| tokens),
        "outlook": projection.outlook.as_ref().map(|it| outlook(report, it)),
    })
}

/// What hosting must beat: arms together, each on the calls on which it saves most; without parts
/// staying.
fn rival(rival: &Rival, api_usd: f64) -> Value {
    let part = |Part {
                    name,
                    kind,
                    saved_usd,
                }: &Part| json!({ "name": name, "kind": kind.label(), "saved_usd": saved_usd });
    json!({
        "parts": rival.parts.iter().map(part).collect::<Vec<_>>(),
        "cost_usd": rival.cost_usd(api_usd),
    })
}

/// What is paid whether the calls are moved or not.
fn committed(committed: &[Committed]) -> Value {
    let one = |Committed { cost, avoidable }: &Committed| json!({ "api_cost_usd": cost, "avoidable": avoidable.to_string() });
    committed.iter().map(one).collect()
}

pub(crate) fn hosted(hosted: &Hosted) -> Value {
    let chosen_on = match hosted.chosen_on {
        ChosenOn::PreviousWindow => "previous_window",
        ChosenOn::Hindsight => "hindsight",
        ChosenOn::Nothing => "nothing",
    };
    json!({
        "scenarios": band(&hosted.band),
        "all_at_worst": figures(&hosted.band.all_at_worst),
        "sensitivity": sensitivity(&hosted.band),
        "replicas": {
            "now": hosted.replicas.now,
            "mean": hosted.replicas.mean,
            "p99": hosted.replicas.p99,
            "peak": hosted.replicas.peak,
            "chosen_on": chosen_on,
        },
        "utilisation": hosted.utilisation,
        "short_ratio": hosted.short_ratio,
        "burst_ratio": hosted.burst_ratio,
        "overflow_usd": hosted.overflow_usd,
        "usd_per_mtok": hosted.usd_per_mtok,
        "commitment": hosted.commitment.as_ref().map(commitment),
    })
}

fn commitment(commitment: &Commitment) -> Value {
    json!({
        "up_front_usd": commitment.up_front_usd,
        "months": commitment.months,
        "net_usd": spread(commitment.net_usd),
        "payback_months": spread(commitment.payback_months),
        "pays": commitment.pays(),
    })
}

/// A value by scenario.
fn spread<T: Copy + Into<Value>>(spread: Spread<T>) -> Value {
    let one = |scenario: Scenario| (scenario.label().to_owned(), spread.at(scenario).into());
    Value::Object(Scenario::ALL.map(one).into_iter().collect())
}

/// The limit on the time per output token, and whether the machines can hold it.
pub(crate) fn latency(latency: Latency) -> Value {
    match latency {
        Latency::Held(limit) => json!({ "seconds_per_output_token": limit, "held": true }),
        Latency::Infeasible(limit) => json!({ "seconds_per_output_token": limit, "held": false }),
        Latency::NotChecked => Value::Null,
    }
}

/// Null where it was not searched: only the longest window is. A null inside means "never".
fn breakeven(projection: &Projection, of: fn((f64, f64)) -> f64) -> Value {
    let Some(found) = projection.breakeven else {
        return Value::Null;
    };
    let volume = |scale: Option<f64>| projection.volume_at(scale?).map(of);
    json!({ "first": volume(found.first), "robust": volume(found.robust) })
}

/// A null growth: too few complete days, or one without calls. A null date: never within ten years.
fn outlook(report: &Report, outlook: &Outlook) -> Value {
    let Outlook { days, trend } = outlook;
    let date = |days: f64| report.after_days(days);
    let growth = trend.map(|Trend { growth, .. }| {
        json!({ "low": growth.low, "expected": growth.per_day, "high": growth.high })
    });
    let at = |trend: &Trend| {
        let one = |scenario: Scenario| {
            let at = trend.breakeven_days.at(scenario).and_then(date);
            (scenario.label().to_owned(), json!(at))
        };
        Value::Object(Scenario::ALL.map(one).into_iter().collect())
    };
    json!({
        "complete_days": days,
        "growth_per_day": growth,
        "breakeven_at": trend.as_ref().map(at),
    })
}

fn endpoint(
    (report, months): (&Report, f64),
    at: usize,
    (endpoint, projection): (&Endpoint, &EndpointProjection),
) -> Value {
    let arm = &endpoint.arm;
    json!({
        "endpoint": projection.endpoint,
        "alert": endpoint.alert,
        "price": price(report, arm),
        "api_prices": api_prices(report, |stream| stream.endpoints.contains(&at)),
        "nobodys_measurement": keys(&arm.assumed),
        "moved_defaults": moved(&arm.moved, &projection.moved_usd, arm.basis.as_ref(), months),
        "api_cost_usd": projection.api_cost,
        "committed": committed(&projection.committed),
        "evidence": evidence(&projection.evidence),
        "scenarios": band(&projection.band),
        "all_at_worst": figures(&projection.band.all_at_worst),
        "sensitivity": sensitivity(&projection.band),
    })
}

/// Who says what an arm costs, and how long ago.
fn price(report: &Report, arm: &Arm) -> Value {
    json!({ "source": arm.source, "as_of": arm.as_of, "age_days": age_days(report, arm.as_of) })
}

fn keys(parameters: &[Parameter]) -> Vec<&'static str> {
    parameters.iter().map(|parameter| parameter.key()).collect()
}

fn optimised(report: &Report, at: usize, (arm, projection): (&Arm, &OptimisedProjection)) -> Value {
    json!({
        "optimised": projection.optimised,
        "price": price(report, arm),
        "api_prices": api_prices(report, |stream| stream.optimised.contains(&at)),
        "nobodys_measurement": keys(&arm.assumed),
        "api_cost_usd": projection.api_cost,
        "committed": committed(&projection.committed),
        "evidence": evidence(&projection.evidence),
        "scenarios": band(&projection.band),
        "all_at_worst": figures(&projection.band.all_at_worst),
        "sensitivity": sensitivity(&projection.band),
        "routing": projection.routing.as_ref().map(routing),
    })
}

/// A share above 1 is never reached; null: a call to the smaller model saves nothing.
fn routing(routing: &Routing) -> Value {
    let Routing {
        big_usd_per_call,
        small_usd_per_call,
        router_usd_per_call,
        escalation,
    } = routing;
    json!({
        "big_usd_per_call": big_usd_per_call,
        "small_usd_per_call": small_usd_per_call,
        "router_usd_per_call": router_usd_per_call,
        "escalation": escalation,
        "pays_above_share": routing_breakeven_share(routing),
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::economics::projection::{DAY, FORTNIGHT};
    use crate::economics::{CallDemand, DemandMinute, Stream};
    use crate::money::Pico;
    use crate::usage::TokenUsage;
    use crate::verdict::{Settings, States, Verdict};

    /// Minutes of one `gpt-4o` call each, for as many days back from 1 September 2026.
    fn answer(days: i64) -> Value {
        let config = crate::config::load(None, &crate::config::Overrides::default()).unwrap();
        let settings = Settings {
            plans: config.plans.plans.clone(),
            endpoints: config.plans.endpoints.clone(),
            optimised: config.plans.optimised.clone(),
            ..Settings::default()
        };
        let end: Timestamp = "2026-09-01T00:00:00Z".parse().unwrap();
        let usage = TokenUsage {
            input: Some(2_000),
            output: Some(500),
            ..TokenUsage::default()
        };
        let mut minute = DemandMinute::default();
        minute.add(&CallDemand {
            started_ms: 0,
            duration_ms: 5_000,
            usage: &usage,
            side: &[],
            cost_usd: Some(Pico(10_000_000_000)),
            imported: false,
        });
        let stream = Stream {
            upstream: "openai".into(),
            model: "gpt-4o".into(),
            capability: "8k".parse().unwrap(),
        };
        let last = end.as_second() / 60;
        let kept = (last - days * 1_440..last).map(|at| (stream.clone(), at, minute));
        let verdict = Verdict::new(settings, States::default());
        verdict.load(kept, []);
        assert!(verdict.tick(end));
        let report: Arc<Report> = verdict.report();
        json(&crate::app::arm_prices::priced(&report, &config))
    }

    #[test]
    fn a_projection_carries_what_it_stands_on() {
        let answer = answer(30);
        let window = |label| {
            let all = answer["windows"].as_array().unwrap();
            let found = all.iter().find(|window| window["window"] == label);
            found.unwrap().clone()
        };
        let fortnight = window(FORTNIGHT.label);
        let plan = &fortnight["plans"][0];
        assert_eq!(plan["plan"], "llama-70b-2xh100");
        assert_eq!(plan["alert"], false);
        // Paid: exact, a string. Projected: an estimate, a number.
        assert_eq!(plan["api_cost_usd"], "201.6");
        assert!(plan["hosted"]["scenarios"]["expected"]["cost_usd"].is_f64());
        assert_eq!(plan["throughput"]["source"], "published");
        assert_eq!(plan["throughput"]["as_of"], "2025-09-24");
        assert_eq!(plan["price"]["usd_per_replica_hour"], 5.38);
        assert_eq!(plan["policy"], "hybrid");
        assert_eq!(plan["latency"]["held"], true);
        assert_eq!(plan["steps"]["replicas_for_peak"], 1);
        assert_eq!(plan["steps"]["closed_form"]["holds"], true);
        assert_eq!(plan["best_optimised"]["kind"], "optimised");
        assert_eq!(plan["hosted"]["replicas"]["chosen_on"], "previous_window");
        assert_eq!(plan["hosted"]["sensitivity"][0]["parameter"], "people");
        assert_eq!(fortnight["endpoints"][0]["price"]["as_of"], "2025-08-12");
        assert!(plan["breakeven_calls_per_day"].is_object());
        assert_eq!(plan["outlook"]["complete_days"], 30);
        assert!(plan["outlook"]["growth_per_day"]["expected"].is_f64());
        assert!(plan["outlook"]["breakeven_at"]["expected"].is_null());
        assert!(plan["hosted"]["all_at_worst"]["savings_usd"].is_f64());
        let worst = plan["hosted"]["all_at_worst"]["savings_usd"].as_f64();
        assert!(worst < plan["hosted"]["scenarios"]["pessimistic"]["savings_usd"].as_f64());
        let assumed = plan["nobodys_measurement"].as_array().unwrap();
        assert!(assumed.contains(&json!("escalation")));
        assert!(!assumed.contains(&json!("utilisation")));
        // Not searched is not "never".
        assert!(window(DAY.label)["plans"][0]["breakeven_calls_per_day"].is_null());
    }

    #[test]
    fn every_arm_says_how_old_its_prices_are_and_what_nobody_measured() {
        let answer = answer(30);
        let windows = answer["windows"].as_array().unwrap();
        let fortnight = windows.iter().find(|at| at["window"] == "14d").unwrap();
        // What pays for the calls today, as the catalogue has it.
        let today = serde_json::json!([{
            "name": "openai/gpt-4o", "as_of": "2025-07-04", "age_days": 424,
        }]);
        let none = serde_json::json!([]);
        assert_eq!(fortnight["api_prices"], today);
        let named = |kind: &str, key: &str, name: &str| {
            let arms = fortnight[kind].as_array().unwrap();
            arms.iter().find(|arm| arm[key] == name).unwrap().clone()
        };
        let plan = named("plans", "plan", "llama-70b-2xh100");
        let other = named("plans", "plan", "qwen3-235b-8xh100");
        let endpoint = named("endpoints", "endpoint", "groq-llama-70b");
        let optimised = named("optimised", "optimised", "openai-batch");
        assert_eq!(other["api_prices"], none);
        for arm in [&plan, &endpoint, &optimised] {
            assert_eq!(arm["api_prices"], today);
            assert!(arm["price"]["age_days"].as_i64().unwrap() > 0);
            let evidence = &arm["evidence"];
            assert_eq!(evidence["imported_share"], 0.0);
            assert_eq!(evidence["days_observed"], 14);
            assert_eq!(evidence["calls"], 20_160.0);
        }
        // 24 September 2025 to 1 September 2026; 12 August 2025.
        assert_eq!(plan["throughput"]["age_days"], 342);
        assert_eq!(endpoint["price"]["age_days"], 385);
        let quality = [
            "qualifying_share",
            "escalation",
            "token_ratio_in",
            "token_ratio_out",
        ];
        assert_eq!(endpoint["nobodys_measurement"], serde_json::json!(quality));
        // Who wrote the table said which part may wait.
        assert_eq!(
            optimised["nobodys_measurement"],
            serde_json::json!(quality[1..])
        );
    }

    #[test]
    fn the_headline_is_the_cheapest_way_by_name_and_says_when_evidence_is_thin() {
        let headline = |days| answer(days)["headline"].clone();
        let enough = headline(30);
        assert_eq!(enough["name"], "groq-llama-70b");
        assert_eq!(
            (&enough["kind"], &enough["window"]),
            (&"endpoint".into(), &"14d".into())
        );
        assert_eq!(enough["enough_evidence"], true);
        let cost = enough["cost_usd_per_month"].as_f64().unwrap();
        // 43,800 calls a month of 2,000 tokens in and 500 out.
        let by_hand = 43_800.0 * (2_000.0 * 0.59 + 500.0 * 0.79) / 1e6;
        assert!((cost - by_hand).abs() < 1e-6, "{cost} is not {by_hand}");
        let thin = headline(3);
        assert_eq!(thin["enough_evidence"], false);
        assert_eq!(thin["not_enough_evidence"][0], "3 of 14 days were seen");
    }
}
