//! The command line: every flag, its environment variable, and the help that teaches it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

use super::house::Options;
use super::when::{self, When};
use crate::demo::Serves;

const ABOUT: &str = "The meter in front of your LLM bill";

const LONG_ABOUT: &str = "The meter in front of your LLM bill.

A reverse proxy that passes every byte of your LLM traffic untouched, counts the tokens of every
call, prices it exactly, and says on the day it becomes true that hosting the model yourself is
cheaper.";

const EXAMPLES: &str = "Examples:
  tollgate demo                          see it work: no key, no network, no file
  tollgate                               start the proxy with built-in defaults
  export OPENAI_BASE_URL=http://127.0.0.1:4141/v1        ... and send your client through it
  tollgate report --since 7d             what the last week cost, by model
  tollgate breakeven                     what hosting it yourself would have cost

Order of settings: flag, environment (TOLLGATE_...), configuration file, default.
Exit codes: 0 fine, 1 failed at work, 2 bad use or configuration.";

const SERVE_EXAMPLES: &str = "Examples:
  tollgate serve                                   127.0.0.1:4141, ledger in ./data
  tollgate serve -c config/tollgate.toml --log-format json
  TOLLGATE_LISTEN=0.0.0.0:4141 tollgate serve      as in a container

SIGTERM or Ctrl-C lets the calls in flight end; a second one ends at once.";

const DEMO_EXAMPLES: &str = "Examples:
  tollgate demo                          twenty seconds, ten times as fast as life
  tollgate demo --for 2m --speed 1       in real time
  tollgate demo --keep-running           stay up afterwards, to look around

Mock providers, the real proxy and real clients run in this process. Thirty days of made history,
marked imported, give the break-even verdict something to stand on. Ctrl-C ends early.";

const MOCK_EXAMPLES: &str = "Examples:
  tollgate mock --listen 127.0.0.1:9000
  curl http://127.0.0.1:9000/v1/chat/completions -d '{\"model\":\"gpt-4o\",\"messages\":[]}'
  curl http://127.0.0.1:9000/__stats     what the mock itself billed";

const CHECK_EXAMPLES: &str = "Examples:
  tollgate check                         exit 0: fine; exit 2: every problem, with line and remedy
  tollgate check --print                 the configuration as it is meant, defaults filled in";

const REPORT_EXAMPLES: &str = "Examples:
  tollgate report                                      the last 30 days, by model
  tollgate report --since 2026-11-01 --by tenant,model
  tollgate report --since 90d --by day --format csv > spend.csv

Asks the running tollgate; if none runs, reads the data directory. Says on stderr which.
A model without a price is `unpriced`, never 0; shares are of what is known.";

const EXPORT_EXAMPLES: &str = "Examples:
  tollgate export calls --since 1d --format csv > calls.csv
  tollgate export calls | jq 'select(.source == \"unknown\")'

One line a call, every column of the record; a value nobody knows is null, and not 0.
Asks the running tollgate; if none runs, reads the data directory. Says on stderr which.";

const BREAKEVEN_EXAMPLES: &str = "Examples:
  tollgate breakeven                     the verdict in words, plan by plan
  tollgate breakeven --format json       everything behind it";

/// The whole command line.
#[derive(Debug, Parser)]
#[command(name = "tollgate", version, about = ABOUT, long_about = LONG_ABOUT, after_help = EXAMPLES)]
#[command(max_term_width = 100, disable_help_subcommand = true)]
pub(super) struct Args {
    #[command(flatten)]
    pub(super) global: Global,
    #[command(subcommand)]
    pub(super) verb: Option<Verb>,
}

