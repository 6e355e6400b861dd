//! Whether money stops being paid when the traffic goes elsewhere.

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// From when on moving traffic away saves what it is billed.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
pub enum Avoidable {
    /// At once: billed by use.
    #[default]
    Now,
    /// From this day on: a minimum, a capacity or a pack is paid until then, used or not.
    From(Date),
    /// Never: it is paid whatever happens.
    Never,
}

impl Avoidable {
    /// Whether it is still paid on `day`, used or not.
    #[must_use]
    pub fn is_committed(self, day: Date) -> bool {
        match self {
            Self::Now => false,
            Self::From(free) => day < free,
            Self::Never => true,
        }
    }
}

/// As it is written in a price: `now`, `never` or a day.
impl fmt::Display for Avoidable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Now => f.write_str("now"),
            Self::From(day) => day.fmt(f),
            Self::Never => f.write_str("never"),
        }
    }
}
