//! What the same demand would cost on own hardware, and when that wins; pure arithmetic.
//!
//! Eight sums a minute are enough to replay any plan over the past: nothing here keeps a call,
//! reads a clock or does I/O. Money that was paid stays exact; what would be paid is an `f64`.

pub mod arm;
pub mod as_of;
pub mod assumptions;
pub mod backtest;
pub mod band;
pub mod breakeven;
pub mod calibrate;
pub mod capacity;
pub mod catalogue;
mod check;
pub mod claims;
pub mod cloud;
mod curve;
pub mod decision;
pub mod demand;
pub mod draft;
pub mod edits;
pub mod evaluate;
pub mod forecast;
pub mod growth;
pub mod hosting;
pub mod hysteresis;
pub mod naive;
pub mod ownership;
pub mod past;
pub mod plan;
pub mod price;
pub mod project;
pub mod projection;
pub mod provider;
pub mod replicas;
pub mod rival;
pub mod roofline;
pub mod routing;
pub mod spread;
pub mod text;
pub mod whatif;
pub mod work;

pub use arm::{Arm, Endpoint};
pub use as_of::AsOf;
pub use catalogue::Catalogue;
pub use demand::{BusiestMinute, CallDemand, DemandHour, DemandMinute, DemandSums, Place, Stream};
pub use draft::{EndpointDraft, OptimisedDraft, PlanDraft, PlanProblem};
pub use plan::HostPlan;
pub use projection::{Alternative, EndpointProjection, OptimisedProjection, Projection};

#[cfg(test)]
pub(crate) mod examples;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod vectors;
