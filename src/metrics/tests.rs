//! What a scraper reads after some calls.

use std::collections::BTreeMap;

use super::*;
use crate::call::{CostLine, Flag, LineKind, Pricing, StreamEnd, tests::full};
use crate::money::Pico;
use crate::usage::{SideUsage, TokenUsage, UsageSource};

fn settings() -> Settings {
    Settings {
        upstreams: vec![
            ("openai".into(), Role::Provider),
            ("litellm".into(), Role::Gateway),
        ],
        models: vec![("openai".into(), "gpt-4o".into())],
        tenants: vec!["search".into()],
        label_values_max: 3,
    }
}

/// A priced, streamed call of a known model and tenant.
fn call() -> CallRecord {
    CallRecord {
        model: Some("gpt-4o".into()),
        usage: TokenUsage {
            input: Some(100),
            output: Some(11),
            ..TokenUsage::default()
        },
        cost_usd: Some(Pico(30)),
        cost_lines: vec![line(LineKind::Input, 10), line(LineKind::Output, 20)],
        side: Vec::new(),
        flags: Vec::new(),
        ttft_ms: Some(200),
        duration_ms: 1200,
        ..full()
    }
}

fn line(kind: LineKind, pico: i128) -> CostLine {
    CostLine {
        kind,
        model: None,
        quantity: 1,
        rate: "1".parse().unwrap(),
        cost_native: Pico(pico),
        cost_usd: Pico(pico),
    }
}

fn scrape(metrics: &Metrics) -> String {
    metrics.render(Format::Text, Timestamp::from_second(1_000_000).unwrap())
}

/// Records the calls and expects each line; one that begins with `!` must not begin any line.
#[track_caller]
fn check(calls: &[CallRecord], expected: &[&str]) {
    let metrics = Metrics::new(&settings());
    for call in calls {
        metrics.record(call);
    }
    expect(&scrape(&metrics), expected);
}

#[track_caller]
fn expect(text: &str, expected: &[&str]) {
    for line in expected {
        if let Some(start) = line.strip_prefix('!') {
            assert!(
                !text.lines().any(|seen| seen.starts_with(start)),
                "{start} in:\n{text}"
            );
        } else {
            let name = line.split(['{', ' ']).next().unwrap_or_default();
            let like: Vec<&str> = text.lines().filter(|seen| seen.starts_with(name)).collect();
            assert!(like.contains(line), "no {line} in:\n{}", like.join("\n"));
        }
    }
}

#[test]
fn what_is_configured_is_shown_as_zero_before_the_first_call() {
    check(
        &[],
        &[
            r#"tollgate_calls_total{upstream="openai",model="gpt-4o",tenant="search",operation="chat",code="200"} 0"#,
            r#"tollgate_input_tokens_total{upstream="openai",model="gpt-4o",tenant="none"} 0"#,
            r#"tollgate_api_cost_usd_total{upstream="openai",model="gpt-4o",tenant="other",kind="output"} 0"#,
            r#"tollgate_unpriced_calls_total{upstream="openai",model="gpt-4o"} 0"#,
            r#"tollgate_usage_source_total{upstream="openai",model="gpt-4o",source="unknown"} 0"#,
            r#"tollgate_call_ends_total{upstream="litellm",end="client_gone"} 0"#,
            r#"tollgate_unmetered_calls_total{upstream="openai",reason="ledger_behind"} 0"#,
            r#"tollgate_calls_in_flight{upstream="openai"} 0"#,
            r#"tollgate_label_overflow_total{label="model"} 0"#,
            "tollgate_ledger_errors_total 0",
            "tollgate_config_last_reload_successful 1",
        ],
    );
}

#[test]
fn what_is_not_known_has_no_series() {
    check(
        &[],
        &[
            "!tollgate_selfhost_",
            "!tollgate_alternative_",
            "!tollgate_spend_",
            "!tollgate_price_age_seconds",
            "!tollgate_ledger_size_bytes",
            "!tollgate_config_last_reload_success_timestamp_seconds",
        ],
    );
}

