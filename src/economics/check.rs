//! From a draft to settings that need no further check: all problems at once.

mod endpoint;
mod machine;
mod offer;
mod optimised;
mod owned;
mod plan;
mod price;
#[cfg(test)]
mod tests;
mod throughput;

use std::fmt::Display;

use super::assumptions::{Assumptions, Parameter, Range};
use super::draft::PlanProblem;
use super::forecast::MONTHS_MAX;
use super::plan::{Basis, Moved};
use crate::usage::Capability;

/// Collects problems while the good values go through.
#[derive(Default)]
struct Checker {
    problems: Vec<PlanProblem>,
}

impl Checker {
    fn tell(&mut self, key: &str, message: impl Display) {
        self.problems.push(PlanProblem {
            key: key.to_owned(),
            message: message.to_string(),
        });
    }

    /// A value that must be there.
    fn require<T: Default>(&mut self, key: &str, value: Option<T>, such_as: &str) -> T {
        value.unwrap_or_else(|| {
            self.tell(key, format!("is missing; such as {such_as}"));
            T::default()
        })
    }

    /// A number within bounds.
    fn within(&mut self, key: &str, value: f64, (least, most): (f64, f64)) -> f64 {
        if !(least..=most).contains(&value) {
            self.tell(key, format!("{value} is not between {least} and {most}"));
        }
        value
    }

    /// A number above 0, and at most `most`.
    fn above_zero(&mut self, key: &str, value: f64, most: f64) -> f64 {
        if value == 0.0 {
            self.tell(key, "0 is not above 0; such as 2.69");
        }
        self.within(key, value, (0.0, most))
    }

    /// Months no forecast looks beyond.
    fn within_decade(&mut self, key: &str, months: u32) {
        if months > MONTHS_MAX {
            let message =
                format!("{months} is longer than anyone can tell prices: at most {MONTHS_MAX}");
            self.tell(key, message);
        }
    }

    fn amount(&mut self, key: &str, value: Option<f64>, default: f64) -> f64 {
        self.within(key, value.unwrap_or(default), (0.0, 1e12))
    }

    fn names(&mut self, names: &[String]) -> Vec<String> {
        if names.is_empty() || names.iter().any(String::is_empty) {
            self.tell("replaces", "names no model; such as [\"gpt-4o-mini\"]");
        }
        names.to_vec()
    }

    fn serves(&mut self, text: Option<&str>) -> Capability {
        let Some(text) = text else {
            self.tell("serves", "is missing; such as \"32k+schema\"");
            return Capability::default();
        };
        text.parse().unwrap_or_else(|error| {
            self.tell("serves", error);
            Capability::default()
        })
    }

    /// The defaults with what was written over them, and which of these favour hosting.
    fn ranges(
        &mut self,
        defaults: &Assumptions,
        written: &[(Parameter, Range)],
        basis: Option<&Basis>,
    ) -> (Assumptions, Vec<Moved>) {
        let mut assumptions = *defaults;
        let mut moved = Vec::new();
        for (parameter, range) in written.iter().copied() {
            let key = parameter.key();
            for value in [range.low, range.expected, range.high] {
                self.within(key, value, parameter.bounds());
            }
            self.order(parameter, range);
            let default = defaults.range(parameter);
            if range.favours_hosting_over(default, parameter.up_favours_hosting()) {
                moved.push(Moved { parameter, default });
            }
            assumptions = assumptions.with(parameter, range);
        }
        if basis.is_none() {
            for Moved { parameter, default } in &moved {
                self.unfounded(*parameter, *default);
            }
        }
        (assumptions, moved)
    }

    fn order(&mut self, parameter: Parameter, range: Range) {
        let Range {
            low,
            expected,
            high,
        } = range;
        let rises = low <= expected && expected <= high;
        let falls = low >= expected && expected >= high;
        let (ordered, way) = if parameter.up_favours_hosting() {
            (rises, "rising")
        } else {
            (falls, "falling")
        };
        if !ordered {
            let message = format!(
                "[{low}, {expected}, {high}] is not in the order pessimistic, expected, optimistic \
                 for hosting: {way} values"
            );
            self.tell(parameter.key(), message);
        }
    }

    fn unfounded(&mut self, parameter: Parameter, default: Range) {
        let Range {
            low,
            expected,
            high,
        } = default;
        let message = format!(
            "is better for hosting than the default [{low}, {expected}, {high}]: say why in a table \
             basis with the keys basis, by and date"
        );
        self.tell(parameter.key(), message);
    }

    fn done<T>(self, checked: T) -> Result<T, Vec<PlanProblem>> {
        if self.problems.is_empty() {
            Ok(checked)
        } else {
            Err(self.problems)
        }
    }
}
