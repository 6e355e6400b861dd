//! The flags of `prices`, a verb of verbs.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand, ValueEnum};
use jiff::civil::Date;

use super::examples;
use crate::cli::when::{self, When};

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
    /// What two files or two days say otherwise, and what that is worth
    #[command(after_help = examples::PRICES_DIFF_EXAMPLES)]
    Diff(PricesDiff),
    /// Check price files, and tell what is suspicious
    #[command(after_help = examples::PRICES_CHECK_EXAMPLES)]
    Check(PricesCheck),
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

/// `prices diff`
#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct PricesDiff {
    /// A price file, a configuration, or a day of the configured prices, such as 2026-08-01
    #[arg(value_name = "A")]
    pub(in crate::cli) was: String,
    /// The same, to compare with
    #[arg(value_name = "B")]
    pub(in crate::cli) is: String,
    /// The day whose prices of a file are meant, such as 2026-11-01; by default today
    #[arg(long, value_name = "DATE", env = "TOLLGATE_PRICES_AT")]
    pub(in crate::cli) at: Option<Date>,
    /// The calls that are priced by both: from when on, as 30d, 12h or 2026-11-01
    #[arg(long, value_name = "WHEN", env = "TOLLGATE_PRICES_SINCE", default_value = "30d", value_parser = when::parse)]
    pub(in crate::cli) since: When,
    /// Read no calls: the prices alone
    #[arg(long, env = "TOLLGATE_PRICES_ALONE")]
    pub(in crate::cli) alone: bool,
}

/// `prices check`
#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct PricesCheck {
    /// A price file or a configuration; by default the configured prices
    #[arg(value_name = "FILE")]
    pub(in crate::cli) file: Option<PathBuf>,
    /// Read no calls: the prices alone
    #[arg(long, env = "TOLLGATE_PRICES_ALONE")]
    pub(in crate::cli) alone: bool,
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
