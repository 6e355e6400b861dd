//! The day files that are there, in order, and where one should be and is not.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use tracing::error;

use super::LedgerError;
use super::dayfile::{self, Facts, Reader};
use crate::journal;

/// A call that takes longer may be missed by a read that ends in front of a lost file.
const LONGEST_CALL: SignedDuration = SignedDuration::from_hours(24);

/// All day files, by day; their numbers grow with it.
#[derive(Clone, Debug, Default)]
pub(super) struct Shelf {
    dir: PathBuf,
    volumes: Vec<Volume>,
    /// Rows before this number are past their retention.
    pub(super) rows_from: u64,
    /// Damaged files that were put aside, in words.
    pub(super) moved: Vec<String>,
}

#[derive(Clone, Debug)]
struct Volume {
    day: Date,
    /// What it holds, or what is wrong with it.
    facts: Result<Arc<Facts>, String>,
}

/// A stretch of the journal's numbers, and where its rows are.
#[derive(Clone, Debug)]
pub(super) struct Stretch {
    pub(super) first_seq: u64,
    pub(super) last_seq: u64,
    /// No call in it arrived before this moment …
    pub(super) arrived_first: Timestamp,
    /// … or behind this one.
    pub(super) arrived_last: Timestamp,
    pub(super) rows: Kept,
}

/// Where rows are.
#[derive(Clone, Debug)]
pub(super) enum Kept {
    /// In this file.
    In(PathBuf),
    /// Nowhere that could be read.
    Lost {
        /// The file that is damaged, or the one beside those that are missing.
        path: PathBuf,
        /// What is wrong.
        found: String,
    },
}

impl Shelf {
    /// Reads the footers of all files of a folder. Removes files that were never finished, and puts
    /// a last one aside that is damaged: nobody knows where it ends, so nothing could follow it.
    pub(super) fn load(dir: &Path) -> Result<Self, LedgerError> {
        Self::remove_unfinished(dir)?;
        let mut shelf = Self::read(dir)?;
        while let Some(moved) = shelf.put_last_aside()? {
            error!(problem = moved, "a day file is damaged and put aside");
            shelf.moved.push(moved);
        }
        Ok(shelf)
    }

    /// Removes files that were never finished.
    pub(super) fn remove_unfinished(dir: &Path) -> Result<(), LedgerError> {
        for name in names(dir)?.iter().filter(|it| dayfile::is_unfinished(it)) {
            let path = dir.join(name);
            std::fs::remove_file(&path).map_err(LedgerError::io("delete", &path))?;
        }
        Ok(())
    }

    /// What is in a folder; nothing is changed.
    pub(super) fn read(dir: &Path) -> Result<Self, LedgerError> {
        let mut volumes = Vec::new();
        for name in names(dir)? {
            if let Some(day) = dayfile::day_of(&name) {
                let facts = facts(dir, day).map(Arc::new);
                volumes.push(Volume { day, facts });
            }
        }
        volumes.sort_unstable_by_key(|volume| volume.day);
        let dir = dir.to_owned();
        Ok(Self {
            dir,
            volumes,
            rows_from: 1,
            moved: Vec::new(),
        })
    }

    /// Puts the last file aside if its bytes are not those that were written.
    fn put_last_aside(&mut self) -> Result<Option<String>, LedgerError> {
        let Some(Volume {
            day,
            facts: Err(found),
        }) = self.volumes.last()
        else {
            return Ok(None);
        };
        let path = dayfile::path(&self.dir, *day);
        if !dayfile::is_broken(&path) {
            return Ok(None);
        }
        let kept = journal::aside(&path);
        let moved = format!(
            "{}: {found}; it is kept as {}, the totals of {day} stay and its calls have no rows: \
             bring it back from a backup",
            path.display(),
            kept.display()
        );
        std::fs::rename(&path, &kept).map_err(LedgerError::io("rename", &path))?;
        self.volumes.pop();
        Ok(Some(moved))
    }

    /// The paths of all files.
    pub(super) fn paths(&self) -> Vec<PathBuf> {
        let days = self.volumes.iter().map(|volume| volume.day);
        days.map(|day| dayfile::path(&self.dir, day)).collect()
    }

    /// The days that have a file.
    pub(super) fn days(&self) -> Vec<Date> {
        self.volumes.iter().map(|volume| volume.day).collect()
    }

    /// The last number that is in a file; 0 if there is none.
    pub(super) fn last_seq(&self) -> u64 {
        let whole = self.volumes.iter().rev();
        whole
            .filter_map(|volume| volume.facts.as_ref().ok())
            .map(|facts| facts.last_seq)
            .next()
            .unwrap_or(0)
    }

