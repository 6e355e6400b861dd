//! Hours of the day and days of the week at which a price holds, on the vendor's clock.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, Time, Weekday, date};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// When a price holds: `DeepSeek`'s off-peak hours, for one, are `16:30-00:30` in UTC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// The hours; none means the whole day.
    pub hours: Option<Hours>,
    /// The days, by the day on which the hours begin; none means each.
    pub weekdays: Vec<Weekday>,
    /// The vendor's clock.
    pub zone: TimeZone,
    /// The moment of a call that the vendor bills by.
    pub billed_at: BilledAt,
}

/// The moment of a call that decides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BilledAt {
    /// When it began.
    #[default]
    Start,
    /// When it was done (`DeepSeek`: "based on the completion timestamp of each request").
    End,
}

/// From one time of the day to another, the second not included; over midnight if it is earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hours {
    /// The first moment.
    pub from: Time,
    /// The first moment after.
    pub to: Time,
}

impl Window {
    /// Whether a call of that time is in it.
    pub(super) fn holds(&self, began: Timestamp, ended: Timestamp) -> bool {
        let moment = match self.billed_at {
            BilledAt::Start => began,
            BilledAt::End => ended,
        };
        let local = self.zone.to_datetime(moment);
        let (within, begun_before) = self.hours.map_or((true, false), |hours| {
            let Hours { from, to } = hours;
            let time = local.time();
            if from < to {
                (from <= time && time < to, false)
            } else {
                (from <= time || time < to, time < to)
            }
        });
        let mut day = local.weekday();
        if begun_before {
            day = day.previous();
        }
        within && (self.weekdays.is_empty() || self.weekdays.contains(&day))
    }
}

impl Window {
    /// Whether some moment is in both, so that a call of that moment would have two prices. Of two
    /// that overlap, one begins in the other: each begin of a week is looked at, of a week in winter
    /// and of one in summer, because clocks of different zones shift against each other.
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        let holds = |window: &Self, at: &Timestamp| window.holds(*at, *at);
        self.begins().any(|at| holds(other, &at)) || other.begins().any(|at| holds(self, &at))
    }

    /// When it begins in a week of winter and in one of summer.
    fn begins(&self) -> impl Iterator<Item = Timestamp> + '_ {
        let weeks = [date(2026, 1, 5), date(2026, 7, 6)];
        let days = weeks.into_iter().flat_map(|monday| {
            let days = (0_i64..7).map(move |day| monday.checked_add(day.days()));
            days.filter_map(Result::ok)
        });
        let from = self.hours.map_or(Time::midnight(), |hours| hours.from);
        let meant = |day: &Date| self.weekdays.is_empty() || self.weekdays.contains(&day.weekday());
        days.filter(meant).filter_map(move |day| {
            let begin = day.to_datetime(from).to_zoned(self.zone.clone());
            begin.ok().map(|begin| begin.timestamp())
        })
    }
}

impl fmt::Display for Window {
    /// For the name of a price: `16:30-00:30`, and behind a stroke the days, Monday as 1.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days = self.weekdays.iter();
        let days: Vec<String> = days
            .map(|day| day.to_monday_one_offset().to_string())
            .collect();
        match (self.hours, days.is_empty()) {
            (Some(hours), true) => hours.fmt(f),
            (Some(hours), false) => write!(f, "{hours}/{}", days.concat()),
            (None, _) => write!(f, "day/{}", days.concat()),
        }
    }
}

impl FromStr for Hours {
    type Err = ();

