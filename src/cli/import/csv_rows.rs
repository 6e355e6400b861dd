//! The rows of a CSV file: named columns in any order, every fault with its line and column.

use std::fmt::Display;
use std::ops::Range;
use std::str::FromStr;

use csv::{ReaderBuilder, StringRecord};
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{RoundMode, Timestamp, TimestampRound, ToSpan, Unit};

use super::decimal::Decimal;
use super::{Read, shown};
use crate::app::import::UsageRow;
use crate::cli::Failure;
use crate::money::{Currency, Pico};

/// What a file can have.
const COLUMNS: [&str; 10] = [
    "date",
    "hour",
    "upstream",
    "model",
    "calls",
    "input_tokens",
    "cached_input_tokens",
    "output_tokens",
    "cost",
    "currency",
];
/// What it must have, beside `date` or `hour`.
const NEEDED: [&str; 5] = [
    "upstream",
    "model",
    "calls",
    "input_tokens",
    "output_tokens",
];

/// Reads a file into rows.
pub(super) fn read(
    name: &str,
    bytes: &[u8],
    zone: &TimeZone,
    into: &mut Read,
) -> Result<(), Failure> {
    let mut reader = ReaderBuilder::new().flexible(true).from_reader(bytes);
    let unreadable = |error: csv::Error| {
        let line = error.position().map_or(1, csv::Position::line);
        Failure::use_or_config(format!("{name}:{line}: cannot be read")).because(error)
    };
    let names = reader.headers().map_err(unreadable)?;
    let names: Vec<String> = names.iter().map(|name| name.trim().to_owned()).collect();
    header(name, &names)?;
    let mut cells = StringRecord::new();
    while reader.read_record(&mut cells).map_err(unreadable)? {
        let row = Row {
            file: name,
            names: &names,
            line: cells.position().map_or(1, csv::Position::line),
            cells: &cells,
        };
        into.rows.push(row.read(zone)?);
    }
    Ok(())
}

/// The hour of UTC that begins in the hour from `at` on: the ledger gives it to the day in which it
/// begins, also where days begin half an hour off.
fn whole_hour(at: Timestamp) -> Timestamp {
    let options = TimestampRound::new()
        .smallest(Unit::Hour)
        .mode(RoundMode::Ceil);
    at.round(options).unwrap_or(at)
}

fn header(file: &str, names: &[String]) -> Result<(), Failure> {
    let wrong = |at: usize, what: String| {
        Failure::use_or_config(format!("{file}:1:{}: {what}", at.saturating_add(1))).remedy(format!(
            "the columns are {}; date or hour, cached_input_tokens, cost and currency may be absent",
            COLUMNS.join(", ")
        ))
    };
    for (at, name) in names.iter().enumerate() {
        if !COLUMNS.contains(&name.as_str()) {
            return Err(wrong(at, format!("{:?} is no known column", shown(name))));
        }
        if names.iter().position(|other| other == name) != Some(at) {
            return Err(wrong(at, format!("the column {name} is there twice")));
        }
    }
    let has = |name: &str| names.iter().any(|known| known == name);
    if let Some(missing) = NEEDED.iter().find(|name| !has(name)) {
        return Err(wrong(names.len(), format!("there is no column {missing}")));
    }
    if has("date") == has("hour") {
        let what = "one of the columns date and hour says when".to_owned();
        return Err(wrong(names.len(), what));
    }
    Ok(())
}

/// One row on its way.
struct Row<'a> {
    file: &'a str,
    names: &'a [String],
    line: u64,
    cells: &'a StringRecord,
}

