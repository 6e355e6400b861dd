//! The alert rules: each explains itself, has a runbook and a test, and none decides about hosting.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use super::{read, root, walk};

/// One alert of the rule file.
#[derive(Default)]
struct Alert {
    name: String,
    keys: BTreeMap<String, String>,
}

/// Reads the alerts line by line: no YAML crate is worth the five keys that are needed here, and
/// the file is written so that each of them is on one line (`>-` texts take the lines below).
fn alerts() -> Vec<Alert> {
    let mut alerts: Vec<Alert> = Vec::new();
    let mut open_key = String::new();
    for line in read("config/alerts/tollgate.rules.yml").lines() {
        let line = line.trim();
        if let Some(name) = line.strip_prefix("- alert: ") {
            alerts.push(Alert {
                name: name.to_owned(),
                ..Alert::default()
            });
            continue;
        }
        let Some(alert) = alerts.last_mut() else {
            continue;
        };
        match line
            .split_once(": ")
            .or_else(|| line.strip_suffix(':').map(|key| (key, "")))
        {
            _ if line.starts_with('#') => {}
            Some((key, ">-")) => key.clone_into(&mut open_key),
            Some((key, value)) if !key.contains(' ') && !key.contains('{') => {
                open_key.clear();
                alert.keys.insert(key.to_owned(), value.to_owned());
            }
            _ => alert
                .keys
                .entry(open_key.clone())
                .or_default()
                .push_str(line),
        }
    }
    assert!(alerts.len() > 5);
    alerts
}

#[test]
fn an_alert_says_how_bad_it_is_what_it_is_and_what_to_do() {
    for Alert { name, keys } in alerts() {
        let key = |key: &str| keys.get(key).map_or("", String::as_str);
        assert!(
            ["info", "warning", "critical"].contains(&key("severity")),
            "{name}: severity"
        );
        assert!(key("summary").len() > 10, "{name}: summary");
        assert!(
            key("description").ends_with(['.', '}']),
            "{name}: description"
        );
        assert!(
            key("description").contains(|c: char| c.is_ascii_digit() || c == '$'),
            "{name}: a description has a number"
        );
        assert!(!key("for").is_empty(), "{name}: for");
        let page = format!("docs/runbooks/{name}.md");
        assert_eq!(key("runbook_url"), page, "{name}");
        assert!(read(&page).starts_with(&format!("# {name}\n")), "{page}");
    }
}

#[test]
fn every_query_of_an_alert_is_sound() {
    for Alert { name, keys } in alerts() {
        walk(&keys["expr"], &name);
    }
}

#[test]
fn hosting_is_judged_in_one_place_only() {
    let judges: Vec<String> = alerts()
        .into_iter()
        .filter(|alert| {
            let seen = walk(&alert.keys["expr"], &alert.name);
            let names = seen
                .selectors
                .iter()
                .filter_map(|selector| selector.name.as_deref());
            let money = ["_usd", "_savings_", "_breakeven_", "_payback_"];
            names
                .into_iter()
                .any(|name| money.iter().any(|word| name.contains(word)))
        })
        .map(|alert| alert.name)
        .collect();
    assert_eq!(
        judges, [""; 0],
        "these compare money in PromQL; the state does that"
    );
}

#[test]
fn every_runbook_belongs_to_an_alert() {
    let names: BTreeSet<String> = alerts().into_iter().map(|alert| alert.name).collect();
    for entry in fs::read_dir(root("docs/runbooks")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        assert!(names.contains(&name), "{}", path.display());
    }
}

#[test]
fn every_alert_has_a_promtool_test() {
    let tests =
        read("config/alerts/tests/verdict.test.yml") + &read("config/alerts/tests/meter.test.yml");
    for alert in alerts() {
        let named = format!("runbook_url: docs/runbooks/{}.md", alert.name);
        assert!(tests.contains(&named), "{} fires in no test", alert.name);
    }
}
