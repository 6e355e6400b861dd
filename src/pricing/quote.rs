//! What prices a kind of calls rather than one call: for lists and comparisons of prices.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::book::PriceBook;
use super::conditions::{Conditions, Served};
use super::entry::{PriceEntry, Terms};
use super::find::{Calls, Price, Sought};
use super::names::{Pattern, is_pattern};
use crate::call::{Flag, without_snapshot};
use crate::money::Factor;

/// All calls that are just what the conditions say, and no more special.
impl Calls for &Conditions {
    fn fit(&self, conditions: &Conditions, served: &Served<'_>) -> bool {
        conditions.served() == *served
            && (conditions.thinking.is_none() || conditions.thinking == self.thinking)
            && (conditions.window.is_none() || conditions.window == self.window)
    }

    fn reach(&self, conditions: &Conditions) -> bool {
        conditions.above_input_tokens <= self.above_input_tokens
            && conditions.above_output_tokens <= self.above_output_tokens
    }
}

/// How a model's name leads to an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Named<'a> {
    /// It stands there.
    Exact,
    /// This name does: the model without its snapshot's date.
    Snapshot(&'a str),
    /// This pattern fits it.
    Pattern(&'a str),
}

impl PriceEntry {
    /// How the name leads here, if it does; another entry may hide this one.
    #[must_use]
    pub fn named<'a>(&'a self, model: &str) -> Option<Named<'a>> {
        let base = without_snapshot(model);
        let names = || self.names.iter().map(String::as_str);
        let exact = names().find(|name| *name == model).map(|_| Named::Exact);
        let snapshot = || names().find(|name| Some(*name) == base);
        let fits = |name: &&str| is_pattern(name) && Pattern::new(name).matches(model);
        exact
            .or_else(|| snapshot().map(Named::Snapshot))
            .or_else(|| names().find(fits).map(Named::Pattern))
    }
}

impl PriceBook {
    /// What prices calls to a model that are just of that kind, at a time.
    ///
    /// # Errors
    /// Why they have no price: [`Flag::NoPrice`] or [`Flag::NoRate`].
    pub fn quote<'a>(
        &'a self,
        (list, model): (&'a str, &'a str),
        at: Timestamp,
        kind: &'a Conditions,
    ) -> Result<Price<'a>, Flag> {
        let sought = Sought {
            list,
            model,
            at,
            calls: kind,
        };
        self.best(&sought, kind.served())
    }

    /// Every entry that a name leads to, hidden ones too, in the order they were given.
    pub fn entries_for<'a>(
        &'a self,
        list: &str,
        model: &str,
    ) -> impl Iterator<Item = &'a PriceEntry> {
        let entries = self.entries.iter();
        entries.filter(move |entry| entry.list == list && entry.named(model).is_some())
    }

    /// The kinds of calls that entries for a model tell apart, plain calls left out.
    #[must_use]
    pub fn kinds(&self, list: &str, model: &str) -> Vec<&Conditions> {
        let mut kinds: Vec<&Conditions> = Vec::new();
        for entry in self.entries_for(list, model) {
            if entry.conditions != PLAIN && !kinds.contains(&&entry.conditions) {
                kinds.push(&entry.conditions);
            }
        }
        kinds
    }

    /// The lists and names that have entries, patterns too, in their order.
    #[must_use]
    pub fn names(&self) -> BTreeSet<(&str, &str)> {
        let entries = self.entries.iter();
        let pairs = entries.flat_map(|entry| {
            let names = entry.names.iter().map(String::as_str);
            names.map(|name| (entry.list.as_str(), name))
        });
        pairs.collect()
    }

    /// The lists that have entries, in their order.
    #[must_use]
    pub fn lists(&self) -> BTreeSet<&str> {
        let entries = self.entries.iter();
        entries.map(|entry| entry.list.as_str()).collect()
    }

    /// What is in force for plain calls at a time, a line a name.
    #[must_use]
    pub fn listing(&self, at: Timestamp) -> Vec<Listed<'_>> {
        let names = self.names().into_iter();
        let lines = names.filter_map(|name| self.listed(name, at));
        lines.collect()
    }

    fn listed<'a>(
        &'a self,
        (list, model): (&'a str, &'a str),
        at: Timestamp,
    ) -> Option<Listed<'a>> {
        let quote = |kind| self.quote((list, model), at, kind).ok();
        let Some(price) = quote(&PLAIN) else {
            // A discount by itself, such as one for all models of a list.
            let (entry, times) = self.discount(list, model, at)?;
            return Some(Listed {
                list,
                model,
                entry,
                times,
                seen_later: false,
                special: 0,
            });
        };
        let plain = price.id();
        let others = self.kinds(list, model).into_iter().filter_map(quote);
        Some(Listed {
            list,
            model,
            entry: price.entry(),
            times: price.times(),
            seen_later: price.seen_later(),
            special: others.filter(|other| other.id() != plain).count(),
        })
    }

    fn discount(&self, list: &str, model: &str, at: Timestamp) -> Option<(&PriceEntry, Factor)> {
        let named = self.entries_for(list, model);
        let begun = named.filter(|entry| entry.begins() <= at && entry.conditions == PLAIN);
        let factors = begun.filter_map(|entry| match entry.terms {
            Terms::Times(factor) => Some((entry, factor)),
            Terms::Free | Terms::Rates(_) | Terms::Beyond(_) => None,
        });
        factors.max_by_key(|(entry, _)| entry.since.date())
    }
}

/// Calls that are in no way special.
pub(super) const PLAIN: Conditions = Conditions {
    above_input_tokens: None,
    above_output_tokens: None,
    thinking: None,
    window: None,
    service_tier: None,
    speed: None,
    region: None,
};

/// What a name costs in plain calls.
#[derive(Clone, Debug)]
pub struct Listed<'a> {
    /// The price list.
    pub list: &'a str,
    /// The model, or the pattern.
    pub model: &'a str,
    /// The entry in force.
    pub entry: &'a PriceEntry,
    /// What its rates for tokens are multiplied by.
    pub times: Factor,
    /// It was first seen after the time.
    pub seen_later: bool,
    /// How many kinds of special calls have a price of their own.
    pub special: usize,
}
