//! The real house: what the subcommands ask, answered by `app`.

use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::watch;

use super::house::{
    Addresses, Checked, DemoPlan, House, Known, Options, Range, Running, Settings, TotalsQuery,
};
use super::{Failure, past};
use crate::admin::Refusal;
use crate::app::{App, AppError, Offline};
use crate::call::CallRecord;
use crate::config::{self, Config, Overrides, Problems, Upstream};
use crate::ledger::{History, Progress};

/// Any free port of this machine.
const FREE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// All of tollgate.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tollgate;

/// A started one.
pub struct Started {
    app: App,
    addresses: Addresses,
    /// Goes after the app, which is declared before it.
    _temporary: Option<Temporary>,
}

/// A folder that goes with what uses it.
struct Temporary(PathBuf);

impl Temporary {
    /// The name of a folder that nobody else has.
    fn new() -> Self {
        let name = format!(
            "tollgate-demo-{}-{:08x}",
            std::process::id(),
            fastrand::u32(..)
        );
        Self(std::env::temp_dir().join(name))
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // Whatever stays behind is in the system's own temporary folder.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Running for Started {
    fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    fn cut(&self) -> Box<dyn Fn() + Send> {
        let shutdown = self.app.shutdown();
        Box::new(move || shutdown.signal())
    }

    fn waits_for(&self) -> watch::Receiver<&'static str> {
        self.app.waits_for()
    }

    async fn stop(self) -> Result<(), Failure> {
        self.app.stop().await.map_err(failed)
    }
}

impl House for Tollgate {
    type Running = Started;

    fn serve(&self, options: &Options) -> impl Future<Output = Result<Started, Failure>> + Send {
        let options = options.clone();
        async move { start(move || load(&options), |_| None, None).await }
    }

    async fn demo(&self, plan: DemoPlan) -> Result<Started, Failure> {
        let DemoPlan {
            mut options,
            openai,
            anthropic,
            history,
        } = plan;
        options.listen = options.listen.or(Some(FREE));
        options.admin = options.admin.or(Some(FREE));
        let temporary = options.data_dir.is_none().then(Temporary::new);
        options.data_dir = options
            .data_dir
            .or_else(|| temporary.as_ref().map(|dir| dir.0.clone()));
        let thrown_away = temporary.is_some();
        let load = move || {
            let mut config = load(&options)?;
            // Nobody misses a temporary folder after a power failure.
            config.ledger.sync = !thrown_away;
            config.upstreams = mocks(&openai, &anthropic);
            config.default_upstream = Some("openai".to_owned());
            Ok(config)
        };
        start(
            load,
            move |config| Some(past::priced(history, &config.prices)),
            temporary,
        )
        .await
    }

    fn check(&self, options: &Options) -> Result<Checked, Failure> {
        let config = loaded(options)?;
        let summary = format!(
            "{} upstreams, {} tenants, {} prices, {} plans, {} endpoints, {} ways to pay less, \
             {} GPUs at {} offers, {} models, {} published throughputs",
            config.upstreams.len(),
            config.tenants.len(),
            config.prices.entries().len(),
            config.plans.plans.len(),
            config.plans.endpoints.len(),
            config.plans.optimised.len(),
            config.rows.gpus.len(),
            config.rows.offers.len(),
            config.rows.models.len(),
            config.rows.published.len(),
        ) + &unlisted(&config);
        Ok(Checked {
            summary,
            resolved: config.print(),
        })
    }

    fn settings(&self, options: &Options) -> Result<Settings, Failure> {
        let Config {
            server, reporting, ..
        } = loaded(options)?;
        Ok(Settings {
            admin: server.admin,
            admin_token: server.admin_token.map(|token| token.expose().to_owned()),
            data_dir: server.data_dir,
            timezone: reporting.timezone,
        })
    }

