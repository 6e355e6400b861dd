//! What the recorder does for each call, off the client's path: ledger, metrics and verdict.

use anyhow::ensure;
use jiff::tz::TimeZone;
use tollgate::call::CallRecord;
use tollgate::ledger::{self, Ledger};
use tollgate::metrics::{self, Metrics};
use tollgate::verdict::{self, States, Verdict};

use crate::shared::{self, records};

/// Calls of one batch: what 100 ms bring at 2,560 calls a second.
const BATCH: usize = 256;

/// Where the recorder puts them.
struct Sinks {
    ledger: Ledger,
    metrics: Metrics,
    verdict: Verdict,
}

/// Takes so many calls in, a batch at a time.
pub(crate) fn run(calls: u64) -> anyhow::Result<()> {
    let folder = shared::folder_in_memory()?;
    let (ledger, _) = Ledger::open(ledger::Settings {
        dir: folder.path().join("ledger"),
        calls_dir: folder.path().join("calls"),
        checkpoints_dir: folder.path().join("checkpoints"),
        retention: ledger::Retention::default(),
        journal_dir: folder.path().join("journal"),
        timezone: TimeZone::UTC,
        sync: false,
        durable: None,
    })?;
    let sinks = Sinks {
        ledger,
        metrics: Metrics::new(&metrics::Settings::default()),
        verdict: Verdict::new(verdict::Settings::default(), States::default()),
    };
    let records = records::records(calls)?;
    under_measure(&sinks, &records)?;
    let (counted, expected) = (sinks.ledger.watermark(), 2 * calls);
    ensure!(
        counted == expected,
        "{counted} of {expected} frames were counted"
    );
    Ok(())
}

/// What is counted: callgrind finds it by its name.
#[inline(never)]
fn under_measure(sinks: &Sinks, records: &[CallRecord]) -> anyhow::Result<()> {
    for batch in records.chunks(BATCH) {
        let entries = records::entries(batch, sinks.ledger.watermark());
        sinks.ledger.apply(&entries)?;
        for record in batch {
            sinks.metrics.record(record);
            sinks.verdict.record(record);
        }
    }
    Ok(())
}
