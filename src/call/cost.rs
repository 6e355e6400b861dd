//! What a call cost: whether that is known, and line by line.

use serde::{Deserialize, Serialize};

use crate::money::{Pico, RatePerMtok};

/// Whether the money of a call is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pricing {
    /// Every billed line has a rate and an amount.
    Priced,
    /// It costs money and we cannot say how much; never shown as zero.
    Unpriced,
    /// It costs nothing: listings, token counting, refused calls, models declared free.
    Free,
}

impl Pricing {
    /// The name used in labels, exports and reports.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Priced => "priced",
            Self::Unpriced => "unpriced",
            Self::Free => "free",
        }
    }
}

/// What a line of a bill is for. The lines of a call are disjoint and sum to its cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineKind {
    /// Input billed in full.
    Input,
    /// Input read from the provider's cache.
    CacheRead,
    /// Input written to the provider's cache for its default lifetime.
    CacheWrite,
    /// The same for five minutes.
    #[serde(rename = "cache_write_5m")]
    CacheWrite5m,
    /// The same for thirty minutes.
    #[serde(rename = "cache_write_30m")]
    CacheWrite30m,
    /// The same for one hour.
    #[serde(rename = "cache_write_1h")]
    CacheWrite1h,
    /// The same for twelve hours.
    #[serde(rename = "cache_write_12h")]
    CacheWrite12h,
    /// Output, reasoning included unless it has a line of its own.
    Output,
    /// Output the model thought, where it has a rate of its own.
    Reasoning,
    /// Web searches made by the provider's own tool.
    WebSearch,
    /// A fee for the call itself.
    Request,
}

impl LineKind {
    /// The metric label `kind`: few values, disjoint, stable.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::CacheRead => "cache_read",
            Self::CacheWrite
            | Self::CacheWrite5m
            | Self::CacheWrite30m
            | Self::CacheWrite1h
            | Self::CacheWrite12h => "cache_write",
            Self::Output => "output",
            Self::Reasoning => "reasoning",
            Self::Request => "request",
            Self::WebSearch => "other",
        }
    }

    /// The name used in records: finer than the label.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::CacheRead => "cache_read",
            Self::CacheWrite => "cache_write",
            Self::CacheWrite5m => "cache_write_5m",
            Self::CacheWrite30m => "cache_write_30m",
            Self::CacheWrite1h => "cache_write_1h",
            Self::CacheWrite12h => "cache_write_12h",
            Self::Output => "output",
            Self::Reasoning => "reasoning",
            Self::WebSearch => "web_search",
            Self::Request => "request",
        }
    }

    /// All values of [`LineKind::label`], for metrics preset to zero.
    pub const LABELS: [&str; 7] = [
        "input",
        "cache_read",
        "cache_write",
        "output",
        "reasoning",
        "request",
        "other",
    ];
}

/// One line of a call's bill.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CostLine {
    /// What it is for.
    pub kind: LineKind,
    /// The model billed, where it is not the call's own (side inference).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Tokens, or units for lines billed by number.
    pub quantity: u64,
    /// The rate in the price's currency: per million tokens, or per million units.
    pub rate: RatePerMtok,
    /// `rate` × `quantity`, in the price's currency.
    pub cost_native: Pico,
    /// The same in dollars; the lines sum to the call's `cost_usd`.
    pub cost_usd: Pico,
}