    fn known(&self, options: &Options, plans: Option<&Path>) -> Result<Known, Failure> {
        let overrides = Overrides {
            plans: plans.map(Path::to_owned),
            ..overrides(options)
        };
        let Config { prices, plans, .. } = config::load(options.config.as_deref(), &overrides)
            .map_err(|problems| misconfigured(&problems))?;
        Ok(Known {
            prices,
            plans: plans.plans,
            endpoints: plans.endpoints.into_iter().map(|it| it.arm).collect(),
            optimised: plans.optimised,
        })
    }

    fn totals(&self, options: &Options, query: &TotalsQuery) -> Result<Value, Failure> {
        let answer = offline(options)?.totals(&query.to_string());
        answer.map_err(failed)
    }

    fn calls(
        &self,
        options: &Options,
        range: Range,
        each: &mut dyn FnMut(&CallRecord) -> ControlFlow<()>,
    ) -> Result<(), Failure> {
        let since = range.since.unwrap_or(Timestamp::MIN);
        let until = range.until.unwrap_or(Timestamp::MAX);
        offline(options)?.calls(since, until, each).map_err(failed)
    }

    fn reprice(
        &self,
        options: &Options,
        query: &str,
        watch: &mut dyn FnMut(Progress),
    ) -> Result<Value, Failure> {
        let done = offline(options)?.reprice(query, &mut |progress| {
            watch(progress);
            true
        });
        done.map_err(failed)
    }

    fn audit(&self, options: &Options) -> Result<Value, Failure> {
        offline(options)?.audit().map_err(failed)
    }

    fn breakeven(&self, options: &Options) -> Result<Value, Failure> {
        offline(options)?.breakeven().map_err(failed)
    }

    fn what_if(&self, options: &Options, query: &str) -> Result<Value, Failure> {
        offline(options)?.what_if(query).map_err(failed)
    }

    fn verdicts(&self, options: &Options) -> Result<Value, Failure> {
        offline(options)?.verdicts().map_err(failed)
    }

    fn past(&self, options: &Options, query: &str) -> Result<Value, Failure> {
        offline(options)?.past(query).map_err(failed)
    }

    fn config(&self, options: &Options) -> Result<Config, Failure> {
        loaded(options)
    }
}

/// The upstreams whose calls stay unpriced because nobody has written their price list.
fn unlisted(config: &Config) -> String {
    let unlisted =
        |upstream: &&Upstream| upstream.billed && !config.prices.has_list(&upstream.prices);
    let say = |Upstream { name, prices, .. }: &Upstream| {
        format!(
            "; calls of {name} stay unpriced: there is no price list {prices}, set prices of the \
             upstream or write [[prices]]"
        )
    };
    let upstreams = config.upstreams.iter().filter(unlisted);
    upstreams.map(say).collect()
}

async fn start(
    load: impl Fn() -> Result<Config, Problems> + Send + Sync + 'static,
    imported: impl FnOnce(&Config) -> Option<History>,
    temporary: Option<Temporary>,
) -> Result<Started, Failure> {
    let config = load().map_err(|problems| misconfigured(&problems))?;
    let app = App::start(Box::new(load), imported).await.map_err(failed)?;
    let addresses = Addresses {
        listen: app.traffic(),
        admin: app.admin(),
        data_dir: config.server.data_dir,
        admin_token: config
            .server
            .admin_token
            .map(|token| token.expose().to_owned()),
    };
    Ok(Started {
        app,
        addresses,
        _temporary: temporary,
    })
}

/// The two well-known upstreams, played by mocks.
fn mocks(openai: &str, anthropic: &str) -> Vec<Upstream> {
    let mut upstreams = Upstream::defaults();
    for upstream in &mut upstreams {
        let base = if upstream.name == "anthropic" {
            anthropic
        } else {
            openai
        };
        // The mocks' own addresses are addresses.
        upstream.base_url = base.parse().unwrap_or_default();
    }
    upstreams
}

fn load(options: &Options) -> Result<Config, Problems> {
    config::load(options.config.as_deref(), &overrides(options))
}

/// What flags say.
fn overrides(options: &Options) -> Overrides {
    let Options {
        config: _,
        listen,
        admin,
        data_dir,
    } = options;
    Overrides {
        listen: *listen,
        admin: *admin,
        data_dir: data_dir.clone(),
        plans: None,
    }
}

