//! The folder of frozen statements: each is written once, whole or not at all, and never again.

use std::path::{Path, PathBuf};

use super::AppError;

/// The folder in the data directory.
const FOLDER: &str = "verdicts";

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
    // A name begins with its day.
    found.sort();
    Ok(found)
}
