//! Rows that somebody has accepted as gone for good: named wherever rows are asked for, and no alarm.
//!
//! `calls/lost-TIME.accepted` says which frames, on which days, and when that was accepted. It covers
//! just these: what is lost later is an alarm again.

use std::fs::File;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use tracing::warn;

use super::check::{self, Checked};
use super::close::{make_folder, sync_folder};
use super::shelf::names;
use super::{LedgerError, Settings, recover};

/// The end of the name.
const SUFFIX: &str = ".accepted";

/// What was accepted at one time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acceptance {
    /// When.
    pub accepted_at: Timestamp,
    /// Calls that are in the totals and have no row, as far as their days are known.
    pub calls_without_rows: u64,
    /// Which frames.
    pub lost: Vec<Lost>,
    /// The same by day of the reporting time zone.
    pub days: Vec<LostOfDay>,
}

/// Frames that are gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lost {
    /// From this number …
    pub first_frame: u64,
    /// … to this one.
    pub last_frame: u64,
    /// What is known of them, in words.
    pub what: String,
}

/// Calls of a day that have no rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LostOfDay {
    /// In the reporting time zone.
    pub day: Date,
    /// How many.
    pub calls_without_rows: u64,
}

/// Everything that was accepted.
#[derive(Clone, Debug, Default)]
pub(super) struct Accepted(Vec<Acceptance>);

impl Accepted {
    /// What the folder of the day files says. A file that cannot be read accepts nothing.
    pub(super) fn read(calls_dir: &Path) -> Result<Self, LedgerError> {
        let mut all = Vec::new();
        for name in names(calls_dir)?.into_iter().filter(|name| is_note(name)) {
            let path = calls_dir.join(name);
            let read = std::fs::read(&path);
            match read.and_then(|text| Ok(serde_json::from_slice(&text)?)) {
                Ok(acceptance) => all.push(acceptance),
                Err(error) => warn!(path = %path.display(), %error, "this accepts no loss"),
            }
        }
        Ok(Self(all))
    }

    /// When the last of these frames was accepted as gone, if all of them were.
    pub(super) fn frames(&self, frames: &RangeInclusive<u64>) -> Option<Timestamp> {
        let lost = self.0.iter().flat_map(|it| {
            let lost = it.lost.iter();
            lost.map(|lost| (lost.first_frame, lost.last_frame, it.accepted_at))
        });
        let mut lost: Vec<_> = lost.collect();
        lost.sort_unstable();
        let (mut next, mut at) = (*frames.start(), None);
        for (first, last, accepted_at) in lost {
            if first <= next && next <= last {
                (next, at) = (last.saturating_add(1), at.max(Some(accepted_at)));
            }
        }
        at.filter(|_| next > *frames.end())
    }

    /// The same, to be said behind what is known of these frames.
    pub(super) fn said_of(&self, frames: &RangeInclusive<u64>, zone: &TimeZone) -> String {
        self.frames(frames)
            .map(|at| said(at, zone))
            .unwrap_or_default()
    }

    /// When it was accepted that so many calls of a day have no rows.
    pub(super) fn day(&self, day: Date, calls_without_rows: u64) -> Option<Timestamp> {
        let last = self.0.iter().filter(|it| {
            let mut days = it.days.iter();
            days.any(|it| it.day == day && it.calls_without_rows == calls_without_rows)
        });
        last.map(|it| it.accepted_at).max()
    }
}

/// When something was accepted, behind what it is.
pub(super) fn said(at: Timestamp, zone: &TimeZone) -> String {
    format!(" (accepted on {})", zone.to_datetime(at).date())
}

/// Whether a file of the folder is such a note.
pub(super) fn is_note(name: &str) -> bool {
    name.ends_with(SUFFIX)
}

