//! Numbers whose frames are known to be gone: `FIRST-LAST.lost`, a line of text each.
//!
//! Without such a file a hole is damage and reading ends there; with it reading goes on behind it.

use std::io::Write;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use super::JournalError;

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

/// Whether all numbers from `next` to the one before `later` are known to be gone.
pub(super) fn cover(dir: &Path, next: u64, later: u64) -> Result<bool, JournalError> {
    let mut next = next;
    for hole in holes(dir)? {
        if hole.contains(&next) {
            next = hole.end().saturating_add(1);
        }
    }
    Ok(next == later)
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
    written
        .and_then(|()| std::fs::rename(&new, path))
        .map_err(JournalError::io("write", path))
}
