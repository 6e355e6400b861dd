//! A process that dies before one of its writes: what follows fails, and nothing is written.

use std::cell::Cell;
use std::io;
use std::path::Path;

use crate::ledger::LedgerError;

thread_local! {
    /// Writes that are left to this thread; `None`: it does not die.
    static LEFT: Cell<Option<u32>> = const { Cell::new(None) };
}

/// Does something in a process that dies after so many writes; whether it died.
pub(crate) fn after(writes: u32, work: impl FnOnce()) -> bool {
    LEFT.set(Some(writes));
    work();
    LEFT.replace(None) == Some(0)
}

/// Before each write; the last one leaves one to die at.
pub(in crate::ledger) fn write(path: &Path) -> Result<(), LedgerError> {
    match LEFT.get() {
        Some(0) => Err(LedgerError::io("write", path)(io::Error::other("dead"))),
        left => {
            LEFT.set(left.map(|left| left - 1));
            Ok(())
        }
    }
}

/// Copies the folder of a ledger at rest, to be killed once more.
pub(crate) fn copy(from: &Path, to: &Path) {
    crate::ledger::upkeep::copy_folder(from, to).unwrap();
}
