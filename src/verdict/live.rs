#![expect(
    clippy::float_arithmetic,
    reason = "the sums become real numbers here, for projections only"
)]
//! The kept minutes of demand, pooled by who could take them.
//!
//! Streams that the same plans and endpoints take are one pool: pooling smooths the peaks, and no
//! projection tells them apart. A pool keeps a minute in some 170 bytes and only minutes with calls.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Range;
use std::sync::Arc;

use super::settings::{Settings, Takers};
use crate::call::CallRecord;
use crate::economics::demand::CallDemand;
use crate::economics::edits::Scale;
use crate::economics::project::Bucket;
use crate::economics::work::real;
use crate::economics::{DemandMinute, Stream};
use crate::money::Pico;
use crate::usage::Capability;

/// Minutes of demand that are kept: five weeks.
const KEPT_MINUTES: i64 = 35 * 1_440;
/// Minutes whose slots are still apart: those that can still get calls, and some slack.
const OPEN_MINUTES: i64 = 20;
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
struct StreamName<'a> {
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

fn named_demand(call: &CallRecord) -> Option<(StreamName<'_>, CallDemand<'_>)> {
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

/// One minute of a pool.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Minute {
    pub(super) bucket: Bucket,
    pub(super) cost: Pico,
    pub(super) unpriced_tokens: f64,
    pub(super) unknown_calls: f64,
    pub(super) imported_calls: f64,
}

impl Minute {
    /// The same if there had been more or less of it, or at another API price.
    fn scaled(self, scale: &Scale) -> Self {
        Self {
            bucket: scale.bucket(self.bucket),
            cost: scale.cost(self.cost),
            unpriced_tokens: scale.count(self.unpriced_tokens),
            unknown_calls: scale.count(self.unknown_calls),
            imported_calls: scale.count(self.imported_calls),
        }
    }

    fn of(sums: &DemandMinute) -> Self {
        let number = |count: u64| real(count.into());
        Self {
            bucket: Bucket::from(sums),
            cost: sums.total().cost_usd,
            unpriced_tokens: number(sums.unpriced_tokens),
            unknown_calls: number(sums.unknown_calls),
            imported_calls: number(sums.imported_calls),
        }
    }

    /// Adds another part of the same minute; the busiest slots add up, which is never too low.
    fn merge(&mut self, other: &Self) {
        self.bucket.merge(&other.bucket);
        self.cost += other.cost;
        self.unpriced_tokens += other.unpriced_tokens;
        self.unknown_calls += other.unknown_calls;
        self.imported_calls += other.imported_calls;
    }
}

/// The demand that the same plans and endpoints could take.
#[derive(Debug)]
pub(super) struct Pool {
    pub(super) takers: Takers,
    open: BTreeMap<i64, DemandMinute>,
    kept: VecDeque<(i64, Minute)>,
    /// What became known since it was last taken, whenever it began; imported history is no news.
    news: DemandMinute,
}

impl Pool {
    fn keep(&mut self, minute: i64, part: &Minute) {
        // Minutes come in their order, at a start all of five weeks.
        let at = match self.kept.back() {
            Some((newest, _)) if *newest < minute => self.kept.len(),
            Some((newest, _)) if *newest == minute => self.kept.len().saturating_sub(1),
            Some(_) | None => self.kept.partition_point(|(kept, _)| *kept < minute),
        };
        match self.kept.get_mut(at) {
            Some((kept, whole)) if *kept == minute => whole.merge(part),
            Some(_) | None => self.kept.insert(at, (minute, *part)),
        }
    }

    fn close_before(&mut self, minute: i64) {
        while let Some(entry) = self.open.first_entry() {
            if *entry.key() >= minute {
                break;
            }
            let (closed, sums) = entry.remove_entry();
            self.keep(closed, &Minute::of(&sums));
        }
    }

    fn forget_before(&mut self, minute: i64) {
        let old = self.kept.partition_point(|(kept, _)| *kept < minute);
        self.kept.drain(..old);
    }

