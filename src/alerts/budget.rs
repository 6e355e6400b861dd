//! Which tenants will spend more than their budget at the pace of the last week, and which have.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use jiff::civil::{Date, Time};
use jiff::{Timestamp, ToSpan};

use super::fact::Fact;
use super::receiver::Budget;
use super::spike::{moment, paid};
use crate::ledger::{Apart, Grain, Ledger, LedgerError, Period};
use crate::money::Pico;

/// Whole days that make the pace.
const PACE_DAYS: i64 = 7;
/// Days since the first call among them; with fewer there is no pace yet.
const PACE_DAYS_MIN: i128 = 3;
/// Seconds in a day.
const DAY_SECONDS: i128 = 86_400;

/// The tenants that have spent their budget or will have by the end of the month.
pub(super) fn facts(
    ledger: &Ledger,
    budgets: &[Budget],
    now: Timestamp,
) -> Result<Vec<Fact>, LedgerError> {
    if budgets.is_empty() {
        return Ok(Vec::new());
    }
    let today = ledger.day_of(now);
    let month = today.first_of_month();
    let (so_far, _) = spent(ledger, month..today.saturating_add(1.day()))?;
    let (week, days) = spent(ledger, today.saturating_sub(PACE_DAYS.days())..today)?;
    let end = midnight(ledger, month.saturating_add(1.month()));
    let left = i128::from(end.as_second().saturating_sub(now.as_second()));
    let fact = |Budget { tenant, usd }: &Budget| {
        let of = |sums: &BTreeMap<String, Pico>| sums.get(tenant).copied().unwrap_or_default();
        let so_far = of(&so_far);
        let rest = of(&week).scaled(left, days.saturating_mul(DAY_SECONDS));
        let projected = so_far + rest;
        let reached = so_far >= *usd;
        let told = reached || (days >= PACE_DAYS_MIN && projected > *usd);
        told.then(|| Fact::Budget {
            tenant: tenant.clone(),
            month,
            budget: *usd,
            so_far,
            projected: (!reached).then_some(projected),
        })
    };
    Ok(budgets.iter().filter_map(fact).collect())
}

/// What each tenant paid on some days, and how many there are from the first with a call on.
fn spent(
    ledger: &Ledger,
    days: Range<Date>,
) -> Result<(BTreeMap<String, Pico>, i128), LedgerError> {
    let (since, until) = (midnight(ledger, days.start), midnight(ledger, days.end));
    let apart = Apart {
        tenant: true,
        period: true,
        ..Apart::default()
    };
    let (mut sums, mut seen) = (BTreeMap::<String, Pico>::new(), BTreeSet::new());
    for row in ledger.sums(Grain::Day, Some(since), Some(until), &apart)? {
        let Some(cost) = paid(&row) else {
            continue;
        };
        if let Period::Day(day) = row.period {
            seen.insert(day);
        }
        if let Some(tenant) = row.group.tenant {
            *sums.entry(tenant.to_string()).or_default() += cost;
        }
    }
    let count = seen.first().and_then(|first| days.end.since(*first).ok());
    Ok((sums, count.map_or(0, |span| i128::from(span.get_days()))))
}

fn midnight(ledger: &Ledger, day: Date) -> Timestamp {
    moment(ledger.timezone(), day, Time::midnight())
}
