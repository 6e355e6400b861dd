//! A year of busy days: four hundred files of a million calls each, and one of them read.
//!
//! One file is real, closed from a journal. The others are its footer behind a hole, moved to another
//! day: a start asks for no more.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, ensure};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tollgate::call::CallRecord;
use tollgate::journal::{FrameKind, Journal, Settings};
use tollgate::ledger::{self, Apart, Grain, Ledger};

use super::clock::timed;
use super::past;
use super::start::kib;
use crate::shared::records::records;

const FILES: u64 = 400;
/// Row groups of a file, and calls of each.
const GROUPS: u64 = 31;
const GROUP_CALLS: u64 = 32_768;
const CALLS: u64 = GROUPS * GROUP_CALLS;
/// The word before a name and a folder, by which this program opens a ledger and ends.
pub(crate) const OPEN: &str = "open";
/// Calls of a page.
const PAGE: usize = 1_000;
/// Frames between two waits for the journal.
const WAIT_EVERY: u64 = 65_536;

pub(crate) fn run() -> anyhow::Result<()> {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let settings = || ledger::Settings {
        sync: false,
        ..past::settings(dir.path())
    };
    let end = past::end()?;
    leave_day(&settings().journal_dir, end)?;
    let (ledger, _) = Ledger::open(settings())?;
    ledger.import(past::ninety_million(end)?)?;
    let closed = ledger.close_days(end + SignedDuration::from_hours(1), &|| true)?;
    ensure!(closed.files.len() == 1, "the day has no file");
    drop(ledger);
    let calls = settings().calls_dir;
    let day = (end - SignedDuration::from_hours(24))
        .strftime("%F")
        .to_string();
    let real = calls.join(format!("{day}.parquet"));
    let footer = Footer::of(&real)?;
    println!(
        "a file of {CALLS} calls: {} MiB, its footer {} KiB",
        real.metadata()?.len() >> 20,
        footer.bytes.len() >> 10,
    );
    alone("a start beside one file", dir.path())?;
    for ago in 2..=FILES {
        footer.leave(&calls, end, ago)?;
    }
    alone("a start beside 400 files", dir.path())?;
    let (ledger, recovery) = Ledger::open(settings())?;
    ensure!(recovery.problems.is_empty(), "{:?}", recovery.problems);
    questions(&ledger, end)?;
    read(&ledger, end)
}

/// A start in a process of its own, whose memory is only its own.
fn alone(name: &str, dir: &Path) -> anyhow::Result<()> {
    let mut asked = Command::new(std::env::current_exe()?);
    let said = asked.args([OPEN, name]).arg(dir).output()?;
    ensure!(said.status.success(), "{name}: {said:?}");
    print!("{}", String::from_utf8(said.stdout)?);
    Ok(())
}

/// What that process does.
pub(crate) fn open(name: &str, dir: &Path) -> anyhow::Result<()> {
    let settings = ledger::Settings {
        sync: false,
        ..past::settings(dir)
    };
    timed(name, 5, || {
        Ledger::open(settings.clone())?;
        Ok(())
    })?;
    println!("memory at its most: {} KiB", kib("VmHWM:")?);
    Ok(())
}

/// What `report` and `/api/v1/totals` ask for: the files only have to say that no row is missing.
fn questions(ledger: &Ledger, end: Timestamp) -> anyhow::Result<()> {
    let since = end - SignedDuration::from_hours(24 * past::DAYS);
    let apart = Apart {
        period: true,
        ..Apart::default()
    };
    timed("90 days by day, and whether rows are missing", 9, || {
        let found = ledger.sums(Grain::Day, Some(since), None, &apart)?;
        let gaps = ledger.gaps(since, Timestamp::MAX)?;
        ensure!(found.len() >= 90 && gaps.is_empty(), "{gaps:?}");
        Ok(())
    })
}

/// Calls of the real file, at its begin and its end.
fn read(ledger: &Ledger, end: Timestamp) -> anyhow::Result<()> {
    let ago = |minutes: i64| end - SignedDuration::from_mins(minutes);
    let page = |since, until, after, calls: usize| {
        let mut found = 0;
        for row in ledger.rows(since, until, after)?.take(calls) {
            row?;
            found += 1;
        }
        ensure!(found == calls, "{found} calls of {calls}");
        Ok(())
    };
    let last = ledger.watermark();
    timed("a page of 1000 from midnight on", 9, || {
        page(ago(24 * 60), Timestamp::MAX, 0, PAGE)
    })?;
    timed("a page of 1000 of the last hour", 9, || {
        page(ago(60), Timestamp::MAX, 0, PAGE)
    })?;
    timed("the last page of 1000, by its cursor", 9, || {
        page(ago(24 * 60), Timestamp::MAX, last - 1_000, PAGE)
    })?;
    timed("one call of the last two minutes", 9, || {
        page(ago(2), Timestamp::MAX, 0, 1)
    })?;
    timed("one call, by its cursor", 9, || {
        page(ago(24 * 60), Timestamp::MAX, last - 1, 1)
    })
}

