//! Facts about `price_files`: further prices of the user, in files of their own.

use super::*;
use crate::pricing::Layer;

const PRICE: &str = r#"[[prices]]
list = "openai"
match = ["gpt-4.1"]
seen = 2026-11-23
input_usd_per_mtok = 1.25
output_usd_per_mtok = 5
source = "a map"
"#;

/// Loads a configuration beside which these files are.
fn load_beside(text: &str, files: &[(&str, &str)]) -> Result<Config, Problems> {
    let folder = folder(text);
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let path = folder.path().join("tollgate.toml");
    load_with(Some(&path), &Overrides::default(), &env)
}

#[track_caller]
fn refused(text: &str, files: &[(&str, &str)], says: &[&str]) {
    let problems = load_beside(text, files).unwrap_err();
    assert_eq!(problems.all.len(), says.len(), "{problems}");
    for (problem, says) in problems.lines().iter().zip(says) {
        assert!(problem.contains(says), "{problem}");
    }
}

#[test]
fn a_price_file_is_read_as_prices_of_the_user() {
    let files = [("a.toml", PRICE), ("b.toml", "")];
    let config = load_beside("price_files = [\"a.toml\", \"b.toml\"]\n", &files).unwrap();
    let entries = config.prices.entries();
    let own: Vec<_> = entries
        .iter()
        .filter(|e| e.layer == Layer::Overlay)
        .collect();
    assert_eq!(own.len(), 1);
    let at = "2026-11-23T12:00:00Z".parse().unwrap();
    let in_force = config.prices.in_force("openai", "gpt-4.1-2025-04-14", at);
    assert_eq!(in_force.map(|entry| entry.source.as_str()), Some("a map"));
    let in_force = config.prices.in_force("openai", "gpt-4.1", at);
    assert_eq!(in_force.map(|entry| entry.source.as_str()), Some("a map"));
}

#[test]
fn what_is_wrong_in_a_price_file_is_told_with_its_name_and_line() {
    let list = "price_files = [\"a.toml\"]\n";
    let wrong = PRICE.replace("1.25", "\"a lot\"");
    refused(
        list,
        &[("a.toml", &wrong)],
        &["a.toml: line 5: prices[0].input_usd_per_mtok"],
    );
    refused(
        list,
        &[("a.toml", "[server]\n")],
        &["a.toml: line 1: server: unknown key"],
    );
    let reserved = format!("{PRICE}[[reserved]]\nname = \"ptu\"\n");
    refused(
        list,
        &[("a.toml", &reserved)],
        &["a.toml: line 8: reserved: is not read in this file; write [[reserved]] into tollgate"],
    );
    refused(list, &[], &["a.toml: cannot be read"]);
    refused(
        "price_files = \"a.toml\"\n",
        &[],
        &["price_files: must be a list, not a text"],
    );
    refused(
        "price_files = [\"a.toml\", \"a.toml\"]\n",
        &[("a.toml", PRICE)],
        &["price_files[1]: \"a.toml\" is not a further file"],
    );
}

#[test]
fn a_price_that_is_in_two_places_is_a_problem_that_names_both() {
    let text = format!("price_files = [\"a.toml\"]\n{PRICE}");
    refused(
        &text,
        &[("a.toml", PRICE)],
        &["tollgate.toml: line 2: prices[0]: "],
    );
    let problems = load_beside(&text, &[("a.toml", PRICE)]).unwrap_err();
    assert!(
        problems.lines().concat().contains("a.toml line 1"),
        "{problems}"
    );
}
