//! What panels say of series that are made by hand: `promtool` asks the panels' own queries, each of
//! which figures.test.yml names as `<FILE | TITLE | REF>`.

use std::env;
use std::fs;
use std::process::Command;

use serde_json::Value;

use super::{dashboards, filled, list, read, text};

/// The query of a panel, as Grafana would send it for the last hour.
fn query(place: &str) -> String {
    let [file, title, reference] = place.split(" | ").collect::<Vec<_>>()[..] else {
        panic!("{place}: not FILE | TITLE | REF");
    };
    let boards = dashboards().into_iter().filter(|(name, _)| name == file);
    let panels = boards.flat_map(|(_, board)| list(&board["panels"]).to_vec());
    let titled = panels.filter(|panel| text(panel, "title") == title);
    let targets = titled.flat_map(|panel| list(&panel["targets"]).to_vec());
    let mut found = targets.filter(|target| text(target, "refId") == reference);
    let target = found.next().unwrap_or_else(|| panic!("no query {place}"));
    filled(text(&target, "expr"))
}

/// A line of the tests with the queries that it names put in.
fn asked(line: &str) -> String {
    let Some((key, expression)) = line.split_once("expr: ") else {
        return line.to_owned();
    };
    let mut parts = expression.split(['<', '>']);
    let mut whole = parts.next().unwrap_or_default().to_owned();
    while let (Some(place), Some(after)) = (parts.next(), parts.next()) {
        whole += "(";
        whole += &query(place);
        whole += ")";
        whole += after;
    }
    format!("{key}expr: {}", Value::from(whole))
}

#[test]
fn panels_say_of_made_series_what_is_true_of_them() {
    let tests = read("tests/dashboards/figures.test.yml");
    let tests: Vec<String> = tests.lines().map(asked).collect();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("figures.test.yml");
    fs::write(&file, tests.join("\n")).unwrap();
    let promtool = Command::new("promtool")
        .args(["test", "rules"])
        .arg(file)
        .output();
    let Ok(output) = promtool else {
        let promised = env::var("CI").is_ok_and(|ci| ci == "true");
        assert!(!promised, "promtool must be installed: scripts/test does");
        println!("skipped: promtool is not installed");
        return;
    };
    let said = [output.stdout, output.stderr].concat();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&said)
    );
}