fn loaded(options: &Options) -> Result<Config, Failure> {
    load(options).map_err(|problems| misconfigured(&problems))
}

fn offline(options: &Options) -> Result<Offline, Failure> {
    Offline::open(loaded(options)?).map_err(failed)
}

fn misconfigured(problems: &Problems) -> Failure {
    Failure::use_or_config(format!("the configuration has problems\n{problems}"))
}

/// What went wrong, with what to do about it.
pub(super) fn failed(error: AppError) -> Failure {
    use crate::journal::JournalError;
    use crate::ledger::LedgerError;
    let in_use = |dir: &Path| {
        // Journal and ledger each have a lock in a folder of their own.
        let dir = dir.parent().unwrap_or(dir);
        Failure::work(format!("the data directory {} is in use", dir.display()))
            .remedy("another tollgate runs on it: stop it, or choose another with --data-dir")
    };
    match error {
        AppError::Config(problems) => misconfigured(&problems),
        AppError::Query(Refusal {
            message, remedy, ..
        })
        | AppError::Import { message, remedy } => Failure::use_or_config(message).remedy(remedy),
        AppError::Journal(JournalError::InUse { dir })
        | AppError::Ledger(LedgerError::InUse { dir }) => in_use(&dir),
        AppError::Listen {
            address,
            flag,
            source,
        } => Failure::work(format!("cannot listen on {address}"))
            .because(source)
            .remedy(format!(
                "stop what is there, or choose another address with {flag} (port 0: any free one)"
            )),
        AppError::DataDir { path, source } if source.kind() == std::io::ErrorKind::NotFound => {
            let dir = path.parent().unwrap_or(&path);
            Failure::work(format!("there is no ledger in {}", dir.display())).remedy(
                "name the data directory of a tollgate that has run with --data-dir, or its admin \
                 address with --admin",
            )
        }
        AppError::DataDir { path, source }
            if source.kind() == std::io::ErrorKind::DirectoryNotEmpty =>
        {
            Failure::work(format!("{} is not empty", path.display()))
                .remedy("name a folder that is not there yet: a backup is not written over another")
        }
        AppError::Ledger(error @ LedgerError::Schema { .. }) => Failure::work(
            "the ledger is of another version",
        )
        .because(error)
        .remedy(
            "start the release that wrote it, or a newer one; or bring back the backup from \
                 before the upgrade. Nothing was changed",
        ),
        AppError::Ledger(error @ LedgerError::Newer { .. }) => {
            Failure::work("the ledger has rows of another version")
                .because(error)
                .remedy("no row was changed, and none is left out")
        }
        AppError::Ledger(error @ LedgerError::DayFile { .. }) => {
            Failure::work("the rows of calls cannot be read").because(error)
        }
        AppError::Ledger(error @ LedgerError::Passes) => {
            Failure::work("calls were not priced again").because(error)
        }
        lost @ AppError::Lost { .. } => Failure::work("ended, and lost calls").because(lost),
        other @ (AppError::DataDir { .. }
        | AppError::CaFile { .. }
        | AppError::Journal(_)
        | AppError::Ledger(_)
        | AppError::Alerts(_)
        | AppError::Measured(_)
        | AppError::Proxy(_)
        | AppError::Thread(_)) => Failure::work("cannot go on").because(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_says_which_upstream_has_no_price_list() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tollgate.toml");
        let text = "[upstreams.openai]\nformat = \"openai\"\n\
                    base_url = \"https://eu.api.openai.com\"\n";
        std::fs::write(&path, text).unwrap();
        let config = config::load(Some(&path), &Overrides::default()).unwrap();
        assert_eq!(
            unlisted(&config),
            "; calls of openai stay unpriced: there is no price list eu.api.openai.com, set prices \
             of the upstream or write [[prices]]"
        );
        assert_eq!(
            unlisted(&config::load(None, &Overrides::default()).unwrap()),
            ""
        );
    }
}
