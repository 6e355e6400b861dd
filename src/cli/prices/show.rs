//! `prices show`: everything that is known of what a model costs.

use std::cmp::Reverse;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::words;
use crate::admin;
use crate::cli::Failure;
use crate::cli::args::PricesShow;
use crate::cli::output;
use crate::cli::report::plain;
use crate::config::closest;
use crate::money::Currency;
use crate::pricing::{Conditions, Price, PriceBook, PriceEntry, is_pattern};

/// Names that a misspelt one may mean; a longer list is no help.
const NEAR_MAX: usize = 8;
/// So many equal letters at their begin make two names near.
const NEAR_LETTERS: usize = 4;
/// Columns of a line.
const WIDTH: usize = 100;

/// A page for each list that the model stands in.
pub(super) fn text(book: &PriceBook, asked: &PricesShow, at: Timestamp) -> Result<String, Failure> {
    let model = asked.model.as_str();
    let mut lists: Vec<&str> = book.names().into_iter().map(|(list, _)| list).collect();
    lists.dedup();
    lists.retain(|list| {
        let asked = asked.list.as_deref();
        // A discount on all models makes none of them known.
        let mut priced = book
            .entries_for(list, model)
            .filter(|entry| !entry.is_factor());
        asked.is_none_or(|asked| asked == *list) && priced.next().is_some()
    });
    if lists.is_empty() {
        return Err(unknown(book, asked));
    }
    let pages = lists.into_iter().map(|list| {
        Page {
            book,
            list,
            model,
            at,
        }
        .text()
    });
    let pages: Vec<String> = pages.collect();
    Ok(pages.join("\n"))
}

/// What could have been meant.
fn unknown(book: &PriceBook, asked: &PricesShow) -> Failure {
    let model = asked.model.as_str();
    let of_list = |list: &str| asked.list.as_deref().is_none_or(|asked| asked == list);
    let mut names: Vec<&str> = book
        .names()
        .into_iter()
        .filter_map(|(list, name)| (of_list(list) && !is_pattern(name)).then_some(name))
        .collect();
    names.dedup();
    let alike = |name: &&str| {
        let same = name.chars().zip(model.chars()).take_while(|(a, b)| a == b);
        same.count() >= NEAR_LETTERS || (model.len() >= NEAR_LETTERS && name.contains(model))
    };
    let best = closest(model, names.iter().copied());
    let others = names
        .iter()
        .copied()
        .filter(alike)
        .filter(|name| best != Some(*name));
    let near: Vec<&str> = best.into_iter().chain(others).take(NEAR_MAX).collect();
    let list = asked.list.as_ref();
    let list = list.map_or_else(String::new, |list| format!(" in the list {list:?}"));
    let failure = Failure::use_or_config(format!("{model:?} has no price{list}"));
    let add = "add it as [[prices]] to your configuration; the keys stand at the head of \
               config/prices.toml";
    if near.is_empty() {
        failure.remedy(format!("`tollgate prices list` has all names; or {add}"))
    } else {
        failure.remedy(format!("near names: {}; or {add}", near.join(", ")))
    }
}

/// A model in a list.
struct Page<'a> {
    book: &'a PriceBook,
    list: &'a str,
    model: &'a str,
    at: Timestamp,
}

impl<'a> Page<'a> {
    fn text(&self) -> String {
        let day = self.at.to_zoned(TimeZone::UTC).date();
        let mut out = vec![format!(
            "{} in the list {}, on {day}; money for a million tokens\n\nIn force\n",
            plain(self.model),
            plain(self.list)
        )];
        let plain_calls = Conditions::default();
        let kinds = self.book.kinds(self.list, self.model);
        for kind in std::iter::once(&plain_calls).chain(kinds) {
            out.extend(self.in_force(kind));
        }
        out.push("\nEntries, newest first\n".to_owned());
        let mut entries: Vec<&PriceEntry> = self.book.entries_for(self.list, self.model).collect();
        entries.sort_by_key(|entry| Reverse(entry.since.date()));
        for entry in &entries {
            out.extend(self.entry(entry));
        }
        out.extend(self.exchange(&entries));
        out.concat()
    }

