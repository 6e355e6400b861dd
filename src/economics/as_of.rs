//! When a figure was looked up: a day, or a month or a year where no finer date is known.
//!
//! Age counts from the earliest day it can be, so that a rough date never makes a figure look young.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// A date as well as it is known; stored as it is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct AsOf {
    earliest: Date,
    precision: Precision,
}

/// How well a date is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Precision {
    #[default]
    Day,
    Month,
    Year,
}

/// A text that is no date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a date, such as 2026-01-31, \"2026-01\" or \"2026\"")]
pub struct NotADate;

impl AsOf {
    /// The first day it can mean; age is counted from here.
    #[must_use]
    pub const fn earliest(self) -> Date {
        self.earliest
    }

    /// Whether the day itself is known.
    #[must_use]
    pub fn is_a_day(self) -> bool {
        self.precision == Precision::Day
    }

    /// The one whose first day is earlier.
    #[must_use]
    pub fn older(self, other: Self) -> Self {
        if other.earliest < self.earliest {
            other
        } else {
            self
        }
    }
}

impl From<Date> for AsOf {
    fn from(day: Date) -> Self {
        Self {
            earliest: day,
            precision: Precision::Day,
        }
    }
}

impl From<AsOf> for String {
    fn from(as_of: AsOf) -> Self {
        as_of.to_string()
    }
}

impl TryFrom<String> for AsOf {
    type Error = NotADate;

    fn try_from(text: String) -> Result<Self, NotADate> {
        text.parse()
    }
}

impl FromStr for AsOf {
    type Err = NotADate;

    fn from_str(text: &str) -> Result<Self, NotADate> {
        let (whole, precision) = match text.len() {
            4 => (format!("{text}-01-01"), Precision::Year),
            7 => (format!("{text}-01"), Precision::Month),
            _ => (text.to_owned(), Precision::Day),
        };
        let earliest = whole.parse().map_err(|_| NotADate)?;
        let date = Self {
            earliest,
            precision,
        };
        // What reads back differently had a time in it, or was a date by accident.
        (date.to_string() == text).then_some(date).ok_or(NotADate)
    }
}

impl fmt::Display for AsOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (day, precision) = (self.earliest, self.precision);
        match precision {
            Precision::Day => write!(f, "{day}"),
            Precision::Month => write!(f, "{:04}-{:02}", day.year(), day.month()),
            Precision::Year => write!(f, "{:04}", day.year()),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_rough_date_is_as_old_as_it_can_be_and_reads_as_it_was_written() {
        for (text, earliest) in [
            ("2026", date(2026, 1, 1)),
            ("2026-05", date(2026, 5, 1)),
            ("2026-05-22", date(2026, 5, 22)),
        ] {
            let as_of: AsOf = text.parse().unwrap();
            assert_eq!(as_of.earliest(), earliest);
            assert_eq!(as_of.to_string(), text);
        }
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in ["", "26", "soon", "2026-13", "2026-5-1", "2026-05-22T00:00"] {
            assert_eq!(text.parse::<AsOf>(), Err(NotADate), "{text}");
        }
    }

    #[test]
    fn the_older_of_two_is_the_one_that_may_be_earlier() {
        let of = |text: &str| text.parse::<AsOf>().unwrap();
        assert_eq!(of("2026-05").older(of("2026-05-22")), of("2026-05"));
        assert_eq!(of("2026").older(of("2025-09-24")), of("2025-09-24"));
    }
}
