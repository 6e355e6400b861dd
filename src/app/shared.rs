//! What the admin listener shows, the tick moves on, and a reload changes.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use tracing::{error, info, warn};

use super::arm_prices;
use super::past::{self, PastError};
use super::reprice::Repricing;
use super::what_if::{self, WhatIfError};
use super::{
    AppError, Loader, breakeven, freeze, gauges, measured, now, reserved, settings, show, track,
    unknown,
};
use crate::admin::{
    Admin, CallsPage, CallsQuery, PastQuery, RepriceQuery, Reserved, Source, SourceError,
    TotalsQuery,
};
use crate::alerts::Alerts;
use crate::config::{Config, Files};
use crate::economics::edits::Edits;
use crate::journal::Journal;
use crate::ledger::{Ledger, LedgerError, Rollup};
use crate::measured::Measured;
use crate::meter::{Entry, Meter};
use crate::metrics::{CountGauges, Format, LedgerGauges, VerdictGauges};
use crate::pricing::PriceBook;
use crate::proxy::Proxy;
use crate::recorder::{Audit, Pulse, Sinks};
use crate::verdict::{States, Verdict};
use crate::wire::TextBudget;

/// A journal that is not synced for longer hangs; it is, every 20 ms.
const SYNC_WAIT_MAX: Duration = Duration::from_secs(5);
/// The name under which the ledger keeps the verdict's states.
const STATES: &str = "verdict";

/// The rooms that outlive a call, by handle.
pub(super) struct Shared {
    load: Loader,
    config: Arc<ArcSwap<Config>>,
    /// As the last reading found them, whether it was taken over or refused.
    files: ArcSwap<Files>,
    sinks: Sinks,
    journal: Journal<Entry>,
    meter: Meter,
    proxy: Proxy,
    recorder: Pulse,
    texts: Arc<TextBudget>,
    audit: Audit,
    repricing: Repricing,
    alerts: Arc<Alerts>,
    measured: Measured,
    /// When this process began.
    began: Timestamp,
    /// Reloads come one at a time; the admin listener, once it is there, is told who may ask.
    admin: Mutex<Option<(Admin, SocketAddr)>>,
}

/// What [`Shared`] is made of.
pub(super) struct Parts {
    pub(super) load: Loader,
    pub(super) config: Config,
    pub(super) sinks: Sinks,
    pub(super) journal: Journal<Entry>,
    pub(super) meter: Meter,
    pub(super) proxy: Proxy,
    pub(super) recorder: Pulse,
    pub(super) texts: Arc<TextBudget>,
    pub(super) audit: Audit,
    pub(super) alerts: Arc<Alerts>,
    pub(super) measured: Measured,
}

impl Shared {
    pub(super) fn new(parts: Parts) -> Self {
        let Parts {
            load,
            config,
            sinks,
            journal,
            meter,
            proxy,
            recorder,
            texts,
            audit,
            alerts,
            measured,
        } = parts;
        let files = ArcSwap::from_pointee(config.files.clone());
        let (config, admin) = (Arc::new(ArcSwap::from_pointee(config)), Mutex::new(None));
        Self {
            load,
            config,
            files,
            sinks,
            journal,
            meter,
            proxy,
            recorder,
            texts,
            audit,
            repricing: Repricing::default(),
            alerts,
            measured,
            began: now(),
            admin,
        }
    }

    /// Makes the admin listener part of a reload.
    pub(super) fn attach(&self, admin: Admin, at: SocketAddr) {
        *lock(&self.admin) = Some((admin, at));
    }

    /// Lets go of the admin listener, which holds this in turn: else the ledger stays locked.
    pub(super) fn detach(&self) {
        *lock(&self.admin) = None;
    }

    /// Ends what prices calls again.
    pub(super) fn finish_repricing(&self) {
        self.repricing.finish();
    }

    pub(super) fn ledger(&self) -> &Ledger {
        &self.sinks.ledger
    }

