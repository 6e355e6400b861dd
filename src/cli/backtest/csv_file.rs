//! A trace file, row by row, with the place of everything that is wrong in it.

use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::path::Path;
use std::str::FromStr;

use csv::{ReaderBuilder, StringRecord};
use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::Failure;

/// No row of numbers is longer; a file without line ends is not read into memory.
const LINE_BYTES_MAX: usize = 4_096;

/// The columns a trace may have, and what the file has of them.
pub(super) struct Columns {
    names: StringRecord,
}

/// An open trace.
pub(super) struct CsvFile {
    name: String,
    reader: csv::Reader<Box<dyn Read>>,
    columns: Columns,
    bar: ProgressBar,
}

/// One row of it.
pub(super) struct Row<'a> {
    file: &'a str,
    columns: &'a Columns,
    line: u64,
    cells: &'a StringRecord,
}

impl CsvFile {
    /// Opens a file and reads its header.
    pub(super) fn open(path: &Path, quiet: bool) -> Result<Self, Failure> {
        let name = path.display().to_string();
        let failed = |error| Failure::use_or_config(format!("cannot read {name}")).because(error);
        let file = File::open(path).map_err(failed)?;
        let bytes = file.metadata().map_err(failed)?.len();
        let bar = bar(quiet, bytes, &name);
        let bounded = Bounded {
            inner: bar.wrap_read(file),
            run: 0,
        };
        let bounded: Box<dyn Read> = Box::new(bounded);
        let mut reader = ReaderBuilder::new()
            .quoting(false)
            .flexible(true)
            .from_reader(bounded);
        let names = reader.headers().map_err(|error| unreadable(&name, error))?;
        let columns = Columns {
            names: names.iter().map(str::trim).collect(),
        };
        Ok(Self {
            name,
            reader,
            columns,
            bar,
        })
    }

    /// Whether the header has a column.
    pub(super) fn has(&self, column: &str) -> bool {
        self.columns.place(column).is_some()
    }

    /// Every one of `needed` must be there, and nothing but these and `optional`.
    pub(super) fn expect(&self, needed: &[&str], optional: &[&str]) -> Result<(), Failure> {
        let known: Vec<&str> = [needed, optional].concat();
        let columns = known.join(", ");
        if let Some(missing) = needed.iter().find(|name| !self.has(name)) {
            return Err(self.header(&format!("there is no column {missing}"), &columns));
        }
        for (at, name) in self.columns.names.iter().enumerate() {
            if !known.contains(&name) {
                return Err(self.header(&format!("{name:?} is no known column"), &columns));
            }
            if self.columns.place(name) != Some(at) {
                return Err(self.header(&format!("the column {name} is there twice"), &columns));
            }
        }
        Ok(())
    }

    /// What is wrong with the header.
    pub(super) fn header(&self, what: &str, columns: &str) -> Failure {
        Failure::use_or_config(format!("{}: line 1: {what}", self.name))
            .remedy(format!("a trace has the columns {columns}"))
    }

    /// Shows every row, until one is wrong.
    pub(super) fn rows(
        &mut self,
        mut show: impl FnMut(&Row<'_>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let mut cells = StringRecord::new();
        let mut line = 1;
        while self
            .reader
            .read_record(&mut cells)
            .map_err(|error| unreadable(&self.name, error))?
        {
            line = cells.position().map_or(line, csv::Position::line);
            let row = Row {
                file: &self.name,
                columns: &self.columns,
                line,
                cells: &cells,
            };
            row.has_all_columns()?;
            show(&row)?;
        }
        self.bar.finish_and_clear();
        Ok(())
    }

    /// A failure of the file as a whole.
    pub(super) fn failure(&self, what: &str) -> Failure {
        Failure::use_or_config(format!("{}: {what}", self.name))
    }
}

impl Columns {
    fn place(&self, column: &str) -> Option<usize> {
        self.names.iter().position(|name| name == column)
    }
}

impl Row<'_> {
    fn has_all_columns(&self) -> Result<(), Failure> {
        let (found, wanted) = (self.cells.len(), self.columns.names.len());
        if found == wanted {
            return Ok(());
        }
        let what = format!("{found} values where the header names {wanted} columns");
        Err(self
            .wrong(&what)
            .remedy("one value for each column, separated by commas"))
    }

    /// The number in a column; a column that the file does not have is `None`.
    pub(super) fn number<T: FromStr>(
        &self,
        column: &str,
        such_as: &str,
        good: impl Fn(&T) -> bool,
    ) -> Result<Option<T>, Failure> {
        let Some(at) = self.columns.place(column) else {
            return Ok(None);
        };
        let cell = self.cells.get(at).unwrap_or_default().trim();
        match cell.parse().ok().filter(good) {
            Some(number) => Ok(Some(number)),
            None => Err(self.at(column, &format!("found {cell:?}"), such_as)),
        }
    }

    /// What is wrong in a column, and what would do.
    pub(super) fn at(&self, column: &str, what: &str, remedy: &str) -> Failure {
        self.wrong(&format!("{column}: {what}")).remedy(remedy)
    }

    /// What is wrong with the row.
    pub(super) fn wrong(&self, what: &str) -> Failure {
        Failure::use_or_config(format!("{}: line {}: {what}", self.file, self.line))
    }
}

fn unreadable(name: &str, error: csv::Error) -> Failure {
    let line = error.position().map(csv::Position::line);
    let place = line.map_or_else(String::new, |line| format!(": line {line}"));
    Failure::use_or_config(format!("cannot read {name}{place}")).because(error)
}

/// Shows how far reading is, on a terminal.
fn bar(quiet: bool, bytes: u64, name: &str) -> ProgressBar {
    if quiet || !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(bytes);
    if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {bytes}/{total_bytes}") {
        bar.set_style(style);
    }
    bar.set_message(name.to_owned());
    bar
}

/// Reads on only while lines end.
struct Bounded<R> {
    inner: R,
    /// Bytes since the last line end.
    run: usize,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // A line is never longer than what is read between two looks at it.
        let most = buffer.len().min(LINE_BYTES_MAX);
        let read = self
            .inner
            .read(buffer.get_mut(..most).unwrap_or_default())?;
        let new = buffer.get(..read).unwrap_or_default();
        self.run = match memchr::memrchr(b'\n', new) {
            Some(end) => read.saturating_sub(end),
            None => self.run.saturating_add(read),
        };
        if self.run > LINE_BYTES_MAX {
            let what = format!("a line is longer than {LINE_BYTES_MAX} bytes");
            return Err(io::Error::new(io::ErrorKind::InvalidData, what));
        }
        Ok(read)
    }
}
