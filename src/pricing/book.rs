//! The price book: which dated entry prices a call.

use std::cmp::Reverse;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::bill::Bill;
use super::entry::{Conditions, FxRate, PriceEntry, Settings, Since};
use super::index::Index;
use super::{Priceable, Priced};
use crate::call::Flag;
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
    index: Index,
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

impl PriceBook {
    /// Indexes checked entries.
    ///
    /// # Errors
    /// All pairs that would price the same calls, and all currencies without an exchange rate.
    pub fn new(settings: Settings) -> Result<Self, Vec<BookProblem>> {
        let Settings { prices, mut fx } = settings;
        let (index, mut problems) = Index::new(&prices);
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
            index,
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
        self.index.has_list(list)
    }

    /// The entry that prices ordinary calls to a model at a time, if the model has a price.
    #[must_use]
    pub fn in_force(&self, list: &str, model: &str, at: Timestamp) -> Option<&PriceEntry> {
        let now = |entry: &&PriceEntry| midnight(entry.since.date()) <= at;
        let ordinary = |entry: &&PriceEntry| entry.conditions == Conditions::default();
        let mut chains = self.index.chains(list, model);
        chains.find_map(|chain| {
            let known = || chain.iter().filter_map(|at| self.entries.get(*at));
            let found = known().filter(ordinary).find(now);
            found.or_else(|| known().rfind(ordinary))
        })
    }

    /// The entry that prices `input` tokens to `model` at the time and terms of `call`.
    pub(super) fn find<'a>(
        &'a self,
        call: &Priceable<'a>,
        model: &'a str,
        input: u64,
    ) -> Result<Found<'a>, Flag> {
        let terms = Terms::of(call);
        let mut miss = Flag::NoPrice;
        for chain in self.index.chains(call.list, model) {
            let known = || chain.iter().filter_map(|at| self.at(*at));
            let fits = |(entry, _): &(&PriceEntry, &Fact)| terms.fit(entry, input);
            let in_force = |(_, fact): &(&PriceEntry, &Fact)| fact.begins <= call.at;
            if let Some((entry, fact)) = known().filter(fits).find(in_force) {
                return Ok(Found::new(entry, fact, false));
            }
            let earliest = known()
                .filter(fits)
                .min_by_key(|(entry, _)| (entry.since.date(), Reverse(above(entry))));
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

/// What the provider says of how it served the call; the standard way is `None`.
struct Terms<'a> {
    service_tier: Option<&'a str>,
    speed: Option<&'a str>,
    region: Option<&'a str>,
}

/// What providers call the tier that list prices are for.
const STANDARD_TIERS: [&str; 4] = ["", "default", "standard", "auto"];
/// The same of speeds.
const STANDARD_SPEEDS: [&str; 2] = ["", "standard"];
/// The same of regions: Anthropic's `inference_geo` where no region was asked for.
const STANDARD_REGIONS: [&str; 3] = ["", "global", "not_available"];

impl<'a> Terms<'a> {
    fn of(call: &Priceable<'a>) -> Self {
        let special =
            |word: Option<&'a str>, standard: &[&str]| word.filter(|word| !standard.contains(word));
        Self {
            service_tier: special(call.service_tier, &STANDARD_TIERS),
            speed: special(call.speed, &STANDARD_SPEEDS),
            region: special(call.region, &STANDARD_REGIONS),
        }
    }

    /// A special tier is never priced at the standard rate, nor the standard one at a special rate.
    fn fit(&self, entry: &PriceEntry, input: u64) -> bool {
        let conditions = &entry.conditions;
        conditions.service_tier.as_deref() == self.service_tier
            && conditions.speed.as_deref() == self.speed
            && conditions.region.as_deref() == self.region
            && conditions
                .above_input_tokens
                .is_none_or(|tokens| input > tokens)
    }
}

fn above(entry: &PriceEntry) -> Option<u64> {
    entry.conditions.above_input_tokens
}

/// The first moment of a day in UTC, in which vendors' price days are kept.
fn midnight(date: Date) -> Timestamp {
    date.to_zoned(TimeZone::UTC)
        .map_or(Timestamp::MAX, |zoned| zoned.timestamp())
}
