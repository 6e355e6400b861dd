//! Which entries price a call: the best one in force, and what multiplies it.

use jiff::Timestamp;

use super::Priceable;
use super::book::{Fact, PriceBook, midnight};
use super::conditions::{Conditions, Served};
use super::entry::{PriceEntry, Since, Terms};
use super::index::Index;
use crate::call::Flag;
use crate::money::Factor;
use crate::usage::TokenUsage;

/// What a price is sought for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sought<'a, C> {
    pub(super) list: &'a str,
    pub(super) model: &'a str,
    /// The time whose prices count.
    pub(super) at: Timestamp,
    pub(super) calls: C,
}

/// The calls that are to be priced: one of them, or all of a kind.
pub(super) trait Calls {
    /// Whether they are what an entry is for, so served, its lengths aside.
    fn fit(&self, conditions: &Conditions, served: &Served<'_>) -> bool;

    /// Whether they are longer than both lengths.
    fn reach(&self, conditions: &Conditions) -> bool;
}

impl Calls for (&Priceable<'_>, &TokenUsage) {
    fn fit(&self, conditions: &Conditions, served: &Served<'_>) -> bool {
        conditions.fit(self.0, served)
    }

    fn reach(&self, conditions: &Conditions) -> bool {
        conditions.reached(self.1)
    }
}

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
pub struct Price<'a> {
    pub(super) base: Found<'a>,
    pub(super) beyond: Vec<&'a PriceEntry>,
    factors: Vec<Found<'a>>,
    /// It is for any region, and not for the call's own.
    pub(super) region_assumed: bool,
}

impl<'a> Price<'a> {
    /// The entry with the rates, or that declares the calls free.
    #[must_use]
    pub fn entry(&self) -> &'a PriceEntry {
        self.base.entry
    }

    /// The entries for what is beyond a length of it.
    #[must_use]
    pub fn beyond(&self) -> &[&'a PriceEntry] {
        &self.beyond
    }

    /// The entries that multiply its rates for tokens.
    pub fn factors(&self) -> impl Iterator<Item = &'a PriceEntry> + '_ {
        self.factors.iter().map(|found| found.entry)
    }

    /// What the rates for tokens are multiplied by.
    #[must_use]
    pub fn times(&self) -> Factor {
        let factors = self.factors.iter().map(|found| match &found.entry.terms {
            Terms::Times(factor) => *factor,
            Terms::Free | Terms::Rates(_) | Terms::Beyond(_) => Factor::ONE,
        });
        factors.fold(Factor::ONE, Factor::and)
    }

    /// Whether any of it was first seen after the time.
    #[must_use]
    pub fn seen_later(&self) -> bool {
        self.base.seen_later || self.factors.iter().any(|found| found.seen_later)
    }

    /// The names of all that prices the call: `v/m@2026-01-01 x v/m@2026-01-01+batch`.
    #[must_use]
    pub fn id(&self) -> String {
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
    /// What prices a call that used so much of `model`, by the prices of `at`.
    pub(super) fn find<'a>(
        &'a self,
        call: &Priceable<'_>,
        at: Timestamp,
        model: &str,
        usage: &TokenUsage,
    ) -> Result<Price<'a>, Flag> {
        let sought = Sought {
            list: call.list,
            model,
            at,
            calls: (call, usage),
        };
        let served = Served::of(call);
        let found = self.best(&sought, served);
        if found.is_ok() {
            return found;
        }
        // Most lists say nothing of regions; only what the provider itself says must have a price.
        let Some(anywhere) = served.anywhere(call) else {
            return found;
        };
        let found = self.best(&sought, anywhere)?;
        Ok(Price {
            region_assumed: true,
            ..found
        })
    }

    /// An entry for just the way it was served wins; else one that leaves as little of it as possible
    /// to factors.
    pub(super) fn best<'a>(
        &'a self,
        sought: &Sought<'_, impl Calls>,
        served: Served<'_>,
    ) -> Result<Price<'a>, Flag> {
        let mut miss = Flag::NoPrice;
        for (own, ways) in served.shares() {
            let found = self.pick(&self.whole, sought, own, |_| true);
            match found.and_then(|base| Ok((base, self.factors(sought, &base, ways)?))) {
                Ok((base, factors)) => {
                    return Ok(Price {
                        base,
                        beyond: self.beyond(sought, (&base, own)),
                        factors,
                        region_assumed: false,
                    });
                }
                Err(flag) => miss = flag,
            }
        }
        Err(miss)
    }

    /// The marginal entries that go with an entry: of its layer and names and not older than it; of
    /// those that hold for the call the newest and most special, as far as their length is reached.
    fn beyond<'a>(
        &'a self,
        sought: &Sought<'_, impl Calls>,
        (base, way): (&Found<'a>, Served<'_>),
    ) -> Vec<&'a PriceEntry> {
        let begun = |entry: &PriceEntry| {
            midnight(entry.since.date()) <= sought.at
                || (base.seen_later && entry.since == base.entry.since)
        };
        let goes_with = |entry: &&PriceEntry| {
            (entry.layer, &entry.names) == (base.entry.layer, &base.entry.names)
                && entry.since.date() >= base.entry.since.date()
                && begun(entry)
                && sought.calls.fit(&entry.conditions, &way)
        };
        if self.beyond.is_empty() {
            return Vec::new();
        }
        let chains = self.beyond.chains(sought.list, sought.model).flatten();
        let entries = chains.filter_map(|at| self.entries.get(*at));
        let entries: Vec<&PriceEntry> = entries.filter(goes_with).collect();
        let Some(first) = entries.first().copied() else {
            return Vec::new();
        };
        let like = |entry: &&PriceEntry| {
            let (one, other) = (&entry.conditions, &first.conditions);
            entry.since == first.since
                && (&one.window, one.thinking) == (&other.window, other.thinking)
                && sought.calls.reach(one)
        };
        entries.into_iter().filter(like).collect()
    }

    /// The best entry of an index for calls served so, of those that are `wanted` and in force.
    pub(super) fn pick<'a>(
        &'a self,
        index: &'a Index,
        sought: &Sought<'_, impl Calls>,
        served: Served<'_>,
        wanted: impl Fn(&Conditions) -> bool,
    ) -> Result<Found<'a>, Flag> {
        let fit = |conditions: &Conditions| {
            let Sought { calls, .. } = sought;
            wanted(conditions) && calls.fit(conditions, &served) && calls.reach(conditions)
        };
        let mut miss = Flag::NoPrice;
        for chain in index.chains(sought.list, sought.model) {
            let known = || chain.iter().filter_map(|at| self.at(*at));
            let fits = |(entry, _): &(&PriceEntry, &Fact)| fit(&entry.conditions);
            let in_force = |(_, fact): &(&PriceEntry, &Fact)| fact.begins <= sought.at;
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
