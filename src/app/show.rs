//! From what ledger and verdict hold to what listener and metrics show.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde_json::{Value, json};

use crate::admin::{CallsPage, CallsQuery, Refusal, TotalsQuery};
use crate::alerts::Alerts;
use crate::call::Settled;
use crate::config::Config;
use crate::ledger::{Group, Ledger, LedgerError, Origin, Period, Rollup};
use crate::metrics::{MessageGauges, SpendRow};
use crate::money::Pico;
use crate::recorder::Audit;

/// How long a model that was called is shown at 0 by a new process.
const MODELS_SEEN: SignedDuration = SignedDuration::from_hours(30 * 24);
/// The (upstream, model) pairs of the last days.
pub(super) fn models(
    ledger: &Ledger,
    now: Timestamp,
) -> Result<Vec<(String, String)>, LedgerError> {
    let first = now.saturating_sub(MODELS_SEEN).unwrap_or(now);
    let days = ledger.days(ledger.day_of(first), ledger.day_of(now))?;
    let pair = |rollup: Rollup| {
        let Group {
            upstream, model, ..
        } = rollup.group;
        Some((upstream?.to_string(), model?.to_string()))
    };
    let pairs: BTreeSet<_> = days.into_iter().filter_map(pair).collect();
    Ok(pairs.into_iter().collect())
}

/// What was audited, and how far off each count was.
pub(super) fn audit(audit: &Audit) -> Value {
    let rows = audit.drift().into_iter().map(|row| {
        json!({"upstream": row.upstream, "model": row.model, "class": row.class, "calls": row.calls,
            "reported_tokens": row.reported, "counted_tokens": row.counted, "ratio": row.ratio()})
    });
    json!({"rows": rows.collect::<Vec<_>>()})
}

/// What became of alerts.
pub(super) fn messages(alerts: &Alerts) -> MessageGauges {
    let counts = alerts.counts().into_iter();
    MessageGauges {
        pending: u64::try_from(alerts.pending()).unwrap_or(u64::MAX),
        sent: counts
            .map(|count| (count.receiver, count.outcome.label(), count.times))
            .collect(),
    }
}

/// The tenants that have a monthly budget.
pub(super) fn budgets(config: &Config) -> Vec<(String, Pico)> {
    let tenants = config.tenants.iter();
    let budget = tenants.map(|tenant| Some((tenant.name.clone(), tenant.monthly_budget_usd?)));
    budget.flatten().collect()
}

/// What was really spent on calls, by upstream, model and tenant. Made history is nobody's bill, a free
/// quota is not paid, and reserved hours are paid by themselves.
pub(super) fn spend(ledger: &Ledger, now: Timestamp) -> Vec<SpendRow> {
    type Key = (Option<Arc<str>>, Option<Arc<str>>, Option<Arc<str>>);
    let today = ledger.day_of(now);
    let yesterday = today.saturating_sub(1.day());
    let first = today.first_of_month().min(yesterday);
    // Recent days are in memory; without the disk there is no error.
    let days = ledger.days(first, today).unwrap_or_default();
    let mut rows: BTreeMap<Key, SpendRow> = BTreeMap::new();
    for Rollup {
        period,
        group,
        totals,
    } in ledger.all_time().into_iter().chain(days)
    {
        let paid = match group.settled {
            Settled::Invoice | Settled::Prepaid => true,
            Settled::FreeQuota | Settled::Reserved => false,
        };
        if !group.in_total() || group.origin == Origin::Imported {
            continue;
        }
        let Group {
            upstream,
            model,
            tenant,
            ..
        } = group;
        let row = rows
            .entry((upstream.clone(), model.clone(), tenant.clone()))
            .or_insert_with(|| SpendRow {
                upstream: upstream.as_deref().unwrap_or_default().to_owned(),
                model: model.as_deref().map(str::to_owned),
                tenant: tenant.as_deref().map(str::to_owned),
                ..SpendRow::default()
            });
        // What is not paid is shown at 0: its calls are there.
        let cost = if paid { totals.cost_usd } else { Pico::ZERO };
        let when = |is: bool| if is { cost } else { Pico::ZERO };
        match period {
            Period::AllTime => row.all_time += cost,
            Period::Day(day) => {
                row.today += when(day == today);
                row.yesterday += when(day == yesterday);
                row.month += when(day.first_of_month() == today.first_of_month());
            }
            Period::Hour(_) | Period::Minute(_) => {}
        }
    }
    rows.into_values().collect()
}

