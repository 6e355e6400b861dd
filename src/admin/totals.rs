//! Daily totals grouped by what was asked for; money as decimal strings.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::query::By;
use super::source::Days;
use crate::ledger::{Group, Origin, Period, Rollup, Totals};

/// The answer of `/api/v1/totals`, also for reports made without a listener.
///
/// A gateway's money is the bill of the provider behind it seen a second time: it is shown only
/// where upstreams are told apart, and it is never in the total.
#[must_use]
pub fn totals(days: Days, by: &[By], zone: &str, daily: &[Rollup]) -> Value {
    let mut total = Sums::default();
    let mut groups: BTreeMap<Vec<Option<String>>, (bool, Sums)> = BTreeMap::new();
    for rollup in daily {
        let in_total = rollup.group.in_total();
        if in_total {
            total.add(rollup);
        } else if !by.contains(&By::Upstream) {
            continue;
        }
        let key = by.iter().map(|by| value(*by, rollup)).collect();
        let (_, sums) = groups.entry(key).or_insert((in_total, Sums::default()));
        sums.add(rollup);
    }
    let rows = groups.iter().map(|(key, (in_total, sums))| {
        let mut row = sums.object();
        for (by, name) in by.iter().zip(key) {
            row.insert(by.label().to_owned(), json!(name));
        }
        if !in_total {
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
        "total": total.object(),
        "rows": rows.collect::<Vec<_>>(),
    })
}

/// What a roll-up is under one heading; absent where its calls had none.
fn value(by: By, rollup: &Rollup) -> Option<String> {
    let Group {
        upstream,
        model,
        tenant,
        ..
    } = &rollup.group;
    let name = match by {
        By::Day => return day(rollup.period),
        By::Upstream => upstream,
        By::Model => model,
        By::Tenant => tenant,
    };
    name.as_deref().map(str::to_owned)
}

fn day(period: Period) -> Option<String> {
    match period {
        Period::Day(day) => Some(day.to_string()),
        Period::Hour(_) | Period::AllTime => None,
    }
}

/// Everything, and the part of it that is made history: nobody was billed for that.
#[derive(Default)]
struct Sums {
    all: Totals,
    imported: Totals,
}

impl Sums {
    fn add(&mut self, rollup: &Rollup) {
        self.all.merge(&rollup.totals);
        match rollup.group.origin {
            Origin::Live => {}
            Origin::Imported => self.imported.merge(&rollup.totals),
        }
    }

    fn object(&self) -> Map<String, Value> {
        let Self { all, imported } = self;
        let pairs = [
            ("calls", json!(all.calls)),
            ("imported_calls", json!(imported.calls)),
            ("unpriced_calls", json!(all.unpriced)),
            ("unknown_calls", json!(all.unknown)),
            ("input_tokens", json!(all.input_tokens)),
            ("cache_read_tokens", json!(all.cache_read_tokens)),
            ("cache_write_tokens", json!(all.cache_write_tokens)),
            ("output_tokens", json!(all.output_tokens)),
            ("reasoning_tokens", json!(all.reasoning_tokens)),
            ("cost_usd", json!(all.cost_usd)),
            ("imported_cost_usd", json!(imported.cost_usd)),
        ];
        pairs
            .map(|(name, value)| (name.to_owned(), value))
            .into_iter()
            .collect()
    }
}
