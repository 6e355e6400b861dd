//! Rows are totals, whatever the batches and wherever the process stopped.

use proptest::prelude::*;

use super::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Calls come in any number and any batches; at any point the ledger is closed and opened, with
    /// or without having counted what the journal holds.
    #[test]
    fn rows_are_totals_for_any_batch_and_any_stop(
        steps in proptest::collection::vec((0_u64..60, 1_usize..80, any::<bool>(), any::<bool>()), 1..5)
    ) {
        let dir = TempDir::new().unwrap();
        let mut next = 0;
        let mut house = House::open(dir.path());
        for (calls, batch, counted, reopened) in steps {
            for n in next..next + calls {
                house.begin(id(n));
                house.end(&call(n));
            }
            next += calls;
            if counted {
                house.count(batch);
            }
            if reopened || !counted {
                house.close();
                house = House::open(dir.path());
            }
            prop_assert_eq!(numbers(&house.ledger), (0..next).collect::<Vec<_>>());
            prop_assert_eq!(stored(&house.ledger), recounted(&house.ledger));
            prop_assert_eq!(stored_demand(&house.ledger), recounted_demand(&house.ledger));
            prop_assert!(house.recovery.orphans.is_empty());
        }
    }
}

#[test]
fn a_batch_given_twice_is_counted_once() {
    let dir = TempDir::new().unwrap();
    let house = House::open(dir.path());
    (0..50).for_each(|n| house.end(&call(n)));
    let rides = house.rides();
    for _ in 0..2 {
        house.ledger.apply(&entries(&rides)).unwrap();
        house.ledger.apply(&entries(&rides[..20])).unwrap();
    }
    assert_eq!(house.ledger.watermark(), 50);
    assert_rows_are_totals(&house.ledger);
}

#[test]
fn more_keys_than_a_commit_may_have_are_split_over_several() {
    let dir = TempDir::new().unwrap();
    let house = House::open(dir.path());
    for n in 0..400 {
        let tenant = Some(format!("own-{n}"));
        house.end(&CallRecord { tenant, ..call(n) });
    }
    let before = house.ledger.stats();
    house.count(400);
    let after = house.ledger.stats();
    let (commits, keys) = (after.commits - before.commits, after.keys - before.keys);
    assert!(
        commits > 4 && keys / commits <= 256,
        "{keys} keys in {commits} commits"
    );
    assert_eq!(after.calls, 400);
    assert_rows_are_totals(&house.ledger);
}

#[test]
fn what_a_client_sends_is_a_name_only_after_a_2xx_and_not_for_ever() {
    let dir = TempDir::new().unwrap();
    let house = House::open(dir.path());
    let model = |n: u64, status, model: &str| CallRecord {
        model: Some(model.into()),
        status: Some(status),
        ..call(n)
    };
    house.end(&model(1, 404, "guessed"));
    house.end(&model(2, 200, &"long".repeat(100)));
    for n in 0..10_010 {
        house.end(&model(n, 200, &format!("m{n}")));
    }
    house.end(&model(3, 500, "m7"));
    house.count(20_000);
    let calls_of = |name: &str| {
        let all_time = house.ledger.all_time();
        let named = all_time
            .iter()
            .filter(|rollup| rollup.group.model.as_deref() == Some(name));
        named.map(|rollup| rollup.totals.calls).sum::<u64>()
    };
    assert_eq!(calls_of("guessed"), 0);
    assert_eq!(calls_of("m7"), 2, "a known name keeps its errors");
    assert_eq!(calls_of("m9999"), 1);
    assert_eq!(calls_of("m10000"), 0);
    assert_eq!(calls_of("other"), 12);
}

