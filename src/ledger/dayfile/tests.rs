//! What is written is what is read, whatever a record holds; what was changed is not read.

use std::collections::BTreeMap;
use std::os::unix::fs::FileExt;

use jiff::Timestamp;
use tempfile::TempDir;

use super::cell::Cell;
use super::*;
use crate::call::tests::full;
use crate::call::{CallId, CallRecord, Flag};
use crate::ledger::tests::call;
use crate::money::Pico;
use crate::usage::TokenUsage;

const DAY: Date = Date::constant(2026, 11, 22);

/// Writes the records under odd numbers and gives the finished file its name.
fn written(dir: &Path, calls: &[CallRecord]) -> Facts {
    let mut file = Writer::of_day(dir, DAY, 1).unwrap();
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
    assert_eq!(Reader::facts_of(&path(dir.path(), DAY)).unwrap(), facts);
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
fn a_word_of_a_later_release_is_no_value() {
    let raw = |word: &'static str| super::cell::Raw::Bytes(word.as_bytes().into());
    assert_eq!(Flag::of(&raw("imported")), Some(Flag::Imported));
    assert_eq!(Flag::of(&raw("of_the_future")), None);
}

#[test]
fn rows_are_whole_over_the_edges_of_batches() {
    let calls: Vec<CallRecord> = (0..2_500)
        .map(|n| if n % 7 == 3 { full() } else { call(n) })
        .collect();
    check(&calls);
}

/// Calls of a day, a second apart; some arrived long before those that ended beside them.
fn over_a_day(calls: u64) -> Vec<CallRecord> {
    let midnight = crate::ledger::shelf::start_of(DAY).unwrap();
    let arrived =
        |n: u64| midnight + std::time::Duration::from_secs(n - n % 97 * u64::from(n > 97));
    (0..calls)
        .map(|n| CallRecord {
            started_at: arrived(n),
            ..call(n)
        })
        .collect()
}

#[test]
fn who_asks_for_a_part_of_a_day_gets_all_its_rows() {
    let dir = TempDir::new().unwrap();
    let calls = over_a_day(5_000);
    written(dir.path(), &calls);
    let midnight = crate::ledger::shelf::start_of(DAY).unwrap();
    let moment = |second| midnight + std::time::Duration::from_secs(second);
    let forever = Timestamp::MIN..Timestamp::MAX;
    let parts = [
        (0, 1),
        (100, 2_000),
        (1_400, 1_600),
        (2_990, 3_010),
        (4_990, 9_000),
    ];
    let parts = parts.map(|(since, until)| moment(since)..moment(until));
    for arrived in parts.into_iter().chain([forever]) {
        for after in [0, 1, 2_999, 3_001, 8_000, 9_999] {
            let file = Reader::open(&path(dir.path(), DAY)).unwrap();
            let rows = file.rows_near(after, arrived.clone()).map(Result::unwrap);
            let found: Vec<_> = rows
                .filter(|(_, it)| arrived.contains(&it.started_at))
                .collect();
            let all = calls
                .iter()
                .cloned()
                .enumerate()
                .map(|(n, call)| (seq(n), call));
            let expected = all.filter(|(seq, it)| *seq > after && arrived.contains(&it.started_at));
            assert!(
                found == expected.collect::<Vec<_>>(),
                "behind {after}, {arrived:?}"
            );
        }
    }
}

#[test]
fn who_asks_for_an_hour_does_not_read_the_others() {
    let dir = TempDir::new().unwrap();
    let calls = over_a_day(5_000);
    let facts = written(dir.path(), &calls);
    let mut options = std::fs::OpenOptions::new();
    let file = options.write(true).open(path(dir.path(), DAY)).unwrap();
    // All row groups but the second last are gone.
    for gone in [
        0..facts.groups[1].end,
        facts.groups[2].end..facts.groups[3].end,
    ] {
        let zeros = vec![0; usize::try_from(gone.end - gone.start).unwrap()];
        file.write_all_at(&zeros, gone.start).unwrap();
    }
    let arrived = calls[3_400].started_at..calls[3_600].started_at;
    let rows = Reader::open(&path(dir.path(), DAY)).unwrap();
    let rows: Result<Vec<_>, _> = rows.rows_near(0, arrived.clone()).collect();
    let asked = |call: &&CallRecord| arrived.contains(&call.started_at);
    let (found, all) = (rows.unwrap().len(), calls.iter().filter(asked).count());
    assert!(
        (all..all + 200).contains(&found),
        "{found} rows were read for {all}"
    );
}

#[test]
fn a_change_of_any_byte_is_found_or_changes_nothing() {
    let dir = TempDir::new().unwrap();
    let calls: Vec<CallRecord> = (0..40).map(call).collect();
    let facts = written(dir.path(), &calls);
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
        if let Ok(said) = Reader::facts_of(&path(dir.path(), DAY)) {
            assert!(said == facts, "a changed byte {at} was read as other facts");
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
    let schema = schema::schema(schema::Shape::Day).unwrap();
    let root = schema.root_schema();
    let columns: Vec<&str> = root.get_fields().iter().map(|field| field.name()).collect();
    let export: Vec<&str> = std::iter::once("seq").chain(CallRecord::COLUMNS).collect();
    assert_eq!(columns, export);
}
