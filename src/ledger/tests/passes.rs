//! Calls priced again: totals and rows are those of calls that had been priced so in the first place,
//! whenever the process dies in between.

use std::cell::Cell;

use super::*;
use crate::call::Again;

/// Calls on two days: several files of a pass, and several commits of each.
const CALLS: u64 = 900;

/// A call by other prices: those without one get one, some in another currency, some cost nothing.
fn by(prices: i128, call: &CallRecord) -> Again {
    if call.source.is_none() {
        return Again::NotBilled;
    }
    if call.operation == "batches" {
        return Again::Summed;
    }
    let n = number(call.call_id);
    let mut now = call.clone();
    let cost = Pico(i128::from(n) * 3 + prices);
    match (n % 7, n % 5) {
        // Free by declaration, and in dollars or yuan.
        (1, 0) => {
            now.pricing = Pricing::Free;
            (now.cost_native, now.cost_usd, now.currency) = (None, None, None);
        }
        (6, _) | (_, 1 | 2) => {
            now.pricing = Pricing::Priced;
            (now.cost_native, now.cost_usd) = (Some(cost), Some(cost));
            now.currency = Some(if n.is_multiple_of(4) {
                "CNY".parse().unwrap()
            } else {
                usd()
            });
            now.price_id = Some(format!("list/model@{prices}"));
            now.flags = vec![Flag::PriceSeenLater];
            // Who pays is part of the key of a total, and may change with the price.
            if (i128::from(n) + prices) % 2 == 0 {
                now.flags.push(Flag::Prepaid);
            }
        }
        _ => {}
    }
    if now == *call {
        Again::Same
    } else {
        Again::Changed(Box::new(now))
    }
}

fn asked(words: &str) -> Asked {
    Asked {
        words: words.to_owned(),
        since: Timestamp::MIN,
        until: Timestamp::MAX,
        models: Vec::new(),
        upstreams: Vec::new(),
        prices: words.to_owned(),
        dry_run: false,
        now: start(),
    }
}

fn go_on(_: Progress) -> bool {
    true
}

fn reprice(ledger: &Ledger, prices: i128) -> Repriced {
    let asked = asked(&format!("by {prices}"));
    ledger
        .reprice(&asked, &|call| by(prices, call), &mut go_on)
        .unwrap()
}

fn fill(house: &House, calls: std::ops::Range<u64>) {
    for n in calls {
        house.begin(id(n));
        house.end(&call(n));
    }
    house.count(100);
}

/// A ledger whose calls were priced so in the first place.
fn in_the_first_place(prices: &[i128], calls: u64) -> (Sums, Demand, Vec<CallRecord>) {
    let dir = TempDir::new().unwrap();
    let house = House::open(dir.path());
    for n in 0..calls {
        house.begin(id(n));
        let mut call = call(n);
        for prices in prices {
            if let Again::Changed(now) = by(*prices, &call) {
                call = *now;
            }
        }
        house.end(&call);
    }
    house.count(100);
    let all = (
        stored(&house.ledger),
        stored_demand(&house.ledger),
        rows(&house.ledger),
    );
    house.close();
    all
}

fn rows(ledger: &Ledger) -> Vec<CallRecord> {
    let rows = ledger.rows(Timestamp::MIN, Timestamp::MAX, 0).unwrap();
    rows.map(|row| row.unwrap().1).collect()
}

#[track_caller]
fn assert_is(ledger: &Ledger, (sums, demand, calls): &(Sums, Demand, Vec<CallRecord>)) {
    assert!(rows(ledger) == *calls, "the rows are not those");
    assert_eq!(stored(ledger), *sums);
    assert_eq!(stored_demand(ledger), *demand);
    assert_rows_are_totals(ledger);
}

fn files_of(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.insert(path.clone(), std::fs::read(&path).unwrap());
            }
        }
    }
    files
}

#[test]
fn every_total_is_as_if_calls_had_been_priced_so_in_the_first_place() {
    let dir = TempDir::new().unwrap();
    let house = House::open(dir.path());
    fill(&house, 0..CALLS);
    let done = reprice(&house.ledger, 1);
    assert!(done.is_applied && !done.resumed && done.pass.number == 1);
    let once = in_the_first_place(&[1], CALLS);
    assert_is(&house.ledger, &once);
    // Once more by the same prices: nothing.
    let again = reprice(&house.ledger, 1);
    assert_eq!((again.pass.summary.changed, again.is_applied), (0, false));
    assert_is(&house.ledger, &once);
    // And by others, on top.
    let later = reprice(&house.ledger, 1_000);
    assert_eq!(later.pass.number, 2);
    let twice = in_the_first_place(&[1, 1_000], CALLS);
    assert_is(&house.ledger, &twice);
    house.close();
    let house = House::open(dir.path());
    assert!(house.recovery.rebuilt.is_none());
    assert_is(&house.ledger, &twice);
}

