//! `[[prices]]` and `[[fx]]`: dated prices and exchange rates, of the catalogue and of the user.

mod alone;
mod conditions;
mod terms;

use std::path::{Path, PathBuf};

use jiff::civil::Date;

pub use alone::prices_of;
pub(super) use conditions::WEEKDAYS;
use conditions::conditions;
use terms::{avoidable, settlement, terms};

use super::document::Document;
use super::problem::{Context, Problem, Problems};
use super::rate_key::RateKey;
use super::section::Section;
use super::value::Value;
use crate::money::{Avoidable, Pico};
use crate::pricing::{
    BookProblem, FxRate, Layer, PriceBook, PriceEntry, Settings, Since, Terms, is_pattern,
};

/// The catalogue in the binary, and what problems call it.
const EMBEDDED: (&str, &str) = (
    "config/prices.toml (embedded)",
    include_str!("../../config/prices.toml"),
);

/// The prices of one file by itself, as `price_files` names it.
///
/// # Errors
/// Everything that is wrong in it, at once.
pub fn price_file(path: &Path) -> Result<Settings, Problems> {
    let context = Context::new(&|_| None);
    let mut reading = Reading::default();
    reading.file(path, &context);
    let problems = context.into_problems();
    if problems.all.is_empty() {
        Ok(reading.settings)
    } else {
        Err(problems)
    }
}

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

    /// Reads the files of `price_files`, each like `[[prices]]` and `[[fx]]` of the configuration.
    pub(super) fn files(&mut self, root: &mut Section<'_>) {
        let mut seen: Vec<PathBuf> = Vec::new();
        for file in root.value("price_files").iter().flat_map(Value::items) {
            let Some(path) = file.path() else {
                continue;
            };
            if seen.contains(&path) {
                file.is_not::<()>("a further file; it is in this list already");
            } else {
                self.file(&path, file.context);
            }
            seen.push(path);
        }
    }

    fn file(&mut self, path: &Path, context: &Context<'_>) {
        let Some(document) = Document::open(path, context) else {
            return;
        };
        if let Some(table) = document.parse(context) {
            let mut root = Section::root(context, &document, table.get_ref());
            // Asked for only where it is: no key of these files.
            let reserved = table.get_ref().get("reserved");
            if let Some(reserved) = reserved.and_then(|_| root.value("reserved")) {
                reserved.problem(
                    "is not read in this file; write [[reserved]] into tollgate.toml, whose \
                     upstreams it names",
                );
            }
            self.entries(&mut root, Layer::Overlay);
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
            let see = |other: usize, change: &str| {
                let other = places.get(other);
                other.map_or_else(String::new, |other| format!("see {other}; change {change}"))
            };
            let remedy = match &problem {
                BookProblem::NoFxRate { .. } => "add one".to_owned(),
                BookProblem::Ambiguous { other, .. } => {
                    see(*other, "the day or the calls of one of them")
                }
                BookProblem::Overlapping { other, .. } => {
                    see(*other, "the hours or weekdays of one of them")
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
    let asked = asked(s, layer);
    let since = since(s);
    let read = read(s, since);
    let source = s.require("source", "source = \"contract of 2026-01-31\"", Value::text);
    let conditions = conditions(s);
    let settlement = settlement(s, &conditions);
    let avoidable = avoidable(s, &conditions, settlement);
    let free_units: Vec<String> = s
        .value("free_units")
        .iter()
        .flat_map(Value::texts)
        .map(|(unit, _)| unit.to_owned())
        .collect();
    let terms = terms(s, &conditions, layer);
    let is_factor = matches!(terms, Some((Terms::Times(_), _)));
    if is_factor && asked {
        s.problem(
            "is a factor of what the model that answers costs; write rates, or leave asked out",
        );
    }
    if is_factor && (settlement.is_some() || avoidable != Avoidable::Now) {
        s.problem("is a factor and no price of its own; write how it is paid at the price");
    }
    section.finish(&RateKey::in_dollars());
    let (terms, currency) = terms?;
    Some(PriceEntry {
        layer,
        list: list?.to_owned(),
        names: names?,
        asked,
        since: since?,
        read,
        conditions,
        currency,
        terms,
        free_units,
        settlement,
        avoidable,
        source: source?.to_owned(),
    })
}

/// The names of `match`: patterns only in the user's own prices.
pub(super) fn names(value: &Value<'_>, layer: Layer) -> Vec<String> {
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

/// `asked`: whether `match` names what clients ask for. A vendor's own list has the names that answer.
fn asked(section: &mut Section<'_>, layer: Layer) -> bool {
    let Some(value) = section.value("asked") else {
        return false;
    };
    if layer == Layer::Catalogue {
        value.problem("is about names of your own; it belongs into [[prices]] of tollgate.toml");
    }
    value.boolean().unwrap_or(false)
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

/// `read`: not before the day from which the price is known at all.
fn read(section: &mut Section<'_>, since: Option<Since>) -> Option<Date> {
    let read = section.value("read")?;
    let day = read.day()?;
    match since {
        Some(Since::Seen(seen)) if day < seen => {
            read.is_not("a day from seen on; before it the price was not known")
        }
        Some(Since::Seen(_) | Since::From(_)) | None => Some(day),
    }
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