    pub(super) const fn alerts(&self) -> &Arc<Alerts> {
        &self.alerts
    }

    pub(super) const fn measured(&self) -> &Measured {
        &self.measured
    }

    /// Writes down what was measured, if that is due by now.
    pub(super) fn keep_measured(&self, now: Timestamp) {
        measured::keep(&self.measured, &self.sinks.ledger, now);
    }

    /// Moves the clock of ledger and verdict on; `up` has a moment of each minute in which tollgate
    /// was up since. Gives back those that the ledger did not take.
    pub(super) fn tick(&self, up: &[Timestamp], now: Timestamp) -> Vec<Timestamp> {
        self.open_again();
        // The ledger first: a verdict that a reload makes meanwhile reads them there.
        let unwritten = self.note_up(up);
        if let Err(error) = self.judge_anew_after(now) {
            error!(%error, "the clock went back by days; the verdict lacks what it forgot");
        }
        self.judge(up, now);
        unwritten
    }

    fn note_up(&self, up: &[Timestamp]) -> Vec<Timestamp> {
        let mut unwritten = up;
        while let Some((at, others)) = unwritten.split_first() {
            if let Err(error) = self.sinks.ledger.beat(*at) {
                let error: &dyn std::error::Error = &error;
                warn!(error, "the minute could not be noted as observed");
                break;
            }
            unwritten = others;
        }
        unwritten.to_vec()
    }

    /// A clock that was days ahead has made the verdict forget what is in the ledger still.
    fn judge_anew_after(&self, now: Timestamp) -> Result<(), AppError> {
        let known = self.sinks.verdict.load();
        if !known.is_ahead_of(now) {
            return Ok(());
        }
        // As a reload does: no call goes into the old verdict meanwhile.
        let _batch = lock(&self.sinks.batch);
        let anew = verdict(
            &self.config.load(),
            &self.sinks.ledger,
            Some(known.stored()),
        )?;
        warn!(%now, "the clock went back by days: the verdict has been read again");
        let anew = anew.counting_on(&known);
        self.sinks.verdict.store(Arc::new(anew));
        Ok(())
    }

    fn judge(&self, up: &[Timestamp], now: Timestamp) {
        let verdict = self.sinks.verdict.load();
        verdict.load([], up.iter().map(|at| at.as_second().div_euclid(60)));
        if !verdict.tick(now) {
            return;
        }
        let minutes = gauges::minutes(&verdict.report());
        self.sinks.metrics.hosted(&minutes);
        match self.told(&verdict, now) {
            Ok(()) => self.keep_states(&verdict),
            // The states are not kept before their switches are: a start decides these days again.
            Err(error) => freeze::waits(&error),
        }
        // Budgets and prices are told of also where a statement waits.
        self.alerts.decide(now, &verdict.report());
    }

    fn keep_states(&self, verdict: &Verdict) {
        let kept = serde_json::to_string(&verdict.stored())
            .map_err(|error| error.to_string())
            .and_then(|states| {
                let kept = self.sinks.ledger.keep(STATES, &states);
                kept.map_err(|error| error.to_string())
            });
        if let Err(error) = kept {
            error!(%error, "the verdict's state could not be stored");
        }
    }

    /// Opens the ledger that a failed write let go of. The next call's batch would do so; but where
    /// it was no call's write, `/readyz` sends calls elsewhere, and none would come.
    fn open_again(&self) {
        let ledger = &self.sinks.ledger;
        if ledger.healthy() || self.meter.waiting(self.proxy.calls_in_flight()) > 0 {
            return;
        }
        let _batch = lock(&self.sinks.batch);
        if let Err(error) = ledger.apply(&[]) {
            let error: &dyn std::error::Error = &error;
            warn!(error, "the ledger cannot be opened again yet");
        }
    }

    /// Freezes what switched, and adds to the record what came.
    fn told(&self, verdict: &Verdict, now: Timestamp) -> Result<(), AppError> {
        let (config, ledger) = (self.config.load(), &self.sinks.ledger);
        let frozen = freeze::tell(verdict, &config, ledger)?;
        track::look(ledger, &config.server.data_dir, &frozen, now)
    }

