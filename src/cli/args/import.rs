//! The flags of `import`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand, ValueEnum};

use super::examples;
use crate::app::import::Shape;

/// `import`
#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct Import {
    #[command(subcommand)]
    pub(in crate::cli) verb: ImportVerb,
}

/// What is imported.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum ImportVerb {
    /// What was used and paid before tollgate was there, by day or hour; marked as imported
    #[command(after_help = examples::IMPORT_USAGE_EXAMPLES)]
    Usage(ImportUsage),
}

/// `import usage`
#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct ImportUsage {
    /// CSV with named columns, or the JSON that OpenAI's or Anthropic's usage and cost APIs return,
    /// page after page
    #[arg(value_name = "FILE", required = true)]
    pub(in crate::cli) files: Vec<PathBuf>,
    /// How calls spread over the minutes of a day or an hour
    #[arg(
        long,
        value_enum,
        env = "TOLLGATE_IMPORT_SHAPE",
        default_value = "week"
    )]
    pub(in crate::cli) shape: ImportShape,
    /// The upstream of JSON files; by default openai or anthropic, whose they are
    #[arg(long, value_name = "NAME", env = "TOLLGATE_IMPORT_UPSTREAM")]
    pub(in crate::cli) upstream: Option<String>,
    /// Input tokens of a call, on average, where a report has no number of calls, as Anthropic's
    #[arg(long, value_name = "N", env = "TOLLGATE_IMPORT_INPUT_PER_CALL", value_parser = clap::value_parser!(u64).range(1..))]
    pub(in crate::cli) input_per_call: Option<u64>,
    /// Take these figures where others were imported before
    #[arg(long, env = "TOLLGATE_IMPORT_REPLACE")]
    pub(in crate::cli) replace: bool,
    /// Import also hours in which tollgate metered this upstream: for traffic that did not pass it
    #[arg(long, env = "TOLLGATE_IMPORT_BESIDE_METERED")]
    pub(in crate::cli) beside_metered: bool,
    /// Say what would be imported, and import nothing
    #[arg(long, env = "TOLLGATE_IMPORT_DRY_RUN")]
    pub(in crate::cli) dry_run: bool,
    /// For people or for programs
    #[arg(
        long,
        value_name = "FORMAT",
        env = "TOLLGATE_IMPORT_FORMAT",
        default_value = "text"
    )]
    pub(in crate::cli) format: ImportFormat,
}

/// How calls spread over the minutes of what was summed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ImportShape {
    /// The hours of a real service's day, the minutes of a real service's hour
    Week,
    /// Working hours of the reporting time zone, assumed; the minutes of a real service's hour
    Office,
    /// The same in every minute, which understates every peak
    Even,
}

/// How it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ImportFormat {
    /// In words.
    Text,
    /// One object.
    Json,
}

impl ImportShape {
    pub(in crate::cli) const fn shape(self) -> Shape {
        match self {
            Self::Week => Shape::Week,
            Self::Office => Shape::Office,
            Self::Even => Shape::Even,
        }
    }
}
