//! What the admin listener shows, the tick moves on, and a reload changes.

mod look;
mod reload;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::arm_prices;
use super::past::{self, PastError};
use super::reprice::Repricing;
use super::what_if::{self, WhatIfError};
use super::{Loader, breakeven, gauges, measured, now, ran, reserved, show, track, unknown};
use crate::admin::{
    Admin, CallsPage, CallsQuery, Hosting, PastQuery, RepriceQuery, Reserved, Source, SourceError,
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
use crate::recorder::{Audit, Pulse, Sinks, Tokenizers};
use crate::wire::TextBudget;

/// A journal that is not synced for longer hangs; it is, every 20 ms.
const SYNC_WAIT_MAX: Duration = Duration::from_secs(5);

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
    tokenizers: Arc<ArcSwap<Tokenizers>>,
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
    pub(super) tokenizers: Arc<ArcSwap<Tokenizers>>,
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
            tokenizers,
            alerts,
            measured,
        } = parts;
        arm_prices::tell_of_slips(&config, now());
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
            tokenizers,
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
    pub(super) fn keep_measured(&self) {
        measured::keep(self.measured.take_due(now()), &self.sinks.ledger);
    }

    /// Writes down all that was measured, at the stop.
    pub(super) fn keep_all_measured(&self) {
        measured::keep(self.measured.take_unkept(now()), &self.sinks.ledger);
    }

    /// Why totals cannot be told.
    fn refused(&self, error: LedgerError) -> SourceError {
        match show::refusal(&self.sinks.ledger, &error) {
            Some(refusal) => SourceError::Refused(refusal),
            None => unreadable(error),
        }
    }
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
            errors: stats.errors.saturating_add(self.journal.stats().errors),
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
        metrics.set_month_elapsed(show::month_elapsed(at, ledger.timezone()));
        metrics.set_budgets(show::budgets(&self.config.load()));
        metrics.set_reserved(reserved::rows(&self.config.load().prices, ledger, at));
        // Recent days are in memory; without the disk there is no error.
        let models = show::models(ledger, at).unwrap_or_default();
        let prices = arm_prices::dates(&self.config.load(), &models, at);
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

    fn hosting(&self, asked: &TotalsQuery) -> Result<Vec<Hosting>, SourceError> {
        let verdict = self.sinks.verdict.load();
        let ran = ran::live(&verdict, &self.sinks.ledger, asked, now());
        ran.map_err(|error| self.refused(error))
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
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
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
