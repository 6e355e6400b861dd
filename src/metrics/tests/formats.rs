//! The two text formats.

use super::*;

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
