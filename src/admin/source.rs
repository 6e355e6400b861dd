//! What the listener can show and do; `app` connects it to the rooms that know.

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use crate::call::{CallRecord, Role};
use crate::metrics::Format;
use crate::money::Pico;

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
    /// Totals of the days, one entry for each day, upstream, model and tenant.
    fn daily(&self, days: Days) -> Result<Vec<DailyTotal>, SourceError>;
    /// Finished calls in the order of the ledger, at most `query.limit`.
    fn calls(&self, query: &CallsQuery) -> Result<CallsPage, SourceError>;
    /// Projections, verdicts in words, and the evidence they stand on.
    fn breakeven(&self) -> Result<serde_json::Value, SourceError>;
}

/// Days in the reporting time zone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Days {
    /// The first day, if there is a first.
    pub since: Option<Date>,
    /// The day after the last, if there is a last.
    pub until: Option<Date>,
}

/// One day of one upstream, model and tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DailyTotal {
    /// The day in the reporting time zone.
    pub day: Date,
    /// The configured name of the upstream.
    pub upstream: String,
    /// What stands behind it.
    pub role: Role,
    /// The model, if the calls had one.
    pub model: Option<String>,
    /// The tenant, if known.
    pub tenant: Option<String>,
    /// What was summed.
    pub sums: Sums,
}

/// Sums over calls: exact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Calls finished.
    pub calls: u64,
    /// Calls that cost money nobody can name.
    pub unpriced_calls: u64,
    /// Billable calls whose tokens nobody knows.
    pub unknown_calls: u64,
    /// Input tokens, cached ones included.
    pub input_tokens: u64,
    /// Part of the input read from cache.
    pub cache_read_tokens: u64,
    /// Part of the input written to cache.
    pub cache_write_tokens: u64,
    /// Output tokens, reasoning included.
    pub output_tokens: u64,
    /// Part of the output that was thought.
    pub reasoning_tokens: u64,
    /// What the priced calls cost, in dollars.
    pub cost_usd: Pico,
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

/// Why the source could not answer; the text goes to the log, not to the client.
#[derive(Debug, thiserror::Error)]
#[error("the {what} could not be read")]
pub struct SourceError {
    /// What was asked for, such as `ledger`.
    pub what: &'static str,
    /// The reason.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
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

impl Sums {
    /// Adds other calls.
    pub fn add(&mut self, other: &Self) {
        let Self {
            calls,
            unpriced_calls,
            unknown_calls,
            input_tokens,
            cache_read_tokens,
            cache_write_tokens,
            output_tokens,
            reasoning_tokens,
            cost_usd,
        } = *other;
        for (sum, more) in [
            (&mut self.calls, calls),
            (&mut self.unpriced_calls, unpriced_calls),
            (&mut self.unknown_calls, unknown_calls),
            (&mut self.input_tokens, input_tokens),
            (&mut self.cache_read_tokens, cache_read_tokens),
            (&mut self.cache_write_tokens, cache_write_tokens),
            (&mut self.output_tokens, output_tokens),
            (&mut self.reasoning_tokens, reasoning_tokens),
        ] {
            *sum = sum.saturating_add(more);
        }
        self.cost_usd += cost_usd;
    }
}