#[test]
fn a_call_is_counted_once_in_each_family() {
    let labels = r#"{upstream="openai",model="gpt-4o",tenant="search""#;
    check(
        &[call(), call()],
        &[
            &format!(r#"tollgate_calls_total{labels},operation="chat",code="200"}} 2"#),
            &format!("tollgate_input_tokens_total{labels}}} 200"),
            &format!("tollgate_output_tokens_total{labels}}} 22"),
            &format!("tollgate_cache_read_input_tokens_total{labels}}} 0"),
            &format!(r#"tollgate_api_cost_usd_total{labels},kind="input"}} 0.00000000002"#),
            &format!(r#"tollgate_api_cost_usd_total{labels},kind="output"}} 0.00000000004"#),
            r#"tollgate_usage_source_total{upstream="openai",model="gpt-4o",source="reported"} 2"#,
            r#"tollgate_call_ends_total{upstream="openai",end="complete"} 2"#,
        ],
    );
}

#[test]
fn times_and_sizes_are_observed_in_base_units() {
    let of = r#"upstream="openai",model="gpt-4o""#;
    check(
        &[call()],
        &[
            &format!(r#"tollgate_call_duration_seconds_sum{{{of},stream="true"}} 1.2"#),
            &format!(r#"tollgate_call_duration_seconds_bucket{{{of},stream="true",le="1"}} 0"#),
            &format!(r#"tollgate_call_duration_seconds_bucket{{{of},stream="true",le="2.5"}} 1"#),
            &format!(r#"tollgate_call_duration_seconds_count{{{of},stream="false"}} 0"#),
            &format!("tollgate_time_to_first_token_seconds_sum{{{of}}} 0.2"),
            // A second for the ten tokens after the first.
            &format!("tollgate_time_per_output_token_seconds_sum{{{of}}} 0.1"),
            r#"tollgate_call_input_tokens_bucket{model="gpt-4o",le="64"} 0"#,
            r#"tollgate_call_input_tokens_bucket{model="gpt-4o",le="256"} 1"#,
        ],
    );
}

#[test]
fn a_cut_stream_tells_nothing_about_time_per_token() {
    let cut = CallRecord {
        end: StreamEnd::ClientGone,
        ..call()
    };
    let count =
        r#"tollgate_time_per_output_token_seconds_count{upstream="openai",model="gpt-4o"} 0"#;
    check(&[cut], &[count]);
}

#[test]
fn an_unpriced_call_adds_no_money_and_is_counted() {
    let unpriced = CallRecord {
        pricing: Pricing::Unpriced,
        cost_usd: None,
        cost_lines: Vec::new(),
        flags: vec![Flag::NoPrice],
        ..call()
    };
    check(
        &[unpriced],
        &[
            r#"tollgate_unpriced_calls_total{upstream="openai",model="gpt-4o"} 1"#,
            r#"tollgate_api_cost_usd_total{upstream="openai",model="gpt-4o",tenant="search",kind="input"} 0"#,
            r#"tollgate_flagged_calls_total{upstream="openai",flag="no_price"} 1"#,
        ],
    );
}

#[test]
fn a_listing_has_no_model_no_source_and_no_tenant() {
    let listing = CallRecord {
        model: None,
        model_requested: None,
        tenant: None,
        source: None,
        stream: false,
        operation: "models".into(),
        pricing: Pricing::Free,
        ..call()
    };
    check(
        &[listing],
        &[
            r#"tollgate_calls_total{upstream="openai",model="none",tenant="none",operation="models",code="200"} 1"#,
            r#"tollgate_usage_source_total{upstream="openai",model="none",source="unknown"} 0"#,
        ],
    );
}

#[test]
fn a_call_without_an_answer_is_counted_by_how_it_ended() {
    let failed = CallRecord {
        status: None,
        end: StreamEnd::UpstreamFailed,
        source: Some(UsageSource::Unknown),
        ..call()
    };
    check(
        &[failed],
        &[
            r#"tollgate_calls_total{upstream="openai",model="gpt-4o",tenant="search",operation="chat",code="upstream_failed"} 1"#,
        ],
    );
}

#[test]
fn a_client_cannot_make_series() {
    let invented = CallRecord {
        model: None,
        model_requested: Some("invented".into()),
        pricing: Pricing::Unpriced,
        ..call()
    };
    let refused = CallRecord {
        model: Some("invented".into()),
        status: Some(404),
        ..call()
    };
    let hashed = CallRecord {
        tenant: Some("key-1f".into()),
        ..call()
    };
    check(
        &[invented, refused, hashed],
        &[
            r#"tollgate_unpriced_calls_total{upstream="openai",model="other"} 1"#,
            r#"tollgate_input_tokens_total{upstream="openai",model="gpt-4o",tenant="other"} 100"#,
            r#"tollgate_label_overflow_total{label="model"} 0"#,
            r#"!tollgate_unpriced_calls_total{upstream="openai",model="invented"}"#,
        ],
    );
}

#[test]
fn past_the_bound_a_provider_cannot_make_series_either() {
    let named = |name: &str| CallRecord {
        model: Some(name.into()),
        ..call()
    };
    check(
        &[named("a"), named("b"), named("c"), named("d"), named("a")],
        &[
            r#"tollgate_input_tokens_total{upstream="openai",model="a",tenant="search"} 200"#,
            r#"tollgate_input_tokens_total{upstream="openai",model="other",tenant="search"} 200"#,
            r#"tollgate_label_overflow_total{label="model"} 2"#,
        ],
    );
}

#[test]
fn an_upstream_that_invents_codes_is_bounded() {
    let calls: Vec<CallRecord> = (100..300)
        .map(|status| CallRecord {
            status: Some(status),
            ..call()
        })
        .collect();
    let metrics = Metrics::new(&settings());
    for call in &calls {
        metrics.record(call);
    }
    let text = scrape(&metrics);
    let sums = text
        .lines()
        .filter(|line| line.starts_with("tollgate_calls_total{"));
    let counts = sums.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok());
    let counts: Vec<u64> = counts.collect();
    assert_eq!(counts.iter().sum::<u64>(), 200);
    assert!(counts.len() < 80, "{} series", counts.len());
}

#[test]
fn money_behind_a_gateway_is_not_added_twice() {
    let gateway = CallRecord {
        upstream: "litellm".into(),
        role: Role::Gateway,
        ..call()
    };
    check(
        &[gateway],
        &[
            r#"tollgate_gateway_cost_usd_total{upstream="litellm",model="gpt-4o",tenant="search"} 0.00000000003"#,
            r#"!tollgate_api_cost_usd_total{upstream="litellm""#,
        ],
    );
}

#[test]
fn side_inference_is_borne_by_its_call() {
    let side = SideUsage {
        kind: "compaction".into(),
        model: Some("another".into()),
        input_tokens: Some(7),
        cached_input_tokens: Some(3),
        cache_write_tokens: None,
        output_tokens: Some(2),
    };
    let labels = r#"{upstream="openai",model="gpt-4o",tenant="search"}"#;
    check(
        &[CallRecord {
            side: vec![side],
            ..call()
        }],
        &[
            &format!("tollgate_input_tokens_total{labels} 107"),
            &format!("tollgate_output_tokens_total{labels} 13"),
            &format!("tollgate_cache_read_input_tokens_total{labels} 3"),
        ],
    );
}

#[test]
fn dollars_beyond_a_million_lose_nothing_before_they_are_written() {
    // Ten million dollars in steps of one picodollar beside it: a float sum would drop them.
    let large = CallRecord {
        cost_lines: vec![line(LineKind::Input, 10_i128.pow(19))],
        ..call()
    };
    let small = CallRecord {
        cost_lines: vec![line(LineKind::Input, 500_000)],
        ..call()
    };
    let mut calls = vec![large];
    calls.extend(std::iter::repeat_n(small, 2000));
    check(
        &calls,
        &[
            r#"tollgate_api_cost_usd_total{upstream="openai",model="gpt-4o",tenant="search",kind="input"} 10000000.001"#,
        ],
    );
}

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
            r#"tollgate_late_end_total{upstream="openai",reason="ack_timeout"} 1"#,
            r#"tollgate_late_end_total{upstream="openai",reason="journal_failed"} 0"#,
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
    expect(
        &scrape(&metrics),
        &[
            r#"tollgate_spend_today_usd{upstream="openai",model="gpt-4o",tenant="other"} 2"#,
            r#"tollgate_spend_yesterday_usd{upstream="openai",model="gpt-4o",tenant="search"} 0"#,
            r#"tollgate_spend_all_time_usd{upstream="openai",model="gpt-4o",tenant="search"} 3"#,
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
            cheaper: Some(true),
            cheaper_since: Some(Timestamp::from_second(500).unwrap()),
            replicas: vec![("peak", 2.0)],
            windows: vec![WindowGauges {
                window: "14d",
                coverage_ratio: 1.0,
                api_cost: Pico::from_units(100),
                scenarios: vec![scenario],
            }],
        }],
        alternatives: vec![AlternativeGauge {
            alternative: "api".into(),
            kind: "stay",
            window: "14d",
            cost_usd: 100.0,
        }],
        prices: vec![PriceDate {
            kind: "gpu",
            name: "h100".into(),
            checked_at: Timestamp::from_second(999_000).unwrap(),
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
            r#"tollgate_alternative_cost_usd{alternative="api",kind="stay",window="14d"} 100"#,
            r#"tollgate_price_age_seconds{kind="gpu",name="h100"} 1000"#,
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

#[test]
fn openmetrics_names_a_counter_without_its_suffix_and_marks_the_end() {
    let metrics = Metrics::new(&settings());
    metrics.record(&call());
    let text = metrics.render(Format::OpenMetrics, Timestamp::UNIX_EPOCH);
    expect(
        &text,
        &[
            "# TYPE tollgate_input_tokens counter",
            r#"tollgate_input_tokens_total{upstream="openai",model="gpt-4o",tenant="search"} 100"#,
            r#"tollgate_call_input_tokens_bucket{model="gpt-4o",le="1.0"} 0"#,
            r#"tollgate_call_input_tokens_bucket{model="gpt-4o",le="+Inf"} 1"#,
            "tollgate_ledger_pending_records 0",
        ],
    );
    assert!(text.ends_with("\n# EOF\n"));
}

#[test]
fn a_format_is_chosen_by_accept() {
    let prometheus =
        "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3";
    assert_eq!(Format::negotiate(Some(prometheus)), Format::OpenMetrics);
    assert_eq!(Format::negotiate(Some("*/*")), Format::Text);
    assert_eq!(Format::negotiate(None), Format::Text);
}

/// The table as users read it; `UPDATE_GOLDEN=1 cargo test --lib metrics` writes it anew.
#[test]
#[cfg(target_os = "linux")]
fn the_table_is_what_the_golden_file_says() {
    let own = ALL.iter().map(|f| {
        (
            f.name.to_owned(),
            f.kind.label(),
            f.labels,
            f.help.to_owned(),
        )
    });
    let process = super::render::of_process();
    let process = process.iter().map(|family| {
        let total = family.name().ends_with("_total");
        let kind = if total { Kind::Counter } else { Kind::Gauge };
        (
            family.name().to_owned(),
            kind.label(),
            [].as_slice(),
            family.help().to_owned(),
        )
    });
    let table: BTreeMap<String, String> = own
        .chain(process)
        .map(|(name, kind, labels, help)| {
            let entry = format!("{name} {kind} {{{}}}\n    {help}\n", labels.join(","));
            (name, entry)
        })
        .collect();
    let table: String = table.into_values().collect();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/metrics.txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(path, &table).unwrap();
    }
    let golden = std::fs::read_to_string(path).unwrap_or_default();
    assert!(golden == table, "UPDATE_GOLDEN=1 writes {path}:\n{table}");
}
