//! Records of finished calls, by number: some models, tenants and seconds of the same minute.

use std::time::Duration;

use tollgate::call::{CallId, CallRecord};
use tollgate::ledger::Entry;

const MODELS: [&str; 4] = [
    "gpt-4o-2024-08-06",
    "gpt-4o-mini-2024-07-18",
    "gpt-4.1-2025-04-14",
    "o3",
];
const TENANTS: [&str; 4] = ["search", "support", "billing", "key-0123456789abcdef"];

/// The row of one call as it stands in the journal.
pub(crate) const ROW: &str = include_str!("call.json");

/// So many records; those of one number are the same each time.
pub(crate) fn records(calls: u64) -> anyhow::Result<Vec<CallRecord>> {
    let row: CallRecord = serde_json::from_str(ROW)?;
    Ok((1..=calls).map(|number| record(&row, number)).collect())
}

fn record(row: &CallRecord, number: u64) -> CallRecord {
    let of = |names: [&str; 4], step: u64| {
        let mut names = names.into_iter().cycle();
        let at = usize::try_from(number / step).unwrap_or_default() % 4;
        names.nth(at).map(str::to_owned)
    };
    CallRecord {
        call_id: CallId(uuid::Uuid::from_u128(number.into())),
        started_at: row.started_at + Duration::from_millis(number * 7 % 60_000),
        model: of(MODELS, 1),
        tenant: of(TENANTS, 4),
        ..row.clone()
    }
}

/// What the ledger is told of them: each call's `Begin` and its `End`, numbered after `last`.
pub(crate) fn entries(records: &[CallRecord], last: u64) -> Vec<(u64, Entry<'_>)> {
    let both = records
        .iter()
        .flat_map(|record| [Entry::Begun(record.call_id), Entry::Ended(record)]);
    (last + 1..).zip(both).collect()
}
