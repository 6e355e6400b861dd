//! What is too old goes, and no total with it.

use super::*;

const CALLS: u64 = 700;

fn filled(dir: &Path) -> House {
    let house = House::open(dir);
    (0..CALLS).for_each(|n| house.end(&call(n)));
    house.count(97);
    house
}

const EVER: std::ops::Range<Timestamp> = Timestamp::UNIX_EPOCH..Timestamp::MAX;

/// Closes days by a clock that is believed.
fn close_days(house: &House, days_later: i64) {
    believe(&house.ledger);
    let now = start() + SignedDuration::from_hours(24 * days_later);
    house.ledger.close_days(now, &|| true).unwrap();
}

/// How many roll-ups of a grain are on the disk, and the calls in them.
fn kept(ledger: &Ledger, grain: Grain) -> (usize, u64) {
    let ever = Timestamp::UNIX_EPOCH..Timestamp::MAX;
    let found = ledger.rollups(grain, ever).unwrap().map(Result::unwrap);
    found.fold((0, 0), |(many, calls), it| {
        (many + 1, calls + it.totals.calls)
    })
}

fn calls(ledger: &Ledger, grain: Grain) -> u64 {
    kept(ledger, grain).1
}

#[test]
fn minutes_demand_and_hours_go_one_after_the_other_and_days_stay() {
    let dir = TempDir::new().unwrap();
    let house = filled(dir.path());
    let ledger = &house.ledger;
    ledger.beat(start()).unwrap();
    let up = || ledger.minutes_up(start()..start() + SignedDuration::from_hours(1));
    let (days, ever) = (kept(ledger, Grain::Day), ledger.all_time());
    let all = |grain| calls(ledger, grain) == CALLS;
    close_days(&house, 13);
    assert!(all(Grain::Minute) && all(Grain::Hour));
    close_days(&house, 15);
    assert_eq!(kept(ledger, Grain::Minute), (0, 0));
    assert!(!stored_demand(ledger).is_empty() && up().unwrap().len() == 1);
    close_days(&house, 42);
    assert!(stored_demand(ledger).is_empty() && up().unwrap().len() == 1);
    assert!(ledger.demand_hours(EVER).unwrap().next().is_some() && all(Grain::Hour));
    close_days(&house, 402);
    assert_eq!(kept(ledger, Grain::Hour), (0, 0));
    assert!(ledger.demand_hours(EVER).unwrap().next().is_none() && up().unwrap().is_empty());
    assert_eq!((kept(ledger, Grain::Day), ledger.all_time()), (days, ever));
}

#[test]
fn minutes_are_kept_to_the_minute_of_their_age() {
    let dir = TempDir::new().unwrap();
    let house = filled(dir.path());
    let now = start() + SignedDuration::from_hours(24 * 14) + SignedDuration::from_mins(5);
    believe(&house.ledger);
    house.ledger.close_days(now, &|| true).unwrap();
    let young = start() + SignedDuration::from_mins(5);
    let expected = (0..CALLS).filter(|n| call(*n).started_at >= young).count();
    let expected = u64::try_from(expected).unwrap();
    assert_eq!(calls(&house.ledger, Grain::Minute), expected);
}

#[test]
fn days_without_hours_stay_when_the_time_zone_changes_and_none_is_counted_twice() {
    let dir = TempDir::new().unwrap();
    let short = |hours| Settings {
        timezone: TimeZone::fixed(jiff::tz::offset(hours)),
        retention: Retention {
            hours_days: 1,
            ..Retention::default()
        },
        ..settings(dir.path())
    };
    // The calls are ten minutes before midnight and ten behind it: the first ones' hour goes.
    let house = House::with(short(0));
    (0..CALLS).for_each(|n| house.end(&call(n)));
    house.count(97);
    close_days(&house, 2);
    let gone = CALLS - calls(&house.ledger, Grain::Hour);
    assert!((1..CALLS).contains(&gone), "{gone}");
    house.close();
    for hours in [-9, 3, 12, -9, 0] {
        let house = House::with(short(hours));
        assert!(house.recovery.timezone_was.is_some());
        assert_eq!(calls(&house.ledger, Grain::Day), CALLS, "{hours}");
        house.close();
    }
}

/// A midnight that lies within an hour divides what is kept from what is not.
#[test]
fn zones_of_half_an_hour_count_nothing_twice_where_the_hours_begin() {
    let spread = |n: u64| CallRecord {
        started_at: start() + SignedDuration::from_mins(i64::try_from(n * 7).unwrap()),
        ..call(n)
    };
    let zones = [
        "Asia/Kolkata",
        "Asia/Kathmandu",
        "UTC",
        "America/St_Johns",
        "Asia/Kolkata",
        "Pacific/Chatham",
        "Asia/Kathmandu",
        "Asia/Shanghai",
    ];
    for first in 0..3 {
        let dir = TempDir::new().unwrap();
        let with = |zone: &str| {
            House::with(Settings {
                timezone: TimeZone::get(zone).unwrap(),
                retention: Retention {
                    hours_days: 1,
                    ..Retention::default()
                },
                ..settings(dir.path())
            })
        };
        let house = with(zones[first]);
        house.ledger.import(hours_of_history()).unwrap();
        let made: u64 = calls(&house.ledger, Grain::Day);
        (0..CALLS).for_each(|n| house.end(&spread(n)));
        house.count(97);
        close_days(&house, 3);
        let left = calls(&house.ledger, Grain::Hour);
        assert!((1..made + CALLS).contains(&left), "{left}");
        house.close();
        for zone in &zones[first + 1..] {
            let house = with(zone);
            assert!(house.recovery.timezone_was.is_some());
            assert_eq!(calls(&house.ledger, Grain::Day), made + CALLS, "{zone}");
            let days = house.ledger.rollups(Grain::Day, EVER).unwrap();
            let days: Vec<Rollup> = days.map(Result::unwrap).collect();
            assert_eq!(grand(&days), grand(&house.ledger.all_time()), "{zone}");
            house.close();
        }
    }
}

