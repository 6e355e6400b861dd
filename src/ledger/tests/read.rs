//! What others ask.

use std::sync::TryLockError;

use super::*;
use crate::ledger::Minutes;

/// What comes at all comes within this, on the busiest machine.
const WAIT: Duration = Duration::from_mins(5);

fn filled(dir: &Path) -> House {
    let house = House::open(dir);
    (0..700).for_each(|n| house.end(&call(n)));
    house.count(97);
    house
}

/// Made history: ten calls in each of these hours before the first call.
fn hours_ago(hours: std::ops::Range<i64>) -> History {
    let hour = |n: i64| ImportedHour {
        start: start() - SignedDuration::from_hours(n),
        upstream: "openai".into(),
        model: "model-old".into(),
        tenant: None,
        currency: usd(),
        totals: Totals {
            calls: 10,
            cost_usd: Pico(3),
            ..Totals::default()
        },
    };
    History {
        hours: hours.map(hour).collect(),
        ..History::default()
    }
}

#[test]
fn a_call_belongs_to_the_day_and_hour_of_its_arrival() {
    let dir = TempDir::new().unwrap();
    let house = filled(dir.path());
    let ledger = &house.ledger;
    let today = ledger.day_of(start());
    let tomorrow = today.tomorrow().unwrap();
    let calls = |first, last| {
        let days = ledger.days(first, last).unwrap();
        days.iter().map(|rollup| rollup.totals.calls).sum::<u64>()
    };
    // 600 s until midnight at 1.7 s a call.
    assert_eq!((calls(today, today), calls(tomorrow, tomorrow)), (353, 347));
    assert_eq!(calls(today, tomorrow), 700);
    assert_eq!(
        calls(tomorrow.tomorrow().unwrap(), tomorrow.tomorrow().unwrap()),
        0
    );
    assert_eq!(
        grand(&ledger.all_time()).calls,
        467,
        "without the gateway's third"
    );
}

#[test]
fn what_was_metered_of_an_upstream_is_its_live_groups_together() {
    let dir = TempDir::new().unwrap();
    let house = filled(dir.path());
    house.ledger.import(hours_ago(1..3)).unwrap();
    let all_time = house.ledger.all_time();
    let mut calls = 0;
    for upstream in ["openai", "anthropic", "gateway", "nobody"] {
        let is_its = |it: &&Rollup| {
            it.group.upstream.as_deref() == Some(upstream) && it.group.origin == Origin::Live
        };
        let mut sum = Totals::default();
        for rollup in all_time.iter().filter(is_its) {
            sum.merge(&rollup.totals);
        }
        assert_eq!(house.ledger.metered(upstream), sum, "{upstream}");
        calls += sum.calls;
    }
    assert!(calls > 0);
}

#[test]
fn the_first_moment_asked_for_is_in_and_the_last_is_not() {
    let dir = TempDir::new().unwrap();
    let house = filled(dir.path());
    let at = |n| call(n).started_at;
    let asked = |since, until| {
        let rows = house.ledger.rows(since, until, 0).unwrap();
        rows.map(|row| number(row.unwrap().1.call_id))
            .collect::<Vec<_>>()
    };
    assert_eq!(asked(at(5), at(9)), [5, 6, 7, 8]);
    assert_eq!(asked(at(5), at(5)), [0; 0]);
}

/// A commit can be read in the database while it is still being synced.
#[test]
fn rows_have_at_least_the_calls_of_totals_read_before() {
    let dir = TempDir::new().unwrap();
    let house = House::open(dir.path());
    house.end(&call(0));
    house.count(1);
    house.end(&call(15));
    let rides = house.rides();
    let ledger = &house.ledger;
    let (written, is_written) = mpsc::sync_channel(1);
    let (go_on, goes_on) = mpsc::sync_channel(1);
    ledger.writer().pause = Some((written, goes_on));
    std::thread::scope(|threads| {
        threads.spawn(|| ledger.apply(&entries(&rides)).unwrap());
        is_written.recv().unwrap();
        let hours = ledger
            .rollups(Grain::Hour, start()..Timestamp::MAX)
            .unwrap();
        let counted: u64 = hours.map(|hour| hour.unwrap().totals.calls).sum();
        let rows = threads.spawn(|| numbers(ledger).len());
        while !rows.is_finished() && !ledger.commits.is_awaited() {
            std::thread::yield_now();
        }
        go_on.send(()).unwrap();
        assert_eq!((counted, rows.join().unwrap()), (2, 2));
    });
}

