//! Hosting that runs: what it serves and costs, against what an API would take for the same tokens.
//!
//! Its demand is kept apart from what is paid to providers: nothing here is in their totals. It is the
//! same sums by the same minutes, so both survive a restart and can be recomputed from rows.

mod day;
mod judge;
mod look;
mod seen;
mod servers;
mod stretch;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::DAY_MINUTES;
use super::gather::Totals;
use super::live::named_demand;
use super::settings::{Settings, takes};
use crate::call::CallRecord;
use crate::economics::hosting::{Ran, Step, cost_usd, replicas_at};
use crate::economics::work::{TokenSums, real};
use crate::economics::{DemandMinute, HostPlan, Stream};

pub(super) use day::{days, views};
pub(super) use judge::{judge, score};
pub(super) use look::{look, observed};
pub use seen::{HostingReport, HostingWindow};
pub use servers::{Beside, COMPARED_RATIO_MIN, Pair, Servers, ServersOf, TokenRates};
pub use stretch::Stretches;

/// Minutes in an hour.
const HOUR_MINUTES: f64 = 60.0;

/// Hosting that runs: a plan, and who forwards to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunningPlan {
    /// What it is made of and costs.
    pub plan: HostPlan,
    /// How many replicas run, oldest first.
    pub steps: Vec<Step>,
    /// The upstreams that run on it.
    pub upstreams: Vec<RunningUpstream>,
}

/// An upstream of hosting that runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunningUpstream {
    /// Its configured name.
    pub name: String,
    /// The price list of the API call that its calls are held against, such as `openai`.
    pub list: String,
    /// The model of that call.
    pub model: String,
    /// The first minute that is held against it, where minutes before are held against another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since_minute: Option<i64>,
}

/// What a process has seen of a plan, from 0 at its start: for counters.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Counted {
    /// What the minutes cost that have closed, dollars, idle ones included.
    pub cost_usd: f64,
    /// What an API would have taken for the calls until then, dollars.
    pub avoided_usd: f64,
    /// The same for calls since then.
    open_usd: f64,
    /// How many calls those are.
    open_calls: f64,
}

/// The calls of one plan that the same endpoints could take.
#[derive(Debug)]
struct Pool {
    plan: usize,
    endpoints: Vec<usize>,
    minutes: BTreeMap<i64, Totals>,
}

/// What all hosting that runs has served, minute by minute.
#[derive(Debug)]
pub(super) struct Hosted {
    settings: Arc<Settings>,
    pools: Vec<Pool>,
    /// By the name of the plan, which a reload keeps.
    counted: BTreeMap<String, Counted>,
    /// Minutes that nobody has marked as observed yet.
    kept: Vec<i64>,
    /// What the servers say that are asked.
    servers: Vec<ServersOf>,
}

impl Hosted {
    pub(super) fn new(settings: &Arc<Settings>) -> Self {
        Self {
            settings: Arc::clone(settings),
            pools: Vec::new(),
            counted: BTreeMap::new(),
            kept: Vec::new(),
            servers: Vec::new(),
        }
    }

    /// Takes what servers say by now, in place of what they said before.
    pub(super) fn see_servers(&mut self, servers: Vec<ServersOf>) {
        self.servers = servers;
    }

    /// What the servers of a plan say over the fortnight that ends with a UTC day; nothing if none is
    /// asked.
    pub(super) fn servers_by(&self, plan: &str, day: i64) -> Option<Servers> {
        self.servers_of(plan)?.days.get(&day).copied()
    }

    /// The same over a trailing window.
    fn servers_in(&self, plan: &str, label: &str) -> Option<Servers> {
        let mut windows = self.servers_of(plan)?.windows.iter();
        windows.find(|(known, _)| *known == label).map(|it| it.1)
    }

    fn servers_of(&self, plan: &str) -> Option<&ServersOf> {
        self.servers.iter().find(|of| of.plan == plan)
    }

