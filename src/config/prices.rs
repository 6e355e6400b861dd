//! `[[prices]]` and `[[fx]]`: dated prices and exchange rates, of the catalogue and of the user.

use std::path::Path;

use super::document::Document;
use super::problem::{Context, Problem};
use super::rate_key::RateKey;
use super::section::Section;
use super::value::Value;
use crate::money::{Avoidable, Currency, Pico};
use crate::pricing::{
    BookProblem, Conditions, FxRate, Layer, PriceBook, PriceEntry, Rates, Settings, Since, Terms,
    is_pattern,
};

/// The catalogue in the binary, and what problems call it.
const EMBEDDED: (&str, &str) = (
    "config/prices.toml (embedded)",
    include_str!("../../config/prices.toml"),
);

/// Prices as they are read, each with its place.
#[derive(Default)]
pub(super) struct Reading {
    settings: Settings,
    places: Vec<Place>,
}

struct Place {
    file: String,
    line: Option<usize>,
    key: String,
}

impl Reading {
    /// Reads the catalogue: the file at `path`, or the embedded one.
    pub(super) fn catalogue(&mut self, path: Option<&Path>, context: &Context<'_>) {
        let Some(document) = Document::catalogue(path, EMBEDDED, context) else {
            return;
        };
        if let Some(table) = document.parse(context) {
            let mut root = Section::root(context, &document, table.get_ref());
            self.entries(&mut root, Layer::Catalogue);
            root.finish(&[]);
        }
    }

    /// Reads the entries of a file's root.
    pub(super) fn entries(&mut self, root: &mut Section<'_>, layer: Layer) {
        for section in root.list("prices") {
            let place = Place {
                file: section.document.name.clone(),
                line: section.line(),
                key: section.path.clone(),
            };
            if let Some(price) = entry(section, layer) {
                self.settings.prices.push(price);
                self.places.push(place);
            }
        }
        let rates = root.list("fx").into_iter();
        let rates = rates.filter_map(|section| fx(section, layer));
        self.settings.fx.extend(rates);
    }

    /// The price book, unless entries contradict each other.
    pub(super) fn into_book(self, context: &Context<'_>) -> Option<PriceBook> {
        let Self { settings, places } = self;
        let problems = match PriceBook::new(settings) {
            Ok(book) => return Some(book),
            Err(problems) => problems,
        };
        for problem in problems {
            let Some(place) = places.get(problem.entry()) else {
                continue;
            };
            let remedy = match &problem {
                BookProblem::NoFxRate { .. } => "add one".to_owned(),
                BookProblem::Ambiguous { other, .. } => {
                    places.get(*other).map_or_else(String::new, |other| {
                        format!("see {other}; change the day or the calls of one of them")
                    })
                }
            };
            context.tell(Problem {
                file: place.file.clone(),
                line: place.line,
                key: place.key.clone(),
                message: format!("{problem}; {remedy}"),
            });
        }
        None
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} in {}", self.key, self.file)?;
        self.line.map_or(Ok(()), |line| write!(f, " line {line}"))
    }
}

/// One `[[prices]]` table; `None` if anything in it is wrong.
fn entry(mut section: Section<'_>, layer: Layer) -> Option<PriceEntry> {
    let s = &mut section;
    let list = s.require("list", "list = \"openai\"", Value::text);
    let names = s.require("match", "match = [\"gpt-4o\"]", |value| {
        Some(names(value, layer))
    });
    let since = since(s);
    let source = s.require("source", "source = \"contract of 2026-01-31\"", Value::text);
    let conditions = conditions(s);
    let avoidable = avoidable(s, &conditions);
    let free = s.read("free", Value::boolean).unwrap_or(false);
    let free_units: Vec<String> = s
        .value("free_units")
        .iter()
        .flat_map(Value::texts)
        .map(|(unit, _)| unit.to_owned())
        .collect();
    let (rates, currency, any) = rates(s);
    if free == any {
        s.problem(if free {
            "free = true leaves no room for rates; keep one of them"
        } else {
            "has no rate; add input_usd_per_mtok = 2.50 and the like, or free = true"
        });
    }
    section.finish(&RateKey::in_dollars());
    Some(PriceEntry {
        layer,
        list: list?.to_owned(),
        names: names?,
        since: since?,
        conditions,
        currency,
        terms: if free {
            Terms::Free
        } else {
            Terms::Rates(rates)
        },
        free_units,
        avoidable,
        source: source?.to_owned(),
    })
}

