//! The periods of a report: months, days or hours in the reporting time zone, as its rows name them.

use std::ops::Range;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{ToSpan, Zoned};

use super::{minute_of, moment};
use crate::admin::{By, begin};
use crate::ledger::Grain;

/// Periods that are told apart at most: ten years of days.
const PERIODS_MAX: usize = 3_660;

/// The periods of a stretch of minutes, by the shortest that is told apart; all of it where none is, or
/// where there would be too many.
pub(super) fn periods(
    by: &[By],
    all: &Range<i64>,
    zone: &TimeZone,
) -> Vec<(Option<String>, Range<i64>)> {
    let whole = || vec![(None, all.clone())];
    let has = |wanted: &By| by.contains(wanted);
    let (next, name): (fn(&Zoned) -> Option<Zoned>, &str) = if has(&By::Hour) {
        (next_hour, "%Y-%m-%dT%H:%M%:z")
    } else if has(&By::Day) {
        (|at| midnight(at.date().tomorrow().ok()?, at), "%Y-%m-%d")
    } else if has(&By::Month) {
        (next_month, "%Y-%m")
    } else {
        return whole();
    };
    let mut found = Vec::new();
    let mut from = all.start;
    while from < all.end {
        let at = moment(from).to_zoned(zone.clone());
        let end = next(&at).map_or(all.end, |next| minute_of(next.timestamp()));
        let end = end.max(from.saturating_add(1)).min(all.end);
        found.push((Some(at.strftime(name).to_string()), from..end));
        if found.len() > PERIODS_MAX {
            return whole();
        }
        from = end;
    }
    found
}

/// Hours begin with those of UTC, as those of the rows.
fn next_hour(at: &Zoned) -> Option<Zoned> {
    let begin = begin(at.timestamp(), Grain::Hour, at.time_zone());
    let next = begin.checked_add(1.hour()).ok()?;
    Some(next.to_zoned(at.time_zone().clone()))
}

fn next_month(at: &Zoned) -> Option<Zoned> {
    midnight(at.date().first_of_month().checked_add(1.month()).ok()?, at)
}

fn midnight(day: Date, like: &Zoned) -> Option<Zoned> {
    day.to_zoned(like.time_zone().clone()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_those_of_the_rows_and_together_the_whole() {
        let zone = TimeZone::get("Asia/Kolkata").unwrap();
        let at = |text: &str| minute_of(text.parse().unwrap());
        // 23:30 on the 30th to 00:45 on the 2nd, there.
        let all = at("2026-11-30T18:00:00Z")..at("2026-12-01T19:15:00Z");
        let names = |by: &[By]| -> Vec<String> {
            let found = periods(by, &all, &zone);
            assert_eq!(found[0].1.start, all.start);
            assert!(found.windows(2).all(|two| two[0].1.end == two[1].1.start));
            assert_eq!(found[found.len() - 1].1.end, all.end);
            let names = found.into_iter().map(|it| it.0);
            names.map(Option::unwrap_or_default).collect()
        };
        assert_eq!(names(&[By::Model]), [""]);
        assert_eq!(names(&[By::Month, By::Model]), ["2026-11", "2026-12"]);
        assert_eq!(
            names(&[By::Month, By::Day]),
            ["2026-11-30", "2026-12-01", "2026-12-02"]
        );
        let hours = names(&[By::Hour]);
        assert_eq!(
            (hours.len(), hours[1].as_str()),
            (26, "2026-12-01T00:30+05:30")
        );
    }
}
