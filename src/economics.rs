//! What the same demand would cost on own hardware, and when that wins; pure arithmetic.
//!
//! Eight sums a minute are enough to replay any plan over the past: nothing here keeps a call,
//! reads a clock or does I/O. Money that was paid stays exact; what would be paid is an `f64`.

pub mod band;
pub mod breakeven;
mod curve;
pub mod demand;
pub mod evaluate;
pub mod forecast;
pub mod growth;
pub mod hysteresis;
pub mod ownership;
pub mod replicas;
pub mod roofline;
pub mod work;

pub use demand::{CallDemand, DemandMinute, DemandSums, Place, Stream};

#[cfg(test)]
mod vectors;
