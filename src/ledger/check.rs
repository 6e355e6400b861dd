//! Looks at everything that is kept, and changes nothing: bytes, frames, and whether totals are what
//! the rows sum to.

use std::collections::BTreeMap;
use std::fs::File;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::accepted::{Accepted, Lost, said};
use super::dayfile::{Reader, Tally};
use super::demand::{DemandKey, decode_beats};
use super::hours::{HourKey, read_stored};
use super::key::{Key, Period, Span};
use super::memory::{read_demand, read_totals};
use super::pass::{self, Layers, Passes};
use super::shelf::{Shelf, start_of};
use super::store::{In, Store};
use super::{LedgerError, Settings, Totals, checkpoint, expired, meta, recover, rows, sidecar};
use crate::call::CallRecord;
use crate::journal::{self, FrameKind, JournalError};

/// Problems of one part that are named; what comes on top is the same again.
const PROBLEMS_MAX: usize = 20;

/// The part that only some data directories have.
const PASSES: &str = "passes";

/// What was looked at, and what was wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// Day files, journal, checkpoints, database.
    pub parts: Vec<CheckedPart>,
    /// Days whose totals are not what their rows sum to.
    pub days: Vec<CheckedDay>,
    /// Rows whose days were compared.
    pub rows: u64,
    /// Frames whose rows are gone, and when that was accepted, if it was.
    pub(super) lost: Vec<(Lost, Option<Timestamp>)>,
}

/// One part of the data directory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckedPart {
    /// Its name.
    pub name: &'static str,
    /// Files of it.
    pub files: u64,
    /// What is in them: rows, frames, entries.
    pub entries: u64,
    /// What is wrong, in words.
    pub problems: Vec<String>,
    /// What is gone and was accepted, in words.
    pub accepted: Vec<String>,
}

/// A day whose totals and rows differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedDay {
    /// In the reporting time zone.
    pub day: Date,
    /// Calls in the totals.
    pub counted: u64,
    /// Calls that have a row.
    pub rows: u64,
    /// When it was accepted that so many have none.
    pub accepted: Option<Timestamp>,
}

impl Checked {
    /// Whether nothing is wrong but what was accepted.
    #[must_use]
    pub fn is_fine(&self) -> bool {
        self.days.iter().all(|day| day.accepted.is_some())
            && self.parts.iter().all(|part| part.problems.is_empty())
    }
}

/// The sums of days.
type Days = BTreeMap<Date, Totals>;

/// What is gone through on the way.
struct Check<'a> {
    settings: &'a Settings,
    step: &'a dyn Fn(u64, u64),
    done: u64,
    of: u64,
    by_rows: Days,
    rows: u64,
    /// Every frame up to this number was counted once.
    counted: u64,
    accepted: Accepted,
    lost: Vec<(Lost, Option<Timestamp>)>,
    /// What was priced again and is in the totals.
    layers: Layers,
}

/// Checks a data directory in which nothing runs. `step` is told how many of how many files are done.
pub fn check(settings: &Settings, step: &dyn Fn(u64, u64)) -> Result<Checked, LedgerError> {
    let lock = recover::prepare(&settings.dir)?;
    checked(settings, step, &lock)
}

