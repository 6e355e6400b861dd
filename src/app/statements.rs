//! The folder of frozen statements: each is written once, whole or not at all, and never again.

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use sha2::{Digest, Sha256};
use tracing::warn;

use super::AppError;
use crate::verdict::statement::hex;

/// The folder in the data directory.
const FOLDER: &str = "verdicts";
/// Statements that are kept: a state needs three days to switch, so this is years of switches.
const STATEMENTS_MAX: usize = 1_000;
/// How much younger a statement is than the one before, where the clock does not tell them apart.
const STEP: Duration = Duration::from_millis(1);
/// Digits of the checksum that set apart statements of one name, such as after settings changed.
const DIGITS: usize = 12;

/// Where the statements of a data directory are.
pub(crate) fn folder(data_dir: &Path) -> PathBuf {
    data_dir.join(FOLDER)
}

/// The statements in a folder, the oldest first; a missing folder has none.
///
/// # Errors
/// The folder cannot be listed.
pub(crate) fn files(dir: &Path) -> Result<Vec<PathBuf>, AppError> {
    let failed = |source| AppError::DataDir {
        path: dir.to_owned(),
        source,
    };
    let entries = match std::fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|end| end == "json") {
            found.push(path);
        }
    }
    found.sort_by_cached_key(|path| age(path));
    Ok(found)
}

/// Those that were written under one name: it may have the digits of a checksum behind it.
///
/// # Errors
/// The folder cannot be listed.
pub(super) fn named(dir: &Path, name: &str) -> Result<Vec<PathBuf>, AppError> {
    let stem = name.trim_end_matches(".json");
    let mut found = files(dir)?;
    found.retain(|path| self::name(path).starts_with(stem));
    Ok(found)
}

/// The name of a file.
pub(super) fn name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// A name begins with its day; of one day, the order in which they were written.
fn age(path: &Path) -> (String, Option<SystemTime>, String) {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let day = stem.chars().take("2026-11-22".len()).collect();
    let written = path.metadata().and_then(|it| it.modified()).ok();
    (day, written, stem.into_owned())
}

/// Writes a statement under its name; one of that name that says something else stays, and this one
/// gets the first digits of its checksum. Gives its path.
///
/// # Errors
/// It cannot be written; nothing of it is left.
pub(super) fn write(dir: &Path, name: &str, text: &str) -> Result<PathBuf, AppError> {
    let failed = |path: &Path, source| AppError::DataDir {
        path: path.to_owned(),
        source,
    };
    std::fs::create_dir_all(dir).map_err(|error| failed(dir, error))?;
    let stem = name.trim_end_matches(".json");
    let digits: String = hex(&Sha256::digest(text.as_bytes()))
        .chars()
        .take(DIGITS)
        .collect();
    let other = dir.join(format!("{stem}-{digits}.json"));
    for path in [dir.join(name), other.clone()] {
        match std::fs::read_to_string(&path) {
            Ok(there) if there == text => return Ok(path),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {
                make_room(dir)?;
                written(dir, &path, text).map_err(|error| failed(&path, error))?;
                return Ok(path);
            }
            Err(error) => return Err(failed(&path, error)),
        }
    }
    Err(failed(&other, ErrorKind::AlreadyExists.into()))
}

/// The whole file appears at once, or not at all; and as the newest, also where two are written within
/// a tick of the file system's clock, or that went back.
fn written(dir: &Path, path: &Path, text: &str) -> std::io::Result<()> {
    let new = path.with_extension("new");
    let newest = newest(dir)?;
    let mut file = File::create(&new)?;
    file.write_all(text.as_bytes())?;
    if newest >= file.metadata()?.modified()? {
        file.set_modified(newest.checked_add(STEP).unwrap_or(newest))?;
    }
    file.sync_all()?;
    std::fs::rename(&new, path)?;
    File::open(dir)?.sync_all()
}