    /// The day of the last file.
    pub(super) fn last_day(&self) -> Option<Date> {
        self.volumes.last().map(|volume| volume.day)
    }

    /// The day of the first file.
    pub(super) fn first_day(&self) -> Option<Date> {
        self.volumes.first().map(|volume| volume.day)
    }

    /// Why no file may follow: nobody knows where the last one ends.
    pub(super) fn closed_by(&self) -> Option<LedgerError> {
        let last = self.volumes.last()?;
        let found = last.facts.as_ref().err()?.clone();
        let path = dayfile::path(&self.dir, last.day);
        Some(LedgerError::DayFile { path, found })
    }

    /// Adds the file of a later day.
    pub(super) fn put(&mut self, facts: Facts) {
        let day = facts.day;
        let facts = Ok(Arc::new(facts));
        self.volumes.push(Volume { day, facts });
    }

    /// The files before a day, each with its last number. The last file is never one of them: numbers
    /// go on behind it.
    pub(super) fn before(&self, day: Date) -> Vec<(Date, u64)> {
        let (_, earlier) = self.volumes.split_last().unzip();
        let earlier: &[Volume] = earlier.unwrap_or_default();
        let old = earlier.iter().enumerate();
        let old = old.take_while(|(_, volume)| volume.day < day);
        old.map_while(|(at, volume)| {
            let last_seq = match &volume.facts {
                Ok(facts) => Some(facts.last_seq),
                Err(_) => self.first_seq_behind(at).map(|seq| seq.saturating_sub(1)),
            };
            last_seq.map(|last_seq| (volume.day, last_seq))
        })
        .collect()
    }

    /// The day of the oldest of the newest files that take no more than so many bytes together.
    pub(super) fn oldest_within(&self, bytes: u64) -> Option<Date> {
        let mut left = bytes;
        let newest = self.volumes.iter().rev().map(|volume| volume.day);
        let fits = |day: &Date| {
            // What cannot be looked at takes nothing: it is never deleted for its size.
            let file = std::fs::metadata(dayfile::path(&self.dir, *day));
            let rest = left.checked_sub(file.map_or(0, |file| file.len()));
            rest.map(|rest| left = rest).is_some()
        };
        newest.take_while(fits).last().or_else(|| self.last_day())
    }

    /// Forgets a file.
    pub(super) fn forget(&mut self, day: Date) {
        self.volumes.retain(|volume| volume.day != day);
    }

    /// All numbers up to where the journal begins, in order, and where their rows are.
    pub(super) fn stretches(&self, journal_first: Option<u64>) -> Vec<Stretch> {
        let mut all = Vec::new();
        let mut next = self.rows_from;
        for (at, volume) in self.volumes.iter().enumerate() {
            let ended = self.days_around(at);
            let path = dayfile::path(&self.dir, volume.day);
            match &volume.facts {
                Ok(facts) => {
                    if let Some(last_seq) = before(facts.first_seq, next) {
                        let ended = (ended.0, Some(volume.day));
                        let found = missing(ended, next, last_seq);
                        all.push(lost(ended, next..=last_seq, path.clone(), found));
                    }
                    all.push(Stretch {
                        first_seq: facts.first_seq,
                        last_seq: facts.last_seq,
                        arrived_first: facts.tally.arrived_first,
                        arrived_last: facts.tally.arrived_last,
                        rows: Kept::In(path),
                    });
                    next = next.max(facts.last_seq.saturating_add(1));
                }
                Err(found) => {
                    let end = self.first_seq_behind(at).or(journal_first);
                    if let Some(last_seq) = before(end.unwrap_or(u64::MAX), next) {
                        all.push(lost(ended, next..=last_seq, path, found.clone()));
                        next = last_seq.saturating_add(1);
                    }
                }
            }
        }
        if let Some(last_seq) = journal_first.and_then(|first| before(first, next)) {
            let day = self.last_day();
            let path = day.map_or_else(|| self.dir.clone(), |day| dayfile::path(&self.dir, day));
            let found = missing((day, None), next, last_seq);
            all.push(lost((day, None), next..=last_seq, path, found));
        }
        all
    }

    /// The days of the files beside one.
    fn days_around(&self, at: usize) -> (Option<Date>, Option<Date>) {
        let day = |at: usize| self.volumes.get(at).map(|volume| volume.day);
        (at.checked_sub(1).and_then(day), day(at.saturating_add(1)))
    }

