//! What a newer release wrote is refused, with the way back: never dropped, and no panic.

use super::*;
use crate::call::LineKind;

/// A row with a flag that is not known here.
fn future(call: &CallRecord) -> Vec<u8> {
    let mut row = serde_json::to_value(call).unwrap();
    row["flags"] = serde_json::json!(["aborted", "of_the_future"]);
    serde_json::to_vec(&row).unwrap()
}

impl House {
    /// Writes such a row; it is counted as its release would have.
    fn end_future(&self, call: &CallRecord) {
        let ride = Some(Ride::Ended(Box::new(call.clone())));
        let at = ended_ms(call);
        let ack = self.journal.append(FrameKind::End, at, future(call), ride);
        ack.unwrap().wait().unwrap();
    }
}

#[track_caller]
fn assert_newer(error: &LedgerError) {
    assert_eq!(error.reason(), "newer");
    let said = error.to_string();
    for part in [
        "frame 3",
        "`of_the_future`",
        "start the release that wrote it",
    ] {
        assert!(said.contains(part), "{said}");
    }
}

/// The names and bytes of the journal.
fn journal_of(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let names = shelf::names(&dir.join("journal")).unwrap();
    let read = |name: String| {
        let bytes = std::fs::read(dir.join("journal").join(&name)).unwrap();
        (name, bytes)
    };
    names.into_iter().map(read).collect()
}

#[test]
fn a_row_with_an_unknown_flag_is_not_passed_over_when_it_is_counted() {
    let dir = TempDir::new().unwrap();
    let house = House::open(dir.path());
    house.end(&call(0));
    house.end(&call(1));
    house.end_future(&call(2));
    house.end(&call(3));
    house.journal.close();
    drop(house.ledger);
    let before = journal_of(dir.path());
    for _ in 0..2 {
        let opened = once_free(|| match Ledger::open(settings(dir.path())) {
            Err(LedgerError::InUse { .. }) => None,
            opened => Some(opened),
        });
        assert_newer(&opened.unwrap_err());
        assert_eq!(journal_of(dir.path()), before);
    }
}

#[test]
fn a_day_with_such_a_row_stays_in_the_journal() {
    let dir = TempDir::new().unwrap();
    let house = House::open(dir.path());
    house.end(&call(0));
    house.end(&call(1));
    house.end_future(&call(2));
    house.end(&call(3));
    house.count(4);
    let before = journal_of(dir.path());
    let later = start() + SignedDuration::from_hours(48);
    for _ in 0..2 {
        let closed = house.ledger.close_days(later, &|| true);
        assert_newer(&closed.unwrap_err());
        assert!(house.ledger.stats().close_failed);
    }
    assert_eq!(journal_of(dir.path()), before);
    assert_eq!(calls_of(&house.ledger), 4);
    let rows: Vec<_> = house
        .ledger
        .rows(Timestamp::MIN, Timestamp::MAX, 0)
        .unwrap()
        .collect();
    assert_eq!(rows.len(), 3, "it is the end, and said");
    assert_newer(rows[2].as_ref().unwrap_err());
}

fn calls_of(ledger: &Ledger) -> u64 {
    let all = ledger.all_time();
    all.iter().map(|rollup| rollup.totals.calls).sum()
}

fn set_schema(dir: &Path, schema: u8) {
    let house = House::open(dir);
    let store = house.ledger.status.store().unwrap();
    let write = (store::In::Meta, meta::SCHEMA.into(), Some(vec![schema]));
    store.commit(&[write]).unwrap();
    drop(store);
    house.close();
}

#[test]
fn a_ledger_of_an_earlier_schema_becomes_one_of_this() {
    let dir = TempDir::new().unwrap();
    set_schema(dir.path(), 1);
    let house = House::open(dir.path());
    let store = house.ledger.status.store().unwrap();
    let schema = store.get(store::In::Meta, meta::SCHEMA.as_bytes()).unwrap();
    assert_eq!(schema, Some(vec![meta::SCHEMA_VERSION]));
    assert!(house.recovery.rebuilt.is_none());
}

#[test]
fn a_ledger_of_a_later_schema_is_refused_each_time() {
    let dir = TempDir::new().unwrap();
    set_schema(dir.path(), meta::SCHEMA_VERSION + 1);
    for _ in 0..2 {
        let opened = once_free(|| match Ledger::open(settings(dir.path())) {
            Err(LedgerError::InUse { .. }) => None,
            opened => Some(opened),
        });
        let said = opened.unwrap_err().to_string();
        assert!(said.contains("this version reads 2"), "{said}");
    }
}

/// A release that has fewer of these would drop what it does not know. If this fails: was a release
/// made with this schema? Then raise `meta::SCHEMA_VERSION`. Else only write down what is new.
#[test]
fn a_new_field_or_word_of_a_record_is_a_new_schema() {
    let ends = StreamEnd::ALL.map(StreamEnd::label);
    let flags = Flag::ALL.map(Flag::label);
    let lines = LineKind::ALL.map(LineKind::name);
    let said = [
        format!("{} fields", CallRecord::COLUMNS.len()),
        format!("ends {}", ends.join(" ")),
        format!("flags {}", flags.join(" ")),
        format!("lines {}", lines.join(" ")),
    ];
    let schema_2 = [
        "61 fields",
        "ends complete client_gone upstream_failed timeout interrupted",
        "flags total_mismatch cache_overlap ttl_remainder aborted error_in_stream \
         negative_clamped compressed truncated malformed unread_operation no_price no_rate \
         price_seen_later provider_may_bill lower_bound text_dropped imported billed_later background \
         free_quota prepaid reserved tier_assumed region_assumed",
        "lines input input_audio input_image input_video cache_read cache_read_audio \
         cache_read_image cache_write cache_write_5m cache_write_30m cache_write_1h \
         cache_write_12h output output_audio output_image reasoning web_search web_fetch x_search \
         file_search code_interpreter search_units images audio_seconds video_seconds characters \
         pages request",
    ];
    assert_eq!(
        (meta::SCHEMA_VERSION, said.each_ref().map(String::as_str)),
        (2, schema_2)
    );
}
