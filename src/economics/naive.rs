#![expect(
    clippy::float_arithmetic,
    reason = "a lower bound on cost is a projection, not a bill"
)]
//! The naive cost of a model: its arithmetic at the full peak of the card, and nothing else.
//!
//! A token takes about two FLOP a parameter to infer and six to train (Kaplan et al. 2020). No card
//! reaches its peak and memory takes time too: measured work is 3 to 6 times higher for dense models
//! and 9 to 32 times for mixtures of experts counted by active parameters. Kept to check what others
//! computed with it; no verdict uses it.

use super::price::ratio;

/// Thousand tokens, the unit of older price lists.
const TOKENS_PER_K: f64 = 1_000.0;
const SECONDS_PER_HOUR: f64 = 3_600.0;

/// A rented card.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Card {
    /// Peak arithmetic, FLOP a second, above 0.
    pub flops: f64,
    /// Rent.
    pub usd_per_hour: f64,
}

impl Card {
    /// Dollars for some FLOP at full peak.
    fn usd(&self, flop: f64) -> Option<f64> {
        ratio(flop, self.flops).map(|seconds| seconds * self.usd_per_hour / SECONDS_PER_HOUR)
    }
}

/// Dollars to infer 1000 tokens: 1000·2·params/flops seconds of rent.
#[must_use]
pub fn naive_inference_cost_per_1k(params: f64, card: &Card) -> Option<f64> {
    card.usd(TOKENS_PER_K * 2.0 * params)
}

/// Dollars to train on so many tokens: 6·params·tokens/flops seconds of rent, times `discount` (1 is
/// none, 0.5 half the price).
#[must_use]
pub fn naive_training_cost(params: f64, tokens: f64, card: &Card, discount: f64) -> Option<f64> {
    card.usd(6.0 * params * tokens).map(|usd| usd * discount)
}
