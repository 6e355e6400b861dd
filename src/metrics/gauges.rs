//! What other rooms know and this one shows: plain inputs, set whole, absent where unknown.

use super::hosting_runs::HostingGauges;
use crate::ledger::Damage;
use jiff::Timestamp;

use crate::money::Pico;

/// Exact spend of one upstream, model and tenant, as the ledger has it.
///
/// Calls to gateways stay out: their providers' rows hold the same money.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SpendRow {
    /// The configured name of the upstream.
    pub upstream: String,
    /// The model as totals name it.
    pub model: Option<String>,
    /// The tenant as totals name it.
    pub tenant: Option<String>,
    /// Since midnight in the reporting time zone.
    pub today: Pico,
    /// The last complete day in the reporting time zone.
    pub yesterday: Pico,
    /// Since the first of the month in the reporting time zone.
    pub month: Pico,
    /// Since the ledger was begun.
    pub all_time: Pico,
}

/// What throughput that is paid by the hour has cost, calls or no calls.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReservedRow {
    /// The configured name.
    pub reservation: String,
    /// Since midnight in the reporting time zone.
    pub today: Pico,
    /// The last complete day in the reporting time zone.
    pub yesterday: Pico,
    /// Since the first of the month in the reporting time zone.
    pub month: Pico,
    /// Since it began.
    pub all_time: Pico,
    /// What the calls that it served this month are worth by the price list.
    pub month_worth: Pico,
}

/// The state of the ledger.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LedgerGauges {
    /// Finished calls not yet in the totals.
    pub pending_records: u64,
    /// Bytes on disk, journal included, if known.
    pub size_bytes: Option<u64>,
    /// Writes of the ledger, and writes and syncs of its journal, that failed since the start.
    pub errors: u64,
    /// Damage found in the data directory since the start, by its part.
    pub damage: Damage,
    /// The last try to close days failed.
    pub close_failed: bool,
}

/// What keeping and counting texts came to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CountGauges {
    /// Bytes of text that calls keep.
    pub text_held_bytes: u64,
    /// Texts dropped since the start for want of room.
    pub texts_dropped: u64,
    /// What a second count came to.
    pub drift: Vec<DriftGauge>,
}

/// What became of the messages that tollgate sends by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageGauges {
    /// Messages that wait to be delivered.
    pub pending: u64,
    /// By receiver and outcome, both from configuration and an enum: how often since the start.
    pub sent: Vec<(String, &'static str, u64)>,
}

/// A second count of reported calls.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DriftGauge {
    /// The configured name of the upstream.
    pub upstream: String,
    /// The model that answered.
    pub model: String,
    /// `input` or `output`.
    pub class: &'static str,
    /// How many were counted.
    pub calls: u64,
    /// What the count came to.
    pub counted: u64,
    /// What the provider had said; above 0.
    pub reported: u64,
}

impl DriftGauge {
    /// Counted over reported.
    #[must_use]
    #[expect(
        clippy::float_arithmetic,
        reason = "a ratio that is shown; no amount of money is computed here"
    )]
    pub fn ratio(&self) -> f64 {
        float(self.counted) / float(self.reported)
    }
}

#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "sums of tokens stay far below 2^53"
)]
fn float(tokens: u64) -> f64 {
    tokens as f64
}

