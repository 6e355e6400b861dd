//! The command line, and the help that teaches it.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

const ABOUT: &str = "What a call costs on its way through tollgate, beside a proxy that meters nothing

Runs a mock provider, a load client, `limit` (a bare pass-through proxy on tollgate's HTTP stack) and
tollgate as processes of their own, pinned to cores of their own, and lets the targets take turns in
rounds. The ratio to `limit` in the same round is the result; absolute figures are the machine's. A
run counts only if tollgate's ledger has what the mock billed, to the call and to the token.";

const EXAMPLES: &str = "Examples:
  cargo bench --bench load                                the whole table, about ten minutes
  cargo bench --bench load -- --quick                     does it work: some seconds, one round
  cargo bench --bench load -- --only unary-1k --rounds 9  one test
  cargo bench --bench load -- --tollgate before=/tmp/tollgate-before
                                                          a change beside what was before it
  cargo bench --bench load -- --peers nginx,haproxy --markdown table.md --json raw.json
  cargo bench --bench load -- --sweep streams             1 to 10,000 open streams
  cargo bench --bench load -- --readers --only unary-rate beside endless reports, export, metrics
  cargo bench --profile quick --bench load                built in less time; not for results

Exit codes: 0 it ran, 1 the metering was wrong or something failed, 2 not understood.";

/// The whole command line.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo bench --bench load --", about = ABOUT, after_help = EXAMPLES)]
#[command(
    max_term_width = 100,
    disable_help_subcommand = true,
    args_conflicts_with_subcommands = true
)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) run: Run,
    #[command(subcommand)]
    pub(crate) role: Option<Role>,
}

/// What to measure.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
#[derive(Debug, clap::Args)]
pub(crate) struct Run {
    /// Rounds in which the targets take turns
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u8).range(1..))]
    pub(crate) rounds: u8,
    /// Seconds that each test measures, after a second of warming up
    #[arg(long, value_name = "SECONDS", default_value_t = 4.0)]
    pub(crate) secs: f64,
    /// One short round of three tests, judged by its metering alone
    #[arg(long, conflicts_with_all = ["rounds", "secs", "sweep"])]
    pub(crate) quick: bool,
    /// Only these tests; --list names them
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) only: Vec<String>,
    /// Name the tests and end
    #[arg(long)]
    pub(crate) list: bool,
    /// In place of the table, how cost grows with one thing
    #[arg(long, value_name = "WHAT")]
    pub(crate) sweep: Option<Sweep>,
    /// Another tollgate to compare the built one with; can be given again. A PATH alone, or the
    /// name `tollgate`, takes its place
    #[arg(verbatim_doc_comment)]
    #[arg(long, value_name = "NAME=PATH")]
    pub(crate) tollgate: Vec<String>,
    /// One more tollgate, whose reports, calls and metrics are read without end meanwhile
    #[arg(long)]
    pub(crate) readers: bool,
    /// Other proxies; without it those of nginx and haproxy that are here. What is named and is
    /// not here is fetched into target/tools; `none` is none
    #[arg(verbatim_doc_comment)]
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) peers: Vec<PeerName>,
    /// The first of the ports to use, three for each target
    #[arg(long, value_name = "PORT", default_value_t = 9700)]
    pub(crate) port: u16,
    /// The folder for ledgers and logs, on a real disk; a folder in it is made and removed
    #[arg(long, value_name = "DIR", default_value = env!("CARGO_TARGET_TMPDIR"))]
    pub(crate) scratch: PathBuf,
    /// Write the table to a file, too
    #[arg(long, value_name = "FILE")]
    pub(crate) markdown: Option<PathBuf>,
    /// Write everything that was seen to a file
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// What cargo says to each benchmark
    #[arg(long, hide = true)]
    bench: bool,
}

/// What grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Sweep {
    /// 1 to 10,000 open streams: CPU a chunk, memory a stream
    Streams,
    /// Answers and requests of 1 KB to 20 MB: CPU a call
    Bodies,
    /// 1 to 1,000 models: CPU a call
    Models,
}

/// Proxies of others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PeerName {
    Nginx,
    Haproxy,
    /// From `PyPI`, some hundred megabytes
    #[value(help = "From PyPI, some hundred megabytes")]
    Litellm,
    None,
}

/// What the rig starts itself as.
#[derive(Debug, Subcommand)]
pub(crate) enum Role {
    #[command(hide = true)]
    Mock {
        #[arg(long)]
        port: Vec<u16>,
    },
    #[command(hide = true)]
    Limit {
        #[arg(long)]
        listen: SocketAddr,
        #[arg(long)]
        upstream: SocketAddr,
    },
    #[command(hide = true)]
    Load { job: String },
    #[command(hide = true)]
    Seat {
        seat: String,
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        command: Vec<std::ffi::OsString>,
    },
}
