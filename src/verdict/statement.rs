//! A switch of a state, frozen: everything that led to it, so that anyone can check it later.
//!
//! The file is JSON with a checksum of all bytes before it as its last value: a digit that changes
//! anywhere is found without the rows. What the figures are is checked against the rows.

mod again;
mod compare;
mod gather;
mod make;
mod record;
mod seal;
mod words;

use std::fmt::Write as _;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::economics::projection::AlternativeKind;

pub use again::{Again, Recomputed};
pub use compare::{Compared, Holds, compared};
pub use gather::{Gathered, Gathering, days_of};
pub use make::Beside;
pub use record::{Record, Track};
pub use seal::{Broken, opened, sealed};

/// The version of the form.
pub const FORMAT: u32 = 1;

/// What a state says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// It is held to be cheaper.
    On,
    /// It is not.
    Off,
}

impl Side {
    /// The side of a state.
    #[must_use]
    pub const fn of(cheaper: bool) -> Self {
        if cheaper { Self::On } else { Self::Off }
    }

    /// The name used in files and their names.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::On => "on",
            Self::Off => "off",
        }
    }
}

/// A setting that is another one since the state was decided last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// Which one.
    pub key: String,
    /// What it was.
    pub was: Value,
    /// What it is.
    pub is: Value,
}

/// A closed day that counted for a state, by the window that ends with it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Counted {
    /// The UTC day.
    pub day: Date,
    /// Expected savings over API cost.
    pub ratio: f64,
    /// The same at the pessimistic end of the band.
    pub pessimistic_ratio: f64,
    /// The part of the day that was observed, 0 to 1.
    pub coverage: f64,
    /// Whether all else was met that switching on asks for.
    pub may_enter: bool,
}

/// What servers said over the fortnight that ends with a counted day.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ServersDay {
    /// The UTC day.
    pub day: Date,
    /// The part of the time in which they could be compared with what was metered, 0 to 1.
    pub compared_ratio: Option<f64>,
    /// Tokens that were metered over tokens that they counted; absent where they are too few to say.
    pub capture_ratio: Option<f64>,
}

/// Days from one to another, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Days {
    /// The first.
    pub first: Date,
    /// The last.
    pub last: Date,
}

/// A price that calls were billed by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiPrice {
    /// `api` for a model's price, `fx` for an exchange rate.
    pub kind: String,
    /// Such as `openai/gpt-4o`.
    pub name: String,
    /// The day it was read at its source.
    pub as_of: Date,
    /// Days from then to the decided day.
    pub age_days: i64,
}

/// Which demand a statement was made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DemandSeal {
    /// The days whose demand was used: those of every counted day's window and the one before.
    pub days: Days,
    /// SHA-256 over the demand of the covered streams, minute by minute, and the observed minutes.
    pub sha256: String,
    /// Minutes of a stream that had calls.
    pub stream_minutes: u64,
    /// Calls with known tokens and cost.
    pub calls: u64,
    /// Minutes since 1970 in which tollgate was up: stretches, each from its first minute to the
    /// first that is not in it.
    pub observed: Vec<(i64, i64)>,
}

/// One closed day after a decision: what was paid, and what would have been.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scored {
    /// The part of the day that was observed, 0 to 1.
    pub coverage: f64,
    /// The same in hours.
    pub hours: f64,
    /// What the calls cost on the API, dollars; of hosting that runs, what it cost.
    pub api_usd: f64,
    /// What they would have cost this way, dollars.
    pub cost_usd: f64,
}

/// Everything that is known of a switch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Statement {
    /// The version of the form.
    pub statement: u32,
    /// Which tollgate made it.
    pub tollgate: String,
    /// What was decided about: `selfhost`, `endpoint`, or `api` for leaving hosting that runs.
    pub kind: String,
    /// Its configured name.
    pub name: String,
    /// The closed UTC day that decided.
    pub decided: Date,
    /// What the state said before …
    pub from: Side,
    /// … and says now.
    pub to: Side,
    /// What changed in its settings, where that is why days were decided again.
    pub changed: Vec<Change>,
    /// The fortnight that the figures are of.
    pub window: Days,
    /// The one before it, on which replicas were chosen.
    pub before: Days,
    /// The days that made it switch, in order.
    pub counted: Vec<Counted>,
    /// Every figure of the window: both costs, band, sensitivity, replicas, rivals, evidence.
    pub figures: Value,
    /// Where prices and throughput come from, how old they were, and who moved which default.
    pub stands_on: Value,
    /// What the servers of hosting that runs said on the counted days; taken as it is stated, as no row
    /// has it. Empty where none was asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub servers: Vec<ServersDay>,
    /// The demand it was computed from.
    pub demand: DemandSeal,
    /// What the alternatives are, and when a state switches, whole.
    pub settings: Value,
    /// How old the prices were that the covered models were billed by.
    pub api_prices: Vec<ApiPrice>,
    /// SHA-256 of the prices that calls were billed by.
    pub prices_sha256: String,
    /// SHA-256 of the GPUs, offers, models and throughput that plans may refer to.
    pub catalogue_sha256: String,
    /// The last pass that had priced calls again; 0 for none.
    pub priced_again: u64,
}

impl Statement {
    /// What its file is called; the same switch on the same day has the same name.
    #[must_use]
    pub fn file_name(&self) -> String {
        // A plan is named by whoever wrote the file: nothing of it may leave the folder.
        let safe = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        let safe = |text: &str| text.replace(|c| !safe(c), "_");
        let (kind, name) = (safe(&self.kind), safe(&self.name));
        format!("{}-{kind}-{name}-{}.json", self.decided, self.to.label())
    }
}

/// The kind of a statement; `None` for one that this version does not know.
#[must_use]
pub fn kind_of(label: &str) -> Option<AlternativeKind> {
    let kinds = [
        AlternativeKind::Selfhost,
        AlternativeKind::Endpoint,
        AlternativeKind::Api,
    ];
    kinds.into_iter().find(|kind| kind.label() == label)
}

/// Bytes in hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests;
