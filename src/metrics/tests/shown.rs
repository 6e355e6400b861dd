//! What is set rather than counted: calls in flight, spend, the verdict, the last reload.

use super::*;

#[test]
fn a_call_is_in_flight_until_it_left() {
    let metrics = Metrics::new(&settings());
    let gate = metrics.gate("openai");
    gate.entered();
    expect(
        &scrape(&metrics),
        &[r#"tollgate_calls_in_flight{upstream="openai"} 1"#],
    );
    gate.left();
    gate.unmetered(Unmetered::LedgerBehind);
    metrics.late_end("openai", LateEnd::AckTimeout);
    expect(
        &scrape(&metrics),
        &[
            r#"tollgate_calls_in_flight{upstream="openai"} 0"#,
            r#"tollgate_unmetered_calls_total{upstream="openai",reason="ledger_behind"} 1"#,
            r#"tollgate_unmetered_calls_total{upstream="openai",reason="journal_failed"} 0"#,
            r#"tollgate_late_end_total{upstream="openai",reason="ack_timeout"} 1"#,
            r#"tollgate_late_end_total{upstream="openai",reason="journal_failed"} 0"#,
        ],
    );
}

#[test]
fn a_budget_is_shown_until_another_one_holds() {
    let metrics = Metrics::new(&settings());
    metrics.set_budgets(vec![("search".into(), Pico::from_units(2_000))]);
    expect(
        &scrape(&metrics),
        &[r#"tollgate_budget_month_usd{tenant="search"} 2000"#],
    );
    metrics.set_budgets(Vec::new());
    assert!(!scrape(&metrics).contains("tollgate_budget_month_usd{"));
}

#[test]
fn what_came_of_asking_for_usage_is_shown_by_outcome() {
    let metrics = Metrics::new(&settings());
    let gate = metrics.gate("openai");
    gate.usage_asked(UsageAsked::Refused);
    gate.usage_asked(UsageAsked::Refused);
    gate.overlong_event();
    expect(
        &scrape(&metrics),
        &[
            r#"tollgate_usage_injected_total{upstream="openai",outcome="refused"} 2"#,
            r#"tollgate_usage_injected_total{upstream="openai",outcome="injected"} 0"#,
            r#"tollgate_usage_injected_total{upstream="litellm",outcome="too_large"} 0"#,
            r#"tollgate_overlong_events_total{upstream="openai"} 1"#,
        ],
    );
}

#[test]
fn spend_is_the_ledgers_and_rows_of_one_name_are_added() {
    let metrics = Metrics::new(&settings());
    let row = |tenant: &str| SpendRow {
        upstream: "openai".into(),
        model: Some("gpt-4o".into()),
        tenant: Some(tenant.into()),
        today: Pico::from_units(1),
        yesterday: Pico::ZERO,
        month: Pico::from_units(2),
        all_time: Pico::from_units(3),
    };
    metrics.set_spend(vec![row("key-1"), row("key-2"), row("search")]);
    metrics.set_month_elapsed(Some(0.5));
    expect(
        &scrape(&metrics),
        &[
            r#"tollgate_spend_today_usd{upstream="openai",model="gpt-4o",tenant="other"} 2"#,
            r#"tollgate_spend_yesterday_usd{upstream="openai",model="gpt-4o",tenant="search"} 0"#,
            r#"tollgate_spend_all_time_usd{upstream="openai",model="gpt-4o",tenant="search"} 3"#,
            "tollgate_month_elapsed_ratio 0.5",
        ],
    );
}

/// A verdict with every value present.
fn verdict() -> VerdictGauges {
    let scenario = ScenarioGauges {
        scenario: "expected",
        cost_usd: 90.0,
        savings_usd: 10.0,
        savings_ratio: Some(0.1),
    };
    VerdictGauges {
        plans: vec![PlanGauges {
            plan: "llama".into(),
            info: PlanInfo {
                gpu: "h100".into(),
                ..PlanInfo::default()
            },
            verdict: Some("hosting_cheaper"),
            lacks: vec!["days"],
            cheaper: Some(true),
            cheaper_since: Some(Timestamp::from_second(500).unwrap()),
            replicas: vec![("peak", 2.0)],
            growth: vec![("expected", 0.012)],
            breakeven_at: vec![("expected", Timestamp::from_second(900).unwrap())],
            payback_seconds: vec![("expected", 600.0)],
            breakeven_volumes: vec![("robust", 5_000.0, 7e6)],
            sensitivity_usd: vec![("people", -30.0, 20.0)],
            windows: vec![WindowGauges {
                window: "14d",
                coverage_ratio: 1.0,
                api_cost: Pico::from_units(100),
                api_usd_per_mtok: Some(2.5),
                usd_per_mtok: Some(2.25),
                utilization_ratio: Some(0.5),
                short_ratio: Some(0.01),
                burst_ratio: Some(3.0),
                scenarios: vec![scenario],
            }],
        }],
        alternatives: vec![AlternativeGauge {
            alternative: "api".into(),
            kind: "stay",
            window: "14d",
            cost_usd: 100.0,
        }],
        alerts: vec![AlertGauge {
            alternative: "llama".into(),
            kind: "selfhost",
            enabled: false,
        }],
        prices: vec![PriceDate {
            kind: "gpu",
            name: "h100".into(),
            checked_at: Timestamp::from_second(999_000).unwrap(),
        }],
        hosting: vec![HostingGauges {
            plan: "llama".into(),
            cost_usd: 40.0,
            avoided_usd: 70.0,
            replicas: Some(2),
            usd_per_hour: Some(8.0),
            api_cheaper: Some(false),
            windows: vec![HostingWindowGauges {
                window: "month",
                cost_usd: 50.0,
                would_cost_usd: 80.0,
                leaving_usd: -30.0,
                usd_per_mtok: Some(0.5),
                busy: Some(0.25),
            }],
        }],
    }
}

#[test]
fn the_verdict_is_shown_as_it_was_decided() {
    let metrics = Metrics::new(&settings());
    metrics.set_verdict(verdict());
    expect(
        &scrape(&metrics),
        &[
            r#"tollgate_selfhost_savings_usd{plan="llama",window="14d",scenario="expected"} 10"#,
            r#"tollgate_selfhost_savings_ratio{plan="llama",window="14d",scenario="expected"} 0.1"#,
            r#"tollgate_selfhost_window_cost_usd{plan="llama",window="14d",scenario="expected"} 90"#,
            r#"tollgate_selfhost_window_api_cost_usd{plan="llama",window="14d"} 100"#,
            r#"tollgate_selfhost_window_coverage_ratio{plan="llama",window="14d"} 1"#,
            r#"tollgate_selfhost_replicas{plan="llama",stat="peak"} 2"#,
            r#"tollgate_selfhost_cheaper{plan="llama"} 1"#,
            r#"tollgate_selfhost_verdict_info{plan="llama",verdict="hosting_cheaper"} 1"#,
            r#"tollgate_selfhost_cheaper_since_timestamp_seconds{plan="llama"} 500"#,
            r#"tollgate_selfhost_verdict_lacks_info{plan="llama",reason="days"} 1"#,
            r#"tollgate_alternative_alert_enabled{alternative="llama",kind="selfhost"} 0"#,
            r#"tollgate_alternative_cost_usd{alternative="api",kind="stay",window="14d"} 100"#,
            r#"tollgate_price_age_seconds{kind="gpu",name="h100"} 1000"#,
            r#"tollgate_selfhost_breakeven_calls_per_day{plan="llama",bound="robust"} 5000"#,
            r#"tollgate_selfhost_breakeven_tokens_per_day{plan="llama",bound="robust"} 7000000"#,
            r#"!tollgate_selfhost_breakeven_calls_per_day{plan="llama",bound="first"}"#,
            r#"tollgate_selfhost_sensitivity_usd{plan="llama",parameter="people",bound="low"} -30"#,
            r#"tollgate_selfhost_sensitivity_usd{plan="llama",parameter="people",bound="high"} 20"#,
            r#"tollgate_selfhost_utilization_ratio{plan="llama",window="14d"} 0.5"#,
            r#"tollgate_selfhost_short_ratio{plan="llama",window="14d"} 0.01"#,
            r#"tollgate_selfhost_burst_ratio{plan="llama",window="14d"} 3"#,
            r#"tollgate_selfhost_cost_usd_per_million_tokens{plan="llama",window="14d"} 2.25"#,
            r#"tollgate_api_cost_usd_per_million_tokens{plan="llama",window="14d"} 2.5"#,
        ],
    );
}

#[test]
fn totals_of_hosting_begin_at_zero_and_outlive_a_new_report() {
    let metrics = Metrics::new(&settings());
    metrics.set_verdict(verdict());
    let total = r#"tollgate_selfhost_cost_usd_total{plan="llama",scenario="optimistic"} "#;
    expect(&scrape(&metrics), &[&format!("{total}0")]);
    let minute = PlanMinute {
        plan: "llama".into(),
        qualifying_usd: 4.0,
        cost_usd: vec![("expected", 3.0), ("optimistic", 2.0)],
        work_replica_seconds: 30.0,
        replica_seconds: 60.0,
        overflow_usd: 0.5,
    };
    let gone = PlanMinute {
        plan: "gone".into(),
        ..minute.clone()
    };
    metrics.hosted(&[minute.clone(), gone]);
    metrics.set_verdict(verdict());
    metrics.hosted(&[minute]);
    expect(
        &scrape(&metrics),
        &[
            r#"tollgate_selfhost_qualifying_cost_usd_total{plan="llama"} 8"#,
            r#"tollgate_selfhost_cost_usd_total{plan="llama",scenario="expected"} 6"#,
            r#"tollgate_selfhost_cost_usd_total{plan="llama",scenario="pessimistic"} 0"#,
            &format!("{total}4"),
            r#"tollgate_selfhost_work_replica_seconds_total{plan="llama"} 60"#,
            r#"tollgate_selfhost_replica_seconds_total{plan="llama"} 120"#,
            r#"tollgate_selfhost_overflow_cost_usd_total{plan="llama"} 1"#,
            r#"!tollgate_selfhost_cost_usd_total{plan="gone""#,
        ],
    );
}

#[test]
fn a_value_that_is_no_number_has_no_series() {
    let metrics = Metrics::new(&settings());
    let mut unknown = verdict();
    let plan = &mut unknown.plans[0];
    plan.cheaper = None;
    plan.cheaper_since = None;
    plan.windows[0].coverage_ratio = f64::NAN;
    plan.windows[0].scenarios[0].savings_ratio = None;
    unknown.alternatives[0].cost_usd = f64::INFINITY;
    metrics.set_verdict(unknown);
    expect(
        &scrape(&metrics),
        &[
            "!tollgate_selfhost_cheaper",
            "!tollgate_selfhost_savings_ratio",
            "!tollgate_selfhost_window_coverage_ratio",
            "!tollgate_alternative_cost_usd",
        ],
    );
}

#[test]
fn a_refused_reload_shows_until_one_succeeds() {
    let metrics = Metrics::new(&settings());
    metrics.config_loaded(Timestamp::from_second(7).unwrap());
    metrics.config_refused();
    expect(
        &scrape(&metrics),
        &[
            "tollgate_config_last_reload_successful 0",
            "tollgate_config_last_reload_success_timestamp_seconds 7",
        ],
    );
}