    /// Adds one finished call of own hosting; says to which minute.
    #[expect(
        clippy::float_arithmetic,
        reason = "a counter of Prometheus is a float"
    )]
    pub(super) fn record(&mut self, call: &CallRecord) -> Option<i64> {
        let (name, demand) = named_demand(call)?;
        let minute = demand.place().minute;
        let mut sums = DemandMinute::default();
        sums.add(&demand);
        let plan = self.add(&name.into(), minute, &sums)?;
        if let Some(running) = self.settings.running.get(plan) {
            let counted = self.counted.entry(running.plan.name.clone()).or_default();
            let total = sums.total();
            counted.open_usd += total.cost_usd.to_f64();
            counted.open_calls += real(total.calls.into());
        }
        Some(minute)
    }

    /// Adds a minute that was kept by someone else.
    pub(super) fn keep(&mut self, stream: &Stream, minute: i64, sums: &DemandMinute) {
        if self.add(stream, minute, sums).is_some() {
            self.kept.push(minute);
        }
    }

    /// Adds to a minute; says whose it is.
    pub(super) fn add(
        &mut self,
        stream: &Stream,
        minute: i64,
        sums: &DemandMinute,
    ) -> Option<usize> {
        let (plan, upstream) = self.settings.running_at(&stream.upstream)?;
        let endpoints = self.settings.endpoints_for(stream, upstream);
        let same = |pool: &&mut Pool| pool.plan == plan && pool.endpoints == endpoints;
        let part = kept(sums);
        if let Some(pool) = self.pools.iter_mut().find(same) {
            pool.minutes.entry(minute).or_default().merge(&part);
        } else {
            let minutes = BTreeMap::from([(minute, part)]);
            self.pools.push(Pool {
                plan,
                endpoints,
                minutes,
            });
        }
        Some(plan)
    }

    /// The minutes that were kept since this was asked last.
    pub(super) fn take_kept(&mut self) -> Vec<i64> {
        std::mem::take(&mut self.kept)
    }

    /// Counts minutes that were observed and have closed: their replicas, used or idle, and the calls
    /// until then.
    #[expect(
        clippy::float_arithmetic,
        reason = "a counter of Prometheus is a float"
    )]
    pub(super) fn close(&mut self, minutes: &[i64]) {
        if minutes.is_empty() {
            return;
        }
        for RunningPlan { plan, steps, .. } in &self.settings.running {
            let counted = self.counted.entry(plan.name.clone()).or_default();
            let mut ran = Ran {
                calls: std::mem::take(&mut counted.open_calls),
                ..Ran::default()
            };
            for minute in minutes {
                let replicas = replicas_at(steps, *minute);
                ran.hours += f64::from(u8::from(replicas > 0)) / HOUR_MINUTES;
                ran.replica_hours += f64::from(replicas) / HOUR_MINUTES;
            }
            counted.cost_usd += cost_usd(plan, &plan.assumptions.expected(), &ran);
            counted.avoided_usd += std::mem::take(&mut counted.open_usd);
        }
    }

    /// Drops what is older.
    pub(super) fn forget_before(&mut self, minute: i64) {
        for pool in &mut self.pools {
            pool.minutes = pool.minutes.split_off(&minute);
        }
    }

    /// Goes on from what was counted before.
    pub(super) fn count_on(&mut self, counted: BTreeMap<String, Counted>) {
        self.counted = counted;
    }

    /// What was counted since the process began.
    pub(super) const fn counted(&self) -> &BTreeMap<String, Counted> {
        &self.counted
    }

    /// Whole days of a range since the first call of a plan that is kept: replicas that are said to have
    /// run always cost something from the first day on, which no call is held against before that; and
    /// since all of its upstreams are held against the call that they are held against now.
    fn days_of(&self, plan: usize, range: &Range<i64>) -> u32 {
        let first = self.first_call(plan);
        let first = first.map_or(range.end, |first| range.start.max(first));
        let upstreams = self.settings.running.get(plan).map(|it| &it.upstreams);
        let dated = upstreams
            .into_iter()
            .flatten()
            .filter_map(|it| it.since_minute);
        let first = dated.fold(first, i64::max);
        let days = range
            .end
            .saturating_sub(first)
            .max(0)
            .div_euclid(DAY_MINUTES);
        u32::try_from(days).unwrap_or(u32::MAX)
    }

    /// The minute of the first call of a plan that is kept.
    fn first_call(&self, plan: usize) -> Option<i64> {
        let pools = self.pools.iter().filter(|pool| pool.plan == plan);
        let first = pools.filter_map(|pool| pool.minutes.keys().next()).min();
        first.copied()
    }

    /// What of it lies in a range of minutes, without what was counted and what servers say.
    pub(super) fn part(&self, range: &Range<i64>) -> Self {
        let minutes = |pool: &Pool| {
            let minutes = pool.minutes.range(range.clone());
            minutes.map(|(at, totals)| (*at, *totals)).collect()
        };
        let pools = self.pools.iter().map(|pool| Pool {
            plan: pool.plan,
            endpoints: pool.endpoints.clone(),
            minutes: minutes(pool),
        });
        Self {
            pools: pools.collect(),
            ..Self::new(&self.settings)
        }
    }

    /// The pools of a plan, each with the minutes of a range in which it had calls.
    fn pools_of(
        &self,
        plan: usize,
        range: &Range<i64>,
    ) -> impl Iterator<Item = (&[usize], impl Iterator<Item = &Totals>)> {
        let pools = self.pools.iter().filter(move |pool| pool.plan == plan);
        pools.map(|pool| {
            let minutes = pool.minutes.range(range.clone()).map(|(_, minute)| minute);
            (pool.endpoints.as_slice(), minutes)
        })
    }
}

/// A minute as it is kept.
fn kept(sums: &DemandMinute) -> Totals {
    let number = |count: u64| real(count.into());
    let doubtful = [
        sums.unpriced_tokens,
        sums.unknown_calls,
        sums.imported_calls,
    ];
    let total = sums.total();
    let tokens = TokenSums::from(&total);
    Totals::of_sums(tokens, total.cost_usd, doubtful.map(number))
}

impl Settings {
    /// The plan that an upstream runs on, and the upstream.
    pub(super) fn running_at(&self, upstream: &str) -> Option<(usize, &RunningUpstream)> {
        let mut plans = self.running.iter().enumerate();
        plans.find_map(|(at, running)| {
            let mut all = running.upstreams.iter();
            Some((at, all.find(|known| known.name == upstream)?))
        })
    }

    /// The endpoints that could take the calls of a stream of own hosting: those that replace its model,
    /// or the one it is held against.
    fn endpoints_for(&self, stream: &Stream, upstream: &RunningUpstream) -> Vec<usize> {
        let against = Stream {
            model: upstream.model.clone(),
            ..stream.clone()
        };
        let endpoints = self.endpoints.iter().enumerate();
        let could = endpoints.filter(|(_, endpoint)| {
            let arm = &endpoint.arm;
            [stream, &against]
                .into_iter()
                .any(|stream| takes(&arm.replaces, arm.serves, stream))
        });
        could.map(|(at, _)| at).collect()
    }
}