#[test]
fn a_pass_moves_once_wherever_the_process_dies() {
    let base = TempDir::new().unwrap();
    let house = House::open(base.path());
    fill(&house, 0..CALLS);
    house.close();
    let expected = in_the_first_place(&[1], CALLS);
    for commits in 0.. {
        let dir = TempDir::new().unwrap();
        super::super::upkeep::copy_folder(base.path(), dir.path()).unwrap();
        let house = House::open(dir.path());
        let ledger = &house.ledger;
        let still_reads = |at: Progress| at.phase == Phase::Reading;
        let stopped = ledger.reprice(&asked("by 1"), &|call| by(1, call), &mut { still_reads });
        assert_eq!(stopped.unwrap_err().reason(), "stopped");
        let moved = (0..commits).all(|_| ledger.move_next().unwrap());
        // No more goes well than a kill leaves.
        drop(house);
        let house = House::open(dir.path());
        assert_is(&house.ledger, &expected);
        house.close();
        if !moved {
            assert!(commits >= 10, "{commits} commits");
            return;
        }
    }
}

#[test]
fn a_stopped_pass_goes_on_where_it_was_and_moves_nothing_before() {
    let dir = TempDir::new().unwrap();
    let house = House::open(dir.path());
    fill(&house, 0..CALLS);
    let before = (
        stored(&house.ledger),
        stored_demand(&house.ledger),
        rows(&house.ledger),
    );
    let looked_at = Cell::new(0_u64);
    let price = |call: &CallRecord| {
        looked_at.set(looked_at.get() + 1);
        by(1, call)
    };
    // As if the process had died while it wrote its second file.
    let died = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let dies = |call: &CallRecord| {
            assert!(number(call.call_id) < CALLS / 2, "dies here");
            price(call)
        };
        house.ledger.reprice(&asked("by 1"), &dies, &mut go_on)
    }));
    assert!(died.is_err());
    drop(house);
    let house = House::open(dir.path());
    assert_is(&house.ledger, &before);
    looked_at.set(0);
    let done = house
        .ledger
        .reprice(&asked("by 1"), &price, &mut go_on)
        .unwrap();
    assert!(done.resumed && done.is_applied);
    assert!(looked_at.get() < CALLS, "it began anew");
    assert_eq!(done.pass.summary.rows, CALLS);
    assert_is(&house.ledger, &in_the_first_place(&[1], CALLS));
}

#[test]
fn a_stopped_pass_is_thrown_away_when_something_else_is_asked_for() {
    let dir = TempDir::new().unwrap();
    let house = House::open(dir.path());
    fill(&house, 0..CALLS);
    let stop = |_: Progress| false;
    let stopped = house
        .ledger
        .reprice(&asked("by 1"), &|call| by(1, call), &mut { stop });
    assert_eq!(stopped.unwrap_err().reason(), "stopped");
    let done = reprice(&house.ledger, 9);
    assert!(!done.resumed && done.pass.number == 1);
    assert_is(&house.ledger, &in_the_first_place(&[9], CALLS));
}

#[test]
fn calls_go_on_and_days_close_between_two_commits() {
    let dir = TempDir::new().unwrap();
    let house = House::open(dir.path());
    let ledger = &house.ledger;
    believe(ledger);
    fill(&house, 0..CALLS);
    let still_reads = |at: Progress| at.phase == Phase::Reading;
    let stopped = ledger.reprice(&asked("by 1"), &|call| by(1, call), &mut { still_reads });
    assert_eq!(stopped.unwrap_err().reason(), "stopped");
    let mut n = CALLS;
    let day_after = start() + SignedDuration::from_hours(30);
    while ledger.move_next().unwrap() {
        fill(&house, n..n + 5);
        n += 5;
        ledger.close_days(day_after, &|| true).unwrap();
    }
    assert_rows_are_totals(ledger);
    // Those that came meanwhile are as they were booked, until the next pass.
    assert_eq!(reprice(ledger, 1).pass.number, 2);
    assert_is(ledger, &in_the_first_place(&[1], n));
    assert!(!ledger.shelf().days().is_empty());
}

