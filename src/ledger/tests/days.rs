//! Days become files: each call is in one place at any moment, and what is lost is said.

mod again;
mod lost;
mod meanwhile;

use std::fs;

use jiff::civil::Date;

use super::*;
use crate::ledger::close::Written;
use crate::ledger::dayfile;

/// Calls in four days, the first and the last of them not whole.
const CALLS: u64 = 800;
/// The days that are over when `now` is, and hold calls.
const DAYS: [&str; 3] = ["2026-11-21", "2026-11-22", "2026-11-23"];

fn now() -> Timestamp {
    "2026-11-24T08:00:00Z".parse().unwrap()
}

/// A call every four minutes; some end on the day behind the one they began on.
fn paced(n: u64) -> CallRecord {
    CallRecord {
        started_at: start() + SignedDuration::from_mins(i64::try_from(n * 4).unwrap()),
        duration_ms: n % 7 * 180_000,
        ..call(n)
    }
}

/// A house that has counted the calls.
fn filled(dir: &Path) -> House {
    filled_with(settings(dir))
}

fn filled_with(settings: Settings) -> House {
    let house = House::with(settings);
    for n in 0..CALLS {
        house.begin(id(n));
        house.end(&paced(n));
    }
    house.count(100);
    house
}

impl House {
    fn close_days(&self) -> Vec<Facts> {
        self.ledger.close_days(now(), &|| true).unwrap().files
    }
}

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

fn file(dir: &Path, day: &str) -> PathBuf {
    dir.join("calls").join(format!("{day}.parquet"))
}

fn segments(dir: &Path) -> Vec<PathBuf> {
    let listing = fs::read_dir(dir.join("journal")).unwrap();
    let paths = listing.map(|entry| entry.unwrap().path());
    let mut segments: Vec<_> = paths
        .filter(|path| path.extension().is_some_and(|end| end == "frames"))
        .collect();
    segments.sort_unstable();
    segments
}

/// All calls, once and in order, and totals that are their sums.
#[track_caller]
fn assert_whole(house: &House) {
    assert_eq!(numbers(&house.ledger), (0..CALLS).collect::<Vec<_>>());
    assert_rows_are_totals(&house.ledger);
    assert!(
        house.recovery.problems.is_empty(),
        "{:?}",
        house.recovery.problems
    );
    assert!(house.recovery.orphans.is_empty());
}

#[test]
fn a_day_that_is_over_goes_from_the_journal_into_its_file() {
    let dir = TempDir::new().unwrap();
    let house = filled(dir.path());
    let before = segments(dir.path()).len();
    let files = house.close_days();
    let days: Vec<String> = files.iter().map(|facts| facts.day.to_string()).collect();
    assert_eq!(days, DAYS);
    assert!(segments(dir.path()).len() < before / 3, "{before} segments");
    assert_whole(&house);
    // A call is on the day on which it ended.
    let late = (0..CALLS).map(paced).filter(|call| {
        let ended = i64::try_from(ended_ms(call)).unwrap();
        let ended = Timestamp::from_millisecond(ended).unwrap();
        let day = |at| TimeZone::UTC.to_datetime(at).date();
        day(ended) == self::day(DAYS[1])
    });
    assert_eq!(files[1].calls(), u64::try_from(late.count()).unwrap());
    // Nothing more to do, until this clock has stood for long enough to delete by it.
    let closed = house.ledger.close_days(now(), &|| true).unwrap();
    assert!(closed.files.is_empty());
    assert_eq!(closed.look_again, "2026-11-24T14:00:00Z".parse().unwrap());
    house.close();
    assert_whole(&House::open(dir.path()));
}

#[test]
fn a_closing_that_is_told_to_stop_leaves_all_in_the_journal() {
    let dir = TempDir::new().unwrap();
    let house = filled(dir.path());
    let closed = house.ledger.close_days(now(), &|| false).unwrap();
    assert!(closed.files.is_empty());
    assert_eq!(fs::read_dir(dir.path().join("calls")).unwrap().count(), 0);
    assert_whole(&house);
}

#[test]
fn a_day_waits_until_its_calls_are_counted() {
    let dir = TempDir::new().unwrap();
    let house = House::open(dir.path());
    (0..CALLS).for_each(|n| house.end(&paced(n)));
    assert!(house.close_days().is_empty());
    house.count(100);
    assert_eq!(house.close_days().len(), DAYS.len());
    assert_whole(&house);
}

#[test]
fn a_call_that_is_written_late_goes_into_the_next_file() {
    let dir = TempDir::new().unwrap();
    let house = filled(dir.path());
    let hours = |hours| now() + SignedDuration::from_hours(hours);
    let close = |now| house.ledger.close_days(now, &|| true).unwrap().files;
    assert_eq!(close(hours(24)).last().unwrap().day, day("2026-11-24"));
    // The clock was set back: the call is of a day that has its file.
    house.end(&CallRecord {
        started_at: start(),
        ..call(CALLS)
    });
    house.count(1);
    assert!(close(hours(24)).is_empty());
    let files = close(hours(48));
    assert_eq!((files.len(), files[0].day), (1, day("2026-11-25")));
    assert_eq!(numbers(&house.ledger), (0..=CALLS).collect::<Vec<_>>());
    assert_rows_are_totals(&house.ledger);
}

#[test]
fn an_open_call_keeps_its_segment() {
    let dir = TempDir::new().unwrap();
    let house = House::open(dir.path());
    house.begin(id(CALLS));
    for n in 0..CALLS {
        house.end(&paced(n));
    }
    house.count(100);
    let before = segments(dir.path());
    house.close_days();
    assert_eq!(segments(dir.path()), before);
    house.close();
    let house = House::open(dir.path());
    let orphans: Vec<u64> = house
        .recovery
        .orphans
        .iter()
        .map(|orphan| orphan.seq)
        .collect();
    assert_eq!(orphans, [1]);
    assert_eq!(numbers(&house.ledger), (0..CALLS).collect::<Vec<_>>());
}

#[test]
fn a_file_that_does_not_hold_what_the_journal_does_gets_no_name() {
    let dir = TempDir::new().unwrap();
    let house = filled(dir.path());
    let Written::Day(facts) = house.ledger.write_day(now(), &|| true).unwrap() else {
        panic!("the day is over");
    };
    let path = dayfile::unfinished_path(&dir.path().join("calls"), facts.day);
    let whole = fs::read(&path).unwrap();
    let mut changed = whole.clone();
    changed[whole.len() / 2] ^= 1;
    // The rows of another day, whole by themselves.
    let mut other = dayfile::Writer::of_day(&dir.path().join("calls"), facts.day, 1).unwrap();
    other.add(2, paced(1)).unwrap();
    other.finish().unwrap();
    let other = fs::read(&path).unwrap();
    for bytes in [changed, other] {
        fs::write(&path, bytes).unwrap();
        let error = house.ledger.shelve(&facts).unwrap_err();
        assert_eq!(error.reason(), "day_file");
        assert!(!file(dir.path(), DAYS[0]).exists());
        assert_whole(&house);
    }
    fs::write(&path, whole).unwrap();
    house.ledger.shelve(&facts).unwrap();
    assert_whole(&house);
}
