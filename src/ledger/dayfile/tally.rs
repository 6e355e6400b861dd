//! What rows sum to: counted once from the journal and once from the file, and then the same.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::call::CallRecord;
use crate::money::Pico;

/// The sums of some rows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::ledger) struct Tally {
    pub(in crate::ledger) rows: u64,
    /// The numbers of the first row and the last.
    first_row: u64,
    last_row: u64,
    /// When the first of them arrived, and the last.
    pub(in crate::ledger) arrived_first: Timestamp,
    pub(in crate::ledger) arrived_last: Timestamp,
    /// Money by currency.
    cost_native: BTreeMap<String, Pico>,
    cost_usd: Pico,
    /// CRC32C over all rows, each with its number and as the journal's JSON.
    digest: u32,
}

impl Tally {
    /// Adds the next row.
    pub(in crate::ledger) fn add(
        &mut self,
        seq: u64,
        call: &CallRecord,
    ) -> Result<(), serde_json::Error> {
        let at = call.started_at;
        if self.rows == 0 {
            (self.first_row, self.arrived_first, self.arrived_last) = (seq, at, at);
        }
        self.rows = self.rows.saturating_add(1);
        self.last_row = seq;
        self.arrived_first = self.arrived_first.min(at);
        self.arrived_last = self.arrived_last.max(at);
        if let (Some(cost), Some(currency)) = (call.cost_native, call.currency) {
            *self
                .cost_native
                .entry(currency.code().to_owned())
                .or_default() += cost;
        }
        self.cost_usd += call.cost_usd.unwrap_or_default();
        let digest = crc32c::crc32c_append(self.digest, &seq.to_le_bytes());
        self.digest = crc32c::crc32c_append(digest, &serde_json::to_vec(call)?);
        Ok(())
    }

    /// Says what is not as expected, if anything.
    pub(in crate::ledger) fn differs_from(&self, expected: &Self) -> Option<String> {
        let parts = [
            ("calls", self.rows == expected.rows),
            ("first number", self.first_row == expected.first_row),
            ("last number", self.last_row == expected.last_row),
            ("money", self.cost_native == expected.cost_native),
            ("dollars", self.cost_usd == expected.cost_usd),
            ("rows", self.digest == expected.digest),
        ];
        let wrong: Vec<&str> = parts
            .into_iter()
            .filter_map(|(part, same)| (!same).then_some(part))
            .collect();
        (!wrong.is_empty()).then(|| format!("not as they were written: {}", wrong.join(", ")))
    }
}
