//! What goes into the evaluation of a window, and what comes out.

use serde::{Deserialize, Serialize};

use crate::economics::replicas::Burst;

/// A window of demand as loads: mean number of fully busy replicas per bucket.
#[derive(Clone, Copy, Debug)]
pub struct Profile<'a> {
    /// Length of a bucket, seconds.
    pub bucket_seconds: f64,
    /// Load of each bucket if all of it were hosted.
    pub loads: &'a [f64],
    /// What each bucket cost on the API, dollars.
    pub api_usd: &'a [f64],
    /// Work of each bucket's busiest slot, replica-seconds; only read with a burst bound.
    pub slot_work: &'a [f64],
    /// Calls of each bucket; only read by a serverless policy.
    pub bucket_calls: &'a [f64],
    /// How long each bucket's calls would take alone; only read by a serverless policy.
    pub lone: &'a [Lone],
    /// Calls in the window.
    pub calls: f64,
}

/// How long the calls of a bucket would take one by one on a replica with nothing else to do: a
/// token then takes a reading of all weights, however little arithmetic it is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Lone {
    /// All of them, one after the other, seconds.
    pub seconds: f64,
    /// At most the longest of them, seconds.
    pub longest_seconds: f64,
}

/// The prices and limits of a plan.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Terms {
    /// u: a replica is full at this load, above 0 and at most 1.
    pub utilisation: f64,
    /// Dollars an hour for a replica, used or idle.
    pub usd_per_replica_hour: f64,
    /// Never fewer replicas.
    pub min_replicas: u32,
    /// Never more replicas.
    pub max_replicas: u32,
    /// q: the part of the traffic that the plan may take, above 0 and at most 1.
    pub qualifying_share: f64,
    /// e: the part of hosted calls repeated on the API because the answer was not good enough.
    pub escalation: f64,
    /// People.
    pub ops_usd_per_month: f64,
    /// Fine-tuning, migration.
    pub one_off_usd: f64,
    /// Months over which the one-off cost is spread; read only if there is one.
    pub amortisation_months: f64,
    /// Gateway, functions, egress: dollars for each hosted call.
    pub usd_per_call: f64,
    /// The bound on how long a burst may wait, if there is one.
    pub burst: Option<Burst>,
}

/// How the number of replicas follows the demand.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Policy {
    /// So many, all the time.
    Fixed {
        /// How many.
        replicas: u32,
    },
    /// As many all the time as the window's peak needs.
    Peak {
        /// Which bucket is the peak, above 0; 1 is the maximum.
        quantile: f64,
    },
    /// A reactive scaler.
    Auto {
        /// Buckets from the one after a start was asked for until it can serve.
        warm_buckets: usize,
        /// Buckets a want must have been lower before a replica stops.
        cool_buckets: usize,
    },
    /// Paid for while replicas are up, and gone when nobody calls. A cold start delays the first
    /// token; that is not modelled,
    /// and neither is what a start costs.
    Serverless {
        /// How long a replica stays up after a call.
        idle_seconds: f64,
    },
    /// A constant base, the rest stays on the API; the base is the cheapest one.
    Hybrid,
}

impl Policy {
    /// The name used in labels, settings and reports.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Fixed { .. } => "fixed",
            Self::Peak { .. } => "peak",
            Self::Auto { .. } => "auto",
            Self::Serverless { .. } => "serverless",
            Self::Hybrid => "hybrid",
        }
    }
}

/// What a window would have cost.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Outcome {
    /// What was paid to the API.
    pub api_usd: f64,
    /// What would have been paid, everything included.
    pub selfhost_usd: f64,
    /// The difference; negative when hosting costs more.
    pub savings_usd: f64,
    /// Savings over API cost; absent when the API cost nothing.
    pub savings_ratio: Option<f64>,
    /// Replica-hours paid for; not whole ones where replicas come and go.
    pub replica_hours: f64,
    /// API cost of what the replicas could not have served.
    pub overflow_api_usd: f64,
    /// The part of `selfhost_usd` that is still paid to the API.
    pub residual_usd: f64,
    /// Work done over replica time paid for; absent without replicas.
    pub utilisation: Option<f64>,
    /// The part of buckets in which the replicas were short.
    pub short_bucket_share: f64,
    /// The replicas: the constant number, or the most a scaler had.
    pub replicas: u32,
}