/// Flags that every verb has.
#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Everywhere")]
pub(super) struct Global {
    /// Configuration file; without one, built-in defaults hold
    #[arg(
        short,
        long,
        value_name = "FILE",
        env = "TOLLGATE_CONFIG",
        global = true
    )]
    pub(super) config: Option<PathBuf>,
    /// Address for traffic
    #[arg(long, value_name = "ADDRESS", env = "TOLLGATE_LISTEN", global = true)]
    pub(super) listen: Option<SocketAddr>,
    /// Address for metrics, health and the API
    #[arg(long, value_name = "ADDRESS", env = "TOLLGATE_ADMIN", global = true)]
    pub(super) admin: Option<SocketAddr>,
    /// Where the ledger is kept
    #[arg(long, value_name = "DIR", env = "TOLLGATE_DATA_DIR", global = true)]
    pub(super) data_dir: Option<PathBuf>,
    /// error, warn, info, debug, trace, or a filter such as `info,tollgate::proxy=debug`
    #[arg(
        long,
        value_name = "LEVEL",
        env = "TOLLGATE_LOG_LEVEL",
        global = true,
        default_value = "info"
    )]
    pub(super) log_level: String,
    /// How log lines are written, to stderr
    #[arg(
        long,
        value_name = "FORMAT",
        env = "TOLLGATE_LOG_FORMAT",
        global = true,
        default_value = "text"
    )]
    pub(super) log_format: LogFormat,
    /// Say only what was asked for, and errors
    #[arg(short, long, env = "TOLLGATE_QUIET", global = true)]
    pub(super) quiet: bool,
}

impl Global {
    /// What overrides the configuration.
    pub(super) fn options(&self) -> Options {
        Options {
            config: self.config.clone(),
            listen: self.listen,
            admin: self.admin,
            data_dir: self.data_dir.clone(),
        }
    }
}

/// How logs are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Run the proxy (the default)
    #[command(after_help = SERVE_EXAMPLES)]
    Serve,
    /// See it work: mock providers, real metering, a verdict
    #[command(after_help = DEMO_EXAMPLES)]
    Demo(Demo),
    /// Run the mock providers alone
    #[command(after_help = MOCK_EXAMPLES)]
    Mock(Mock),
    /// Check the configuration, prices and plans
    #[command(after_help = CHECK_EXAMPLES)]
    Check(Check),
    /// What was used and what it cost
    #[command(after_help = REPORT_EXAMPLES)]
    Report(Report),
    /// Write the record of every call to stdout
    #[command(after_help = EXPORT_EXAMPLES)]
    Export(Export),
    /// What hosting it yourself would have cost, and from when on it is cheaper
    #[command(after_help = BREAKEVEN_EXAMPLES)]
    Breakeven(Breakeven),
    /// Ask the running tollgate whether it is ready; for containers without a shell
    Healthcheck,
}

/// `demo`
#[derive(Debug, ClapArgs)]
pub(super) struct Demo {
    /// How long traffic runs, such as 20s or 2m
    #[arg(long = "for", value_name = "DURATION", env = "TOLLGATE_DEMO_FOR", default_value = "20s", value_parser = when::duration)]
    pub(super) duration: Duration,
    /// How many times faster than in life, 1 to 100
    #[arg(long, value_name = "N", env = "TOLLGATE_DEMO_SPEED", default_value = "10", value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(super) speed: u32,
    /// The same seed makes the same calls and the same history
    #[arg(
        long,
        value_name = "N",
        env = "TOLLGATE_DEMO_SEED",
        default_value = "1"
    )]
    pub(super) seed: u64,
    /// Stay up after the summary, with traffic, until Ctrl-C
    #[arg(long, env = "TOLLGATE_DEMO_KEEP_RUNNING")]
    pub(super) keep_running: bool,
}

/// `mock`
#[derive(Debug, ClapArgs)]
pub(super) struct Mock {
    /// Whose API to speak: openai, anthropic or both
    #[arg(
        long,
        value_name = "NAME",
        env = "TOLLGATE_MOCK_PROVIDER",
        default_value = "both"
    )]
    pub(super) provider: Serves,
    /// How many times faster than in life, 1 to 1000
    #[arg(long, value_name = "N", env = "TOLLGATE_MOCK_SPEED", default_value = "1", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(super) speed: u32,
    /// The same seed answers the n-th call the same way
    #[arg(
        long,
        value_name = "N",
        env = "TOLLGATE_MOCK_SEED",
        default_value = "1"
    )]
    pub(super) seed: u64,
}

