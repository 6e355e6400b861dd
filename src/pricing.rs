//! Turns usage into money by dated rates.
//!
//! A call is split into disjoint lines, each token in exactly one; a line is rate × quantity, exact.
//! What cannot be priced completely is `unpriced`, never zero and never at a rate that is not its
//! own. No file and no clock here: `config` reads the catalogue, the call brings its time.

mod bill;
mod book;
mod by_name;
mod entry;
mod index;
mod lines;
mod names;
mod sum;
#[cfg(test)]
mod tests;

use jiff::Timestamp;

use crate::call::{CostLine, Flag, Pricing};
use crate::money::{Currency, Pico};
use crate::usage::{SideUsage, TokenUsage, Units};

pub use book::{BookProblem, PriceBook};
pub use entry::{Conditions, FxRate, Layer, PriceEntry, Rates, Settings, Since, Terms};
pub use names::is_pattern;

/// What is known of a call when it is to be priced.
#[derive(Clone, Copy, Debug)]
pub struct Priceable<'a> {
    /// The upstream's price list, such as `openai`.
    pub list: &'a str,
    /// The model that answered, else the one asked for.
    pub model: Option<&'a str>,
    /// When the call began: decides which dated price is in force.
    pub at: Timestamp,
    /// The tokens, if they are known.
    pub usage: Option<&'a TokenUsage>,
    /// Inference billed beside them.
    pub side: &'a [SideUsage],
    /// Things billed by number.
    pub units: &'a Units,
    /// The tier that served the call, as the provider says.
    pub service_tier: Option<&'a str>,
    /// The speed it was served at, as the provider says.
    pub speed: Option<&'a str>,
    /// Where it was served, as the provider says.
    pub region: Option<&'a str>,
}

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
