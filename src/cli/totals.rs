//! Totals as the admin address gives them, read, regrouped and written.

use std::collections::BTreeMap;
use std::ops::{AddAssign, Sub};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Failure;
use super::args::By;
use crate::money::Pico;

/// Sums over calls. A field that an older tollgate does not send is 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Sums {
    pub(super) calls: u64,
    /// Calls that cost money nobody can name.
    pub(super) unpriced_calls: u64,
    /// Billable calls whose tokens nobody knows.
    pub(super) unknown_calls: u64,
    pub(super) input_tokens: u64,
    pub(super) cache_read_tokens: u64,
    pub(super) cache_write_tokens: u64,
    pub(super) output_tokens: u64,
    pub(super) reasoning_tokens: u64,
    pub(super) cost_usd: Pico,
}

impl Sums {
    /// Both sums, field by field.
    fn with(self, other: Self, count: fn(u64, u64) -> u64, money: fn(Pico, Pico) -> Pico) -> Self {
        Self {
            calls: count(self.calls, other.calls),
            unpriced_calls: count(self.unpriced_calls, other.unpriced_calls),
            unknown_calls: count(self.unknown_calls, other.unknown_calls),
            input_tokens: count(self.input_tokens, other.input_tokens),
            cache_read_tokens: count(self.cache_read_tokens, other.cache_read_tokens),
            cache_write_tokens: count(self.cache_write_tokens, other.cache_write_tokens),
            output_tokens: count(self.output_tokens, other.output_tokens),
            reasoning_tokens: count(self.reasoning_tokens, other.reasoning_tokens),
            cost_usd: money(self.cost_usd, other.cost_usd),
        }
    }
}

impl AddAssign for Sums {
    fn add_assign(&mut self, other: Self) {
        *self = self.with(other, u64::saturating_add, |a, b| a + b);
    }
}

impl Sub for Sums {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self.with(other, u64::saturating_sub, |a, b| a - b)
    }
}

/// One row: what it is about, and its sums.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Row {
    /// A gateway's money is a second view of the same bill: shown, and not in the total.
    #[serde(default = "yes", skip_serializing_if = "std::clone::Clone::clone")]
    pub(super) in_total: bool,
    #[serde(flatten)]
    pub(super) sums: Sums,
    /// Values by the names in `by`.
    #[serde(flatten)]
    pub(super) keys: BTreeMap<String, Value>,
}

fn yes() -> bool {
    true
}

impl Row {
    /// What the row says under one heading.
    pub(super) fn key(&self, by: &str) -> &str {
        self.keys
            .get(by)
            .and_then(Value::as_str)
            .unwrap_or("(none)")
    }
}

/// The answer of `/api/v1/totals`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Totals {
    pub(super) currency: String,
    pub(super) timezone: String,
    #[serde(default)]
    pub(super) since: Option<String>,
    #[serde(default)]
    pub(super) until: Option<String>,
    pub(super) by: Vec<String>,
    pub(super) total: Sums,
    pub(super) rows: Vec<Row>,
}

impl Totals {
    /// Reads the answer, of the admin address or of the data directory.
    pub(super) fn read(answer: Value) -> Result<Self, Failure> {
        serde_json::from_value(answer).map_err(|error| {
            Failure::work("the totals are not in the form this version reads")
                .because(error)
                .remedy("use the tollgate binary of the same version as the running one")
        })
    }

    /// What came on top of what was there `before`, row by row.
    pub(super) fn since(mut self, before: &Self) -> Self {
        self.total = self.total - before.total;
        for row in &mut self.rows {
            let before = before.rows.iter().find(|before| before.keys == row.keys);
            if let Some(before) = before {
                row.sums = row.sums - before.sums;
            }
        }
        self
    }

    /// Makes months of days, where months were asked for.
    pub(super) fn regrouped(mut self, by: &[By]) -> Self {
        if by.contains(&By::Month) {
            let rows = std::mem::take(&mut self.rows);
            self.rows = months(rows, by);
        }
        self.by = by.iter().map(|by| by.label().to_owned()).collect();
        self
    }
}

