//! `export calls`: every record, one line each, as it comes.

use std::io::{self, Write};
use std::ops::ControlFlow;

use jiff::Timestamp;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

use super::admin::Admin;
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
    let mut page = Some(first);
    while let Some((records, next)) = page {
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
            let record = serde_json::to_value(record).unwrap_or_default();
            result = lines.write(&record);
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

    fn write(&mut self, record: &Value) -> io::Result<()> {
        match self {
            Self::Jsonl(out) => {
                serde_json::to_writer(&mut *out, &InOrder(record)).map_err(io::Error::from)?;
                out.write_all(b"\n")
            }
            Self::Csv(out) => {
                let cells = CallRecord::COLUMNS.map(|column| cell(record.get(column)));
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

/// A record with every column in order; what is absent is null.
struct InOrder<'a>(&'a Value);

impl Serialize for InOrder<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(CallRecord::COLUMNS.len()))?;
        for column in CallRecord::COLUMNS {
            map.serialize_entry(column, &self.0.get(column))?;
        }
        map.end()
    }
}

/// One value in CSV: nothing for null, JSON text for what is nested.
fn cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(value @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_))) => {
            value.to_string()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(format: ExportFormat, records: &[Value]) -> String {
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

    fn record() -> Value {
        serde_json::json!({
            "call_id": "0190", "model": "a,\"b\"", "input_tokens": 0, "stream": true,
            "dimensions": {"team": "x"}, "flags": ["aborted"], "cost_usd": "0.0025075",
        })
    }

    #[test]
    fn a_line_of_json_has_every_column_in_order_and_says_null() {
        let line = written(ExportFormat::Jsonl, &[record()]);
        let mut rest = line.as_str();
        for column in CallRecord::COLUMNS {
            let name = format!("\"{column}\":");
            let at = rest
                .find(&name)
                .unwrap_or_else(|| panic!("{column} in {line}"));
            rest = &rest[at + name.len()..];
        }
        let back: Value = serde_json::from_str(&line).unwrap();
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
        assert_eq!(&rows[0][place("dimensions")], r#"{"team":"x"}"#);
        assert_eq!(&rows[0][place("input_tokens")], "0");
        assert_eq!(&rows[0][place("output_tokens")], "");
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