#[test]
fn a_rebuild_from_a_checkpoint_before_a_pass_moves_it_again() {
    let dir = TempDir::new().unwrap();
    let expected = {
        let house = House::open(dir.path());
        believe(&house.ledger);
        fill(&house, 0..CALLS);
        let day_after = start() + SignedDuration::from_hours(30);
        house.ledger.close_days(day_after, &|| true).unwrap();
        let checkpoints = checkpoint::all(&dir.path().join("checkpoints")).unwrap();
        let old = checkpoints.first().unwrap().clone();
        let bytes = std::fs::read(&old).unwrap();
        reprice(&house.ledger, 1);
        assert_ne!(
            std::fs::read(&old).unwrap(),
            bytes,
            "the new totals have a checkpoint"
        );
        reprice(&house.ledger, 1_000);
        house.close();
        // The one from before both.
        std::fs::write(&old, bytes).unwrap();
        in_the_first_place(&[1, 1_000], CALLS)
    };
    let (ledger, recovery) = once_free(|| match Ledger::rebuild(settings(dir.path())) {
        Err(LedgerError::InUse { .. }) => None,
        opened => Some(opened.unwrap()),
    });
    assert!(recovery.restored.is_some() && recovery.problems.is_empty());
    assert_is(&ledger, &expected);
    ledger.close().unwrap();
    drop(ledger);
    let checked = once_free(|| match check(&settings(dir.path()), &|_, _| {}) {
        Err(LedgerError::InUse { .. }) => None,
        checked => Some(checked.unwrap()),
    });
    assert!(checked.is_fine(), "{checked:?}");
    assert!(
        checked
            .parts
            .iter()
            .any(|part| part.name == "passes" && part.entries > 0)
    );
    // And from row one, without any checkpoint.
    std::fs::remove_dir_all(dir.path().join("checkpoints")).unwrap();
    let (ledger, _) = once_free(|| match Ledger::rebuild(settings(dir.path())) {
        Err(LedgerError::InUse { .. }) => None,
        opened => Some(opened.unwrap()),
    });
    assert_is(&ledger, &expected);
}

#[test]
fn a_dry_run_says_the_same_and_changes_no_byte() {
    let dir = TempDir::new().unwrap();
    let house = House::open(dir.path());
    fill(&house, 0..CALLS);
    let before = files_of(&dir.path().join("journal"));
    let dry = Asked {
        dry_run: true,
        ..asked("by 1")
    };
    let looked = house
        .ledger
        .reprice(&dry, &|call| by(1, call), &mut go_on)
        .unwrap();
    assert!(!looked.is_applied && looked.pass.summary.changed > 0);
    assert!(!dir.path().join("calls").exists(), "a folder was made");
    assert_eq!(files_of(&dir.path().join("journal")), before);
    assert_eq!(house.ledger.status.stats().errors, 0);
    let done = reprice(&house.ledger, 1);
    assert_eq!(done.pass.summary, looked.pass.summary);
}

#[test]
fn only_what_is_asked_for_is_priced_again() {
    let dir = TempDir::new().unwrap();
    let house = House::open(dir.path());
    fill(&house, 0..CALLS);
    let middle = call(CALLS / 2).started_at;
    let asked = Asked {
        since: middle,
        models: vec!["model-1".into(), "model-3".into()],
        upstreams: vec!["openai".into()],
        ..asked("some")
    };
    let before = rows(&house.ledger);
    let done = house
        .ledger
        .reprice(&asked, &|call| by(1, call), &mut go_on)
        .unwrap();
    assert!(done.pass.summary.changed > 0);
    let is_asked = |call: &CallRecord| {
        let model = call.model_name().unwrap();
        call.started_at >= middle
            && call.upstream == "openai"
            && ["model-1", "model-3"].contains(&model)
    };
    let expected: Vec<CallRecord> = before
        .into_iter()
        .map(|call| match by(1, &call) {
            Again::Changed(now) if is_asked(&call) => *now,
            Again::Changed(_)
            | Again::NotBilled
            | Again::Summed
            | Again::NoUpstream
            | Again::Same => call,
        })
        .collect();
    assert!(rows(&house.ledger) == expected);
    assert_rows_are_totals(&house.ledger);
}