/// `check`
#[derive(Debug, ClapArgs)]
pub(super) struct Check {
    /// Write the configuration as it is meant, defaults filled in, to stdout
    #[arg(long, env = "TOLLGATE_CHECK_PRINT")]
    pub(super) print: bool,
}

/// A part of time.
#[derive(Debug, ClapArgs)]
pub(super) struct Span {
    /// From when on: 30d, 12h, 2026-11-01, 2026-11, or 2026-11-01T08:00:00Z; by default everything
    #[arg(long, value_name = "WHEN", env = "TOLLGATE_EXPORT_SINCE", value_parser = when::parse)]
    pub(super) since: Option<When>,
    /// Until when, this moment not included; by default now
    #[arg(long, value_name = "WHEN", env = "TOLLGATE_EXPORT_UNTIL", value_parser = when::parse)]
    pub(super) until: Option<When>,
}

/// `report`
#[derive(Debug, ClapArgs)]
pub(super) struct Report {
    /// First day: 30d for that many days ago, 2026-11-01, or 2026-11 for its first
    #[arg(long, value_name = "DAY", env = "TOLLGATE_REPORT_SINCE", default_value = "30d", value_parser = when::parse)]
    pub(super) since: When,
    /// Day after the last; by default today is the last
    #[arg(long, value_name = "DAY", env = "TOLLGATE_REPORT_UNTIL", value_parser = when::parse)]
    pub(super) until: Option<When>,
    /// A row for each of these; comma list
    #[arg(
        long,
        value_name = "LIST",
        env = "TOLLGATE_REPORT_BY",
        default_value = "model",
        value_delimiter = ','
    )]
    pub(super) by: Vec<By>,
    /// For people (table, md) or for programs (json, csv: exact decimals)
    #[arg(
        long,
        value_name = "FORMAT",
        env = "TOLLGATE_REPORT_FORMAT",
        default_value = "table"
    )]
    pub(super) format: ReportFormat,
}

/// What totals are told apart by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum By {
    /// In the reporting timezone.
    Day,
    /// In the reporting timezone.
    Month,
    /// Where calls went.
    Upstream,
    /// What answered.
    Model,
    /// Who asked.
    Tenant,
}

impl By {
    /// The name of the column.
    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Month => "month",
            Self::Upstream => "upstream",
            Self::Model => "model",
            Self::Tenant => "tenant",
        }
    }
}

/// How a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ReportFormat {
    /// Aligned, rounded, for a terminal.
    Table,
    /// Everything, exact.
    Json,
    /// Exact, for a spreadsheet.
    Csv,
    /// As the table, for a document.
    Md,
}

/// `export`
#[derive(Debug, ClapArgs)]
pub(super) struct Export {
    /// What to export
    #[arg(value_name = "WHAT")]
    pub(super) what: Exported,
    #[command(flatten)]
    pub(super) span: Span,
    /// One JSON object a line, or comma-separated with a header
    #[arg(
        long,
        value_name = "FORMAT",
        env = "TOLLGATE_EXPORT_FORMAT",
        default_value = "jsonl"
    )]
    pub(super) format: ExportFormat,
}

/// What can be exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Exported {
    /// The record of every call
    Calls,
}

/// How records are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ExportFormat {
    /// One object a line, nulls said.
    Jsonl,
    /// A header and a line each; nested values as JSON text.
    Csv,
}

/// `breakeven`
#[derive(Debug, ClapArgs)]
pub(super) struct Breakeven {
    /// In words, or everything behind them
    #[arg(
        long,
        value_name = "FORMAT",
        env = "TOLLGATE_BREAKEVEN_FORMAT",
        default_value = "text"
    )]
    pub(super) format: BreakevenFormat,
}

/// How the verdict is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum BreakevenFormat {
    /// Words.
    Text,
    /// Everything.
    Json,
}