    pub(super) fn reload(&self) -> Result<(), Vec<String>> {
        let admin = lock(&self.admin);
        let (files, taken) = match (self.load)() {
            Ok(config) => (config.files.clone(), self.take_over(config, admin.as_ref())),
            Err(problems) => {
                let lines = problems.lines();
                (problems.files, Err(lines))
            }
        };
        self.files.store(Arc::new(files));
        match &taken {
            Ok(()) => {
                self.sinks.metrics.config_loaded(now());
                info!("configuration taken over");
            }
            Err(problems) => {
                self.sinks.metrics.config_refused();
                for problem in problems {
                    error!(problem, "configuration refused; the old one stays");
                }
            }
        }
        taken
    }

    /// The files of the configuration as they were when it was last read; none if nobody is to look
    /// whether they change.
    pub(super) fn watched(&self) -> Option<Arc<Files>> {
        let watch = self.config.load().server.watch;
        watch.then(|| self.files.load_full())
    }

    fn take_over(
        &self,
        config: Config,
        admin: Option<&(Admin, SocketAddr)>,
    ) -> Result<(), Vec<String>> {
        let said = |error: &dyn std::error::Error| vec![error.to_string()];
        let proxy = settings::proxy(&config).map_err(|error| said(&error))?;
        let alerts = settings::alerts(&config).map_err(|error| said(&error))?;
        // No batch goes into the old verdict while the new one is made and put in its place.
        let _batch = lock(&self.sinks.batch);
        let verdict = self.judged_by(&config).map_err(|error| said(&error))?;
        let alerts = Alerts::links(&alerts).map_err(|error| said(&error))?;
        let measured =
            measured::prepare(&config, &self.sinks.ledger).map_err(|error| said(&error))?;
        // The last thing that can fail.
        self.proxy.reload(proxy).map_err(|error| said(&error))?;
        self.alerts.reload(alerts);
        self.measured.take(measured);
        if let Some(verdict) = verdict {
            self.sinks.verdict.store(Arc::new(verdict));
        }
        if let Some((admin, at)) = admin {
            admin.set_access(settings::access(&config, *at));
        }
        for key in show::needs_restart(&self.config.load(), &config) {
            warn!(key, "this change takes effect at the next start");
        }
        self.sinks
            .metrics
            .preset(&settings::metrics(&config, Vec::new()));
        self.config.store(Arc::new(config));
        Ok(())
    }

    /// Why totals cannot be told.
    fn refused(&self, error: LedgerError) -> SourceError {
        match show::refusal(&self.sinks.ledger, &error) {
            Some(refusal) => SourceError::Refused(refusal),
            None => unreadable(error),
        }
    }

    /// The verdict by the plans of a configuration, if they are others than now.
    fn judged_by(&self, config: &Config) -> Result<Option<Verdict>, AppError> {
        if settings::verdict(config) == settings::verdict(&self.config.load()) {
            return Ok(None);
        }
        let states = self.sinks.verdict.load().stored();
        let news = self.sinks.verdict.load().take_news();
        let verdict = verdict(config, &self.sinks.ledger, Some(states))?;
        verdict.put_back(news);
        Ok(Some(verdict.counting_on(&self.sinks.verdict.load())))
    }
}

/// The verdict over all that the ledger has kept, with these states or the kept ones.
pub(super) fn verdict(
    config: &Config,
    ledger: &Ledger,
    states: Option<States>,
) -> Result<Verdict, AppError> {
    let verdict = judged(config, ledger, states)?;
    super::running::load(&verdict, ledger, now())?;
    Ok(verdict)
}