/// `avoidable`: what moving the calls away saves, and from when on.
fn avoidable(section: &mut Section<'_>, conditions: &Conditions) -> Avoidable {
    let Some(value) = section.value("avoidable") else {
        return Avoidable::Now;
    };
    if *conditions != Conditions::default() {
        value.problem(
            "cannot be told apart by condition: what is compared knows a call's upstream and model \
             only; write it at an entry without conditions",
        );
    }
    match value.item.get_ref().as_str() {
        Some("now") => Avoidable::Now,
        Some("never") => Avoidable::Never,
        Some(_) => value
            .is_not("\"now\", \"never\" or a day, such as 2027-06-30")
            .unwrap_or_default(),
        None => value.day().map_or(Avoidable::Now, Avoidable::From),
    }
}

/// The names of `match`: patterns only in the user's own prices.
fn names(value: &Value<'_>, layer: Layer) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (name, item) in value.texts() {
        if name.is_empty() {
            item.is_not::<()>("a model's name, such as \"gpt-4o\"");
        } else if is_pattern(name) && layer == Layer::Catalogue {
            item.is_not::<()>("a model's name; patterns belong into [[prices]] of tollgate.toml");
        } else if name.matches('*').count() > 1 {
            item.is_not::<()>("a pattern; write one * only");
        } else if names.iter().any(|known| known == name) {
            item.is_not::<()>("a further name; it is in this list already");
        } else {
            names.push(name.to_owned());
        }
    }
    if names.is_empty() {
        value.problem("names no model; write match = [\"gpt-4o\"]");
    }
    names
}

/// `from` or `seen`: an undated price is no fact.
fn since(section: &mut Section<'_>) -> Option<Since> {
    let from = section.value("from");
    let seen = section.value("seen");
    match (from, seen) {
        (Some(from), None) => from.day().map(Since::From),
        (None, Some(seen)) => seen.day().map(Since::Seen),
        (None, None) => {
            section.problem(
                "has no date; add from = 2026-01-31 (in force from) or seen = 2026-01-31 (the day \
                 you read it)",
            );
            None
        }
        (Some(_), Some(seen)) => {
            seen.problem("from is there too; keep from if the day it came into force is known");
            None
        }
    }
}

fn conditions(section: &mut Section<'_>) -> Conditions {
    let word = |value: &Value<'_>| value.text().map(str::to_owned);
    Conditions {
        above_input_tokens: section
            .read("above_input_tokens", Value::count)
            .and_then(|tokens| tokens.try_into().ok()),
        service_tier: section.read("service_tier", word),
        speed: section.read("speed", word),
        region: section.read("region", word),
    }
}

/// All rates, their one currency, and whether there are any.
fn rates(section: &mut Section<'_>) -> (Rates, Currency, bool) {
    let mut rates = Rates::default();
    let mut first: Option<Currency> = None;
    let written = section.matching(RateKey::parse);
    for (key, value) in &written {
        let currency = *first.get_or_insert(key.currency);
        if currency != key.currency {
            value.problem(&format!(
                "another rate of this entry is in {currency}; split it in two"
            ));
        }
        *rates.slot(key.kind) = value.decimal(|text| key.rate(text));
    }
    (rates, first.unwrap_or(Currency::USD), !written.is_empty())
}

/// One `[[fx]]` table.
fn fx(mut section: Section<'_>, layer: Layer) -> Option<FxRate> {
    let s = &mut section;
    let currency = s.require("currency", "currency = \"CNY\"", |value| {
        let currency = value.text()?.parse().ok();
        currency.or_else(|| value.is_not("a currency code, such as \"CNY\""))
    });
    let usd = s.require("usd_per_unit", "usd_per_unit = 0.14", |value| {
        let usd = value.decimal(str::parse::<Pico>)?;
        let usable = (usd > Pico::ZERO).then_some(usd);
        usable.or_else(|| value.is_not("above zero"))
    });
    let from = s.require("from", "from = 2026-01-31", Value::day);
    let source = s.require("source", "source = \"central bank\"", Value::text);
    section.finish(&[]);
    Some(FxRate {
        layer,
        currency: currency?,
        usd: usd?,
        from: from?,
        source: source?.to_owned(),
    })
}
