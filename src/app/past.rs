//! `/api/v1/verdict/past`: every month that is kept, by the plans as they are now.
//!
//! Read from the ledger's hours, one after the other. No state, no alert and nothing on disk comes of it.

mod json;
mod words;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde_json::Value;

use super::{AppError, settings};
use crate::admin::{PastQuery, Refusal};
use crate::config::Config;
use crate::economics::Stream;
use crate::economics::demand::BUCKET_SECONDS;
use crate::ledger::{Ledger, LedgerError, StreamHour};
use crate::usage::Capability;
use crate::verdict::{Past, PastMonth, Settings, UNNAMED_MODEL};

/// Seconds in an hour.
const HOUR_SECONDS: i64 = 3_600;

/// The answer.
struct Answer {
    settings: Settings,
    months: Vec<PastMonth>,
    /// The month that has not ended.
    running: Date,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum PastError {
    /// A plan that there is not.
    #[error("{}", .0.message)]
    Refused(Refusal),
    /// The demand cannot be read.
    #[error("cannot read the demand")]
    Ledger(#[from] LedgerError),
}

impl From<PastError> for AppError {
    fn from(error: PastError) -> Self {
        match error {
            PastError::Refused(refusal) => Self::Query(refusal),
            PastError::Ledger(error) => Self::Ledger(error),
        }
    }
}

/// The answer to a query, as of `now`.
pub(super) fn json(
    config: &Config,
    ledger: &Ledger,
    asked: &PastQuery,
    now: Timestamp,
) -> Result<Value, PastError> {
    let mut settings = settings::verdict(config);
    let known: Vec<&str> = settings.plans.iter().map(|it| it.name.as_str()).collect();
    asked.check_plan(&known).map_err(PastError::Refused)?;
    if let Some(plan) = &asked.plan {
        settings.plans.retain(|it| it.name == *plan);
    }
    let months = months(ledger, settings.clone(), asked, now)?;
    let running = now.to_zoned(TimeZone::UTC).date().first_of_month();
    Ok(json::json(&Answer {
        settings,
        months,
        running,
    }))
}

/// The months that are asked for, the oldest first. What replicas are chosen on is read before them.
fn months(
    ledger: &Ledger,
    settings: Settings,
    asked: &PastQuery,
    now: Timestamp,
) -> Result<Vec<PastMonth>, LedgerError> {
    let since = asked.since.map(start);
    let begin = asked.since.map_or(0, |since| start(before(since)));
    // The running minute too: its calls so far are in its hour.
    let running = now.as_second().div_euclid(BUCKET_SECONDS).saturating_add(1);
    let end = asked
        .until
        .map_or(running, |until| start(until).min(running));
    let range = moment(begin)..moment(end.max(begin));
    let mut past = Past::new(settings);
    for minute in ledger.minutes_up(range.clone())? {
        past.up(minute.into());
    }
    let mut found = Vec::new();
    let mut reading = None;
    for hour in ledger.demand_hours(range)? {
        let hour = hour?;
        let month = month_of(&hour);
        if reading != Some(month) {
            found.extend(reading.and_then(|whole| read(&mut past, whole, end)));
            reading = Some(month);
        }
        // What own hosting served is no demand of the API.
        if !hour.own {
            past.add(&stream(&hour), hour.hour.into(), &hour.demand);
        }
    }
    found.extend(reading.and_then(|last| read(&mut past, last, end)));
    found.retain(|month| since.is_none_or(|since| month.minutes.start >= since));
    Ok(found)
}

/// The month whose hours were read.
fn read(past: &mut Past, month: Date, end: i64) -> Option<PastMonth> {
    let begin = start(month);
    let after = month.saturating_add(1.month());
    past.month(start(before(month))..begin, begin..start(after).min(end))
}

fn before(month: Date) -> Date {
    month.saturating_sub(1.month())
}

/// The first minute of a day of UTC, since 1970.
fn start(day: Date) -> i64 {
    let midnight = day.to_zoned(TimeZone::UTC).ok();
    midnight.map_or(0, |at| {
        at.timestamp().as_second().div_euclid(BUCKET_SECONDS)
    })
}

fn moment(minute: i64) -> Timestamp {
    Timestamp::from_second(minute.saturating_mul(BUCKET_SECONDS)).unwrap_or_default()
}

/// The first day of the month of a minute since 1970, UTC.
fn month_at(minute: i64) -> Date {
    moment(minute)
        .to_zoned(TimeZone::UTC)
        .date()
        .first_of_month()
}

fn month_of(hour: &StreamHour) -> Date {
    month_at(i64::from(hour.hour).saturating_mul(HOUR_SECONDS / BUCKET_SECONDS))
}

fn stream(hour: &StreamHour) -> Stream {
    Stream {
        upstream: hour.upstream.to_string(),
        model: hour.model.as_deref().unwrap_or(UNNAMED_MODEL).to_owned(),
        // As live: an unreadable class asks for everything.
        capability: hour.capability.parse().unwrap_or(Capability::MOST),
    }
}

#[cfg(test)]
mod tests;
