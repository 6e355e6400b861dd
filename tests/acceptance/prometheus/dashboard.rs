//! The queries of a Grafana dashboard, as Grafana would send them.

use std::fmt;
use std::fs;
use std::path::PathBuf;

use serde_json::Value;

/// Grafana's macros and what they stand for in a test that scrapes every second.
const MACROS: [(&str, &str); 7] = [
    ("__rate_interval", "10s"),
    ("__range_s", "3600"),
    ("__range_ms", "3600000"),
    ("__range", "1h"),
    ("__interval_ms", "5000"),
    ("__interval", "5s"),
    ("__from", "0"),
];
/// A week ago is a moment ago: the Prometheus of a test is seconds old.
const WEEK: (&str, &str) = ("offset 7d", "offset 1s");
/// What a template variable stands for when it is set to All.
const ALL: &str = ".*";

/// One target of one panel.
pub(super) struct Query {
    dashboard: String,
    panel: String,
    pub(super) expression: String,
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            dashboard,
            panel,
            expression,
        } = self;
        write!(f, "{dashboard}: {panel}: {expression}")
    }
}

/// Every target of every panel, rows opened.
pub(super) fn queries(file: &PathBuf) -> Vec<Query> {
    let dashboard: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    let name = dashboard["title"].as_str().unwrap().to_owned();
    let mut found = Vec::new();
    collect(&name, &dashboard["panels"], &mut found);
    let chosen = chosen(&dashboard);
    for query in &mut found {
        query.expression = expanded(&query.expression, &chosen);
    }
    assert!(!found.is_empty(), "{name} asks nothing");
    found
}

fn collect(dashboard: &str, panels: &Value, found: &mut Vec<Query>) {
    for panel in panels.as_array().into_iter().flatten() {
        collect(dashboard, &panel["panels"], found);
        for target in panel["targets"].as_array().into_iter().flatten() {
            found.push(Query {
                dashboard: dashboard.to_owned(),
                panel: panel["title"].as_str().unwrap_or_default().to_owned(),
                expression: target["expr"].as_str().unwrap().to_owned(),
            });
        }
    }
}

/// The variables whose values the dashboard itself lists, with the one it opens with.
fn chosen(dashboard: &Value) -> Vec<(String, String)> {
    let variables = dashboard["templating"]["list"].as_array();
    let custom = variables
        .into_iter()
        .flatten()
        .filter(|variable| variable["type"] == "custom");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    custom
        .map(|it| (text(&it["name"]), text(&it["current"]["value"])))
        .collect()
}

/// The expression with macros and variables put in.
fn expanded(expression: &str, chosen: &[(String, String)]) -> String {
    let mut text = expression.replace(WEEK.0, WEEK.1);
    for (name, value) in chosen {
        text = text.replace(&format!("${{{name}}}"), value);
        text = text.replace(&format!("${name}"), value);
    }
    for (name, value) in MACROS {
        text = text.replace(&format!("${{{name}}}"), value);
        text = text.replace(&format!("${name}"), value);
    }
    let mut out = String::new();
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        out.push_str(ALL);
        rest = after_variable(after);
    }
    out + rest
}

/// What follows `name`, `{name}` or `{name:format}`.
fn after_variable(text: &str) -> &str {
    if let Some((_, rest)) = text.strip_prefix('{').and_then(|text| text.split_once('}')) {
        return rest;
    }
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    &text[end.unwrap_or(text.len())..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(expression: &str, expected: &str) {
        let chosen = [("window".to_owned(), "14d".to_owned())];
        assert_eq!(expanded(expression, &chosen), expected);
    }

    #[test]
    fn macros_and_variables_are_put_in() {
        check(
            "sum(rate(a_total{job=~\"$job\",model=~\"${model:regex}\"}[$__rate_interval]))",
            "sum(rate(a_total{job=~\".*\",model=~\".*\"}[10s]))",
        );
        check(
            "increase(a_total[$__range]) / $__range_s",
            "increase(a_total[1h]) / 3600",
        );
        check("a == 1", "a == 1");
        check("a - a offset 7d", "a - a offset 1s");
        check("a{window=\"$window\"}", "a{window=\"14d\"}");
    }
}