/// The same for who holds the lock.
pub(super) fn checked(
    settings: &Settings,
    step: &dyn Fn(u64, u64),
    _lock: &File,
) -> Result<Checked, LedgerError> {
    let copy = Copy::of(&settings.dir)?;
    let opened = recover::look(&copy.0, settings);
    let database = database(opened.as_ref());
    let store = opened.ok();
    let (watermark, rows_from) = match &store {
        Some(store) => (
            meta::number(store, meta::WATERMARK)?.unwrap_or(0),
            meta::number(store, meta::ROWS_FROM)?.unwrap_or(1),
        ),
        None => (u64::MAX, 1),
    };
    let mut shelf = Shelf::read(&settings.calls_dir)?;
    shelf.rows_from = rows_from.max(expired::rows_from(&settings.calls_dir)?);
    let segments = journal::segments(&settings.journal_dir)?;
    let checkpoints = checkpoint::all(&settings.checkpoints_dir)?;
    let noted = sidecar::read(&settings.dir).map_or(0, |state| state.watermark);
    let mut passes = Passes::read(&settings.calls_dir)?;
    passes.applied = store.as_ref().map_or(Ok(0), meta::passes)?;
    let shown: Vec<_> = passes
        .all()
        .filter(|it| it.number <= passes.applied)
        .cloned()
        .collect();
    let layers = Layers::of(&shown, &settings.calls_dir, 0, shelf.rows_from);
    let pass_files = passes
        .all()
        .map(|it| it.files_from(shelf.rows_from).count());
    let files =
        shelf.paths().len() + segments.len() + checkpoints.len() + pass_files.sum::<usize>();
    let mut check = Check {
        settings,
        step,
        done: 0,
        of: u64::try_from(files).unwrap_or(u64::MAX),
        by_rows: Days::new(),
        rows: 0,
        // Without a database only what is noted beside it says how far it was.
        counted: store.as_ref().map_or(noted, |_| watermark.max(noted)),
        accepted: Accepted::read(&settings.calls_dir)?,
        lost: Vec::new(),
        layers,
    };
    let mut parts = vec![
        check.passes(&passes, shelf.rows_from),
        check.day_files(&shelf)?,
        check.journal(&segments, shelf.last_seq(), watermark)?,
        check.checkpoints(&checkpoints),
        database,
    ];
    let is_there = |part: &CheckedPart| part.name != PASSES || *part != CheckedPart::new(PASSES);
    parts.retain(is_there);
    let days = match &store {
        Some(store) => check.compare(store, &shelf)?,
        None => Vec::new(),
    };
    Ok(Checked {
        parts,
        days,
        rows: check.rows,
        lost: check.lost,
    })
}

