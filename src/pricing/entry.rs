//! A price as a dated fact: whose, for what, since when, under which conditions, and who says so.

use jiff::civil::Date;

use crate::call::LineKind;
use crate::money::{Avoidable, Currency, Pico, RatePerMtok};

/// Checked prices, as `config` hands them over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// All entries of the catalogue and of the overlays.
    pub prices: Vec<PriceEntry>,
    /// Dated exchange rates for prices that are not in dollars.
    pub fx: Vec<FxRate>,
}

/// One price of one or more models.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceEntry {
    /// Where it was written: an overlay wins over the catalogue.
    pub layer: Layer,
    /// Whose price list, such as `openai`.
    pub list: String,
    /// The names it prices: exact, with a dated-snapshot suffix, or (overlays only) with one `*`.
    pub names: Vec<String>,
    /// Since when, and how that is known.
    pub since: Since,
    /// Which calls of these models it prices.
    pub conditions: Conditions,
    /// The currency of the rates.
    pub currency: Currency,
    /// What it costs.
    pub terms: Terms,
    /// Units that cost nothing beyond their tokens, such as `web_fetch`.
    pub free_units: Vec<String>,
    /// From when on moving the calls away saves what they are billed.
    pub avoidable: Avoidable,
    /// Who says so.
    pub source: String,
}

impl PriceEntry {
    /// Names the price in records, such as `openai/gpt-5.4@2026-03-06>272000`.
    #[must_use]
    pub fn id(&self) -> String {
        let Conditions {
            above_input_tokens,
            service_tier,
            speed,
            region,
        } = &self.conditions;
        let name = self.names.first().map_or("?", String::as_str);
        let length = above_input_tokens.map(|tokens| format!(">{tokens}"));
        let special = [service_tier, speed, region].into_iter().flatten();
        std::iter::once(format!("{}/{name}@{}", self.list, self.since.date()))
            .chain(length)
            .chain(special.map(|word| format!("+{word}")))
            .collect()
    }
}

/// Which file a price comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Layer {
    /// The embedded catalogue, or the file configured in its place.
    Catalogue,
    /// `[[prices]]` of the configuration: the user's own prices.
    Overlay,
}

/// Since when a price holds. Days begin at 00:00 UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Since {
    /// In force from this day; nothing is known about the days before.
    From(Date),
    /// First seen on this day: as the earliest known price it also prices earlier calls.
    Seen(Date),
}

impl Since {
    /// The day itself.
    #[must_use]
    pub const fn date(self) -> Date {
        match self {
            Self::From(date) | Self::Seen(date) => date,
        }
    }
}

/// Which calls a price is for; all that are set must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Conditions {
    /// Only calls with more input than this, caches included; prices the whole call.
    pub above_input_tokens: Option<u64>,
    /// Only calls served at this tier, such as `flex`; none means the standard tier.
    pub service_tier: Option<String>,
    /// Only calls served at this speed, such as `fast`; none means the standard speed.
    pub speed: Option<String>,
    /// Only calls served in this region, such as `us`; none means wherever the provider likes.
    pub region: Option<String>,
}

/// What a model costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Terms {
    /// Nothing: declared free.
    Free,
    /// So much per part.
    Rates(Rates),
}

/// Rates by kind of line; a used part without one makes the call unpriced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rates {
    /// Fresh input.
    pub input: Option<RatePerMtok>,
    /// Input read from cache.
    pub cache_read: Option<RatePerMtok>,
    /// Input written to cache for the provider's default lifetime.
    pub cache_write: Option<RatePerMtok>,
    /// Written for five minutes; the default lifetime where `cache_write` is not given.
    pub cache_write_5m: Option<RatePerMtok>,
    /// Written for thirty minutes.
    pub cache_write_30m: Option<RatePerMtok>,
    /// Written for one hour.
    pub cache_write_1h: Option<RatePerMtok>,
    /// Written for twelve hours.
    pub cache_write_12h: Option<RatePerMtok>,
    /// Output.
    pub output: Option<RatePerMtok>,
    /// Reasoning, where it is not billed as output.
    pub reasoning: Option<RatePerMtok>,
    /// Web searches, per million.
    pub web_search: Option<RatePerMtok>,
    /// The fee of a call, per million.
    pub request: Option<RatePerMtok>,
}

impl Rates {
    /// The rate a line of `kind` is billed at.
    #[must_use]
    pub fn of(&self, kind: LineKind) -> Option<RatePerMtok> {
        match kind {
            LineKind::Input => self.input,
            LineKind::CacheRead => self.cache_read,
            LineKind::CacheWrite => self.cache_write.or(self.cache_write_5m),
            LineKind::CacheWrite5m => self.cache_write_5m,
            LineKind::CacheWrite30m => self.cache_write_30m,
            LineKind::CacheWrite1h => self.cache_write_1h,
            LineKind::CacheWrite12h => self.cache_write_12h,
            LineKind::Output => self.output,
            LineKind::Reasoning => self.reasoning,
            LineKind::WebSearch => self.web_search,
            LineKind::Request => self.request,
        }
    }

    /// Where the rate written for `kind` is kept.
    pub fn slot(&mut self, kind: LineKind) -> &mut Option<RatePerMtok> {
        match kind {
            LineKind::Input => &mut self.input,
            LineKind::CacheRead => &mut self.cache_read,
            LineKind::CacheWrite => &mut self.cache_write,
            LineKind::CacheWrite5m => &mut self.cache_write_5m,
            LineKind::CacheWrite30m => &mut self.cache_write_30m,
            LineKind::CacheWrite1h => &mut self.cache_write_1h,
            LineKind::CacheWrite12h => &mut self.cache_write_12h,
            LineKind::Output => &mut self.output,
            LineKind::Reasoning => &mut self.reasoning,
            LineKind::WebSearch => &mut self.web_search,
            LineKind::Request => &mut self.request,
        }
    }
}

/// What one unit of a currency is worth in dollars, from a day on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FxRate {
    /// Where it was written.
    pub layer: Layer,
    /// The currency.
    pub currency: Currency,
    /// Dollars for one unit of it.
    pub usd: Pico,
    /// From this day.
    pub from: Date,
    /// Who says so.
    pub source: String,
}
