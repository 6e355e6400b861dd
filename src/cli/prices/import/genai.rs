//! The `data.json` of pydantic's genai-prices: a list of vendors with their models, dollars for a
//! million tokens, a thousand searches, an hour of audio; prices begin on days and at hours.
//!
//! A length counts all tokens of a call, as here. Variants say what differs from the standard price.

mod dates;
mod names;
mod rates;

use jiff::civil::Date;

use super::found::{Found, Model, Price, Reason};
use super::json::{Json, Table};
use super::lists;
use crate::pricing::{Conditions, Since, Window};
use dates::When;
use rates::{ByLength, lay, rates};

/// The vendors of a file, if it is such a map: a list, or newer an object with one.
pub(super) fn vendors(root: Json<'_>) -> Option<Vec<Json<'_>>> {
    let vendors = match root.table() {
        Some(table) => table.get("providers")?.list()?,
        None => root.list()?,
    };
    let first = vendors.first()?.table()?;
    (first.get("id").is_some() && first.get("models").is_some()).then_some(vendors)
}

/// Reads all models.
pub(super) fn read(vendors: &[Json<'_>], seen: Since) -> Found {
    let mut found = Found::default();
    for vendor in vendors {
        let vendor = vendor.table().unwrap_or_default();
        let id = vendor.get("id").and_then(Json::text).unwrap_or_default();
        let models = vendor.get("models").and_then(Json::list);
        for json in models.unwrap_or_default() {
            let table = json.table().unwrap_or_default();
            found.models.push(model(&id, &table, seen));
        }
    }
    found
}

fn model(vendor: &str, table: &Table<'_>, seen: Since) -> Model {
    let id = table.get("id").and_then(Json::text).unwrap_or_default();
    let key = format!("{vendor}: {id}");
    let mut model = Model::new(&key, lists::list(vendor), vec![id]);
    if vendor.is_empty() || model.name().is_empty() {
        model.tell("id", Reason::NoVendor);
    }
    for field in &table.twice {
        model.tell(field, Reason::Twice);
    }
    if let Some(clause) = table.get("match") {
        names::read(&mut model, clause);
    }
    let standard = dated(&mut model, table);
    let variants = variants(&mut model, table);
    let starts = standard.iter().map(|(when, _)| when);
    let starts = starts.chain(variants.iter().map(|variant| &variant.when));
    let starts: Vec<Date> = starts.filter_map(When::day).collect();
    for since in dates::days(starts, seen) {
        on(&mut model, &standard, &variants, since);
    }
    model.prices.retain(|price| !price.rates.is_empty());
    model.prices.dedup();
    model
}

/// What differs for calls that were served in a way of their own.
struct Variant {
    when: When,
    way: Conditions,
    rates: ByLength,
}

impl When {
    fn day(&self) -> Option<Date> {
        match self {
            Self::From(day) => Some(*day),
            Self::Always | Self::At(_) => None,
        }
    }

    /// Whether it has begun; hours are told apart by calls.
    fn has_begun(&self, since: Since) -> bool {
        self.day().is_none_or(|day| day <= since.date())
    }
}

/// The standard prices in the order of the map: of those in force the last one counts.
fn dated(model: &mut Model, table: &Table<'_>) -> Vec<(When, ByLength)> {
    let Some(prices) = table.get("prices") else {
        return Vec::new();
    };
    let Some(list) = prices.list() else {
        let rates = rates(model, prices);
        return vec![(When::Always, rates)];
    };
    let mut dated = Vec::new();
    for json in list {
        let table = json.table().unwrap_or_default();
        let when = dates::when(model, &table);
        let rates = table.get("prices").map(|prices| rates(model, prices));
        dated.extend(when.zip(rates));
    }
    dated
}

/// The variants that calls can be told by.
fn variants(model: &mut Model, table: &Table<'_>) -> Vec<Variant> {
    let list = table.get("price_variants").and_then(Json::list);
    let mut variants = Vec::new();
    for json in list.unwrap_or_default() {
        let table = json.table().unwrap_or_default();
        let asked = table.get("when").and_then(Json::table).unwrap_or_default();
        let way = match way(&asked) {
            Ok(Some(way)) => way,
            // The standard way by its name.
            Ok(None) => continue,
            Err(()) => {
                let keys: Vec<&str> = asked.values.keys().map(String::as_str).collect();
                model.tell(&format!("price_variants.{}", keys.join("+")), Reason::NoWay);
                continue;
            }
        };
        let when = dates::when(model, &table);
        let rates = table.get("prices").map(|prices| rates(model, prices));
        if let (Some(when), Some(rates)) = (when, rates) {
            variants.push(Variant { when, way, rates });
        }
    }
    variants
}

/// What calls must say to be served so; `None` is the standard way.
fn way(asked: &Table<'_>) -> Result<Option<Conditions>, ()> {
    let mut said = asked.values.iter();
    let (Some((key, json)), None) = (said.next(), said.next()) else {
        return Err(());
    };
    let word = json.text().ok_or(())?;
    let tier = |tier: &str| Conditions {
        service_tier: Some(tier.to_owned()),
        ..Conditions::default()
    };
    match (key.as_str(), word.as_str()) {
        ("service_tier", "default" | "standard" | "auto") => Ok(None),
        ("service_tier", word) => Ok(Some(tier(word))),
        ("processing", "batch") => Ok(Some(tier("batch"))),
        ("speed", word) => Ok(Some(Conditions {
            speed: Some(word.to_owned()),
            ..Conditions::default()
        })),
        _ => Err(()),
    }
}

/// Adds all prices that begin, or go on, on that day.
fn on(model: &mut Model, standard: &[(When, ByLength)], variants: &[Variant], since: Since) {
    let mut base: Option<&ByLength> = None;
    let mut hours: Vec<(&Window, &ByLength)> = Vec::new();
    for (when, rates) in standard
        .iter()
        .rev()
        .filter(|(when, _)| when.has_begun(since))
    {
        match when {
            When::At(window) => hours.push((window, rates)),
            When::Always | When::From(_) => {
                base = Some(rates);
                break;
            }
        }
    }
    let Some(base) = base else {
        return;
    };
    put(model, since, &Conditions::default(), base.clone());
    for (window, rates) in hours {
        let conditions = Conditions {
            window: Some(window.clone()),
            ..Conditions::default()
        };
        put(model, since, &conditions, rates.clone());
    }
    let mut ways: Vec<&Conditions> = Vec::new();
    for variant in variants
        .iter()
        .filter(|variant| variant.when.has_begun(since))
    {
        if !ways.contains(&&variant.way) {
            ways.push(&variant.way);
        }
    }
    for way in ways {
        let own = variants
            .iter()
            .filter(|variant| variant.way == *way && variant.when.has_begun(since));
        // The first one to name a part counts.
        let own: Vec<&ByLength> = own.map(|variant| &variant.rates).collect();
        let served = own
            .iter()
            .rev()
            .fold(base.clone(), |rates, own| lay(&rates, own));
        put(model, since, way, served);
    }
}

fn put(model: &mut Model, since: Since, conditions: &Conditions, rates: ByLength) {
    model
        .prices
        .extend(rates.into_iter().map(|(above, rates)| Price {
            since,
            conditions: Conditions {
                above_input_tokens: above,
                ..conditions.clone()
            },
            rates,
        }));
}
