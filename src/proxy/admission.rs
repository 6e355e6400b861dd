//! How many calls may be in flight, and what counts them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::error::ProxyError;
use super::upstream::Upstream;
use crate::metrics::UsageAsked;

/// What the proxy counts by itself; `app` hands in the metrics room.
pub trait Counters: Send + Sync + 'static {
    /// The counters of one upstream; asked for once per upstream and load of the settings.
    fn upstream(&self, name: &str) -> Arc<dyn UpstreamCounters>;

    /// A request was handed to its upstream's client so long after its head was read.
    fn handed_on(&self, after: Duration);

    /// The proxy answered a call itself, with [`ProxyError::reason`].
    fn answered_by_us(&self, reason: &'static str);
}

/// What the proxy counts of one upstream.
pub trait UpstreamCounters: Send + Sync + 'static {
    /// A call is in flight from now on.
    fn begun(&self);

    /// A call is not in flight any more.
    fn ended(&self);

    /// A call passes unmetered because the ledger has no room for it.
    fn unmetered(&self);

    /// A stream's client did not ask for its usage, and this came of asking.
    fn usage_asked(&self, outcome: UsageAsked);

    /// An event went on because it was too long to be held for the usage in it.
    fn overlong_event(&self);
}

/// The number of calls in flight, shared by all that count in it.
#[derive(Clone, Default)]
pub(super) struct Gate(Arc<AtomicUsize>);

impl Gate {
    /// Lets a call in if fewer than `limit` are in flight.
    pub(super) fn enter(&self, upstream: &Upstream, limit: usize) -> Result<InFlight, ProxyError> {
        if self.0.fetch_add(1, Ordering::Relaxed) >= limit {
            self.0.fetch_sub(1, Ordering::Relaxed);
            return Err(ProxyError::Busy { limit });
        }
        let counters = Arc::clone(upstream.counters());
        counters.begun();
        Ok(InFlight {
            gate: self.clone(),
            counters,
        })
    }

    /// Calls in flight now.
    pub(super) fn in_flight(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// A call in flight, until it is dropped.
pub(super) struct InFlight {
    gate: Gate,
    counters: Arc<dyn UpstreamCounters>,
}

impl InFlight {
    /// The counters of the call's upstream.
    pub(super) fn counters(&self) -> &Arc<dyn UpstreamCounters> {
        &self.counters
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.counters.ended();
        self.gate.0.fetch_sub(1, Ordering::Relaxed);
    }
}