#[test]
fn what_was_deleted_for_its_age_is_not_made_again() {
    let dir = TempDir::new().unwrap();
    let retention = Retention {
        minutes_days: 1,
        hours_days: 1,
        ..Retention::default()
    };
    let house = House::with(Settings {
        retention,
        ..settings(dir.path())
    });
    believe(&house.ledger);
    fill(&house, 0..CALLS);
    let later = start() + SignedDuration::from_hours(24 * 45);
    house.ledger.close_days(later, &|| true).unwrap();
    let before = stored(&house.ledger);
    let asked = Asked {
        now: later,
        ..asked("by 1")
    };
    let done = house
        .ledger
        .reprice(&asked, &|call| by(1, call), &mut go_on);
    assert!(done.unwrap().is_applied);
    let after = stored(&house.ledger);
    let spans = |sums: &Sums| {
        let spans = sums
            .keys()
            .filter(|key| key.contains("Hour") || key.contains("Minute"));
        spans.count()
    };
    assert_eq!((spans(&before), spans(&after)), (0, 0));
    assert!(stored_demand(&house.ledger).is_empty());
    let (sums, ..) = in_the_first_place(&[1], CALLS);
    let kept = sums
        .into_iter()
        .filter(|(key, _)| !key.contains("Hour") && !key.contains("Minute"));
    assert_eq!(after, kept.collect());
}

#[test]
fn a_pass_goes_with_the_days_of_its_calls() {
    let dir = TempDir::new().unwrap();
    let retention = Retention {
        days: 10,
        ..Retention::default()
    };
    let house = House::with(Settings {
        retention,
        ..settings(dir.path())
    });
    believe(&house.ledger);
    fill(&house, 0..CALLS);
    let days = |days: i64| start() + SignedDuration::from_hours(24 * days);
    house.ledger.close_days(days(3), &|| true).unwrap();
    reprice(&house.ledger, 1);
    assert_rows_are_totals(&house.ledger);
    let total = house.ledger.grand_total();
    let files = || pass_files(dir.path());
    let all = files();
    assert!(all > 2);
    // A later day, so that the first may go: the newest file always stays.
    let late = CallRecord {
        started_at: days(14),
        ..call(CALLS)
    };
    house.end(&late);
    house.count(1);
    house.ledger.close_days(days(16), &|| true).unwrap();
    assert_eq!(files(), 0, "of {all} files");
    assert!(
        pass::files::numbers(&dir.path().join("calls"))
            .unwrap()
            .is_empty()
    );
    assert_eq!(house.ledger.grand_total().priced, total.priced + 1);
    let priced_again = reprice(&house.ledger, 1);
    assert!(priced_again.rows_from.is_some());
}

fn pass_files(dir: &Path) -> usize {
    let calls = dir.join("calls");
    let numbers = pass::files::numbers(&calls).unwrap();
    let names = numbers
        .into_iter()
        .flat_map(|number| shelf::names(&pass::folder_of(&calls, number)).unwrap());
    names.filter(|name| name.ends_with(".parquet")).count()
}

#[test]
fn a_pass_whose_last_file_is_damaged_stays_out_of_rebuilt_totals_and_is_named() {
    let dir = TempDir::new().unwrap();
    let house = House::open(dir.path());
    fill(&house, 0..CALLS);
    let before = (
        stored(&house.ledger),
        stored_demand(&house.ledger),
        rows(&house.ledger),
    );
    reprice(&house.ledger, 1);
    house.close();
    let calls = dir.path().join("calls");
    let names = shelf::names(&pass::folder_of(&calls, 1)).unwrap();
    let name = names
        .into_iter()
        .filter(|name| name.ends_with(".parquet"))
        .max()
        .unwrap();
    let path = pass::folder_of(&calls, 1).join(name);
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[400] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let (ledger, recovery) = once_free(|| match Ledger::rebuild(settings(dir.path())) {
        Err(LedgerError::InUse { .. }) => None,
        opened => Some(opened.unwrap()),
    });
    assert_eq!(recovery.problems.len(), 1, "{:?}", recovery.problems);
    assert_is(&ledger, &before);
}

#[test]
fn another_time_zone_finds_calls_where_a_pass_has_put_them() {
    let dir = TempDir::new().unwrap();
    let house = House::open(dir.path());
    fill(&house, 0..CALLS);
    reprice(&house.ledger, 1);
    house.close();
    let timezone = TimeZone::get("Asia/Kathmandu").unwrap();
    let house = House::with(Settings {
        timezone,
        ..settings(dir.path())
    });
    assert!(house.recovery.timezone_was.is_some());
    assert_rows_are_totals(&house.ledger);
}

#[test]
fn a_backup_has_the_passes() {
    let (dir, to) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let house = House::open(dir.path());
    fill(&house, 0..CALLS);
    reprice(&house.ledger, 1);
    let to = settings(&to.path().join("copy"));
    std::fs::create_dir_all(&to.journal_dir).unwrap();
    house.ledger.back_up(&to, start()).unwrap();
    let (copy, _) = once_free(|| match Ledger::rebuild(to.clone()) {
        Err(LedgerError::InUse { .. }) => None,
        opened => Some(opened.unwrap()),
    });
    assert_is(&copy, &in_the_first_place(&[1], CALLS));
}

