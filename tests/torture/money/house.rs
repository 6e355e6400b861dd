//! A journal, its ledger, and two ways to sum: the ledger's own, and call by call.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tollgate::call::CallRecord;
use tollgate::journal::{self, FrameKind, Journal, JournalError};
use tollgate::ledger::{self, Entry, Grain, Ledger, LedgerError, Period, Rollup, Totals};

use super::calls::Drawn;

/// Zones with days of their own, one of them of 23 hours off by halves.
pub(super) const ZONES: [&str; 5] = [
    "UTC",
    "Asia/Shanghai",
    "America/New_York",
    "Asia/Kolkata",
    "Pacific/Auckland",
];
/// Any of four names of a call, and all time, days or hours.
pub(super) const GROUPINGS: usize = 3 << 4;
/// Small, so that days that are closed take segments with them.
const SEGMENT_BYTES: u64 = 8 * 1024;
/// Two of the four days are over.
const NOW: &str = "2026-11-22T12:00:00Z";

/// Far longer than a process takes to start.
const FREE_WAIT: Duration = Duration::from_mins(5);

type Waiting = mpsc::Receiver<(u64, CallRecord)>;

/// Tries again while a folder is in use: a process that another test starts holds copies of all our
/// locks for the moment between its fork and its exec.
fn once_free<T>(mut open: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(opened) = open() {
            return opened;
        }
        assert!(began.elapsed() < FREE_WAIT, "the folder stays in use");
        std::thread::yield_now();
    }
}

pub(super) struct House {
    dir: PathBuf,
    zone: usize,
    journal: Journal<CallRecord>,
    ledger: Ledger,
    waiting: Waiting,
    written: u64,
}

impl House {
    pub(super) fn open(dir: &Path, zone: usize) -> Self {
        let (sink, waiting) = mpsc::sync_channel(10_000);
        let journal = once_free(|| {
            let sink = sink.clone();
            let settings = journal::Settings {
                segment_bytes_max: SEGMENT_BYTES,
                first_seq: ledger::next_seq(&dir.join("calls")),
                ..journal::Settings::in_dir(dir.join("journal"))
            };
            match Journal::open(settings, move |seq, call| sink.send((seq, call)).unwrap()) {
                Err(JournalError::InUse { .. }) => None,
                opened => Some(opened.unwrap()),
            }
        });
        let settings = ledger::Settings {
            dir: dir.join("ledger"),
            journal_dir: dir.join("journal"),
            calls_dir: dir.join("calls"),
            checkpoints_dir: dir.join("checkpoints"),
            retention: ledger::Retention::default(),
            timezone: TimeZone::get(ZONES[zone]).unwrap(),
            sync: false,
            durable: None,
        };
        let (ledger, recovery) = once_free(|| match Ledger::open(settings.clone()) {
            Err(LedgerError::InUse { .. }) => None,
            opened => Some(opened.unwrap()),
        });
        assert!(recovery.problems.is_empty(), "{:?}", recovery.problems);
        Self {
            dir: dir.to_owned(),
            zone,
            written: ledger.watermark(),
            journal,
            ledger,
            waiting,
        }
    }

    pub(super) const fn zone(&self) -> usize {
        self.zone
    }

    /// Writes calls to the journal.
    pub(super) fn write(&mut self, calls: &[Drawn]) {
        for call in calls {
            self.written += 1;
            let call = call.record(self.written);
            let body = serde_json::to_vec(&call).unwrap();
            let ended = u64::try_from(call.started_at.as_millisecond()).unwrap() + call.duration_ms;
            let ack = self.journal.append(FrameKind::End, ended, body, Some(call));
            ack.unwrap().wait().unwrap();
        }
    }

