//! Every metric name, label and help text; nobody else knows Prometheus.
//!
//! Inside are integers: tokens, picodollars, milliseconds. A float is made when a scrape is
//! written. What is not known has no series; what is known to be zero is shown as 0 from the start,
//! because `increase()` does not see a series that first appears above it. Names and help texts
//! stand in `family`, and `tests/golden/metrics.txt` shows them all.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use crate::call::{CallRecord, Role};
use crate::money::Pico;

mod exposition;
mod family;
mod fixed;
mod gauges;
mod histogram;
mod hosting;
mod hosting_runs;
mod labels;
mod measured;
mod openmetrics;
mod path;
mod render;
mod running;
mod tally;
mod tokens;

pub use family::{ALL, Family, Kind};
pub use gauges::{
    AlertGauge, AlternativeGauge, CountGauges, DriftGauge, LedgerGauges, MessageGauges, PlanGauges,
    PlanInfo, PlanMinute, PriceDate, ReservedRow, ScenarioGauges, SpendRow, VerdictGauges,
    WindowGauges,
};
pub use hosting_runs::{HostingGauges, HostingWindowGauges};
pub use measured::{MeasuredGauges, MeasuredWindow};
pub use path::{Gate, LateEnd, Stage, Unmetered, UsageAsked};
pub use render::Format;

use histogram::{FLUSH_US, Histogram};
use labels::Labels;
use path::{Gates, Overhead};
use running::Running;
use tally::Tally;

/// What configuration says about metrics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The configured upstreams: shown at 0 before their first call.
    pub upstreams: Vec<(String, Role)>,
    /// (upstream, model) pairs configured or seen in the last days: shown at 0 for each tenant.
    pub models: Vec<(String, String)>,
    /// The configured tenants: all others are `other`.
    pub tenants: Vec<String>,
    /// How many values of one label are told apart.
    pub label_values_max: usize,
}

impl Default for Settings {
    fn default() -> Self {
        let none = Vec::new();
        Self {
            upstreams: Vec::new(),
            models: Vec::new(),
            tenants: none,
            label_values_max: 200,
        }
    }
}

/// The metrics of this process; clones show the same numbers.
#[derive(Clone, Debug)]
pub struct Metrics(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    tally: Mutex<Tally>,
    gates: Gates,
    overhead: Overhead,
    own: Mutex<Own>,
    shown: Mutex<Shown>,
}

/// What is observed about this process itself.
#[derive(Debug)]
struct Own {
    ledger_flush: Histogram,
    count_failures: u64,
    answers: BTreeMap<&'static str, u64>,
    hosting: Running,
}

/// What was set last.
#[derive(Debug, Default)]
struct Shown {
    spend: Vec<SpendRow>,
    month_elapsed: Option<f64>,
    budgets: Vec<(String, Pico)>,
    reserved: Vec<ReservedRow>,
    verdict: VerdictGauges,
    measured: Vec<MeasuredGauges>,
    ledger: LedgerGauges,
    counts: CountGauges,
    messages: MessageGauges,
    reload_failed: bool,
    loaded_at: Option<Timestamp>,
}

