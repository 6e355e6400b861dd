//! Facts about the file that is made from a map.

use super::*;
use crate::config;
use crate::pricing::Terms;

/// What an import writes, as a text and as it reads back.
fn written(asked: &mut PricesImport, own: &str) -> (String, Vec<PriceEntry>, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("overlay.toml");
    asked.write = Some(path.clone());
    let import = import(asked, own);
    let said = overlay::write(&import, asked, &path).unwrap_or_else(|failure| panic!("{failure}"));
    let text = std::fs::read_to_string(&path).unwrap();
    let read = config::price_file(&path).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(
        std::fs::read_dir(folder.path()).unwrap().count(),
        1,
        "something is left behind"
    );
    (text, read.prices, said)
}

fn of<'a>(entries: &'a [PriceEntry], name: &str) -> Vec<&'a PriceEntry> {
    let named = |entry: &&PriceEntry| entry.names.iter().any(|known| known == name);
    entries.iter().filter(named).collect()
}

#[test]
fn the_file_is_what_the_golden_file_shows() {
    let (text, entries, _) = written(&mut asked(fixture("litellm.json")), "");
    assert!(of(&entries, "gpt-a").is_empty(), "it has a price already");
    assert!(of(&entries, "slip").is_empty() && of(&entries, "gratis").is_empty());
    crate::cli::golden("prices-import-overlay.toml", &text);
    assert_eq!(written(&mut asked(fixture("litellm.json")), "").0, text);
}

#[test]
fn the_file_reads_back_to_the_prices_of_the_map() {
    for name in ["litellm", "genai-prices", "models-dev"] {
        let mut asked = asked(fixture(&format!("{name}.json")));
        let (_, entries, _) = written(&mut asked, "");
        let import = import(&asked, "");
        let new = import.brought().filter(|(_, standing)| !standing.known);
        let mut prices = 0;
        for (model, _) in new {
            for price in &model.prices {
                let same = |entry: &&PriceEntry| {
                    entry.names == model.names
                        && (entry.since, &entry.conditions) == (price.since, &price.conditions)
                        && entry.terms == Terms::Rates(price.rates.clone())
                };
                assert_eq!(entries.iter().filter(same).count(), 1, "{}", model.key);
                prices += 1;
            }
        }
        assert!(prices > 2 && prices == entries.len(), "{name}: {prices}");
    }
}

#[test]
fn a_known_model_is_written_only_when_asked_and_keeps_its_past_and_what_the_map_does_not_say() {
    let mut asked = asked(fixture("models-dev.json"));
    let (_, entries, said) = written(&mut asked, "");
    assert!(of(&entries, "gpt-a").is_empty());
    assert!(
        said.contains("3 disagree and keep the configured price"),
        "{said}"
    );
    asked.all = true;
    let (_, entries, said) = written(&mut asked, "");
    let [gpt] = of(&entries, "gpt-a")[..] else {
        panic!("{entries:?}");
    };
    assert_eq!(gpt.since, Since::From(DAY));
    assert_eq!(gpt.free_units, ["web_fetch"]);
    let rates = gpt.terms.rates().unwrap().iter();
    let rates: Vec<_> = rates
        .map(|(kind, rate)| format!("{} {rate}", kind.name()))
        .collect();
    assert_eq!(
        rates,
        [
            "input 2.5",
            "cache_read 1.25",
            "output 10",
            "web_search 10000"
        ]
    );
    // Its price would hide the configured one for long calls.
    assert!(of(&entries, "claude-a-1").is_empty());
    assert!(
        said.contains("1 stay: the configured prices tell calls apart"),
        "{said}"
    );
}

#[test]
fn a_price_of_ones_own_stays() {
    let own = "[[prices]]\nlist = \"openai\"\nmatch = \"gpt-*\"\nfrom = 2026-01-01\n\
               input_usd_per_mtok = 1\noutput_usd_per_mtok = 1\nsource = \"contract\"\n";
    let mut asked = asked(fixture("models-dev.json"));
    asked.all = true;
    let (_, entries, said) = written(&mut asked, own);
    assert!(of(&entries, "gpt-old").is_empty() && of(&entries, "gpt-fast").is_empty());
    assert!(said.contains("have a price of your own"), "{said}");
}

#[test]
fn a_file_that_is_there_is_written_over_only_by_force_and_is_not_compared_with_itself() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("overlay.toml");
    let mut asked = asked(fixture("models-dev.json"));
    asked.write = Some(path.clone());
    overlay::write(&import(&asked, ""), &asked, &path).unwrap();
    let first = std::fs::read_to_string(&path).unwrap();
    let failure = overlay::write(&import(&asked, ""), &asked, &path).unwrap_err();
    assert!(
        failure.to_string().contains("is there already"),
        "{failure}"
    );
    asked.force = true;
    let own = format!("price_files = [{path:?}]\n");
    let book = load_with_files(&own);
    let again = Import::read(&asked, &book, DAY).unwrap();
    overlay::write(&again, &asked, &path).unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), first);
}

#[test]
fn force_writes_over_nothing_that_no_import_made() {
    let folder = tempfile::tempdir().unwrap();
    let mut asked = asked(fixture("models-dev.json"));
    asked.force = true;
    let import = import(&asked, "");
    let refused = |path: &Path| {
        let failure = overlay::write(&import, &asked, path).unwrap_err();
        assert!(
            failure.to_string().contains("is there already"),
            "{failure}"
        );
    };
    let own = folder.path().join("tollgate.toml");
    for text in ["", "# mine\n", "price_files = []\n"] {
        std::fs::write(&own, text).unwrap();
        refused(&own);
        assert_eq!(std::fs::read_to_string(&own).unwrap(), text);
    }
    let made = folder.path().join("made.toml");
    overlay::write(&import, &asked, &made).unwrap();
    let link = folder.path().join("link.toml");
    std::os::unix::fs::symlink(&made, &link).unwrap();
    refused(&link);
    refused(folder.path());
}

/// The same with a line before all tables.
fn load_with_files(line: &str) -> Arc<PriceBook> {
    let folder = tempfile::tempdir().unwrap();
    let catalogue = fixture("catalogue.toml").canonicalize().unwrap();
    let text = format!("{line}[catalogues]\nprices = {catalogue:?}\nplans = \"plans.toml\"\n");
    let path = folder.path().join("tollgate.toml");
    std::fs::write(&path, text).unwrap();
    std::fs::write(folder.path().join("plans.toml"), "").unwrap();
    load(Some(&path), &Overrides::default()).unwrap().prices
}
