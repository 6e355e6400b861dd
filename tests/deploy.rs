//! Holds what is copied for Kubernetes to where it comes from: the alert rules, which kustomize
//! cannot make into a resource, and the list of dashboards.
#![expect(clippy::unwrap_used, reason = "a file that is missing fails the test")]

use std::fs;
use std::path::{Path, PathBuf};

const RULES: &str = "deploy/kubernetes/monitoring/prometheusrule.yaml";

const HEAD: &str = "\
# Made of config/alerts by `UPDATE_GOLDEN=1 cargo test --test deploy`; change the rules there.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: tollgate
  labels:
    app.kubernetes.io/name: tollgate
spec:
  groups:
";

fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The files of a folder whose names end so, sorted.
fn files(folder: &str, end: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(root(folder)).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let mut found: Vec<PathBuf> = paths
        .filter(|path| path.to_string_lossy().ends_with(end))
        .collect();
    found.sort();
    found
}

/// The groups of a rules file, two columns further in.
fn groups(path: &PathBuf) -> String {
    let text = fs::read_to_string(path).unwrap();
    let (_, groups) = text.split_once("\ngroups:\n").unwrap();
    let indented = |line: &str| match line {
        "" => "\n".to_owned(),
        line => format!("  {line}\n"),
    };
    groups.lines().map(indented).collect()
}

#[test]
fn the_prometheus_rule_is_the_alert_rules() {
    let rules = files("config/alerts", ".rules.yml");
    assert!(!rules.is_empty());
    let expected = HEAD.to_owned() + &rules.iter().map(groups).collect::<String>();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(root(RULES), &expected).unwrap();
    }
    let found = fs::read_to_string(root(RULES)).unwrap();
    assert!(
        found == expected,
        "{RULES} is not config/alerts: UPDATE_GOLDEN=1 cargo test --test deploy, and read the difference"
    );
}

#[test]
fn every_dashboard_is_in_the_config_map() {
    let list = fs::read_to_string(root("dashboards/kustomization.yaml")).unwrap();
    let mut listed: Vec<&str> = list
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- ")?.strip_suffix(".json"))
        .collect();
    listed.sort_unstable();
    let found = files("dashboards", ".json");
    let names: Vec<_> = found
        .iter()
        .filter_map(|path| path.file_stem()?.to_str())
        .collect();
    assert_eq!(listed, names);
}
