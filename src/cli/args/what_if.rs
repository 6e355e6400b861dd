//! The flags that ask about calls nobody has made.

use clap::{Args as ClapArgs, ValueEnum};
use jiff::civil::Date;

use crate::economics::whatif::Shape;

/// Calls that are asked about; without a volume nothing is.
#[derive(Debug, Default, ClapArgs)]
#[command(next_help_heading = "Without traffic")]
pub(in crate::cli) struct WhatIf {
    /// Calls a day, on average over a week
    #[arg(long, value_name = "N", env = "TOLLGATE_BREAKEVEN_CALLS_PER_DAY", group = "volume", value_parser = volume, requires_all = ["model", "input_tokens", "output_tokens"])]
    pub(in crate::cli) calls_per_day: Option<f64>,
    /// The same as tokens, in and out
    #[arg(long, value_name = "N", env = "TOLLGATE_BREAKEVEN_TOKENS_PER_DAY", group = "volume", value_parser = volume, requires_all = ["model", "input_tokens", "output_tokens"])]
    pub(in crate::cli) tokens_per_day: Option<f64>,
    /// The model that is paid for today, priced by the catalogue
    #[arg(
        long,
        value_name = "NAME",
        env = "TOLLGATE_BREAKEVEN_MODEL",
        requires = "volume"
    )]
    pub(in crate::cli) model: Option<String>,
    /// Input tokens of a call, cached ones included
    #[arg(
        long,
        value_name = "N",
        env = "TOLLGATE_BREAKEVEN_INPUT_TOKENS",
        requires = "volume"
    )]
    pub(in crate::cli) input_tokens: Option<u32>,
    /// How many of these the provider serves from its cache
    #[arg(
        long,
        value_name = "N",
        env = "TOLLGATE_BREAKEVEN_CACHED_TOKENS",
        requires = "volume"
    )]
    pub(in crate::cli) cached_tokens: Option<u32>,
    /// Output tokens of a call
    #[arg(
        long,
        value_name = "N",
        env = "TOLLGATE_BREAKEVEN_OUTPUT_TOKENS",
        requires = "volume"
    )]
    pub(in crate::cli) output_tokens: Option<u32>,
    /// The day whose prices hold, such as 2026-11-01; today
    #[arg(
        long,
        value_name = "DAY",
        env = "TOLLGATE_BREAKEVEN_AT",
        requires = "volume"
    )]
    pub(in crate::cli) at: Option<Date>,
    /// A plan to compare with, may be repeated; all that replace the model, or else all
    #[arg(
        long = "plan",
        value_name = "NAME",
        env = "TOLLGATE_BREAKEVEN_PLAN",
        value_delimiter = ',',
        requires = "volume"
    )]
    pub(in crate::cli) plans: Vec<String>,
    /// How the calls spread over the week
    #[arg(
        long,
        value_name = "SHAPE",
        env = "TOLLGATE_BREAKEVEN_SHAPE",
        default_value = "week"
    )]
    pub(in crate::cli) shape: ShapeName,
}

impl WhatIf {
    /// Whether calls are asked about that nobody has made.
    pub(in crate::cli) const fn is_asked(&self) -> bool {
        self.calls_per_day.is_some() || self.tokens_per_day.is_some()
    }
}

/// How calls spread over a week.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ShapeName {
    /// As those of a real service
    #[default]
    Week,
    /// Evenly, as no service has it
    Flat,
}

impl ShapeName {
    /// The shape of that name.
    pub(in crate::cli) const fn shape(self) -> Shape {
        match self {
            Self::Week => Shape::Week,
            Self::Flat => Shape::Flat,
        }
    }
}

/// A number of calls or tokens above 0 that a day can have.
fn volume(text: &str) -> Result<f64, String> {
    let number: Option<f64> = text.replace(['_', ','], "").parse().ok();
    number
        .filter(|number| (1e-3..=1e15).contains(number))
        .ok_or_else(|| "write a number from 0.001 to 1e15, such as 100000 or 1e6".to_owned())
}
