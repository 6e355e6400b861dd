//! What a day costs beside the same weekday of the weeks before, the same part of each.

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::HOUR_SECONDS;
use super::fact::Fact;
use crate::call::Settled;
use crate::ledger::{Apart, Grain, Ledger, LedgerError, Origin, Rollup};
use crate::money::Pico;

/// Weeks that are looked back at.
const WEEKS: i64 = 4;
/// Weeks that must have had calls: one may have been anything.
const WEEKS_MIN: usize = 2;
/// From a moment this leads into the next hour, unless it is the first of one.
const WITHIN_HOUR: SignedDuration = SignedDuration::from_secs(HOUR_SECONDS - 1);

/// A day or its first hours, and what these usually cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Compared {
    day: Date,
    until: Option<Timestamp>,
    spent: Pico,
    usual: Pico,
    weeks: usize,
}

impl Compared {
    /// The news in it, for someone who wants to hear from so many times the usual on.
    #[expect(
        clippy::float_arithmetic,
        reason = "a ratio of two sums, not an amount"
    )]
    pub(super) fn fact(&self, ratio: f64, usd_min: Pico) -> Option<Fact> {
        let Self {
            day,
            until,
            spent,
            usual,
            weeks,
        } = *self;
        let is_spike = spent.to_f64() >= usual.to_f64() * ratio && spent - usual >= usd_min;
        is_spike.then_some(Fact::Spike {
            day,
            until,
            spent,
            usual,
            weeks,
        })
    }
}

/// Yesterday, and the whole hours of today; without what cannot be compared yet.
pub(super) fn compared(ledger: &Ledger, now: Timestamp) -> Result<Vec<Compared>, LedgerError> {
    let hour = now
        .as_second()
        .div_euclid(HOUR_SECONDS)
        .saturating_mul(HOUR_SECONDS);
    let hour = Timestamp::from_second(hour).unwrap_or(now);
    let until = ledger.timezone().to_datetime(hour);
    let today = ledger.day_of(now);
    let mut found = Vec::new();
    let yesterday = today.saturating_sub(1.day());
    found.extend(compare(ledger, yesterday, None)?);
    // In the first hour there is no whole one.
    if until.date() == today && until.time() > Time::midnight() {
        found.extend(compare(ledger, today, Some(until.time()))?);
    }
    Ok(found)
}

/// The part of a day up to a time of the clock, beside that of the weeks before.
fn compare(
    ledger: &Ledger,
    day: Date,
    until: Option<Time>,
) -> Result<Option<Compared>, LedgerError> {
    let Some(spent) = spent(ledger, day, until)? else {
        return Ok(None);
    };
    let mut before = Vec::new();
    for week in 1..=WEEKS {
        before.extend(self::spent(
            ledger,
            day.saturating_sub(week.weeks()),
            until,
        )?);
    }
    if before.len() < WEEKS_MIN {
        return Ok(None);
    }
    Ok(Some(Compared {
        day,
        until: until.map(|time| moment(ledger.timezone(), day, time)),
        spent,
        usual: median(&mut before),
        weeks: before.len(),
    }))
}

/// What a part of a day cost; `None` for a day without calls, or whose hours are gone.
///
/// Hours are those of UTC: where midnight is within one, that hour is whole, on each of the days, and
/// so is the last where a clock changed by half an hour since; but a day's first hours cost no more
/// than all of it, or the end of yesterday were told of today.
fn spent(ledger: &Ledger, day: Date, until: Option<Time>) -> Result<Option<Pico>, LedgerError> {
    let zone = ledger.timezone();
    let start = moment(zone, day, Time::midnight());
    let end = moment(zone, day.saturating_add(1.day()), Time::midnight());
    let whole = sum(&ledger.sums(Grain::Day, Some(start), Some(end), &Apart::default())?);
    let (Some(time), Some(most)) = (until, whole) else {
        return Ok(whole);
    };
    let until = moment(zone, day, time).saturating_add(WITHIN_HOUR);
    let until = until.unwrap_or(Timestamp::MAX);
    match ledger.sums(Grain::Hour, Some(start), Some(until), &Apart::default()) {
        Ok(hours) => Ok(Some(sum(&hours).unwrap_or_default().min(most))),
        Err(LedgerError::Forgotten { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// What was really paid; `None` without a call.
fn sum(rows: &[Rollup]) -> Option<Pico> {
    let costs: Vec<Pico> = rows.iter().filter_map(paid).collect();
    (!costs.is_empty()).then(|| costs.into_iter().sum())
}

/// What a group was really billed; `None` where it is made history, or its provider's bill seen twice.
/// A free quota is not paid, and reserved hours are paid by themselves.
pub(super) fn paid(row: &Rollup) -> Option<Pico> {
    if row.group.origin == Origin::Imported || !row.group.in_total() {
        return None;
    }
    Some(match row.group.settled {
        Settled::Invoice | Settled::Prepaid => row.totals.cost_usd,
        Settled::FreeQuota | Settled::Reserved => Pico::ZERO,
    })
}

/// The middle one; of an even number the mean of the middle two.
fn median(amounts: &mut [Pico]) -> Pico {
    amounts.sort_unstable();
    let (low, high) = (amounts.len().saturating_sub(1) / 2, amounts.len() / 2);
    let at = |place: usize| amounts.get(place).copied().unwrap_or_default();
    (at(low) + at(high)).scaled(1, 2)
}

/// The moment of a day at which the clock shows a time.
pub(super) fn moment(zone: &TimeZone, day: Date, time: Time) -> Timestamp {
    let at = day.to_datetime(time).to_zoned(zone.clone());
    at.map_or(Timestamp::MAX, |zoned| zoned.timestamp())
}
