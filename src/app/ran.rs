//! What own hosting cost in the time of a report: read from the ledger's demand, period by period.

use std::ops::Range;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Zoned};

use super::demand::DEMAND_KEPT;
use super::settings;
use crate::admin::{By, Hosting, TotalsQuery, begin};
use crate::config::Config;
use crate::economics::demand::BUCKET_SECONDS;
use crate::economics::{DemandHour, DemandMinute, Stream};
use crate::ledger::{Grain, Ledger, LedgerError};
use crate::usage::Capability;
use crate::verdict::{Settings, Stretches, UNNAMED_MODEL};

/// Minutes in an hour, as hours are counted.
const HOUR_MINUTES: i64 = 60;
/// Periods that are told apart at most: ten years of days.
const PERIODS_MAX: usize = 3_660;

/// Every plan that ran in the time that is asked for, up to the minute of `now`: a line a period where
/// the report tells months, days or hours apart. Minutes are older than 35 days only as hours, which
/// count where they begin.
pub(super) fn ran(
    config: &Config,
    ledger: &Ledger,
    asked: &TotalsQuery,
    now: Timestamp,
) -> Result<Vec<Hosting>, LedgerError> {
    let settings = settings::verdict(config);
    if settings.running.is_empty() {
        return Ok(Vec::new());
    }
    let zone = ledger.timezone();
    let bound = |at| begin(at, asked.grain, zone);
    let from = asked.since.map_or(Timestamp::UNIX_EPOCH, bound);
    let until = asked.until.map_or(now, bound).min(now);
    let all = minute_of(from)..minute_of(until);
    let recent = now.saturating_sub(DEMAND_KEPT).unwrap_or(Timestamp::MIN);
    let minutes_from = begin(recent, Grain::Hour, zone).clamp(from, until.max(from));
    let (found, first) = read(ledger, settings, from..minutes_from, minutes_from..until)?;
    let all = all.start.max(first.unwrap_or(all.end))..all.end;
    let mut lines = Vec::new();
    for (period, minutes) in periods(&asked.by, &all, zone) {
        let ran = found.over(&minutes).into_iter();
        lines.extend(ran.map(|(plan, seen)| Hosting {
            plan,
            period: period.clone(),
            seen,
        }));
    }
    Ok(lines)
}

/// The demand of own hosting in two ranges, by hours and by minutes, and the first observed minute.
fn read(
    ledger: &Ledger,
    settings: Settings,
    by_hours: Range<Timestamp>,
    by_minutes: Range<Timestamp>,
) -> Result<(Stretches, Option<i64>), LedgerError> {
    let mut found = Stretches::new(settings);
    for minute in ledger.minutes_up(by_hours.start..by_minutes.end)? {
        found.up(minute.into());
    }
    for hour in ledger.demand_hours(by_hours)? {
        let hour = hour?;
        if hour.own {
            let stream = stream(&hour.upstream, hour.model.as_deref(), &hour.capability);
            let first = i64::from(hour.hour).saturating_mul(HOUR_MINUTES);
            found.add_hour(&stream, first, &as_a_minute(&hour.demand));
        }
    }
    for minute in ledger.demand(by_minutes)? {
        let minute = minute?;
        if minute.own {
            let stream = stream(
                &minute.upstream,
                minute.model.as_deref(),
                &minute.capability,
            );
            found.add(&stream, minute.minute.into(), &minute.demand);
        }
    }
    let first = found.first();
    Ok((found, first))
}

/// The sums of an hour in one place: only sums are made of it.
fn as_a_minute(hour: &DemandHour) -> DemandMinute {
    let DemandHour {
        sums,
        busiest: _,
        unpriced_calls,
        unpriced_tokens,
        unknown_calls,
        imported_calls,
    } = *hour;
    let mut minute = DemandMinute {
        unpriced_calls,
        unpriced_tokens,
        unknown_calls,
        imported_calls,
        ..DemandMinute::default()
    };
    if let Some(slot) = minute.slots.first_mut() {
        *slot = sums;
    }
    minute
}

fn stream(upstream: &str, model: Option<&str>, capability: &str) -> Stream {
    Stream {
        upstream: upstream.to_owned(),
        model: model.unwrap_or(UNNAMED_MODEL).to_owned(),
        // As live: an unreadable class asks for everything.
        capability: capability.parse().unwrap_or(Capability::MOST),
    }
}

/// The periods of a stretch of minutes, by the shortest that is told apart; all of it where none is, or
/// where there would be too many.
fn periods(by: &[By], all: &Range<i64>, zone: &TimeZone) -> Vec<(Option<String>, Range<i64>)> {
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

fn minute_of(at: Timestamp) -> i64 {
    at.as_second().div_euclid(BUCKET_SECONDS)
}

fn moment(minute: i64) -> Timestamp {
    Timestamp::from_second(minute.saturating_mul(BUCKET_SECONDS)).unwrap_or_default()
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
