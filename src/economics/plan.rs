#![expect(
    clippy::float_arithmetic,
    reason = "prices become projections here, not bills"
)]
//! A way of hosting, checked: settings that need no further check.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::as_of::AsOf;
use super::assumptions::{Assumptions, Parameter, Point, Range};
use super::catalogue::{Gpu, Shape};
use super::demand::{BUCKET_SECONDS, SLOT_SECONDS};
use super::evaluate::{Policy, Terms};
use super::replicas::Burst;
use super::work::{Coefficients, Conversion, real};
use crate::usage::Capability;

/// Where a plan's coefficients come from, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ThroughputSource {
    /// The user's own load test of the plan.
    Measured,
    /// A published table for the same model, GPU, count and precision.
    Published,
    /// Shapes and data sheets.
    Roofline,
}

impl ThroughputSource {
    /// All sources, best first.
    pub const ALL: [Self; 3] = [Self::Measured, Self::Published, Self::Roofline];

    /// The name used in labels, settings and reports.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Measured => "measured",
            Self::Published => "published",
            Self::Roofline => "roofline",
        }
    }
}

/// How fast a replica is, and how that is known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Throughput {
    /// The kind of source.
    pub source: ThroughputSource,
    /// Seconds per token of each kind.
    pub coefficients: Coefficients,
    /// When the source was last looked at.
    pub as_of: AsOf,
    /// What it is: a table, a load test.
    pub cite: String,
}

/// What a replica costs, used or idle.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReplicaPrice {
    /// Dollars an hour, everything included.
    pub usd_per_hour: f64,
    /// The part of that which pays off money up front; 0 when rented.
    pub purchase_usd_per_hour: f64,
    /// The part of the hourly price that is paid until the term ends, used or not: all of a reservation,
    /// of a bought machine what pays off the purchase; 0 when rented.
    #[serde(default)]
    pub owed_usd_per_hour: f64,
    /// Dollars paid up front for a replica; 0 when rented.
    pub up_front_usd: f64,
    /// Months for which a replica is paid, used or not, at a price that does not fall; absent when it
    /// is rented by the hour.
    pub term_months: Option<u32>,
    /// When the price was last looked at.
    pub as_of: AsOf,
    /// Who says so.
    pub source: String,
}

/// The longest that a hosted output token may take.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum LatencyLimit {
    /// What the calls get from their API today: time from request to end per output token.
    AsToday,
    /// So many seconds.
    Seconds(f64),
}

/// A default moved in favour of hosting: someone answers for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Moved {
    /// Which one.
    pub parameter: Parameter,
    /// What it would have been.
    pub default: Range,
}

/// Who moved defaults in favour of hosting, when and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Basis {
    /// Why: a measurement, an evaluation, a contract.
    pub basis: String,
    /// Who says so.
    pub by: String,
    /// When.
    pub date: Date,
}

/// One way to host: an open model on some machines, with what it replaces and what it costs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HostPlan {
    /// The configured name.
    pub name: String,
    /// Models it may replace, as the provider names them; a dated snapshot of one is that model.
    pub replaces: Vec<String>,
    /// The most it can do; calls that ask for more stay on the API.
    pub serves: Capability,
    /// The open model.
    pub model: Shape,
    /// The kind of GPU.
    pub gpu: Gpu,
    /// GPUs in one replica.
    pub gpus: u32,
    /// The weights' precision.
    pub precision: String,
    /// How fast a replica is.
    pub throughput: Throughput,
    /// What a replica costs.
    pub price: ReplicaPrice,
    /// How replicas follow the demand.
    pub policy: Policy,
    /// Never fewer.
    pub min_replicas: u32,
    /// Never more.
    pub max_replicas: u32,
    /// The limit on the time per output token; only held if the throughput knows how.
    pub latency: LatencyLimit,
    /// How long a first token may wait in a burst; without it the minute rule alone counts.
    pub ttft_slo_seconds: Option<f64>,
    /// The ranges of what is not known.
    pub assumptions: Assumptions,
    /// Which defaults were moved in favour of hosting.
    pub moved: Vec<Moved>,
    /// Who answers for that; present if something was moved.
    pub basis: Option<Basis>,
    /// Which ranges are nobody's measurement: assumptions left as they came.
    pub assumed: Vec<Parameter>,
    /// Fine-tuning, migration, dollars.
    pub one_off_usd: f64,
    /// Months over which up-front money must come back.
    pub amortisation_months: u32,
    /// Gateway, functions, egress: dollars for each hosted call.
    pub usd_per_call: f64,
    /// Less saving than this, dollars a month, is not worth a move.
    pub min_saving_usd_per_month: f64,
    /// Whether the state may ever say "cheaper".
    pub alert: bool,
}

impl HostPlan {
    /// Months in which money that is committed must come back: the term of the machines, or, where
    /// they can be given back, the amortisation of what was paid once.
    #[must_use]
    pub fn term_months(&self) -> u32 {
        self.price.term_months.unwrap_or(self.amortisation_months)
    }

    /// Replicas that always run.
    #[must_use]
    pub const fn replicas_at_least(&self) -> u32 {
        match self.policy {
            Policy::Fixed { replicas } => replicas,
            Policy::Peak { .. }
            | Policy::Auto { .. }
            | Policy::Serverless { .. }
            | Policy::Hybrid => self.min_replicas,
        }
    }

    /// Prices and limits at one point of the assumptions.
    #[must_use]
    pub fn terms(&self, point: &Point) -> Terms {
        Terms {
            utilisation: point.value(Parameter::Utilisation),
            usd_per_replica_hour: self.price.usd_per_hour * point.value(Parameter::GpuPriceFactor),
            min_replicas: self.min_replicas,
            max_replicas: self.max_replicas,
            qualifying_share: point.value(Parameter::QualifyingShare),
            escalation: point.value(Parameter::Escalation),
            ops_usd_per_month: point.value(Parameter::OpsUsdPerMonth),
            one_off_usd: self.one_off_usd,
            amortisation_months: f64::from(self.amortisation_months),
            usd_per_call: self.usd_per_call,
            burst: self.ttft_slo_seconds.map(|ttft_slo_seconds| Burst {
                slot_seconds: seconds(SLOT_SECONDS),
                ttft_slo_seconds,
            }),
        }
    }
}

/// How hosted tokens differ from the metered ones, at one point of the assumptions.
#[must_use]
pub fn conversion(point: &Point) -> Conversion {
    Conversion {
        cached_work_saved: point.value(Parameter::CachedWorkSaved),
        ratio_in: point.value(Parameter::TokenRatioIn),
        ratio_out: point.value(Parameter::TokenRatioOut),
    }
}

/// Length of a bucket as a real number.
#[must_use]
pub fn bucket_seconds() -> f64 {
    seconds(BUCKET_SECONDS)
}

/// A whole number of seconds, not negative.
pub(super) fn seconds(whole: i64) -> f64 {
    real(u128::try_from(whole).unwrap_or_default())
}