/// How much of the calendar month is over in a time zone, in 0..1; nothing at the end of all time.
#[expect(
    clippy::float_arithmetic,
    reason = "a ratio that is shown; no amount of money is computed here"
)]
pub(super) fn month_elapsed(now: Timestamp, zone: &TimeZone) -> Option<f64> {
    let first = zone.to_datetime(now).date().first_of_month();
    let begins = |day: Date| Some(day.to_zoned(zone.clone()).ok()?.timestamp());
    let (begin, end) = (begins(first)?, begins(first.checked_add(1.month()).ok()?)?);
    let seconds = |until: Timestamp| until.duration_since(begin).as_secs_f64();
    Some(seconds(now) / seconds(end))
}

/// The roll-ups that totals are made of.
pub(super) fn sums(ledger: &Ledger, asked: &TotalsQuery) -> Result<Vec<Rollup>, LedgerError> {
    let apart = asked.apart();
    ledger.sums(asked.grain, asked.since, asked.until, &apart)
}

/// What the asker is told where the ledger no longer has what was asked for.
pub(super) fn refusal(ledger: &Ledger, error: &LedgerError) -> Option<Refusal> {
    let LedgerError::Forgotten { grain, from } = *error else {
        return None;
    };
    Some(Refusal::forgotten(grain, from, ledger.timezone()))
}

/// The dimensions that calls have had, and those that they can have now.
pub(super) fn dimensions(config: &Config, ledger: &Ledger) -> BTreeSet<String> {
    let mut names = ledger.dimensions();
    names.extend(config.attribution.dimensions.keys().cloned());
    names
}

/// What journal and ledger take on the disk; `None` if that cannot be read.
pub(super) fn bytes_on_disk(data_dir: &Path) -> Option<u64> {
    let mut bytes = 0_u64;
    let mut folders = vec![data_dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).ok()? {
            // A file that goes meanwhile takes no space.
            let Ok((path, meta)) = entry.and_then(|it| Ok((it.path(), it.metadata()?))) else {
                continue;
            };
            if meta.is_dir() {
                folders.push(path);
            } else {
                bytes = bytes.saturating_add(meta.len());
            }
        }
    }
    Some(bytes)
}

/// One page of calls, in the order of the journal.
pub(super) fn calls(ledger: &Ledger, query: &CallsQuery) -> Result<CallsPage, LedgerError> {
    let since = query.since.unwrap_or(Timestamp::MIN);
    let until = query.until.unwrap_or(Timestamp::MAX);
    let mut page = CallsPage::default();
    for row in ledger.rows(since, until, query.after.unwrap_or(0))? {
        let (seq, call) = row?;
        page.calls.push(call);
        if page.calls.len() >= query.limit {
            page.next = Some(seq);
            break;
        }
    }
    Ok(page)
}

/// What is missing among the rows of a part of time; that it cannot be seen, if it cannot.
pub(super) fn missing_rows(
    ledger: &Ledger,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
) -> Vec<String> {
    let (since, until) = (
        since.unwrap_or(Timestamp::MIN),
        until.unwrap_or(Timestamp::MAX),
    );
    let unseen = |error| vec![format!("whether rows are missing cannot be seen: {error}")];
    ledger.gaps(since, until).unwrap_or_else(unseen)
}

/// The keys that differ and are read at the start only.
pub(super) fn needs_restart(old: &Config, new: &Config) -> Vec<&'static str> {
    let (was, is) = (&old.server, &new.server);
    [
        ("server.listen", was.listen != is.listen),
        ("server.admin", was.admin != is.admin),
        ("server.data_dir", was.data_dir != is.data_dir),
        ("ledger", old.ledger != new.ledger),
        ("meter", old.meter != new.meter),
        ("reporting_timezone", old.reporting != new.reporting),
    ]
    .into_iter()
    .filter_map(|(key, differs)| differs.then_some(key))
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(now: &str, zone: &str, ratio: &str) {
        let zone = TimeZone::get(zone).unwrap();
        let elapsed = month_elapsed(now.parse().unwrap(), &zone).unwrap();
        assert_eq!(format!("{elapsed:.6}"), ratio);
    }

    #[test]
    fn a_month_begins_and_ends_where_the_reporting_time_zone_says() {
        check("2026-11-16T00:00:00Z", "UTC", "0.500000");
        check("2026-11-30T16:00:00Z", "Asia/Shanghai", "0.000000");
        // Seven hours before its end; it has one more, since clocks went back: 714 of 721.
        check("2026-12-01T01:00:00Z", "America/Los_Angeles", "0.990291");
    }
}
