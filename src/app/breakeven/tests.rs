//! Made months, as the API says them.

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
        "name": "openai/gpt-4o", "as_of": "2026-08-21", "age_days": 11,
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
