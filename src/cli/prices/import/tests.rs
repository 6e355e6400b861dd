//! Facts about price maps: what is brought over, what is told, and what is written.
//! `UPDATE_GOLDEN=1 cargo test --lib cli` writes what people see anew.

mod broken;
mod written;

use std::path::{Path, PathBuf};

use super::*;
use crate::cli::args::MapFormat;
use crate::config::{Overrides, load};
use crate::pricing::Conditions;

fn fixture(name: &str) -> PathBuf {
    Path::new("tests/fixtures/price-maps").join(name)
}

/// The configured prices: the catalogue beside the maps, and prices of one's own.
fn configured(own: &str) -> Arc<PriceBook> {
    let folder = tempfile::tempdir().unwrap();
    let catalogue = fixture("catalogue.toml").canonicalize().unwrap();
    let text = format!("[catalogues]\nprices = {catalogue:?}\nplans = \"plans.toml\"\n{own}");
    let path = folder.path().join("tollgate.toml");
    std::fs::write(&path, text).unwrap();
    std::fs::write(folder.path().join("plans.toml"), "").unwrap();
    let config = load(Some(&path), &Overrides::default());
    config
        .unwrap_or_else(|problems| panic!("{problems}"))
        .prices
}

fn asked(file: PathBuf) -> PricesImport {
    PricesImport {
        file,
        format: MapFormat::Auto,
        list: Vec::new(),
        model: Vec::new(),
        seen: None,
        write: None,
        only_missing: false,
        all: false,
        zero_is_free: false,
        force: false,
        verbose: false,
    }
}

const DAY: Date = jiff::civil::date(2026, 11, 23);

fn import(asked: &PricesImport, own: &str) -> Import {
    let import = Import::read(asked, &configured(own), DAY);
    import.unwrap_or_else(|failure| panic!("{failure}"))
}

#[test]
fn what_people_see_of_a_map_is_in_the_golden_files() {
    for name in ["litellm", "genai-prices", "models-dev"] {
        let import = import(&asked(fixture(&format!("{name}.json"))), "");
        assert_eq!(import.format, name);
        let shown = text::text(&import, true);
        assert!(
            !shown.contains('\u{1b}'),
            "a name of the map colours the terminal"
        );
        crate::cli::golden(&format!("prices-import-{name}.txt"), &shown);
    }
}

#[test]
fn a_list_or_a_text_of_a_name_narrows_the_map() {
    let mut asked = asked(fixture("litellm.json"));
    asked.list = vec!["openai".to_owned(), "x-ai".to_owned()];
    asked.model = vec!["gpt-".to_owned(), "grok".to_owned()];
    let names = |import: &Import| -> Vec<String> {
        let models = import.models.iter();
        models.map(|model| model.name().to_owned()).collect()
    };
    assert_eq!(
        names(&import(&asked, "")),
        ["ft:gpt-a", "gpt-a", "gpt-long", "grok-a"]
    );
    asked.list = vec!["opneai".to_owned()];
    let failure = Import::read(&asked, &configured(""), DAY).err().unwrap();
    assert!(
        failure.to_string().contains("no such model in it"),
        "{failure}"
    );
}

/// The rates of a model for calls of a kind, as a price file writes them.
#[track_caller]
fn rate(import: &Import, key: &str, kind: &Conditions, part: &str) -> Option<String> {
    let model = import.models.iter().find(|model| model.key == key).unwrap();
    assert!(is_brought(model), "{key}: {:?}", model.told);
    let price = model
        .prices
        .iter()
        .find(|price| price.conditions == *kind)?;
    let rate = price.rates.iter().find(|(kind, _)| kind.name() == part)?.1;
    Some(rate.to_string())
}

fn above(tokens: u64) -> Conditions {
    Conditions {
        above_input_tokens: Some(tokens),
        ..Conditions::default()
    }
}

fn tier(word: &str) -> Conditions {
    Conditions {
        service_tier: Some(word.to_owned()),
        ..Conditions::default()
    }
}

#[test]
fn a_length_takes_over_what_it_does_not_say_and_a_tier_only_fees() {
    let import = import(&asked(fixture("litellm.json")), "");
    let rate = |key: &str, kind: &Conditions, part: &str| rate(&import, key, kind, part);
    let long = above(272_000);
    assert_eq!(rate("gpt-long", &long, "input").as_deref(), Some("8"));
    assert_eq!(
        rate("gpt-long", &long, "cache_read").as_deref(),
        Some("0.4")
    );
    assert_eq!(
        rate("gpt-a", &tier("batch"), "input").as_deref(),
        Some("1.25")
    );
    assert_eq!(rate("gpt-a", &tier("batch"), "cache_read"), None);
    assert_eq!(
        rate("gpt-a", &tier("batch"), "web_search").as_deref(),
        Some("10000")
    );
    // A tier without the steps of the standard price would bill long calls too low.
    assert_eq!(rate("gpt-long", &tier("priority"), "input"), None);
    // "From 200k on" is above one token less.
    assert_eq!(
        rate("xai/grok-a", &above(199_999), "input").as_deref(),
        Some("4")
    );
}

#[test]
fn prices_that_begin_on_days_are_in_force_one_after_the_other() {
    let import = import(&asked(fixture("genai-prices.json")), "");
    let model = import
        .models
        .iter()
        .find(|model| model.name() == "claude-a-1")
        .unwrap();
    let since: Vec<_> = model
        .prices
        .iter()
        .map(|price| (price.since, price.conditions.above_input_tokens))
        .collect();
    let day = |text: &str| text.parse().unwrap();
    assert_eq!(
        since,
        [
            (Since::Seen(day("2026-03-12")), None),
            (Since::Seen(day("2026-03-12")), Some(200_000)),
            (Since::From(day("2026-03-13")), None),
            (Since::From(day("2027-01-01")), None),
        ]
    );
}

#[test]
fn a_zero_is_left_out_unless_it_is_said_to_be_meant() {
    let mut asked = asked(fixture("litellm.json"));
    let strict = import(&asked, "");
    let left_out = |import: &Import, key: &str| {
        let model = import.models.iter().find(|model| model.key == key).unwrap();
        model.left_out().map(|told| told.reason)
    };
    assert_eq!(left_out(&strict, "gratis"), Some(Reason::AllZero));
    assert_eq!(
        rate(&strict, "embedding", &Conditions::default(), "output"),
        None
    );
    asked.zero_is_free = true;
    let lenient = import(&asked, "");
    assert_eq!(left_out(&lenient, "gratis"), None);
    assert_eq!(
        rate(&lenient, "embedding", &Conditions::default(), "output").as_deref(),
        Some("0")
    );
}

#[test]
fn percents_are_of_what_is_configured() {
    let percent =
        |ours, theirs| text::percent(crate::money::Pico(ours), crate::money::Pico(theirs));
    assert_eq!(percent(200, 300), "+50.0 %");
    assert_eq!(percent(300, 200), "-33.3 %");
    assert_eq!(percent(0, 200), "from 0");
}