/// Accepts that all rows which a check misses are gone for good, in a data directory in which nothing
/// runs; `step` as in [`check`](super::check). The note, and where it is; `None` where nothing is
/// missing that was not accepted before.
pub fn accept(
    settings: &Settings,
    now: Timestamp,
    step: &dyn Fn(u64, u64),
) -> Result<Option<(Acceptance, PathBuf)>, LedgerError> {
    let lock = recover::prepare(&settings.dir)?;
    let checked = check::checked(settings, step, &lock)?;
    let Some(acceptance) = of(&checked, now) else {
        return Ok(None);
    };
    let dir = &settings.calls_dir;
    make_folder(dir)?;
    let name = now.strftime("lost-%Y%m%dT%H%M%SZ");
    let path = dir.join(format!("{name}{SUFFIX}"));
    // One that a crash cuts accepts nothing.
    let text = serde_json::to_vec_pretty(&acceptance).unwrap_or_default();
    let written = std::fs::write(&path, text).and_then(|()| File::open(&path)?.sync_all());
    written.map_err(LedgerError::io("write", &path))?;
    sync_folder(dir)?;
    Ok(Some((acceptance, path)))
}

/// All that is missing, where some of it was not accepted.
fn of(checked: &Checked, now: Timestamp) -> Option<Acceptance> {
    let is_new = checked.days.iter().any(|day| day.accepted.is_none())
        || checked.lost.iter().any(|(_, accepted)| accepted.is_none());
    if !is_new {
        return None;
    }
    let days = checked.days.iter().map(|it| LostOfDay {
        day: it.day,
        calls_without_rows: it.counted.saturating_sub(it.rows),
    });
    let days: Vec<LostOfDay> = days.filter(|it| it.calls_without_rows > 0).collect();
    let lost: Vec<Lost> = checked.lost.iter().map(|(lost, _)| lost.clone()).collect();
    let calls_without_rows = days.iter().map(|it| it.calls_without_rows).sum();
    (!lost.is_empty()).then_some(Acceptance {
        accepted_at: now,
        calls_without_rows,
        lost,
        days,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted(frames: &[(u64, u64)]) -> Accepted {
        let acceptance = |(nth, frames): (usize, &(u64, u64))| Acceptance {
            accepted_at: Timestamp::from_second(i64::try_from(nth).unwrap()).unwrap(),
            calls_without_rows: 7,
            lost: vec![Lost {
                first_frame: frames.0,
                last_frame: frames.1,
                what: String::new(),
            }],
            days: vec![LostOfDay {
                day: "2026-11-22".parse().unwrap(),
                calls_without_rows: 7,
            }],
        };
        Accepted(frames.iter().enumerate().map(acceptance).collect())
    }

    #[track_caller]
    fn check(frames: &[(u64, u64)], asked: RangeInclusive<u64>, at: Option<i64>) {
        let at = at.map(|at| Timestamp::from_second(at).unwrap());
        assert_eq!(accepted(frames).frames(&asked), at);
    }

    #[test]
    fn frames_are_accepted_where_each_of_them_was() {
        check(&[(5, 9)], 5..=9, Some(0));
        check(&[(5, 9)], 6..=6, Some(0));
        check(&[(5, 9)], 4..=9, None);
        check(&[(5, 9)], 5..=10, None);
        check(&[(10, 20), (5, 9)], 5..=20, Some(1));
        check(&[(11, 20), (5, 9)], 5..=20, None);
        check(&[], 1..=1, None);
    }

    #[test]
    fn a_day_is_accepted_with_just_so_many_calls_missing() {
        let day = "2026-11-22".parse().unwrap();
        let accepted = accepted(&[(5, 9)]);
        assert!(accepted.day(day, 7).is_some());
        assert!(accepted.day(day, 8).is_none() && accepted.day(day, 6).is_none());
    }

    #[test]
    fn a_note_that_cannot_be_read_accepts_nothing_and_stops_no_start() {
        let dir = tempfile::TempDir::new().unwrap();
        std::fs::write(dir.path().join("lost-1.accepted"), "half a no").unwrap();
        std::fs::create_dir(dir.path().join("lost-2.accepted")).unwrap();
        let whole = serde_json::to_string(&accepted(&[(5, 9)]).0[0]).unwrap();
        std::fs::write(dir.path().join("lost-3.accepted"), whole).unwrap();
        let accepted = Accepted::read(dir.path()).unwrap();
        assert_eq!(
            (accepted.0.len(), accepted.frames(&(5..=9)).is_some()),
            (1, true)
        );
    }
}
