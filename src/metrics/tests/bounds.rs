//! Whatever comes in calls, the number of series is bounded.

use super::*;

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
