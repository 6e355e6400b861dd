//! Totals as the admin address gives them, read, regrouped and written.

use std::collections::BTreeMap;
use std::ops::Sub;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Failure;
use super::report::Hosting;
use crate::money::Pico;

/// Sums over calls. A field that an older tollgate does not send is 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Sums {
    pub(super) calls: u64,
    /// Part of them: imported, not metered here.
    pub(super) imported_calls: u64,
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
    /// Part of it, for the imported calls.
    pub(super) imported_cost_usd: Pico,
    /// Part of it, that a free quota paid for.
    pub(super) free_quota_cost_usd: Pico,
    /// Part of it, that came from prepaid packs.
    pub(super) prepaid_cost_usd: Pico,
    /// Part of it, that reserved hours served.
    pub(super) reserved_cost_usd: Pico,
}

impl Sums {
    /// Both sums, field by field.
    fn with(self, other: Self, count: fn(u64, u64) -> u64, money: fn(Pico, Pico) -> Pico) -> Self {
        Self {
            calls: count(self.calls, other.calls),
            imported_calls: count(self.imported_calls, other.imported_calls),
            unpriced_calls: count(self.unpriced_calls, other.unpriced_calls),
            unknown_calls: count(self.unknown_calls, other.unknown_calls),
            input_tokens: count(self.input_tokens, other.input_tokens),
            cache_read_tokens: count(self.cache_read_tokens, other.cache_read_tokens),
            cache_write_tokens: count(self.cache_write_tokens, other.cache_write_tokens),
            output_tokens: count(self.output_tokens, other.output_tokens),
            reasoning_tokens: count(self.reasoning_tokens, other.reasoning_tokens),
            cost_usd: money(self.cost_usd, other.cost_usd),
            imported_cost_usd: money(self.imported_cost_usd, other.imported_cost_usd),
            free_quota_cost_usd: money(self.free_quota_cost_usd, other.free_quota_cost_usd),
            prepaid_cost_usd: money(self.prepaid_cost_usd, other.prepaid_cost_usd),
            reserved_cost_usd: money(self.reserved_cost_usd, other.reserved_cost_usd),
        }
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
    /// How many groups are summed in it, if they are those beside the largest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) others: Option<u64>,
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
        self.said(by).unwrap_or("(none)")
    }

    fn said(&self, by: &str) -> Option<&str> {
        self.keys.get(by).and_then(Value::as_str)
    }

    /// What it says under all of them; of the others it says how many once, and `none` stands for
    /// what its calls do not have.
    pub(super) fn cells(&self, by: &[String], none: &str) -> Vec<String> {
        let mut others = self.others;
        let cells = by.iter().map(|by| match (self.said(by), self.others) {
            (Some(said), _) => said.to_owned(),
            (None, None) => none.to_owned(),
            (None, Some(_)) => others
                .take()
                .map_or_else(String::new, |many| format!("others ({many})")),
        });
        cells.collect()
    }
}

/// What is paid, by how. An older tollgate does not say it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(
    clippy::struct_field_names,
    reason = "the fields of the answer, each with its unit"
)]
pub(super) struct Spend {
    pub(super) invoice_usd: Pico,
    pub(super) prepaid_usd: Pico,
    pub(super) reserved_usd: Pico,
    pub(super) total_usd: Pico,
    pub(super) total_without_reserved_usd: Pico,
}

/// Throughput that is paid by the hour, and what it served.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Reserved {
    pub(super) name: String,
    pub(super) cost_usd: Pico,
    pub(super) calls: u64,
    pub(super) worth_usd: Pico,
    pub(super) parts: Vec<Part>,
}

