//! Models that have traffic and no price: their money is in no total.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use jiff::{Timestamp, ToSpan};

use super::fact::Fact;
use crate::ledger::{Ledger, LedgerError, Origin, Period};

/// Models told of in one day, those of most calls first: the rest is in the report.
const MODELS_MAX: usize = 20;

/// Each model of today or yesterday that has no price, on its last such day.
pub(super) fn facts(ledger: &Ledger, now: Timestamp) -> Result<Vec<Fact>, LedgerError> {
    let today = ledger.day_of(now);
    let mut calls = BTreeMap::new();
    for rollup in ledger.days(today.saturating_sub(1.day()), today)? {
        let (group, unpriced) = (rollup.group, rollup.totals.unpriced);
        let Period::Day(day) = rollup.period else {
            continue;
        };
        if unpriced == 0 || group.origin == Origin::Imported || !group.in_total() {
            continue;
        }
        let name = |name: Option<std::sync::Arc<str>>| name.as_deref().unwrap_or("?").to_owned();
        let seen = calls
            .entry((name(group.upstream), name(group.model)))
            .or_insert((day, 0_u64));
        // In order of time: a later day begins anew.
        *seen = (
            day,
            if seen.0 == day { seen.1 } else { 0 }.saturating_add(unpriced),
        );
    }
    let mut calls: Vec<_> = calls.into_iter().collect();
    calls.sort_by_key(|(_, (_, calls))| Reverse(*calls));
    let fact = |((upstream, model), (day, calls))| Fact::Unpriced {
        upstream,
        model,
        day,
        calls,
    };
    Ok(calls.into_iter().take(MODELS_MAX).map(fact).collect())
}
