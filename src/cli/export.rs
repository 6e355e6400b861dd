//! `export calls`: every record, one line each, as it comes.

use std::io::{self, Write};
use std::ops::ControlFlow;

use jiff::Timestamp;
use serde_json::Value;

use super::admin::{Admin, Page};
use super::args::{Export, ExportFormat, Exported};
use super::house::{House, Options, Range, Settings};
use super::{Failure, output};
use crate::call::CallRecord;

/// Writes the records of the running tollgate, or of the data directory.
pub(super) async fn run<H: House>(
    house: &H,
    options: &Options,
    export: &Export,
    quiet: bool,
) -> Result<(), Failure> {
    let Exported::Calls = export.what;
    let settings = house.settings(options)?;
    let range = range(export, &settings, super::now())?;
    let admin = Admin::of(&settings)?;
    let mut lines = Lines::new(io::BufWriter::new(io::stdout().lock()), export.format);
    let Some(first) = admin.calls(range, None).await? else {
        let dir = settings.data_dir.display();
        output::note(
            quiet,
            format!("nothing runs at {}; reading {dir}", admin.base()),
        );
        return from_directory(house, options, range, lines);
    };
    output::note(
        quiet,
        format!("from the running tollgate at {}", admin.base()),
    );
    output::written(lines.begin())?;
    output::missing(quiet, &first.missing);
    let mut page = Some(first);
    while let Some(Page {
        lines: records,
        next,
        ..
    }) = page
    {
        for record in records.lines() {
            let record = serde_json::from_str(record)
                .map_err(|error| Failure::work("a call is not JSON").because(error))?;
            match lines.write(&record) {
                Ok(()) => {}
                // The reader left: no further page is asked for.
                Err(error) => return output::written(Err(error)),
            }
        }
        page = match next {
            Some(next) => admin.calls(range, Some(next)).await?,
            None => None,
        };
    }
    output::written(lines.finish())
}

fn from_directory<H: House, W: Write>(
    house: &H,
    options: &Options,
    range: Range,
    mut lines: Lines<W>,
) -> Result<(), Failure> {
    let mut result = lines.begin();
    if result.is_ok() {
        house.calls(options, range, &mut |record| {
            result = lines.write(record);
            if result.is_ok() {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        })?;
    }
    output::written(result.and_then(|()| lines.finish()))
}

fn range(export: &Export, settings: &Settings, now: Timestamp) -> Result<Range, Failure> {
    let moment = |flag: &str, when: Option<super::when::When>| {
        let moment = when
            .map(|when| when.resolve(now, &settings.timezone))
            .transpose();
        moment.map_err(|error| Failure::use_or_config(format!("{flag}: {error}")))
    };
    Ok(Range {
        since: moment("--since", export.span.since)?,
        until: moment("--until", export.span.until)?,
    })
}

/// Records as lines of a format.
enum Lines<W: Write> {
    Jsonl(W),
    Csv(Box<csv::Writer<W>>),
}

impl<W: Write> Lines<W> {
    fn new(out: W, format: ExportFormat) -> Self {
        match format {
            ExportFormat::Jsonl => Self::Jsonl(out),
            ExportFormat::Csv => Self::Csv(Box::new(csv::Writer::from_writer(out))),
        }
    }

    /// The header, where the format has one.
    fn begin(&mut self) -> io::Result<()> {
        match self {
            Self::Jsonl(_) => Ok(()),
            Self::Csv(out) => out
                .write_record(CallRecord::COLUMNS)
                .map_err(io::Error::from),
        }
    }

    fn write(&mut self, record: &CallRecord) -> io::Result<()> {
        let row = record.to_row();
        match self {
            Self::Jsonl(out) => {
                serde_json::to_writer(&mut *out, &row).map_err(io::Error::from)?;
                out.write_all(b"\n")
            }
            Self::Csv(out) => {
                let cells = row.cells().map(|(_, value)| cell(value));
                out.write_record(cells).map_err(io::Error::from)
            }
        }
    }

    fn finish(&mut self) -> io::Result<()> {
        match self {
            Self::Jsonl(out) => out.flush(),
            Self::Csv(out) => out.flush(),
        }
    }
}

/// One value in CSV: nothing for what is absent or empty, JSON text for what is nested.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) if items.is_empty() => String::new(),
        Value::Object(fields) if fields.is_empty() => String::new(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::tests::full;

    fn written(format: ExportFormat, records: &[CallRecord]) -> String {
        let mut out = Vec::new();
        let mut lines = Lines::new(&mut out, format);
        lines.begin().unwrap();
        for record in records {
            lines.write(record).unwrap();
        }
        lines.finish().unwrap();
        drop(lines);
        String::from_utf8(out).unwrap()
    }

    fn record() -> CallRecord {
        let mut record = full();
        record.model = Some("a,\"b\"".to_owned());
        record.usage.input = Some(0);
        record.usage.output = None;
        record.flags.clear();
        record
    }

    #[test]
    fn a_line_of_json_has_every_column_and_says_null() {
        let line = written(ExportFormat::Jsonl, &[record()]);
        let back: Value = serde_json::from_str(&line).unwrap();
        assert!(
            CallRecord::COLUMNS
                .iter()
                .all(|column| back.get(column).is_some()),
            "{line}"
        );
        assert_eq!(
            (&back["output_tokens"], &back["input_tokens"]),
            (&Value::Null, &Value::from(0))
        );
        assert_eq!(line.lines().count(), 1);
    }

    #[test]
    fn csv_is_read_back_and_nested_values_are_json() {
        let text = written(ExportFormat::Csv, &[record(), record()]);
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let place = |name| {
            CallRecord::COLUMNS
                .iter()
                .position(|column| *column == name)
                .unwrap()
        };
        assert!(reader.headers().unwrap().iter().eq(CallRecord::COLUMNS));
        let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
        assert_eq!(rows.len(), 2);
        assert_eq!(&rows[0][place("model")], "a,\"b\"");
        assert_eq!(&rows[0][place("dimensions")], r#"{"team":"a"}"#);
        assert_eq!(&rows[0][place("input_tokens")], "0");
        assert_eq!(&rows[0][place("output_tokens")], "");
        assert_eq!(&rows[0][place("flags")], "");
    }

    /// A reader that takes some bytes and goes.
    struct Leaves(usize);

    impl Write for Leaves {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 = self
                .0
                .checked_sub(bytes.len())
                .ok_or(io::ErrorKind::BrokenPipe)?;
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_leaves_shows_as_a_broken_pipe() {
        let mut lines = Lines::new(Leaves(100), ExportFormat::Jsonl);
        let error = lines.write(&record()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    }
}
