//! The two text formats, and the table of all metrics.

use std::collections::BTreeMap;

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
