//! What people and programs see of prices; `UPDATE_GOLDEN=1 cargo test --lib cli` writes it anew.

mod both;

use std::sync::Arc;

use super::*;
use crate::cli::args::{PricesFormat, PricesList, PricesShow};
use crate::pricing::PriceBook;

/// A small catalogue with what a price can say.
const CATALOGUE: &str = include_str!("tests/catalogue.toml");
/// Own prices over it.
const OWN: &str = include_str!("tests/own.toml");

/// The book of own prices over the small catalogue.
fn book() -> Arc<PriceBook> {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    file("prices.toml", CATALOGUE);
    file("tollgate.toml", OWN);
    let path = folder.path().join("tollgate.toml");
    let overrides = crate::config::Overrides::default();
    let config = crate::config::load(Some(&path), &overrides);
    config
        .unwrap_or_else(|problems| panic!("{problems}"))
        .prices
}

fn day(text: &str) -> Timestamp {
    moment(Some(text.parse().unwrap()))
}

fn asked(text: Option<&str>, list: Option<&str>, format: PricesFormat) -> PricesList {
    PricesList {
        text: text.map(str::to_owned),
        list: list.map(str::to_owned),
        at: None,
        format,
    }
}

#[test]
fn what_is_in_force_is_what_the_golden_file_shows() {
    let book = book();
    let mut shown = Vec::new();
    for (on, text, list, format) in [
        ("2026-11-22", None, None, PricesFormat::Table),
        ("2026-03-01", Some("M-"), Some("v"), PricesFormat::Table),
        ("2026-11-22", None, None, PricesFormat::Csv),
        ("2026-11-22", Some("m-plain"), None, PricesFormat::Json),
    ] {
        let asked = asked(text, list, format);
        shown.push(format!("== {on} {text:?} {list:?} {format:?}\n"));
        shown.push(list::text(&book, &asked, day(on)).unwrap());
    }
    crate::cli::golden("prices-list.txt", &shown.concat());
}

fn shown(model: &str, on: &str, list: Option<&str>) -> Result<String, Failure> {
    let asked = PricesShow {
        model: model.to_owned(),
        list: list.map(str::to_owned),
        at: None,
    };
    show::text(&book(), &asked, day(on))
}

#[test]
fn all_that_is_known_of_a_model_is_what_the_golden_file_shows() {
    let mut all = Vec::new();
    for (model, on) in [
        ("m-plain", "2026-11-22"),
        ("m-alias", "2026-11-22"),
        ("m-plain-2026-06-15", "2025-01-01"),
        ("y-night", "2026-11-22"),
        ("llama-3.3-70b", "2026-11-22"),
    ] {
        all.push(format!("== {model} on {on}\n"));
        all.push(shown(model, on, None).unwrap());
    }
    for (model, list) in [("m-plian", None), ("m-plain", Some("yuan")), ("q", None)] {
        let failure = shown(model, "2026-11-22", list).unwrap_err();
        all.push(format!("== {model} of {list:?}\n{failure}\n"));
    }
    crate::cli::golden("prices-show.txt", &all.concat());
}

#[test]
fn a_list_fits_a_hundred_columns() {
    let catalogue = crate::config::load(None, &crate::config::Overrides::default()).unwrap();
    for book in [book(), catalogue.prices] {
        let asked = asked(None, None, PricesFormat::Table);
        let text = list::text(&book, &asked, day("2026-11-22")).unwrap();
        let widest = text.lines().max_by_key(|line| line.chars().count());
        assert!(widest.unwrap().chars().count() <= 100, "{widest:?}");
    }
}

#[test]
fn an_empty_list_says_which_lists_there_are() {
    let asked = asked(Some("gpt"), Some("opnai"), PricesFormat::Table);
    let failure = list::text(&book(), &asked, day("2026-11-22")).unwrap_err();
    assert_eq!(
        failure.to_string(),
        "tollgate: no model with \"gpt\" in its name in the list \"opnai\" has a price on \
         2026-11-22\n  there are the lists own, v, yuan"
    );
}
