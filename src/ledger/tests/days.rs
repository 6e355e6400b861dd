//! Days become files: each call is in one place at any moment, and what is lost is said.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::civil::Date;

use super::*;
use crate::ledger::close::Written;
use crate::ledger::{checkpoint, dayfile};

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
    // Nothing more to do, until the running day is over.
    let closed = house.ledger.close_days(now(), &|| true).unwrap();
    assert!(closed.files.is_empty());
    assert_eq!(closed.look_again, "2026-11-25T00:01:00Z".parse().unwrap());
    house.close();
    assert_whole(&House::open(dir.path()));
}

#[test]
fn rows_of_any_range_come_from_both_places_once() {
    let dir = TempDir::new().unwrap();
    let house = filled(dir.path());
    let rows = |house: &House, since: Timestamp, until: Timestamp, after: u64| {
        let rows = house.ledger.rows(since, until, after).unwrap();
        rows.map(Result::unwrap).collect::<Vec<_>>()
    };
    let mut asked = Vec::new();
    for from in (0..CALLS + 60).step_by(97) {
        for hours in [1, 20, 70] {
            let since = start() + SignedDuration::from_mins(i64::try_from(from * 4).unwrap());
            let until = since + SignedDuration::from_hours(hours);
            for after in [0, 3, 777, 1_400] {
                asked.push((since, until, after, rows(&house, since, until, after)));
            }
        }
    }
    house.close_days();
    for (since, until, after, expected) in asked {
        let found = rows(&house, since, until, after);
        assert!(found == expected, "{since}..{until} behind {after}");
    }
}

#[test]
fn who_reads_while_a_day_is_closed_misses_nothing() {
    let dir = TempDir::new().unwrap();
    let house = filled(dir.path());
    let mut rows = house
        .ledger
        .rows(Timestamp::MIN, Timestamp::MAX, 0)
        .unwrap();
    let mut read: Vec<u64> = Vec::new();
    let number = |row: Result<(u64, CallRecord), LedgerError>| number(row.unwrap().1.call_id);
    read.extend(rows.by_ref().take(10).map(number));
    house.close_days();
    read.extend(rows.map(number));
    assert_eq!(read, (0..CALLS).collect::<Vec<_>>());
}

#[test]
fn who_asks_while_segments_go_is_not_refused() {
    let dir = TempDir::new().unwrap();
    let house = filled(dir.path());
    while let Written::Day(facts) = house.ledger.write_day(now(), &|| true).unwrap() {
        house.ledger.shelve(&facts).unwrap();
    }
    let (asking, over) = (AtomicBool::new(false), AtomicBool::new(false));
    let rows = || {
        house
            .ledger
            .rows(Timestamp::MIN, Timestamp::MAX, 0)
            .unwrap()
    };
    let before = segments(dir.path()).len();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                drop(rows());
                asking.store(true, Ordering::Relaxed);
            }
        });
        while !asking.load(Ordering::Relaxed) {
            std::thread::yield_now();
        }
        house.ledger.settle(now()).unwrap();
        over.store(true, Ordering::Relaxed);
    });
    assert!(segments(dir.path()).len() < before / 3, "{before} segments");
    assert_whole(&house);
}

/// Every way in which a closing can be broken off, by the number of its last step.
fn until_step(house: &House, dir: &Path, step: usize) {
    let ledger = &house.ledger;
    let write = || match ledger.write_day(now(), &|| true).unwrap() {
        Written::Day(facts) => facts,
        Written::Open(until) => panic!("open until {until}"),
    };
    let unfinished = |facts: &Facts| dayfile::unfinished_path(&dir.join("calls"), facts.day);
    let facts = write();
    match step {
        // A file that was written by half.
        0 => {
            let path = unfinished(&facts);
            let half = fs::read(&path).unwrap();
            return fs::write(&path, &half[..half.len() / 2]).unwrap();
        }
        // A whole file without its name.
        1 => return,
        // A file with its name, before anybody knew.
        2 => {
            let path = file(dir, &facts.day.to_string());
            return fs::rename(unfinished(&facts), path).unwrap();
        }
        _ => ledger.shelve(&facts).unwrap(),
    }
    if step == 3 {
        return;
    }
    let next = write();
    ledger.shelve(&next).unwrap();
    ledger.checkpoint(next.day, now()).unwrap();
    match step {
        // A checkpoint that was written by half, beside a good one.
        4 => {
            let good = checkpoint::path(&dir.join("checkpoints"), next.day);
            let half = fs::read(&good).unwrap();
            fs::write(good.with_extension("totals.new"), &half[..half.len() / 2]).unwrap();
        }
        5 => {}
        // Some segments deleted, others not.
        6 => fs::remove_file(&segments(dir)[0]).unwrap(),
        _ => {
            house.close_days();
        }
    }
}

