//! Servers that run are asked about themselves: from the configuration, beside the traffic, to what is
//! kept and shown.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

use super::shared::Shared;
use super::{AppError, now, settings};
use crate::config::{Config, MeasuredBy, OpenCost, Secret, Upstream};
use crate::ledger::Ledger;
use crate::measured::{
    Costs, DAYS_KEPT, Measured, Metered, Prepared, Seen, ServerSeen, Settings, Token, Window, words,
};
use crate::metrics::{MeasuredGauges, MeasuredWindow};
use crate::verdict::{RunningPlan, Servers, ServersOf, TokenRates};

/// How often it is looked for servers to be asked: the shortest time from one round to the next.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Seconds in a day.
const DAY_SECONDS: i64 = 86_400;
/// Closed days whose fortnight is still kept: those of them may be decided that a stop has missed, or
/// other settings decide again.
const DAYS_TOLD: i64 = DAYS_KEPT - 14;

/// What is measured by a configuration, with what was kept.
pub(super) fn new(config: &Config, ledger: &Ledger) -> Result<Measured, AppError> {
    let measured = Measured::default();
    measured.take(prepare(config, ledger)?);
    Ok(measured)
}

/// The same for a reload; nothing is taken over yet.
pub(super) fn prepare(config: &Config, ledger: &Ledger) -> Result<Prepared, AppError> {
    let upstreams = config.upstreams.iter();
    let settings = upstreams.filter_map(|upstream| {
        let measured_by = upstream.measured_by.as_ref()?;
        let together = together(upstream, &config.upstreams);
        Some(self::settings(upstream, together, measured_by))
    });
    let settings: Result<Vec<Settings>, AppError> = settings.collect();
    let kept = |name: &str| {
        let kept = ledger.kept(name);
        kept.unwrap_or_else(|error| {
            let error: &dyn std::error::Error = &error;
            warn!(
                name,
                error, "what was measured cannot be read; that day begins anew"
            );
            None
        })
    };
    Ok(Measured::prepare(&settings?, kept)?)
}

/// The upstreams that run on the same servers, which are those of its plan.
fn together(upstream: &Upstream, all: &[Upstream]) -> Vec<String> {
    let plan = |of: &Upstream| of.runs_on.as_ref().map(|it| it.plan.clone());
    let its = plan(upstream);
    let same = |of: &&Upstream| of.name == upstream.name || (its.is_some() && plan(of) == its);
    all.iter().filter(same).map(|of| of.name.clone()).collect()
}

fn settings(
    upstream: &Upstream,
    upstreams: Vec<String>,
    measured_by: &MeasuredBy,
) -> Result<Settings, AppError> {
    let MeasuredBy {
        pages,
        every,
        timeout,
        token,
        opencost,
    } = measured_by;
    let hidden = |secret: &Secret| Token(secret.expose().to_owned());
    let costs = |costs: &OpenCost| Costs {
        url: costs.url.clone(),
        token: costs.token.as_ref().map(hidden),
        workload: costs.workload.clone(),
    };
    // Whoever certifies the servers' API certifies their pages.
    let roots = upstream
        .ca_file
        .as_deref()
        .map(settings::roots)
        .transpose()?;
    Ok(Settings {
        upstream: upstream.name.clone(),
        upstreams,
        pages: pages.clone(),
        every: *every,
        timeout: *timeout,
        token: token.as_ref().map(hidden),
        costs: opencost.as_ref().map(costs),
        extra_roots: roots.iter().flatten().map(|der| der.to_vec()).collect(),
    })
}

/// Until the end, asks the servers and writes down what they say.
pub(super) async fn look(shared: Arc<Shared>, stop: CancellationToken) {
    let mut ticks = tokio::time::interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => {}
        }
        let round = tokio::select! {
            () = stop.cancelled() => return,
            round = shared.measured().ask(now()) => round,
        };
        let shared = Arc::clone(&shared);
        // The ledger may wait for the disk, and sums all its groups: not on an event loop.
        let booked = tokio::task::spawn_blocking(move || {
            let metered = |upstream: &str| metered(shared.ledger(), upstream);
            shared.measured().book(&round, metered);
            shared.keep_measured();
        });
        if booked.await.is_err() {
            error!("what was measured could not be booked or kept");
        }
    }
}

/// Until the end, asks what the servers cost.
pub(super) async fn look_at_costs(shared: Arc<Shared>, stop: CancellationToken) {
    let mut ticks = tokio::time::interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => {}
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = shared.measured().look_at_costs(now()) => {}
        }
    }
}

/// Every token of an upstream's calls since the ledger began; they are in memory.
fn metered(ledger: &Ledger, upstream: &str) -> Metered {
    let sum = ledger.metered(upstream);
    Metered {
        input_tokens: sum.input_tokens,
        cached_tokens: sum.cache_read_tokens,
        output_tokens: sum.output_tokens,
    }
}

/// Writes down what is to be kept.
pub(super) fn keep(texts: Vec<(String, String)>, ledger: &Ledger) {
    for (name, text) in texts {
        if let Err(error) = ledger.keep(&name, &text) {
            let error: &dyn std::error::Error = &error;
            warn!(
                name,
                error, "what was measured could not be kept; a restart forgets it"
            );
        }
    }
}

