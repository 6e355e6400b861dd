//! What reserved throughput cost and served: hours of the price book, calls of the ledger.

use jiff::{Timestamp, ToSpan};

use crate::admin::{Reserved, TotalsQuery, begin};
use crate::call::Settled;
use crate::ledger::{Apart, Group, Ledger, LedgerError, Origin, Period, Rollup};
use crate::metrics::ReservedRow;
use crate::money::Pico;
use crate::pricing::{PriceBook, Reservation};

/// What ran in the time that is asked for, up to `now`: what it cost and what it served.
pub(super) fn spent(
    book: &PriceBook,
    ledger: &Ledger,
    asked: &TotalsQuery,
    now: Timestamp,
) -> Result<Vec<Reserved>, LedgerError> {
    let zone = ledger.timezone();
    let bound = |at| begin(at, asked.grain, zone);
    let from = asked.since.map_or(Timestamp::MIN, bound);
    let until = asked.until.map_or(now, bound).min(now);
    let mut all = Reserved::of(book.rented(from, until, zone));
    if all.is_empty() {
        return Ok(all);
    }
    let apart = Apart {
        period: true,
        upstream: true,
        model: true,
        ..Apart::default()
    };
    for rollup in ledger.sums(asked.grain, asked.since, asked.until, &apart)? {
        let served = serving(book, ledger, &rollup);
        let known = served.and_then(|by| all.iter_mut().find(|known| known.name == by.name));
        if let Some(reserved) = known {
            let Rollup { totals, .. } = rollup;
            reserved.calls = reserved.calls.saturating_add(totals.calls);
            reserved.worth_usd += totals.cost_usd;
        }
    }
    Ok(all)
}

/// What served the calls of a roll-up, if anything did. Where one reservation follows another, the
/// calls of that day, hour or minute are counted for the first of them.
fn serving<'b>(book: &'b PriceBook, ledger: &Ledger, rollup: &Rollup) -> Option<&'b Reservation> {
    let Group {
        origin,
        settled,
        upstream,
        model,
        ..
    } = &rollup.group;
    let counts = *settled == Settled::Reserved && *origin == Origin::Live;
    if !counts || !rollup.group.in_total() {
        return None;
    }
    let (upstream, model) = (upstream.as_deref()?, model.as_deref()?);
    let (from, to) = stretch(ledger, rollup.period)?;
    let mut all = book.reserved().iter();
    all.find(|reserved| reserved.is_for(upstream, model) && reserved.runs_in(from, to))
}

/// From its first moment to the first that is not in it.
fn stretch(ledger: &Ledger, period: Period) -> Option<(Timestamp, Timestamp)> {
    match period {
        Period::AllTime => None,
        Period::Day(day) => {
            let zone = ledger.timezone();
            let begin = |day: jiff::civil::Date| Some(day.to_zoned(zone.clone()).ok()?.timestamp());
            Some((begin(day)?, begin(day.tomorrow().ok()?)?))
        }
        Period::Hour(at) => Some((at, at.checked_add(1.hour()).ok()?)),
        Period::Minute(at) => Some((at, at.checked_add(1.minute()).ok()?)),
    }
}

/// Every reservation as gauges, those that have not begun at 0.
pub(super) fn rows(book: &PriceBook, ledger: &Ledger, now: Timestamp) -> Vec<ReservedRow> {
    if book.reserved().is_empty() {
        return Vec::new();
    }
    let zone = ledger.timezone();
    let today = ledger.day_of(now);
    let begin = |day: jiff::civil::Date| {
        let begin = day.to_zoned(zone.clone());
        begin.map_or(Timestamp::MIN, |begin| begin.timestamp())
    };
    let first = today.first_of_month();
    let stretches = [
        (begin(today), now),
        (begin(today.saturating_sub(1.day())), begin(today)),
        (begin(first), now),
        (Timestamp::MIN, now),
    ];
    let stretches = stretches.map(|(from, to)| Reserved::of(book.rented(from, to, zone)));
    // Recent days are in memory; without the disk there is no error.
    let days = ledger.days(first, today).unwrap_or_default();
    let worth = |name: &str| -> Pico {
        let days = days.iter();
        let served =
            days.filter(|day| serving(book, ledger, day).is_some_and(|by| by.name == name));
        served.map(|day| day.totals.cost_usd).sum()
    };
    let mut rows: Vec<ReservedRow> = Vec::new();
    for Reservation { name, .. } in book.reserved() {
        if rows.iter().any(|row| row.reservation == *name) {
            continue;
        }
        let [today, yesterday, month, all_time] = stretches.each_ref().map(|all| {
            let own = all.iter().find(|reserved| reserved.name == *name);
            own.map_or(Pico::ZERO, Reserved::cost_usd)
        });
        rows.push(ReservedRow {
            reservation: name.clone(),
            today,
            yesterday,
            month,
            all_time,
            month_worth: worth(name),
        });
    }
    rows
}