/// Rows by day, summed by month and the other headings, in their order.
fn months(days: Vec<Row>, by: &[By]) -> Vec<Row> {
    let mut sums: BTreeMap<(Vec<Option<String>>, bool), Sums> = BTreeMap::new();
    for row in days {
        let value = |name: &str| row.keys.get(name).and_then(Value::as_str);
        let key = |by: &By| {
            let month = |day: &str| day.get(..7).map(str::to_owned);
            if *by == By::Month {
                value(By::Day.label()).and_then(month)
            } else {
                value(by.label()).map(str::to_owned)
            }
        };
        *sums
            .entry((by.iter().map(key).collect(), row.in_total))
            .or_default() += row.sums;
    }
    let rows = sums.into_iter().map(|((keys, in_total), sums)| {
        let keys = by
            .iter()
            .zip(keys)
            .map(|(by, key)| (by.label().to_owned(), key.into()));
        Row {
            in_total,
            sums,
            keys: keys.collect(),
        }
    });
    rows.collect()
}

/// The columns to ask for: months are made of days here.
pub(super) fn asked(by: &[By]) -> Vec<&'static str> {
    let mut asked = Vec::new();
    for by in by {
        let label = if *by == By::Month { By::Day } else { *by }.label();
        if !asked.contains(&label) {
            asked.push(label);
        }
    }
    asked
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// An answer as the admin address gives it.
    pub(crate) fn answer() -> Value {
        serde_json::json!({
            "currency": "USD", "timezone": "Asia/Shanghai", "since": "2026-10-23", "until": null,
            "by": ["day", "model"],
            "total": { "calls": 3_001_412, "unpriced_calls": 12, "unknown_calls": 3,
                "input_tokens": 2_100_000_000, "cache_read_tokens": 310_000_000, "output_tokens": 480_000_123, "cost_usd": "5107.250075" },
            "rows": [
                { "day": "2026-10-31", "model": "gpt-4o-2024-08-06", "calls": 1_400, "input_tokens": 2_000_000, "output_tokens": 400_000, "cost_usd": "7.2500751" },
                { "day": "2026-11-01", "model": "gpt-4o-2024-08-06", "calls": 3_000_000, "unknown_calls": 3, "input_tokens": 2_098_000_000, "cache_read_tokens": 310_000_000, "output_tokens": 479_600_123, "cost_usd": "5100" },
                { "day": "2026-11-02", "model": "house-model", "calls": 11, "unpriced_calls": 11, "input_tokens": 5, "output_tokens": 1, "cost_usd": "0" },
                { "day": "2026-11-02", "model": null, "calls": 1, "unpriced_calls": 1, "cost_usd": "0" },
                { "day": "2026-11-02", "model": "gpt-4o-2024-08-06", "in_total": false, "calls": 9, "cost_usd": "3" },
            ],
        })
    }

    #[test]
    fn days_become_months_and_nothing_is_lost() {
        let by = [By::Month, By::Model];
        assert_eq!(asked(&by), ["day", "model"]);
        let days = Totals::read(answer()).unwrap();
        let months = days.clone().regrouped(&by);
        let named: Vec<_> = months
            .rows
            .iter()
            .map(|row| (row.key("month"), row.sums.calls))
            .collect();
        assert_eq!(
            named,
            [
                ("2026-10", 1_400),
                ("2026-11", 1),
                ("2026-11", 9),
                ("2026-11", 3_000_000),
                ("2026-11", 11)
            ]
        );
        let sum = |rows: &[Row]| {
            rows.iter().fold(Sums::default(), |mut sum, row| {
                sum += row.sums;
                sum
            })
        };
        assert_eq!(sum(&months.rows), sum(&days.rows));
    }

    #[test]
    fn an_answer_of_another_shape_is_refused_with_a_remedy() {
        let failure = Totals::read(serde_json::json!({"rows": 3}))
            .unwrap_err()
            .to_string();
        assert!(failure.contains("same version"), "{failure}");
    }
}
