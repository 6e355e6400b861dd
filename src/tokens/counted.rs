//! A count and how sure it is.

use serde::{Deserialize, Serialize};

/// What one side of a call comes to, counted here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    /// Tokens, on the terms of `basis`.
    pub tokens: u64,
    /// What the tokens were counted by.
    pub basis: Basis,
    /// Whether that is all.
    pub bound: Bound,
}

/// What a count goes by, the surest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// The provider's own encoding and framing; docs/accuracy.md has how exact.
    Rule,
    /// The model's own vocabulary, by a file: exact for the text, without what its server writes
    /// around it.
    Vocabulary,
    /// Tokens of the model's vendor, by what its reported counts have taught: `Learned`.
    Learned,
    /// A text of a vendor without public rules, framed as `OpenAI` does, in tokens of o200k or of the
    /// operator's file. `Learned` makes an estimate of it.
    Yardstick {
        /// Tokens among them that are the vendor's already, such as of images.
        beside: u64,
        /// Whether it is nothing but text, so that a reported count can be learned from.
        plain: bool,
    },
}

/// How far a count goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// All that is billed could be counted.
    Whole,
    /// More may be billed than could be counted: hidden reasoning, an image of unknown size, text
    /// beyond the budget.
    AtLeast,
}
