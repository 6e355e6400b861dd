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

/// Says which calls have no rows any more.
pub(super) fn missing(quiet: bool, rows: &[String]) {
    for gap in rows {
        note(quiet, format!("rows are missing: {gap}"));
    }
}

/// Columns that every terminal has.
const WIDTH: usize = 80;

/// Breaks long lines between words, so that they fit a terminal behind `indent`. What a line is
/// indented by, its continuation is too, and two more if it has a bullet.
pub(super) fn wrapped(text: &str, indent: &str) -> String {
    wrapped_at(WIDTH, text, indent)
}

/// The same within so many columns, such as those of a cell.
pub(super) fn wrapped_at(width: usize, text: &str, indent: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let words = line.trim_start();
        let own = line.len().saturating_sub(words.len());
        let hang = if words.starts_with("- ") {
            own + 2
        } else {
            own
        };
        let mut used = 0;
        for word in words.split(' ') {
            let length = word.chars().count();
            if used == 0 {
                used = indent.len() + own;
                out.push_str(indent);
                out.extend(std::iter::repeat_n(' ', own));
            } else if used + 1 + length > width {
                used = indent.len() + hang;
                out.push('\n');
                out.push_str(indent);
                out.extend(std::iter::repeat_n(' ', hang));
            } else {
                used += 1;
                out.push(' ');
            }
            used += length;
            out.push_str(word);
        }
        out.truncate(out.trim_end_matches(' ').len());
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_break_between_words_and_keep_their_indent() {
        let long = ["word"; 20].join(" ");
        let text = format!("short\n\n  {long}\n- {long}\n");
        let five = |n: usize| ["word"; 20].get(..n).unwrap_or_default().join(" ");
        assert_eq!(
            wrapped(&text, "  "),
            format!(
                "  short\n\n    {}\n    {}\n  - {}\n    {}\n",
                five(15),
                five(5),
                five(15),
                five(5)
            )
        );
        assert!(wrapped(&text, "  ").lines().all(|line| line.len() <= WIDTH));
    }

    #[test]
    fn a_reader_that_left_is_no_failure_and_a_full_disk_is() {
        let result = |kind| written(Err(io::Error::from(kind)));
        assert!(result(io::ErrorKind::BrokenPipe).is_ok());
        assert!(result(io::ErrorKind::StorageFull).is_err());
    }
}
