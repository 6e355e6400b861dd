//! What the listener can show and do; `app` connects it to the rooms that know.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::{Timestamp, tz::TimeZone};

use super::answer::Refusal;
use super::by::TotalsQuery;
use super::hosting::Hosting;
use super::past::PastQuery;
use super::reprice::RepriceQuery;
use super::reserved::Reserved;
use crate::call::CallRecord;
use crate::economics::edits::Edits;
use crate::ledger::Rollup;
use crate::metrics::Format;
use crate::pricing::PriceBook;

/// Everything behind the listener. Methods may read the disk: they are called off the event loop.
pub trait Source: Send + Sync + 'static {
    /// The time.
    fn now(&self) -> Timestamp;
    /// The zone in which days begin and end.
    fn timezone(&self) -> TimeZone;
    /// All metrics as a scraper reads them.
    fn metrics(&self, format: Format) -> String;
    /// Whether calls can be taken; else what is missing.
    fn ready(&self) -> Result<(), String>;
    /// Takes the configuration over from its file, whole or not at all; else all its problems.
    fn reload(&self) -> Result<(), Vec<String>>;
    /// The dimensions that calls have.
    fn dimensions(&self) -> BTreeSet<String>;
    /// The ledger's roll-ups, told apart as far as is asked.
    fn sums(&self, asked: &TotalsQuery) -> Result<Vec<Rollup>, SourceError>;
    /// What reserved throughput cost and served in that time.
    fn reserved(&self, asked: &TotalsQuery) -> Result<Vec<Reserved>, SourceError>;
    /// What own hosting cost and saved in that time; nothing where none runs.
    fn hosting(&self, asked: &TotalsQuery) -> Result<Vec<Hosting>, SourceError>;
    /// Finished calls in the order of the ledger, at most `query.limit`.
    fn calls(&self, query: &CallsQuery) -> Result<CallsPage, SourceError>;
    /// What is known to be missing among the rows of a part of time, in words.
    fn missing_rows(&self, since: Option<Timestamp>, until: Option<Timestamp>) -> Vec<String>;
    /// Projections, verdicts in words, and the evidence they stand on.
    fn breakeven(&self) -> Result<serde_json::Value, SourceError>;
    /// The traffic of a month with other assumptions, beside itself; reads the demand from the ledger.
    fn what_if(&self, edits: &Edits) -> Result<serde_json::Value, SourceError>;
    /// What each switch of a state said, and what came since.
    fn verdicts(&self) -> Result<serde_json::Value, SourceError>;
    /// Every month that is kept, by the plans as they are now; reads the hours from the ledger.
    fn past(&self, asked: &PastQuery) -> Result<serde_json::Value, SourceError>;
    /// The calls that could not be read, by kind.
    fn unknown(&self) -> serde_json::Value;
    /// What reported calls came to when they were counted too.
    fn audit(&self) -> serde_json::Value;
    /// The prices that calls are billed by now.
    fn prices(&self) -> Arc<PriceBook>;
    /// Begins to price calls again, in a thread of its own; says how far it is.
    fn reprice(&self, asked: &RepriceQuery) -> Result<serde_json::Value, SourceError>;
    /// How far that is, or what became of it.
    fn repricing(&self) -> serde_json::Value;
    /// What the disk does not end at this moment, in words; never waits for it.
    fn hangs(&self) -> Option<String>;
}

/// Which calls to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallsQuery {
    /// Calls that began at this time or later.
    pub since: Option<Timestamp>,
    /// Calls that began before this time.
    pub until: Option<Timestamp>,
    /// How many at most.
    pub limit: usize,
    /// The cursor of the page before.
    pub after: Option<u64>,
}

/// Some calls, and where the rest begins.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CallsPage {
    /// The calls.
    pub calls: Vec<CallRecord>,
    /// The cursor for the next page; absent on the last.
    pub next: Option<u64>,
}

/// Why the source could not answer.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// It failed; the text goes to the log, not to the client.
    #[error("the {what} could not be read")]
    Unreadable {
        /// What was asked for, such as `ledger`.
        what: &'static str,
        /// The reason.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// It does not have what was asked for; the asker is told.
    #[error("{}", .0.message)]
    Refused(Refusal),
    /// It can be read again when the disk answers.
    #[error("the {what} cannot be read now: {why}")]
    Waits {
        /// What was asked for.
        what: &'static str,
        /// What it waits for, in words for the client.
        why: String,
    },
}

impl CallsQuery {
    /// The query string of the page after this one.
    pub(super) fn next_page(&self, next: u64) -> String {
        let Self {
            since,
            until,
            limit,
            after: _,
        } = self;
        let since = since
            .map(|time| format!("since={time}&"))
            .unwrap_or_default();
        let until = until
            .map(|time| format!("until={time}&"))
            .unwrap_or_default();
        format!("{since}{until}limit={limit}&after={next}")
    }
}
