//! What the subcommands ask of the rest of tollgate; `app` is the real one, tests use a small one.

use std::fmt;
use std::future::Future;
use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;
use tokio::sync::watch;

use super::Failure;
use crate::call::CallRecord;
use crate::config::Config;
use crate::demo::HistorySettings;
use crate::economics::{Arm, HostPlan};
use crate::ledger::Progress;
use crate::pricing::PriceBook;

/// What flags and environment say; what is absent is the file's, or the default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The configuration file.
    pub config: Option<PathBuf>,
    /// Address for traffic.
    pub listen: Option<SocketAddr>,
    /// Address for metrics, health and the API.
    pub admin: Option<SocketAddr>,
    /// Where the ledger is kept.
    pub data_dir: Option<PathBuf>,
}

/// What the commands that only ask need to know of the configuration.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where a running tollgate would answer.
    pub admin: SocketAddr,
    /// The token it would want.
    pub admin_token: Option<String>,
    /// Where its ledger would be.
    pub data_dir: PathBuf,
    /// What a day is.
    pub timezone: TimeZone,
}

/// A checked configuration.
#[derive(Clone, Debug)]
pub struct Checked {
    /// What it has, in one line: `2 upstreams, 41 prices, 3 plans`.
    pub summary: String,
    /// The configuration as it is meant, as TOML, defaults filled in and secrets left out.
    pub resolved: String,
}

/// What calls can be priced by and compared with.
#[derive(Clone, Debug)]
pub struct Known {
    /// All prices.
    pub prices: Arc<PriceBook>,
    /// Ways of hosting.
    pub plans: Vec<HostPlan>,
    /// Services that sell open models per token.
    pub endpoints: Vec<Arm>,
    /// Ways to pay the same provider less.
    pub optimised: Vec<Arm>,
}

/// A part of time; the end is not in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// The first moment.
    pub since: Option<Timestamp>,
    /// The first moment after.
    pub until: Option<Timestamp>,
}

/// Which totals are asked for, in the words of `/api/v1/totals`. None of them needs an escape.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TotalsQuery {
    /// The first day or moment.
    pub since: Option<String>,
    /// The first that is not meant.
    pub until: Option<String>,
    /// A row for each combination of these, such as `day` and `model`.
    pub by: Vec<String>,
    /// So many rows at most, beside one of the others.
    pub top: Option<u32>,
}

impl fmt::Display for TotalsQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            since,
            until,
            by,
            top,
        } = self;
        write!(f, "by={}", by.join(","))?;
        for (name, value) in [("since", since), ("until", until)] {
            if let Some(value) = value {
                write!(f, "&{name}={value}")?;
            }
        }
        top.map_or(Ok(()), |top| write!(f, "&top={top}"))
    }
}

/// What the demo needs started.
#[derive(Clone, Debug)]
pub struct DemoPlan {
    /// Overrides; an address that is absent is a free port of 127.0.0.1, a directory that is absent
    /// a temporary one that goes with the process. No configuration file is read without `config`.
    pub options: Options,
    /// Base of the mock OpenAI, for the upstream `openai`.
    pub openai: String,
    /// Base of the mock Anthropic, for the upstream `anthropic`.
    pub anthropic: String,
    /// The past to make, price and import.
    pub history: HistorySettings,
}

/// Where a started tollgate is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addresses {
    /// Traffic.
    pub listen: SocketAddr,
    /// Metrics, health and the API.
    pub admin: SocketAddr,
    /// The ledger.
    pub data_dir: PathBuf,
    /// The token the admin address wants.
    pub admin_token: Option<String>,
}

/// A started tollgate.
pub trait Running: Send {
    /// Where it is.
    fn addresses(&self) -> &Addresses;

    /// What cuts the calls in flight while [`Running::stop`] waits for them.
    fn cut(&self) -> Box<dyn Fn() + Send>;

    /// What [`Running::stop`] waits for at the moment, in words that end a sentence.
    fn waits_for(&self) -> watch::Receiver<&'static str>;

    /// Lets the calls in flight end, keeps everything, and ends.
    fn stop(self) -> impl Future<Output = Result<(), Failure>> + Send;
}

/// The rest of tollgate.
pub trait House: Sync {
    /// What a start gives.
    type Running: Running;

    /// Starts proxy and admin. A port or data directory in use is a [`Failure::work`] that says so.
    fn serve(
        &self,
        options: &Options,
    ) -> impl Future<Output = Result<Self::Running, Failure>> + Send;

    /// Starts the same for the demo, with its history imported.
    fn demo(&self, plan: DemoPlan) -> impl Future<Output = Result<Self::Running, Failure>> + Send;

    /// Reads the configuration; all its problems, one a line, are a [`Failure::use_or_config`].
    fn check(&self, options: &Options) -> Result<Checked, Failure>;

    /// The configuration of the commands that only ask.
    fn settings(&self, options: &Options) -> Result<Settings, Failure>;

    /// The prices, plans and endpoints of the configuration; the latter from a file of their own, if
    /// one is named.
    fn known(&self, options: &Options, plans: Option<&Path>) -> Result<Known, Failure>;

    /// What `/api/v1/totals` would answer, from the data directory.
    fn totals(&self, options: &Options, query: &TotalsQuery) -> Result<Value, Failure>;

    /// Every record of the range, oldest first, from the data directory, until `each` breaks off.
    fn calls(
        &self,
        options: &Options,
        range: Range,
        each: &mut dyn FnMut(&CallRecord) -> ControlFlow<()>,
    ) -> Result<(), Failure>;

    /// Prices the calls again that a query of `/api/v1/reprice` asks for, in the data directory; `watch`
    /// is told how far it is.
    fn reprice(
        &self,
        options: &Options,
        query: &str,
        watch: &mut dyn FnMut(Progress),
    ) -> Result<Value, Failure>;

    /// What `/api/v1/audit` would answer, from the data directory.
    fn audit(&self, options: &Options) -> Result<Value, Failure>;

    /// What `/api/v1/breakeven` would answer, from the data directory.
    fn breakeven(&self, options: &Options) -> Result<Value, Failure>;

    /// What `/api/v1/whatif` would answer to a query, from the data directory.
    fn what_if(&self, options: &Options, query: &str) -> Result<Value, Failure>;
    /// What `/api/v1/verdicts` would answer, from the data directory.
    fn verdicts(&self, options: &Options) -> Result<Value, Failure>;

    /// What `/api/v1/verdict/past` would answer to a query, from the data directory.
    fn past(&self, options: &Options, query: &str) -> Result<Value, Failure>;

    /// The whole configuration, for questions about calls that nobody has made.
    fn config(&self, options: &Options) -> Result<Config, Failure>;
}
