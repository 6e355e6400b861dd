//! How dashboards lie on the screen: what the pictures showed once and must not show again.

use std::collections::{BTreeMap, BTreeSet};

use super::{dashboards, list, panels, read, text};

#[test]
fn panels_lie_side_by_side_on_the_grid() {
    let mut taken = BTreeSet::new();
    for (file, board) in dashboards() {
        for panel in list(&board["panels"]) {
            let at = |key: &str| panel["gridPos"][key].as_u64().unwrap();
            assert!(at("x") + at("w") <= 24, "{file}: {}", panel["title"]);
            for (x, y) in (at("x")..at("x") + at("w"))
                .flat_map(|x| (at("y")..at("y") + at("h")).map(move |y| (x, y)))
            {
                assert!(
                    taken.insert((file.clone(), x, y)),
                    "{file}: {} overlaps",
                    panel["title"]
                );
            }
        }
    }
}

/// Letters of a title for each of the grid's columns, on a screen of 1,440 pixels: longer ones end
/// in dots, as the pictures of `tests/e2e/pictures.sh` show.
const LETTERS_A_COLUMN: usize = 6;

#[test]
fn a_title_fits_above_its_panel() {
    for (place, panel) in panels() {
        let columns = panel["gridPos"]["w"].as_u64().unwrap();
        let letters = text(&panel, "title").chars().count();
        let fits = usize::try_from(columns).unwrap() * LETTERS_A_COLUMN;
        assert!(letters <= fits, "{place}: {letters} letters, {fits} fit");
    }
}

#[test]
fn a_column_that_is_given_a_look_is_there() {
    for (place, panel) in panels() {
        if text(&panel, "type") != "table" {
            continue;
        }
        let queries = list(&panel["targets"]).iter();
        let labels: BTreeSet<&str> = queries
            .flat_map(|target| text(target, "expr").split("by (").skip(1))
            .filter_map(|grouped| grouped.split(')').next())
            .flat_map(|labels| labels.split(", "))
            .collect();
        let organize = list(&panel["transformations"]).last().unwrap();
        let renamed = organize["options"]["renameByName"].as_object().unwrap();
        for rule in list(&panel["fieldConfig"]["overrides"]) {
            let column = text(&rule["matcher"], "options");
            let is_value = renamed.values().any(|name| name == column);
            assert!(is_value || labels.contains(column), "{place}: {column}");
        }
    }
}

#[test]
fn the_page_of_break_even_begins_with_the_verdict_in_words() {
    let first = panels().into_iter().find(|(place, panel)| {
        let at = &panel["gridPos"];
        place.starts_with("break-even") && at["x"] == 0 && at["y"] == 0
    });
    let (place, panel) = first.unwrap();
    let query = text(&panel["targets"][0], "expr");
    assert!(query.contains("tollgate_selfhost_verdict_info"), "{place}");
    assert_eq!(panel["options"]["textMode"], "name", "{place}");
}

/// What `kubectl apply` can remember of a `ConfigMap`: an annotation of all of it, escaped once more.
const ANNOTATION_BYTES_MAX: usize = 256 * 1024;

#[test]
fn all_dashboards_fit_into_one_config_map() {
    let files: BTreeMap<String, String> = dashboards()
        .into_iter()
        .map(|(file, _)| (file.clone(), read(&format!("dashboards/{file}"))))
        .collect();
    let bytes = serde_json::to_string(&files).unwrap().len();
    assert!(bytes < ANNOTATION_BYTES_MAX, "{bytes} bytes");
}