/// The verdict over the demand that the ledger has kept, with these states or the kept ones.
fn judged(config: &Config, ledger: &Ledger, states: Option<States>) -> Result<Verdict, AppError> {
    let states = match (states, ledger.kept(STATES)?) {
        (Some(states), _) => states,
        (None, Some(text)) => serde_json::from_str(&text).unwrap_or_else(|error| {
            error!(%error, "the verdict's stored state cannot be read; it begins anew");
            States::default()
        }),
        (None, None) => States::default(),
    };
    let verdict = Verdict::new(settings::verdict(config), states);
    super::demand::kept(ledger, now(), |kept, up| verdict.load(kept, up))?;
    Ok(verdict)
}

impl Source for Shared {
    fn now(&self) -> Timestamp {
        now()
    }

    fn timezone(&self) -> TimeZone {
        // The one that the days were made in; a reload does not change it.
        self.sinks.ledger.timezone().clone()
    }

    fn metrics(&self, format: Format) -> String {
        let Sinks {
            ledger,
            metrics,
            verdict,
            ..
        } = &self.sinks;
        let at = now();
        let waiting = self.meter.waiting(self.proxy.calls_in_flight());
        let stats = ledger.stats();
        metrics.set_ledger(LedgerGauges {
            pending_records: u64::try_from(waiting).unwrap_or(u64::MAX),
            size_bytes: show::bytes_on_disk(&self.config.load().server.data_dir),
            journal_errors: self.journal.stats().errors,
            damage: stats.damage,
            close_failed: stats.close_failed,
        });
        metrics.set_counts(CountGauges {
            text_held_bytes: u64::try_from(self.texts.held()).unwrap_or(u64::MAX),
            texts_dropped: self.texts.dropped(),
            drift: self.audit.drift(),
        });
        metrics.set_messages(show::messages(&self.alerts));
        metrics.set_spend(show::spend(ledger, at));
        metrics.set_budgets(show::budgets(&self.config.load()));
        metrics.set_reserved(reserved::rows(&self.config.load().prices, ledger, at));
        // Recent days are in memory; without the disk there is no error.
        let models = show::models(ledger, at).unwrap_or_default();
        let prices = gauges::api_prices(&self.config.load(), &models, at);
        let verdict = verdict.load();
        let report = verdict.report();
        metrics.set_verdict(VerdictGauges {
            hosting: super::running::gauges(&verdict, &report),
            ..gauges::of(&report, prices)
        });
        metrics.set_measured(measured::gauges(&self.measured, at));
        metrics.render(format, at)
    }

    fn audit(&self) -> serde_json::Value {
        show::audit(&self.audit)
    }

    fn ready(&self) -> Result<(), String> {
        let health = [
            (
                !self.proxy.is_draining(),
                "draining: no new call is taken, those in flight may end",
            ),
            (self.journal.healthy(), "the journal cannot be written"),
            (self.sinks.ledger.healthy(), "the ledger cannot be written"),
            (
                self.recorder.beats(),
                "the recorder has ended; restart tollgate",
            ),
        ];
        let lacks = health.into_iter().find(|(is_well, _)| !is_well);
        lacks.map_or(Ok(()), |(_, what)| Err(what.to_owned()))
    }

    fn reload(&self) -> Result<(), Vec<String>> {
        Self::reload(self)
    }

    fn dimensions(&self) -> BTreeSet<String> {
        show::dimensions(&self.config.load(), &self.sinks.ledger)
    }

    fn sums(&self, asked: &TotalsQuery) -> Result<Vec<Rollup>, SourceError> {
        let read = show::sums(&self.sinks.ledger, asked);
        read.map_err(|error| self.refused(error))
    }

    fn reserved(&self, asked: &TotalsQuery) -> Result<Vec<Reserved>, SourceError> {
        let spent = reserved::spent(&self.config.load().prices, &self.sinks.ledger, asked, now());
        spent.map_err(|error| self.refused(error))
    }

    fn calls(&self, query: &CallsQuery) -> Result<CallsPage, SourceError> {
        show::calls(&self.sinks.ledger, query).map_err(unreadable)
    }

