//! How long a question takes: `cargo test --lib ledger::tests::measured -- --ignored --nocapture`.

use std::time::{Duration, Instant};

use super::*;

const DAYS: i64 = 90;
const MODELS: i64 = 12;
const TENANTS: i64 = 25;
const CALLS: u64 = 90_000_000;

/// Three months of 90 million calls: 300 groups, each of them in every hour.
fn ninety_million(first: Timestamp) -> History {
    let calls = CALLS / u64::try_from(DAYS * 24 * MODELS * TENANTS).unwrap() + 1;
    let totals = Totals {
        calls,
        input_tokens: calls * 1_800,
        output_tokens: calls * 310,
        cost_usd: Pico(i128::from(calls) * 4_000_000_000),
        ..Totals::default()
    };
    let hours = (0..DAYS * 24).flat_map(|hour| {
        (0..MODELS * TENANTS).map(move |group| ImportedHour {
            start: first + SignedDuration::from_hours(hour),
            upstream: format!("upstream-{}", group % 3),
            model: format!("model-{}", group % MODELS),
            tenant: Some(format!("tenant-{}", group / MODELS)),
            currency: usd(),
            totals,
        })
    });
    History {
        hours: hours.collect(),
        ..History::default()
    }
}

/// The least, the middle and the most of some times in milliseconds.
fn spread(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let [first, middle, last] = [0, times.len() / 2, times.len() - 1].map(|n| times[n].as_micros());
    format!("{first} / {middle} / {last} us")
}

fn timed(times: usize, mut work: impl FnMut()) -> String {
    let once = |_| {
        let began = Instant::now();
        work();
        began.elapsed()
    };
    spread((0..times).map(once).collect())
}

#[test]
#[ignore = "prints times, and checks none"]
#[expect(clippy::too_many_lines, reason = "one ledger, every question")]
fn ninety_days_of_ninety_million_calls() {
    let dir = TempDir::new().unwrap();
    // Without a journal nothing is waited for but the disk.
    let (ledger, _) = Ledger::open(Settings {
        sync: true,
        ..settings(dir.path())
    })
    .unwrap();
    let first = start() - SignedDuration::from_hours(24 * (DAYS - 1));
    ledger.import(ninety_million(first)).unwrap();
    let all = ledger.all_time();
    let calls: u64 = all.iter().map(|sum| sum.totals.calls).sum();
    println!("{calls} calls in {} groups", all.len());
    let model = Apart {
        model: true,
        ..Apart::default()
    };
    let tenant = Apart {
        tenant: true,
        ..Apart::default()
    };
    let day = Apart {
        period: true,
        ..model.clone()
    };
    let ask = |grain, since, apart: &Apart| ledger.sums(grain, Some(since), None, apart).unwrap();
    let month = start() - SignedDuration::from_hours(24 * 29);
    let batch: Vec<CallRecord> = (0..128).map(call).collect();
    let write = || {
        let after = ledger.watermark();
        let entries: Vec<_> = (after + 1..)
            .zip(&batch)
            .map(|(seq, call)| (seq, Entry::Ended(call)))
            .collect();
        ledger.apply(&entries).unwrap();
    };
    let questions = [
        ("90 days by model", Grain::Day, first, &model),
        ("90 days by tenant", Grain::Day, first, &tenant),
        ("90 days by day and model", Grain::Day, first, &day),
        ("30 days by model", Grain::Day, month, &model),
    ];
    for (name, grain, since, apart) in questions {
        println!("{name}: {}", timed(9, || drop(ask(grain, since, apart))));
    }
    let week = start() - SignedDuration::from_hours(24 * 6);
    println!(
        "7 days by hour: {}",
        timed(3, || drop(ask(Grain::Hour, week, &day)))
    );
    println!("a batch of 128 calls: {}", timed(50, write));
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                write();
            }
        });
        for (name, grain, since, apart) in questions {
            let times = timed(9, || drop(ask(grain, since, apart)));
            println!("{name}, while it is written to: {times}");
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
    });
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                drop(ask(Grain::Day, first, &model));
            }
        });
        println!(
            "a batch of 128 calls, while it is read: {}",
            timed(50, write)
        );
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
    });
}
