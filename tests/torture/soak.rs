//! A simulated day at speed: the real binary with a clock of the wall that runs faster, under steady
//! load and over a midnight. Memory, files and the time of an answer do not grow: the last quarter
//! is held against the second one, with wide margins.
//!
//! `TOLLGATE_SOAK_RATE` (4320, a day in 20 s) sets another speed, `TOLLGATE_SOAK_HOURS` (24) another
//! length.

#![expect(
    clippy::float_arithmetic,
    reason = "sizes and times that are compared with wide margins"
)]

mod sample;

use std::ffi::OsStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use self::sample::{Sample, median};
use crate::load;
use crate::preload::preloaded;
use crate::setting;
use crate::support::client::Client;
use crate::support::rows::Rows;
use crate::support::tollgate::{Home, Tollgate};
use crate::support::totals::Totals;
use crate::support::upstream::Upstream;

const HOURS: u32 = 24;
const RATE: u32 = 4_320;
const CLIENTS: u64 = 8;
/// Between two calls of a client.
const PACE: Duration = Duration::from_millis(40);
/// The first midnight comes so many hours after the begin.
const BEFORE_MIDNIGHT: i64 = 4;
const HOUR: i64 = 3_600;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_leaves_memory_files_and_answers_as_they_were() {
    let rate = setting("TOLLGATE_SOAK_RATE", RATE);
    let hours = setting("TOLLGATE_SOAK_HOURS", HOURS);
    let upstream = Upstream::start(load::answer).await;
    let home = Home::new(&format!(
        "[ledger]\nsegment_bytes_max = \"1MiB\"\n{}",
        load::upstreams(&upstream)
    ));
    let (name, libraries) = preloaded(&["clock.c"]);
    let tollgate = home
        .serve_in(&[
            (name, &libraries),
            ("CLOCK_RATE", OsStr::new(&rate.to_string())),
            (
                "CLOCK_SHIFT",
                OsStr::new(&shift(i64::from(hours)).to_string()),
            ),
        ])
        .await;
    let over = Arc::<AtomicBool>::default();
    let calls = Arc::<AtomicU64>::default();
    let clients = load(&tollgate, &over, &calls);
    let mut samples = Vec::new();
    let began = Instant::now();
    let each = Duration::from_hours(1) / rate / 2;
    for half_hour in 1..=2 * hours {
        tokio::time::sleep((each * half_hour).saturating_sub(began.elapsed())).await;
        let made = calls.load(Ordering::Relaxed);
        samples.push(Sample::take(&home, &tollgate, f64::from(half_hour) / 2.0, made).await);
        upstream.take_seen();
    }
    over.store(true, Ordering::Relaxed);
    clients.join_all().await;
    sample::tell(&samples);
    let made = usize::try_from(calls.load(Ordering::Relaxed)).unwrap();
    assert!(tollgate.terminate().success());
    let rows = Rows::at_rest(&home);
    assert_eq!(rows.by_id().len(), made);
    let again = home.serve().await;
    assert_eq!(Totals::of_ledger(&again).await, Totals::of_rows(&rows));
    drop(again);
    flat(&samples);
}

/// The second quarter against the last: warm in both, and the midnight lies before them.
fn flat(samples: &[Sample]) {
    let quarter = samples.len() / 4;
    let (second, last) = (&samples[quarter..2 * quarter], &samples[3 * quarter..]);
    for (what, read, most, room) in sample::COLUMNS {
        let (before, after) = (median(second, read), median(last, read));
        assert!(
            after <= most * before + room,
            "{what} grew from {before} to {after}"
        );
    }
}

/// Seconds from now to some hours before a midnight that has been for long.
fn shift(hours: i64) -> i64 {
    let now = i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_secs()).unwrap();
    let days = hours / 24 + 2;
    let midnight = now / (24 * HOUR) * (24 * HOUR) - days * 24 * HOUR;
    midnight - BEFORE_MIDNIGHT * HOUR - now
}

/// Clients that call at a steady pace.
fn load(tollgate: &Tollgate, over: &Arc<AtomicBool>, calls: &Arc<AtomicU64>) -> JoinSet<()> {
    let mut clients = JoinSet::new();
    for _ in 0..CLIENTS {
        let (over, calls) = (Arc::clone(over), Arc::clone(calls));
        let mut client = Client::new(tollgate.traffic);
        clients.spawn(async move {
            while !over.load(Ordering::Relaxed) {
                let number = calls.fetch_add(1, Ordering::Relaxed);
                client.send(load::request(number)).await.unwrap();
                tokio::time::sleep(PACE).await;
            }
        });
    }
    clients
}
