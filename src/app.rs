//! The only room that knows all: builds, connects, runs, shuts down in order.
//!
//! Up: journal, ledger, verdict, recorder, what a crash left, proxy, admin. Down: listener, calls in
//! flight, counts, day files, journal, recorder, ledger; each is let finish before the next one stops.

mod anew;
mod arm_prices;
mod background;
pub(crate) mod breakeven;
mod counters;
mod days;
mod demand;
mod freeze;
mod gauges;
pub(crate) mod import;
#[cfg(test)]
mod made;
mod measured;
mod offline;
mod open;
mod paid;
mod past;
mod ran;
mod reprice;
mod reserved;
mod running;
mod settings;
mod shared;
mod show;
pub(crate) mod statements;
mod tick;
mod track;
mod unknown;
pub(crate) mod upkeep;
mod watch;
mod what_if;
mod would_cost;

use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::sync::watch::{Receiver, Sender};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{error, info, warn};

use crate::admin::{Admin, Refusal, Source};
use crate::alerts::{Alerts, AlertsError};
use crate::config::{Config, Problems};
use crate::journal::{Journal, JournalError};
use crate::ledger::{History, LedgerError};
use crate::measured::MeasuredError;
use crate::meter::{Counting, Entry, Meter};
use crate::proxy::{Proxy, SettingsError, Shutdown};
use crate::recorder::{Audit, Counter, Recorder, Sinks, Tokenizers};

use days::Days;
pub use offline::Offline;
use open::Opened;
pub(crate) use settings::alerts as alert_settings;
use shared::{Parts, Shared};

/// How often the calls in flight are looked at for what they would leave.
const MARK_TICK: Duration = Duration::from_secs(1);

/// How often it is looked for alerts to be sent: the shortest wait between two attempts.
const DELIVER_TICK: Duration = Duration::from_secs(1);

/// How long the admin listener may take to finish its answers at the end.
const ADMIN_GRACE: Duration = Duration::from_secs(2);

/// Reads the configuration, now and at each reload.
pub type Loader = Box<dyn Fn() -> Result<Config, Problems> + Send + Sync>;

