//! Durations and moments as people type them.

use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// A moment as typed: some of them depend on now, or on the reporting timezone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    /// So long ago.
    Ago(SignedDuration),
    /// The begin of a day.
    Day(Date),
    /// A moment.
    Moment(Timestamp),
}

/// Seconds in each unit a duration may have.
const UNITS: [(char, i64); 5] = [
    ('s', 1),
    ('m', 60),
    ('h', 3_600),
    ('d', 86_400),
    ('w', 604_800),
];

/// No span of time asked for is longer; it keeps all arithmetic in range.
const DAYS_MAX: i64 = 36_500;

impl When {
    /// The moment it means. A day begins at midnight of `timezone`.
    pub(super) fn resolve(self, now: Timestamp, timezone: &TimeZone) -> Result<Timestamp, String> {
        match self {
            Self::Moment(moment) => Ok(moment),
            Self::Ago(duration) => now
                .checked_sub(duration)
                .map_err(|_| "too long ago".to_owned()),
            Self::Day(date) => date
                .to_zoned(timezone.clone())
                .map(|start| start.timestamp())
                .map_err(|_| format!("{date} has no midnight that can be named")),
        }
    }
}

impl When {
    /// The same as the admin address reads it: whole days ago are days, and moments are exact.
    pub(super) fn in_query(self, now: Timestamp) -> Result<String, String> {
        match self {
            Self::Day(date) => Ok(date.to_string()),
            Self::Moment(moment) => Ok(moment.to_string()),
            Self::Ago(ago) if ago.as_secs() % 86_400 == 0 => {
                Ok(format!("{}d", ago.as_hours() / 24))
            }
            Self::Ago(ago) => now
                .checked_sub(ago)
                .map(|moment| moment.to_string())
                .map_err(|_| "too long ago".to_owned()),
        }
    }
}

/// Reads `30d`, `2026-11-01`, `2026-11` or `2026-11-01T08:00:00Z`.
pub(super) fn parse(text: &str) -> Result<When, String> {
    if let Some(seconds) = seconds(text) {
        return Ok(When::Ago(SignedDuration::from_secs(seconds)));
    }
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Ok(When::Moment(moment));
    }
    let date = |text: &str| Date::strptime("%Y-%m-%d", text).ok();
    date(text)
        .or_else(|| date(&format!("{text}-01")))
        .map(When::Day)
        .ok_or_else(|| {
            "not a time: write 30d, 12h, 2026-11-01, 2026-11 or 2026-11-01T08:00:00Z".to_owned()
        })
}

/// Reads `20s`, `5m`, `2h`; above zero.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let seconds = seconds(text).and_then(|seconds| u64::try_from(seconds).ok());
    match seconds {
        Some(seconds) if seconds > 0 => Ok(Duration::from_secs(seconds)),
        Some(_) | None => Err("not a duration: write 20s, 5m or 2h".to_owned()),
    }
}

/// A whole number and a unit, in seconds.
fn seconds(text: &str) -> Option<i64> {
    let unit = text.chars().next_back()?;
    let (_, length) = UNITS.into_iter().find(|(name, _)| *name == unit)?;
    let number = text.strip_suffix(unit)?;
    if number.is_empty() || !number.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let seconds = number.parse::<i64>().ok()?.checked_mul(length)?;
    (seconds <= DAYS_MAX * 86_400).then_some(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, timezone: &str, expected: Option<&str>) {
        let now: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        let timezone = TimeZone::get(timezone).unwrap();
        let moment = parse(text).and_then(|when| when.resolve(now, &timezone));
        assert_eq!(
            moment.ok().map(|moment| moment.to_string()).as_deref(),
            expected
        );
    }

    #[test]
    fn a_number_and_a_unit_is_so_long_ago() {
        check("30d", "UTC", Some("2026-10-23T12:00:00Z"));
        check("90m", "UTC", Some("2026-11-22T10:30:00Z"));
        check("2w", "Asia/Shanghai", Some("2026-11-08T12:00:00Z"));
    }

    #[test]
    fn a_day_begins_where_the_reports_are() {
        check("2026-11-01", "UTC", Some("2026-11-01T00:00:00Z"));
        check("2026-11-01", "Asia/Shanghai", Some("2026-10-31T16:00:00Z"));
        check("2026-11", "America/New_York", Some("2026-11-01T04:00:00Z"));
    }

    #[test]
    fn a_query_says_days_as_days_and_the_rest_as_moments() {
        let now: Timestamp = "2026-11-22T20:00:00Z".parse().unwrap();
        let query = |text| parse(text).unwrap().in_query(now).unwrap();
        assert_eq!(query("2d"), "2d");
        assert_eq!(query("48h"), "2d");
        assert_eq!(query("2026-11"), "2026-11-01");
        assert_eq!(query("12h"), "2026-11-22T08:00:00Z");
        assert_eq!(query("2026-11-22T10:00:00+02:00"), "2026-11-22T08:00:00Z");
    }

    #[test]
    fn a_moment_is_itself() {
        check(
            "2026-11-01T08:00:00+02:00",
            "Asia/Shanghai",
            Some("2026-11-01T06:00:00Z"),
        );
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "d",
            "30",
            "-3d",
            "3 d",
            "1.5h",
            "yesterday",
            "2026-13-01",
            "99999999999d",
            "2026-11-01T",
        ] {
            check(text, "UTC", None);
        }
        for text in ["0s", "", "10", "-1s", "1y"] {
            assert!(duration(text).is_err(), "{text}");
        }
        assert_eq!(duration("2m"), Ok(Duration::from_mins(2)));
    }
}