impl Check<'_> {
    fn day_files(&mut self, files: &Shelf) -> Result<CheckedPart, LedgerError> {
        let mut part = CheckedPart::new("day files");
        for path in files.paths() {
            match self.day_file(&path) {
                Ok(rows) => part.entries = part.entries.saturating_add(rows),
                // What its own stretch does not say below.
                Err(problem) if Reader::open(&path).is_ok() => part.problem(problem.to_string()),
                Err(_) => {}
            }
            part.files = part.files.saturating_add(1);
            self.step();
        }
        let journal_first = journal::first_seq(&self.settings.journal_dir)?;
        for stretch in files.stretches(journal_first) {
            if let Some(problem) = stretch.rows.problem() {
                self.lose(
                    &mut part,
                    &stretch.frames(self.counted),
                    problem.to_string(),
                );
            }
        }
        Ok(part)
    }

    /// The calls that were priced again: every file of each pass, and whether the totals have it.
    fn passes(&mut self, passes: &Passes, rows_from: u64) -> CheckedPart {
        let mut part = CheckedPart::new(PASSES);
        for problem in passes.problems(&self.settings.calls_dir) {
            part.problem(problem);
        }
        for pass in passes.all() {
            for file in pass.files_from(rows_from) {
                let path = pass::path(&self.settings.calls_dir, pass.number, file.first_seq);
                match Reader::open(&path).and_then(Reader::check) {
                    Ok(facts) => part.entries = part.entries.saturating_add(facts.calls()),
                    Err(problem) => part.problem(problem.to_string()),
                }
                part.files = part.files.saturating_add(1);
                self.step();
            }
            if pass.number > passes.applied {
                part.problem(format!(
                    "pass {} is not all in the totals yet: the next start goes on with it",
                    pass.number
                ));
            }
        }
        part
    }

    /// Rows are gone: that is a problem, or was accepted.
    fn lose(&mut self, part: &mut CheckedPart, frames: &RangeInclusive<u64>, what: String) {
        let accepted = self.accepted.frames(frames);
        match accepted {
            Some(at) => {
                let known = said(at, &self.settings.timezone);
                part.accepted.push(format!("{what}{known}"));
            }
            None => part.problem(what.clone()),
        }
        let lost = Lost {
            first_frame: *frames.start(),
            last_frame: *frames.end(),
            what,
        };
        self.lost.push((lost, accepted));
    }

    fn day_file(&mut self, path: &Path) -> Result<u64, LedgerError> {
        let file = Reader::open(path)?;
        let facts = file.facts().clone();
        let mut tally = Tally::default();
        for row in file.rows_after(0) {
            let (seq, call) = row?;
            let added = tally.add(seq, &call);
            added.map_err(|source| LedgerError::Row { seq, source })?;
            self.count(seq, call)?;
        }
        match tally.differs_from(&facts.tally) {
            Some(found) => Err(LedgerError::DayFile {
                path: path.to_owned(),
                found,
            }),
            None => Ok(facts.calls()),
        }
    }

    /// Every frame; the rows of those that are in no file and counted.
    fn journal(
        &mut self,
        segments: &[u64],
        shelved: u64,
        watermark: u64,
    ) -> Result<CheckedPart, LedgerError> {
        let mut part = CheckedPart::new("journal");
        let dir = &self.settings.journal_dir.clone();
        part.files = u64::try_from(segments.len()).unwrap_or(u64::MAX);
        for hole in journal::holes(dir)? {
            let (first, last) = (hole.start(), hole.end());
            let what = format!("frames {first} to {last} are known to be gone");
            self.lose(&mut part, &hole, what);
        }
        let mut later = segments.iter().skip(1).peekable();
        let (mut from, mut last_seq) = (Some(1), 0);
        while let Some(first) = from.take() {
            for frame in journal::frames(dir, first)? {
                let frame = match frame {
                    Ok(frame) => frame,
                    Err(damaged @ JournalError::Damaged { seq, .. }) => {
                        part.problem(damaged.to_string());
                        from = journal::segment_behind(dir, seq)?;
                        break;
                    }
                    Err(other) => return Err(other.into()),
                };
                while later.next_if(|first| **first <= frame.seq).is_some() {
                    self.step();
                }
                part.entries = part.entries.saturating_add(1);
                last_seq = frame.seq;
                if frame.kind == FrameKind::End {
                    match rows::record(&frame) {
                        Ok(call) if frame.seq > shelved && frame.seq <= watermark => {
                            if let Err(problem) = self.count(frame.seq, call) {
                                part.problem(problem.to_string());
                            }
                        }
                        Ok(_) => {}
                        Err(problem) => part.problem(problem.to_string()),
                    }
                }
            }
        }
        if let Some(tail) = journal::unread_tail(dir)? {
            part.problem(tail);
        }
        let behind = journal::behind_holes(dir, last_seq.max(shelved).saturating_add(1))?;
        if self.counted >= behind {
            let counted = self.counted;
            part.problem(format!(
                "frames {behind} to {counted}, which were counted, are missing at its end"
            ));
        }
        Ok(part)
    }

    fn checkpoints(&mut self, all: &[PathBuf]) -> CheckedPart {
        let mut part = CheckedPart::new("checkpoints");
        for path in all {
            match checkpoint::entries(path) {
                Ok(entries) => part.entries = part.entries.saturating_add(entries),
                Err(problem) => part.problem(format!("{}: {problem}", path.display())),
            }
            part.files = part.files.saturating_add(1);
            self.step();
        }
        part
    }

    /// The days whose totals are not the sum of their rows, where rows are kept.
    fn compare(&self, store: &Store, files: &Shelf) -> Result<Vec<CheckedDay>, LedgerError> {
        let counted = days_of(store)?;
        let since = self.rows_since(files);
        let days = counted.keys().chain(self.by_rows.keys());
        let mut days: Vec<Date> = days
            .copied()
            .filter(|day| since.is_none_or(|since| *day > since))
            .collect();
        days.sort_unstable();
        days.dedup();
        let of = |sums: &Days, day: &Date| sums.get(day).copied().unwrap_or_default();
        let differs = days.into_iter().filter_map(|day| {
            let (totals, rows) = (of(&counted, &day), of(&self.by_rows, &day));
            (totals != rows).then_some(CheckedDay {
                day,
                counted: totals.calls,
                rows: rows.calls,
                accepted: totals
                    .calls
                    .checked_sub(rows.calls)
                    .and_then(|without| self.accepted.day(day, without)),
            })
        });
        Ok(differs.collect())
    }

    /// The last day of which rows may be past their retention.
    fn rows_since(&self, files: &Shelf) -> Option<Date> {
        if files.rows_from <= 1 {
            return None;
        }
        let first = files.first_day().and_then(start_of)?;
        Some(self.day_of(first).saturating_add(1.day()))
    }

    /// Adds a call as it is shown. One whose new bill cannot be read is a problem of its pass.
    fn count(&mut self, seq: u64, mut call: CallRecord) -> Result<(), LedgerError> {
        self.layers.lay_over(seq, &mut call)?;
        self.rows = self.rows.saturating_add(1);
        let day = self.day_of(call.started_at);
        self.by_rows
            .entry(day)
            .or_default()
            .merge(&Totals::of(&call));
        Ok(())
    }

    fn day_of(&self, at: Timestamp) -> Date {
        let timezone: &TimeZone = &self.settings.timezone;
        timezone.to_datetime(at).date()
    }

    fn step(&mut self) {
        self.done = self.done.saturating_add(1);
        (self.step)(self.done, self.of);
    }
}