/// So many units of it for so long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Part {
    pub(super) units: u32,
    pub(super) amount: Pico,
    pub(super) currency: String,
    /// `hour` or `month`.
    pub(super) per: String,
    pub(super) seconds: u64,
    pub(super) cost_native: Pico,
    pub(super) cost_usd: Pico,
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
    #[serde(default)]
    pub(super) spend: Spend,
    #[serde(default)]
    pub(super) reserved: Vec<Reserved>,
    /// Own hosting, which is in no sum; an older tollgate does not say it, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) hosting: Option<Vec<Hosting>>,
    /// … and where it cannot be read, this says why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) hosting_missing: Option<String>,
    pub(super) rows: Vec<Row>,
    /// Which of these calls have no rows any more, in words. An older tollgate does not say it.
    #[serde(default)]
    pub(super) missing_rows: Vec<String>,
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

    /// The largest of many, from hours, with a gateway.
    pub(crate) fn largest() -> Value {
        serde_json::json!({
            "currency": "USD", "timezone": "Asia/Kolkata",
            "since": "2026-11-22T05:30+05:30", "until": null, "by": ["upstream", "team"],
            "total": { "calls": 90_000, "imported_calls": 40_000, "cost_usd": "120.5",
                "imported_cost_usd": "20.25" },
            "rows": [
                { "upstream": "litellm", "team": null, "in_total": false, "calls": 7, "cost_usd": "0.7" },
                { "upstream": "openai", "team": "search", "calls": 50_000, "cost_usd": "60.25" },
                { "upstream": "openai", "team": null, "calls": 30_000, "cost_usd": "20.2500001" },
                { "upstream": null, "team": null, "others": 17, "calls": 10_000,
                    "cost_usd": "39.9999999" },
            ],
        })
    }

    /// One where no invoice bills all of it.
    pub(crate) fn paid() -> Value {
        serde_json::json!({
            "currency": "USD", "timezone": "UTC", "since": "2026-11-01", "until": "2026-12-01",
            "by": ["model"],
            "total": { "calls": 20_000, "cost_usd": "4925.12", "free_quota_cost_usd": "20",
                "prepaid_cost_usd": "5", "reserved_cost_usd": "3900.12" },
            "spend": { "invoice_usd": "1000", "prepaid_usd": "5", "reserved_usd": "4852",
                "total_usd": "5857", "total_without_reserved_usd": "1005" },
            "reserved": [
                { "name": "azure-ptu", "cost_usd": "4320", "calls": 12_345, "worth_usd": "3900.12",
                    "parts": [{ "units": 3, "amount": "2", "currency": "USD", "per": "hour",
                        "seconds": 2_592_000, "cost_native": "4320", "cost_usd": "4320" }] },
                { "name": "ark", "cost_usd": "532", "calls": 0, "worth_usd": "0",
                    "parts": [
                        { "units": 1, "amount": "3600", "currency": "CNY", "per": "month",
                            "seconds": 2_592_000, "cost_native": "3600", "cost_usd": "504" },
                        { "units": 2, "amount": "100", "currency": "CNY", "per": "hour",
                            "seconds": 3_630, "cost_native": "200", "cost_usd": "28" },
                    ] },
            ],
            "rows": [{ "model": "gpt-4o", "calls": 20_000, "cost_usd": "4925.12",
                "free_quota_cost_usd": "20", "prepaid_cost_usd": "5",
                "reserved_cost_usd": "3900.12" }],
        })
    }

    /// One of a house that hosts, by month.
    pub(crate) fn hosting() -> Value {
        serde_json::json!({
            "currency": "USD", "timezone": "UTC", "since": "2026-10-01", "until": null,
            "by": ["month", "model"],
            "total": { "calls": 3, "cost_usd": "0" },
            "rows": [{ "month": "2026-10", "model": "llama", "calls": 3, "input_tokens": 3_000_000,
                "output_tokens": 1_500_000, "cost_usd": "0" }],
            "hosting": [
                { "period": "2026-10", "plan": "ours", "hours": 744.0, "replica_hours": 1_488.0,
                    "calls": 3.0, "tokens": 4_500_000.0, "cost_usd": 26_784.0, "would_cost_usd": "6",
                    "saving_usd": -26_778.0, "usd_per_mtok": 5_952.0, "api_usd_per_mtok": 1.333_333_333_3,
                    "busy": 0.000_25 },
                { "period": "2026-11", "plan": "ours", "hours": 1.5, "replica_hours": 3.0,
                    "calls": 0.0, "tokens": 0.0, "cost_usd": 54.0, "would_cost_usd": "60.5",
                    "saving_usd": 6.5, "usd_per_mtok": null, "api_usd_per_mtok": null, "busy": 0.0 },
                { "period": "2026-11", "plan": "shared", "hours": 1.5, "replica_hours": 3.0,
                    "calls": 2.0, "tokens": 3_000_000.0, "cost_usd": 54.0, "would_cost_usd": "4",
                    "saving_usd": null, "usd_per_mtok": null, "api_usd_per_mtok": 1.333_333_333_3,
                    "busy": null, "part_of_traffic": true },
            ],
        })
    }

    #[test]
    fn an_answer_of_another_shape_is_refused_with_a_remedy() {
        let failure = Totals::read(serde_json::json!({"rows": 3}))
            .unwrap_err()
            .to_string();
        assert!(failure.contains("same version"), "{failure}");
    }
}
