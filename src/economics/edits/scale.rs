#![expect(
    clippy::float_arithmetic,
    reason = "demand that nobody made is an estimate"
)]
//! The same traffic, more of it or at other API prices; its shape unchanged.

use super::keys::{number, problem};
use crate::economics::draft::PlanProblem;
use crate::money::{Factor, Pico};

/// The most and, as a part, the least that volume is multiplied by: where break-even is looked for.
const VOLUME_MAX: f64 = 100.0;
/// The most that API prices rise, in percent: ten times today's.
const PERCENT_MAX: f64 = 900.0;

/// Times the volume, times the API price.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    volume: f64,
    api_price: f64,
    cost: Factor,
}

impl Default for Scale {
    fn default() -> Self {
        Self {
            volume: 1.0,
            api_price: 1.0,
            cost: Factor::ONE,
        }
    }
}

impl Scale {
    /// From `volume`, times today's, and `api_price_percent`, by so much dearer.
    ///
    /// # Errors
    /// What is no number, or not in its bounds.
    pub fn read(volume: Option<String>, percent: Option<String>) -> Result<Self, PlanProblem> {
        let read = |key, text: Option<String>, none| text.map_or(Ok(none), |it| number(key, &it));
        let volume = read("volume", volume, 1.0)?;
        if !(1.0 / VOLUME_MAX..=VOLUME_MAX).contains(&volume) {
            let least = 1.0 / VOLUME_MAX;
            let message = format!("{volume} is not between {least} and {VOLUME_MAX} times");
            return Err(problem("volume", message));
        }
        let percent = read("api_price_percent", percent, 0.0)?;
        if !(-99.0..=PERCENT_MAX).contains(&percent) {
            let message = format!("{percent} is not between -99 and {PERCENT_MAX} percent");
            return Err(problem("api_price_percent", message));
        }
        let api_price = 1.0 + percent / 100.0;
        // To a millionth, which the bounds keep above zero.
        let millionths = (volume * api_price * 1e6).round();
        let cost = Factor::from_record(&format!("{millionths:.0}/1000000"));
        Ok(Self {
            volume,
            api_price,
            cost: cost.map_err(|error| problem("volume", error))?,
        })
    }

    /// A number of calls or tokens, or of the sums of their products: there are more calls, of the same
    /// lengths.
    #[must_use]
    pub fn count(&self, number: f64) -> f64 {
        number * self.volume
    }

    /// Money that was paid to the API.
    #[must_use]
    pub fn cost(&self, cost: Pico) -> Pico {
        self.cost.of(cost)
    }

    /// The same as an estimate, dollars.
    #[must_use]
    pub fn usd(&self, usd: f64) -> f64 {
        usd * self.volume * self.api_price
    }
}
