//! Ten million calls without a price, in ten day files, priced again: how long, how much memory, how
//! much is written, and how long the counting of other calls waits meanwhile.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use jiff::{SignedDuration, Timestamp};
use tollgate::call::{CallRecord, Pricing};
use tollgate::journal::{FrameKind, Journal, Settings};
use tollgate::ledger::{self, Asked, Entry, Ledger};

use super::past;
use super::start::kib;
use crate::shared::house::prices;
use crate::shared::records::records;

const DAYS: i64 = 10;
const DAY_CALLS: u64 = 1_000_000;
/// Different records, used again and again.
const KNOWN: u64 = 32_768;
/// Frames between two waits for the journal.
const WAIT_EVERY: u64 = 65_536;
/// Calls that are counted at once beside it, and how often.
const BATCH: u64 = 256;
const BATCH_EVERY: Duration = Duration::from_millis(100);
/// The word before a folder, by which this program prices its calls again.
pub(crate) const AGAIN: &str = "again";

pub(crate) fn run() -> anyhow::Result<()> {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let began = Instant::now();
    for ago in (0..DAYS).rev() {
        leave_day(dir.path(), ago)?;
    }
    println!(
        "{} calls in {DAYS} files of {} MiB together, made in {} s",
        DAY_CALLS * u64::try_from(DAYS)?,
        mib(&past::settings(dir.path()).calls_dir)?,
        began.elapsed().as_secs(),
    );
    let mut asked = Command::new(std::env::current_exe()?);
    let said = asked.arg(AGAIN).arg(dir.path()).output()?;
    ensure!(said.status.success(), "{said:?}");
    print!("{}", String::from_utf8(said.stdout)?);
    Ok(())
}

/// The calls of a day, closed into its file.
fn leave_day(dir: &Path, ago: i64) -> anyhow::Result<()> {
    let settings = ledger::Settings {
        sync: false,
        ..past::settings(dir)
    };
    let end = past::end()? - SignedDuration::from_hours(24 * ago);
    let first_seq = ledger::next_seq(&settings.calls_dir);
    let journal: Journal<()> = Journal::open(
        Settings {
            first_seq,
            ..Settings::in_dir(&settings.journal_dir)
        },
        |_, ()| {},
    )?;
    let mut few = unpriced(KNOWN)?;
    for number in 0..DAY_CALLS {
        let call = few.get_mut(usize::try_from(number % KNOWN)?);
        let call = call.context("no such record")?;
        let ms = number * (24 * 3_600 * 1_000 - 60_000) / DAY_CALLS;
        let midnight = end - SignedDuration::from_hours(24);
        call.started_at = midnight + SignedDuration::from_millis(ms.try_into()?);
        call.call_id.0 = uuid::Uuid::from_u128(fastrand::u128(..));
        let ended = u64::try_from(call.started_at.as_millisecond())? + call.duration_ms;
        let ack = journal.append(FrameKind::End, ended, serde_json::to_vec(call)?, None)?;
        if number % WAIT_EVERY == 0 {
            drop(ack.wait());
        }
    }
    journal.close();
    let (ledger, _) = Ledger::open(settings)?;
    let closed = ledger.close_days(end + SignedDuration::from_hours(1), &|| true)?;
    ensure!(closed.files.len() == 1, "the day has no file");
    Ok(ledger.close()?)
}

fn unpriced(calls: u64) -> anyhow::Result<Vec<CallRecord>> {
    let mut few = records(calls)?;
    for call in &mut few {
        call.pricing = Pricing::Unpriced;
        call.cost_native = None;
        call.cost_usd = None;
        call.currency = None;
        call.price_id = None;
        call.cost_lines.clear();
    }
    Ok(few)
}

