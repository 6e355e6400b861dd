#![expect(
    clippy::float_arithmetic,
    reason = "claims are measured against projections"
)]
//! What was said in public about the cost of language models, and what the arithmetic of this room
//! says to it.
//!
//! A claim is data and reads like a row of a table; its figure is computed when it is asked for, so
//! no figure of ours is written down here.

mod calls;
mod documents;
mod hosts;
mod market;
mod providers;

/// Said with "about", or with one digit.
const ROUGH: f64 = 0.1;
/// Rounded to two digits.
const ROUNDED: f64 = 0.03;
/// Printed with three digits or more.
const PRINTED: f64 = 0.01;

/// Claims about one subject.
#[derive(Clone, Copy, Debug)]
pub struct Theme {
    /// The subject.
    pub name: &'static str,
    /// In the order in which they build on each other.
    pub claims: &'static [Claim],
}

/// All claims, by theme.
pub const THEMES: [Theme; 5] = [
    Theme {
        name: "Summarising documents: an API against a rented instance",
        claims: documents::CLAIMS,
    },
    Theme {
        name: "What hosts cost, and models on them",
        claims: hosts::CLAIMS,
    },
    Theme {
        name: "What a call costs",
        claims: calls::CLAIMS,
    },
    Theme {
        name: "What a model costs its provider",
        claims: providers::CLAIMS,
    },
    Theme {
        name: "How prices fall, and what small models save",
        claims: market::CLAIMS,
    },
];

/// One published statement, and how it is checked.
#[derive(Clone, Copy, Debug)]
pub struct Claim {
    /// What was said.
    pub says: &'static str,
    /// The figure that was said.
    pub claimed: Amount,
    /// Our figure; `None` if there is none.
    pub holds: fn() -> Option<Amount>,
    /// The part of the claimed figure by which ours may differ while the claim holds.
    pub within: f64,
    /// What is said of it otherwise, or where the two figures are of different kinds.
    pub otherwise: Verdict,
    /// The inputs that were taken, or why it differs; may be empty.
    pub because: &'static str,
}

/// A figure and its unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Amount {
    /// In units, not in thousands or percent.
    pub value: f64,
    /// Of what.
    pub unit: Unit,
}

/// What a figure counts; the words say of what, or per what, and may be empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Dollars, such as `a day`.
    Usd(&'static str),
    /// Things, such as `tokens`, many of them.
    Count(&'static str),
    /// A multiple, such as of `the API`.
    Times(&'static str),
    /// A part, such as `of the price`.
    Share(&'static str),
    /// A change of a price: -0.8 is 80 % less.
    Change,
}

/// What a claim is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The arithmetic gives the same.
    Holds,
    /// The arithmetic gives another figure.
    Off,
    /// It contradicts itself, or what is known.
    Contradicts,
    /// It counts what is not used.
    CountsTooMuch,
    /// It leaves out what is used.
    CountsTooLittle,
    /// True under a condition, which our figure names.
    Depends,
    /// Not checked: taken as a scenario, and our figure says what follows.
    Assumed,
}

impl Verdict {
    /// The word for it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Off => "off",
            Self::Contradicts => "contradicts",
            Self::CountsTooMuch => "counts too much",
            Self::CountsTooLittle => "counts too little",
            Self::Depends => "depends",
            Self::Assumed => "assumed",
        }
    }
}

/// A claim beside our figure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judged {
    /// Our figure.
    pub holds: Option<Amount>,
    /// Our figure minus the claimed one, if they are of one kind.
    pub difference: Option<f64>,
    /// Our figure divided by the claimed one, if they are of one kind.
    pub ratio: Option<f64>,
    /// What the claim is worth.
    pub verdict: Verdict,
}

impl Claim {
    /// Computes our figure and compares.
    #[must_use]
    pub fn judged(&self) -> Judged {
        let holds = (self.holds)();
        let same_kind = holds.filter(|ours| ours.unit == self.claimed.unit);
        let difference = same_kind.map(|ours| ours.value - self.claimed.value);
        let near = |difference: f64| difference.abs() <= self.within * self.claimed.value.abs();
        Judged {
            holds,
            difference,
            ratio: same_kind.map(|ours| ours.value / self.claimed.value),
            verdict: if difference.is_some_and(near) {
                Verdict::Holds
            } else {
                self.otherwise
            },
        }
    }
}

const fn usd(value: f64, per: &'static str) -> Amount {
    let unit = Unit::Usd(per);
    Amount { value, unit }
}

const fn count(value: f64, of: &'static str) -> Amount {
    let unit = Unit::Count(of);
    Amount { value, unit }
}

const fn times(value: f64, of: &'static str) -> Amount {
    let unit = Unit::Times(of);
    Amount { value, unit }
}

const fn share(value: f64, of: &'static str) -> Amount {
    let unit = Unit::Share(of);
    Amount { value, unit }
}

const fn change(value: f64) -> Amount {
    let unit = Unit::Change;
    Amount { value, unit }
}

/// Whole tokens as a figure.
fn tokens(number: u64) -> f64 {
    u32::try_from(number).map_or(f64::INFINITY, f64::from)
}

#[cfg(test)]
mod tests;
