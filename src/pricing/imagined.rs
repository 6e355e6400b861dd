//! What the tokens of a call that nobody made would cost: the rates that its bill would be made of.

use std::fmt;

use jiff::Timestamp;

use super::Priceable;
use super::beyond::cut;
use super::book::{PriceBook, midnight};
use super::conditions::{Conditions, Served};
use super::entry::{PriceEntry, Settlement};
use super::find::Price;
use super::lines::split;
use crate::call::{CallRecord, LineKind};
use crate::money::{Currency, PICO_PER_UNIT, Pico, RatePerMtok};
use crate::usage::{TokenUsage, UsageSource};

/// A model of a price list, to price calls as that nobody made there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PricedAs {
    /// The price list, such as `openai`.
    pub list: String,
    /// The model as the list names it.
    pub model: String,
}

/// As it is written: `openai/gpt-4o-mini`.
impl fmt::Display for PricedAs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { list, model } = self;
        write!(f, "{list}/{model}")
    }
}

/// The rates of a call that nobody made: in dollars, discounts off, and the mean of a kind's tokens
/// where a length divides them.
#[derive(Clone, Debug)]
pub struct Imagined<'a> {
    /// The entry that the rates are of.
    pub entry: &'a PriceEntry,
    /// All that prices the call: `openai/gpt-4o@2025-07-04 x openai/gpt-*@2026-07-01`.
    pub id: String,
    /// For fresh input.
    pub input: RatePerMtok,
    /// For cached input; the rate of fresh input where it has none of its own.
    pub cached_input: RatePerMtok,
    /// For output.
    pub output: RatePerMtok,
    /// How the calls of that day are paid, where that is not by invoice.
    pub settlement: Option<Settlement>,
    /// The model has prices for certain hours, tiers, speeds, regions or thinking too. Nobody knows
    /// these of a call that was not made: the ordinary price is taken.
    pub leaves_out: bool,
}

impl PriceBook {
    /// The rates of a call that used so much, at that time. `None` if the model is free or has no rate
    /// for input or output, or none in a currency that has an exchange rate.
    #[must_use]
    pub fn imagined<'a>(
        &'a self,
        (list, model): (&str, &str),
        at: Timestamp,
        usage: &TokenUsage,
    ) -> Option<Imagined<'a>> {
        let call = Priceable::imagined((list, model), at, usage);
        let price = self.find(&call, at, model, usage).ok()?;
        let entry = price.base.entry;
        let usd = match entry.currency {
            Currency::USD => Pico::from_units(1),
            other => self.usd_for(other, at)?,
        };
        let rate = |kind| in_dollars(mean(&price, usage, kind)?, usd);
        let input = rate(LineKind::Input)?;
        Some(Imagined {
            input,
            cached_input: rate(LineKind::CacheRead).unwrap_or(input),
            output: rate(LineKind::Output)?,
            id: price.id(),
            settlement: entry.settlement.filter(|how| how.holds(at)),
            leaves_out: self.has_conditional(&call, model),
            entry,
        })
    }

    /// What the tokens of a call would have cost as a call of another model, in dollars, by the
    /// ordinary price of its day. `None` if nobody knows the tokens or no price has them all.
    #[must_use]
    pub fn would_cost(&self, record: &CallRecord, instead: &PricedAs) -> Option<Pico> {
        let known = record.source != Some(UsageSource::Unknown);
        record.source.filter(|_| known)?;
        let named = (instead.list.as_str(), instead.model.as_str());
        let call = Priceable::imagined(named, record.started_at, &record.usage);
        self.price(&call).cost_usd
    }

    /// Whether entries that have begun are about calls of which more must be known.
    fn has_conditional(&self, call: &Priceable<'_>, model: &str) -> bool {
        let indexes = [&self.whole, &self.beyond, &self.times];
        let chains = indexes.map(|index| index.chains(call.list, model));
        let mut entries = chains.into_iter().flatten().flatten();
        entries.any(|at| {
            let of = |entry: &PriceEntry| {
                let Conditions {
                    window, thinking, ..
                } = &entry.conditions;
                let special = entry.conditions.served() != Served::default();
                let begun = midnight(entry.since.date()) <= call.at;
                begun && (window.is_some() || thinking.is_some() || special)
            };
            self.entries.get(*at).is_some_and(of)
        })
    }
}

impl Settlement {
    /// Whether it is how a call of that time is paid.
    pub(super) fn holds(self, at: Timestamp) -> bool {
        match self {
            Self::FreeUntil(date) => at < midnight(date),
            Self::Prepaid | Self::Reserved => true,
        }
    }
}

/// What one token of a kind costs, discounts off.
fn mean(price: &Price<'_>, usage: &TokenUsage, kind: LineKind) -> Option<Pico> {
    let rates = price.base.entry.terms.rates()?;
    let ordinary = price.times().of(rates.of(kind)?.cost(1));
    let parts = split(usage, rates).parts;
    let pieces = cut(&parts, rates, &price.beyond).into_iter();
    let pieces = pieces.filter(|(part, ..)| *part == kind);
    let (mut cost, mut tokens) = (Pico::ZERO, 0_u64);
    for (_, count, rates) in pieces {
        cost += rates.of(kind)?.cost(count);
        tokens = tokens.saturating_add(count);
    }
    if price.beyond.is_empty() || tokens == 0 {
        return Some(ordinary);
    }
    Some(price.times().of(cost).scaled(1, tokens.into()))
}

fn in_dollars(rate: Pico, usd: Pico) -> Option<RatePerMtok> {
    let Pico(rate) = rate.scaled(usd.0, PICO_PER_UNIT);
    i64::try_from(rate)
        .ok()
        .map(RatePerMtok::from_pico_per_token)
}
