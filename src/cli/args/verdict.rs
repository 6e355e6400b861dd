//! The flags of `verdict`, a verb of verbs.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand, ValueEnum};

/// `verdict`
#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct Verdict {
    #[command(subcommand)]
    pub(in crate::cli) verb: VerdictVerb,
}

/// What to do with verdicts.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum VerdictVerb {
    /// Every switch of a state, the oldest first
    List,
    /// One of them in words
    Show {
        /// Its file, or the name of one in the data directory; by default the last
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// Compute every figure of one again, from the rows of the calls
    Verify {
        /// Its file, or the name of one in the data directory
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// What each of them said, and what came since
    Record,
    /// What each month cost, and would have cost by the plans and prices as they are now
    Past(VerdictPast),
}

/// `verdict past`
#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct VerdictPast {
    /// The first month meant, UTC, such as 2026-01; by default the first that is kept
    #[arg(long, value_name = "MONTH", env = "TOLLGATE_VERDICT_PAST_SINCE")]
    pub(in crate::cli) since: Option<String>,
    /// The first month that is not meant any more
    #[arg(long, value_name = "MONTH", env = "TOLLGATE_VERDICT_PAST_UNTIL")]
    pub(in crate::cli) until: Option<String>,
    /// The one plan to compute; by default all
    #[arg(long, value_name = "NAME", env = "TOLLGATE_VERDICT_PAST_PLAN")]
    pub(in crate::cli) plan: Option<String>,
    /// A table, or everything behind it
    #[arg(
        long,
        value_name = "FORMAT",
        env = "TOLLGATE_VERDICT_PAST_FORMAT",
        default_value = "text"
    )]
    pub(in crate::cli) format: VerdictFormat,
}

/// How the past is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum VerdictFormat {
    /// A table, and what it was computed from.
    #[default]
    Text,
    /// Everything.
    Json,
}
