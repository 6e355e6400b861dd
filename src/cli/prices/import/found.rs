//! What a price map says, in our words, and what of it we cannot say.

use std::fmt;

use super::json::Json;
use super::number::{self, NoPrice, Per};
use super::slip::Slip;
use crate::call::LineKind;
use crate::money::RatePerMtok;
use crate::pricing::{Conditions, Rates, Since};

/// A whole map.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Its models, in the order of their keys.
    pub(super) models: Vec<Model>,
}

/// A model of a map.
#[derive(Debug)]
pub(super) struct Model {
    /// Where it stands in the map, such as `gemini/gemini-2.5-pro`.
    pub(super) key: String,
    /// Our price list.
    pub(super) list: String,
    /// The names its calls carry; the first is shown.
    pub(super) names: Vec<String>,
    /// What it costs, a price for each day and kind of calls.
    pub(super) prices: Vec<Price>,
    /// What of it could not be brought over.
    pub(super) told: Vec<Told>,
    /// Whether somebody else sells it under the same list: its own vendor's price wins.
    pub(super) resold: bool,
}

/// What one kind of calls costs from a day on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Price {
    pub(super) since: Since,
    pub(super) conditions: Conditions,
    pub(super) rates: Rates,
}

/// Something that could not be brought over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Told {
    /// The field, such as `output_cost_per_pixel`; empty for the model itself.
    pub(super) field: String,
    pub(super) reason: Reason,
}

/// Why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// The map does not say whose model it is.
    NoVendor,
    /// Its name is none, or would be a pattern here.
    NoName,
    /// The model has no field that says a price.
    NoPrice,
    /// All its prices are zero.
    AllZero,
    /// One is.
    Zero,
    /// A rate far from all others.
    Slip(Slip),
    /// What should be a number is none.
    NotANumber,
    /// A number that is no price.
    Negative,
    /// The same.
    Absurd,
    /// The key is there twice.
    Twice,
    /// Another key of the map has another price for the same calls.
    Contradicted,
    /// A fee that no answer of the provider shows.
    Unseen,
    /// A part of a call that no answer of the provider tells apart, or that has no rate here.
    NoPart,
    /// Its price depends on what the answer does not say.
    Depends,
    /// A way of being served that the answer does not name.
    NoWay,
    /// A way of being served without the steps by length of the standard price.
    NoSteps,
    /// Hours or days that cannot be said here: at them another price holds.
    Hours,
    /// Steps that cannot be said here, likewise.
    Steps,
    /// Names that cannot be said here.
    Names,
    /// Names that begin so have the price too.
    Prefix,
    /// Another field says it better.
    Superseded,
    /// Not in dollars.
    Currency,
    /// Rounded to a picodollar for one.
    Rounded,
    /// A field that says a price, of which nothing is known here.
    Unknown,
}

impl Reason {
    /// Whether the model cannot be brought over: what is left would bill wrongly.
    pub(super) const fn leaves_out(self) -> bool {
        match self {
            Self::NoVendor
            | Self::NoName
            | Self::NoPrice
            | Self::AllZero
            | Self::Slip(_)
            | Self::NotANumber
            | Self::Negative
            | Self::Absurd
            | Self::Twice
            | Self::Contradicted
            | Self::Hours
            | Self::Steps
            | Self::Unseen => true,
            Self::Zero
            | Self::NoPart
            | Self::Depends
            | Self::NoWay
            | Self::NoSteps
            | Self::Names
            | Self::Prefix
            | Self::Superseded
            | Self::Currency
            | Self::Rounded
            | Self::Unknown => false,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoVendor => "is missing: nobody knows whose model it is",
            Self::NoName => "is no name of a model here",
            Self::NoPrice => "has no price by token, unit or call",
            Self::AllZero => "costs nothing, by the map; --zero-is-free takes that for true",
            Self::Zero => "is zero; --zero-is-free takes that for true",
            Self::Slip(slip) => return slip.fmt(f),
            Self::NotANumber => "is not a number",
            Self::Negative => "is below zero",
            Self::Absurd => "is no price",
            Self::Twice => "is there twice",
            Self::Contradicted => "has another price under another key of the map",
            Self::Unseen => "is a fee for what no answer shows",
            Self::NoPart => "is for a part that answers do not tell apart",
            Self::Depends => "depends on what the answer does not say",
            Self::NoWay => "is for a way of being served that the answer does not name",
            Self::NoSteps => "lacks the steps by length that the standard price has",
            Self::Hours => "has hours that cannot be said here",
            Self::Steps => "has steps that cannot be said here",
            Self::Names => "matches names in a way that cannot be said here",
            Self::Prefix => "is for all names that begin so; here for the name and its dates",
            Self::Superseded => "is said better by another field",
            Self::Currency => "is in another currency",
            Self::Rounded => "was rounded to a picodollar for one",
            Self::Unknown => "is a price of which nothing is known here",
        })
    }
}

impl Model {
    pub(super) fn new(key: &str, list: &str, names: Vec<String>) -> Self {
        Self {
            key: key.to_owned(),
            list: list.to_owned(),
            names,
            prices: Vec::new(),
            told: Vec::new(),
            resold: false,
        }
    }

    /// The name it is shown by.
    pub(super) fn name(&self) -> &str {
        self.names.first().map_or("", String::as_str)
    }

    /// Says what could not be brought over, once.
    pub(super) fn tell(&mut self, field: &str, reason: Reason) {
        let told = Told {
            field: field.to_owned(),
            reason,
        };
        if !self.told.contains(&told) {
            self.told.push(told);
        }
    }

    /// The rate in a field, or the reason why there is none.
    pub(super) fn rate(&mut self, field: &str, json: Json<'_>, per: Per) -> Option<RatePerMtok> {
        let Some(number) = json.number() else {
            self.tell(field, Reason::NotANumber);
            return None;
        };
        match number::rate(number, per) {
            Ok((rate, rounded)) => {
                if rounded {
                    self.tell(field, Reason::Rounded);
                }
                Some(rate)
            }
            Err(NoPrice::Negative) => {
                self.tell(field, Reason::Negative);
                None
            }
            Err(NoPrice::Absurd) => {
                self.tell(field, Reason::Absurd);
                None
            }
        }
    }

    /// Why the model is not brought over, if it is not.
    pub(super) fn left_out(&self) -> Option<&Told> {
        self.told.iter().find(|told| told.reason.leaves_out())
    }
}

/// `base` with what `over` says in place of it.
pub(super) fn over(base: &Rates, over: &Rates, keep: impl Fn(LineKind) -> bool) -> Rates {
    let kept = base.iter().filter(|(kind, _)| keep(*kind));
    kept.chain(over.iter()).collect()
}