#[test]
fn a_crash_after_any_step_loses_nothing_and_counts_nothing_twice() {
    for step in 0..=7 {
        for rebuilt in [false, true] {
            let dir = TempDir::new().unwrap();
            let house = filled(dir.path());
            let expected = stored(&house.ledger);
            until_step(&house, dir.path(), step);
            assert_eq!(stored(&house.ledger), expected, "step {step}");
            house.journal.close();
            drop(house.ledger);
            if rebuilt {
                fs::remove_dir_all(dir.path().join("ledger")).unwrap();
            }
            let house = House::open(dir.path());
            assert_whole(&house);
            assert_eq!(
                stored(&house.ledger),
                expected,
                "step {step}, rebuilt {rebuilt}"
            );
            assert_eq!(house.recovery.restored.is_some(), rebuilt && step >= 4);
            // The next run ends what was begun.
            house.close_days();
            assert_whole(&house);
            assert_eq!(house.ledger.shelf().last_day(), Some(day(DAYS[2])));
            let folder = fs::read_dir(dir.path().join("calls")).unwrap();
            assert_eq!(folder.count(), DAYS.len());
            house.close();
            assert_whole(&House::open(dir.path()));
        }
    }
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
    let mut other = dayfile::Writer::create(&dir.path().join("calls"), facts.day, 1).unwrap();
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
fn a_rebuild_takes_the_last_good_checkpoint_and_says_which_was_not() {
    let dir = TempDir::new().unwrap();
    let house = filled(dir.path());
    let first = "2026-11-22T08:00:00Z".parse().unwrap();
    house.ledger.close_days(first, &|| true).unwrap();
    house.close_days();
    let expected = (stored(&house.ledger), stored_demand(&house.ledger));
    house.close();
    let of = |day: &str| dir.path().join("checkpoints").join(format!("{day}.totals"));
    for (damaged, from) in [
        (None, Some(of(DAYS[2]))),
        (Some(of(DAYS[2])), Some(of(DAYS[0]))),
        (Some(of(DAYS[0])), None),
    ] {
        let problems = usize::from(damaged.is_some()) + usize::from(from.is_none());
        if let Some(path) = damaged {
            let mut bytes = fs::read(&path).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            fs::write(path, bytes).unwrap();
        }
        fs::remove_dir_all(dir.path().join("ledger")).unwrap();
        let house = House::open(dir.path());
        assert_eq!(house.recovery.restored, from);
        assert_eq!(house.recovery.problems.len(), problems);
        assert_eq!(
            (stored(&house.ledger), stored_demand(&house.ledger)),
            expected
        );
        assert_rows_are_totals(&house.ledger);
        house.close();
    }
}

#[test]
fn retention_deletes_files_and_no_totals() {
    let dir = TempDir::new().unwrap();
    let short = || Settings {
        retention: Retention {
            days: 1,
            ..Retention::default()
        },
        ..settings(dir.path())
    };
    let house = filled_with(short());
    let expected = stored(&house.ledger);
    house.close_days();
    assert!(!file(dir.path(), DAYS[0]).exists() && !file(dir.path(), DAYS[1]).exists());
    assert!(file(dir.path(), DAYS[2]).exists());
    let kept = |house: &House| {
        let rows = numbers(&house.ledger);
        let first = *rows.first().unwrap();
        assert_eq!(rows, (first..CALLS).collect::<Vec<_>>());
        first
    };
    let first = kept(&house);
    assert!((300..450).contains(&first), "{first}");
    assert_eq!(stored(&house.ledger), expected);
    house.close();
    // A start, and a start without the database.
    for _ in 0..2 {
        let house = House::with(short());
        assert!(
            house.recovery.problems.is_empty(),
            "{:?}",
            house.recovery.problems
        );
        assert_eq!(
            (stored(&house.ledger), kept(&house)),
            (expected.clone(), first)
        );
        house.close();
        fs::remove_dir_all(dir.path().join("ledger")).unwrap();
    }
}

#[test]
fn days_of_another_time_zone_are_right_for_rows_that_are_gone() {
    let zone = TimeZone::fixed(jiff::tz::offset(8));
    let (long, short) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let sums = [(long.path(), 400), (short.path(), 1)].map(|(dir, days)| {
        let settings = || Settings {
            retention: Retention {
                days,
                ..Retention::default()
            },
            ..settings(dir)
        };
        let house = filled_with(settings());
        house.close_days();
        house.close();
        let house = House::with(Settings {
            timezone: zone.clone(),
            ..settings()
        });
        assert!(house.recovery.timezone_was.is_some());
        stored(&house.ledger)
    });
    assert_eq!(sums[0], sums[1]);
}

#[test]
fn a_journal_that_is_gone_goes_on_behind_what_was_counted() {
    let dir = TempDir::new().unwrap();
    let house = filled(dir.path());
    let files = house.close_days();
    let last = files.last().unwrap().last_seq;
    let in_files: u64 = files.iter().map(Facts::calls).sum();
    let watermark = house.ledger.watermark();
    house.close();
    fs::remove_dir_all(dir.path().join("journal")).unwrap();
    assert_eq!(next_seq(&dir.path().join("calls")), last + 1);
    for _ in 0..2 {
        let house = House::open(dir.path());
        assert_eq!(house.ledger.watermark(), watermark);
        let rows = numbers(&house.ledger);
        assert_eq!(rows, (0..in_files).collect::<Vec<_>>());
        let all: u64 = house
            .ledger
            .all_time()
            .iter()
            .map(|it| it.totals.calls)
            .sum();
        assert_eq!(all, CALLS, "what was counted stays counted");
        house.close();
    }
    let house = House::open(dir.path());
    house.end(&paced(CALLS));
    house.count(1);
    assert_eq!(numbers(&house.ledger).last(), Some(&CALLS));
    assert_eq!(house.ledger.watermark(), watermark + 1);
}
