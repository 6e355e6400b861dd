//! Who reads while a day is closed, and a crash after any of its steps.

use std::sync::atomic::{AtomicBool, Ordering};

use super::*;
use crate::ledger::checkpoint;

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
        if after == 0 {
            let arrived = (0..CALLS).map(paced);
            let arrived = arrived.filter(|call| (since..until).contains(&call.started_at));
            assert!(arrived.eq(found.iter().map(|(_, call)| call.clone())));
        }
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
    ledger.checkpoint(next.day).unwrap();
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
