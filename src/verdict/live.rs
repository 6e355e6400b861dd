//! Calls as they come: the minutes that are still open, pooled by who could take them.
//!
//! Streams that the same plans and endpoints take are one pool: pooling smooths the peaks, and no
//! projection tells them apart.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use super::seen::Seen;
use super::settings::{Settings, Takers};
use super::streams::StreamView;
use crate::call::CallRecord;
use crate::economics::demand::CallDemand;
use crate::economics::{DemandMinute, Stream};
use crate::usage::Capability;

/// Minutes whose slots are still apart: those that can still get calls, and some slack.
const OPEN_MINUTES: i64 = 20;
/// While kept minutes are read, so many of a pool are open, whatever their order.
const READ_OPEN_MAX: usize = 32;
/// Streams whose takers are remembered; beyond it they are found anew for each call.
const STREAMS_MAX: usize = 10_000;

/// The stream of calls whose model nobody named: no plan replaces it.
pub const UNNAMED_MODEL: &str = "unknown";

/// A call as demand: its stream, and what it adds to it. `None` for what is none
/// ([`CallRecord::is_demand`]).
#[must_use]
pub fn demand_of(call: &CallRecord) -> Option<(Stream, CallDemand<'_>)> {
    let (name, demand) = named_demand(call)?;
    Some((name.into(), demand))
}

/// The names of a stream where they stand: the same few come again and again.
#[derive(Clone, Copy)]
pub(super) struct StreamName<'a> {
    upstream: &'a str,
    model: &'a str,
    capability: Capability,
}

impl From<StreamName<'_>> for Stream {
    fn from(name: StreamName<'_>) -> Self {
        Self {
            upstream: name.upstream.to_owned(),
            model: name.model.to_owned(),
            capability: name.capability,
        }
    }
}

pub(super) fn named_demand(call: &CallRecord) -> Option<(StreamName<'_>, CallDemand<'_>)> {
    if !call.is_demand() {
        return None;
    }
    let name = StreamName {
        upstream: &call.upstream,
        model: call.model_name().unwrap_or(UNNAMED_MODEL),
        // An unreadable class asks for everything: no plan takes it.
        capability: call.capability.parse().unwrap_or(Capability::MOST),
    };
    let demand = CallDemand {
        started_ms: call.started_at.as_millisecond(),
        duration_ms: call.duration_ms,
        usage: &call.usage,
        side: &call.side,
        cost_usd: call.api_cost_usd(),
        imported: call.flags.contains(&crate::call::Flag::Imported),
    };
    Some((name, demand))
}

/// A minute of a pool.
#[derive(Clone, Debug)]
pub(super) struct Part {
    /// Which pool.
    pub(super) pool: usize,
    /// Minutes since 1970.
    pub(super) minute: i64,
    pub(super) demand: DemandMinute,
}

/// The open minutes of the demand that the same plans and endpoints could take.
#[derive(Debug)]
struct Pool {
    takers: Takers,
    open: BTreeMap<i64, DemandMinute>,
    /// What became known since it was last taken, whenever it began; imported history is no news.
    news: DemandMinute,
}

/// The demand of open minutes, and when tollgate was there to see it.
#[derive(Debug)]
pub(super) struct LiveDemand {
    settings: Arc<Settings>,
    pools: Vec<Pool>,
    by_stream: Streams,
    up: BTreeSet<i64>,
}

impl LiveDemand {
    /// No demand yet.
    pub(super) fn new(settings: &Arc<Settings>) -> Self {
        Self {
            settings: Arc::clone(settings),
            pools: Vec::new(),
            by_stream: Streams::default(),
            up: BTreeSet::new(),
        }
    }

    /// Every model of an upstream, and who takes any of its calls.
    pub(super) fn streams(&self) -> Vec<StreamView> {
        let mut views = Vec::new();
        for (upstream, models) in &self.by_stream.pools {
            for (model, classes) in models {
                let mut view = StreamView {
                    upstream: upstream.clone(),
                    model: model.clone(),
                    ..StreamView::default()
                };
                for pool in classes.values().filter_map(|at| self.pools.get(*at)) {
                    view.plans.extend(&pool.takers.plans);
                    view.endpoints.extend(&pool.takers.endpoints);
                    view.optimised.extend(&pool.takers.optimised);
                }
                views.push(view);
            }
        }
        views
    }

    /// The models of all streams, as their providers name them.
    pub(super) fn models(&self) -> BTreeSet<String> {
        let upstreams = self.by_stream.pools.values();
        upstreams.flat_map(BTreeMap::keys).cloned().collect()
    }

