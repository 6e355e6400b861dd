//! The flags of each verb.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args as ClapArgs, Subcommand, ValueEnum};
use jiff::civil::Date;

use super::what_if::WhatIf;
use crate::cli::when::{self, When};
use crate::demo::Serves;

/// `demo`
#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct Demo {
    /// How long traffic runs, such as 20s or 2m
    #[arg(long = "for", value_name = "DURATION", env = "TOLLGATE_DEMO_FOR", default_value = "20s", value_parser = when::duration)]
    pub(in crate::cli) duration: Duration,
    /// How many times faster than in life, 1 to 100
    #[arg(long, value_name = "N", env = "TOLLGATE_DEMO_SPEED", default_value = "10", value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(in crate::cli) speed: u32,
    /// The same seed makes the same calls and the same history
    #[arg(
        long,
        value_name = "N",
        env = "TOLLGATE_DEMO_SEED",
        default_value = "1"
    )]
    pub(in crate::cli) seed: u64,
    /// Stay up after the summary, with traffic, until Ctrl-C
    #[arg(long, env = "TOLLGATE_DEMO_KEEP_RUNNING")]
    pub(in crate::cli) keep_running: bool,
}

/// `mock`
#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct Mock {
    /// Whose API to speak: openai, anthropic or both
    #[arg(
        long,
        value_name = "NAME",
        env = "TOLLGATE_MOCK_PROVIDER",
        default_value = "both"
    )]
    pub(in crate::cli) provider: Serves,
    /// How many times faster than in life, 1 to 1000
    #[arg(long, value_name = "N", env = "TOLLGATE_MOCK_SPEED", default_value = "1", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(in crate::cli) speed: u32,
    /// The same seed answers the n-th call the same way
    #[arg(
        long,
        value_name = "N",
        env = "TOLLGATE_MOCK_SEED",
        default_value = "1"
    )]
    pub(in crate::cli) seed: u64,
}

/// `check`
#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct Check {
    /// Write the configuration as it is meant, defaults filled in, to stdout
    #[arg(long, env = "TOLLGATE_CHECK_PRINT")]
    pub(in crate::cli) print: bool,
}

/// A part of time.
#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct Span {
    /// From when on: 30d, 12h, 2026-11-01, 2026-11, or 2026-11-01T08:00:00Z; by default everything
    #[arg(long, value_name = "WHEN", env = "TOLLGATE_EXPORT_SINCE", value_parser = when::parse)]
    pub(in crate::cli) since: Option<When>,
    /// Until when, this moment not included; by default now
    #[arg(long, value_name = "WHEN", env = "TOLLGATE_EXPORT_UNTIL", value_parser = when::parse)]
    pub(in crate::cli) until: Option<When>,
}

/// `report`
#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct Report {
    /// From when on: 30d for that many days before today, 2026-11-01, 2026-11, 12h or
    /// 2026-11-01T08:00:00Z
    #[arg(long, value_name = "WHEN", env = "TOLLGATE_REPORT_SINCE", default_value = "30d", value_parser = when::parse)]
    pub(in crate::cli) since: When,
    /// Until when, itself not included; by default now
    #[arg(long, value_name = "WHEN", env = "TOLLGATE_REPORT_UNTIL", value_parser = when::parse)]
    pub(in crate::cli) until: Option<When>,
    /// Everything since the ledger began, instead of --since
    #[arg(long, env = "TOLLGATE_REPORT_ALL", conflicts_with = "since")]
    pub(in crate::cli) all: bool,
    /// Instead of what was spent: how far tollgate's own counts are from what providers report, of the
    /// calls that were counted although they reported
    #[arg(long, env = "TOLLGATE_REPORT_AUDIT", conflicts_with_all = ["since", "until", "all", "by", "top"])]
    pub(in crate::cli) audit: bool,
    /// Instead of what was spent: what own hosting cost with its idle hours and what an API would have
    /// taken for the same tokens, a row for each plan and, with --by month, day or hour, for each of them
    #[arg(long, env = "TOLLGATE_REPORT_HOSTING", conflicts_with_all = ["audit", "top"])]
    pub(in crate::cli) hosting: bool,
    /// A row for each of these; comma list of month, day, hour, minute, upstream, model, tenant and
    /// the names of your dimensions
    #[arg(
        long,
        value_name = "LIST",
        env = "TOLLGATE_REPORT_BY",
        default_value = "model",
        value_delimiter = ',',
        value_parser = column
    )]
    pub(in crate::cli) by: Vec<String>,
    /// Only the N largest bills; the others are one row
    #[arg(long, value_name = "N", env = "TOLLGATE_REPORT_TOP", value_parser = clap::value_parser!(u32).range(1..))]
    pub(in crate::cli) top: Option<u32>,
    /// For people (table, md) or for programs (json, csv: exact decimals)
    #[arg(
        long,
        value_name = "FORMAT",
        env = "TOLLGATE_REPORT_FORMAT",
        default_value = "table"
    )]
    pub(in crate::cli) format: ReportFormat,
}

