//! The flags of `verdict`, a verb of verbs.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};

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
}
