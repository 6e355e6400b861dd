//! A database that is not what it was is put aside and computed again.

use std::fs::OpenOptions;

use super::*;

/// Bytes before `end` of the `db` file that are overwritten in a test of garbage.
const GARBAGE_BYTES: usize = 64;

fn filled(dir: &Path) -> Sums {
    let house = House::open(dir);
    (0..1_500).for_each(|n| house.end(&call(n)));
    house.count(100);
    let stored = stored(&house.ledger);
    house.close();
    stored
}

/// Breaks the database in one way, and expects the same totals and a loud report.
#[track_caller]
fn check(break_it: impl FnOnce(&Path), loud: bool) {
    let dir = TempDir::new().unwrap();
    let expected = filled(dir.path());
    break_it(&dir.path().join("ledger/sled"));
    let house = House::open(dir.path());
    assert_eq!(stored(&house.ledger), expected);
    assert_rows_are_totals(&house.ledger);
    let rebuilt = house.recovery.rebuilt.as_ref();
    assert_eq!(rebuilt.is_some(), loud, "{rebuilt:?}");
    if let Some(moved_to) = rebuilt.and_then(|rebuilt| rebuilt.moved_to.as_ref()) {
        assert!(moved_to.join("db").exists() || moved_to.join("conf").exists());
    }
    // It goes on, and the next start is quiet.
    house.end(&call(1_500));
    house.count(10);
    house.close();
    let house = House::open(dir.path());
    assert!(house.recovery.rebuilt.is_none());
    assert_eq!(numbers(&house.ledger).len(), 1_501);
    assert_rows_are_totals(&house.ledger);
}

fn truncate(path: &Path, share: u64) {
    let file = OpenOptions::new().write(true).open(path).unwrap();
    let len = file.metadata().unwrap().len();
    file.set_len(len / 8 * share).unwrap();
}

#[test]
fn a_database_cut_by_half_is_rebuilt() {
    check(|sled| truncate(&sled.join("db"), 4), true);
}

#[test]
fn a_database_cut_by_an_eighth_has_the_right_totals() {
    let dir = TempDir::new().unwrap();
    let expected = filled(dir.path());
    truncate(&dir.path().join("ledger/sled/db"), 7);
    assert_eq!(stored(&House::open(dir.path()).ledger), expected);
}

#[test]
fn an_empty_data_file_is_rebuilt() {
    check(|sled| truncate(&sled.join("db"), 0), true);
}

#[test]
fn a_removed_database_is_rebuilt() {
    check(|sled| std::fs::remove_dir_all(sled).unwrap(), true);
}

#[test]
fn a_removed_ledger_folder_is_counted_from_the_journal() {
    check(
        |sled| std::fs::remove_dir_all(sled.parent().unwrap()).unwrap(),
        false,
    );
}

#[test]
fn garbage_in_the_data_file_never_gives_wrong_totals() {
    use std::os::unix::fs::FileExt;
    for place in 1..8 {
        let dir = TempDir::new().unwrap();
        let expected = filled(dir.path());
        let file = OpenOptions::new()
            .write(true)
            .open(dir.path().join("ledger/sled/db"))
            .unwrap();
        let at = file.metadata().unwrap().len() / 8 * place;
        file.write_all_at(&[0xa5; GARBAGE_BYTES], at).unwrap();
        drop(file);
        let house = House::open(dir.path());
        house.end(&call(1_500));
        let rides = house.rides();
        // A damaged page may be met only when it is written to; the next batch rebuilds then.
        if house.ledger.apply(&entries(&rides)).is_err() {
            assert!(!house.ledger.healthy());
            house.ledger.apply(&entries(&rides)).unwrap();
        }
        assert!(house.ledger.healthy());
        assert_eq!(grand(&house.ledger.all_time()).calls, 1_001);
        assert!(
            stored(&house.ledger).len() >= expected.len(),
            "garbage at {place}/8"
        );
        assert_rows_are_totals(&house.ledger);
    }
}

