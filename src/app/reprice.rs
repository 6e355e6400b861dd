//! Calls priced again by the prices of the configuration, at rest and beside the traffic.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use arc_swap::ArcSwap;
use jiff::Timestamp;
use serde_json::{Value, json};
use tracing::{debug, error, info};

use super::anew::Place;
use super::running::running;
use super::shared::lock;
use super::{now, would_cost};
use crate::admin::{Refusal, RepriceQuery, SourceError};
use crate::call::{Again, CallRecord, Role};
use crate::config::{Config, Upstream};
use crate::ledger::{Asked, Ledger, LedgerError, Progress, Repriced};
use crate::money::Pico;
use crate::recorder::Sinks;

/// The lowest priority there is: traffic goes first.
const NICE: i32 = 19;

/// Prices calls again in a ledger; `watch` is told how far it is, and ends it by false.
pub(super) fn run(
    ledger: &Ledger,
    config: &Config,
    asked: &RepriceQuery,
    watch: &mut dyn FnMut(Progress) -> bool,
) -> Result<Value, LedgerError> {
    let at = now();
    let ask = Asked {
        words: asked.words.clone(),
        since: asked.since,
        until: asked.until.unwrap_or(Timestamp::MAX),
        models: asked.models.clone(),
        upstreams: asked.upstreams.clone(),
        prices: fingerprint(config),
        dry_run: asked.dry_run,
        now: at,
    };
    let begun = would_cost::Begun::new(&running(config), ledger, at)?;
    let done = ledger.reprice(&ask, &|call| again(config, call), watch)?;
    // Also where nothing changed: what was asked for is as these prices say.
    if !asked.dry_run {
        begun.end(ledger, asked, done.rows_from)?;
    }
    Ok(answer(&done, asked))
}

/// What the configuration says of a call. Its row names the upstream; whose prices hold there, and
/// whether anybody bills it, is what is configured now.
fn again(config: &Config, call: &CallRecord) -> Again {
    let upstream = config.upstreams.iter().find(|it| it.name == call.upstream);
    let instead = upstream.and_then(|upstream| upstream.would_cost_as.as_ref());
    let bill = bill(config, upstream, call);
    match instead.filter(|_| call.role == Role::Own && call.is_demand()) {
        Some(instead) => would_cost(config.prices.would_cost(call, instead), bill, call),
        None => bill,
    }
}

/// The same with what an API would have taken for the tokens now.
fn would_cost(now: Option<Pico>, bill: Again, call: &CallRecord) -> Again {
    if now == call.would_cost_usd {
        return bill;
    }
    let mut changed = match bill {
        Again::Changed(changed) => changed,
        Again::NotBilled | Again::Summed | Again::NoUpstream | Again::Same => {
            Box::new(call.clone())
        }
    };
    changed.would_cost_usd = now;
    Again::Changed(changed)
}

fn bill(config: &Config, upstream: Option<&Upstream>, call: &CallRecord) -> Again {
    match upstream {
        _ if call.source.is_none() => Again::NotBilled,
        None if !call.is_billable() => Again::NotBilled,
        None => Again::NoUpstream,
        Some(upstream) if !upstream.billed => Again::NotBilled,
        Some(upstream) => config.prices.again(call, &upstream.prices),
    }
}

/// A checksum of all that prices depend on; another release may price otherwise.
fn fingerprint(config: &Config) -> String {
    let upstreams = config.upstreams.iter();
    let upstreams: Vec<_> = upstreams
        .map(|it| (&it.name, it.billed, &it.prices, &it.would_cost_as))
        .collect();
    let book = &config.prices;
    let version = env!("CARGO_PKG_VERSION");
    let prices = (
        book.entries(),
        book.fx(),
        book.reserved(),
        upstreams,
        version,
    );
    format!(
        "crc32c:{:08x}",
        crc32c::crc32c(format!("{prices:?}").as_bytes())
    )
}

/// What became of it, as the API and `--format json` say it.
fn answer(done: &Repriced, asked: &RepriceQuery) -> Value {
    let Repriced {
        pass,
        is_applied,
        resumed,
        rows_from,
    } = done;
    json!({
        "pass": is_applied.then_some(pass.number),
        "dry_run": asked.dry_run,
        "resumed": resumed,
        "since": pass.since,
        "until": asked.until.map(|_| pass.until),
        "models": pass.models,
        "upstreams": pass.upstreams,
        "last_frame": pass.last_frame,
        "prices": pass.prices,
        "rows_from": rows_from,
        "summary": pass.summary,
    })
}

