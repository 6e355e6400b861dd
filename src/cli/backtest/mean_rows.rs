#![expect(clippy::float_arithmetic, reason = "means are no counts")]
//! A file of means: `t_s,requests_per_s,mean_input_tokens,mean_output_tokens[,token_mean_coverage]`.
//!
//! A row is a mean over its interval. Its calls are spread evenly over the minutes, each like the
//! mean call, priced linearly at what that call would be billed: bursts and long calls are not seen.

use super::csv_file::{CsvFile, Row};
use super::price::{self, Tariff};
use super::trace::{ByClass, MINUTES_MAX};
use crate::call::LineKind;
use crate::cli::Failure;
use crate::economics::backtest::{Minute, Traffic};
use crate::economics::work::{TokenSums, real};
use crate::pricing::PriceBook;
use crate::usage::{ContextClass, TokenUsage};

const COLUMNS: [&str; 4] = [
    "t_s",
    "requests_per_s",
    "mean_input_tokens",
    "mean_output_tokens",
];
const COVERAGE: &str = "token_mean_coverage";
/// More calls a second, and more tokens a call, than there are.
const MOST: f64 = 1e8;

/// The rows of a file, evenly spaced.
pub(super) struct MeanRows {
    rows: Vec<Mean>,
    /// The length of a row.
    pub(super) row_minutes: usize,
    /// The mean of that column, by calls.
    pub(super) token_mean_coverage: Option<f64>,
}

/// One row.
struct Mean {
    at_s: u64,
    calls_per_second: f64,
    input: f64,
    output: f64,
    coverage: Option<f64>,
    /// A mean call at each tariff.
    usd_per_call: Vec<f64>,
}

impl MeanRows {
    /// Reads and prices all rows.
    pub(super) fn read(
        file: &mut CsvFile,
        book: &PriceBook,
        tariffs: &[Tariff],
    ) -> Result<Self, Failure> {
        file.expect(&COLUMNS, &[COVERAGE])?;
        let mut means = Self {
            rows: Vec::new(),
            row_minutes: 0,
            token_mean_coverage: None,
        };
        file.rows(|row| {
            let mut mean = Mean::read(row)?;
            means.follow(row, mean.at_s)?;
            let usd = tariffs.iter().map(|tariff| mean.bill(row, book, tariff));
            mean.usd_per_call = usd.collect::<Result<_, _>>()?;
            means.rows.push(mean);
            Ok(())
        })?;
        if means.row_minutes == 0 {
            return Err(file
                .failure("fewer than two rows")
                .remedy("the distance of two rows is the interval that each is a mean over"));
        }
        means.token_mean_coverage = means.coverage();
        Ok(means)
    }

    /// Rows are whole minutes apart, always as many.
    fn follow(&mut self, row: &Row<'_>, at_s: u64) -> Result<(), Failure> {
        let Some(before) = self.rows.last().map(|row| row.at_s) else {
            return Ok(());
        };
        let apart = at_s.saturating_sub(before);
        let minutes = usize::try_from(apart / 60).unwrap_or(usize::MAX);
        let wrong = |what: String, remedy: &str| Err(row.at("t_s", &what, remedy));
        if apart == 0 || apart % 60 != 0 {
            let what = format!("{at_s} comes after {before}");
            return wrong(what, "rows go forward by a whole number of minutes");
        }
        if self.row_minutes == 0 {
            self.row_minutes = minutes;
        }
        if minutes != self.row_minutes {
            let what = format!(
                "{apart} s after the row before, others {} s",
                60 * self.row_minutes
            );
            return wrong(
                what,
                "rows are evenly spaced: add what is missing, with 0 calls if so",
            );
        }
        if self.rows.len().saturating_add(1).saturating_mul(minutes) > MINUTES_MAX {
            let what = "more than 35 days after the first row".to_owned();
            return wrong(what, "cut the trace: five weeks are what a verdict sees");
        }
        Ok(())
    }

    fn coverage(&self) -> Option<f64> {
        let calls: f64 = self.rows.iter().map(|row| row.calls_per_second).sum();
        let weighted = self
            .rows
            .iter()
            .map(|row| Some(row.coverage? * row.calls_per_second));
        weighted.sum::<Option<f64>>().map(|sum| sum / calls)
    }

    /// The minutes with the money of one tariff.
    pub(super) fn traffic(&self, tariff: usize) -> Traffic {
        let mut classes = ByClass::<Vec<Minute>>::new();
        for (at, mean) in self.rows.iter().enumerate() {
            let total = mean.a_minute();
            let usd = mean.usd_per_call.get(tariff).copied().unwrap_or_default();
            let minute = Minute::even(total, total.calls * usd);
            let class = classes.entry(mean.context()).or_default();
            class.resize(at.saturating_mul(self.row_minutes), Minute::default());
            class.extend(std::iter::repeat_n(minute, self.row_minutes));
        }
        Traffic::new(classes)
    }
}

impl Mean {
    fn read(row: &Row<'_>) -> Result<Self, Failure> {
        let mean = |column, such_as| {
            let good = |mean: &f64| (0.0..=MOST).contains(mean);
            row.number(column, such_as, good)
                .map(Option::unwrap_or_default)
        };
        let [time, calls, input, output] = COLUMNS;
        Ok(Self {
            at_s: row
                .number(
                    time,
                    "seconds since the first row as a whole number, such as 600",
                    |_| true,
                )?
                .unwrap_or_default(),
            calls_per_second: mean(calls, "calls a second, such as 12.5")?,
            input: mean(input, "mean tokens of a call, such as 812.5")?,
            output: mean(output, "mean tokens of a call, such as 190.2")?,
            coverage: row.number(COVERAGE, "a part between 0 and 1", |part: &f64| {
                (0.0..=1.0).contains(part)
            })?,
            usd_per_call: Vec::new(),
        })
    }

    fn context(&self) -> ContextClass {
        ContextClass::of(nearest(self.input).saturating_add(nearest(self.output)))
    }

    /// The sums of one minute. The products are those of the means: without variance.
    fn a_minute(&self) -> TokenSums {
        let calls = self.calls_per_second * 60.0;
        TokenSums {
            calls,
            uncached_input: calls * self.input,
            cached_input: 0.0,
            output: calls * self.output,
            output_by_input: calls * self.output * self.input,
            output_squared: calls * self.output * self.output,
        }
    }

    /// Dollars for a mean call: each line of the bill of the nearest whole call, by the token.
    fn bill(&self, row: &Row<'_>, book: &PriceBook, tariff: &Tariff) -> Result<f64, Failure> {
        let (input, output) = (nearest(self.input), nearest(self.output));
        let bill = tariff.bill(
            book,
            &TokenUsage {
                input: Some(input),
                output: Some(output),
                ..TokenUsage::default()
            },
        );
        price::dollars(&bill).map_err(|why| row.wrong(&format!("{} {why}", tariff.id)))?;
        let line = |line: &crate::call::CostLine| {
            let usd = line.cost_usd.to_f64();
            if line.kind == LineKind::Input {
                usd * self.input / real(input.into())
            } else if line.kind == LineKind::Output {
                usd * self.output / real(output.into())
            } else {
                usd
            }
        };
        Ok(price::lines(&bill).iter().map(line).sum())
    }
}

/// The nearest whole number of tokens, but of some tokens at least one.
fn nearest(mean: f64) -> u64 {
    let whole: u64 = format!("{mean:.0}").parse().unwrap_or_default();
    whole.max(u64::from(mean > 0.0))
}
