//! Days and moments as people write them in a query.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::answer::Refusal;

/// When and where a query is read.
#[derive(Clone, Debug)]
pub struct Clock {
    /// What `30d` counts back from.
    pub now: Timestamp,
    /// Where days begin.
    pub zone: TimeZone,
}

/// The begin or the end of a stretch of time.
pub(super) struct Bound {
    pub(super) at: Timestamp,
    /// Whether it was said as a day, and is that day's midnight.
    pub(super) is_day: bool,
}

/// A day, a month or `30d` for that many days before today, all as midnight; or a moment.
pub(super) fn bound(name: &str, text: &str, clock: &Clock) -> Result<Bound, Refusal> {
    let today = clock.now.to_zoned(clock.zone.clone()).date();
    let ago = ago(text).filter(|(_, unit)| *unit == 'd');
    let day = match ago {
        Some((days, _)) => today.checked_sub(days.days()).ok(),
        None => date(text).or_else(|| date(&format!("{text}-01"))),
    };
    let midnight = day.and_then(|day| day.to_zoned(clock.zone.clone()).ok());
    if let Some(midnight) = midnight {
        let at = midnight.timestamp();
        return Ok(Bound { at, is_day: true });
    }
    let at = moment(name, text, clock)?;
    Ok(Bound { at, is_day: false })
}

fn date(text: &str) -> Option<Date> {
    let date = text.parse().ok();
    date.filter(|_| text.len() == "2026-11-22".len())
}

/// A moment: a day, an RFC 3339 time, or `90m`, `12h` or `30d` ago.
pub(super) fn moment(name: &str, text: &str, clock: &Clock) -> Result<Timestamp, Refusal> {
    let seconds = ago(text).and_then(|(many, unit)| {
        let unit = match unit {
            'd' => 86_400,
            'h' => 3_600,
            _ => 60,
        };
        many.checked_mul(unit)
    });
    let found = if let Some(seconds) = seconds {
        clock.now.checked_sub(seconds.seconds()).ok()
    } else if let Some(date) = date(text) {
        date.to_zoned(clock.zone.clone())
            .ok()
            .map(|midnight| midnight.timestamp())
    } else {
        text.parse().ok()
    };
    found.ok_or_else(|| {
        let message = format!("{name}: {text:?} is not a time");
        let remedy = "write 2026-11-22, 2026-11-22T10:00:00Z, or 90m, 12h or 30d for that long ago";
        Refusal::query(message, remedy)
    })
}

/// `30d` as 30 and `d`; days, hours and minutes only, a hundred years at most.
fn ago(text: &str) -> Option<(i64, char)> {
    let unit = text
        .chars()
        .last()
        .filter(|unit| ['d', 'h', 'm'].contains(unit))?;
    let many: u32 = text.strip_suffix(unit)?.parse().ok()?;
    (many <= 876_000).then_some((i64::from(many), unit))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Noon of a Sunday in Shanghai, where the day began at 16:00 UTC.
    pub(in crate::admin) fn clock() -> Clock {
        let now = "2026-11-22T04:00:00Z".parse().unwrap();
        Clock {
            now,
            zone: TimeZone::get("Asia/Shanghai").unwrap(),
        }
    }

    #[track_caller]
    fn since(text: &str, expected: Option<&str>) {
        let read = moment("since", text, &clock()).ok();
        let read = read.map(|time| time.to_string());
        assert_eq!(read.as_deref(), expected);
    }

    #[test]
    fn a_time_is_written_as_people_write_it() {
        since("2026-11-22", Some("2026-11-21T16:00:00Z"));
        since("2026-11-22T10:00:00Z", Some("2026-11-22T10:00:00Z"));
        since("2026-11-22T10:00:00+08:00", Some("2026-11-22T02:00:00Z"));
        since("12h", Some("2026-11-21T16:00:00Z"));
        since("90m", Some("2026-11-22T02:30:00Z"));
        since("1d", Some("2026-11-21T04:00:00Z"));
        for wrong in ["", "yesterday", "-1d", "d", "99999999999d", "2026-13-01"] {
            since(wrong, None);
        }
    }
}