/// The verdict on one plan.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PlanGauges {
    /// The configured name of the plan.
    pub plan: String,
    /// What it is made of.
    pub info: PlanInfo,
    /// The verdict in the words of the room that decides it, such as `not_enough_evidence`.
    pub verdict: Option<&'static str>,
    /// What evidence it still lacks, such as `imported_history`.
    pub lacks: Vec<&'static str>,
    /// Whether hosting is cheaper; absent while there is no verdict.
    pub cheaper: Option<bool>,
    /// Since when it is cheaper; absent while it is not.
    pub cheaper_since: Option<Timestamp>,
    /// Replicas needed, by `now`, `mean`, `p99` and `peak`.
    pub replicas: Vec<(&'static str, f64)>,
    /// Growth a day, by `low`, `expected` and `high`.
    pub growth: Vec<(&'static str, f64)>,
    /// When hosting wins, by scenario.
    pub breakeven_at: Vec<(&'static str, Timestamp)>,
    /// Until money up front is paid back, seconds, by scenario.
    pub payback_seconds: Vec<(&'static str, f64)>,
    /// Volumes from which hosting wins: calls and tokens a day, by `first` and `robust`.
    pub breakeven_volumes: Vec<(&'static str, f64, f64)>,
    /// What a parameter at its `low` and at its `high` end does to the savings, dollars.
    pub sensitivity_usd: Vec<(&'static str, f64, f64)>,
    /// The windows that have been computed.
    pub windows: Vec<WindowGauges>,
}

/// What a plan is made of, in words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlanInfo {
    /// The open model it hosts.
    pub model: String,
    /// The kind of accelerator.
    pub gpu: String,
    /// How many of them make a replica.
    pub gpus: String,
    /// The weights' precision.
    pub precision: String,
    /// How replicas are provided.
    pub policy: String,
    /// Where its throughput is known from.
    pub throughput_source: String,
}

/// One plan over one window of measured traffic.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WindowGauges {
    /// Such as `1d` or `14d`.
    pub window: &'static str,
    /// Measured minutes over all minutes.
    pub coverage_ratio: f64,
    /// What the qualifying calls really cost.
    pub api_cost: Pico,
    /// What they cost for a million of their tokens, dollars.
    pub api_usd_per_mtok: Option<f64>,
    /// What a million hosted tokens cost, idle time included, dollars.
    pub usd_per_mtok: Option<f64>,
    /// Work done over replica time paid for.
    pub utilization_ratio: Option<f64>,
    /// The part of minutes in which replicas were short.
    pub short_ratio: Option<f64>,
    /// Load of the busiest ten seconds over the mean load.
    pub burst_ratio: Option<f64>,
    /// The projections made.
    pub scenarios: Vec<ScenarioGauges>,
}

/// What a closed minute adds to the running totals of a plan; none of it below 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PlanMinute {
    /// The configured name of the plan.
    pub plan: String,
    /// What its qualifying calls really cost, dollars.
    pub qualifying_usd: f64,
    /// What they would have cost on the plan, dollars, by scenario.
    pub cost_usd: Vec<(&'static str, f64)>,
    /// Work of its replicas, seconds of a whole one.
    pub work_replica_seconds: f64,
    /// Replicas paid for, seconds of a whole one.
    pub replica_seconds: f64,
    /// API cost of what replicas were short for, dollars.
    pub overflow_usd: f64,
}

/// One projection.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ScenarioGauges {
    /// `pessimistic`, `expected` or `optimistic`.
    pub scenario: &'static str,
    /// What the plan would have cost.
    pub cost_usd: f64,
    /// API cost minus that.
    pub savings_usd: f64,
    /// Savings over API cost; absent where nothing was spent.
    pub savings_ratio: Option<f64>,
}

/// What one way of serving the window's calls costs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AlternativeGauge {
    /// Its configured name; `stay` for staying.
    pub alternative: String,
    /// `stay`, `selfhost`, `endpoint` or `optimised`.
    pub kind: &'static str,
    /// Such as `1d` or `14d`.
    pub window: &'static str,
    /// The cost in dollars.
    pub cost_usd: f64,
}

/// Whether the state of a plan or an endpoint may ever say "cheaper".
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AlertGauge {
    /// Its configured name.
    pub alternative: String,
    /// `selfhost` or `endpoint`.
    pub kind: &'static str,
    /// Off for the examples.
    pub enabled: bool,
}

/// When a price or throughput in use was last checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceDate {
    /// `api`, `fx`, `gpu` or `throughput`.
    pub kind: &'static str,
    /// What it prices.
    pub name: String,
    /// When it was last checked against its source.
    pub checked_at: Timestamp,
}

/// All that is known about hosting.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VerdictGauges {
    /// A verdict for each plan.
    pub plans: Vec<PlanGauges>,
    /// The alternatives compared, over each window.
    pub alternatives: Vec<AlternativeGauge>,
    /// Which of them may be called cheaper.
    pub alerts: Vec<AlertGauge>,
    /// The prices the comparison stands on.
    pub prices: Vec<PriceDate>,
    /// Hosting that runs.
    pub hosting: Vec<HostingGauges>,
}
