//! What the benches have in common: calls made by hand, and a meter over a real journal.

pub(crate) mod bodies;
pub(crate) mod exchange;
pub(crate) mod house;
pub(crate) mod records;

use std::io;
use std::path::Path;

use tempfile::TempDir;

/// A folder in memory where the system has one: a disk that is slow now and then sends a record
/// another way to the journal.
pub(crate) fn folder_in_memory() -> io::Result<TempDir> {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() {
        tempfile::tempdir_in(memory)
    } else {
        tempfile::tempdir()
    }
}
