//! Calls as they come: the minutes that are still open, pooled by who could take them.
//!
//! Streams that the same plans and endpoints take are one pool: pooling smooths the peaks, and no
//! projection tells them apart.

use std::collections::{BTreeMap, BTreeSet};
use std::mem;
use std::ops::Range;
use std::sync::Arc;

use super::fresh::{ClosedMinute, Fresh};
use super::names::{StreamName, Streams};
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
}

/// The demand of open minutes, and when tollgate was there to see it.
#[derive(Debug)]
pub(super) struct LiveDemand {
    settings: Arc<Settings>,
    pools: Vec<Pool>,
    by_stream: Streams<Known>,
    /// The first minute that was not counted; absent before the first look, which no whole minute was
    /// seen before.
    since: Option<i64>,
    up: BTreeSet<i64>,
}

/// A stream that was seen.
#[derive(Debug, Default)]
struct Known {
    pool: usize,
    fresh: Fresh,
}

impl LiveDemand {
    /// No demand yet.
    pub(super) fn new(settings: &Arc<Settings>) -> Self {
        Self {
            settings: Arc::clone(settings),
            pools: Vec::new(),
            by_stream: Streams::default(),
            since: None,
            up: BTreeSet::new(),
        }
    }

    /// Every model of an upstream, and who takes any of its calls.
    pub(super) fn streams(&self) -> Vec<StreamView> {
        let view = |(upstream, model, pools): (&str, &str, _)| {
            let mut view = StreamView {
                upstream: upstream.to_owned(),
                model: model.to_owned(),
                ..StreamView::default()
            };
            for pool in Iterator::filter_map(pools, |of: &Known| self.pools.get(of.pool)) {
                view.plans.extend(&pool.takers.plans);
                view.endpoints.extend(&pool.takers.endpoints);
                view.optimised.extend(&pool.takers.optimised);
            }
            view
        };
        self.by_stream.models().map(view).collect()
    }

    /// The models of all streams, as their providers name them.
    pub(super) fn models(&self) -> BTreeSet<String> {
        let models = self.by_stream.models();
        models.map(|(_, model, _)| model.to_owned()).collect()
    }

    /// Adds one finished call to the minute it belongs to.
    pub(super) fn record(&mut self, call: &CallRecord) {
        let Some((stream, demand)) = named_demand(call) else {
            return;
        };
        let minute = demand.place().minute;
        self.up(minute);
        let pool = self.pool(stream, |known| {
            // Imported history is nothing new.
            if !demand.imported {
                known.fresh.add(&demand);
            }
        });
        if let Some(pool) = self.pools.get_mut(pool) {
            pool.open.entry(minute).or_default().add(&demand);
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
        self.pool(stream.into(), |_| ())
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

    /// Takes the minutes before `end` that were not counted yet, each that was observed, used or idle, and
    /// the calls of any other, with what became known of each pool.
    pub(super) fn take_closed(&mut self, end: i64) -> Vec<ClosedMinute> {
        let Some(since) = self.since.replace(end) else {
            return Vec::new();
        };
        let pools = self.pools.len();
        let closed = |minute: i64, whole: bool| ClosedMinute {
            minute,
            whole,
            calls: vec![DemandMinute::default(); pools],
        };
        let observed = self.up.range(since.min(end)..end);
        let observed = observed.map(|minute| (*minute, closed(*minute, true)));
        let mut all: BTreeMap<i64, ClosedMinute> = observed.collect();
        for known in self.by_stream.values_mut() {
            for (minute, sums) in known.fresh.take_over(end) {
                let of = all.entry(minute).or_insert_with(|| closed(minute, false));
                of.add(known.pool, &sums);
            }
        }
        all.into_values().collect()
    }

    /// Takes over what another one has not counted yet.
    pub(super) fn follow(&mut self, before: &mut Self) {
        self.since = before.since.take();
        for (stream, known) in before.by_stream.iter_mut() {
            let fresh = mem::take(&mut known.fresh);
            if !fresh.is_empty() {
                self.pool(stream, |known| known.fresh.merge(fresh));
            }
        }
    }

    /// The minutes of a range that were observed.
    pub(super) fn seen(&self, minutes: Range<i64>) -> Seen {
        self.up.range(minutes).copied().collect()
    }

    /// The pool of a stream, made when it is first seen; `look` is given what is known of the stream, or,
    /// beyond those that are remembered, of the one that nobody named.
    fn pool(&mut self, stream: StreamName<'_>, look: impl FnOnce(&mut Known)) -> usize {
        if let Some(known) = self.by_stream.get_mut(stream) {
            look(known);
            return known.pool;
        }
        let pool = self.find(&stream.into());
        let model = UNNAMED_MODEL;
        let is_one_too_many = self.by_stream.len() >= STREAMS_MAX;
        if is_one_too_many && stream.model != model {
            self.pool(StreamName { model, ..stream }, look);
            return pool;
        }
        let mut known = Known {
            pool,
            ..Known::default()
        };
        look(&mut known);
        self.by_stream.insert(stream, known);
        pool
    }

    fn find(&mut self, stream: &Stream) -> usize {
        let takers = self.settings.takers(stream);
        let same = self.pools.iter().position(|pool| pool.takers == takers);
        same.unwrap_or_else(|| {
            self.pools.push(Pool {
                takers,
                open: BTreeMap::new(),
            });
            self.pools.len().saturating_sub(1)
        })
    }
}
