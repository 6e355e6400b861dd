//! The flags of `prices`, a verb of verbs.

use clap::{Args as ClapArgs, Subcommand, ValueEnum};
use jiff::civil::Date;

use super::examples;

/// `prices`
#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct Prices {
    #[command(subcommand)]
    pub(in crate::cli) verb: PricesVerb,
}

/// What to do with prices.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum PricesVerb {
    /// What is in force, a line a model
    #[command(after_help = examples::PRICES_LIST_EXAMPLES)]
    List(PricesList),
    /// Everything that is known of what a model costs
    #[command(after_help = examples::PRICES_SHOW_EXAMPLES)]
    Show(PricesShow),
}

/// `prices list`
#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct PricesList {
    /// Only models whose names have this text in them
    #[arg(value_name = "TEXT")]
    pub(in crate::cli) text: Option<String>,
    /// Only this price list, such as openai
    #[arg(long, value_name = "LIST", env = "TOLLGATE_PRICES_LIST")]
    pub(in crate::cli) list: Option<String>,
    /// The day whose prices are meant, such as 2026-11-01; by default today
    #[arg(long, value_name = "DATE", env = "TOLLGATE_PRICES_AT")]
    pub(in crate::cli) at: Option<Date>,
    /// For people, or for programs (exact decimals)
    #[arg(
        long,
        value_name = "FORMAT",
        env = "TOLLGATE_PRICES_FORMAT",
        default_value = "table"
    )]
    pub(in crate::cli) format: PricesFormat,
}

/// `prices show`
#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct PricesShow {
    /// The model as the provider names it, such as gpt-4o-2024-08-06
    #[arg(value_name = "MODEL")]
    pub(in crate::cli) model: String,
    /// Only in this price list, such as openai
    #[arg(long, value_name = "LIST", env = "TOLLGATE_PRICES_LIST")]
    pub(in crate::cli) list: Option<String>,
    /// The day whose prices are meant, such as 2026-11-01; by default today
    #[arg(long, value_name = "DATE", env = "TOLLGATE_PRICES_AT")]
    pub(in crate::cli) at: Option<Date>,
}

/// How prices are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum PricesFormat {
    /// Aligned, for a terminal.
    Table,
    /// Everything, exact.
    Json,
    /// Exact, for a spreadsheet.
    Csv,
}
