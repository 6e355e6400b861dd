//! What is written is what is read, whatever a record holds; what was changed is not read.

use std::collections::BTreeMap;

use tempfile::TempDir;

use super::*;
use crate::call::tests::full;
use crate::call::{CallId, CallRecord, Flag};
use crate::ledger::tests::call;
use crate::money::Pico;
use crate::usage::TokenUsage;

const DAY: Date = Date::constant(2026, 11, 22);

/// Writes the records under odd numbers and gives the finished file its name.
fn written(dir: &Path, calls: &[CallRecord]) -> Facts {
    let mut file = Writer::create(dir, DAY, 1).unwrap();
    for (n, call) in calls.iter().enumerate() {
        file.add(seq(n), call.clone()).unwrap();
    }
    let facts = file.finish().unwrap();
    std::fs::rename(unfinished_path(dir, DAY), path(dir, DAY)).unwrap();
    facts
}

fn seq(n: usize) -> u64 {
    u64::try_from(n * 2 + 1).unwrap()
}

#[track_caller]
fn check(calls: &[CallRecord]) {
    let dir = TempDir::new().unwrap();
    let facts = written(dir.path(), calls);
    let open = || Reader::open(&path(dir.path(), DAY)).unwrap();
    assert_eq!(open().check().unwrap(), facts);
    assert_eq!(facts.calls(), u64::try_from(calls.len()).unwrap());
    for after in [0, 1, calls.len() / 2, calls.len().saturating_sub(1)] {
        let rows: Vec<(u64, CallRecord)> = open()
            .rows_after(if after == 0 { 0 } else { seq(after - 1) })
            .map(Result::unwrap)
            .collect();
        let expected = calls.iter().cloned().enumerate().skip(after);
        let expected: Vec<(u64, CallRecord)> = expected.map(|(n, call)| (seq(n), call)).collect();
        assert!(rows == expected, "behind {after}: {} rows", rows.len());
    }
}

/// A record in which nothing is present that need not be.
fn bare() -> CallRecord {
    CallRecord {
        status: None,
        tenant: None,
        model_requested: None,
        dimensions: BTreeMap::new(),
        usage: TokenUsage::default(),
        source: None,
        cost_native: None,
        cost_usd: None,
        currency: None,
        ttft_ms: None,
        finish_reason: None,
        response_id: None,
        ..call(0)
    }
}

#[test]
fn every_field_comes_back_as_it_was() {
    let mut wide = full();
    wide.attempt_of = Some(CallId(uuid::Uuid::max()));
    wide.started_at = "2026-11-22T23:59:59.123456789Z".parse().unwrap();
    wide.usage.input = Some(u64::MAX);
    wide.cost_native = Some(Pico(-1));
    wide.cost_usd = Some(Pico(99_999_999_999_999_999_999_999_999_999_999_999_999));
    wide.cost_lines = vec![wide.cost_lines[0].clone(); 3];
    wide.cost_lines[1].model = Some("an \u{e9}\u{4e16} model".into());
    wide.side = vec![wide.side[0].clone(), wide.side[0].clone()];
    wide.side[1].model = Some("m".into());
    wide.side[1].input_tokens = None;
    wide.units = BTreeMap::from([("web_search".into(), 3), ("images".into(), u64::MAX)]);
    wide.dimensions = BTreeMap::from([("a".into(), String::new()), ("b".into(), "2".into())]);
    wide.flags = Flag::ALL.to_vec();
    check(&[full(), bare(), wide, bare(), full()]);
}

#[test]
fn rows_are_whole_over_the_edges_of_batches() {
    let calls: Vec<CallRecord> = (0..2_500)
        .map(|n| if n % 7 == 3 { full() } else { call(n) })
        .collect();
    check(&calls);
}

#[test]
fn a_change_of_any_byte_is_found_or_changes_nothing() {
    let dir = TempDir::new().unwrap();
    let calls: Vec<CallRecord> = (0..40).map(call).collect();
    written(dir.path(), &calls);
    let whole = std::fs::read(path(dir.path(), DAY)).unwrap();
    let mut random = fastrand::Rng::with_seed(7);
    let read = |bytes: &[u8]| {
        std::fs::write(path(dir.path(), DAY), bytes).unwrap();
        let rows = Reader::open(&path(dir.path(), DAY))?.rows_after(0);
        rows.map(|row| row.map(|(_, call)| call))
            .collect::<Result<Vec<_>, _>>()
    };
    assert!(read(&whole).is_ok());
    for _ in 0..1_000 {
        let at = random.usize(..whole.len());
        let mut changed = whole.clone();
        changed[at] ^= 1 << random.u8(..8);
        if let Ok(rows) = read(&changed) {
            assert!(rows == calls, "a changed byte {at} was read as other rows");
        }
    }
    for cut in [1, 8, whole.len() / 2, whole.len() - 4] {
        assert!(
            read(&whole[..whole.len() - cut]).is_err(),
            "{cut} bytes cut"
        );
    }
}

#[test]
fn the_columns_are_those_of_an_export() {
    let schema = schema::schema().unwrap();
    let root = schema.root_schema();
    let columns: Vec<&str> = root.get_fields().iter().map(|field| field.name()).collect();
    let export: Vec<&str> = std::iter::once("seq").chain(CallRecord::COLUMNS).collect();
    assert_eq!(columns, export);
}
