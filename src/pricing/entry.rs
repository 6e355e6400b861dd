//! A price as a dated fact: whose, for what, since when, under which conditions, and who says so.

use jiff::Timestamp;
use jiff::civil::Date;

use super::book::midnight;
use super::conditions::Conditions;
use super::rates::Rates;
use super::window::Window;
use crate::money::{Avoidable, Currency, Factor, Pico};

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
    /// They are what clients ask for, whatever model answers: an Azure deployment, an `ep-…`.
    pub asked: bool,
    /// Since when, and how that is known.
    pub since: Since,
    /// The day its source was read last, where that is another one.
    pub read: Option<Date>,
    /// Which calls of these models it prices.
    pub conditions: Conditions,
    /// The currency of the rates.
    pub currency: Currency,
    /// What it costs.
    pub terms: Terms,
    /// Units that cost nothing beyond their tokens, such as `web_fetch`.
    pub free_units: Vec<String>,
    /// How it is paid, where that is not by invoice.
    pub settlement: Option<Settlement>,
    /// From when on moving the calls away saves what they are billed.
    pub avoidable: Avoidable,
    /// Who says so.
    pub source: String,
}

impl PriceEntry {
    /// The first moment of its day.
    #[must_use]
    pub fn begins(&self) -> Timestamp {
        midnight(self.since.date())
    }

    /// The day on which it was last known to hold, as it is written: an old price that was found again
    /// is not old.
    #[must_use]
    pub fn read_on(&self) -> Date {
        self.read.unwrap_or(self.since.date())
    }

    /// The same as of a day. Nobody has read it later: such a `read` is a slip, and would keep the price
    /// young until then.
    #[must_use]
    pub fn known_on(&self, day: Date) -> Date {
        let read = self.read.filter(|_| !self.is_read_after(day));
        read.unwrap_or(self.since.date())
    }

    /// Whether `read` lies after a day.
    #[must_use]
    pub fn is_read_after(&self, day: Date) -> bool {
        self.read.is_some_and(|read| read > day)
    }

    /// Days from when it was last known to hold to another day; 0 where it begins later.
    #[must_use]
    pub fn age_days(&self, day: Date) -> i64 {
        let age = day.duration_since(self.known_on(day));
        age.as_hours().div_euclid(24).max(0)
    }

    /// Whether it declares its models free.
    #[must_use]
    pub fn is_free(&self) -> bool {
        matches!(self.terms, Terms::Free)
    }

    /// Whether it only multiplies other prices.
    #[must_use]
    pub fn is_factor(&self) -> bool {
        matches!(self.terms, Terms::Times(_))
    }

    /// Names the price in records, such as `openai/gpt-5.4@2026-03-06>272000`.
    #[must_use]
    pub fn id(&self) -> String {
        let Conditions {
            above_input_tokens,
            above_output_tokens,
            thinking,
            window,
            service_tier,
            speed,
            region,
        } = &self.conditions;
        let name = self.names.first().map_or("?", String::as_str);
        let lengths = [(above_input_tokens, ""), (above_output_tokens, "out")];
        let lengths = lengths
            .into_iter()
            .filter_map(|(tokens, side)| tokens.map(|tokens| format!(">{tokens}{side}")));
        let thinking = thinking.map(|on| if on { "thinking" } else { "not-thinking" });
        let window = window.as_ref().map(Window::to_string);
        let special = [service_tier, speed, region].into_iter().flatten();
        let words = special.map(String::as_str).chain(thinking);
        std::iter::once(format!("{}/{name}@{}", self.list, self.since.date()))
            .chain(lengths)
            .chain(words.map(|word| format!("+{word}")))
            .chain(window.map(|window| format!("+{window}")))
            .collect()
    }
}

/// Which file a price comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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

/// What a model costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Terms {
    /// Nothing: declared free.
    Free,
    /// So much per part, for the whole call.
    Rates(Rates),
    /// So much per part, only for the tokens beyond the length of the conditions. The tokens of a
    /// call are taken in the order the model meets them: cache reads, cache writes, fresh input;
    /// reasoning, then what is shown.
    Beyond(Rates),
    /// Rates for tokens times this: a tier or hours billed as a share of the standard price, or a
    /// negotiated discount off the catalogue's. Factors of one call multiply; what is billed by number
    /// is not multiplied.
    Times(Factor),
}

impl Terms {
    /// The rates, where there are any.
    #[must_use]
    pub const fn rates(&self) -> Option<&Rates> {
        match self {
            Self::Rates(rates) | Self::Beyond(rates) => Some(rates),
            Self::Free | Self::Times(_) => None,
        }
    }
}

/// How a bill is paid, where that is not by invoice. The price is the same: what the money is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// From a free quota, for calls that began before this day.
    FreeUntil(Date),
    /// From a pack that was paid before.
    Prepaid,
    /// By throughput that is reserved by the hour.
    Reserved,
}

impl Settlement {
    /// The name used in reports.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::FreeUntil(_) => "free_quota",
            Self::Prepaid => "prepaid",
            Self::Reserved => "reserved",
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