/// A name that a column can have; which there are, the ledger knows.
fn column(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if !text.is_empty() && text.chars().all(plain) {
        Ok(text.to_owned())
    } else {
        Err(
            "write month, day, hour, minute, upstream, model, tenant, or a dimension's name"
                .to_owned(),
        )
    }
}

/// How a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ReportFormat {
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
pub(in crate::cli) struct Export {
    /// What to export
    #[arg(value_name = "WHAT")]
    pub(in crate::cli) what: Exported,
    #[command(flatten)]
    pub(in crate::cli) span: Span,
    /// One JSON object a line, or comma-separated with a header
    #[arg(
        long,
        value_name = "FORMAT",
        env = "TOLLGATE_EXPORT_FORMAT",
        default_value = "jsonl"
    )]
    pub(in crate::cli) format: ExportFormat,
}

/// What can be exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Exported {
    /// The record of every call
    Calls,
}

/// How records are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ExportFormat {
    /// One object a line, nulls said.
    Jsonl,
    /// A header and a line each; nested values as JSON text.
    Csv,
}

/// `reprice`
#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct Reprice {
    /// From when on: 30d for that many days before today, 2026-11-01, 2026-11, 12h or
    /// 2026-11-01T08:00:00Z
    #[arg(long, alias = "from", value_name = "WHEN", env = "TOLLGATE_REPRICE_SINCE", value_parser = when::parse)]
    pub(in crate::cli) since: When,
    /// Until when, itself not included; by default now
    #[arg(long, value_name = "WHEN", env = "TOLLGATE_REPRICE_UNTIL", value_parser = when::parse)]
    pub(in crate::cli) until: Option<When>,
    /// Only calls of these models, as reports name them
    #[arg(
        long,
        value_name = "MODEL",
        env = "TOLLGATE_REPRICE_MODEL",
        value_delimiter = ','
    )]
    pub(in crate::cli) model: Vec<String>,
    /// Only calls of these upstreams
    #[arg(
        long,
        value_name = "NAME",
        env = "TOLLGATE_REPRICE_UPSTREAM",
        value_delimiter = ','
    )]
    pub(in crate::cli) upstream: Vec<String>,
    /// Say what it would change, and change nothing
    #[arg(long, env = "TOLLGATE_REPRICE_DRY_RUN")]
    pub(in crate::cli) dry_run: bool,
    /// For people, or for programs
    #[arg(
        long,
        value_name = "FORMAT",
        env = "TOLLGATE_REPRICE_FORMAT",
        default_value = "table"
    )]
    pub(in crate::cli) format: RepriceFormat,
}

/// How it is said what became of calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum RepriceFormat {
    /// A row a model, and words.
    Table,
    /// Everything.
    Json,
}

/// `alerts`
#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct Alerts {
    #[command(subcommand)]
    pub(in crate::cli) verb: AlertsVerb,
}

/// What to do with alerts.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum AlertsVerb {
    /// Send one made message now, and print what the receiver says
    Test {
        /// Only to this receiver; by default to all
        #[arg(value_name = "NAME")]
        name: Option<String>,
    },
}

/// `ledger`
#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct Ledger {
    #[command(subcommand)]
    pub(in crate::cli) verb: LedgerVerb,
}

/// What is done to the ledger.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum LedgerVerb {
    /// Verify every file and frame, and that totals are the sums of the rows; changes nothing
    Check,
    /// Note that rows which are gone do not come back: their alarm ends, reports go on naming them
    Accept,
    /// Compute the totals again from the last good checkpoint and the rows behind it
    Rebuild,
    /// Copy the database into a smaller one, and swap the two
    Compact,
    /// Write a copy that a tollgate can start on
    Backup {
        /// A folder that is not there yet; on the same disk it takes little room
        #[arg(value_name = "DIR")]
        to: PathBuf,
    },
}

/// `breakeven`
#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct Breakeven {
    /// In words, or everything behind them
    #[arg(
        long,
        value_name = "FORMAT",
        env = "TOLLGATE_BREAKEVEN_FORMAT",
        default_value = "text"
    )]
    pub(in crate::cli) format: BreakevenFormat,
    /// An assumption that would be another one, on the calls of 30 days, such as people=0; may be repeated
    #[arg(
        long = "set",
        value_name = "KEY=VALUE",
        env = "TOLLGATE_BREAKEVEN_SET",
        conflicts_with = "volume",
        value_parser = edit
    )]
    pub(in crate::cli) edits: Vec<(String, String)>,
    #[command(flatten)]
    pub(in crate::cli) what_if: WhatIf,
}