#[test]
fn rows_are_found_by_arrival_and_paged_by_number() {
    let dir = TempDir::new().unwrap();
    let house = filled(dir.path());
    let until = start() + SignedDuration::from_secs(600);
    let mut seen = Vec::new();
    let mut after = 0;
    loop {
        let page = house.ledger.rows(start(), until, after).unwrap().take(50);
        let page: Vec<(u64, CallRecord)> = page.map(Result::unwrap).collect();
        let Some((last, _)) = page.last() else { break };
        after = *last;
        seen.extend(page.into_iter().map(|(_, call)| call));
    }
    assert_eq!(seen, (0..353).map(call).collect::<Vec<_>>());
    let later: Vec<u64> = house
        .ledger
        .rows(until, Timestamp::MAX, 0)
        .unwrap()
        .map(|row| number(row.unwrap().1.call_id))
        .collect();
    assert_eq!(later, (353..700).collect::<Vec<_>>());
}

#[test]
fn rows_beyond_the_watermark_wait_for_their_totals() {
    let dir = TempDir::new().unwrap();
    let house = House::open(dir.path());
    (0..10).for_each(|n| house.end(&call(n)));
    let rides = house.rides();
    house.ledger.apply(&entries(&rides[..4])).unwrap();
    assert_eq!(numbers(&house.ledger), [0, 1, 2, 3]);
    assert_rows_are_totals(&house.ledger);
}

#[test]
fn demand_is_the_sum_of_the_billed_calls_of_its_minute() {
    let dir = TempDir::new().unwrap();
    let house = filled(dir.path());
    let demand = stored_demand(&house.ledger);
    assert_eq!(demand, recounted_demand(&house.ledger));
    let calls: u64 = demand
        .values()
        .map(|minute| minute.total().calls + minute.unpriced_calls)
        .sum();
    let billed = (0..700).filter(|n| is_demand(&call(*n))).count();
    assert_eq!(calls, u64::try_from(billed).unwrap());
}

#[test]
fn minutes_with_a_beat_are_up_and_others_are_unknown() {
    let dir = TempDir::new().unwrap();
    let house = House::open(dir.path());
    let at = |minute: i64| start() + SignedDuration::from_mins(minute);
    for minute in [0, 1, 3, 12, 12, 75] {
        house.ledger.beat(at(minute)).unwrap();
    }
    let up = house.ledger.minutes_up(at(1)..at(75)).unwrap();
    let first = u32::try_from(start().as_second() / 60).unwrap();
    assert_eq!(up, [first + 1, first + 3, first + 12]);
}

#[test]
fn made_history_is_kept_apart_and_written_twice_is_written_once() {
    let dir = TempDir::new().unwrap();
    let house = filled(dir.path());
    let before = stored(&house.ledger);
    let minute = |n: i64| start() - SignedDuration::from_mins(n);
    let history = || History {
        minutes: Minutes::new(std::iter::once(ImportedMinute {
            start: minute(60),
            upstream: "openai".into(),
            model: "model-old".into(),
            capability: "8k".into(),
            demand: DemandMinute {
                imported_calls: 10,
                ..DemandMinute::default()
            },
        })),
        up: vec![minute(100)..minute(0)],
        ..hours_ago(1..500)
    };
    for _ in 0..2 {
        house.ledger.import(history()).unwrap();
        let all_time = house.ledger.all_time();
        let is_imported = |rollup: &&Rollup| rollup.group.origin == Origin::Imported;
        let imported: Vec<&Rollup> = all_time.iter().filter(is_imported).collect();
        assert_eq!(imported.len(), 1);
        assert_eq!(imported[0].totals.calls, 4_990);
        assert_eq!(
            house
                .ledger
                .minutes_up(minute(1_000)..start())
                .unwrap()
                .len(),
            100
        );
    }
    let mut after = stored(&house.ledger);
    after.retain(|name, _| name.contains("Live"));
    assert_eq!(after, before);
    house.close();
    // Other days: those of the made history are made from its hours.
    let house = House::with(Settings {
        timezone: TimeZone::get("Asia/Shanghai").unwrap(),
        ..settings(dir.path())
    });
    let days = house
        .ledger
        .rollups(Grain::Day, Timestamp::UNIX_EPOCH..Timestamp::MAX)
        .unwrap();
    let imported = days
        .map(Result::unwrap)
        .filter(|day| day.group.origin == Origin::Imported);
    assert_eq!(imported.map(|day| day.totals.calls).sum::<u64>(), 4_990);
}

