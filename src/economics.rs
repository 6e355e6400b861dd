//! What the same demand would cost on own hardware, and when that wins; pure arithmetic.
//!
//! Eight sums a minute are enough to replay any plan over the past: nothing here keeps a call,
//! reads a clock or does I/O. Money that was paid stays exact; what would be paid is an `f64`.

pub mod capability;
pub mod demand;

pub use capability::{Capability, CapabilityError, ContextClass};
pub use demand::{CallDemand, DemandMinute, DemandSums, Place, Stream};
