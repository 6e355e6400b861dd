//! The prices that a trace is told in: which entry of the book, and what it makes of a call.

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, civil};

use crate::call::CostLine;
use crate::cli::Failure;
use crate::economics::catalogue::nearest;
use crate::money::Pico;
use crate::pricing::{PriceBook, Priceable, Priced, is_pattern};
use crate::usage::TokenUsage;

/// A model's price on a day.
pub(super) struct Tariff {
    /// Whose price list.
    pub(super) list: String,
    /// The model.
    pub(super) model: String,
    /// Which entry, such as `openai/gpt-4o@2025-07-04`.
    pub(super) id: String,
    /// The day that its entry begins with.
    since: Date,
    at: Timestamp,
}

impl Tariff {
    /// The day, and whether it is before every known price.
    pub(super) fn on(&self, at: Date) -> String {
        let early = if self.since > at {
            ", by the earliest price known"
        } else {
            ""
        };
        format!("on {at}{early}")
    }

    /// The bill of a call with these tokens.
    pub(super) fn bill(&self, book: &PriceBook, usage: &TokenUsage) -> Priced {
        let named = (self.list.as_str(), self.model.as_str());
        book.price(&Priceable::imagined(named, self.at, usage))
    }
}

/// The tariffs that were asked for, as they were on a day.
pub(super) fn tariffs(
    book: &PriceBook,
    asked: &[String],
    at: Date,
) -> Result<Vec<Tariff>, Failure> {
    let noon = at
        .to_datetime(civil::time(12, 0, 0, 0))
        .to_zoned(TimeZone::UTC);
    let at = noon.map_or(Timestamp::MAX, |noon| noon.timestamp());
    asked.iter().map(|name| tariff(book, name, at)).collect()
}

/// `gpt-4o`, or `openai/gpt-4o` where more than one list has it.
fn tariff(book: &PriceBook, name: &str, at: Timestamp) -> Result<Tariff, Failure> {
    let mut lists: Vec<&str> = book.entries().iter().map(|e| e.list.as_str()).collect();
    lists.sort_unstable();
    lists.dedup();
    let within = |list: &str| {
        let own = name
            .strip_prefix(list)
            .and_then(|rest| rest.strip_prefix('/'));
        let found = |model: &str| {
            book.in_force(list, model, at)
                .map(|entry| (model.to_owned(), entry.id(), entry.since.date()))
        };
        own.and_then(found).or_else(|| found(name))
    };
    let found: Vec<Tariff> = lists
        .into_iter()
        .filter_map(|list| {
            let (model, id, since) = within(list)?;
            let list = list.to_owned();
            Some(Tariff {
                list,
                model,
                id,
                since,
                at,
            })
        })
        .collect();
    match <[Tariff; 1]>::try_from(found) {
        Ok([tariff]) => Ok(tariff),
        Err(found) => Err(not_one(book, name, &found)),
    }
}

fn not_one(book: &PriceBook, name: &str, found: &[Tariff]) -> Failure {
    if found.is_empty() {
        let names = book.entries().iter().flat_map(|entry| &entry.names);
        let names = names.filter(|name| !is_pattern(name)).cloned();
        let names: BTreeSet<String> = names.collect();
        let near = nearest(name, names.into_iter());
        let failure = Failure::use_or_config(format!("--price {name}: no such model has a price"));
        return match &near[..] {
            [] => failure.remedy("a price of your own goes into [[prices]] of the configuration"),
            near => failure.remedy(format!("nearest: {}", near.join(", "))),
        };
    }
    let several: Vec<String> = found
        .iter()
        .map(|tariff| format!("{}/{}", tariff.list, tariff.model))
        .collect();
    Failure::use_or_config(format!("--price {name}: more than one price list has it"))
        .remedy(format!("one of {}", several.join(", ")))
}

/// What a bill came to in dollars, or why nobody can say.
pub(super) fn dollars(priced: &Priced) -> Result<Pico, String> {
    priced.cost_usd.ok_or_else(|| {
        let flags = priced.flags.iter().map(|flag| flag.label());
        let flags: Vec<&str> = flags.collect();
        format!("has no price for such a call ({})", flags.join(", "))
    })
}

/// The lines of a bill.
pub(super) fn lines(priced: &Priced) -> &[CostLine] {
    &priced.lines
}