    /// Counts what was written, so many at a time.
    pub(super) fn count(&self, batch: usize) {
        let waiting = self.written - self.ledger.watermark();
        let calls: Vec<(u64, CallRecord)> =
            (0..waiting).map(|_| self.waiting.recv().unwrap()).collect();
        let entries: Vec<(u64, Entry<'_>)> = calls
            .iter()
            .map(|(seq, call)| (*seq, Entry::Ended(call)))
            .collect();
        for some in entries.chunks(batch) {
            self.ledger.apply(some).unwrap();
        }
    }

    pub(super) fn close_days(&self) {
        let now = NOW.parse().unwrap();
        self.ledger.close_days(now, &|| true).unwrap();
    }

    /// Ends as a kill does, without a word to the ledger, and opens again.
    pub(super) fn reopened(self, zone: usize) -> Self {
        let dir = self.dir.clone();
        self.end();
        Self::open(&dir, zone)
    }

    /// The same, and in between the database is lost.
    pub(super) fn without_database(self) -> Self {
        let (dir, zone) = (self.dir.clone(), self.zone);
        self.end();
        fs::remove_dir_all(dir.join("ledger")).unwrap();
        Self::open(&dir, zone)
    }

    fn end(self) {
        self.journal.close();
        drop(self.ledger);
    }

    pub(super) fn calls(&self) -> Vec<CallRecord> {
        let rows = self.ledger.rows(Timestamp::MIN, Timestamp::MAX, 0).unwrap();
        rows.map(|row| row.unwrap().1).collect()
    }

    pub(super) fn rollups(&self) -> Vec<Rollup> {
        let ever = Timestamp::UNIX_EPOCH..Timestamp::MAX;
        let days = self.ledger.rollups(Grain::Day, ever.clone()).unwrap();
        let hours = self.ledger.rollups(Grain::Hour, ever).unwrap();
        let mut all: Vec<Rollup> = days.chain(hours).map(Result::unwrap).collect();
        all.extend(self.ledger.all_time());
        all
    }

    /// The ledger's own sums, by a grouping.
    pub(super) fn summed(&self, grouping: usize) -> BTreeMap<String, Totals> {
        let mut sums = BTreeMap::<String, Totals>::new();
        for Rollup {
            period,
            group,
            totals,
        } in self.rollups()
        {
            let grain = match period {
                Period::AllTime => 0,
                Period::Day(_) => 1,
                Period::Hour(_) | Period::Minute(_) => 2,
            };
            if grain == grouping >> 4 {
                let currency = group.currency.map(|currency| currency.to_string());
                let names = [
                    group.upstream.as_deref(),
                    group.model.as_deref(),
                    group.tenant.as_deref(),
                    currency.as_deref(),
                ];
                let name = name(&format!("{period:?}"), names, grouping);
                sums.entry(name).or_default().merge(&totals);
            }
        }
        sums
    }

    /// The same, call by call.
    pub(super) fn recounted(&self, grouping: usize) -> BTreeMap<String, Totals> {
        let mut sums = BTreeMap::<String, Totals>::new();
        for call in self.calls() {
            let hour = call.started_at.as_second() / 3_600 * 3_600;
            let period = match grouping >> 4 {
                0 => Period::AllTime,
                1 => Period::Day(self.ledger.day_of(call.started_at)),
                _ => Period::Hour(Timestamp::from_second(hour).unwrap()),
            };
            let currency = call.currency.map(|currency| currency.to_string());
            let names = [
                Some(call.upstream.as_str()),
                call.model.as_deref(),
                call.tenant.as_deref(),
                currency.as_deref(),
            ];
            let name = name(&format!("{period:?}"), names, grouping);
            sums.entry(name).or_default().merge(&Totals::of(&call));
        }
        sums
    }
}

/// Of the names only those that the grouping asks for.
fn name(period: &str, names: [Option<&str>; 4], grouping: usize) -> String {
    let asked = names.iter().enumerate();
    let asked = asked.filter(|(at, _)| grouping >> at & 1 == 1);
    let asked: Vec<&str> = asked.map(|(_, name)| name.unwrap_or("-")).collect();
    format!("{period} {asked:?}")
}
