//! What own hosting cost in the time of a report, period by period: of the last 35 days from the memory
//! of the verdict, of what is older from the hours of the ledger.

mod periods;
#[cfg(test)]
mod tests;

use std::ops::Range;

use jiff::{Timestamp, ToSpan};

use self::periods::periods;
use super::demand::DEMAND_KEPT;
use super::settings;
use crate::admin::{Hosting, TotalsQuery, begin};
use crate::config::Config;
use crate::economics::demand::BUCKET_SECONDS;
use crate::economics::{DemandHour, DemandMinute, Stream};
use crate::ledger::{Grain, Ledger, LedgerError, Origin, Period};
use crate::usage::Capability;
use crate::verdict::{Stretches, UNNAMED_MODEL, Verdict};

/// Minutes in an hour, as hours are counted.
const HOUR_MINUTES: i64 = 60;

/// Every plan that ran in the time that is asked for, up to the minute of `now`: a line a period where
/// the report tells months, days or hours apart. What is older than 35 days is read by the hour, and
/// counts where its hour begins; for the rest no disk is waited for.
pub(super) fn live(
    verdict: &Verdict,
    ledger: &Ledger,
    asked: &TotalsQuery,
    now: Timestamp,
) -> Result<Vec<Hosting>, LedgerError> {
    if verdict.settings().running.is_empty() {
        return Ok(Vec::new());
    }
    let time = Time::of(ledger, asked, now);
    let found = verdict.stretches(&minutes(&time.recent));
    time.lines(found, ledger, asked)
}

/// The same where nothing runs: all of it from the ledger.
pub(super) fn at_rest(
    config: &Config,
    ledger: &Ledger,
    asked: &TotalsQuery,
    now: Timestamp,
) -> Result<Vec<Hosting>, LedgerError> {
    let settings = settings::verdict(config);
    if settings.running.is_empty() {
        return Ok(Vec::new());
    }
    let time = Time::of(ledger, asked, now);
    let mut found = Stretches::new(settings);
    read_minutes(&mut found, ledger, &time.recent)?;
    time.lines(found, ledger, asked)
}

/// The time of a report: what is there by the hour, then what is there by the minute.
struct Time {
    older: Range<Timestamp>,
    recent: Range<Timestamp>,
}

impl Time {
    fn of(ledger: &Ledger, asked: &TotalsQuery, now: Timestamp) -> Self {
        let zone = ledger.timezone();
        let bound = |at| begin(at, asked.grain, zone);
        let from = asked.since.map_or(Timestamp::UNIX_EPOCH, bound);
        let until = asked.until.map_or(now, bound).min(now).max(from);
        let oldest = now.saturating_sub(DEMAND_KEPT).unwrap_or(Timestamp::MIN);
        // Of the hour in which the oldest minute lies some may be forgotten already.
        let whole = begin(oldest, Grain::Hour, zone).saturating_add(1.hour());
        let recent = whole.unwrap_or(Timestamp::MAX).clamp(from, until);
        Self {
            older: from..recent,
            recent: recent..until,
        }
    }

    /// The lines of it, with what is older than `found`.
    fn lines(
        &self,
        mut found: Stretches,
        ledger: &Ledger,
        asked: &TotalsQuery,
    ) -> Result<Vec<Hosting>, LedgerError> {
        read_hours(&mut found, ledger, &self.older)?;
        if let Some(minute) = metered_from(ledger)? {
            found.metered_from(minute);
        }
        let all = minutes(&(self.older.start..self.recent.end));
        let all = all.start.max(found.first().unwrap_or(all.end))..all.end;
        let mut lines = Vec::new();
        for (period, minutes) in periods(&asked.by, &all, ledger.timezone()) {
            let ran = found.over(&minutes).into_iter();
            lines.extend(ran.map(|(plan, seen)| Hosting {
                plan,
                period: period.clone(),
                part_of_traffic: !found.sees_all_traffic(),
                seen,
            }));
        }
        Ok(lines)
    }
}

/// Since which minute tollgate meters, where a past was imported: an import says that the source was
/// up, and nothing of replicas. `None` where nothing was imported.
fn metered_from(ledger: &Ledger) -> Result<Option<i64>, LedgerError> {
    let all_time = ledger.all_time();
    let mut origins = all_time.iter().map(|it| it.group.origin);
    if !origins.any(|origin| origin == Origin::Imported) {
        return Ok(None);
    }
    for of in ledger.rollups(Grain::Day, Timestamp::UNIX_EPOCH..Timestamp::MAX)? {
        let of = of?;
        if let (Period::Day(day), Origin::Live) = (of.period, of.group.origin) {
            let begin = day.to_zoned(ledger.timezone().clone());
            return Ok(begin.ok().map(|begin| minute_of(begin.timestamp())));
        }
    }
    Ok(Some(i64::MAX))
}

/// What the ledger has by the hour; a disk that hangs is not waited for.
fn read_hours(
    found: &mut Stretches,
    ledger: &Ledger,
    range: &Range<Timestamp>,
) -> Result<(), LedgerError> {
    if range.is_empty() {
        return Ok(());
    }
    if let Some(hangs) = ledger.hangs() {
        return Err(hangs);
    }
    for minute in ledger.minutes_up(range.clone())? {
        found.up(minute.into());
    }
    for hour in ledger.demand_hours(range.clone())? {
        let hour = hour?;
        if hour.own {
            let stream = stream(&hour.upstream, hour.model.as_deref(), &hour.capability);
            let first = i64::from(hour.hour).saturating_mul(HOUR_MINUTES);
            found.add_hour(&stream, first, &as_a_minute(&hour.demand));
        }
    }
    Ok(())
}

/// What the ledger has by the minute.
fn read_minutes(
    found: &mut Stretches,
    ledger: &Ledger,
    range: &Range<Timestamp>,
) -> Result<(), LedgerError> {
    for minute in ledger.minutes_up(range.clone())? {
        found.up(minute.into());
    }
    for minute in ledger.demand(range.clone())? {
        let minute = minute?;
        // As live: who took a call was there, whoever served it.
        found.up(minute.minute.into());
        if minute.own {
            let model = minute.model.as_deref();
            let stream = stream(&minute.upstream, model, &minute.capability);
            found.add(&stream, minute.minute.into(), &minute.demand);
        }
    }
    Ok(())
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

fn minutes(range: &Range<Timestamp>) -> Range<i64> {
    minute_of(range.start)..minute_of(range.end)
}

fn minute_of(at: Timestamp) -> i64 {
    at.as_second().div_euclid(BUCKET_SECONDS)
}

fn moment(minute: i64) -> Timestamp {
    Timestamp::from_second(minute.saturating_mul(BUCKET_SECONDS)).unwrap_or_default()
}