#[test]
fn other_days_are_computed_again_from_the_rows() {
    let dir = TempDir::new().unwrap();
    let house = filled(dir.path());
    house.ledger.import(hours_ago(1..500)).unwrap();
    let before = stored(&house.ledger);
    house.close();
    for (zone, days) in [
        ("Asia/Shanghai", 1),
        ("America/New_York", 1),
        ("Asia/Kolkata", 1),
        ("UTC", 2),
    ] {
        let timezone = TimeZone::get(zone).unwrap();
        let house = House::with(Settings {
            timezone,
            ..settings(dir.path())
        });
        assert!(house.recovery.timezone_was.is_some());
        let stored = stored(&house.ledger);
        let named: std::collections::BTreeSet<&str> = stored
            .keys()
            .filter_map(|name| name.strip_prefix("(Day(")?.get(..10))
            .collect();
        assert!(named.len() >= 20 + days, "{zone}: {named:?}");
        if zone == "UTC" {
            assert_eq!(stored, before, "there and back");
        } else {
            assert_ne!(stored, before, "{zone}");
        }
        house.close();
    }
    assert!(House::open(dir.path()).recovery.timezone_was.is_none());
}

#[test]
fn days_older_than_memory_are_read_from_the_disk() {
    let dir = TempDir::new().unwrap();
    let house = House::open(dir.path());
    let day = SignedDuration::from_hours(24);
    for n in 0..120 {
        let started_at = start() + day * i32::try_from(n).unwrap();
        house.end(&CallRecord {
            started_at,
            ..call(n)
        });
    }
    house.count(7);
    let first = house.ledger.day_of(start());
    for reopened in [false, true] {
        let all = house
            .ledger
            .days(first, first.saturating_add(jiff::Span::new().days(119)));
        assert_eq!(all.unwrap().len(), 120, "{reopened}");
        let memory = house.ledger.memory();
        let kept = memory
            .rollups(key::Span::FIRST_DAY, key::Span::FIRST_HOUR)
            .len();
        assert_eq!(kept, usize::try_from(RECENT_DAYS).unwrap());
        drop(memory);
        // From the disk up to where memory begins, and from there on from memory.
        for (first, days) in [(0, 120), (27, 93), (28, 92), (29, 91), (119, 1)] {
            let since = Some(start() + day * first);
            let by_day = Apart {
                period: true,
                ..Apart::default()
            };
            let sums = house.ledger.sums(Grain::Day, since, None, &by_day).unwrap();
            let calls: Vec<u64> = sums.iter().map(|sum| sum.totals.calls).collect();
            assert_eq!(calls, vec![1; days], "from day {first}");
        }
    }
    assert_rows_are_totals(&house.ledger);
}

/// The grand total of what is told apart, and how many rows that are.
fn summed(
    ledger: &Ledger,
    grain: Grain,
    since: Option<Timestamp>,
    apart: &Apart,
) -> (Totals, usize) {
    let sums = ledger.sums(grain, since, None, apart).unwrap();
    (grand(&sums), sums.len())
}

#[test]
fn whatever_is_told_apart_the_sum_is_all_time() {
    let dir = TempDir::new().unwrap();
    let house = filled(dir.path());
    house.ledger.import(hours_ago(1..2_000)).unwrap();
    let mut all_time = grand(&house.ledger.all_time());
    all_time.cost_native = Pico::ZERO;
    let dimensions = house.ledger.dimensions();
    assert!(!dimensions.is_empty());
    let mut rows = std::collections::BTreeSet::new();
    for bits in 0..32_u8 {
        let bit = |n: u8| bits & (1 << n) != 0;
        let apart = Apart {
            period: bit(0),
            upstream: bit(1),
            model: bit(2),
            tenant: bit(3),
            dimensions: if bit(4) {
                dimensions.clone()
            } else {
                std::collections::BTreeSet::new()
            },
        };
        for (grain, since) in [
            (Grain::Day, None),
            (Grain::Day, Some(Timestamp::UNIX_EPOCH)),
            (Grain::Hour, Some(Timestamp::UNIX_EPOCH)),
        ] {
            let (sum, many) = summed(&house.ledger, grain, since, &apart);
            assert_eq!(sum, all_time, "{grain:?} {since:?} {apart:?}");
            rows.insert(many);
        }
    }
    assert!(rows.len() > 8, "each tells apart what it says: {rows:?}");
}

#[test]
fn a_dimension_is_told_apart_by_itself() {
    let dir = TempDir::new().unwrap();
    let house = filled(dir.path());
    let team = house.ledger.dimensions().into_iter().next().unwrap();
    let apart = Apart {
        dimensions: std::collections::BTreeSet::from([team.clone()]),
        ..Apart::default()
    };
    let sums = house.ledger.sums(Grain::Day, None, None, &apart).unwrap();
    let mut recounted: BTreeMap<Option<String>, u64> = BTreeMap::new();
    for n in 0..700 {
        let call = call(n);
        let accepted = call
            .status
            .is_some_and(|status| (200..300).contains(&status));
        let pair = call
            .dimensions
            .get(&team)
            .map(|value| format!("{team}={value}"));
        let known = sums
            .iter()
            .any(|sum| sum.group.dimensions.first().map(ToString::to_string) == pair);
        let pair = if accepted || known {
            pair
        } else {
            pair.map(|_| "other".to_owned())
        };
        *recounted.entry(pair).or_default() += 1;
    }
    let mut found: BTreeMap<Option<String>, u64> = BTreeMap::new();
    for sum in &sums {
        let pair = sum.group.dimensions.first().map(ToString::to_string);
        *found.entry(pair).or_default() += sum.totals.calls;
    }
    assert_eq!(found, recounted);
}

