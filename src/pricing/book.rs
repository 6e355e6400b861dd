//! The price book: which dated entry prices a call.

use std::cmp::Reverse;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::bill::Bill;
use super::conditions::{Conditions, Served};
use super::entry::{FxRate, Layer, PriceEntry, Settings, Since, Terms};
use super::index::Index;
use super::{Priceable, Priced};
use crate::call::Flag;
use crate::money::{Currency, Factor, Pico};
use crate::usage::TokenUsage;

/// Why entries cannot stand together in one book.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BookProblem {
    /// Two entries would price the same calls from the same day on.
    #[error("\"{name}\" has another price for the same day and the same calls")]
    Ambiguous {
        /// The later entry's position in the settings.
        entry: usize,
        /// The earlier one's.
        other: usize,
        /// The name they share.
        name: String,
    },
    /// A price in a currency that nothing converts to dollars.
    #[error("no [[fx]] entry says what one {currency} is worth in USD")]
    NoFxRate {
        /// The entry's position in the settings.
        entry: usize,
        /// Its currency.
        currency: Currency,
    },
}

impl BookProblem {
    /// The position of the entry to blame.
    #[must_use]
    pub const fn entry(&self) -> usize {
        match self {
            Self::Ambiguous { entry, .. } | Self::NoFxRate { entry, .. } => *entry,
        }
    }
}

/// All prices, ready to be asked.
#[derive(Debug)]
pub struct PriceBook {
    entries: Vec<PriceEntry>,
    /// Beside `entries`: when each begins and what it is called in records.
    facts: Vec<Fact>,
    /// The entries that price calls: free, or at rates.
    whole: Index,
    /// Those that price what is beyond a length.
    beyond: Index,
    /// Those that multiply.
    times: Index,
    /// Newest first.
    fx: Vec<FxRate>,
}

#[derive(Debug)]
struct Fact {
    begins: Timestamp,
    id: String,
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
        let beyond = self.beyond.iter();
        let beyond = beyond.map(|entry| format!(" + {}", entry.id()));
        let factors = self.factors.iter();
        let factors = factors.map(|found| format!(" x {}", found.id));
        let further: String = beyond.chain(factors).collect();
        format!("{}{further}", self.base.id)
    }
}

impl PriceBook {
    /// Indexes checked entries.
    ///
    /// # Errors
    /// All pairs that would price the same calls, and all currencies without an exchange rate.
    pub fn new(settings: Settings) -> Result<Self, Vec<BookProblem>> {
        let Settings { prices, mut fx } = settings;
        let (whole, mut problems) = Index::new(&prices, |terms| {
            matches!(terms, Terms::Free | Terms::Rates(_))
        });
        let (beyond, further) = Index::new(&prices, |terms| matches!(terms, Terms::Beyond(_)));
        problems.extend(further);
        let (times, further) = Index::new(&prices, |terms| matches!(terms, Terms::Times(_)));
        problems.extend(further);
        for (entry, price) in prices.iter().enumerate() {
            let currency = price.currency;
            if currency != Currency::USD && !fx.iter().any(|rate| rate.currency == currency) {
                problems.push(BookProblem::NoFxRate { entry, currency });
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        fx.sort_by_key(|rate| Reverse(rate.from));
        let facts = prices
            .iter()
            .map(|entry| Fact {
                begins: midnight(entry.since.date()),
                id: entry.id(),
            })
            .collect();
        Ok(Self {
            entries: prices,
            facts,
            whole,
            beyond,
            times,
            fx,
        })
    }

    /// The bill of a call. Total: what cannot be priced is `Unpriced` and says why.
    #[must_use]
    pub fn price(&self, call: &Priceable<'_>) -> Priced {
        Bill::of(self, call).unwrap_or_else(Priced::unpriced)
    }

    /// All entries, in the order they were given.
    #[must_use]
    pub fn entries(&self) -> &[PriceEntry] {
        &self.entries
    }

    /// The exchange rates, newest first.
    #[must_use]
    pub fn fx(&self) -> &[FxRate] {
        &self.fx
    }

    /// Whether any price belongs to the list.
    #[must_use]
    pub fn has_list(&self, list: &str) -> bool {
        [&self.whole, &self.beyond, &self.times]
            .iter()
            .any(|index| index.has_list(list))
    }

    /// The entry that prices ordinary calls to a model at a time, if the model has a price.
    #[must_use]
    pub fn in_force(&self, list: &str, model: &str, at: Timestamp) -> Option<&PriceEntry> {
        let now = |entry: &&PriceEntry| midnight(entry.since.date()) <= at;
        let ordinary = |entry: &&PriceEntry| entry.conditions == Conditions::default();
        let mut chains = self.whole.chains(list, model);
        chains.find_map(|chain| {
            let known = || chain.iter().filter_map(|at| self.entries.get(*at));
            let found = known().filter(ordinary).find(now);
            found.or_else(|| known().rfind(ordinary))
        })
    }

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
        if base.entry.layer == Layer::Catalogue {
            factors.extend(pick(&self.times, standard).ok());
        }
        let newest = pick(&self.beyond, way).map(|found| found.entry.since.date());
        let beyond = newest.map_or_else(
            |_| Vec::new(),
            |date| {
                self.beyond((call.list, model), date, |conditions| {
                    conditions.fit(call, &way) && conditions.reached(usage)
                })
            },
        );
        Ok(Price {
            base,
            beyond,
            factors,
        })
    }

    /// The marginal entries of a day whose conditions `fit`.
    fn beyond(
        &self,
        (list, model): (&str, &str),
        date: Date,
        fit: impl Fn(&Conditions) -> bool,
    ) -> Vec<&PriceEntry> {
        let chain = self.beyond.chains(list, model).next();
        let entries = chain.into_iter().flatten();
        let entries = entries.filter_map(|at| self.entries.get(*at));
        entries
            .filter(|entry| entry.since.date() == date && fit(&entry.conditions))
            .collect()
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

    /// Dollars for one unit of `currency` at that time; the earliest known rate before all others.
    pub(super) fn usd_for(&self, currency: Currency, at: Timestamp) -> Option<Pico> {
        let known = || self.fx.iter().filter(|rate| rate.currency == currency);
        known()
            .find(|rate| midnight(rate.from) <= at)
            .or_else(|| known().next_back())
            .map(|rate| rate.usd)
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

/// The first moment of a day in UTC, in which vendors' price days are kept.
pub(super) fn midnight(date: Date) -> Timestamp {
    date.to_zoned(TimeZone::UTC)
        .map_or(Timestamp::MAX, |zoned| zoned.timestamp())
}