/// Made history of ten calls in each hour of the first days.
fn hours_of_history() -> History {
    let hour = |n: i64| ImportedHour {
        start: start() + SignedDuration::from_hours(n),
        upstream: "openai".into(),
        model: "model-old".into(),
        tenant: None,
        currency: usd(),
        totals: Totals {
            calls: 10,
            ..Totals::default()
        },
    };
    History {
        hours: (-24..72).map(hour).collect(),
        ..History::default()
    }
}

#[test]
fn files_that_take_too_much_go_the_oldest_first_and_no_totals() {
    let dir = TempDir::new().unwrap();
    let house = House::open(dir.path());
    let hourly = |n: u64| CallRecord {
        started_at: start() + SignedDuration::from_hours(i64::try_from(n).unwrap()),
        ..call(n)
    };
    (0..60).for_each(|n| house.end(&hourly(n)));
    house.count(97);
    let expected = stored(&house.ledger);
    close_days(&house, 5);
    house.close();
    let files = || {
        let listing = std::fs::read_dir(dir.path().join("calls")).unwrap();
        let mut files: Vec<_> = listing.map(|entry| entry.unwrap().path()).collect();
        files.sort_unstable();
        files
    };
    let all = files();
    let sizes = all
        .iter()
        .map(|file| std::fs::metadata(file).unwrap().len());
    let two: u64 = sizes.rev().take(2).sum();
    assert!(all.len() > 2, "{all:?}");
    // A byte less than two files is one of them; a last one that is too large alone stays.
    for (bytes, kept) in [(two, 2), (two - 1, 1), (1, 1)] {
        let house = House::with(Settings {
            retention: Retention {
                bytes: Some(bytes),
                ..Retention::default()
            },
            ..settings(dir.path())
        });
        close_days(&house, 5);
        assert_eq!(files(), all[all.len() - kept..]);
        assert_eq!(stored(&house.ledger), expected);
        house.close();
    }
}

/// The calls of a stretch, or from when on there are any to be had.
fn asked(ledger: &Ledger, grain: Grain, since: Option<Timestamp>) -> Result<u64, Timestamp> {
    let apart = Apart {
        period: true,
        ..Apart::default()
    };
    match ledger.sums(grain, since, None, &apart) {
        Ok(sums) => Ok(sums.iter().map(|sum| sum.totals.calls).sum()),
        Err(LedgerError::Forgotten { grain: told, from }) => {
            assert_eq!(told, grain);
            Err(from)
        }
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn a_stretch_of_which_a_part_was_deleted_is_refused_and_not_summed() {
    let dir = TempDir::new().unwrap();
    let house = filled(dir.path());
    let ledger = &house.ledger;
    let later = |minutes| start() + SignedDuration::from_mins(minutes);
    let all = [Grain::Minute, Grain::Hour, Grain::Day];
    for since in [None, Some(start()), Some(later(-90))] {
        assert!(all.map(|grain| asked(ledger, grain, since)) == [Ok(CALLS); 3]);
    }
    let now = later(14 * 24 * 60 + 5);
    believe(ledger);
    ledger.close_days(now, &|| true).unwrap();
    let young = (0..CALLS).filter(|n| call(*n).started_at >= later(5));
    let young = u64::try_from(young.count()).unwrap();
    assert!(young < CALLS);
    // The minute of the begin is whole, as it is in an answer.
    let within = later(5) + SignedDuration::from_secs(59);
    assert_eq!(asked(ledger, Grain::Minute, Some(within)), Ok(young));
    for since in [None, Some(later(-90)), Some(later(4))] {
        assert_eq!(asked(ledger, Grain::Minute, since), Err(later(5)));
        assert_eq!(asked(ledger, Grain::Hour, since), Ok(CALLS));
    }
    close_days(&house, 402);
    let hours = ledger.begin_of(Grain::Hour).unwrap().unwrap();
    assert_eq!(asked(ledger, Grain::Hour, None), Err(hours));
    assert_eq!(asked(ledger, Grain::Hour, Some(start())), Err(hours));
    assert_eq!(asked(ledger, Grain::Hour, Some(hours)), Ok(0));
    assert_eq!(asked(ledger, Grain::Day, Some(start())), Ok(CALLS));
    assert_eq!(asked(ledger, Grain::Day, None), Ok(CALLS));
}

#[test]
fn where_minutes_begin_is_found_out_in_a_ledger_that_does_not_say_it() {
    let now = |minutes| {
        start() + SignedDuration::from_hours(24 * 14) + SignedDuration::from_mins(minutes)
    };
    // None was deleted, a part of the first hour, all of it, all.
    for (minutes, expected) in [(0, None), (5, Some(5)), (12, Some(12)), (60, Some(70))] {
        let dir = TempDir::new().unwrap();
        let house = filled(dir.path());
        believe(&house.ledger);
        house.ledger.close_days(now(minutes), &|| true).unwrap();
        let store = house.ledger.status.store().unwrap();
        let forgotten = (store::In::Meta, b"minutes_from".to_vec(), None);
        store.commit(&[forgotten]).unwrap();
        drop(store);
        house.close();
        let house = House::open(dir.path());
        let begin = house.ledger.begin_of(Grain::Minute).unwrap();
        let expected = expected.map(|minutes| start() + SignedDuration::from_mins(minutes));
        assert_eq!(begin, expected, "{minutes}");
    }
}
