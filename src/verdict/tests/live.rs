//! From call records to demand.

use jiff::Timestamp;

use super::made::{TODAY, certain, plan, settings, stream};
use crate::call::{CallId, CallRecord, Flag, Origins, Pricing, Role, StreamEnd};
use crate::economics::projection::{DAY, FORTNIGHT};
use crate::money::Pico;
use crate::usage::{TokenUsage, Units, UsageSource};
use crate::verdict::{DAY_MINUTES, States, Verdict, demand_of};

pub(super) fn record(model: &str, capability: &str) -> CallRecord {
    CallRecord {
        call_id: CallId(uuid::Uuid::nil()),
        attempt_of: None,
        started_at: Timestamp::from_second((TODAY * DAY_MINUTES - 5) * 60).unwrap(),
        upstream: "openai".into(),
        role: Role::Provider,
        format: "openai".into(),
        operation: "chat".into(),
        model_requested: None,
        model: Some(model.into()),
        tenant: None,
        dimensions: std::collections::BTreeMap::default(),
        capability: capability.to_owned().into(),
        status: Some(200),
        stream: false,
        end: StreamEnd::Complete,
        complete: true,
        source: Some(UsageSource::Reported),
        tokenizer: None,
        usage: TokenUsage {
            input: Some(2_000),
            output: Some(500),
            ..TokenUsage::default()
        },
        units: Units::default(),
        side: vec![],
        pricing: Pricing::Priced,
        cost_native: None,
        currency: None,
        cost_usd: Some(Pico::from_units(1)),
        cost_lines: vec![],
        price_id: None,
        would_cost_usd: None,
        service_tier: None,
        speed: None,
        region: None,
        origins: Origins::default(),
        thinking: None,
        finish_reason: None,
        response_id: None,
        request_id: None,
        ttft_ms: None,
        duration_ms: 1_000,
        flags: vec![],
    }
}

/// What one call adds: API cost of all, calls the plan takes.
#[track_caller]
fn check(call: &CallRecord, all_usd: f64, taken: f64) {
    let verdict = Verdict::new(settings(vec![plan(certain)], vec![]), States::default());
    verdict.record(call);
    let report = super::made::report(&verdict);
    let window = report.window(DAY).unwrap();
    assert_eq!(window.api_cost.to_f64(), all_usd);
    assert_eq!(window.plans[0].evidence.calls, taken);
}

#[test]
fn a_plan_takes_what_it_names_and_can_do() {
    check(&record("gpt-4o-2024-08-06", "8k"), 1.0, 1.0);
    check(&record("gpt-4o", "32k+schema"), 1.0, 1.0);
    check(&record("gpt-4o", "128k"), 1.0, 0.0);
    check(&record("gpt-4o", "8k+vision"), 1.0, 0.0);
    check(&record("gpt-4.1", "8k"), 1.0, 0.0);
    check(&record("gpt-4o", "not a class"), 1.0, 0.0);
}

#[test]
fn the_classes_of_one_model_stay_apart() {
    let verdict = Verdict::new(settings(vec![plan(certain)], vec![]), States::default());
    for capability in ["8k", "128k", "8k", "8k+vision"] {
        verdict.record(&record("gpt-4o", capability));
    }
    let report = super::made::report(&verdict);
    assert_eq!(report.window(DAY).unwrap().plans[0].evidence.calls, 2.0);
}

#[test]
fn free_calls_gateways_own_hosting_and_batches_are_no_demand() {
    let free = CallRecord {
        pricing: Pricing::Free,
        ..record("gpt-4o", "8k")
    };
    let gateway = CallRecord {
        role: Role::Gateway,
        ..record("gpt-4o", "8k")
    };
    let own = CallRecord {
        role: Role::Own,
        ..record("gpt-4o", "8k")
    };
    let batch = CallRecord {
        operation: "batches".into(),
        ..record("gpt-4o", "8k")
    };
    for call in [free, gateway, own, batch] {
        check(&call, 0.0, 0.0);
    }
}

#[test]
fn a_call_names_its_stream_and_its_doubts() {
    let call = CallRecord {
        flags: vec![Flag::Imported],
        cost_usd: None,
        model: None,
        ..record("gpt-4o", "8k")
    };
    let (name, demand) = demand_of(&call).unwrap();
    assert_eq!(name, stream("unknown", "8k"));
    assert!(demand.imported && demand.cost_usd.is_none());
}

#[test]
fn live_calls_and_kept_minutes_add_up() {
    let verdict = Verdict::new(settings(vec![plan(certain)], vec![]), States::default());
    let at = TODAY * DAY_MINUTES - 5;
    verdict.load(
        [(stream("gpt-4o", "8k"), at, super::made::minute(60, 5_000))],
        [],
    );
    for _ in 0..40 {
        verdict.record(&record("gpt-4o-2024-08-06", "8k"));
    }
    let report = super::made::report(&verdict);
    let window = report.window(FORTNIGHT).unwrap();
    assert_eq!(window.plans[0].evidence.calls, 100.0);
    assert_eq!(window.api_cost, Pico(40_300_000_000_000));
    // The next day the minute is compacted and still whole.
    let tomorrow = Timestamp::from_second((TODAY + 1) * 86_400).unwrap();
    assert!(verdict.tick(tomorrow));
    let window = verdict.report().window(FORTNIGHT).unwrap().clone();
    assert_eq!(window.plans[0].evidence.calls, 100.0);
}

#[test]
fn a_minute_is_computed_once() {
    let verdict = Verdict::new(settings(vec![], vec![]), States::default());
    let now = Timestamp::from_second(TODAY * 86_400).unwrap();
    assert!(verdict.tick(now));
    assert!(!verdict.tick(now + jiff::SignedDuration::from_secs(59)));
    assert!(verdict.tick(now + jiff::SignedDuration::from_secs(60)));
}

#[test]
fn what_is_older_than_five_weeks_is_forgotten() {
    let verdict = Verdict::new(settings(vec![plan(certain)], vec![]), States::default());
    verdict.record(&record("gpt-4o", "8k"));
    let later = Timestamp::from_second((TODAY + 36) * 86_400).unwrap();
    verdict.tick(later);
    let kept = verdict.kept();
    assert_eq!(kept.pools()[0].days.sums(&(0..i64::MAX)), [0; 8]);
}
