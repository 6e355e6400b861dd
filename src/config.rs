//! From a file to settings that need no further check.
//!
//! The file is walked key by key with its places, so that all problems are told at once, each with
//! file, line, key, what was found and what would do; nothing is half applied. Order: flag,
//! environment, file, default. No file at all is a valid configuration.

mod alerts;
mod attribution;
mod closest;
mod document;
mod files;
mod fleet;
mod ledger;
mod meter;
mod plans;
mod prices;
mod print;
mod problem;
mod rate_key;
mod reserved;
mod rows;
mod secret;
mod section;
mod server;
#[cfg(test)]
mod tests;
mod tokenizers;
mod upstreams;
mod value;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::economics::Catalogue;
use crate::pricing::{Layer, PriceBook};
use document::Document;
use prices::Reading;
use problem::Context;
use section::Section;
use value::Value;

pub use alerts::Alert;
pub use attribution::{Attribution, DIMENSIONS_MAX, Tenant};
pub(crate) use closest::closest;
pub use files::Files;
pub use fleet::Fleet;
pub use ledger::{Ledger, Metrics, Reporting};
pub use meter::Meter;
pub use plans::{Plans, token_rates};
pub use prices::{price_file, prices_of};
pub use print::written_prices;
pub use problem::{Problem, Problems};
pub use secret::Secret;
pub use server::{MetricsToken, Server};
pub use tokenizers::Tokenizer;
pub use upstreams::{MeasuredBy, OpenCost, ReplicasFrom, RunsOn, Sign, Upstream};

/// What tollgate runs by: every value checked.
#[derive(Debug)]
pub struct Config {
    /// The listeners, the data directory, limits.
    pub server: Server,
    /// Where calls are forwarded, by name.
    pub upstreams: Vec<Upstream>,
    /// Which upstream serves a bare `/v1/…` that no other claims.
    pub default_upstream: Option<String>,
    /// What in a request says who sent it.
    pub attribution: Attribution,
    /// Who pays, by name.
    pub tenants: Vec<Tenant>,
    /// Who is told of news, in the order of the file.
    pub alerts: Vec<Alert>,
    /// How calls are kept.
    pub ledger: Ledger,
    /// How calls that nobody reports are counted.
    pub meter: Meter,
    /// By what some models are counted, by name.
    pub tokenizers: Vec<Tokenizer>,
    /// The instances that share the traffic.
    pub fleet: Fleet,
    /// How metrics are bounded.
    pub metrics: Metrics,
    /// What sums are shown in.
    pub reporting: Reporting,
    /// Files in place of the embedded catalogues, or beside them.
    pub catalogues: Catalogues,
    /// All prices: the catalogue and the user's own.
    pub prices: Arc<PriceBook>,
    /// GPUs, prices of their hours, models and published throughput: ours and the user's.
    pub rows: Catalogue,
    /// What the metered traffic is compared with.
    pub plans: Plans,
    /// What all of this was read from.
    pub files: Files,
}

/// Files in place of the embedded catalogues, or beside them, relative to the configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Catalogues {
    /// In place of `config/prices.toml`.
    pub prices: Option<PathBuf>,
    /// In place of `config/plans.toml`.
    pub plans: Option<PathBuf>,
    /// Beside `config/hardware.toml`: rows of the same key win.
    pub hardware: Option<PathBuf>,
    /// Beside `config/throughput.toml`: rows of the same key win.
    pub throughput: Option<PathBuf>,
}

/// What the command line says; it wins over environment and file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    /// `--listen`, else `TOLLGATE_LISTEN`.
    pub listen: Option<SocketAddr>,
    /// `--admin`, else `TOLLGATE_ADMIN`.
    pub admin: Option<SocketAddr>,
    /// `--data-dir`, else `TOLLGATE_DATA_DIR`.
    pub data_dir: Option<PathBuf>,
    /// Plans and endpoints from this file alone, in place of all others.
    pub plans: Option<PathBuf>,
}

/// Reads the configuration at `path`, or the defaults, with the process's environment.
///
/// # Errors
/// Everything that is wrong, at once.
pub fn load(path: Option<&Path>, overrides: &Overrides) -> Result<Config, Problems> {
    load_with(path, overrides, &|name| std::env::var(name).ok())
}

/// The same with the environment as an argument.
///
/// # Errors
/// Everything that is wrong, at once.
pub fn load_with(
    path: Option<&Path>,
    overrides: &Overrides,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<Config, Problems> {
    let context = Context::new(env);
    let document = match path {
        Some(path) => {
            context.begins_with(path);
            Document::open(path, &context)
        }
        None => Some(Document::embedded("defaults", "")),
    };
    let config = document.and_then(|document| read(&document, overrides, &context));
    let problems = context.into_problems();
    match config {
        Some(config) if problems.all.is_empty() => Ok(Config {
            files: problems.files,
            ..config
        }),
        Some(_) | None => Err(problems),
    }
}

/// Walks the whole file; `None` where it cannot be walked or its prices make no book.
fn read(document: &Document, overrides: &Overrides, context: &Context<'_>) -> Option<Config> {
    let table = document.parse(context)?;
    let mut root = Section::root(context, document, table.get_ref());
    let catalogues = Catalogues::read(root.section("catalogues"));
    let mut prices = Reading::default();
    prices.catalogue(catalogues.prices.as_deref(), context);
    prices.files(&mut root);
    prices.entries(&mut root, Layer::Overlay);
    let book = prices.into_book(context);
    let rows = rows::read(&catalogues, context);
    let reporting = Reporting::read(&mut root);
    let zone = &reporting.timezone;
    let plans = match overrides.plans.as_deref() {
        Some(path) => Plans::of_file(&mut root, path, &rows, book.as_ref()),
        None => Plans::read(&mut root, catalogues.plans.as_deref(), &rows, book.as_ref()),
    };
    let known = upstreams::Known {
        book: book.as_ref(),
        plans: &plans.plans,
        meant: root
            .named("plans")
            .into_iter()
            .map(|(name, _)| name)
            .collect(),
        zone,
        written: BTreeMap::new(),
        wanting: BTreeMap::new(),
        stated: BTreeSet::new(),
    };
    let upstreams = Upstream::read_all(&mut root, known);
    let reserved = reserved::read(&mut root, &upstreams, zone, book.as_ref());
    let config = Config {
        server: Server::read(root.section("server"), overrides),
        default_upstream: upstreams::default_upstream(&mut root, &upstreams),
        attribution: Attribution::read(root.section("attribution")),
        tenants: Tenant::read_all(&mut root),
        alerts: Alert::read_all(&mut root),
        ledger: Ledger::read(root.section("ledger")),
        meter: Meter::read(root.section("meter")),
        tokenizers: Tokenizer::read_all(&mut root),
        fleet: Fleet::read(root.section("fleet")),
        metrics: Metrics::read(root.section("metrics")),
        reporting,
        upstreams,
        plans,
        rows,
        catalogues,
        prices: Arc::new(book?.with_reserved(reserved)),
        files: Files::default(),
    };
    root.finish(&[]);
    Some(config)
}

impl Catalogues {
    fn read(mut section: Section<'_>) -> Self {
        let catalogues = Self {
            prices: section.read("prices", Value::path),
            plans: section.read("plans", Value::path),
            hardware: section.read("hardware", Value::path),
            throughput: section.read("throughput", Value::path),
        };
        section.finish(&[]);
        catalogues
    }
}