impl CheckedPart {
    fn new(name: &'static str) -> Self {
        Self {
            name,
            ..Self::default()
        }
    }

    fn problem(&mut self, problem: String) {
        if self.problems.len() < PROBLEMS_MAX {
            self.problems.push(problem);
        }
    }
}

/// The stored day totals of what was metered.
fn days_of(store: &Store) -> Result<Days, LedgerError> {
    let keys = Span::FIRST_DAY.bytes().to_vec()..Span::FIRST_HOUR.bytes().to_vec();
    let mut days = Days::new();
    for found in store.scan(In::Totals, keys) {
        let (Key { span, ids }, totals) = read_totals(&found?)?;
        if let (Some(Period::Day(day)), false) = (span.period(), ids.is_imported()) {
            days.entry(day).or_default().merge(&totals);
        }
    }
    Ok(days)
}

/// Whether every value of the database can be read.
fn database(opened: Result<&Store, &LedgerError>) -> CheckedPart {
    let mut part = CheckedPart::new("database");
    part.files = 1;
    let read = opened
        .map_err(ToString::to_string)
        .and_then(|store| values(store).map_err(|error| error.to_string()));
    match read {
        Ok(entries) => part.entries = entries,
        Err(problem) => part.problem(problem),
    }
    part
}

fn values(store: &Store) -> Result<u64, LedgerError> {
    let mut entries = 0_u64;
    let all = || Vec::new()..vec![u8::MAX];
    for found in store.scan(In::Totals, all()) {
        read_totals(&found?)?;
        entries = entries.saturating_add(1);
    }
    for found in store.scan(In::Demand, all()) {
        let found = found?;
        // Hours, and those in which tollgate was up, stand beside the minutes of demand.
        if DemandKey::decode(&found.0).is_some() {
            read_demand(&found)?;
        } else if HourKey::decode(&found.0).is_some() {
            read_stored(&found)?;
        } else if decode_beats(&found.1).is_none() {
            return Err(LedgerError::damaged("the beats of an hour cannot be read"));
        }
        entries = entries.saturating_add(1);
    }
    Ok(entries)
}

/// A copy of the database: opening one writes, and a damaged one must stay as it is.
struct Copy(PathBuf);

impl Copy {
    fn of(dir: &Path) -> Result<Self, LedgerError> {
        let (from, to) = (recover::database(dir), dir.join("sled.checked"));
        let copy = Self(to);
        copy.remove();
        if from.is_dir() {
            super::upkeep::copy_folder(&from, &copy.0)?;
        }
        Ok(copy)
    }

    fn remove(&self) {
        // What stays behind is replaced by the next check.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        self.remove();
    }
}