    fn missing_rows(&self, since: Option<Timestamp>, until: Option<Timestamp>) -> Vec<String> {
        show::missing_rows(&self.sinks.ledger, since, until)
    }

    fn breakeven(&self) -> Result<serde_json::Value, SourceError> {
        let answer = breakeven::json(&arm_prices::priced(
            &self.sinks.verdict.load().report(),
            &self.config.load(),
        ));
        Ok(measured::beside(answer, &self.measured, now()))
    }

    fn what_if(&self, edits: &Edits) -> Result<serde_json::Value, SourceError> {
        let answer = what_if::json(&self.config.load(), &self.sinks.ledger, edits, now());
        answer.map_err(|error| match error {
            WhatIfError::Refused(refusal) => SourceError::Refused(refusal),
            WhatIfError::Ledger(error) => unreadable(error),
        })
    }

    fn verdicts(&self) -> Result<serde_json::Value, SourceError> {
        let data_dir = &self.config.load().server.data_dir;
        track::json(&self.sinks.ledger, data_dir).map_err(|error| SourceError::Unreadable {
            what: "record of verdicts",
            source: Box::new(error),
        })
    }

    fn past(&self, asked: &PastQuery) -> Result<serde_json::Value, SourceError> {
        let answer = past::json(&self.config.load(), &self.sinks.ledger, asked, now());
        answer.map_err(|error| match error {
            PastError::Refused(refusal) => SourceError::Refused(refusal),
            PastError::Ledger(error) => unreadable(error),
        })
    }

    fn unknown(&self) -> serde_json::Value {
        unknown::json(self.began, self.meter.unknown())
    }

    fn prices(&self) -> Arc<PriceBook> {
        Arc::clone(&self.config.load().prices)
    }

    fn reprice(&self, asked: &RepriceQuery) -> Result<serde_json::Value, SourceError> {
        self.repricing.start(&self.sinks, &self.config, asked)
    }

    fn repricing(&self) -> serde_json::Value {
        self.repricing.json()
    }

    fn hangs(&self) -> Option<String> {
        let unsynced = self.journal.stats().unsynced;
        let journal = (unsynced >= SYNC_WAIT_MAX).then(|| {
            let seconds = unsynced.as_secs();
            format!("the journal has not been synced for {seconds} s")
        });
        let database = self.sinks.ledger.hangs();
        database.map(|hangs| hangs.to_string()).or(journal)
    }
}

/// What is behind these locks is whole whatever happened to the thread that held them.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn unreadable(error: LedgerError) -> SourceError {
    let what = "ledger";
    if matches!(error, LedgerError::Hangs { .. } | LedgerError::Closed) {
        let why = error.to_string();
        return SourceError::Waits { what, why };
    }
    let source = Box::new(error);
    SourceError::Unreadable { what, source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::CallRecord;
    use crate::config::{self, Overrides};
    use crate::ledger::Entry;

    #[test]
    fn a_new_verdict_has_the_calls_of_the_running_minute() {
        let dir = tempfile::TempDir::new().unwrap();
        let data_dir = Some(dir.path().to_owned());
        let overrides = Overrides {
            data_dir,
            ..Overrides::default()
        };
        let config = config::load(None, &overrides).unwrap();
        let (ledger, _) = Ledger::open(settings::ledger(&config, None)).unwrap();
        let cost_usd = Some(crate::money::Pico(7));
        let call = CallRecord {
            started_at: now(),
            cost_usd,
            ..crate::call::tests::full()
        };
        ledger.apply(&[(1, Entry::Ended(&call))]).unwrap();
        let verdict = verdict(&config, &ledger, None).unwrap();
        verdict.tick(now() + jiff::SignedDuration::from_mins(1));
        let windows = verdict.report().windows.clone();
        let costs: Vec<_> = windows.iter().map(|window| window.api_cost).collect();
        assert!(
            !costs.is_empty() && costs.iter().all(|cost| Some(*cost) == cost_usd),
            "{costs:?}"
        );
    }
}
