//! Batches into the ledger, the commit included: of one entry, and as many as the recorder takes.

use std::time::{Duration, Instant};

use anyhow::ensure;
use criterion::{BenchmarkId, Criterion, Throughput};
use jiff::tz::TimeZone;
use tollgate::call::CallRecord;
use tollgate::ledger::{Ledger, Retention, Settings};

use crate::shared::records::{entries, records};

/// Half of them are calls, the others their `Begin`.
const ENTRIES: [u64; 3] = [2, 256, 4_096];

/// With and without a wait for the disk: the second is the arithmetic alone.
pub(crate) fn apply(criterion: &mut Criterion) -> anyhow::Result<()> {
    for sync in [true, false] {
        let folder = tempfile::tempdir()?;
        let (ledger, _) = Ledger::open(Settings {
            dir: folder.path().join("ledger"),
            journal_dir: folder.path().join("journal"),
            calls_dir: folder.path().join("calls"),
            checkpoints_dir: folder.path().join("checkpoints"),
            retention: Retention::default(),
            timezone: TimeZone::UTC,
            sync,
            durable: None,
        })?;
        let name = if sync {
            "ledger"
        } else {
            "ledger_without_sync"
        };
        let mut group = criterion.benchmark_group(name);
        for batch in ENTRIES {
            let records = records(batch / 2)?;
            group.throughput(Throughput::Elements(batch / 2));
            group.bench_function(BenchmarkId::new("entries", batch), |bencher| {
                bencher.iter_custom(|batches| (0..batches).map(|_| one(&ledger, &records)).sum());
            });
        }
        ensure!(ledger.healthy(), "the ledger refused a batch");
    }
    Ok(())
}

/// The time for one batch, numbered after what is counted.
fn one(ledger: &Ledger, records: &[CallRecord]) -> Duration {
    let entries = entries(records, ledger.watermark());
    let began = Instant::now();
    drop(ledger.apply(&entries));
    began.elapsed()
}