    /// Shows every minute with calls in a range; a minute may come in two parts.
    pub(super) fn minutes(&self, range: &Range<i64>, mut show: impl FnMut(i64, &Minute)) {
        let from = self.kept.partition_point(|(kept, _)| *kept < range.start);
        let to = self.kept.partition_point(|(kept, _)| *kept < range.end);
        for (minute, kept) in self.kept.range(from..to.max(from)) {
            show(*minute, kept);
        }
        for (minute, open) in self.open.range(range.clone()) {
            show(*minute, &Minute::of(open));
        }
    }
}

/// All demand that is kept, and when tollgate was there to see it.
#[derive(Debug)]
pub struct LiveDemand {
    settings: Arc<Settings>,
    pools: Vec<Pool>,
    by_stream: Streams,
    up: BTreeSet<i64>,
    /// Of the minutes that are kept, for who asks what if; none of those that are recorded.
    scale: Scale,
}

impl LiveDemand {
    /// No demand yet.
    #[must_use]
    pub fn new(settings: &Arc<Settings>) -> Self {
        Self {
            settings: Arc::clone(settings),
            pools: Vec::new(),
            by_stream: Streams::default(),
            up: BTreeSet::new(),
            scale: Scale::default(),
        }
    }

    /// No demand yet; each minute that is kept counts for so much.
    pub(super) fn scaled(settings: &Arc<Settings>, scale: Scale) -> Self {
        Self {
            scale,
            ..Self::new(settings)
        }
    }

    /// The models of all streams, as their providers name them.
    pub(super) fn models(&self) -> BTreeSet<String> {
        let upstreams = self.by_stream.pools.values();
        upstreams.flat_map(BTreeMap::keys).cloned().collect()
    }

    /// Adds one finished call to the minute it belongs to.
    pub fn record(&mut self, call: &CallRecord) {
        let Some((stream, demand)) = named_demand(call) else {
            return;
        };
        let minute = demand.place().minute;
        self.up(minute);
        if let Some(pool) = self.pool(stream) {
            pool.open.entry(minute).or_default().add(&demand);
            if !demand.imported {
                pool.news.add(&demand);
            }
        }
    }

    /// Adds a minute that was kept by someone else.
    pub fn keep(&mut self, stream: &Stream, minute: i64, sums: &DemandMinute) {
        self.up(minute);
        let name = StreamName {
            upstream: &stream.upstream,
            model: &stream.model,
            capability: stream.capability,
        };
        let scaled = Minute::of(sums).scaled(&self.scale);
        if let Some(pool) = self.pool(name) {
            pool.keep(minute, &scaled);
        }
    }

    /// Says that tollgate was up in a minute.
    pub fn up(&mut self, minute: i64) {
        if self.up.last() != Some(&minute) {
            self.up.insert(minute);
        }
    }

    /// Compacts minutes that get no more calls and drops what is older than five weeks.
    pub fn forget_before(&mut self, now: i64) {
        let oldest = now.saturating_sub(KEPT_MINUTES);
        self.up = self.up.split_off(&oldest);
        for pool in &mut self.pools {
            pool.close_before(now.saturating_sub(OPEN_MINUTES));
            pool.forget_before(oldest);
        }
    }

    /// What became known of each pool since this was last asked.
    pub(super) fn take_news(&mut self) -> Vec<DemandMinute> {
        let pools = self.pools.iter_mut();
        pools.map(|pool| std::mem::take(&mut pool.news)).collect()
    }

    /// The minutes in a range in which tollgate was up.
    pub(super) fn observed(&self, range: &Range<i64>) -> Vec<i64> {
        self.up.range(range.clone()).copied().collect()
    }

    /// The first minute kept that was observed.
    pub(super) fn first_observed(&self) -> Option<i64> {
        self.up.first().copied()
    }

    /// All pools.
    pub(super) fn pools(&self) -> &[Pool] {
        &self.pools
    }

    /// The pool of a stream, made when it is first seen.
    fn pool(&mut self, stream: StreamName<'_>) -> Option<&mut Pool> {
        let known = self.by_stream.find(stream);
        let at = known.unwrap_or_else(|| self.find(&stream.into()));
        self.pools.get_mut(at)
    }

    fn find(&mut self, stream: &Stream) -> usize {
        let takers = self.settings.takers(stream);
        let same = self.pools.iter().position(|pool| pool.takers == takers);
        let at = same.unwrap_or_else(|| {
            self.pools.push(Pool {
                takers,
                open: BTreeMap::new(),
                kept: VecDeque::new(),
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
