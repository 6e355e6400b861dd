//! Answers from a data directory in which nothing runs.

use std::ops::ControlFlow;

use jiff::Timestamp;
use serde_json::Value;

use super::{
    AppError, anew, breakeven, measured, now, past, ran, reprice, reserved, settings, show, track,
    what_if,
};
use crate::admin::{
    Clock, PastQuery, RepriceQuery, TotalsQuery, totals, what_if_query, with_hosting,
};
use crate::call::CallRecord;
use crate::config::Config;
use crate::journal::Journal;
use crate::ledger::{Ledger, Progress};
use crate::recorder::Audit;

/// The ledger of a data directory, opened for reading.
///
/// Opening counts what the journal has beyond it, as a start would, and locks out a start meanwhile.
pub struct Offline {
    config: Config,
    ledger: Ledger,
}

impl Offline {
    /// Opens what `config` names.
    ///
    /// # Errors
    /// The ledger's, when it is missing, in use or cannot be read.
    pub fn open(config: Config) -> Result<Self, AppError> {
        exists(&config)?;
        // Cuts what a crash left half written, as a start does: numbers must not be given twice.
        Journal::<()>::open(settings::journal(&config), |_, ()| {})?.close();
        let (ledger, recovery) = Ledger::open(settings::ledger(&config, None))?;
        super::open::tell(&recovery);
        Ok(Self { config, ledger })
    }

    /// What `/api/v1/totals` would answer to a query.
    ///
    /// # Errors
    /// The query's, and the ledger's.
    pub fn totals(&self, query: &str) -> Result<Value, AppError> {
        let zone = self.ledger.timezone().clone();
        let clock = Clock { now: now(), zone };
        let dimensions = show::dimensions(&self.config, &self.ledger);
        let asked = TotalsQuery::read(Some(query), &clock, &dimensions).map_err(AppError::Query)?;
        let refused = |error| {
            let refusal = show::refusal(&self.ledger, &error);
            refusal.map_or_else(|| error.into(), AppError::Query)
        };
        let read = show::sums(&self.ledger, &asked).map_err(refused)?;
        let prices = &self.config.prices;
        let reserved = reserved::spent(prices, &self.ledger, &asked, clock.now).map_err(refused)?;
        let missing = show::missing_rows(&self.ledger, asked.since, asked.until);
        let hosting = ran::at_rest(&self.config, &self.ledger, &asked, clock.now);
        let hosting = hosting.map_err(|error| error.to_string());
        let answer = totals(&asked, &clock.zone, &read, &reserved, &missing);
        Ok(with_hosting(answer, hosting))
    }

    /// Every call that arrived in `since..until`, in the order of the journal, until `each` breaks.
    ///
    /// # Errors
    /// The ledger's; what was given before stands.
    pub fn calls(
        &self,
        since: Timestamp,
        until: Timestamp,
        each: &mut dyn FnMut(&CallRecord) -> ControlFlow<()>,
    ) -> Result<(), AppError> {
        for row in self.ledger.rows(since, until, 0)? {
            if each(&row?.1).is_break() {
                break;
            }
        }
        Ok(())
    }

    /// Prices the calls again that a query of `/api/v1/reprice` asks for; `watch` is told how far it is,
    /// and ends it by false.
    ///
    /// # Errors
    /// The query's, and the ledger's.
    pub fn reprice(
        &self,
        query: &str,
        watch: &mut dyn FnMut(Progress) -> bool,
    ) -> Result<Value, AppError> {
        let zone = self.ledger.timezone().clone();
        let clock = Clock { now: now(), zone };
        let asked = RepriceQuery::read(Some(query), &clock).map_err(AppError::Query)?;
        let done = reprice::run(&self.ledger, &self.config, &asked, watch)?;
        self.ledger.close()?;
        Ok(done)
    }

    /// What `/api/v1/audit` would answer.
    ///
    /// # Errors
    /// The ledger's.
    pub fn audit(&self) -> Result<Value, AppError> {
        Ok(show::audit(&Audit::kept(&self.ledger)?))
    }

    /// What `/api/v1/whatif` would answer to a query.
    ///
    /// # Errors
    /// The query's, and the ledger's.
    pub fn what_if(&self, query: &str) -> Result<Value, AppError> {
        let edits = what_if_query(Some(query)).map_err(AppError::Query)?;
        Ok(what_if::json(&self.config, &self.ledger, &edits, now())?)
    }

    /// What `/api/v1/verdicts` would answer.
    ///
    /// # Errors
    /// The ledger's, or the file system's.
    pub fn verdicts(&self) -> Result<Value, AppError> {
        track::json(&self.ledger, &self.config.server.data_dir)
    }

    /// What `/api/v1/verdict/past` would answer to a query.
    ///
    /// # Errors
    /// The query's, and the ledger's.
    pub fn past(&self, query: &str) -> Result<Value, AppError> {
        let asked = PastQuery::read(Some(query)).map_err(AppError::Query)?;
        Ok(past::json(&self.config, &self.ledger, &asked, now())?)
    }

    /// What `/api/v1/breakeven` would answer.
    ///
    /// # Errors
    /// The ledger's.
    pub fn breakeven(&self) -> Result<Value, AppError> {
        let verdict = anew::verdict(&self.config, &self.ledger, None)?;
        let measured = measured::new(&self.config, &self.ledger)?;
        let plans = &verdict.settings().running;
        verdict.see_servers(measured::servers(&measured, plans, now()));
        verdict.tick(now());
        Ok(measured::beside(
            breakeven::json(&super::arm_prices::priced(&verdict.report(), &self.config)),
            &measured,
            now(),
        ))
    }
}

/// Refuses a folder in which no tollgate has run: reading must not make a ledger.
pub(super) fn exists(config: &Config) -> Result<(), AppError> {
    let path = config.server.data_dir.join(settings::JOURNAL_DIR);
    if path.is_dir() {
        return Ok(());
    }
    let source = std::io::Error::from(std::io::ErrorKind::NotFound);
    Err(AppError::DataDir { path, source })
}