/// Why tollgate could not start, or a configuration could not be taken over.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The configuration has problems.
    #[error("{0}")]
    Config(Problems),
    /// An address is taken or not ours.
    #[error("cannot listen on {address}; choose another with {flag}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The flag that sets it.
        flag: &'static str,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The data directory cannot be used.
    #[error("cannot use {}", path.display())]
    DataDir {
        /// The folder or file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// A file of certificate authorities cannot be used.
    #[error("cannot use the certificates in {}: {reason}", path.display())]
    CaFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// What is asked for is not there.
    #[error("{}", .0.message)]
    Query(Refusal),
    /// What is to be imported cannot be.
    #[error("{message}")]
    Import {
        /// Why.
        message: String,
        /// What would do.
        remedy: String,
    },
    /// The journal cannot be opened.
    #[error("cannot open the journal")]
    Journal(#[from] JournalError),
    /// The ledger cannot be opened.
    #[error("cannot open the ledger")]
    Ledger(#[from] LedgerError),
    /// Alerts cannot be set up.
    #[error("cannot set up the alerts")]
    Alerts(#[from] AlertsError),
    /// Servers cannot be measured.
    #[error("cannot set up measured_by")]
    Measured(#[from] MeasuredError),
    /// The proxy cannot be set up.
    #[error("cannot set up the proxy")]
    Proxy(#[from] SettingsError),
    /// The disk refused to the end what was still in memory.
    #[error(
        "the disk refused the last {frames} frames of the journal; their calls are not counted"
    )]
    Lost {
        /// How many: a call has two or more.
        frames: u64,
    },
    /// The system gives no thread or task.
    #[error("cannot start a thread")]
    Thread(#[source] std::io::Error),
}

/// A running tollgate.
pub struct App {
    traffic: SocketAddr,
    admin: SocketAddr,
    shared: Arc<Shared>,
    journal: Journal<Entry>,
    counter: Counter,
    recorder: Recorder,
    days: Days,
    shutdown: Shutdown,
    serving: JoinHandle<usize>,
    tasks: TaskTracker,
    stop: CancellationToken,
    waits_for: Sender<&'static str>,
}

/// The time; the one place that asks the system for it.
#[must_use]
#[expect(
    clippy::disallowed_methods,
    reason = "this is the clock the others are given"
)]
pub fn now() -> Timestamp {
    Timestamp::now()
}

impl App {
    /// Starts everything; `imported` is made history to be shown beside what is metered.
    ///
    /// # Errors
    /// Whatever keeps it from metering exactly: it does not start half.
    pub async fn start(
        load: Loader,
        imported: impl FnOnce(&Config) -> Option<History>,
    ) -> Result<Self, AppError> {
        let config = load().map_err(AppError::Config)?;
        let traffic = listen(config.server.listen, "--listen").await?;
        let admin = listen(config.server.admin, "--admin").await?;
        make_data_dir(&config.server.data_dir)?;
        let history = imported(&config);
        let (config, opened) = blocking(move || {
            let opened = Opened::new(&config, history);
            (config, opened)
        })
        .await?;
        Self::serve(opened?, load, config, traffic, admin)
    }

    /// Where clients send their calls.
    #[must_use]
    pub const fn traffic(&self) -> SocketAddr {
        self.traffic
    }

    /// Where metrics, health and the API are.
    #[must_use]
    pub const fn admin(&self) -> SocketAddr {
        self.admin
    }

    /// Takes the configuration over again, whole or not at all; gives its problems.
    ///
    /// # Errors
    /// Every problem, one a line; the old configuration stays.
    pub fn reload(&self) -> Result<(), Vec<String>> {
        self.shared.reload()
    }

    /// What a second signal calls while [`App::stop`] waits: calls in flight are cut.
    #[must_use]
    pub fn shutdown(&self) -> Shutdown {
        self.shutdown.clone()
    }

    /// What [`App::stop`] waits for at the moment, in words that end a sentence.
    #[must_use]
    pub fn waits_for(&self) -> Receiver<&'static str> {
        self.waits_for.subscribe()
    }

    /// Lets calls in flight end up to the drain limit, keeps everything, and ends. A pass of the verdict
    /// that takes longer is left: the next start decides its days.
    ///
    /// # Errors
    /// What could not be kept: the journal's last frames, or the ledger's last write, which can be
    /// made again from the journal.
    pub async fn stop(self) -> Result<(), AppError> {
        self.shutdown.signal();
        let cut = self.serving.await.unwrap_or(0);
        if cut > 0 {
            warn!(calls = cut, "calls in flight were cut at the drain limit");
        }
        self.stop.cancel();
        self.tasks.close();
        self.waits_for
            .send_replace("the admin address and the verdict's last look");
        // Somebody may be asking the admin listener something and not read the answer.
        let _ = tokio::time::timeout(ADMIN_GRACE, self.tasks.wait()).await;
        let Self {
            journal,
            counter,
            recorder,
            days,
            shared,
            waits_for,
            ..
        } = self;
        let lost = blocking(move || {
            waits_for.send_replace("calls whose tokens are counted");
            // Each call that waits for its count writes its record yet.
            counter.finish();
            waits_for.send_replace("calls that are priced again");
            shared.finish_repricing();
            shared.keep_all_measured();
            waits_for.send_replace("the file of a day");
            days.finish();
            waits_for.send_replace("the disk: journal and ledger");
            let counted = journal.clone();
            // The journal's sink holds the recorder's queue: closing it lets the recorder finish.
            journal.close();
            recorder.finish();
            shared.detach();
            shared.ledger().close().map(|()| counted.stats().lost)
        })
        .await??;
        if lost > 0 {
            return Err(AppError::Lost { frames: lost });
        }
        info!("everything is in the ledger");
        Ok(())
    }

    /// Takes the first call.
    fn serve(
        opened: Opened,
        load: Loader,
        config: Config,
        traffic: TcpListener,
        admin: TcpListener,
    ) -> Result<App, AppError> {
        let Opened {
            journal,
            recorder,
            sinks,
        } = opened;
        let days = Days::start(Arc::clone(&sinks.ledger)).map_err(AppError::Thread)?;
        let address = |listener: &TcpListener| {
            listener.local_addr().map_err(|source| AppError::Listen {
                address: config.server.listen,
                flag: "--listen",
                source,
            })
        };
        let (traffic_at, admin_at) = (address(&traffic)?, address(&admin)?);
        let (counting, counter, (audit, tokenizers)) = counted(&config, &sinks)?;
        let texts = Arc::clone(&counting.budget);
        let meter = Meter::new(
            settings::meter(&config),
            journal.clone(),
            counters::confirmed(sinks.metrics.clone()),
            Some(counting),
        );
        background::learn(&meter, &sinks.ledger, now());
        let shutdown = Shutdown::default();
        let proxy = Proxy::new(
            settings::proxy(&config)?,
            meter.clone(),
            Arc::new(counters::Measured(sinks.metrics.clone())),
            Arc::new(now),
            shutdown.clone(),
        )?;
        let access = settings::access(&config, admin_at);
        sinks.metrics.config_loaded(now());
        let alerts = Alerts::new(&settings::alerts(&config)?, Arc::clone(&sinks.ledger))?;
        let measured = measured::new(&config, &sinks.ledger)?;
        let shared = Arc::new(Shared::new(Parts {
            load,
            config,
            sinks,
            journal: journal.clone(),
            meter: meter.clone(),
            proxy: proxy.clone(),
            recorder: recorder.pulse(),
            texts,
            audit,
            tokenizers,
            alerts: Arc::new(alerts),
            measured,
        }));
        let source: Arc<dyn Source> = Arc::<Shared>::clone(&shared);
        let front = Admin::new(access, source);
        shared.attach(front.clone(), admin_at);
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        let serving = tasks.spawn(async move { proxy.serve(traffic).await });
        tasks.spawn(front.serve(admin, stop.clone(), tasks.clone()));
        spawn_beside(&tasks, &stop, &shared, meter);
        Ok(App {
            traffic: traffic_at,
            admin: admin_at,
            shared,
            journal,
            counter,
            recorder,
            days,
            shutdown,
            serving,
            tasks,
            stop,
            waits_for: Sender::new("calls in flight"),
        })
    }
}

/// Starts what goes on beside the traffic until the end.
fn spawn_beside(tasks: &TaskTracker, stop: &CancellationToken, shared: &Arc<Shared>, meter: Meter) {
    tasks.spawn(tick::tick(Arc::clone(shared), stop.clone()));
    tasks.spawn(mark(meter, stop.clone()));
    tasks.spawn(deliver(Arc::clone(shared.alerts()), stop.clone()));
    tasks.spawn(reload_on_hangup(Arc::clone(shared), stop.clone()));
    tasks.spawn(watch::watch(Arc::clone(shared), stop.clone()));
    tasks.spawn(measured::look(Arc::clone(shared), stop.clone()));
    tasks.spawn(measured::look_at_costs(Arc::clone(shared), stop.clone()));
}

/// What counts were worth, and the tokenizers that a reload exchanges.
type CountedBy = (Audit, Arc<ArcSwap<Tokenizers>>);

/// Starts the thread that counts what nobody reports.
fn counted(config: &Config, sinks: &Sinks) -> Result<(Counting, Counter, CountedBy), AppError> {
    let (into, jobs) = mpsc::channel(settings::jobs_max(config));
    let counting = settings::counting(config, into.clone());
    let audit = Audit::kept(&sinks.ledger)?;
    let tokenizers = Arc::new(ArcSwap::from_pointee(settings::tokenizers(config)));
    let counter = Counter::start(
        (into, jobs),
        Arc::clone(&counting.studies),
        audit.clone(),
        Arc::clone(&tokenizers),
        (Arc::clone(&sinks.ledger), sinks.metrics.clone()),
    );
    let counter = counter.map_err(AppError::Thread)?;
    Ok((counting, counter, (audit, tokenizers)))
}

async fn listen(address: SocketAddr, flag: &'static str) -> Result<TcpListener, AppError> {
    TcpListener::bind(address)
        .await
        .map_err(|source| AppError::Listen {
            address,
            flag,
            source,
        })
}

/// Waits for work that waits for the disk: never on an event loop.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, AppError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|panic| AppError::Thread(std::io::Error::other(panic)))
}

