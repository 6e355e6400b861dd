//! Turns usage into money by dated rates.
//!
//! A call is split into disjoint lines, each token in exactly one; a line is rate × quantity, exact.
//! What cannot be priced completely is `unpriced`, never zero and never at a rate that is not its
//! own. No file and no clock here: `config` reads the catalogue, the call brings its time.

mod again;
mod beyond;
mod bill;
mod book;
mod by_name;
mod conditions;
mod entry;
mod factors;
mod find;
mod imagined;
mod index;
mod lines;
mod names;
mod quote;
pub mod range;
mod rates;
mod reserved;
mod sum;
#[cfg(test)]
mod tests;
mod window;

use jiff::{SignedDuration, Timestamp};

use crate::call::{CallRecord, CostLine, Flag, Origins, Pricing};
use crate::money::{Currency, Pico};
use crate::usage::{SideUsage, TokenUsage, Units, UsageSource};

pub use book::{BookProblem, PriceBook};
pub use conditions::Conditions;
pub use entry::{FxRate, Layer, PriceEntry, Settings, Settlement, Since, Terms};
pub use find::Price;
pub use imagined::{Imagined, PricedAs};
pub use names::{fits_pattern, is_pattern, patterns_tie};
pub use quote::{Listed, Named};
pub use rates::Rates;
pub use reserved::{Per, Rent, Rented, Reservation};
pub use window::{BilledAt, Hours, Window};

/// What is known of a call when it is to be priced.
#[derive(Clone, Copy, Debug)]
pub struct Priceable<'a> {
    /// The configured name of the upstream, if the call went to one: what is reserved serves calls
    /// there.
    pub upstream: Option<&'a str>,
    /// The upstream's price list, such as `openai`.
    pub list: &'a str,
    /// The model that answered, else the one asked for.
    pub model: Option<&'a str>,
    /// The model asked for, which may be a name of the client's own: a deployment, an endpoint.
    pub asked: Option<&'a str>,
    /// When the call began: decides which dated price is in force.
    pub at: Timestamp,
    /// When it was done: what some vendors' hours go by.
    pub ended_at: Timestamp,
    /// The hours are those of a real call: of one that nobody made no price for certain hours holds.
    pub hours_known: bool,
    /// The tokens, if they are known.
    pub usage: Option<&'a TokenUsage>,
    /// Inference billed beside them.
    pub side: &'a [SideUsage],
    /// Things billed by number.
    pub units: &'a Units,
    /// The tier that served the call.
    pub service_tier: Option<&'a str>,
    /// The speed it was served at.
    pub speed: Option<&'a str>,
    /// Where it was served.
    pub region: Option<&'a str>,
    /// Where these three are known from, if the provider does not say them itself.
    pub origins: Origins,
    /// Whether the model was to think, else whether it did, if either is known.
    pub thinking: Option<bool>,
}

impl<'a> Priceable<'a> {
    /// What a record says of its call, to be priced by a list: on the call's path, and later again.
    #[must_use]
    pub fn of(record: &'a CallRecord, list: &'a str) -> Self {
        let took = i64::try_from(record.duration_ms).unwrap_or(i64::MAX);
        let took = SignedDuration::from_millis(took);
        let ended_at = record.started_at.checked_add(took);
        let thought = record.usage.reasoning.map(|tokens| tokens > 0);
        Self {
            upstream: Some(&record.upstream),
            list,
            model: record.billed_name(),
            asked: record.model_requested.as_deref(),
            at: record.started_at,
            ended_at: ended_at.unwrap_or(record.started_at),
            hours_known: true,
            // What is known of a part only has no price.
            usage: (record.source != Some(UsageSource::Unknown)).then_some(&record.usage),
            side: &record.side,
            units: &record.units,
            service_tier: record.service_tier.as_deref(),
            speed: record.speed.as_deref(),
            region: record.region.as_deref(),
            origins: record.origins,
            thinking: record.thinking.or(thought),
        }
    }
}

/// Nothing is known of how it was served.
const NO_ORIGINS: Origins = Origins {
    service_tier: None,
    speed: None,
    region: None,
};

/// No units.
const NO_UNITS: &Units = &Units::new();

impl<'a> Priceable<'a> {
    /// A call that nobody made: of its hours, tier, region and thinking nothing is known, so what is
    /// billed for certain ones only does not hold for it.
    #[must_use]
    pub const fn imagined(
        (list, model): (&'a str, &'a str),
        at: Timestamp,
        usage: &'a TokenUsage,
    ) -> Self {
        Self {
            upstream: None,
            list,
            model: Some(model),
            asked: None,
            at,
            ended_at: at,
            hours_known: false,
            usage: Some(usage),
            side: &[],
            units: NO_UNITS,
            service_tier: None,
            speed: None,
            region: None,
            origins: NO_ORIGINS,
            thinking: None,
        }
    }
}

/// What only prices find odd.
const OF_PRICES: [Flag; 8] = [
    Flag::NoPrice,
    Flag::NoRate,
    Flag::PriceSeenLater,
    Flag::FreeQuota,
    Flag::Prepaid,
    Flag::Reserved,
    Flag::TierAssumed,
    Flag::RegionAssumed,
];

/// The money of a call, ready for its record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Priced {
    /// Whether the money is known.
    pub pricing: Pricing,
    /// Which price was used, such as `openai/gpt-4o@2025-07-04`.
    pub price_id: Option<String>,
    /// The price's own currency.
    pub currency: Option<Currency>,
    /// The sum of the lines in that currency.
    pub cost_native: Option<Pico>,
    /// The same in dollars, converted once.
    pub cost_usd: Option<Pico>,
    /// The bill; empty when unpriced, free, or all counts are zero.
    pub lines: Vec<CostLine>,
    /// Why it is unpriced, or what is odd about the price.
    pub flags: Vec<Flag>,
}

impl Priced {
    /// Writes the money into the record, in place of what was there.
    pub fn settle(self, record: &mut CallRecord) {
        let Self {
            pricing,
            price_id,
            currency,
            cost_native,
            cost_usd,
            lines,
            flags,
        } = self;
        record.pricing = pricing;
        record.price_id = price_id;
        record.currency = currency;
        record.cost_native = cost_native;
        record.cost_usd = cost_usd;
        record.cost_lines = lines;
        record.flags.retain(|flag| !OF_PRICES.contains(flag));
        // What reading found odd, pricing may find again.
        for flag in flags {
            if !record.flags.contains(&flag) {
                record.flags.push(flag);
            }
        }
    }

    /// Money that nobody here can name; `flag` says why, unless the usage itself is unknown.
    fn unpriced(flag: Option<Flag>) -> Self {
        Self {
            pricing: Pricing::Unpriced,
            price_id: None,
            currency: None,
            cost_native: None,
            cost_usd: None,
            lines: Vec::new(),
            flags: flag.into_iter().collect(),
        }
    }
}
