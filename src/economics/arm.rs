#![expect(
    clippy::float_arithmetic,
    reason = "a price becomes a projection's price here"
)]
//! An arm of the comparison without fixed cost: someone sells the same calls for other money.
//!
//! An endpoint sells an open model per token. The provider of today may sell for less, too: a smaller
//! model, a tier that may wait, a prompt cache, a router in front of both.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::assumptions::{Assumptions, Group, Parameter, Range};
use super::plan::{Basis, Moved};
use super::price::ListPrice;
use crate::money::{Pico, RatePerMtok};
use crate::usage::Capability;

/// A way of serving calls that has a price and no fixed cost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Arm {
    /// The configured name.
    pub name: String,
    /// Models it may replace, as the provider names them; a dated snapshot of one is that model.
    pub replaces: Vec<String>,
    /// The most it can do; calls that ask for more stay as they are.
    pub serves: Capability,
    /// What is paid for the calls that it takes.
    pub price: ArmPrice,
    /// Deciding which call it takes: dollars for every call of the stream, taken or not.
    pub router_usd_per_call: f64,
    /// When the price was last looked at.
    pub as_of: Date,
    /// Who says so.
    pub source: String,
    /// The ranges of what is not known; of these only quality matters.
    pub assumptions: Assumptions,
    /// Which defaults were moved in favour of the arm; only of those that have defaults.
    pub moved: Vec<Moved>,
    /// Who answers for that; present if something was moved.
    pub basis: Option<Basis>,
    /// Which ranges are nobody's measurement: assumptions left as they came.
    pub assumed: Vec<Parameter>,
}

/// What is assumed of the quality of answers and is not among those that somebody wrote.
pub(super) fn assumed(written: &[(Parameter, Range)]) -> Vec<Parameter> {
    let is_written = |parameter| written.iter().any(|(known, _)| *known == parameter);
    let quality = Group::Quality.members().iter().copied();
    let assumed = quality.filter(|parameter| parameter.is_assumed());
    assumed
        .filter(|parameter| !is_written(*parameter))
        .collect()
}

/// What is paid for the calls that an arm takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ArmPrice {
    /// So much per token of a model.
    Tokens {
        /// The model that answers.
        model: String,
        /// Its price.
        rates: TokenRates,
    },
    /// So many times what was paid, 0 to 1: a batch or flex tier.
    Factor(f64),
    /// A part of the fresh input is read from the provider's prompt cache instead.
    Cache {
        /// That part, 0 to 1; pessimistic, expected and optimistic.
        share: Range,
        /// The prices of the model that answers today.
        rates: TokenRates,
    },
}

/// What tokens cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenRates {
    /// Fresh input.
    pub input: RatePerMtok,
    /// Cached input; without a discount the price of fresh input.
    pub cached_input: RatePerMtok,
    /// Output.
    pub output: RatePerMtok,
}

impl TokenRates {
    /// The same as the calculators read it.
    #[must_use]
    pub fn list_price(&self) -> ListPrice {
        // A rate is a whole number of pico-units per token.
        let usd = |rate: RatePerMtok| Pico(rate.pico_per_token().into()).to_f64() * 1e6;
        ListPrice {
            input_usd_per_mtok: usd(self.input),
            cached_usd_per_mtok: usd(self.cached_input),
            output_usd_per_mtok: usd(self.output),
        }
    }
}

/// A service that sells an open model per token. Moving there is a decision, so it has a state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Endpoint {
    /// What it is and what it costs.
    pub arm: Arm,
    /// Less saving than this, dollars a month, is not worth a move.
    pub min_saving_usd_per_month: f64,
    /// Whether the state may ever say "cheaper".
    pub alert: bool,
}
