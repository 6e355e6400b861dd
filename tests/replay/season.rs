#![expect(
    clippy::float_arithmetic,
    clippy::as_conversions,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "volumes of a trace, thinned and grown"
)]
//! The calls that are replayed: a real fortnight again and again, growing, one call for eighteen
//! thousand.
//!
//! What the trace's rows of ten minutes ask for adds up, minute by minute, until it makes a call, with
//! the mean tokens of its row. A minute in which it makes none has a call of one token, so that every
//! minute is observed, as with the whole traffic it would be.

use crate::clock::{BEGIN, DAY};
use crate::provider::Call;

/// A call stands for so many of the trace, at the volume of the first day.
const THINNED: f64 = 18_000.0;
/// Days in which volume grows by a factor e.
const GROWTH_DAYS: f64 = 40.0;
/// Minutes of a row, and days of the trace.
const ROW: i64 = 10;
const TRACE_DAYS: i64 = 14;
/// Of the input, in hundredths: what the provider's cache had.
const CACHED_PERCENT: u64 = 30;

/// Calls a second, and their mean tokens in and out.
pub(crate) type Row = (f64, f64, f64);

/// The calls of so many days, in their order.
pub(crate) fn calls(days: i64) -> Vec<Call> {
    let rows = rows();
    let mut calls = Vec::new();
    let mut owed = 0.0;
    for minute in 0..days * DAY {
        let row = minute.rem_euclid(TRACE_DAYS * DAY) / ROW;
        let (per_second, input, output) = rows[row as usize];
        let growth = ((minute / DAY) as f64 / GROWTH_DAYS).exp();
        owed += 60.0 * per_second * growth / THINNED;
        let whole = owed.floor();
        owed -= whole;
        let ms = (BEGIN + minute) * 60_000;
        if whole < 1.0 {
            calls.push(call(ms, 1, 1));
        }
        for nth in 0..whole as i64 {
            let at_ms = ms + nth * 60_000 / whole as i64;
            calls.push(call(at_ms, input as u64, output as u64));
        }
    }
    calls
}

fn call(at_ms: i64, input: u64, output: u64) -> Call {
    Call {
        at_ms,
        input,
        cached: input * CACHED_PERCENT / 100,
        output,
    }
}

pub(crate) fn rows() -> Vec<Row> {
    let name = "tests/fixtures/traces/servegen-m-large-14d-10min.csv";
    let path = format!("{}/{name}", env!("CARGO_MANIFEST_DIR"));
    let mut reader = csv::Reader::from_path(path).unwrap();
    let rows = reader.deserialize::<(f64, f64, f64, f64, f64)>();
    rows.map(Result::unwrap)
        .map(|(_, per_second, input, output, _)| (per_second, input, output))
        .collect()
}
