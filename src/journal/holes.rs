//! Numbers whose frames are known to be gone: `FIRST-LAST.lost`, a line of text each.
//!
//! Without such a file a hole is damage and reading ends there; with it reading goes on behind it.

use std::io::Write;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use super::JournalError;
use super::disk::sync_folder_of;

/// The end of the name.
const SUFFIX: &str = ".lost";

/// The numbers that are known to be gone, in order.
pub fn holes(dir: &Path) -> Result<Vec<RangeInclusive<u64>>, JournalError> {
    let listing = match std::fs::read_dir(dir) {
        Ok(listing) => listing,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(JournalError::io("list", dir)(error)),
    };
    let mut holes = Vec::new();
    for entry in listing {
        let name = entry.map_err(JournalError::io("list", dir))?.file_name();
        let numbers = name.to_str().and_then(|name| name.strip_suffix(SUFFIX));
        let numbers = numbers.and_then(|numbers| numbers.split_once('-'));
        holes.extend(numbers.and_then(|(first, last)| {
            Some(first.parse::<u64>().ok()?..=last.parse::<u64>().ok()?)
        }));
    }
    holes.sort_unstable_by_key(|hole| *hole.start());
    Ok(holes)
}

/// The first number from `next` on that is not known to be gone.
pub fn behind_holes(dir: &Path, next: u64) -> Result<u64, JournalError> {
    let mut next = next;
    for hole in holes(dir)? {
        if hole.contains(&next) {
            next = hole.end().saturating_add(1);
        }
    }
    Ok(next)
}

/// Notes that the end of the journal is gone: numbers go on behind it when it is opened next. Only for
/// who may write the journal, or knows that nobody does.
pub fn lose_end(dir: &Path, lost: &RangeInclusive<u64>) -> Result<(), JournalError> {
    std::fs::create_dir_all(dir).map_err(JournalError::io("create", dir))?;
    note(dir, lost, None)?;
    sync_folder_of(&dir.join(SUFFIX)).map_err(JournalError::io("sync", dir))
}

/// The first number of those known to be gone right before `first`; `first`, if there are none.
pub(super) fn before(dir: &Path, first: u64) -> Result<u64, JournalError> {
    let mut first = first;
    for hole in holes(dir)?.iter().rev() {
        if hole.end().saturating_add(1) == first {
            first = *hole.start();
        }
    }
    Ok(first)
}

/// Says from now on that these numbers are gone.
pub(super) fn note(
    dir: &Path,
    hole: &RangeInclusive<u64>,
    kept: Option<&Path>,
) -> Result<(), JournalError> {
    let (first, last) = (hole.start(), hole.end());
    let path = dir.join(format!("{first:020}-{last:020}{SUFFIX}"));
    let text = match kept {
        Some(kept) => format!(
            "frames {first} to {last} cannot be read; the damaged file is kept as {}\n",
            kept.display()
        ),
        None => format!("frames {first} to {last} are missing\n"),
    };
    write_whole(&path, text.as_bytes())
}

/// Writes a file as a whole or not at all.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), JournalError> {
    let mut new = path.as_os_str().to_owned();
    new.push(".new");
    let new = PathBuf::from(new);
    let written = std::fs::File::create(&new).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    let named = written.and_then(|()| std::fs::rename(&new, path));
    if named.is_err() {
        // Where the disk is full, half a file takes what the next frames need.
        let _ = std::fs::remove_file(&new);
    }
    named.map_err(JournalError::io("write", path))
}
