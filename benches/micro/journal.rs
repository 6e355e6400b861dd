//! Frames into the journal: written by one thread and by eight, and left for the next write.

use std::thread;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput};
use tollgate::journal::{FrameKind, Journal, JournalError, Settings};

use crate::shared::records::ROW;

pub(crate) fn append(criterion: &mut Criterion) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let journal: Journal<()> = Journal::open(Settings::in_dir(folder.path()), |_, ()| {})?;
    let row: serde_json::Value = serde_json::from_str(ROW)?;
    let body = row.to_string().into_bytes();
    let mut group = criterion.benchmark_group("journal");
    group.throughput(Throughput::Elements(1));
    for threads in [1, 8] {
        group.bench_function(format!("acknowledged_{threads}_threads"), |bencher| {
            bencher.iter_custom(|frames| each_waiting(&journal, &body, frames, threads));
        });
    }
    group.bench_function("left", |bencher| {
        bencher.iter(|| leave_one(&journal, &body));
    });
    group.finish();
    journal.close();
    Ok(())
}

/// The time for so many frames by so many threads, each waiting for its own.
fn each_waiting(journal: &Journal<()>, body: &[u8], frames: u64, threads: u64) -> Duration {
    let began = Instant::now();
    thread::scope(|scope| {
        for thread in 0..threads {
            let share = frames / threads + u64::from(thread < frames % threads);
            scope.spawn(move || {
                for _ in 0..share {
                    let ack = journal.append(FrameKind::End, 0, body, None);
                    drop(ack.map(tollgate::journal::Ack::wait));
                }
            });
        }
    });
    began.elapsed()
}

/// A full queue is waited for: a frame that is refused would cost nothing.
fn leave_one(journal: &Journal<()>, body: &[u8]) {
    while let Err(JournalError::QueueFull) = journal.leave(FrameKind::Begin, 0, body, None) {
        thread::yield_now();
    }
}