    /// Where the next file begins that can be read.
    fn first_seq_behind(&self, at: usize) -> Option<u64> {
        let mut behind = self.volumes.iter().skip(at.saturating_add(1));
        behind.find_map(|volume| Some(volume.facts.as_ref().ok()?.first_seq))
    }
}

/// The number before `first`, if that is not before `next`.
const fn before(first: u64, next: u64) -> Option<u64> {
    if first > next {
        Some(first.saturating_sub(1))
    } else {
        None
    }
}

/// What to say of frames that are in no file, between the files of two days.
fn missing((before, after): (Option<Date>, Option<Date>), first: u64, last: u64) -> String {
    let from = before.map(|day| day.saturating_add(1.day()));
    let to = after.map(|day| day.saturating_sub(1.day()));
    let days = match (from, to) {
        (Some(from), Some(to)) if from > to => format!("some calls of {from}"),
        (Some(from), Some(to)) if from == to => format!("all calls of {from}"),
        (Some(from), Some(to)) => format!("all calls of {from} to {to}"),
        (None, Some(to)) => format!("calls of {to} and before"),
        (Some(from), None) => format!("calls of {from} and after"),
        (None, None) => "calls".to_owned(),
    };
    format!("beside it {days} are missing, frames {first} to {last}; their totals stay")
}

/// Rows that are lost; their calls ended on days between the two.
fn lost(
    (before, after): (Option<Date>, Option<Date>),
    frames: RangeInclusive<u64>,
    path: PathBuf,
    found: String,
) -> Stretch {
    let first = before.and_then(|day| start_of(day.saturating_add(1.day())));
    let first = first.and_then(|at| at.checked_sub(LONGEST_CALL).ok());
    let last = after.and_then(start_of);
    let last = last.and_then(|at| at.checked_sub(SignedDuration::from_nanos(1)).ok());
    let (first_seq, last_seq) = frames.into_inner();
    Stretch {
        first_seq,
        last_seq,
        arrived_first: first.unwrap_or(Timestamp::MIN),
        arrived_last: last.unwrap_or(Timestamp::MAX),
        rows: Kept::Lost { path, found },
    }
}

impl Stretch {
    /// Its numbers, as far as they were counted.
    pub(super) fn frames(&self, counted: u64) -> RangeInclusive<u64> {
        self.first_seq..=self.last_seq.min(counted).max(self.first_seq)
    }
}

impl Kept {
    /// The file, to be read.
    pub(super) fn open(self) -> Result<Reader, LedgerError> {
        match self {
            Self::In(path) => Reader::open(&path),
            Self::Lost { path, found } => Err(LedgerError::DayFile { path, found }),
        }
    }

    /// What to say of rows that cannot be read.
    pub(super) fn problem(&self) -> Option<LedgerError> {
        match self {
            Self::In(_) => None,
            Self::Lost { path, found } => Some(LedgerError::DayFile {
                path: path.clone(),
                found: found.clone(),
            }),
        }
    }
}

/// The first number behind the newest file that can be read: where a journal begins that holds none.
/// 1 if there are no files.
#[must_use]
pub fn next_seq(dir: &Path) -> u64 {
    let mut days: Vec<Date> = names(dir)
        .unwrap_or_default()
        .iter()
        .filter_map(|name| dayfile::day_of(name))
        .collect();
    days.sort_unstable();
    let newest = days.iter().rev();
    newest
        .filter_map(|day| facts(dir, *day).ok())
        .map(|facts| facts.last_seq.saturating_add(1))
        .next()
        .unwrap_or(1)
}

/// When a UTC day begins.
pub(super) fn start_of(day: Date) -> Option<Timestamp> {
    let midnight = day.to_zoned(TimeZone::UTC).ok()?;
    Some(midnight.timestamp())
}

fn facts(dir: &Path, day: Date) -> Result<Facts, String> {
    match Reader::facts_of(&dayfile::path(dir, day)) {
        Ok(facts) if facts.day == day => Ok(facts),
        Ok(facts) => Err(format!("it is the file of {}", facts.day)),
        Err(LedgerError::DayFile { found, .. }) => Err(found),
        Err(other) => Err(other.to_string()),
    }
}

/// The names in a folder; a missing one has none.
pub(super) fn names(dir: &Path) -> Result<Vec<String>, LedgerError> {
    let listing = match std::fs::read_dir(dir) {
        Ok(listing) => listing,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(LedgerError::io("list", dir)(error)),
    };
    let mut names = Vec::new();
    for entry in listing {
        let entry = entry.map_err(LedgerError::io("list", dir))?;
        names.extend(entry.file_name().into_string());
    }
    Ok(names)
}
