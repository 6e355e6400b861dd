//! `state.json` beside the database: how far it was, so that one that went back is noticed.
//!
//! A truncated database opens as an empty one without an error; only something outside it can tell.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::LedgerError;

/// What is known of the database from outside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct State {
    pub(super) db_id: String,
    pub(super) watermark: u64,
}

/// The path of the sidecar in the ledger's folder.
pub(super) fn path(dir: &Path) -> PathBuf {
    dir.join("state.json")
}

/// Reads it. What is not there, or not a state, says nothing.
pub(super) fn read(dir: &Path) -> Option<State> {
    serde_json::from_slice(&std::fs::read(path(dir)).ok()?).ok()
}

/// Writes it as a whole or not at all.
pub(super) fn write(dir: &Path, state: &State, sync: bool) -> Result<(), LedgerError> {
    let target = path(dir);
    let new = target.with_extension("json.new");
    write_file(&new, state, sync)
        .and_then(|()| std::fs::rename(&new, &target))
        .map_err(LedgerError::io("write", &target))
}

fn write_file(path: &Path, state: &State, sync: bool) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(&serde_json::to_vec(state)?)?;
    if sync { file.sync_all() } else { Ok(()) }
}