/// When the last statement of a folder was written.
fn newest(dir: &Path) -> std::io::Result<SystemTime> {
    let mut newest = SystemTime::UNIX_EPOCH;
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        if path.extension().is_some_and(|end| end == "json") {
            newest = newest.max(path.metadata()?.modified()?);
        }
    }
    Ok(newest)
}

/// Deletes the oldest statements where there are too many.
fn make_room(dir: &Path) -> Result<(), AppError> {
    let files = files(dir)?;
    let over = files.len().saturating_add(1).saturating_sub(STATEMENTS_MAX);
    for path in files.iter().take(over) {
        warn!(file = %path.display(), "too many statements of verdicts: the oldest is deleted");
        std::fs::remove_file(path).map_err(|source| AppError::DataDir {
            path: path.clone(),
            source,
        })?;
    }
    Ok(())
}

/// Copies the statements into another data directory; they never change.
///
/// # Errors
/// One cannot be read or written.
pub(super) fn back_up(from: &Path, to: &Path) -> Result<Vec<PathBuf>, AppError> {
    let (from, to) = (folder(from), folder(to));
    let mut copies = Vec::new();
    for path in files(&from)? {
        let failed = |source| AppError::DataDir {
            path: path.clone(),
            source,
        };
        let text = std::fs::read_to_string(&path).map_err(failed)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        copies.push(write(&to, &name, &text)?);
    }
    Ok(copies)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(dir: &Path) -> Vec<String> {
        let files = files(dir).unwrap().into_iter();
        let name = |path: PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
        files.map(name).collect()
    }

    #[test]
    fn a_statement_is_never_written_over() {
        let dir = tempfile::tempdir().unwrap();
        let first = write(dir.path(), "2026-11-22-a-on.json", "one").unwrap();
        assert_eq!(
            write(dir.path(), "2026-11-22-a-on.json", "one").unwrap(),
            first
        );
        let second = write(dir.path(), "2026-11-22-a-on.json", "two").unwrap();
        assert_eq!(std::fs::read_to_string(first).unwrap(), "one");
        assert_eq!(std::fs::read_to_string(second).unwrap(), "two");
        // The newer one is the last, which `show` takes, and the first that is not deleted.
        assert_eq!(
            names(dir.path()),
            ["2026-11-22-a-on.json", "2026-11-22-a-on-3fc4ccfe7458.json"]
        );
    }

    #[test]
    fn the_last_one_written_of_a_day_is_the_last_one_whatever_the_clock_says() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| write(dir.path(), name, text).unwrap();
        let first = write("2026-11-22-a-on.json", "one");
        let ahead = SystemTime::UNIX_EPOCH + Duration::from_hours(24 * 365 * 90);
        File::options()
            .append(true)
            .open(&first)
            .and_then(|file| file.set_modified(ahead))
            .unwrap();
        // By name alone each of them would come before it.
        let off = write("2026-11-22-a-off.json", "two");
        let again = write("2026-11-22-a-off.json", "three");
        let other = write("2026-11-22-A-on.json", "four");
        assert_eq!(files(dir.path()).unwrap(), [first, off, again, other]);
    }

    #[test]
    fn a_day_has_room_for_any_number_of_statements_of_one_name() {
        let dir = tempfile::tempdir().unwrap();
        for number in 0..30 {
            write(dir.path(), "2026-11-22-a-on.json", &number.to_string()).unwrap();
        }
        assert_eq!(names(dir.path()).len(), 30);
    }

    #[test]
    fn the_oldest_goes_where_there_are_too_many_and_a_backup_has_the_rest() {
        let data = tempfile::tempdir().unwrap();
        let dir = folder(data.path());
        for day in 0..=STATEMENTS_MAX {
            write(&dir, &format!("{day:05}.json"), "{}").unwrap();
        }
        assert_eq!(names(&dir).len(), STATEMENTS_MAX);
        assert_eq!(names(&dir)[0], "00001.json");
        let copy = tempfile::tempdir().unwrap();
        back_up(data.path(), copy.path()).unwrap();
        assert_eq!(names(&folder(copy.path())), names(&dir));
    }
}
