//! The price book: which dated entry prices a call.

use std::cmp::Reverse;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::bill::Bill;
use super::conditions::Conditions;
use super::entry::{FxRate, Layer, PriceEntry, Settings, Since, Terms};
use super::index::Index;
use super::reserved::Reservation;
use super::{Priceable, Priced};
use crate::money::{Currency, Pico};

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
    /// Two entries would price the same calls in some hours, from the same day on.
    #[error("\"{name}\" has another price for the same day and calls, at hours that are in both")]
    Overlapping {
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
            Self::Ambiguous { entry, .. }
            | Self::Overlapping { entry, .. }
            | Self::NoFxRate { entry, .. } => *entry,
        }
    }
}

/// All prices, ready to be asked.
#[derive(Debug)]
pub struct PriceBook {
    pub(super) entries: Vec<PriceEntry>,
    /// Beside `entries`: when each begins and what it is called in records.
    pub(super) facts: Vec<Fact>,
    /// The entries that price calls: free, or at rates.
    pub(super) whole: Index,
    /// Those that price what is beyond a length.
    pub(super) beyond: Index,
    /// Those that multiply.
    pub(super) times: Index,
    /// The positions of those that go by the name a client asks for.
    asked: Vec<usize>,
    /// Throughput that is paid by the hour.
    pub(super) reserved: Vec<Reservation>,
    /// The user's own before the catalogue's, of both the newest first.
    fx: Vec<FxRate>,
}

#[derive(Debug)]
pub(super) struct Fact {
    pub(super) begins: Timestamp,
    pub(super) id: String,
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
        let asked = prices.iter().enumerate();
        let asked = asked.filter_map(|(at, price)| price.asked.then_some(at));
        let asked = asked.collect();
        fx.sort_by_key(|rate| (rate.layer == Layer::Catalogue, Reverse(rate.from)));
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
            asked,
            reserved: Vec::new(),
            fx,
        })
    }

    /// The bill of a call. Total: what cannot be priced is `Unpriced` and says why.
    #[must_use]
    pub fn price(&self, call: &Priceable<'_>) -> Priced {
        self.price_as_of(call, call.at)
    }

    /// The same by the prices of another time; hours and weekdays stay those of the call.
    #[must_use]
    pub fn price_as_of(&self, call: &Priceable<'_>, at: Timestamp) -> Priced {
        Bill::of(self, call, at).unwrap_or_else(Priced::unpriced)
    }

    /// All entries, in the order they were given.
    #[must_use]
    pub fn entries(&self) -> &[PriceEntry] {
        &self.entries
    }

    /// The exchange rates: the user's own before the catalogue's, of both the newest first.
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

    /// The name a call is priced by: the one it asked for where a price goes by that, else the model's
    /// that answered.
    pub(super) fn name_of<'a>(&self, call: &Priceable<'a>, at: Timestamp) -> Option<&'a str> {
        let goes_by = |name: &&str| {
            self.asked.iter().any(|position| {
                let known = self.entries.get(*position).zip(self.facts.get(*position));
                known.is_some_and(|(entry, fact)| {
                    entry.list == call.list
                        && entry.named(name).is_some()
                        && (fact.begins <= at || matches!(entry.since, Since::Seen(_)))
                })
            })
        };
        call.asked.filter(goes_by).or(call.model)
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

    /// Dollars for one unit of `currency` at that time: the user's own rate from its day on, else the
    /// catalogue's; the earliest of them before all others.
    pub(super) fn usd_for(&self, currency: Currency, at: Timestamp) -> Option<Pico> {
        self.fx_for(currency, at).map(|rate| rate.usd)
    }

    /// The exchange rate of that time; the earliest known one before all others.
    #[must_use]
    pub fn fx_for(&self, currency: Currency, at: Timestamp) -> Option<&FxRate> {
        let known = || self.fx.iter().filter(|rate| rate.currency == currency);
        known()
            .find(|rate| midnight(rate.from) <= at)
            .or_else(|| known().next_back())
    }
}

/// The first moment of a day in UTC, in which vendors' price days are kept.
pub(super) fn midnight(date: Date) -> Timestamp {
    date.to_zoned(TimeZone::UTC)
        .map_or(Timestamp::MAX, |zoned| zoned.timestamp())
}
