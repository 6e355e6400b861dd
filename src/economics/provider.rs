#![expect(
    clippy::float_arithmetic,
    reason = "a provider's break-even is a projection"
)]
//! From which volume on a provider earns its fixed cost: selling tokens, or subscriptions.

use super::price::ratio;

/// Tokens a month at which the margin on 1000 tokens has earned the fixed cost of the month:
/// fixed/(price - cost)·1000; `None` without a margin.
#[must_use]
pub fn provider_breakeven_tokens(
    fixed_usd_month: f64,
    price_usd_per_1k: f64,
    cost_usd_per_1k: f64,
) -> Option<f64> {
    ratio(fixed_usd_month, price_usd_per_1k - cost_usd_per_1k).map(|thousands| thousands * 1_000.0)
}

/// Subscribers at whom the fixed cost of the month is earned, each using so many tokens a month:
/// fixed/(subscription - tokens/1000·cost); `None` if a subscriber costs what she pays.
#[must_use]
pub fn provider_breakeven_users(
    fixed_usd_month: f64,
    subscription_usd_month: f64,
    tokens_per_user_month: f64,
    cost_usd_per_1k: f64,
) -> Option<f64> {
    let cost_usd = tokens_per_user_month / 1_000.0 * cost_usd_per_1k;
    ratio(fixed_usd_month, subscription_usd_month - cost_usd)
}