/// The one pass that runs beside the traffic, or the last one that did.
#[derive(Default)]
pub(super) struct Repricing {
    state: Arc<Mutex<State>>,
    stop: Arc<AtomicBool>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// How far it is.
#[derive(Default)]
struct State {
    words: String,
    dry_run: bool,
    progress: Option<Progress>,
    end: Option<Result<Value, String>>,
    is_running: bool,
}

impl Repricing {
    /// Begins, unless one runs. Who asks for the same is told how far it is.
    pub(super) fn start(
        &self,
        sinks: &Sinks,
        config: &Arc<ArcSwap<Config>>,
        asked: &RepriceQuery,
    ) -> Result<Value, SourceError> {
        let mut thread = lock(&self.thread);
        {
            let mut state = lock(&self.state);
            let is_same = (&state.words, state.dry_run) == (&asked.words, asked.dry_run);
            match (state.is_running, is_same) {
                (true, true) => return Ok(state.json()),
                (true, false) => {
                    return Err(SourceError::Refused(Refusal::repricing(&state.words)));
                }
                (false, _) => {}
            }
            *state = State {
                words: asked.words.clone(),
                dry_run: asked.dry_run,
                is_running: true,
                ..State::default()
            };
        }
        let work = Work {
            sinks: sinks.clone(),
            config: Arc::clone(config),
            asked: asked.clone(),
            state: Arc::clone(&self.state),
            stop: Arc::clone(&self.stop),
        };
        let name = std::thread::Builder::new().name("reprice".into());
        match name.spawn(move || work.run()) {
            Ok(started) => *thread = Some(started),
            Err(source) => {
                lock(&self.state).is_running = false;
                let (what, source) = ("thread", Box::new(source));
                return Err(SourceError::Unreadable { what, source });
            }
        }
        Ok(self.json())
    }

    /// How far it is, or what became of the last one.
    pub(super) fn json(&self) -> Value {
        lock(&self.state).json()
    }

    /// Ends it; what it has written stays for the same command, or the next start.
    pub(super) fn finish(&self) {
        self.stop.store(true, Ordering::Release);
        if let Some(thread) = lock(&self.thread).take()
            && thread.join().is_err()
        {
            error!(
                "the thread that prices calls again panicked; the next start goes on where it was"
            );
        }
    }
}

impl State {
    fn json(&self) -> Value {
        let word = match (self.is_running, &self.end) {
            (true, _) => "running",
            (false, Some(Ok(_))) => "done",
            (false, Some(Err(_))) => "failed",
            (false, None) => "idle",
        };
        let progress = self.progress.map(|progress| {
            let Progress {
                phase,
                done,
                of,
                changed,
            } = progress;
            json!({"phase": phase.label(), "done": done, "of": of, "changed": changed})
        });
        json!({
            "state": word,
            "asked": self.words,
            "dry_run": self.dry_run,
            "progress": progress,
            "result": self.end.as_ref().and_then(|end| end.as_ref().ok()),
            "message": self.end.as_ref().and_then(|end| end.as_ref().err()),
        })
    }
}

/// What the thread needs.
struct Work {
    sinks: Sinks,
    config: Arc<ArcSwap<Config>>,
    asked: RepriceQuery,
    state: Arc<Mutex<State>>,
    stop: Arc<AtomicBool>,
}

/// Whatever happens to the thread, it no longer runs.
struct Over<'a>(&'a Mutex<State>);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        let mut state = lock(self.0);
        state.is_running = false;
        state
            .end
            .get_or_insert_with(|| Err("it broke off; the log says why".to_owned()));
    }
}

impl Work {
    fn run(&self) {
        let _over = Over(&self.state);
        if let Err(error) = rustix::process::nice(NICE) {
            debug!(%error, "calls are priced again at the usual priority");
        }
        info!(asked = self.asked.words, "calls are priced again");
        let config = self.config.load_full();
        let mut watch = |progress| {
            lock(&self.state).progress = Some(progress);
            !self.stop.load(Ordering::Acquire)
        };
        let done = run(&self.sinks.ledger, &config, &self.asked, &mut watch);
        // Also where it failed: a part may have moved.
        let judged = if self.asked.dry_run {
            Ok(())
        } else {
            self.judge_anew()
        };
        let end = match (done, judged) {
            (Ok(value), Ok(())) => Ok(value),
            (Err(error), _) => Err(said(&error)),
            (Ok(_), Err(error)) => Err(said(&error)),
        };
        if let Err(problem) = &end {
            error!(problem, "calls were not all priced again");
        }
        lock(&self.state).end = Some(end);
    }

    /// The verdict over what its minutes cost now.
    fn judge_anew(&self) -> Result<(), super::AppError> {
        let place = Place::hold(&self.sinks);
        let anew = place.judged_by(&self.config.load())?;
        place.put(anew);
        Ok(())
    }
}

/// An error with what is behind it.
fn said(error: &dyn std::error::Error) -> String {
    let mut said = error.to_string();
    let mut source = error.source();
    while let Some(behind) = source {
        said = format!("{said}: {behind}");
        source = behind.source();
    }
    said
}

#[cfg(test)]
mod tests;
