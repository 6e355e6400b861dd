//! Daily totals grouped by what was asked for; money as decimal strings.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::query::By;
use super::source::{DailyTotal, Days, Sums};
use crate::call::Role;

/// The answer of `/api/v1/totals`, also for reports made without a listener.
///
/// A gateway's money is the bill of the provider behind it seen a second time: it is shown only
/// where upstreams are told apart, and it is never in the total.
#[must_use]
pub fn totals(days: Days, by: &[By], zone: &str, daily: &[DailyTotal]) -> Value {
    let mut total = Sums::default();
    let mut groups: BTreeMap<Vec<Option<String>>, (bool, Sums)> = BTreeMap::new();
    for entry in daily {
        let is_gateway = entry.role == Role::Gateway;
        if !is_gateway {
            total.add(&entry.sums);
        } else if !by.contains(&By::Upstream) {
            continue;
        }
        let key = by.iter().map(|by| value(*by, entry)).collect();
        let (_, sums) = groups.entry(key).or_insert((is_gateway, Sums::default()));
        sums.add(&entry.sums);
    }
    let rows = groups.iter().map(|(key, (is_gateway, sums))| {
        let mut row = object(sums);
        for (by, name) in by.iter().zip(key) {
            row.insert(by.label().to_owned(), json!(name));
        }
        if *is_gateway {
            row.insert("in_total".to_owned(), json!(false));
        }
        Value::Object(row)
    });
    json!({
        "currency": "USD",
        "timezone": zone,
        "since": days.since,
        "until": days.until,
        "by": by.iter().map(|by| by.label()).collect::<Vec<_>>(),
        "total": object(&total),
        "rows": rows.collect::<Vec<_>>(),
    })
}

/// What an entry is under one heading; absent where the call had none.
fn value(by: By, entry: &DailyTotal) -> Option<String> {
    match by {
        By::Day => Some(entry.day.to_string()),
        By::Upstream => Some(entry.upstream.clone()),
        By::Model => entry.model.clone(),
        By::Tenant => entry.tenant.clone(),
    }
}

fn object(sums: &Sums) -> Map<String, Value> {
    let Sums {
        calls,
        unpriced_calls,
        unknown_calls,
        input_tokens,
        cache_read_tokens,
        cache_write_tokens,
        output_tokens,
        reasoning_tokens,
        cost_usd,
    } = sums;
    let pairs = [
        ("calls", json!(calls)),
        ("unpriced_calls", json!(unpriced_calls)),
        ("unknown_calls", json!(unknown_calls)),
        ("input_tokens", json!(input_tokens)),
        ("cache_read_tokens", json!(cache_read_tokens)),
        ("cache_write_tokens", json!(cache_write_tokens)),
        ("output_tokens", json!(output_tokens)),
        ("reasoning_tokens", json!(reasoning_tokens)),
        ("cost_usd", json!(cost_usd)),
    ];
    pairs
        .map(|(name, value)| (name.to_owned(), value))
        .into_iter()
        .collect()
}
