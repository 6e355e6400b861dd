//! Accepts calls, identifies, routes, forwards, and streams the answers back.
//!
//! Bodies pass as they come: nothing is collected, decoded or changed, but for a request that has to
//! ask for the usage of its stream, and the event in which that comes (`inject`); a request that
//! tollgate signs is held too (`signed`). Headers pass in order and
//! with their case, except those of one connection and ours. Metering is a tee beside the way; what
//! a provider says is not understood here.

mod admission;
mod admits;
mod attribution;
mod body;
mod connect;
mod drain;
mod egress;
mod error;
mod flush_first;
mod forward;
mod headers;
mod held;
mod holding;
mod inject;
mod link;
mod patience;
mod peeked;
mod refusers;
mod route;
mod serve;
mod settings;
mod signed;
mod stall;
mod tunnel;
mod upload;
mod upstream;

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::time::error::Elapsed;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use self::admission::{Counters, UpstreamCounters};
pub use self::admits::{Admits, Network, NotANetwork};
pub use self::attribution::{Attribution, KeyHash, KeyHasher};
pub use self::connect::roots_from_pem;
pub use self::egress::EgressProxy;
pub use self::error::ProxyError;
pub use self::serve::Shutdown;
pub use self::settings::{
    ClientGone, DrainLimits, Http2Mode, INJECT_BODY_BYTES_MAX, InjectUsage, OnLedgerFailure,
    Settings, Sign, UpstreamSettings,
};
pub use self::upstream::SettingsError;

use self::admission::Gate;
use self::holding::Holding;
use self::route::Routes;
use crate::meter::Meter;

/// Says what time it is.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The reverse proxy. Clones are handles of the same one.
#[derive(Clone)]
pub struct Proxy {
    core: Arc<Core>,
}

/// What all connections share.
struct Core {
    live: ArcSwap<Live>,
    meter: Meter,
    counters: Arc<dyn Counters>,
    clock: Clock,
    gate: Gate,
    holding: Holding,
    tracker: TaskTracker,
    shutdown: Shutdown,
    /// Ends what is left after the drain.
    cut: CancellationToken,
}

/// The settings as calls need them; swapped whole on reload.
struct Live {
    routes: Routes,
    attribution: Attribution,
    calls_in_flight_max: usize,
    on_ledger_failure: OnLedgerFailure,
    client_stall: Option<Duration>,
    header_read_timeout: Option<Duration>,
    header_bytes_max: usize,
    drain: Duration,
    inject_body_bytes_max: usize,
}

impl Proxy {
    /// A proxy that serves nothing yet.
    pub fn new(
        settings: Settings,
        meter: Meter,
        counters: Arc<dyn Counters>,
        clock: Clock,
        shutdown: Shutdown,
    ) -> Result<Self, SettingsError> {
        let live = ArcSwap::from_pointee(Live::new(settings, None, &*counters, &clock)?);
        let gate = Gate::default();
        let tracker = TaskTracker::new();
        let cut = CancellationToken::new();
        let core = Core {
            live,
            meter,
            counters,
            clock,
            gate,
            holding: Holding::default(),
            tracker,
            shutdown,
            cut,
        };
        Ok(Self {
            core: Arc::new(core),
        })
    }

    /// Takes new settings for the calls to come, whole or not at all.
    ///
    /// Connections and calls in flight go on; upstreams that are reached as before keep theirs too.
    /// The limits of a connection (stall, header) hold for connections accepted from now on.
    pub fn reload(&self, settings: Settings) -> Result<(), SettingsError> {
        let old = self.core.live.load();
        let live = Live::new(
            settings,
            Some(&old.routes),
            &*self.core.counters,
            &self.core.clock,
        )?;
        self.core.live.store(Arc::new(live));
        Ok(())
    }

    /// Serves a listener until [`Shutdown::signal`], and then until the calls in flight have ended,
    /// the drain limit is reached or the signal comes again. Gives how many calls were cut.
    pub async fn serve(&self, listener: TcpListener) -> usize {
        serve::serve(Arc::clone(&self.core), listener).await
    }

    /// Whether no new call is taken any more.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.core.shutdown.is_told()
    }

    /// Calls in flight now.
    #[must_use]
    pub fn calls_in_flight(&self) -> usize {
        self.core.gate.in_flight()
    }
}

impl Live {
    fn new(
        settings: Settings,
        old: Option<&Routes>,
        counters: &dyn Counters,
        clock: &Clock,
    ) -> Result<Self, SettingsError> {
        Ok(Self {
            routes: Routes::new(&settings, old, counters, clock)?,
            attribution: settings.attribution,
            calls_in_flight_max: settings.calls_in_flight_max,
            on_ledger_failure: settings.on_ledger_failure,
            client_stall: settings.client_stall,
            header_read_timeout: settings.header_read_timeout,
            header_bytes_max: settings.header_bytes_max,
            drain: settings.drain,
            inject_body_bytes_max: settings.inject_body_bytes_max,
        })
    }
}

/// Waits no longer than the limit, if there is one.
async fn within<F: Future>(limit: Option<Duration>, waited: F) -> Result<F::Output, Elapsed> {
    match limit {
        Some(limit) => tokio::time::timeout(limit, waited).await,
        None => Ok(waited.await),
    }
}
