//! The table of all metrics, as users read it: in `tests/golden` and in `docs/metrics.md`.
//!
//! `UPDATE_GOLDEN=1 cargo test --lib metrics` writes both anew.
#![cfg(target_os = "linux")]

use std::collections::BTreeMap;

use super::*;

const PAGE_HEAD: &str = "\
# Metrics

All families that `GET /metrics` on the admin listener can show, made from the table in \
`src/metrics/family.rs`. Money is in dollars, time in seconds, space in bytes. A gauge without a value is \
absent, never 0. A counter begins at 0 in each process; a sum over all its labels means something, unless \
its meaning says otherwise. Past `max_label_values` (200), a label's value is `other`. The \
dashboards of `dashboards/` and the alert rules of `config/alerts/` read these and nothing else.

| name | type | labels | meaning |
| --- | --- | --- | --- |
";

/// One family as it is written down.
struct Row {
    kind: &'static str,
    labels: &'static [&'static str],
    help: String,
}

fn rows() -> BTreeMap<String, Row> {
    let own = ALL.iter().map(|family| {
        let row = Row {
            kind: family.kind.label(),
            labels: family.labels,
            help: family.help.to_owned(),
        };
        (family.name.to_owned(), row)
    });
    let process = super::render::of_process();
    let process = process.iter().map(|family| {
        let total = family.name().ends_with("_total");
        let kind = if total { Kind::Counter } else { Kind::Gauge };
        let row = Row {
            kind: kind.label(),
            labels: &[],
            help: family.help().to_owned(),
        };
        (family.name().to_owned(), row)
    });
    own.chain(process).collect()
}

#[track_caller]
fn check(path: &str, text: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        golden == text,
        "UPDATE_GOLDEN=1 writes {}:\n{text}",
        path.display()
    );
}

#[test]
fn the_table_is_what_the_golden_file_says() {
    let entry = |(name, row): (String, Row)| {
        let Row { kind, labels, help } = row;
        format!("{name} {kind} {{{}}}\n    {help}\n", labels.join(","))
    };
    let table: String = rows().into_iter().map(entry).collect();
    check("tests/golden/metrics.txt", &table);
}

#[test]
fn the_page_has_every_family() {
    let entry = |(name, row): (String, Row)| {
        let Row { kind, labels, help } = row;
        format!("| `{name}` | {kind} | {} | {help} |\n", labels.join(", "))
    };
    let table: String = rows().into_iter().map(entry).collect();
    check("docs/metrics.md", &format!("{PAGE_HEAD}{table}"));
}