impl Metrics {
    /// Metrics that have counted nothing yet.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        let own = Own {
            ledger_flush: Histogram::new(&FLUSH_US),
            count_failures: 0,
            answers: BTreeMap::new(),
            hosting: Running::default(),
        };
        let metrics = Self(Arc::new(Inner {
            tally: Mutex::new(Tally::new(Labels::new(settings.label_values_max))),
            gates: Gates::default(),
            overhead: Overhead::default(),
            own: Mutex::new(own),
            shown: Mutex::default(),
        }));
        metrics.preset(settings);
        metrics
    }

    /// Shows at 0 what the settings name, at the start and after a reload; counts stay.
    pub fn preset(&self, settings: &Settings) {
        let mut tally = lock(&self.0.tally);
        for tenant in &settings.tenants {
            tally.labels.add_tenant(tenant);
        }
        for (upstream, role) in &settings.upstreams {
            tally.preset_upstream(upstream, *role);
            self.0.gates.gate(upstream);
        }
        for (upstream, model) in &settings.models {
            tally.preset_model(upstream, model);
        }
    }

    /// Adds one finished call.
    pub fn record(&self, call: &CallRecord) {
        lock(&self.0.tally).add(call);
    }

    /// The counters of an upstream's path; the same ones for the same name.
    #[must_use]
    pub fn gate(&self, upstream: &str) -> Arc<Gate> {
        self.0.gates.gate(upstream)
    }

    /// Counts a call that was answered here, by a reason of the proxy.
    pub fn answered_by_us(&self, reason: &'static str) {
        let mut own = lock(&self.0.own);
        let answers = own.answers.entry(reason).or_default();
        *answers = answers.saturating_add(1);
    }

    /// Counts an answer whose last bytes did not wait for the ledger.
    pub fn late_end(&self, upstream: &str, reason: LateEnd) {
        self.0.gates.gate(upstream).count_late_end(reason);
    }

    /// Adds time that the proxy itself took for a call.
    pub fn overhead(&self, stage: Stage, took: Duration) {
        self.0.overhead.observe(stage, micros(took));
    }

    /// Adds one durable write of the ledger.
    pub fn ledger_flushed(&self, took: Duration) {
        lock(&self.0.own).ledger_flush.observe(micros(took));
    }

    /// Counts a call that could not be counted because counting failed.
    pub fn count_failed(&self) {
        let mut own = lock(&self.0.own);
        own.count_failures = own.count_failures.saturating_add(1);
    }

    /// Shows what keeping and counting texts came to.
    pub fn set_counts(&self, counts: CountGauges) {
        lock(&self.0.shown).counts = counts;
    }

    /// Shows what became of the messages that tollgate sends by itself.
    pub fn set_messages(&self, messages: MessageGauges) {
        lock(&self.0.shown).messages = messages;
    }

    /// Shows the state of the ledger.
    pub fn set_ledger(&self, ledger: LedgerGauges) {
        lock(&self.0.shown).ledger = ledger;
    }

    /// Shows the ledger's totals; replaces those shown before.
    pub fn set_spend(&self, rows: Vec<SpendRow>) {
        lock(&self.0.shown).spend = rows;
    }

    /// Shows how much of the reporting time zone's month is over, in 0..1; `None` shows nothing.
    pub fn set_month_elapsed(&self, ratio: Option<f64>) {
        lock(&self.0.shown).month_elapsed = ratio;
    }

    /// Shows the monthly budgets of tenants, all configured; replaces those shown before.
    pub fn set_budgets(&self, budgets: Vec<(String, Pico)>) {
        lock(&self.0.shown).budgets = budgets;
    }

    /// Shows what is reserved; replaces what was shown before.
    pub fn set_reserved(&self, rows: Vec<ReservedRow>) {
        lock(&self.0.shown).reserved = rows;
    }

    /// Shows what hosting would cost; replaces what was shown before.
    pub fn set_verdict(&self, verdict: VerdictGauges) {
        lock(&self.0.shown).verdict = verdict;
    }

    /// Adds a closed minute to the running totals of hosting.
    pub fn hosted(&self, minutes: &[PlanMinute]) {
        lock(&self.0.own).hosting.add(minutes);
    }

    /// Shows what servers say of themselves; replaces what was shown before.
    pub fn set_measured(&self, measured: Vec<MeasuredGauges>) {
        lock(&self.0.shown).measured = measured;
    }

    /// Notes that the configuration was loaded.
    pub fn config_loaded(&self, at: Timestamp) {
        let mut shown = lock(&self.0.shown);
        shown.reload_failed = false;
        shown.loaded_at = Some(at);
    }

    /// Notes that a new configuration was refused and the old one stays.
    pub fn config_refused(&self) {
        lock(&self.0.shown).reload_failed = true;
    }
}

/// A panic elsewhere must not stop the counting: the numbers behind a lock are always whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn micros(took: Duration) -> u64 {
    u64::try_from(took.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