    /// Reads `16:30-00:30`.
    fn from_str(text: &str) -> Result<Self, ()> {
        let (from, to) = text.split_once('-').ok_or(())?;
        let time = |text: &str| -> Result<Time, ()> {
            match text.trim() {
                "24:00" => Ok(Time::midnight()),
                text if text.len() == 5 => text.parse().map_err(|_| ()),
                _ => Err(()),
            }
        };
        Ok(Self {
            from: time(from)?,
            to: time(to)?,
        })
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, to } = self;
        write!(
            f,
            "{:02}:{:02}-{:02}:{:02}",
            from.hour(),
            from.minute(),
            to.hour(),
            to.minute()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(hours: &str, weekdays: &[Weekday], zone: &str, at: &str, expected: bool) {
        let window = Window {
            hours: (!hours.is_empty()).then(|| hours.parse().unwrap()),
            weekdays: weekdays.to_vec(),
            zone: TimeZone::get(zone).unwrap(),
            billed_at: BilledAt::Start,
        };
        let at = at.parse().unwrap();
        assert_eq!(window.holds(at, at), expected, "{hours} {at}");
    }

    #[test]
    fn hours_go_over_midnight_on_the_vendors_clock() {
        let off_peak = |at, expected| check("16:30-00:30", &[], "UTC", at, expected);
        off_peak("2025-03-01T16:29:59Z", false);
        off_peak("2025-03-01T16:30:00Z", true);
        off_peak("2025-03-01T23:59:59.999Z", true);
        off_peak("2025-03-02T00:29:59.999Z", true);
        off_peak("2025-03-02T00:30:00Z", false);
        let night = |at, expected| check("00:30-08:30", &[], "Asia/Shanghai", at, expected);
        night("2025-03-01T16:30:00Z", true);
        night("2025-03-02T00:29:59Z", true);
        night("2025-03-02T00:30:00Z", false);
    }

    #[test]
    fn a_weekday_is_the_one_on_which_the_hours_begin() {
        let friday_night = |at, yes| check("22:00-06:00", &[Weekday::Friday], "UTC", at, yes);
        friday_night("2026-11-20T23:00:00Z", true);
        friday_night("2026-11-21T05:59:00Z", true);
        friday_night("2026-11-21T23:00:00Z", false);
        friday_night("2026-11-20T05:00:00Z", false);
        check("", &[Weekday::Sunday], "UTC", "2026-11-22T12:00:00Z", true);
        check("", &[Weekday::Sunday], "UTC", "2026-11-23T00:00:00Z", false);
    }

    #[test]
    fn hours_are_written_as_they_are_read() {
        for text in [
            "16:30-00:30",
            "00:00-24:00",
            "9:00-17:00",
            "0900-1700",
            "09:00",
        ] {
            let read = text.parse::<Hours>().map(|hours| hours.to_string());
            let expected = match text {
                "16:30-00:30" => Ok("16:30-00:30"),
                "00:00-24:00" => Ok("00:00-00:00"),
                _ => Err(()),
            };
            assert_eq!(read.as_deref().map_err(|gone| *gone), expected, "{text}");
        }
    }

    #[track_caller]
    fn check_overlap(
        one: (&str, &[Weekday], &str),
        other: (&str, &[Weekday], &str),
        expected: bool,
    ) {
        let window = |(hours, weekdays, zone): (&str, &[Weekday], &str)| Window {
            hours: (!hours.is_empty()).then(|| hours.parse().unwrap()),
            weekdays: weekdays.to_vec(),
            zone: TimeZone::get(zone).unwrap(),
            billed_at: BilledAt::Start,
        };
        let (a, b) = (window(one), window(other));
        assert_eq!(
            (a.overlaps(&b), b.overlaps(&a)),
            (expected, expected),
            "{one:?} {other:?}"
        );
    }

    #[test]
    fn windows_overlap_where_a_moment_is_in_both() {
        use Weekday::{Friday, Monday, Saturday, Sunday};
        let utc = "UTC";
        check_overlap(("09:00-17:00", &[], utc), ("17:00-09:00", &[], utc), false);
        check_overlap(("09:00-17:00", &[], utc), ("16:59-18:00", &[], utc), true);
        check_overlap(
            ("09:00-17:00", &[], utc),
            ("10:00-11:00", &[Sunday], utc),
            true,
        );
        check_overlap(
            ("", &[Saturday, Sunday], utc),
            ("", &[Sunday, Saturday], utc),
            true,
        );
        check_overlap(
            ("", &[Saturday, Sunday], utc),
            ("", &[Monday, Friday], utc),
            false,
        );
        check_overlap(
            ("", &[Saturday], utc),
            ("22:00-06:00", &[Friday], utc),
            true,
        );
        check_overlap(
            ("", &[Saturday], utc),
            ("22:00-00:00", &[Friday], utc),
            false,
        );
        // 18:00 in London is 18:00 in UTC in winter, and 17:00 in summer.
        let london = "Europe/London";
        check_overlap(
            ("09:00-17:00", &[], utc),
            ("17:00-18:00", &[], london),
            true,
        );
        check_overlap(
            ("09:00-17:00", &[], utc),
            ("18:00-19:00", &[], london),
            false,
        );
    }
}
