//! A start beside four hundred day files: each is asked for what it holds before calls are taken.

use jiff::{SignedDuration, Timestamp};
use tollgate::call::CallRecord;
use tollgate::journal::{FrameKind, Journal, Settings};
use tollgate::ledger::Ledger;

use super::clock::timed;
use super::past;
use crate::shared::records::records;

const FILES: i64 = 400;
/// Calls of a day; a busier day has more row groups, and a longer footer for each.
const CALLS: u64 = 500;

pub(crate) fn run() -> anyhow::Result<()> {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let settings = || tollgate::ledger::Settings {
        sync: false,
        ..past::settings(dir.path())
    };
    let last = past::end()?;
    let journal: Journal<()> =
        Journal::open(Settings::in_dir(&settings().journal_dir), |_, ()| {})?;
    for ago in (1..=FILES).rev() {
        leave_day(&journal, last - SignedDuration::from_hours(24 * ago))?;
    }
    journal.close();
    let (ledger, _) = Ledger::open(settings())?;
    let files = ledger.close_days(last + SignedDuration::from_hours(1), &|| true)?;
    println!("{} day files of {CALLS} calls", files.files.len());
    drop(ledger);
    let before = kib("VmRSS:")?;
    timed("a start beside them", 5, || {
        Ledger::open(settings())?;
        Ok(())
    })?;
    let (ledger, _) = Ledger::open(settings())?;
    println!("memory: {} KiB more", kib("VmRSS:")?.saturating_sub(before));
    drop(ledger);
    std::fs::rename(settings().calls_dir, dir.path().join("elsewhere"))?;
    timed("a start without them", 5, || {
        Ledger::open(settings())?;
        Ok(())
    })
}

/// The calls of a day, in its twelfth hour.
fn leave_day(journal: &Journal<()>, midnight: Timestamp) -> anyhow::Result<()> {
    let started_at = midnight + SignedDuration::from_hours(12);
    for call in records(CALLS)? {
        let call = CallRecord { started_at, ..call };
        let ended = u64::try_from(started_at.as_millisecond())? + call.duration_ms;
        let ack = journal.append(FrameKind::End, ended, &serde_json::to_vec(&call)?, None)?;
        drop(ack.wait());
    }
    Ok(())
}

/// Memory of this process, such as `VmRSS:`.
pub(crate) fn kib(what: &str) -> anyhow::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(what));
    let kib = line.and_then(|line| line.split_whitespace().next());
    Ok(kib.unwrap_or("0").parse()?)
}
