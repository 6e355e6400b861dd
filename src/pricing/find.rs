//! Which entries price a call: the best one in force, and what multiplies it.

use super::Priceable;
use super::book::{Fact, PriceBook, midnight};
use super::conditions::{Conditions, Served};
use super::entry::{Layer, PriceEntry, Since, Terms};
use super::index::Index;
use crate::call::Flag;
use crate::money::Factor;
use crate::usage::TokenUsage;

/// An entry that prices a call.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found<'a> {
    pub(super) entry: &'a PriceEntry,
    pub(super) id: &'a str,
    /// The call is older than the price.
    pub(super) seen_later: bool,
}

/// What prices a call: an entry, further ones for what is beyond a length, and what multiplies them.
#[derive(Debug)]
pub(super) struct Price<'a> {
    pub(super) base: Found<'a>,
    pub(super) beyond: Vec<&'a PriceEntry>,
    factors: Vec<Found<'a>>,
}

impl Price<'_> {
    /// What the rates for tokens are multiplied by.
    pub(super) fn times(&self) -> Factor {
        let factors = self.factors.iter().map(|found| match &found.entry.terms {
            Terms::Times(factor) => *factor,
            Terms::Free | Terms::Rates(_) | Terms::Beyond(_) => Factor::ONE,
        });
        factors.fold(Factor::ONE, Factor::and)
    }

    /// Whether any of it was first seen after the call.
    pub(super) fn seen_later(&self) -> bool {
        self.base.seen_later || self.factors.iter().any(|found| found.seen_later)
    }

    /// The names of all that prices the call: `v/m@2026-01-01 x v/m@2026-01-01+batch`.
    pub(super) fn id(&self) -> String {
        if self.beyond.is_empty() && self.factors.is_empty() {
            return self.base.id.to_owned();
        }
        let beyond = self.beyond.iter();
        let beyond = beyond.map(|entry| format!(" + {}", entry.id()));
        let factors = self.factors.iter();
        let factors = factors.map(|found| format!(" x {}", found.id));
        let further: String = beyond.chain(factors).collect();
        format!("{}{further}", self.base.id)
    }
}

impl PriceBook {
    /// What prices a call that used so much of `model`.
    ///
    /// An entry for just the way it was served wins; else the standard price times a factor for each
    /// way in which the call is special. A negotiated discount comes on top of the catalogue's prices.
    pub(super) fn find<'a>(
        &'a self,
        call: &Priceable<'a>,
        model: &'a str,
        usage: &TokenUsage,
    ) -> Result<Price<'a>, Flag> {
        let standard = Served::default();
        let served = Served::of(call);
        let pick = |index: &'a Index, served: Served<'_>| {
            self.pick(index, call, model, |conditions| {
                conditions.fit(call, &served) && conditions.reached(usage)
            })
        };
        let mut factors = Vec::new();
        let (base, way) = match pick(&self.whole, served) {
            Ok(found) => (found, served),
            Err(miss) if served.is_standard() => return Err(miss),
            Err(_) => {
                let base = pick(&self.whole, standard)?;
                let each = served.each().map(|way| pick(&self.times, way));
                factors = each.collect::<Result<_, _>>().map_err(|_| Flag::NoRate)?;
                (base, standard)
            }
        };
        if base.entry.layer == Layer::Catalogue && !self.times.is_empty() {
            factors.extend(pick(&self.times, standard).ok());
        }
        let beyond = self.beyond(call, model, (&base, way), usage);
        Ok(Price {
            base,
            beyond,
            factors,
        })
    }

    /// The marginal entries that go with an entry: of its layer and names and not older than it; of
    /// those that hold for the call the newest and most special, as far as their length is reached.
    fn beyond<'a>(
        &'a self,
        call: &Priceable<'a>,
        model: &'a str,
        (base, way): (&Found<'a>, Served<'_>),
        usage: &TokenUsage,
    ) -> Vec<&'a PriceEntry> {
        let begun = |entry: &PriceEntry| {
            midnight(entry.since.date()) <= call.at
                || (base.seen_later && entry.since == base.entry.since)
        };
        let goes_with = |entry: &&PriceEntry| {
            (entry.layer, &entry.names) == (base.entry.layer, &base.entry.names)
                && entry.since.date() >= base.entry.since.date()
                && begun(entry)
                && entry.conditions.fit(call, &way)
        };
        if self.beyond.is_empty() {
            return Vec::new();
        }
        let chains = self.beyond.chains(call.list, model).flatten();
        let entries = chains.filter_map(|at| self.entries.get(*at));
        let entries: Vec<&PriceEntry> = entries.filter(goes_with).collect();
        let Some(first) = entries.first().copied() else {
            return Vec::new();
        };
        let like = |entry: &&PriceEntry| {
            let (one, other) = (&entry.conditions, &first.conditions);
            entry.since == first.since
                && (&one.window, one.thinking) == (&other.window, other.thinking)
                && one.reached(usage)
        };
        entries.into_iter().filter(like).collect()
    }

    /// The best entry of an index whose conditions `fit`, of those in force when the call began.
    fn pick<'a>(
        &'a self,
        index: &'a Index,
        call: &Priceable<'a>,
        model: &'a str,
        fit: impl Fn(&Conditions) -> bool,
    ) -> Result<Found<'a>, Flag> {
        let mut miss = Flag::NoPrice;
        for chain in index.chains(call.list, model) {
            let known = || chain.iter().filter_map(|at| self.at(*at));
            let fits = |(entry, _): &(&PriceEntry, &Fact)| fit(&entry.conditions);
            let in_force = |(_, fact): &(&PriceEntry, &Fact)| fact.begins <= call.at;
            if let Some((entry, fact)) = known().filter(fits).find(in_force) {
                return Ok(Found::new(entry, fact, false));
            }
            // Of the earliest day the one that is asked first: the chain has it before the others.
            let earliest = known()
                .filter(fits)
                .min_by_key(|(entry, _)| entry.since.date());
            if let Some((entry, fact)) = earliest
                && matches!(entry.since, Since::Seen(_))
            {
                return Ok(Found::new(entry, fact, true));
            }
            if known().any(|known| in_force(&known) || matches!(known.0.since, Since::Seen(_))) {
                miss = Flag::NoRate;
            }
        }
        Err(miss)
    }

    fn at(&self, position: usize) -> Option<(&PriceEntry, &Fact)> {
        Some((self.entries.get(position)?, self.facts.get(position)?))
    }
}

impl<'a> Found<'a> {
    fn new(entry: &'a PriceEntry, fact: &'a Fact, seen_later: bool) -> Self {
        Self {
            entry,
            id: &fact.id,
            seen_later,
        }
    }
}
