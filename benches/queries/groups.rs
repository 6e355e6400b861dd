//! What a call costs the ledger when calls are of ever more groups: keys, commits and time.

use std::time::Instant;

use anyhow::ensure;
use tollgate::call::CallRecord;
use tollgate::ledger::{self, Entry, Ledger};

use super::past;
use crate::shared::records::records;

/// Models and tenants: a group is one of each.
const GROUPS: [(u64, u64); 4] = [(4, 4), (10, 10), (20, 20), (20, 50)];
/// Calls of one batch: what 100 ms bring at 2,560 calls a second.
const BATCH: u64 = 256;
const BATCHES: u32 = 200;

pub(crate) fn run() -> anyhow::Result<()> {
    println!("calls are counted, {BATCH} at a time, without a wait for the disk");
    for (models, tenants) in GROUPS {
        measure(models, tenants)?;
    }
    Ok(())
}

fn measure(models: u64, tenants: u64) -> anyhow::Result<()> {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let settings = ledger::Settings {
        sync: false,
        ..past::settings(dir.path())
    };
    let (ledger, _) = Ledger::open(settings)?;
    let calls = spread(models, tenants)?;
    let mut batches = calls.chunks(usize::try_from(BATCH)?).cycle();
    let mut count = |times: u32| {
        for batch in batches.by_ref().take(usize::try_from(times)?) {
            let first = ledger.watermark() + 1;
            let entries = (first..).zip(batch.iter().map(Entry::Ended));
            ledger.apply(&entries.collect::<Vec<_>>())?;
        }
        anyhow::Ok(())
    };
    count(20)?;
    let (before, began) = (ledger.stats(), Instant::now());
    count(BATCHES)?;
    let (took, after) = (began.elapsed(), ledger.stats());
    let counted = after.calls - before.calls;
    ensure!(counted == BATCH * u64::from(BATCHES), "{counted} calls");
    let a_call = |of: u64| past::ratio(of, counted);
    println!(
        "{:>5} groups: {:>6.1} µs a call, {:.2} keys a call, {:.1} commits a batch",
        models * tenants,
        took.as_secs_f64() * 1e6 / past::ratio(counted, 1),
        a_call(after.keys - before.keys),
        past::ratio(after.commits - before.commits, BATCHES.into()),
    );
    Ok(())
}

/// Calls of one minute, each group as often as any other, in an order without a pattern.
fn spread(models: u64, tenants: u64) -> anyhow::Result<Vec<CallRecord>> {
    let mut random = fastrand::Rng::with_seed(11);
    let mut calls = records(16 * BATCH)?;
    for call in &mut calls {
        call.model = Some(format!("model-{}", random.u64(..models)));
        call.tenant = Some(format!("tenant-{}", random.u64(..tenants)));
    }
    Ok(calls)
}
