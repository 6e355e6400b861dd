#![expect(
    clippy::float_arithmetic,
    reason = "alternatives are compared as projections"
)]
//! What a closed window says about an alternative: cheaper than what, by how much, and worth it.
//!
//! A plan is cheaper only against the best of staying and the other alternatives; what is committed
//! must be worth it over its term; and a small saving is not worth a move.

use super::hysteresis::Day;
use super::projection::{Band, Commitment};

/// What one alternative offers for the calls it covers, over a window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Offer {
    /// What the calls cost on the API, dollars.
    pub api_usd: f64,
    /// What the alternative would have saved.
    pub expected_savings_usd: f64,
    /// The same at the pessimistic end of the band.
    pub pessimistic_savings_usd: f64,
    /// What the best other alternative would have saved on the same calls, not below 0.
    pub rival_savings_usd: f64,
    /// What is committed, if anything is.
    pub commitment: Option<Commitment>,
}

impl Offer {
    /// An alternative by its band, against staying alone.
    #[must_use]
    pub const fn of(band: &Band, api_usd: f64) -> Self {
        Self {
            api_usd,
            expected_savings_usd: band.expected.savings_usd,
            pessimistic_savings_usd: band.pessimistic.savings_usd,
            rival_savings_usd: 0.0,
            commitment: None,
        }
    }
}

/// What is not worth a move, and how long the window was.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Threshold {
    /// Less saving than this, dollars a month, is not worth it.
    pub min_saving_usd_per_month: f64,
    /// Observed hours of the window in months.
    pub months: f64,
}

/// What the best other alternative saves on calls that cost `api_usd`; not less than nothing, which is
/// what staying saves.
#[must_use]
pub fn rival_savings(api_usd: f64, best_cost_usd: Option<f64>) -> f64 {
    best_cost_usd.map_or(0.0, |best| (api_usd - best).max(0.0))
}

/// What a closed day with so much of it observed says, by the window that ends with it.
#[must_use]
pub fn decide(offer: &Offer, threshold: Threshold, coverage: f64) -> Day {
    let beyond = |savings_usd: f64| savings_usd - offer.rival_savings_usd;
    let ratio = |savings_usd: f64| {
        if offer.api_usd > 0.0 {
            beyond(savings_usd) / offer.api_usd
        } else {
            // Nothing spent is nothing saved.
            -1.0
        }
    };
    let worth = threshold.min_saving_usd_per_month * threshold.months;
    let pays = offer.commitment.is_none_or(|commitment| commitment.pays());
    Day {
        ratio: ratio(offer.expected_savings_usd),
        pessimistic_ratio: ratio(offer.pessimistic_savings_usd),
        coverage,
        may_enter: pays && beyond(offer.expected_savings_usd) >= worth,
    }
}

/// A day of a plan that cannot serve the calls at all.
#[must_use]
pub const fn impossible(coverage: f64) -> Day {
    Day {
        ratio: -1.0,
        pessimistic_ratio: -1.0,
        coverage,
        may_enter: false,
    }
}