#[test]
fn an_unfinished_snapshot_of_sled_does_not_stop_the_start() {
    check(
        |sled| std::fs::write(sled.join("snap.0000000000000001.generating"), b"half").unwrap(),
        false,
    );
}

#[test]
fn half_a_configuration_of_sled_has_the_right_totals() {
    let dir = TempDir::new().unwrap();
    let expected = filled(dir.path());
    truncate(&dir.path().join("ledger/sled/conf"), 4);
    let house = House::open(dir.path());
    assert_eq!(stored(&house.ledger), expected);
}

#[test]
fn a_failed_database_is_opened_again_and_misses_nothing() {
    let dir = TempDir::new().unwrap();
    let house = House::open(dir.path());
    (0..20).for_each(|n| house.end(&call(n)));
    house.count(5);
    // It fails for a batch that is then dropped; the next one brings both.
    house.ledger.writer().fail(&LedgerError::Store {
        source: "no space".into(),
    });
    assert!(!house.ledger.healthy());
    assert!(house.ledger.rollups(Grain::Day, start()..start()).is_err());
    assert_eq!(
        grand(&house.ledger.all_time()).calls,
        14,
        "memory still answers"
    );
    (20..30).for_each(|n| house.end(&call(n)));
    drop(house.rides());
    house.end(&call(30));
    let rides = [house.waiting.recv().unwrap()];
    house.ledger.apply(&entries(&rides)).unwrap();
    assert!(house.ledger.healthy());
    assert_eq!(numbers(&house.ledger).len(), 31);
    assert_rows_are_totals(&house.ledger);
}

#[test]
fn each_write_that_fails_is_counted_once_whoever_wanted_it() {
    let dir = TempDir::new().unwrap();
    let house = House::open(dir.path());
    let ledger = &house.ledger;
    ledger.let_go();
    let before = ledger.stats().errors;
    ledger.keep("a state", "of an alert").unwrap_err();
    assert_eq!(ledger.stats().errors, before + 1);
    ledger.beat(start()).unwrap_err();
    assert_eq!(ledger.stats().errors, before + 2);
    ledger.apply(&[]).unwrap();
    ledger.keep("a state", "of an alert").unwrap();
    assert_eq!(ledger.stats().errors, before + 2);
    // A batch that cannot open it again failed once, too.
    ledger.let_go();
    let in_the_way = ledger.settings.dir.join("state.json.new");
    std::fs::create_dir(in_the_way).unwrap();
    ledger.apply(&[]).unwrap_err();
    assert_eq!(ledger.stats().errors, before + 4);
}

#[test]
fn a_second_open_is_refused() {
    let dir = TempDir::new().unwrap();
    let house = House::open(dir.path());
    let second = Ledger::open(settings(dir.path())).unwrap_err();
    assert!(
        second.to_string().starts_with("data directory is in use"),
        "{second}"
    );
    house.close();
    House::open(dir.path()).close();
}

#[test]
fn another_schema_is_refused_and_kept() {
    let dir = TempDir::new().unwrap();
    let expected = filled(dir.path());
    let change = |version: u8| {
        let store = store::Store::open(&dir.path().join("ledger/sled"), false).unwrap();
        store
            .commit(&[(store::In::Meta, meta::SCHEMA.into(), Some(vec![version]))])
            .unwrap();
    };
    change(9);
    let refused = Ledger::open(settings(dir.path())).unwrap_err();
    assert_eq!(refused.reason(), "schema");
    change(meta::SCHEMA_VERSION);
    assert_eq!(stored(&House::open(dir.path()).ledger), expected);
}

/// What a start does when the end of the journal is gone: it is told, and opens the journal again.
fn start_on_a_lost_end(dir: &Path, watermark: u64, journal_end: u64) -> House {
    let house = House::open(dir);
    let lost = house.recovery.lost_rows.unwrap();
    assert_eq!((lost.watermark, lost.journal_end), (watermark, journal_end));
    assert_eq!(house.ledger.stats().damage.by_part()[1], ("journal", 1));
    house.close();
    let house = House::open(dir);
    assert!(house.recovery.lost_rows.is_none(), "it is said once");
    house
}

