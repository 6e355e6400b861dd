//! What somebody deletes while the process runs is damage at the next look, and once.

use std::fs;

use super::*;

/// How often journal and day files were found damaged.
fn found(ledger: &Ledger) -> [u64; 2] {
    let [_, (_, journal), (_, day_file), _] = ledger.stats().damage.by_part();
    [journal, day_file]
}

#[track_caller]
fn look(house: &House, expected: [u64; 2]) {
    for _ in 0..2 {
        house.ledger.look_for_deleted().unwrap();
        assert_eq!(found(&house.ledger), expected);
    }
}

fn gaps(house: &House) -> String {
    let gaps = house.ledger.gaps(Timestamp::MIN, Timestamp::MAX);
    gaps.unwrap().join("\n")
}

/// Calls of four days, three of them in files.
fn filled(dir: &Path) -> House {
    let house = House::open(dir);
    (0..800).for_each(|n| house.end(&paced(n)));
    house.count(100);
    house
}

fn paced(n: u64) -> CallRecord {
    CallRecord {
        started_at: start() + SignedDuration::from_mins(i64::try_from(n * 4).unwrap()),
        ..call(n)
    }
}

fn close_days(house: &House) {
    let now = "2026-11-24T08:00:00Z".parse().unwrap();
    house.ledger.close_days(now, &|| true).unwrap();
}

#[test]
fn what_is_deleted_for_being_kept_elsewhere_is_no_damage() {
    let dir = TempDir::new().unwrap();
    let house = filled(dir.path());
    look(&house, [0, 0]);
    let before = journal::segments(&dir.path().join("journal"))
        .unwrap()
        .len();
    close_days(&house);
    let after = journal::segments(&dir.path().join("journal"))
        .unwrap()
        .len();
    assert!(after < before);
    look(&house, [0, 0]);
}

#[test]
fn a_day_file_that_goes_is_damage_and_its_rows_are_named_as_missing() {
    let dir = TempDir::new().unwrap();
    let house = filled(dir.path());
    close_days(&house);
    let expected = stored(&house.ledger);
    for (nth, day) in ["2026-11-22", "2026-11-23"].into_iter().enumerate() {
        fs::remove_file(dir.path().join(format!("calls/{day}.parquet"))).unwrap();
        look(&house, [0, u64::try_from(nth + 1).unwrap()]);
        assert!(gaps(&house).contains("2026-11-22"), "{}", gaps(&house));
    }
    assert_eq!(stored(&house.ledger), expected);
    let later = "2026-11-25T08:00:00Z".parse().unwrap();
    let closed = house.ledger.close_days(later, &|| true).unwrap();
    // Days go on being closed; what the journal still has of a lost one is a file again.
    let days: Vec<String> = closed.files.iter().map(|it| it.day.to_string()).collect();
    assert_eq!(days, ["2026-11-23", "2026-11-24"]);
    assert!(gaps(&house).contains("2026-11-22"), "{}", gaps(&house));
    assert_eq!(stored(&house.ledger), expected);
}

#[test]
fn a_segment_that_goes_is_damage_and_reading_goes_on_behind_it() {
    let dir = TempDir::new().unwrap();
    let house = filled(dir.path());
    look(&house, [0, 0]);
    let journal = dir.path().join("journal");
    let segments = journal::segments(&journal).unwrap();
    fs::remove_file(journal::segment_path(&journal, segments[2])).unwrap();
    look(&house, [1, 0]);
    let lost = segments[3] - segments[2];
    assert_eq!(
        numbers(&house.ledger).len(),
        usize::try_from(800 - lost).unwrap()
    );
    assert!(gaps(&house).contains(&format!("frames {} to", segments[2])));
    // The first one of all: nothing is in front of the hole.
    fs::remove_file(journal::segment_path(&journal, segments[0])).unwrap();
    look(&house, [2, 0]);
    assert!(gaps(&house).contains("missing"), "{}", gaps(&house));
}

#[test]
fn behind_a_last_segment_that_goes_another_one_begins() {
    let dir = TempDir::new().unwrap();
    let house = filled(dir.path());
    look(&house, [0, 0]);
    let journal = dir.path().join("journal");
    let last = *journal::segments(&journal).unwrap().last().unwrap();
    fs::remove_file(journal::segment_path(&journal, last)).unwrap();
    look(&house, [1, 0]);
    let next = house.ledger.watermark() + 1;
    house.end(&paced(800));
    assert_eq!(journal::segments(&journal).unwrap().last(), Some(&next));
    house.count(1);
    look(&house, [1, 0]);
    let rows = numbers(&house.ledger);
    assert_eq!(rows.last(), Some(&800), "it is on the disk, and read");
    let expected = stored(&house.ledger);
    house.close();
    let house = House::open(dir.path());
    assert_eq!(stored(&house.ledger), expected);
    assert_eq!(
        (numbers(&house.ledger), found(&house.ledger)),
        (rows, [0, 0])
    );
}