    /// What prices the calls of a kind.
    fn in_force(&self, kind: &Conditions) -> Vec<String> {
        let calls = words::calls(kind);
        let price = self.book.quote((self.list, self.model), self.at, kind);
        let said = match &price {
            Ok(price) => vec![price.id(), words::amounts(price)],
            Err(_) => vec!["no price: such calls are unpriced".to_owned()],
        };
        let mut lines = vec![wrapped(&calls, "  ")];
        lines.extend(said.iter().map(|line| wrapped(line, "      ")));
        if price.is_ok_and(|price| price.seen_later()) {
            lines.push(wrapped(
                "first seen after that day, and the earliest known",
                "      ",
            ));
        }
        lines
    }

    /// One entry: what it says, how the name leads there, and whether it is in force.
    fn entry(&self, entry: &'a PriceEntry) -> Vec<String> {
        let named = entry.named(self.model).map(words::named);
        let whose = admin::layer(entry.layer);
        let how = named.unwrap_or_default();
        let head = format!("{} ({whose}, {how}): {}", entry.id(), self.status(entry));
        let about = format!(
            "{}; {}",
            words::since(entry),
            words::calls(&entry.conditions)
        );
        let source = format!("source: {}", plain(&entry.source));
        let said = [about, words::terms(entry)].into_iter();
        let said = said.chain(words::paid(entry)).chain([source]);
        let said = said.map(|line| wrapped(&line, "      "));
        std::iter::once(wrapped(&head, "  ")).chain(said).collect()
    }

    /// Whether it prices the calls it is for, and if not, what does.
    fn status(&self, entry: &'a PriceEntry) -> String {
        let price = self
            .book
            .quote((self.list, self.model), self.at, &entry.conditions);
        let price = price.as_ref().ok();
        if price.is_some_and(|price| is_part(entry, price)) {
            return "in force".to_owned();
        }
        if entry.begins() > self.at {
            return "not yet in force".to_owned();
        }
        match price {
            Some(_) if entry.is_factor() => "off the catalogue's prices only".to_owned(),
            Some(price) if price.entry().layer == entry.layer => {
                format!("replaced by {}", price.entry().id())
            }
            Some(price) => format!(
                "hidden by {} ({})",
                price.entry().id(),
                admin::layer(price.entry().layer)
            ),
            None => "without a standard price that it goes with".to_owned(),
        }
    }

    /// What the currencies are worth in dollars.
    fn exchange(&self, entries: &[&PriceEntry]) -> Vec<String> {
        let mut currencies: Vec<Currency> = entries.iter().map(|entry| entry.currency).collect();
        currencies.sort_unstable();
        currencies.dedup();
        let rates = currencies
            .iter()
            .filter(|currency| **currency != Currency::USD);
        let rates = rates.filter_map(|currency| self.book.fx_for(*currency, self.at));
        let lines = rates.map(|rate| {
            let (currency, usd, from) = (rate.currency, rate.usd, rate.from);
            let (whose, source) = (admin::layer(rate.layer), plain(&rate.source));
            let line = format!("1 {currency} is {usd} USD from {from} on ({whose}, {source})");
            format!("\n{}", wrapped(&line, ""))
        });
        lines.collect()
    }
}

fn is_part(entry: &PriceEntry, price: &Price<'_>) -> bool {
    std::ptr::eq(price.entry(), entry)
        || price
            .beyond()
            .iter()
            .any(|beyond| std::ptr::eq(*beyond, entry))
        || price.factors().any(|factor| std::ptr::eq(factor, entry))
}

fn wrapped(line: &str, indent: &str) -> String {
    output::wrapped_at(WIDTH, line, indent)
}
