//! Totals are the same once rows are past their retention, and when they are computed again.

use super::*;

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
    believe(&house.ledger);
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
        believe(&house.ledger);
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