#[test]
fn a_complete_pass_that_memory_lacks_moves_before_the_next_begins() {
    let dir = TempDir::new().unwrap();
    let house = House::open(dir.path());
    fill(&house, 0..CALLS);
    let still_reads = |at: Progress| at.phase == Phase::Reading;
    let stopped = house
        .ledger
        .reprice(&asked("by 1"), &|call| by(1, call), &mut { still_reads });
    assert_eq!(stopped.unwrap_err().reason(), "stopped");
    // As if the folder could not be synced behind the note.
    house.ledger.set_passes(|passes| passes.forget(1));
    let some = Asked {
        models: vec!["model-1".into()],
        ..asked("by 1000")
    };
    let done = house
        .ledger
        .reprice(&some, &|call| by(1_000, call), &mut go_on);
    assert_eq!(done.unwrap().pass.number, 2);
    assert_rows_are_totals(&house.ledger);
    house.close();
    let house = House::open(dir.path());
    assert_rows_are_totals(&house.ledger);
}

#[test]
fn a_pass_that_takes_more_than_there_is_moves_nothing() {
    let dir = TempDir::new().unwrap();
    let house = House::open(dir.path());
    fill(&house, 0..CALLS);
    let still_reads = |at: Progress| at.phase == Phase::Reading;
    let stopped = house
        .ledger
        .reprice(&asked("by 1"), &|call| by(1, call), &mut { still_reads });
    assert_eq!(stopped.unwrap_err().reason(), "stopped");
    // As if it had been taken off before.
    house.ledger.set_memory(|memory| {
        let all = memory.totals.values_mut();
        all.for_each(|totals| *totals = Totals::default());
    });
    let before = stored(&house.ledger);
    let again = house
        .ledger
        .reprice(&asked("by 1"), &|call| by(1, call), &mut go_on);
    assert_eq!(again.unwrap_err().reason(), "misfit");
    assert_eq!(stored(&house.ledger), before);
}

#[test]
fn what_a_removed_pass_noted_skips_no_file_of_the_next() {
    let dir = TempDir::new().unwrap();
    let house = House::open(dir.path());
    fill(&house, 0..CALLS);
    let at = meta::put_pass_at(7, 500, &[]);
    house.ledger.status.store().unwrap().commit(&[at]).unwrap();
    assert_eq!(reprice(&house.ledger, 1).pass.number, 8);
    assert_is(&house.ledger, &in_the_first_place(&[1], CALLS));
}

#[test]
fn the_same_words_on_another_day_begin_anew() {
    let dir = TempDir::new().unwrap();
    let house = House::open(dir.path());
    fill(&house, 0..CALLS);
    let stop = |_: Progress| false;
    let stopped = house
        .ledger
        .reprice(&asked("since=1d"), &|call| by(1, call), &mut { stop });
    assert_eq!(stopped.unwrap_err().reason(), "stopped");
    let later = Asked {
        since: start(),
        ..asked("since=1d")
    };
    let done = house
        .ledger
        .reprice(&later, &|call| by(1, call), &mut go_on);
    let done = done.unwrap();
    assert!(!done.resumed && done.pass.since == start());
}

#[test]
fn a_pass_that_goes_on_takes_in_what_came_meanwhile() {
    let dir = TempDir::new().unwrap();
    let house = House::open(dir.path());
    fill(&house, 0..CALLS);
    let stop = |_: Progress| false;
    let stopped = house
        .ledger
        .reprice(&asked("by 1"), &|call| by(1, call), &mut { stop });
    assert_eq!(stopped.unwrap_err().reason(), "stopped");
    fill(&house, CALLS..CALLS + 50);
    assert!(reprice(&house.ledger, 1).resumed);
    assert_is(&house.ledger, &in_the_first_place(&[1], CALLS + 50));
}

#[test]
fn a_full_disk_is_known_under_what_wraps_it() {
    let full = std::io::Error::from(std::io::ErrorKind::StorageFull);
    let wrapped = parquet::errors::ParquetError::External(Box::new(full));
    let at = |source| LedgerError::io("write", Path::new("f"))(source);
    assert!(pass::is_full(&at(std::io::Error::other(wrapped))));
    assert!(!pass::is_full(&at(std::io::ErrorKind::NotFound.into())));
}