    /// Adds one finished call to the minute it belongs to.
    pub(super) fn record(&mut self, call: &CallRecord) {
        let Some((stream, demand)) = named_demand(call) else {
            return;
        };
        let minute = demand.place().minute;
        self.up(minute);
        let at = self.pool(stream);
        if let Some(pool) = self.pools.get_mut(at) {
            pool.open.entry(minute).or_default().add(&demand);
            if !demand.imported {
                pool.news.add(&demand);
            }
        }
    }

    /// Adds a minute of a stream that was kept. Returns the oldest of its pool when too many are open:
    /// of minutes that come in order each is whole by then, as if its calls had come live.
    pub(super) fn keep(
        &mut self,
        stream: &Stream,
        minute: i64,
        sums: &DemandMinute,
    ) -> Option<Part> {
        self.up(minute);
        let pool = self.pool_of(stream);
        let open = &mut self.pools.get_mut(pool)?.open;
        open.entry(minute).or_default().merge(sums);
        if open.len() <= READ_OPEN_MAX {
            return None;
        }
        let (minute, demand) = open.pop_first()?;
        Some(Part {
            pool,
            minute,
            demand,
        })
    }

    /// The pool of a stream.
    pub(super) fn pool_of(&mut self, stream: &Stream) -> usize {
        self.pool(StreamName {
            upstream: &stream.upstream,
            model: &stream.model,
            capability: stream.capability,
        })
    }

    /// Says that tollgate was up in a minute.
    pub(super) fn up(&mut self, minute: i64) {
        if self.up.last() != Some(&minute) {
            self.up.insert(minute);
        }
    }

    /// Takes out the minutes that get no more calls, as of a minute.
    pub(super) fn close(&mut self, now: i64) -> Vec<Part> {
        let first = now.saturating_sub(OPEN_MINUTES);
        let mut closed = Vec::new();
        for (pool, live) in self.pools.iter_mut().enumerate() {
            while let Some(entry) = live.open.first_entry() {
                if *entry.key() >= first {
                    break;
                }
                let (minute, demand) = entry.remove_entry();
                closed.push(Part {
                    pool,
                    minute,
                    demand,
                });
            }
        }
        closed
    }

    /// The minutes that may still get calls.
    pub(super) fn open(&self) -> Vec<Part> {
        let pools = self.pools.iter().enumerate();
        let parts = pools.flat_map(|(pool, live)| {
            let open = live.open.iter();
            open.map(move |(minute, demand)| Part {
                pool,
                minute: *minute,
                demand: *demand,
            })
        });
        parts.collect()
    }

    /// Who takes the calls of each pool, from the one at `first` on.
    pub(super) fn takers(&self, first: usize) -> impl Iterator<Item = &Takers> {
        self.pools.iter().skip(first).map(|pool| &pool.takers)
    }

    /// Forgets what was observed before a minute.
    pub(super) fn forget_before(&mut self, minute: i64) {
        while self.up.first().is_some_and(|first| *first < minute) {
            self.up.pop_first();
        }
    }

    /// What became known of each pool since this was last asked.
    pub(super) fn take_news(&mut self) -> Vec<DemandMinute> {
        let pools = self.pools.iter_mut();
        pools.map(|pool| std::mem::take(&mut pool.news)).collect()
    }

    /// The minutes of a range that were observed.
    pub(super) fn seen(&self, minutes: Range<i64>) -> Seen {
        self.up.range(minutes).copied().collect()
    }

    /// The pool of a stream, made when it is first seen.
    fn pool(&mut self, stream: StreamName<'_>) -> usize {
        let known = self.by_stream.find(stream);
        known.unwrap_or_else(|| self.find(&stream.into()))
    }

    fn find(&mut self, stream: &Stream) -> usize {
        let takers = self.settings.takers(stream);
        let same = self.pools.iter().position(|pool| pool.takers == takers);
        let at = same.unwrap_or_else(|| {
            self.pools.push(Pool {
                takers,
                open: BTreeMap::new(),
                news: DemandMinute::default(),
            });
            self.pools.len().saturating_sub(1)
        });
        self.by_stream.remember(stream, at);
        at
    }
}

/// The pools of the streams seen so far, found by upstream, model and class without a copy of them.
#[derive(Debug, Default)]
struct Streams {
    pools: BTreeMap<String, BTreeMap<String, BTreeMap<Capability, usize>>>,
    len: usize,
}

impl Streams {
    fn find(&self, name: StreamName<'_>) -> Option<usize> {
        let models = self.pools.get(name.upstream)?;
        models.get(name.model)?.get(&name.capability).copied()
    }

    fn remember(&mut self, stream: &Stream, pool: usize) {
        if self.len >= STREAMS_MAX {
            return;
        }
        let models = self.pools.entry(stream.upstream.clone()).or_default();
        let classes = models.entry(stream.model.clone()).or_default();
        if classes.insert(stream.capability, pool).is_none() {
            self.len = self.len.saturating_add(1);
        }
    }
}
