//! What is past its retention goes where nothing else can: no day can be closed, no commit written.

use std::fs;

use super::*;

/// A house with some days in files, and calls of a day that can be closed at `later`.
fn filled(dir: &Path) -> House {
    let house = House::with(settings(dir));
    (0..60).for_each(|n| house.end(&hourly(n)));
    house.count(97);
    believe(&house.ledger);
    house.ledger.close_days(days_later(5), &|| true).unwrap();
    assert!(files(dir).len() > 2);
    (200..210).for_each(|n| house.end(&hourly(n)));
    house.count(97);
    house
}

fn hourly(n: u64) -> CallRecord {
    CallRecord {
        started_at: start() + SignedDuration::from_hours(i64::try_from(n).unwrap()),
        ..call(n)
    }
}

fn days_later(days: i64) -> Timestamp {
    start() + SignedDuration::from_hours(24 * days)
}

/// A day file that takes any room is too much.
fn small(dir: &Path) -> Settings {
    Settings {
        retention: Retention {
            bytes: Some(1),
            ..Retention::default()
        },
        ..settings(dir)
    }
}

fn names(dir: &Path, end: &str) -> Vec<PathBuf> {
    let listing = fs::read_dir(dir.join("calls")).unwrap();
    let mut files: Vec<_> = listing.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.to_string_lossy().ends_with(end));
    files.sort_unstable();
    files
}

fn files(dir: &Path) -> Vec<PathBuf> {
    names(dir, ".parquet")
}

/// Nobody misses the rows that were deleted, and all others are there.
#[track_caller]
fn assert_expected(house: &House, expected: &Sums) {
    let ledger = &house.ledger;
    assert_eq!(&stored(ledger), expected);
    assert!(house.recovery.problems.is_empty(), "{:?}", house.recovery);
    let gaps = ledger.gaps(Timestamp::MIN, Timestamp::MAX).unwrap();
    assert!(gaps.is_empty(), "{gaps:?}");
    assert_eq!(numbers(ledger).last(), Some(&209));
}

#[test]
fn what_is_too_much_goes_though_no_day_can_be_closed() {
    let dir = TempDir::new().unwrap();
    let house = filled(dir.path());
    let expected = stored(&house.ledger);
    house.close();
    // The place in which the next file would be written is taken.
    let day = days_later(8) + SignedDuration::from_hours(8);
    let day = TimeZone::UTC.to_datetime(day).date();
    let in_the_way = dir.path().join(format!("calls/{day}.parquet.new"));
    let house = House::with(small(dir.path()));
    fs::create_dir(&in_the_way).unwrap();
    let before = files(dir.path());
    let close = || house.ledger.close_days(days_later(11), &|| true);
    close().unwrap_err();
    assert!(house.ledger.stats().close_failed);
    assert_eq!(files(dir.path()), before[before.len() - 1..]);
    assert_expected(&house, &expected);
    fs::remove_dir(&in_the_way).unwrap();
    close().unwrap();
    assert_eq!(files(dir.path()).len(), 1);
    assert_expected(&house, &expected);
}

#[test]
fn what_is_too_much_goes_without_the_database_and_a_crash_or_its_loss_changes_nothing() {
    for loses_database in [false, true] {
        let dir = TempDir::new().unwrap();
        let house = filled(dir.path());
        let expected = stored(&house.ledger);
        house.close();
        let house = House::with(small(dir.path()));
        house.ledger.writer().fail(&LedgerError::Store {
            source: "no space".into(),
        });
        let close = |house: &House| house.ledger.close_days(days_later(11), &|| true);
        assert_eq!(close(&house).unwrap_err().reason(), "closed");
        assert_eq!(files(dir.path()).len(), 1);
        drop(house);
        if loses_database {
            fs::remove_dir_all(dir.path().join("ledger/sled")).unwrap();
        }
        let house = House::with(small(dir.path()));
        assert_expected(&house, &expected);
        assert_eq!(names(dir.path(), ".expired").len(), 1);
        house.close();
        let checked = once_free(|| match check::check(&small(dir.path()), &|_, _| {}) {
            Err(LedgerError::InUse { .. }) => None,
            checked => Some(checked.unwrap()),
        });
        assert!(checked.is_fine());
        // Once the database and a checkpoint say it, nothing else must.
        let house = House::with(small(dir.path()));
        close(&house).unwrap();
        assert!(names(dir.path(), ".expired").is_empty());
        house.close();
        fs::remove_dir_all(dir.path().join("ledger/sled")).unwrap();
        assert_expected(&House::with(small(dir.path())), &expected);
    }
}

#[test]
fn rows_whose_totals_are_in_no_good_checkpoint_stay() {
    let dir = TempDir::new().unwrap();
    let house = filled(dir.path());
    house.close();
    let checkpoints = dir.path().join("checkpoints");
    fs::remove_dir_all(&checkpoints).unwrap();
    fs::write(&checkpoints, "in the way").unwrap();
    let before = files(dir.path());
    make_room(&small(dir.path())).unwrap_err();
    let house = House::with(small(dir.path()));
    house
        .ledger
        .close_days(days_later(11), &|| true)
        .unwrap_err();
    assert_eq!(files(dir.path())[..before.len()], before);
    fs::remove_file(&checkpoints).unwrap();
    house.ledger.close_days(days_later(11), &|| true).unwrap();
    assert_eq!(files(dir.path()).len(), 1);
}

#[test]
fn room_is_made_before_anything_is_opened() {
    let dir = TempDir::new().unwrap();
    let house = filled(dir.path());
    let expected = stored(&house.ledger);
    house.close();
    assert!(
        !make_room(&settings(dir.path())).unwrap(),
        "nothing is too much"
    );
    assert!(make_room(&small(dir.path())).unwrap());
    assert_eq!(files(dir.path()).len(), 1);
    assert_expected(&House::with(small(dir.path())), &expected);
}
