//! One look at the clock: notes that tollgate is up, and lets the verdict close minutes and decide days.

use jiff::Timestamp;
use tracing::{error, warn};

use super::super::anew::{self, Place};
use super::super::{AppError, freeze, gauges, measured, track};
use super::{Shared, lock};
use crate::verdict::Verdict;

impl Shared {
    /// Moves the clock of ledger and verdict on; `up` has a moment of each minute in which tollgate
    /// was up since. Gives back those that the ledger did not take.
    pub(in crate::app) fn tick(&self, up: &[Timestamp], now: Timestamp) -> Vec<Timestamp> {
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
        if !self.sinks.verdict.load().is_ahead_of(now) {
            return Ok(());
        }
        let place = Place::hold(&self.sinks);
        let anew = place.judged_by(&self.config.load())?;
        warn!(%now, "the clock went back by days: the verdict has been read again");
        place.put(anew);
        Ok(())
    }

    fn judge(&self, up: &[Timestamp], now: Timestamp) {
        let _look = lock(&self.sinks.look);
        let verdict = self.sinks.verdict.load();
        verdict.load([], up.iter().map(|at| at.as_second().div_euclid(60)));
        if verdict.is_due(now) {
            let plans = &verdict.settings().running;
            verdict.see_servers(measured::servers(&self.measured, plans, now));
        }
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
        if let Err(error) = anew::keep_states(&self.sinks.ledger, &verdict.stored()) {
            let error: &dyn std::error::Error = &error;
            error!(error, "the verdict's state could not be stored");
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
        freeze::tell(verdict, &config, ledger, now)?;
        let running = &verdict.settings().running;
        track::look(ledger, &config.server.data_dir, running, now)
    }
}
