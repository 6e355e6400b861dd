//! The totals as the admin listener says them, to be held against the rows.

use std::ops::Add;

use serde_json::Value;

use super::rows::{Rows, pico};
use super::tollgate::Tollgate;

/// What a sum over rows and the ledger's own totals must agree on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) calls: u64,
    pub(crate) input_tokens: u64,
    pub(crate) output_tokens: u64,
    pub(crate) cost_pico: i128,
}

impl Totals {
    pub(crate) fn of_rows(rows: &Rows) -> Self {
        Self {
            calls: u64::try_from(rows.len()).unwrap(),
            input_tokens: rows.tokens("input_tokens"),
            output_tokens: rows.tokens("output_tokens"),
            cost_pico: rows.cost_pico(),
        }
    }

    pub(crate) async fn of_ledger(tollgate: &Tollgate) -> Self {
        let answer = tollgate.ask_admin("/api/v1/totals").await.unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text());
        Self::parse(&serde_json::from_slice(&answer.body).unwrap())
    }

    /// What `/api/v1/totals` or `report --format json` said.
    pub(crate) fn parse(totals: &Value) -> Self {
        let all = &totals["total"];
        let count = |column: &str| all[column].as_u64().unwrap();
        Self {
            calls: count("calls"),
            input_tokens: count("input_tokens"),
            output_tokens: count("output_tokens"),
            cost_pico: pico(all["cost_usd"].as_str().unwrap()),
        }
    }
}

impl Add for Totals {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            calls: self.calls + other.calls,
            input_tokens: self.input_tokens + other.input_tokens,
            output_tokens: self.output_tokens + other.output_tokens,
            cost_pico: self.cost_pico + other.cost_pico,
        }
    }
}