#[test]
fn a_day_or_an_hour_ends_before_the_next_stretch_begins() {
    let dir = TempDir::new().unwrap();
    let house = filled(dir.path());
    let calls = |grain, since, until| -> u64 {
        let sums = house.ledger.sums(grain, since, until, &Apart::default());
        sums.unwrap().iter().map(|sum| sum.totals.calls).sum()
    };
    let midnight: Timestamp = "2026-11-22T00:00:00Z".parse().unwrap();
    for grain in [Grain::Day, Grain::Hour] {
        assert_eq!(calls(grain, None, Some(midnight)), 353);
        assert_eq!(calls(grain, Some(midnight), None), 347);
        assert_eq!(calls(grain, Some(midnight), Some(start())), 0);
    }
    // The hour of a moment is whole.
    assert_eq!(calls(Grain::Hour, Some(start()), Some(midnight)), 353);
}

/// A change that waits for a reader to end holds the turnstile, so that no further reader goes first.
#[test]
fn a_change_is_seen_by_who_begins_to_read_while_it_waits() {
    let dir = TempDir::new().unwrap();
    let house = House::open(dir.path());
    let ledger = &house.ledger;
    let before = ledger.watermark();
    std::thread::scope(|threads| {
        let reading = ledger.memory();
        let change = threads.spawn(|| ledger.set_memory(|memory| memory.watermark += 1));
        let began = std::time::Instant::now();
        while !matches!(ledger.turn.try_lock(), Err(TryLockError::WouldBlock)) {
            assert!(began.elapsed() < WAIT, "a change takes its turn first");
            std::thread::yield_now();
        }
        let behind = threads.spawn(|| ledger.watermark());
        drop(reading);
        change.join().unwrap();
        assert_eq!(behind.join().unwrap(), before + 1);
    });
}

#[test]
fn who_reads_passes_the_turnstile_though_nobody_reads_or_writes_yet() {
    let dir = TempDir::new().unwrap();
    let house = House::open(dir.path());
    let ledger = &house.ledger;
    let before = ledger.watermark();
    std::thread::scope(|threads| {
        let turn = ledger.turn.lock().unwrap();
        let (asks, asked) = mpsc::sync_channel(0);
        let behind = threads.spawn(move || {
            asks.send(()).unwrap();
            ledger.watermark()
        });
        asked.recv().unwrap();
        // Time enough for one that does not wait; one that waits never ends here.
        for _ in 0..10_000 {
            assert!(!behind.is_finished(), "it went past the turnstile");
            std::thread::yield_now();
        }
        ledger.memory.write().unwrap().watermark += 1;
        drop(turn);
        assert_eq!(behind.join().unwrap(), before + 1);
    });
}

#[test]
fn made_history_that_is_replaced_or_taken_back_leaves_nothing_behind() {
    let dir = TempDir::new().unwrap();
    let house = filled(dir.path());
    let ledger = &house.ledger;
    let before = (stored(ledger), stored_demand(ledger));
    let imported = |grain| {
        let ever = Timestamp::UNIX_EPOCH..Timestamp::MAX;
        let all = match grain {
            Some(grain) => ledger
                .rollups(grain, ever)
                .unwrap()
                .map(Result::unwrap)
                .collect(),
            None => ledger.all_time(),
        };
        let of = all.iter().filter(|it| it.group.origin == Origin::Imported);
        of.map(|it| it.totals.calls).sum::<u64>()
    };
    let all = || [None, Some(Grain::Day), Some(Grain::Hour)].map(imported);
    ledger.import(hours_ago(1..100)).unwrap();
    ledger.import(hours_ago(60..200)).unwrap();
    assert_eq!(all(), [1_990; 3]);
    let (from, to) = (start() - SignedDuration::from_hours(149), start());
    ledger
        .forget_imported("openai", "model-old", from..to)
        .unwrap();
    assert_eq!(all(), [500; 3]);
    let ever = start() - SignedDuration::from_hours(900)..to;
    ledger.forget_imported("openai", "model-old", ever).unwrap();
    assert_eq!((stored(ledger), stored_demand(ledger)), before);
}
