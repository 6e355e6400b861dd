//! What reported counts teach about a model whose vendor publishes no rules.
//!
//! For each model and side one line, `tokens = a · yardstick + b`, fitted by least squares on the
//! relative error. Only five running sums are kept. A pull towards a default keeps a few calls from
//! throwing it off, and a call that fits nothing is not learned from: it had hidden reasoning, or
//! text that was not billed.
#![expect(
    clippy::float_arithmetic,
    reason = "an estimate; no amount of money is computed here"
)]

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::counted::{Basis, Bound, Counted};
use super::model::claude;

/// The most models that are learned; later ones keep the default.
pub const LEARNED_MODELS_MAX: usize = 1024;
/// The range of tokens for a token of the yardstick.
const SLOPE: (f64, f64) = (0.5, 2.5);
/// The range of tokens that an answer has beside its text.
const CONSTANT: (f64, f64) = (0.0, 20.0);
/// How strongly the two are pulled towards the default, in units of the sums.
const PULL: Line = Line { a: 1.0, b: 0.008 };
/// Added to the square of a count where it weighs a call: short answers are mostly framing.
const SHORT: f64 = 25.0;

/// The side of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// What the model reads.
    Input,
    /// What it writes.
    Output,
}

/// The lines of all models that were learned.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Learned {
    models: BTreeMap<String, Sides>,
}

/// The sums of both sides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Sides {
    #[serde(default)]
    input: Sums,
    #[serde(default)]
    output: Sums,
}

/// Sums over the calls, each weighted by 1 / (reported² + 25).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Sums {
    weight: f64,
    counted: f64,
    counted_squared: f64,
    reported: f64,
    product: f64,
}

/// `tokens = a · yardstick + b`.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Line {
    a: f64,
    b: f64,
}

impl Learned {
    /// `counted` in the tokens of `model`'s vendor. What a rule counted stays as it is.
    #[must_use]
    pub fn estimate(&self, model: &str, side: Side, counted: Counted) -> Counted {
        let Basis::Yardstick { beside, .. } = counted.basis else {
            return counted;
        };
        let text = float(counted.tokens.saturating_sub(beside));
        let tokens = whole(self.line(model, side).at(text));
        Counted {
            tokens: tokens.saturating_add(beside),
            basis: Basis::Learned,
            bound: counted.bound,
        }
    }

    /// Takes in what the provider reported for a side that was counted. Only a whole count of plain
    /// text by the yardstick teaches; a call that reported reasoning or tool calls must not be
    /// given. True when it was learned from.
    pub fn learn(&mut self, model: &str, side: Side, counted: Counted, reported: u64) -> bool {
        let Basis::Yardstick { beside, plain } = counted.basis else {
            return false;
        };
        if !plain || beside > 0 || counted.bound != Bound::Whole || reported == 0 {
            return false;
        }
        let (text, told) = (float(counted.tokens), float(reported));
        if !believable(self.line(model, side).at(text), text, told) {
            return false;
        }
        if !self.models.contains_key(model) && self.models.len() >= LEARNED_MODELS_MAX {
            return false;
        }
        let sides = self.models.entry(model.to_owned()).or_default();
        match side {
            Side::Input => sides.input.add(text, told),
            Side::Output => sides.output.add(text, told),
        }
        true
    }

    fn line(&self, model: &str, side: Side) -> Line {
        let default = default_line(model);
        let sums = self.models.get(model).map(|sides| match side {
            Side::Input => sides.input,
            Side::Output => sides.output,
        });
        sums.map_or(default, |sums| sums.line(default))
    }
}

impl Sums {
    fn add(&mut self, counted: f64, reported: f64) {
        let weight = 1.0 / (reported * reported + SHORT);
        self.weight += weight;
        self.counted += weight * counted;
        self.counted_squared += weight * counted * counted;
        self.reported += weight * reported;
        self.product += weight * counted * reported;
    }

    /// The line that minimises the weighted squares plus the pull towards `default`.
    fn line(&self, default: Line) -> Line {
        let aa = self.counted_squared + PULL.a;
        let bb = self.weight + PULL.b;
        let ab = self.counted;
        let a_told = self.product + PULL.a * default.a;
        let b_told = self.reported + PULL.b * default.b;
        // Positive: by Cauchy–Schwarz for the sums, and both pulls add to it.
        let determinant = aa * bb - ab * ab;
        Line {
            a: ((a_told * bb - b_told * ab) / determinant).clamp(SLOPE.0, SLOPE.1),
            b: ((b_told * aa - a_told * ab) / determinant).clamp(CONSTANT.0, CONSTANT.1),
        }
    }
}

impl Line {
    fn at(self, counted: f64) -> f64 {
        (self.a * counted + self.b).max(0.0)
    }
}

/// Measured: without these two, a few odd calls put one vendor's sum 37 % off; with them 2 %.
fn believable(predicted: f64, counted: f64, reported: f64) -> bool {
    reported <= 3.0 * predicted.max(counted) + 20.0 && counted <= 3.0 * reported + 20.0
}

/// Where a model starts, and what few calls are pulled towards.
fn default_line(model: &str) -> Line {
    match claude(model) {
        // From 4.7 on Claude has another vocabulary, with more tokens for the same text.
        Some(version) if version >= (4, 7) => Line { a: 1.43, b: 2.4 },
        Some(_) => Line { a: 1.1, b: 3.0 },
        None => Line { a: 1.0, b: 0.0 },
    }
}

/// Counts stay far below 2^53.
fn float(tokens: u64) -> f64 {
    u32::try_from(tokens).map_or(f64::from(u32::MAX), f64::from)
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates, and the lines keep it between 0 and 2^34"
)]
fn whole(tokens: f64) -> u64 {
    tokens.round() as u64
}
