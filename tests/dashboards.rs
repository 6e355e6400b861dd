//! Holds dashboards and alert rules to the rules they are written by, without a Grafana or a
//! Prometheus: every query parses, every metric exists, every panel and rule explains itself.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "helpers of tests fail by panicking, and a query has many kinds of nodes"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::fs;
use std::path::{Path, PathBuf};

use promql_parser::parser::{self, Expr, VectorSelector};
use promql_parser::util::{ExprVisitor, walk_expr};
use serde_json::Value;

#[path = "dashboards/alerts.rs"]
mod alerts;
#[path = "dashboards/compared.rs"]
mod compared;
#[path = "dashboards/figures.rs"]
mod figures;
#[path = "dashboards/looks.rs"]
mod looks;

/// Grafana's macros, our variables and what `label_replace` found, as a query is checked with.
const MACROS: [(&str, &str); 7] = [
    ("$__rate_interval", "5m"),
    ("$__range", "1h"),
    ("$job", ".*"),
    ("$instance", ".*"),
    ("$model", ".*"),
    ("$window", "14d"),
    ("\"$1\"", "\"found\""),
];

/// The counter that is read as it stands: what a start found is there at the first scrape, and no
/// `increase` ever shows it.
const OF_THE_START: &str = "tollgate_ledger_damage_total";

fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn read(path: &str) -> String {
    fs::read_to_string(root(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The name and type of every metric users can see.
fn golden() -> BTreeMap<String, String> {
    let text = read("tests/golden/metrics.txt");
    let heads = text.lines().filter(|line| !line.starts_with(' '));
    let words = heads.map(|line| line.split(' ').map(str::to_owned));
    words
        .map(|mut words| (words.next().unwrap(), words.next().unwrap()))
        .collect()
}

/// The family that a sample belongs to, if there is one.
fn family<'a>(golden: &'a BTreeMap<String, String>, sample: &str) -> Option<(&'a str, &'a str)> {
    let found = golden.get_key_value(sample).or_else(|| {
        let ends = ["_bucket", "_sum", "_count"];
        let base = ends.iter().find_map(|end| sample.strip_suffix(end))?;
        golden
            .get_key_value(base)
            .filter(|(_, kind)| *kind == "histogram")
    });
    found.map(|(name, kind)| (name.as_str(), kind.as_str()))
}

/// What is seen on a walk through one query.
#[derive(Default)]
struct Seen {
    selectors: Vec<VectorSelector>,
    /// Those of them that are read without a range, and so as they stand.
    bare: Vec<VectorSelector>,
}

impl ExprVisitor for Seen {
    type Error = Infallible;

    fn pre_visit(&mut self, expr: &Expr) -> Result<bool, Infallible> {
        match expr {
            Expr::VectorSelector(selector) => {
                self.bare.push(selector.clone());
                self.selectors.push(selector.clone());
            }
            Expr::MatrixSelector(range) => self.selectors.push(range.vs.clone()),
            _ => {}
        }
        Ok(true)
    }
}

/// A query with Grafana's macros and our variables put in.
fn filled(query: &str) -> String {
    let fill = |query: String, (name, value): &(&str, &str)| query.replace(name, value);
    MACROS.iter().fold(query.to_owned(), fill)
}

/// Parses a query and holds it to what is true of every query.
#[track_caller]
fn walk(query: &str, place: &str) -> Seen {
    let plain = filled(query);
    assert!(!plain.contains('$'), "{place}: an unknown macro in {query}");
    let expr = parser::parse(&plain).unwrap_or_else(|error| panic!("{place}: {query}: {error}"));
    let mut seen = Seen::default();
    let _ = walk_expr(&mut seen, &expr);
    for selector in &seen.bare {
        // A scrape that failed just then would make everything new: a range looks further back.
        let of_a_moment = selector.offset.is_some();
        assert!(!of_a_moment, "{place}: {selector} is a moment of the past");
    }
    let golden = golden();
    for selector in &seen.selectors {
        let name = selector.name.as_deref().unwrap_or_default();
        if name == "up" {
            continue;
        }
        let known = family(&golden, name);
        assert!(
            known.is_some(),
            "{place}: {name} is not in tests/golden/metrics.txt"
        );
        // Its spelling differs between the two formats a scraper may have read.
        let by_bound = selector
            .matchers
            .matchers
            .iter()
            .any(|matcher| matcher.name == "le");
        assert!(!by_bound, "{place}: a literal bound of {name}");
    }
    seen
}

fn dashboards() -> Vec<(String, Value)> {
    let files = fs::read_dir(root("dashboards"))
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let files = files.filter(|path| path.extension().is_some_and(|end| end == "json"));
    let all: Vec<(String, Value)> = files
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (
                name,
                serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap(),
            )
        })
        .collect();
    let names: BTreeSet<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
    let expected = ["break-even.json", "health.json", "spend.json"];
    assert_eq!(names, BTreeSet::from(expected));
    all
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

/// Each panel with the place to name when it is wrong.
fn panels() -> Vec<(String, Value)> {
    let all = dashboards().into_iter().flat_map(|(file, board)| {
        let panels = list(&board["panels"]).to_vec();
        panels
            .into_iter()
            .map(move |panel| (format!("{file}: {:?}", text(&panel, "title")), panel))
    });
    all.collect()
}

#[test]
fn a_dashboard_loads_as_it_is_and_asks_for_what_it_needs() {
    let mut uids = BTreeSet::new();
    for (file, board) in dashboards() {
        assert_eq!(board["schemaVersion"], 39, "{file}");
        assert_eq!(board["id"], Value::Null, "{file}");
        assert_eq!(board["editable"], false, "{file}");
        assert!(board.get("__inputs").is_none(), "{file}");
        assert!(!board.to_string().contains("${DS_"), "{file}");
        assert!(
            !text(&board, "title").is_empty() && !list(&board["tags"]).is_empty(),
            "{file}"
        );
        assert!(uids.insert(text(&board, "uid").to_owned()), "{file}: uid");
        let variables = list(&board["templating"]["list"]);
        let names: Vec<&str> = variables
            .iter()
            .map(|variable| text(variable, "name"))
            .collect();
        for needed in ["datasource", "job", "instance", "model"] {
            assert!(names.contains(&needed), "{file}: no variable {needed}");
        }
        for variable in variables {
            assert!(!text(variable, "label").is_empty(), "{file}: {variable}");
        }
        assert_eq!(variables[0]["type"], "datasource", "{file}");
        assert_eq!(variables[0]["query"], "prometheus", "{file}");
    }
}

#[test]
fn a_panel_says_what_it_shows_and_in_which_unit() {
    let kinds = ["timeseries", "stat", "bargauge", "table", "text"];
    let units = ["currencyUSD", "s", "percentunit", "short", "bytes"];
    let mut ids = BTreeSet::new();
    for (place, panel) in panels() {
        let kind = text(&panel, "type");
        assert!(kinds.contains(&kind), "{place}: {kind}");
        assert!(text(&panel, "title").len() > 3, "{place}: title");
        assert!(
            text(&panel, "description").ends_with('.'),
            "{place}: description"
        );
        assert!(ids.insert(panel["id"].to_string()), "{place}: id");
        if kind == "text" {
            continue;
        }
        let unit = text(&panel["fieldConfig"]["defaults"], "unit");
        assert!(units.contains(&unit), "{place}: unit {unit:?}");
        assert_eq!(
            text(&panel["datasource"], "uid"),
            "${datasource}",
            "{place}"
        );
        assert!(!list(&panel["targets"]).is_empty(), "{place}: targets");
        for target in list(&panel["targets"]) {
            assert_eq!(
                text(&target["datasource"], "uid"),
                "${datasource}",
                "{place}"
            );
        }
    }
}

#[test]
fn every_query_of_a_dashboard_is_sound() {
    let golden = golden();
    for (place, panel) in panels() {
        for target in list(&panel["targets"]) {
            let query = text(target, "expr");
            let seen = walk(query, &place);
            assert!(
                !seen.selectors.is_empty(),
                "{place}: no selector in {query}"
            );
            for selector in &seen.selectors {
                for label in ["job", "instance"] {
                    let found = selector
                        .matchers
                        .matchers
                        .iter()
                        .any(|m| m.name == label && m.value == ".*");
                    assert!(found, "{place}: {selector} does not match {label}");
                }
            }
            for name in seen.bare.iter().filter_map(|it| it.name.as_deref()) {
                let is_gauge = family(&golden, name).is_some_and(|(_, kind)| kind == "gauge");
                assert!(
                    is_gauge || name == OF_THE_START,
                    "{place}: {name} outside of rate and increase"
                );
            }
            let macros = [
                (&["rate("][..], "[$__rate_interval]"),
                (
                    &["increase(", "resets(", "min_over_time("][..],
                    "[$__range]",
                ),
            ];
            for (functions, range) in macros {
                let uses = functions.iter().map(|name| query.matches(name).count());
                assert_eq!(
                    uses.sum::<usize>(),
                    query.matches(range).count(),
                    "{place}: {functions:?} without {range}"
                );
            }
        }
    }
}

#[test]
fn money_and_rates_begin_at_zero_and_rates_are_not_summed() {
    for (place, panel) in panels() {
        let defaults = &panel["fieldConfig"]["defaults"];
        let queries: Vec<&str> = list(&panel["targets"])
            .iter()
            .map(|target| text(target, "expr"))
            .collect();
        let rate = queries.iter().any(|query| query.contains("rate("));
        // A saving can be negative, as a change can be, and that is the point of it.
        let signed = ["savings", "sensitivity", "offset 7d))) or"];
        let saving = queries
            .iter()
            .any(|query| signed.iter().any(|sign| query.contains(sign)));
        if (rate || text(defaults, "unit") == "currencyUSD") && !saving {
            assert_eq!(defaults["min"], 0, "{place}: min");
        }
        let legend = list(&panel["options"]["legend"]["calcs"]);
        let sums = legend.iter().any(|calc| calc == "sum" || calc == "total");
        assert!(!(rate && sums), "{place}: the legend sums a rate");
    }
}

#[test]
fn a_dashboard_has_words_for_every_verdict() {
    let source = read("src/app/gauges.rs");
    let body = source.split("fn verdict(").nth(1).unwrap();
    let body = body.split("\n}").next().unwrap();
    let words: Vec<&str> = body
        .split('"')
        .filter(|word| word.contains('_') && !word.contains([' ', '.', '(']))
        .collect();
    assert!(words.len() >= 6, "{words:?}");
    let shown = panels().into_iter().filter(|(_, panel)| {
        let targets = list(&panel["targets"]);
        let mut queries = targets.iter().map(|target| text(target, "expr"));
        queries.any(|query| query.contains("tollgate_selfhost_verdict_info"))
    });
    let shown: Vec<(String, Value)> = shown.collect();
    assert!(!shown.is_empty());
    for (place, panel) in shown {
        let renamed = panel["transformations"].to_string();
        for word in &words {
            let words = format!("(.*): {word}\"");
            assert!(renamed.contains(&words), "{place}: {word}");
        }
    }
}