/// What the servers say of hosting that runs, for the verdict that is made at `now`: over its windows,
/// and over the fortnights of the days that it may decide.
pub(super) fn servers(
    measured: &Measured,
    plans: &[RunningPlan],
    now: Timestamp,
) -> Vec<ServersOf> {
    let today = now.as_second().div_euclid(DAY_SECONDS);
    let all = measured.seen(now);
    let of = |running: &RunningPlan| {
        let named = |seen: &&Seen| running.upstreams.iter().any(|it| it.name == seen.upstream);
        let seen = all.iter().find(named)?;
        let day = |day: i64| {
            let end = day.saturating_add(1).saturating_mul(DAY_SECONDS);
            let window = measured.fortnight(&seen.upstream, Timestamp::from_second(end).ok()?)?;
            Some((day, said(seen, &window)))
        };
        let windows = seen.windows.iter();
        let days = today.saturating_sub(DAYS_TOLD)..today;
        Some(ServersOf {
            plan: running.plan.name.clone(),
            windows: windows.map(|it| (it.label, said(seen, it))).collect(),
            days: days.filter_map(day).collect(),
        })
    };
    plans.iter().filter_map(of).collect()
}

#[expect(clippy::float_arithmetic, reason = "means over a window")]
fn said(seen: &Seen, window: &Window) -> Servers {
    let has_servers = !seen.servers.is_empty();
    Servers {
        compared_ratio: has_servers.then(|| window.coverage()),
        capture_ratio: window.sure_capture_ratio(),
        tokens: window.rates().map(|[input, output]| TokenRates {
            input,
            cached: window.cache_hit_ratio().map(|hits| hits * input),
            output,
        }),
        replicas: window.up(),
        usd_per_hour: window.usd_per_hour(),
    }
}

/// The answer about the verdict, with what servers say beside it.
pub(super) fn beside(mut answer: Value, measured: &Measured, now: Timestamp) -> Value {
    let seen = measured.seen(now);
    if let Some(fields) = answer.as_object_mut().filter(|_| !seen.is_empty()) {
        let seen: Vec<Value> = seen.iter().map(self::seen).collect();
        fields.insert("measured".to_owned(), seen.into());
    }
    answer
}

fn seen(seen: &Seen) -> Value {
    let server = |server: &ServerSeen| {
        json!({
            "engine": server.engine.label(),
            "url": server.url,
            "up": server.is_up(),
            "read_at": server.read_at,
            "failure": server.failure,
        })
    };
    let costs = seen.costs.as_ref();
    json!({
        "upstream": seen.upstream,
        "upstreams": seen.upstreams,
        "words": words(seen),
        "servers": seen.servers.iter().map(server).collect::<Vec<_>>(),
        "running_calls": seen.now.running,
        "waiting_calls": seen.now.waiting,
        "kv_cache_usage": seen.now.cache_use,
        "cost": costs.map(|at| json!({ "workload": at.workload, "failure": at.failure })),
        "windows": seen.windows.iter().map(window).collect::<Vec<_>>(),
    })
}

fn window(window: &Window) -> Value {
    let sums = &window.sums;
    json!({
        "window": window.label,
        "coverage": window.coverage(),
        "server_input_tokens": sums.server_input,
        "server_output_tokens": sums.server_output,
        "metered_input_tokens": sums.metered_input,
        "metered_output_tokens": sums.metered_output,
        "capture_ratio": window.capture_ratio(),
        "passes_by": window.passes_by().is_some(),
        "prefix_cache_hit_ratio": window.cache_hit_ratio(),
        "metered_cached_ratio": window.metered_cached_ratio(),
        "running_calls": window.running(),
        "waiting_calls": window.waiting(),
        "kv_cache_usage": window.cache_use(),
        "up_ratio": window.up_ratio(),
        "restarts": sums.restarts,
        "cost_usd_per_hour": window.usd_per_hour(),
        "gpu_usd_per_hour": window.gpu_usd_per_hour(),
        "cost_hours": sums.cost_hours,
    })
}

/// What servers say, as gauges.
pub(super) fn gauges(measured: &Measured, now: Timestamp) -> Vec<MeasuredGauges> {
    measured.seen(now).iter().map(gauges_of).collect()
}

fn gauges_of(seen: &Seen) -> MeasuredGauges {
    let has_servers = !seen.servers.is_empty();
    let window = |window: &Window| MeasuredWindow {
        window: window.label,
        coverage_ratio: has_servers.then(|| window.coverage()),
        capture_ratio: window.capture_ratio(),
        cache_hit_ratio: window.cache_hit_ratio(),
        usd_per_hour: window.usd_per_hour(),
    };
    MeasuredGauges {
        upstream: seen.upstream.clone(),
        servers: has_servers.then(|| u64::try_from(seen.up()).unwrap_or(u64::MAX)),
        running: seen.now.running,
        waiting: seen.now.waiting,
        cache_use: seen.now.cache_use,
        windows: seen.windows.iter().map(window).collect(),
    }
}

#[cfg(test)]
mod tests;
