//! Sets a damaged segment right: what is good in it stays readable, the damaged file is put aside as it
//! was, and the numbers between are noted as gone.
//!
//! Each step leaves a state in which the damage is still seen, until the last one, which replaces the
//! damaged file by its good beginning: a crash on the way only begins again.

use std::ops::{Range, RangeInclusive};
use std::path::{Path, PathBuf};

use tracing::error;

use super::JournalError;
use super::aside::aside;
use super::disk::sync_folder_of;
use super::frame::{HEADER_BYTES, Header};
use super::holes::{holes, note, write_whole};
use super::segment;

/// What was found and done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mended {
    /// The segment.
    pub segment: PathBuf,
    /// Where it is now, as it was; `None` if it was whole and what follows is missing.
    pub moved_to: Option<PathBuf>,
    /// Numbers of the frames that are gone.
    pub lost: Vec<RangeInclusive<u64>>,
}

impl Mended {
    /// Frames that are gone.
    #[must_use]
    pub fn frames(&self) -> u64 {
        let each = self.lost.iter().map(|lost| lost.end() - lost.start() + 1);
        each.sum()
    }

    /// In words, with what is to be done.
    #[must_use]
    pub fn problem(&self) -> String {
        let lost: Vec<String> = self.lost.iter().map(words).collect();
        let lost = if lost.is_empty() {
            "no frame".to_owned()
        } else {
            lost.join(", ")
        };
        match &self.moved_to {
            Some(kept) => format!(
                "{} was damaged: {lost} cannot be read, all others are; the damaged file is kept as {}",
                self.segment.display(),
                kept.display()
            ),
            None => format!(
                "the journal has a hole behind {}: {lost} missing; bring the segment back from a backup",
                self.segment.display()
            ),
        }
    }
}

fn words(lost: &RangeInclusive<u64>) -> String {
    if lost.start() == lost.end() {
        format!("frame {}", lost.start())
    } else {
        format!("frames {} to {}", lost.start(), lost.end())
    }
}

/// Good frames one behind the other.
struct Run {
    first: u64,
    /// The number behind its last one.
    next: u64,
    bytes: Range<usize>,
}

/// Mends the segment in which frame `seq` should stand. Only for who may write the journal, or knows
/// that nobody does; the segment must be no longer written. `None`: there is nothing to mend.
pub fn mend(dir: &Path, seq: u64) -> Result<Option<Mended>, JournalError> {
    let firsts = segment::list(dir)?;
    let behind = firsts.partition_point(|first| *first <= seq);
    let Some(&first) = behind.checked_sub(1).and_then(|at| firsts.get(at)) else {
        return Ok(None);
    };
    let end = firsts.get(behind).copied();
    let path = segment::path(dir, first);
    let bytes = std::fs::read(&path).map_err(JournalError::io("read", &path))?;
    let runs = runs(&bytes, first, end.unwrap_or(u64::MAX));
    let mut lost = lost(&runs, first, end);
    let known = holes(dir)?;
    lost.retain(|hole| !known.contains(hole));
    let whole =
        matches!(runs.as_slice(), [run] if run.first == first && run.bytes == (0..bytes.len()));
    if lost.is_empty() && (whole || bytes.is_empty()) {
        return Ok(None);
    }
    let moved_to = if whole || bytes.is_empty() {
        None
    } else {
        Some(copy(&path)?)
    };
    let part = |run: &Run| bytes.get(run.bytes.clone()).unwrap_or_default();
    for run in runs.iter().filter(|run| run.first != first) {
        write_whole(&segment::path(dir, run.first), part(run))?;
    }
    for hole in &lost {
        note(dir, hole, moved_to.as_deref())?;
    }
    if moved_to.is_some() {
        let front = runs.first().filter(|run| run.first == first);
        write_whole(&path, front.map(part).unwrap_or_default())?;
    }
    sync_folder_of(&path).map_err(JournalError::io("sync", dir))?;
    let mended = Mended {
        segment: path,
        moved_to,
        lost,
    };
    error!(
        problem = mended.problem(),
        "the journal was damaged; it goes on without these frames"
    );
    Ok(Some(mended))
}

/// A second name for the damaged file, which stays when the first one gets other bytes.
fn copy(path: &Path) -> Result<PathBuf, JournalError> {
    let kept = aside(path);
    std::fs::hard_link(path, &kept)
        .or_else(|_| std::fs::copy(path, &kept).map(drop))
        .map_err(JournalError::io("put aside", path))?;
    Ok(kept)
}

/// The good frames from `first` to before `end`, also those behind damage.
fn runs(bytes: &[u8], first: u64, end: u64) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let (mut at, mut next) = (0_usize, first);
    while at < bytes.len() {
        let Some((seq, behind)) = frame_at(bytes, at).filter(|(seq, _)| (next..end).contains(seq))
        else {
            at = at.saturating_add(1);
            continue;
        };
        match runs.last_mut() {
            Some(run) if run.next == seq && run.bytes.end == at => {
                run.next = seq.saturating_add(1);
                run.bytes.end = behind;
            }
            _ => runs.push(Run {
                first: seq,
                next: seq.saturating_add(1),
                bytes: at..behind,
            }),
        }
        (at, next) = (behind, seq.saturating_add(1));
    }
    runs
}

/// The number of the good frame at an offset, and where it ends.
fn frame_at(bytes: &[u8], at: usize) -> Option<(u64, usize)> {
    let header = bytes.get(at..)?.first_chunk::<HEADER_BYTES>()?;
    let head = Header::of(*header)?;
    let from = at.checked_add(HEADER_BYTES)?;
    let behind = from.checked_add(head.body_bytes)?;
    head.fits(bytes.get(from..behind)?)
        .then_some((head.seq, behind))
}

/// The numbers that are in none of the runs.
fn lost(runs: &[Run], first: u64, end: Option<u64>) -> Vec<RangeInclusive<u64>> {
    let mut lost = Vec::new();
    let mut next = first;
    let starts = runs.iter().map(|run| (run.first, run.next));
    for (start, behind) in starts.chain(end.map(|end| (end, end))) {
        if start > next {
            lost.push(next..=start.saturating_sub(1));
        }
        next = behind;
    }
    lost
}
