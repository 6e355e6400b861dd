#![expect(
    clippy::float_arithmetic,
    reason = "what a published price would come to is a projection, not a bill"
)]
//! What a price comes to: for a volume, over time, and against another price.
//!
//! Dollars stand for any one currency. Where a divisor is not above 0 there is no value: `None`.

/// Tokens of some volume, each counted once.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TokenVolume {
    /// Input tokens at the full price.
    pub input: f64,
    /// Input tokens read from the provider's cache.
    pub cached_input: f64,
    /// Output tokens.
    pub output: f64,
}

/// A list price, dollars a million tokens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ListPrice {
    /// For input tokens.
    pub input_usd_per_mtok: f64,
    /// For input tokens read from the cache.
    pub cached_usd_per_mtok: f64,
    /// For output tokens.
    pub output_usd_per_mtok: f64,
}

/// Dollars for a volume at a list price: the tokens of each class times its price, summed, over 10⁶.
#[must_use]
pub fn price_cost(tokens: &TokenVolume, price: &ListPrice) -> f64 {
    (tokens.input * price.input_usd_per_mtok
        + tokens.cached_input * price.cached_usd_per_mtok
        + tokens.output * price.output_usd_per_mtok)
        / 1e6
}

/// Dollars over `days` at a constant cost a day.
#[must_use]
pub fn scale(usd_per_day: f64, days: f64) -> f64 {
    usd_per_day * days
}

/// How often `b`, above 0, goes into `a`.
#[must_use]
pub fn ratio(a: f64, b: f64) -> Option<f64> {
    (b > 0.0).then(|| a / b)
}

/// The change from an old price, above 0, to a new one: new/old - 1, so -0.8 for 80 % less.
#[must_use]
pub fn price_change(old: f64, new: f64) -> Option<f64> {
    ratio(new, old).map(|part| part - 1.0)
}

/// Dollars a month for what is paid once and used for `months`, above 0.
#[must_use]
pub fn amortise(one_off_usd: f64, months: f64) -> Option<f64> {
    ratio(one_off_usd, months)
}