#[test]
fn a_journal_that_lost_counted_rows_is_said_and_new_rows_are_counted() {
    let dir = TempDir::new().unwrap();
    filled(dir.path());
    std::fs::remove_dir_all(dir.path().join("journal")).unwrap();
    let house = start_on_a_lost_end(dir.path(), 1_500, 0);
    assert_eq!(
        grand(&house.ledger.all_time()).calls,
        1_000,
        "the totals are kept"
    );
    house.end(&call(0));
    house.count(1);
    assert_eq!(grand(&house.ledger.all_time()).calls, 1_001);
    house.close();
    let house = House::open(dir.path());
    assert_eq!(numbers(&house.ledger), [0]);
    assert_eq!(house.ledger.watermark(), 1_501, "no number is given twice");
}

/// Two hundred calls, and two that began before them: one ended among the last, one never did.
fn with_open_calls(dir: &Path) -> (Sums, u64, u64) {
    let house = House::open(dir);
    house.begin(id(900));
    house.begin(id(901));
    (0..200).for_each(|n| {
        house.begin(id(n));
        house.end(&call(n));
    });
    house.end(&call(900));
    house.count(50);
    let (stored, watermark) = (stored(&house.ledger), house.ledger.watermark());
    house.close();
    let journal = dir.join("journal");
    let last = journal::segments(&journal).unwrap().pop().unwrap();
    assert!(last > 3, "there are several segments");
    std::fs::remove_file(journal::segment_path(&journal, last)).unwrap();
    (stored, watermark, last - 1)
}

#[test]
fn a_missing_last_segment_counts_nothing_twice() {
    let dir = TempDir::new().unwrap();
    let (expected, watermark, journal_end) = with_open_calls(dir.path());
    let house = start_on_a_lost_end(dir.path(), watermark, journal_end);
    assert_eq!(stored(&house.ledger), expected);
    assert_eq!(house.ledger.watermark(), watermark);
    assert!(
        house.recovery.orphans.is_empty(),
        "both may have ended in what is gone"
    );
    let kept = numbers(&house.ledger).len();
    house.begin(id(1_000));
    house.end(&call(1_000));
    house.begin(id(1_001));
    house.count(10);
    house.close();
    let house = House::open(dir.path());
    let orphans = &house.recovery.orphans;
    assert_eq!(
        orphans.len(),
        1,
        "what began behind it is booked: {orphans:?}"
    );
    let rows = numbers(&house.ledger);
    assert_eq!((rows.len(), rows.last()), (kept + 1, Some(&1_000)));
}

#[test]
fn a_missing_last_segment_is_seen_without_the_database_too() {
    let dir = TempDir::new().unwrap();
    let (_, watermark, journal_end) = with_open_calls(dir.path());
    std::fs::remove_dir_all(dir.path().join("ledger/sled")).unwrap();
    let house = start_on_a_lost_end(dir.path(), watermark, journal_end);
    assert_rows_are_totals(&house.ledger);
    house.end(&call(1_000));
    house.count(1);
    assert_eq!(numbers(&house.ledger).last(), Some(&1_000));
    assert_rows_are_totals(&house.ledger);
}

#[test]
fn a_check_names_the_missing_end_of_the_journal() {
    let dir = TempDir::new().unwrap();
    let (_, watermark, journal_end) = with_open_calls(dir.path());
    let checked = check::check(&settings(dir.path()), &|_, _| {}).unwrap();
    let problems = checked.parts.iter().flat_map(|part| &part.problems);
    let missing = format!("frames {} to {watermark}, which", journal_end + 1);
    assert_eq!(problems.filter(|it| it.contains(&missing)).count(), 1);
}