impl Row<'_> {
    fn read(&self, zone: &TimeZone) -> Result<UsageRow, Failure> {
        let (found, wanted) = (self.cells.len(), self.names.len());
        if found != wanted {
            let message = format!("{found} values where the header names {wanted} columns");
            return Err(self.wrong(found, &message, "one value for each column"));
        }
        let input = self.number("input_tokens")?.unwrap_or(0);
        let cached = self.number("cached_input_tokens")?.unwrap_or(0);
        let output = self.number("output_tokens")?.unwrap_or(0);
        let calls = self.number("calls")?.unwrap_or(0);
        if cached > input {
            let what = format!("{cached} is more than input_tokens, of which it is a part");
            return Err(self.at(
                "cached_input_tokens",
                &what,
                "input_tokens counts cached ones too",
            ));
        }
        let cost = self.cost()?;
        if calls == 0 && (input > 0 || output > 0 || cost.is_some_and(|(cost, _)| cost.0 != 0)) {
            return Err(self.at(
                "calls",
                "no calls, and tokens or a cost",
                "write how many they were",
            ));
        }
        Ok(UsageRow {
            place: format!("{}:{}", self.file, self.line),
            range: self.range(zone)?,
            upstream: self.name("upstream")?,
            model: self.name("model")?,
            calls,
            uncached_input: input.saturating_sub(cached),
            cached_input: cached,
            output,
            cost,
        })
    }

    fn range(&self, zone: &TimeZone) -> Result<Range<Timestamp>, Failure> {
        if let Some(text) = self.cell("date") {
            let remedy = "a day of the reporting time zone, such as 2026-03-01";
            let wrong = || self.at("date", &format!("{text:?} is no day"), remedy);
            let date = Date::strptime("%Y-%m-%d", text).map_err(|_| wrong())?;
            let midnight = |date: Date| date.to_zoned(zone.clone()).map(|at| at.timestamp());
            let begin = midnight(date).map_err(|_| wrong())?;
            let end = midnight(date.saturating_add(1.day())).map_err(|_| wrong())?;
            return Ok(whole_hour(begin)..whole_hour(end));
        }
        let text = self.cell("hour").unwrap_or_default();
        let remedy = "the begin of an hour: 2026-03-01T13:00:00Z, or 2026-03-01T13:00 in the \
                      reporting time zone";
        let wrong = || self.at("hour", &format!("{text:?} is no hour"), remedy);
        let (begin, is_whole) = if let Ok(begin) = text.parse::<Timestamp>() {
            (begin, whole_hour(begin) == begin)
        } else {
            let local: DateTime = text.parse().map_err(|_| wrong())?;
            let is_whole = (local.minute(), local.second(), local.subsec_nanosecond());
            let begin = local.to_zoned(zone.clone()).map_err(|_| wrong())?;
            (whole_hour(begin.timestamp()), is_whole == (0, 0, 0))
        };
        if !is_whole {
            return Err(wrong());
        }
        Ok(begin..begin.checked_add(1.hour()).map_err(|_| wrong())?)
    }

    fn cost(&self) -> Result<Option<(Pico, Currency)>, Failure> {
        let Some(Decimal(cost)) =
            self.parsed::<Decimal>("cost", "a decimal number, such as 12.50")?
        else {
            return Ok(None);
        };
        if cost.0 < 0 {
            return Err(self.at("cost", "it is below 0", "leave credits out"));
        }
        let currency = self.parsed::<Currency>("currency", "a currency, such as USD or CNY")?;
        Ok(Some((cost, currency.unwrap_or(Currency::USD))))
    }

    fn name(&self, column: &str) -> Result<String, Failure> {
        match self.cell(column) {
            Some(name) => Ok(name.to_owned()),
            None => Err(self.at(column, "it is empty", "every row names it")),
        }
    }

    fn number(&self, column: &str) -> Result<Option<u64>, Failure> {
        self.parsed(column, "a whole number without separators, such as 1200000")
    }

    /// What a cell says; one that is empty or not there says nothing.
    fn parsed<T: FromStr>(
        &self,
        column: &str,
        such_as: impl Display,
    ) -> Result<Option<T>, Failure> {
        let Some(cell) = self.cell(column) else {
            return Ok(None);
        };
        let wrong = |_| {
            self.at(
                column,
                &format!("found {:?}", shown(cell)),
                &such_as.to_string(),
            )
        };
        cell.parse().map(Some).map_err(wrong)
    }

    fn cell(&self, column: &str) -> Option<&str> {
        let cell = self.cells.get(self.place(column)?)?.trim();
        (!cell.is_empty()).then_some(cell)
    }

    fn place(&self, column: &str) -> Option<usize> {
        self.names.iter().position(|name| name == column)
    }

    fn at(&self, column: &str, what: &str, remedy: &str) -> Failure {
        let at = self.place(column).unwrap_or(0);
        self.wrong(at.saturating_add(1), &format!("{column}: {what}"), remedy)
    }

    fn wrong(&self, column: usize, what: &str, remedy: &str) -> Failure {
        let Self { file, line, .. } = self;
        Failure::use_or_config(format!("{file}:{line}:{column}: {what}")).remedy(remedy)
    }
}