/// The calls of the last day, evenly over its hours, numbered behind those of the other files.
fn leave_day(dir: &Path, end: Timestamp) -> anyhow::Result<()> {
    let first_seq = (FILES - 1) * CALLS + 1;
    let settings = Settings {
        first_seq,
        ..Settings::in_dir(dir)
    };
    let journal: Journal<()> = Journal::open(settings, |_, ()| {})?;
    let midnight = end - SignedDuration::from_hours(24);
    let mut few: Vec<CallRecord> = records(GROUP_CALLS)?;
    for number in 0..CALLS {
        let call = few.get_mut(usize::try_from(number % GROUP_CALLS)?);
        let call = call.context("no such record")?;
        let ms = number * (24 * 3_600 * 1_000 - 60_000) / CALLS;
        call.started_at = midnight + SignedDuration::from_millis(ms.try_into()?);
        call.call_id.0 = uuid::Uuid::from_u128(fastrand::u128(..));
        let ended = u64::try_from(call.started_at.as_millisecond())? + call.duration_ms;
        let ack = journal.append(FrameKind::End, ended, serde_json::to_vec(call)?, None)?;
        if number % WAIT_EVERY == 0 {
            drop(ack.wait());
        }
    }
    journal.close();
    Ok(())
}

/// The end of the real file.
struct Footer {
    bytes: Vec<u8>,
    file_bytes: u64,
    /// Where the facts and the digits of the checksum are in it.
    facts: std::ops::Range<usize>,
    digits: std::ops::Range<usize>,
}

impl Footer {
    fn of(path: &Path) -> anyhow::Result<Self> {
        let file = File::open(path)?;
        let file_bytes = file.metadata()?.len();
        let mut length = [0; 4];
        file.read_exact_at(&mut length, file_bytes - 8)?;
        let mut bytes = vec![0; usize::try_from(u32::from_le_bytes(length))? + 8];
        let at = file_bytes - u64::try_from(bytes.len())?;
        file.read_exact_at(&mut bytes, at)?;
        let find = |mark: &[u8]| memchr::memmem::find(&bytes, mark);
        let begin = find(b"{\"version\":").context("no facts")?;
        let rest = bytes.get(begin..).context("no facts")?;
        let mut facts = serde_json::Deserializer::from_slice(rest).into_iter::<Value>();
        facts.next().context("no facts")??;
        let facts = begin..begin + facts.byte_offset();
        let digits = find(b"crc32c:").context("no checksum")? + b"crc32c:".len();
        Ok(Self {
            file_bytes,
            facts,
            digits: digits..digits + 8,
            bytes,
        })
    }

    /// The file of an earlier day: a hole for its rows, and the footer that says what they were.
    fn leave(&self, dir: &Path, end: Timestamp, ago: u64) -> anyhow::Result<()> {
        let day = end - SignedDuration::from_hours(24 * i64::try_from(ago)?);
        let day = day.strftime("%F").to_string();
        let mut bytes = self.bytes.clone();
        let facts = bytes.get_mut(self.facts.clone()).context("no facts")?;
        let mut moved: Value = serde_json::from_slice(facts)?;
        shift(&mut moved, ago - 1)?;
        *field(&mut moved, "day")? = Value::from(day.as_str());
        // Smaller numbers are shorter, and a footer keeps its length.
        let json = format!("{:width$}", moved.to_string(), width = facts.len());
        facts.copy_from_slice(json.as_bytes());
        let mut digits = |text: &[u8]| {
            let place = bytes.get_mut(self.digits.clone());
            place.context("no checksum")?.copy_from_slice(text);
            anyhow::Ok(crc32c::crc32c(&bytes))
        };
        let sum = digits(b"00000000")?;
        digits(format!("{sum:08x}").as_bytes())?;
        let path = dir.join(format!("{day}.parquet"));
        let file = OpenOptions::new().write(true).create_new(true).open(path)?;
        let at = self.file_bytes - u64::try_from(bytes.len())?;
        file.write_all_at(&bytes, at)?;
        Ok(())
    }
}

/// Moves numbers and times so many days back.
fn shift(facts: &mut Value, days: u64) -> anyhow::Result<()> {
    let earlier = |seq: &mut Value| {
        let moved = seq.as_u64().context("no number")? - days * CALLS;
        *seq = Value::from(moved);
        anyhow::Ok(())
    };
    for seq in ["first_seq", "last_seq", "first_row", "last_row"] {
        earlier(field(facts, seq)?)?;
    }
    let groups = field(facts, "groups")?.as_array_mut();
    for group in groups.context("no groups")? {
        earlier(field(group, "last_seq")?)?;
    }
    for time in ["arrived_first", "arrived_last"] {
        let time = field(facts, time)?;
        let at: Timestamp = time.as_str().context("no time")?.parse()?;
        let moved = at - SignedDuration::from_hours(24 * i64::try_from(days)?);
        *time = Value::from(moved.to_string());
    }
    Ok(())
}

fn field<'a>(of: &'a mut Value, name: &str) -> anyhow::Result<&'a mut Value> {
    of.get_mut(name).with_context(|| format!("no {name}"))
}