#[test]
fn totals_do_not_run_ahead_of_rows_that_a_power_cut_could_take() {
    let dir = TempDir::new().unwrap();
    let settings = settings(dir.path());
    let (sink, waiting) = mpsc::sync_channel(100);
    let journal = Journal::open(
        journal::Settings {
            sync_interval: std::time::Duration::from_millis(300),
            sync_records: 1_000,
            ..journal::Settings::in_dir(&settings.journal_dir)
        },
        move |seq, n: u64| sink.send((seq, n)).unwrap(),
    )
    .unwrap();
    let durable = journal.durable();
    let (ledger, _) = Ledger::open(Settings {
        durable: Some(durable.clone()),
        ..settings
    })
    .unwrap();
    let body = serde_json::to_vec(&call(0)).unwrap();
    journal
        .append(FrameKind::End, 0, body, Some(0))
        .unwrap()
        .wait()
        .unwrap();
    let (seq, _) = waiting.recv().unwrap();
    assert_eq!(durable.seq(), 0);
    ledger.apply(&[(seq, Entry::Ended(&call(0)))]).unwrap();
    assert_eq!((durable.seq(), ledger.watermark()), (1, 1));
}

#[test]
fn a_call_without_an_end_is_an_orphan_until_it_gets_one() {
    let dir = TempDir::new().unwrap();
    let house = House::open(dir.path());
    for n in 0..300 {
        house.begin(id(n));
        if n % 100 != 7 {
            house.end(&call(n));
        }
        if n == 150 {
            house.count(64);
        }
    }
    house.close();
    // Found again at each start, counted or not, until an end is written.
    for (expected, ended) in [
        (vec![7, 107, 207], None),
        (vec![7, 107, 207], Some((107, true))),
        (vec![7, 207], Some((7, false))),
        (vec![207], Some((207, true))),
        (vec![], None),
    ] {
        let house = House::open(dir.path());
        assert_eq!(orphans(&house), expected);
        if let Some((n, counted)) = ended {
            house.end(&CallRecord {
                end: StreamEnd::Interrupted,
                ..call(n)
            });
            if counted {
                house.count(10);
            }
        }
        house.close();
    }
    let house = House::open(dir.path());
    let mut rows = numbers(&house.ledger);
    rows.sort_unstable();
    assert_eq!(rows, (0..300).collect::<Vec<_>>());
    assert_rows_are_totals(&house.ledger);
}

/// The numbers of the calls that a start found without an end.
fn orphans(house: &House) -> Vec<u64> {
    let named = |orphan: &Orphan| {
        let body: serde_json::Value = serde_json::from_slice(&orphan.body).unwrap();
        number(serde_json::from_value(body["call_id"].clone()).unwrap())
    };
    house.recovery.orphans.iter().map(named).collect()
}

#[test]
fn a_start_reads_only_from_the_oldest_open_call_on() {
    let dir = TempDir::new().unwrap();
    let house = House::open(dir.path());
    for n in 0..200 {
        house.begin(id(n));
        if n != 150 {
            house.end(&call(n));
        }
    }
    house.count(10);
    house.close();
    // Whoever reads the first segments meets damage there.
    let mut segments: Vec<PathBuf> = std::fs::read_dir(dir.path().join("journal"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "frames")
        })
        .collect();
    segments.sort_unstable();
    assert!(segments.len() > 4, "{segments:?}");
    for segment in &segments[..2] {
        std::fs::write(segment, b"not a frame").unwrap();
    }
    let house = House::open(dir.path());
    assert!(
        house.recovery.problems.is_empty(),
        "{:?}",
        house.recovery.problems
    );
    assert_eq!(orphans(&house), [150]);
}

#[test]
fn a_rebuild_reads_on_behind_a_damaged_segment_and_says_so() {
    let dir = TempDir::new().unwrap();
    let house = House::open(dir.path());
    (0..200).for_each(|n| house.end(&call(n)));
    house.close();
    let second = std::fs::read_dir(dir.path().join("journal")).unwrap();
    let mut segments: Vec<PathBuf> = second.map(|entry| entry.unwrap().path()).collect();
    segments.sort_unstable();
    std::fs::write(&segments[1], b"not a frame").unwrap();
    std::fs::remove_dir_all(dir.path().join("ledger")).unwrap();
    let house = House::open(dir.path());
    assert_eq!(house.recovery.problems.len(), 1);
    assert!(house.recovery.problems[0].contains("was damaged: frames "));
    let calls: u64 = house
        .ledger
        .all_time()
        .iter()
        .map(|rollup| rollup.totals.calls)
        .sum();
    assert_eq!(calls, house.recovery.replayed);
    assert!(calls > 100 && calls < 200, "{calls}");
}
