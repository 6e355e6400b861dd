//! Mock providers and made traffic, for `demo`, `mock` and the tests.
//!
//! The providers are real HTTP servers on loopback, and keep their own exact bill; the traffic is a
//! real client. Everything is drawn from a seed. Nothing here knows the meter: whoever starts it
//! compares the two counts.

mod anthropic;
mod dice;
mod filler;
mod history;
mod mock;
mod models;
mod openai;
mod order;
mod pace;
mod refusal;
mod reply;
mod served;
mod streams;
mod sums;
mod tally;
#[cfg(test)]
mod tests;
mod traffic;
mod zip;

pub use history::{History, HistorySettings, HourOfHistory, MinuteOfHistory};
pub use mock::{MockSettings, MockUpstream, Serves};
pub use served::STATS_PATH;
pub use sums::{MadeCall, Sums};
pub use tally::{ModelTally, Stats, Tokens};
pub use traffic::{Traffic, TrafficCounts, TrafficSettings};
