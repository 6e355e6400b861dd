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
    /// Compare a public price map with the configured prices, and write what is missing
    #[command(after_help = examples::PRICES_IMPORT_EXAMPLES)]
    Import(PricesImport),
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

/// `prices import`
#[derive(Debug, ClapArgs)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub(in crate::cli) struct PricesImport {
    /// The map: of litellm, genai-prices or models.dev, as JSON
    #[arg(value_name = "FILE")]
    pub(in crate::cli) file: PathBuf,
    /// Whose format it has; by default what it looks like
    #[arg(
        long,
        value_name = "FORMAT",
        env = "TOLLGATE_PRICES_MAP_FORMAT",
        default_value = "auto"
    )]
    pub(in crate::cli) format: MapFormat,
    /// Only these price lists, by our names, such as openai,bedrock; may be repeated
    #[arg(
        long,
        value_name = "LIST",
        env = "TOLLGATE_PRICES_IMPORT_LIST",
        value_delimiter = ','
    )]
    pub(in crate::cli) list: Vec<String>,
    /// Only models with one of these texts in their names; may be repeated
    #[arg(
        long,
        value_name = "MODEL",
        env = "TOLLGATE_PRICES_MODEL",
        value_delimiter = ','
    )]
    pub(in crate::cli) model: Vec<String>,
    /// The day the map was made, such as 2026-11-01; by default today
    #[arg(long, value_name = "DATE", env = "TOLLGATE_PRICES_SEEN")]
    pub(in crate::cli) seen: Option<Date>,
    /// Write the prices of models that are not configured to this file
    #[arg(long, value_name = "FILE", env = "TOLLGATE_PRICES_WRITE")]
    pub(in crate::cli) write: Option<PathBuf>,
    /// Write only models that have no price yet (the default)
    #[arg(long, env = "TOLLGATE_PRICES_ONLY_MISSING", conflicts_with = "all")]
    pub(in crate::cli) only_missing: bool,
    /// Write models that disagree too: from the day seen on the map wins over the catalogue
    #[arg(long, env = "TOLLGATE_PRICES_ALL")]
    pub(in crate::cli) all: bool,
    /// Take a price of zero for true, instead of leaving it out
    #[arg(long, env = "TOLLGATE_PRICES_ZERO_IS_FREE")]
    pub(in crate::cli) zero_is_free: bool,
    /// Write over a file that is there
    #[arg(long, env = "TOLLGATE_PRICES_FORCE")]
    pub(in crate::cli) force: bool,
    /// Say each list, each new model and each thing that is not brought over
    #[arg(short, long, env = "TOLLGATE_PRICES_VERBOSE")]
    pub(in crate::cli) verbose: bool,
}

/// Whose price map it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum MapFormat {
    /// What it looks like.
    Auto,
    /// `model_prices_and_context_window.json` of `BerriAI/litellm`.
    Litellm,
    /// prices/data.json of pydantic/genai-prices.
    GenaiPrices,
    /// api.json of models.dev.
    ModelsDev,
}