/// Makes the data directory, for us alone: what tenants spend is nobody else's business.
fn make_data_dir(path: &Path) -> Result<(), AppError> {
    use std::os::unix::fs::DirBuilderExt;
    let failed = |source| AppError::DataDir {
        path: path.to_owned(),
        source,
    };
    let whole = std::path::absolute(path).map_err(failed)?;
    let new = whole.ancestors().take_while(|folder| !folder.exists());
    let holders: Vec<&Path> = new.filter_map(Path::parent).collect();
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(failed)?;
    // A power cut takes a folder whose name was never synced, with all that is in it.
    let synced = |holder: &&Path| File::open(holder)?.sync_all();
    holders.iter().try_for_each(synced).map_err(failed)
}

/// Until the end, has written down what the calls that last would leave.
async fn mark(meter: Meter, stop: CancellationToken) {
    let mut ticks = tokio::time::interval(MARK_TICK);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => {}
        }
        let meter = meter.clone();
        // Thousands of records are serialised in a moment in which no other task of a worker runs.
        if tokio::task::spawn_blocking(move || meter.mark(Instant::now()))
            .await
            .is_err()
        {
            error!("the open calls could not be looked through");
        }
    }
}

/// Sends alerts until the end; one that is cut off is sent again by the next process.
async fn deliver(alerts: Arc<Alerts>, stop: CancellationToken) {
    let mut ticks = tokio::time::interval(DELIVER_TICK);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => {}
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = alerts.deliver(now()) => {}
        }
    }
}

/// SIGHUP takes the configuration over again, as `POST /-/reload` does.
async fn reload_on_hangup(shared: Arc<Shared>, stop: CancellationToken) {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut hangups) = signal(SignalKind::hangup()) else {
        return warn!("SIGHUP cannot be listened for; reload by POST /-/reload");
    };
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = hangups.recv() => {}
        }
        let shared = Arc::clone(&shared);
        // Its problems are in the log; there is nobody to answer to.
        let _ = tokio::task::spawn_blocking(move || shared.reload()).await;
    }
}
