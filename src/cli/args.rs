//! The command line: every flag, its environment variable, and the help that teaches it.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

use super::house::Options;

mod examples;
mod import;
mod prices;
mod verbs;
mod verdict;
mod what_if;

pub(super) use import::{Import, ImportFormat, ImportUsage, ImportVerb};
pub(super) use prices::{
    MapFormat, Prices, PricesCheck, PricesDiff, PricesFormat, PricesImport, PricesList, PricesShow,
    PricesVerb,
};
pub(super) use verbs::{
    Alerts, AlertsVerb, Backtest, BacktestFormat, Breakeven, BreakevenFormat, Calibrate,
    CalibrateFormat, Check, Demo, Export, ExportFormat, Exported, Ledger, LedgerVerb, Mock, Report,
    ReportFormat, Reprice, RepriceFormat, Sources, SourcesFormat,
};
pub(super) use verdict::{Verdict, VerdictFormat, VerdictPast, VerdictVerb};
pub(super) use what_if::WhatIf;

const ABOUT: &str = "The meter in front of your LLM bill";

const LONG_ABOUT: &str = "The meter in front of your LLM bill.

A reverse proxy that passes every byte of your LLM traffic untouched, counts the tokens of every
call, prices it exactly, and says on the day it becomes true that hosting the model yourself is
cheaper.";

/// The whole command line.
#[derive(Debug, Parser)]
#[command(name = "tollgate", version, about = ABOUT, long_about = LONG_ABOUT, after_help = examples::EXAMPLES)]
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
    /// error, warn, info, debug, trace, or a filter such as `info,tollgate::proxy=debug`; by
    /// default info, and error in the demo
    #[arg(long, value_name = "LEVEL", env = "TOLLGATE_LOG_LEVEL", global = true)]
    pub(super) log_level: Option<String>,
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

impl Args {
    /// The least of what is logged unless a flag says otherwise. The demo is looked at.
    pub(super) const fn usual_level(&self) -> &'static str {
        match self.verb {
            Some(Verb::Demo(_)) => "error",
            _ => "info",
        }
    }
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
    #[command(after_help = examples::SERVE_EXAMPLES)]
    Serve,
    /// See it work: mock providers, real metering, a verdict
    #[command(after_help = examples::DEMO_EXAMPLES)]
    Demo(Demo),
    /// Run the mock providers alone
    #[command(after_help = examples::MOCK_EXAMPLES)]
    Mock(Mock),
    /// Check the configuration, prices and plans
    #[command(after_help = examples::CHECK_EXAMPLES)]
    Check(Check),
    /// What was used and what it cost
    #[command(after_help = examples::REPORT_EXAMPLES)]
    Report(Report),
    /// Write the record of every call to stdout
    #[command(after_help = examples::EXPORT_EXAMPLES)]
    Export(Export),
    /// What hosting it yourself would have cost, and from when on it is cheaper
    #[command(after_help = examples::BREAKEVEN_EXAMPLES)]
    Breakeven(Breakeven),
    /// What was decided, on what it stood, and what came of it
    #[command(after_help = examples::VERDICT_EXAMPLES, disable_help_subcommand = true)]
    Verdict(Verdict),
    /// A recorded trace, at API prices and on hardware of your own
    #[command(after_help = examples::BACKTEST_EXAMPLES)]
    Backtest(Backtest),
    /// Turn a load test of your own machine into the figures of a plan
    #[command(after_help = examples::CALIBRATE_EXAMPLES)]
    Calibrate(Calibrate),
    /// Published claims about LLM costs, and what holds of them
    #[command(after_help = examples::SOURCES_EXAMPLES)]
    Sources(Sources),
    /// What calls are billed by: which prices are in force, since when, and who says so
    #[command(after_help = examples::PRICES_EXAMPLES, disable_help_subcommand = true)]
    Prices(Prices),
    /// Price calls again by the prices of now: those that had none, and those that had a wrong one
    #[command(after_help = examples::REPRICE_EXAMPLES)]
    Reprice(Reprice),
    /// Put what was used and paid before tollgate was there beside what it meters
    #[command(disable_help_subcommand = true)]
    Import(Import),
    /// The webhooks of [[alerts]]
    #[command(after_help = examples::ALERTS_EXAMPLES, disable_help_subcommand = true)]
    Alerts(Alerts),
    /// Check, rebuild, shrink or copy the ledger of a stopped tollgate
    #[command(after_help = examples::LEDGER_EXAMPLES, disable_help_subcommand = true)]
    Ledger(Ledger),
    /// Ask the running tollgate whether it is ready; for containers without a shell
    Healthcheck,
}
