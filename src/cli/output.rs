//! Writing to stdout and stderr without a panic when nobody reads any more.

use std::fmt;
use std::io::{self, Write};

use super::Failure;

/// Writes what was asked for to stdout. A reader that left, such as `head`, is no failure.
pub(super) fn print(text: impl fmt::Display) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    written(write!(out, "{text}").and_then(|()| out.flush()))
}

/// A result of writing to stdout, in which a closed pipe is a normal end.
pub(super) fn written(result: io::Result<()>) -> Result<(), Failure> {
    match result {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Failure::work("cannot write to stdout").because(error)),
    }
}

/// Says something beside the output, on stderr; nothing is lost if nobody hears it.
pub(super) fn note(quiet: bool, text: impl fmt::Display) {
    if !quiet {
        let _ = writeln!(io::stderr(), "{text}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_that_left_is_no_failure_and_a_full_disk_is() {
        let result = |kind| written(Err(io::Error::from(kind)));
        assert!(result(io::ErrorKind::BrokenPipe).is_ok());
        assert!(result(io::ErrorKind::StorageFull).is_err());
    }
}
