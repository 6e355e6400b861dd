#![expect(
    clippy::float_arithmetic,
    reason = "a made week is a projection; no money that was paid is in it"
)]
//! Calls that nobody has made: a week of minutes from a number of calls and their size.
//!
//! Enough to ask every plan and arm the question that measured demand answers later. All calls are
//! alike, which real ones are not: their spread makes peaks higher.

mod compare;
mod shape;

use super::demand::SLOTS;
use super::price::{ListPrice, TokenVolume, price_cost};
use super::project::Bucket;
use super::work::{TokenSums, real};

pub use compare::{Arms, Comparison, PlanAnswer, compare};
pub use shape::{MINUTE_PEAK, Shape, minute_weight};

/// Minutes of a week.
const WEEK_MINUTES: usize = 10_080;
/// How long an output token takes on the API, where nobody measured it, seconds.
pub const ASSUMED_SECONDS_PER_OUTPUT_TOKEN: f64 = 0.05;

/// The calls that are asked about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Question {
    /// Calls a day, on average over the week; above 0.
    pub calls_per_day: f64,
    /// The tokens of each call; its input counts cached tokens apart.
    pub call: TokenVolume,
    /// The price of these tokens on the API.
    pub price: ListPrice,
    /// How the calls spread over the week.
    pub shape: Shape,
}

/// What one call costs on the API, dollars.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CallCost {
    /// Its fresh input.
    pub input_usd: f64,
    /// Its cached input.
    pub cached_input_usd: f64,
    /// Its output.
    pub output_usd: f64,
}

impl CallCost {
    /// The whole call.
    #[must_use]
    pub fn total_usd(&self) -> f64 {
        self.input_usd + self.cached_input_usd + self.output_usd
    }
}

impl Question {
    /// What a call costs, line by line.
    #[must_use]
    pub fn call_cost(&self) -> CallCost {
        let line = |tokens| price_cost(&tokens, &self.price);
        let none = TokenVolume::default();
        CallCost {
            input_usd: line(TokenVolume {
                input: self.call.input,
                ..none
            }),
            cached_input_usd: line(TokenVolume {
                cached_input: self.call.cached_input,
                ..none
            }),
            output_usd: line(TokenVolume {
                output: self.call.output,
                ..none
            }),
        }
    }

    /// Tokens of a call, in and out.
    #[must_use]
    pub fn tokens_per_call(&self) -> f64 {
        self.call.input + self.call.cached_input + self.call.output
    }

    /// The minutes of the week, in order.
    #[must_use]
    pub fn week(&self) -> Vec<Bucket> {
        let minutes: Vec<f64> = (0..WEEK_MINUTES).map(|at| self.shape.minute(at)).collect();
        let whole: f64 = minutes.iter().sum();
        let calls = 7.0 * self.calls_per_day;
        let minutes = minutes.into_iter().map(|part| calls * part / whole);
        minutes.map(|calls| self.bucket(calls)).collect()
    }

    /// A minute of so many calls.
    fn bucket(&self, calls: f64) -> Bucket {
        let TokenVolume {
            input,
            cached_input,
            output,
        } = self.call;
        let sums = |calls: f64| TokenSums {
            calls,
            uncached_input: calls * input,
            cached_input: calls * cached_input,
            output: calls * output,
            output_by_input: calls * output * (input + cached_input),
            output_squared: calls * output * output,
        };
        Bucket {
            total: sums(calls),
            busiest: sums(calls * self.shape.busiest_slot()),
            api_usd: calls * self.call_cost().total_usd(),
            duration_seconds: calls * output * ASSUMED_SECONDS_PER_OUTPUT_TOKEN,
            ..Bucket::default()
        }
    }
}

/// The part of a minute that a slot is, where all are alike.
fn even_slot() -> f64 {
    1.0 / real(u128::try_from(SLOTS).unwrap_or(6))
}

#[cfg(test)]
mod tests;