/// What the process does that is measured.
pub(crate) fn again(dir: &Path) -> anyhow::Result<()> {
    let (ledger, _) = Ledger::open(past::settings(dir))?;
    let before = (mib(dir)?, written()?);
    println!("memory before: {} KiB", kib("VmHWM:")?);
    let calm = counted_beside(&ledger, || {
        std::thread::sleep(Duration::from_secs(10));
        Ok(())
    })?;
    println!(
        "a batch of {BATCH} calls is counted, nothing beside it: {}",
        said(&calm)
    );
    let began = Instant::now();
    let busy = counted_beside(&ledger, || price_again(&ledger))?;
    println!("all of it: {:.1} s", began.elapsed().as_secs_f64());
    println!("the same beside it: {}", said(&busy));
    let (size, wrote) = (mib(dir)? - before.0, written()? - before.1);
    println!(
        "memory at its most: {} KiB; {size} MiB more on the disk, {wrote} MiB written",
        kib("VmHWM:")?
    );
    let began = Instant::now();
    let rows = ledger.rows(Timestamp::MIN, Timestamp::MAX, 0)?;
    let priced = rows.filter(|row| row.as_ref().is_ok_and(|(_, call)| call.cost_usd.is_some()));
    println!(
        "{} rows read with their new bills: {:.1} s",
        priced.count(),
        began.elapsed().as_secs_f64()
    );
    Ok(())
}

fn price_again(ledger: &Ledger) -> anyhow::Result<()> {
    let book = prices()?;
    let asked = Asked {
        words: "all".into(),
        since: Timestamp::MIN,
        until: past::end()?,
        models: Vec::new(),
        upstreams: Vec::new(),
        prices: "default".into(),
        dry_run: false,
        now: past::end()?,
    };
    let (began, mut moving) = (Instant::now(), None);
    let price = |call: &CallRecord| book.again(call, "openai");
    let done = ledger.reprice(&asked, &price, &mut |progress| {
        if progress.phase == ledger::Phase::Moving {
            moving.get_or_insert_with(|| began.elapsed());
        }
        true
    })?;
    let moving = moving.context("nothing moved")?;
    println!(
        "{} of {} calls have another bill: read and written in {:.1} s, moved in {:.1} s",
        done.pass.summary.changed,
        done.pass.summary.rows,
        moving.as_secs_f64(),
        began.elapsed().saturating_sub(moving).as_secs_f64(),
    );
    Ok(())
}

/// How long each batch takes that is counted while something else is done.
fn counted_beside(
    ledger: &Ledger,
    work: impl FnOnce() -> anyhow::Result<()>,
) -> anyhow::Result<Vec<Duration>> {
    let calls = unpriced(BATCH)?;
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let counting = scope.spawn(|| {
            let mut took = Vec::new();
            while !over.load(Ordering::Acquire) {
                let first = ledger.watermark() + 1;
                let entries: Vec<_> = (first..).zip(calls.iter().map(Entry::Ended)).collect();
                let began = Instant::now();
                ledger.apply(&entries)?;
                took.push(began.elapsed());
                std::thread::sleep(BATCH_EVERY);
            }
            anyhow::Ok(took)
        });
        let done = work();
        over.store(true, Ordering::Release);
        let took = counting.join().ok().context("counting panicked")?;
        done.and(took)
    })
}

fn said(took: &[Duration]) -> String {
    let mut took = took.to_vec();
    took.sort_unstable();
    let at = |percent: usize| {
        let at = took.get((took.len() * percent / 100).min(took.len().saturating_sub(1)));
        at.copied().unwrap_or_default().as_secs_f64() * 1e3
    };
    format!(
        "median {:.1} ms, p99 {:.1} ms, most {:.1} ms",
        at(50),
        at(99),
        at(100)
    )
}

/// What this process has had written to the disk so far.
fn written() -> anyhow::Result<u64> {
    let io = std::fs::read_to_string("/proc/self/io")?;
    let line = io.lines().find_map(|line| line.strip_prefix("wchar: "));
    Ok(line.context("no wchar")?.trim().parse::<u64>()? >> 20)
}

fn mib(dir: &Path) -> anyhow::Result<u64> {
    let (mut bytes, mut folders) = (0, vec![dir.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            } else {
                bytes += entry.metadata()?.len();
            }
        }
    }
    Ok(bytes >> 20)
}
