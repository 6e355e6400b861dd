//! What is missing or damaged is said, and keeps no day open.

use super::*;

/// What a break of the folder makes of the rows and of the start.
#[track_caller]
fn check_loud(break_it: impl FnOnce(&Path), named: &str) {
    let dir = TempDir::new().unwrap();
    let house = filled(dir.path());
    house.close_days();
    let expected = stored(&house.ledger);
    house.close();
    break_it(dir.path());
    let house = House::open(dir.path());
    // The totals are not touched by it.
    assert_eq!(stored(&house.ledger), expected);
    let problems = house.recovery.problems.join("\n");
    assert!(problems.contains(named), "{problems}");
    let asked = |since: &str, until: &str| {
        let rows = house
            .ledger
            .rows(since.parse().unwrap(), until.parse().unwrap(), 0);
        rows.unwrap().collect::<Result<Vec<_>, _>>()
    };
    let error = asked("2026-11-21T00:00:00Z", "2026-11-25T00:00:00Z").unwrap_err();
    assert!(error.to_string().contains(named), "{error}");
    assert!(error.to_string().contains("backup"), "{error}");
    assert!(
        !asked("2026-11-23T00:00:00Z", "2026-11-25T00:00:00Z")
            .unwrap()
            .is_empty()
    );
}

#[test]
fn a_missing_day_file_is_an_error_and_not_a_quiet_day() {
    check_loud(
        |dir| fs::remove_file(file(dir, DAYS[1])).unwrap(),
        "2026-11-23.parquet",
    );
    check_loud(
        |dir| fs::remove_file(file(dir, DAYS[0])).unwrap(),
        "2026-11-22.parquet",
    );
    check_loud(
        |dir| {
            for day in DAYS.into_iter().take(2) {
                fs::remove_file(file(dir, day)).unwrap();
            }
        },
        "2026-11-23.parquet",
    );
}

#[test]
fn a_damaged_day_file_is_an_error_and_not_a_quiet_day() {
    let flip = |dir: &Path, from_end: usize| {
        let path = file(dir, DAYS[1]);
        let mut bytes = fs::read(&path).unwrap();
        let at = bytes.len() - from_end;
        bytes[at] ^= 1;
        fs::write(&path, bytes).unwrap();
    };
    check_loud(|dir| flip(dir, 100), "2026-11-22.parquet");
    check_loud(
        |dir| fs::write(file(dir, DAYS[1]), b"PAR1").unwrap(),
        "2026-11-22.parquet",
    );
    check_loud(
        |dir| {
            let path = file(dir, DAYS[1]);
            fs::copy(file(dir, DAYS[0]), path).map(drop).unwrap();
        },
        "2026-11-22.parquet",
    );
}

#[test]
fn a_damaged_last_file_is_put_aside_and_days_go_on_behind_it() {
    let dir = TempDir::new().unwrap();
    let house = filled(dir.path());
    house.close_days();
    let expected = stored(&house.ledger);
    house.close();
    fs::write(file(dir.path(), DAYS[2]), b"garbage").unwrap();
    let house = House::open(dir.path());
    assert_eq!(
        house.recovery.problems.len(),
        2,
        "{:?}",
        house.recovery.problems
    );
    assert!(house.recovery.problems[1].contains("2026-11-23"));
    let kept = fs::read_dir(dir.path().join("calls")).unwrap();
    let kept = kept.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert_eq!(
        kept.filter(|name| name.contains("2026-11-23.parquet.damaged-"))
            .count(),
        1
    );
    let tomorrow = now() + SignedDuration::from_hours(24);
    let closed = house.ledger.close_days(tomorrow, &|| true).unwrap();
    assert!(!closed.files.is_empty());
    assert_eq!(stored(&house.ledger), expected, "totals stay");
    // Rows that are gone are an error, and no quiet day.
    let mut rows = house
        .ledger
        .rows(Timestamp::MIN, Timestamp::MAX, 0)
        .unwrap();
    assert!(rows.any(|row| row.is_err()));
}

#[test]
fn a_frame_that_is_no_record_does_not_keep_its_day_open() {
    let dir = TempDir::new().unwrap();
    let house = filled(dir.path());
    let ts_ms = ended_ms(&paced(CALLS - 1));
    let ride = Some(Ride::Begun(id(9_999)));
    let ack = house
        .journal
        .append(FrameKind::End, ts_ms, b"no record", ride);
    ack.unwrap().wait().unwrap();
    house.count(10);
    let after = now() + SignedDuration::from_hours(24);
    let closed = house.ledger.close_days(after, &|| true).unwrap();
    let calls: u64 = closed.files.iter().map(Facts::calls).sum();
    assert_eq!(calls, CALLS);
    let kept = fs::read_dir(dir.path().join("journal")).unwrap();
    let kept = kept.map(|entry| entry.unwrap().path());
    let kept: Vec<_> = kept
        .filter(|path| path.to_string_lossy().contains(".unreadable-"))
        .collect();
    assert_eq!(fs::read(&kept[0]).unwrap(), b"no record");
    assert_eq!(house.ledger.stats().damage.by_part()[1], ("journal", 1));
}

#[test]
fn a_damaged_segment_does_not_keep_its_day_open() {
    let dir = TempDir::new().unwrap();
    let house = filled(dir.path());
    let segment = &segments(dir.path())[3];
    let mut bytes = fs::read(segment).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(segment, bytes).unwrap();
    assert_eq!(house.close_days().len(), DAYS.len());
    let holes = journal::holes(&dir.path().join("journal")).unwrap();
    assert!(matches!(holes.as_slice(), [hole] if hole.start() == hole.end()));
    assert_eq!(house.ledger.stats().damage.by_part()[1], ("journal", 1));
    let rows = numbers(&house.ledger);
    assert!(rows.len() >= usize::try_from(CALLS).unwrap() - 1);
}

#[test]
fn days_of_another_time_zone_have_the_calls_whose_rows_are_lost() {
    let zones = ["Asia/Shanghai", "Asia/Kolkata", "America/New_York", "UTC"];
    let (whole, torn) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    for dir in [&whole, &torn] {
        let house = filled(dir.path());
        house.close_days();
        house.close();
    }
    fs::remove_file(file(torn.path(), DAYS[1])).unwrap();
    for zone in zones {
        let [(days, all), expected] = [&torn, &whole].map(|dir| {
            let house = House::with(Settings {
                timezone: TimeZone::get(zone).unwrap(),
                ..settings(dir.path())
            });
            assert!(house.recovery.timezone_was.is_some());
            let ever = Timestamp::UNIX_EPOCH..Timestamp::MAX;
            let days = house.ledger.rollups(Grain::Day, ever).unwrap();
            let days: Vec<Rollup> = days.map(Result::unwrap).collect();
            let all = grand(&house.ledger.all_time());
            house.close();
            (days, all)
        });
        assert_eq!(grand(&days), all, "{zone}");
        // A midnight that divides an hour needs the rows of that hour; all others are exact.
        if zone != "Asia/Kolkata" {
            assert_eq!((days, all), expected, "{zone}");
        }
    }
}