/// A key and its value; which keys there are is for who answers to say.
fn edit(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').unwrap_or((text, ""));
    let (key, value) = (key.trim().to_owned(), value.trim().to_owned());
    if key.is_empty() || value.is_empty() {
        return Err(
            "write a key and its value, such as people=0 or gpu_usd_per_hour=2.10".to_owned(),
        );
    }
    Ok((key, value))
}

/// How the verdict is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum BreakevenFormat {
    /// Words.
    #[default]
    Text,
    /// Everything.
    Json,
}

/// `backtest`
#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct Backtest {
    /// Recorded traffic, each file by itself
    #[arg(value_name = "TRACE.csv", required = true)]
    pub(in crate::cli) trace: Vec<PathBuf>,
    /// The API model whose price the calls are told in, such as gpt-4o or openai/gpt-4o; may be
    /// repeated
    #[arg(
        long,
        value_name = "MODEL",
        env = "TOLLGATE_BACKTEST_PRICE",
        required = true,
        value_delimiter = ','
    )]
    pub(in crate::cli) price: Vec<String>,
    /// A plan to compare; may be repeated. By default all
    #[arg(
        long,
        value_name = "NAME",
        env = "TOLLGATE_BACKTEST_PLAN",
        value_delimiter = ','
    )]
    pub(in crate::cli) plan: Vec<String>,
    /// Plans and endpoints from this file instead of the configured ones
    #[arg(long, value_name = "FILE", env = "TOLLGATE_BACKTEST_PLANS")]
    pub(in crate::cli) plans: Option<PathBuf>,
    /// The day whose prices hold, such as 2026-11-01; by default today
    #[arg(long, value_name = "DAY", env = "TOLLGATE_BACKTEST_AT")]
    pub(in crate::cli) at: Option<Date>,
    /// So many times the recorded calls, at the same times
    #[arg(long, value_name = "N", env = "TOLLGATE_BACKTEST_SCALE", value_parser = positive)]
    pub(in crate::cli) scale: Option<f64>,
    /// The same, as calls a day
    #[arg(
        long,
        value_name = "N",
        env = "TOLLGATE_BACKTEST_CALLS_PER_DAY",
        conflicts_with = "scale",
        value_parser = positive
    )]
    pub(in crate::cli) calls_per_day: Option<f64>,
    /// For a terminal, for programs, or for a document
    #[arg(
        long,
        value_name = "FORMAT",
        env = "TOLLGATE_BACKTEST_FORMAT",
        default_value = "text"
    )]
    pub(in crate::cli) format: BacktestFormat,
}

/// A number above 0 and not beyond reason.
fn positive(text: &str) -> Result<f64, String> {
    let number: f64 = text
        .parse()
        .map_err(|_| "is not a number, such as 2.5".to_owned())?;
    if (1e-6..=1e9).contains(&number) {
        Ok(number)
    } else {
        Err("must be at least 0.000001 and at most 1000000000".to_owned())
    }
}

/// How a backtest is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum BacktestFormat {
    /// Tables and charts.
    Text,
    /// Everything, unrounded.
    Json,
    /// Tables.
    Markdown,
}

/// `sources`
#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct Sources {
    /// Rounded for people, or everything as computed
    #[arg(
        long,
        value_name = "FORMAT",
        env = "TOLLGATE_SOURCES_FORMAT",
        default_value = "table"
    )]
    pub(in crate::cli) format: SourcesFormat,
}

/// How claims are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum SourcesFormat {
    /// A table a theme.
    Table,
    /// Everything.
    Json,
}

/// `calibrate`
#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct Calibrate {
    /// Results of `vllm bench serve --save-result`, of one model on one machine
    #[arg(value_name = "FILE", required = true)]
    pub(in crate::cli) files: Vec<PathBuf>,
    /// The plan that the coefficients are for
    #[arg(
        long,
        value_name = "NAME",
        env = "TOLLGATE_CALIBRATE_PLAN",
        default_value = "NAME"
    )]
    pub(in crate::cli) plan: String,
    /// In words with a table to paste, or everything as computed
    #[arg(
        long,
        value_name = "FORMAT",
        env = "TOLLGATE_CALIBRATE_FORMAT",
        default_value = "text"
    )]
    pub(in crate::cli) format: CalibrateFormat,
}

/// How a fit is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum CalibrateFormat {
    /// Rounded, for people.
    Text,
    /// Everything.
    Json,
}
