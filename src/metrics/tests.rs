//! What a scraper reads after some calls.

use super::*;
use crate::call::{CostLine, Flag, LineKind, Pricing, StreamEnd, tests::full};
use crate::money::Pico;
use crate::usage::{SideUsage, TokenUsage, UsageSource};

mod bounds;
mod formats;
mod shown;
mod table;

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
        times: None,
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
fn what_no_invoice_bills_is_counted_by_who_pays_and_a_gateways_is_not() {
    let paid = |upstream: &str, role, flag| CallRecord {
        upstream: upstream.into(),
        role,
        flags: vec![flag],
        ..call()
    };
    check(
        &[
            call(),
            paid("openai", Role::Provider, Flag::FreeQuota),
            paid("openai", Role::Provider, Flag::Prepaid),
            paid("litellm", Role::Gateway, Flag::Prepaid),
        ],
        &[
            r#"tollgate_settled_cost_usd_total{upstream="openai",settled="free_quota"} 0.00000000003"#,
            r#"tollgate_settled_cost_usd_total{upstream="openai",settled="prepaid"} 0.00000000003"#,
            r#"tollgate_settled_cost_usd_total{upstream="openai",settled="reserved"} 0"#,
            r#"tollgate_settled_cost_usd_total{upstream="litellm",settled="prepaid"} 0"#,
        ],
    );
}

#[test]
fn a_call_of_unknown_tokens_does_not_blame_the_catalogue() {
    let unknown = CallRecord {
        pricing: Pricing::Unpriced,
        source: Some(UsageSource::Unknown),
        cost_usd: None,
        cost_lines: Vec::new(),
        flags: Vec::new(),
        ..call()
    };
    let unlisted = CallRecord {
        flags: vec![Flag::NoPrice],
        ..unknown.clone()
    };
    check(
        &[unknown, unlisted],
        &[
            r#"tollgate_unpriced_calls_total{upstream="openai",model="gpt-4o"} 1"#,
            r#"tollgate_usage_source_total{upstream="openai",model="gpt-4o",source="unknown"} 2"#,
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
fn side_inference_is_no_token_of_the_call() {
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
            &format!("tollgate_input_tokens_total{labels} 100"),
            &format!("tollgate_output_tokens_total{labels} 11"),
            &format!("tollgate_cache_read_input_tokens_total{labels} 0"),
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
