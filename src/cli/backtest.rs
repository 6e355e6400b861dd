#![expect(clippy::float_arithmetic, reason = "recorded traffic is scaled")]
//! `backtest`: a recorded trace, priced as an API would have, against every way of serving it.
//!
//! Reads the whole trace before it says anything. The figures are the live verdict's arithmetic in
//! `economics::backtest`; here is reading, choosing and printing.

use std::path::Path;

use jiff::civil::Date;

use super::args::{Backtest, BacktestFormat};
use super::house::{House, Known, Options};
use super::{Failure, output};
use crate::economics::Arm;
use crate::economics::backtest::{Comparison, Traffic};

mod call_rows;
mod chart;
mod choose;
mod csv_file;
mod facts;
mod json;
mod markdown;
mod mean_rows;
mod price;
mod sheets;
mod text;
mod trace;

use price::Tariff;
use trace::Trace;

/// What is written: every trace at every price.
struct Study<'a> {
    known: &'a Known,
    at: Date,
    tariffs: &'a [Tariff],
    traces: Vec<Traced>,
}

/// One trace, as it was taken.
struct Traced {
    trace: Trace,
    /// How many times the recorded traffic.
    scale: f64,
    /// At each of the prices.
    priced: Vec<PricedTrace>,
}

impl Traced {
    /// Calls a day, scaled.
    fn calls_per_day(&self) -> f64 {
        self.scale * self.trace.calls_per_day()
    }
}

/// One trace at one price.
struct PricedTrace {
    /// The arms that are compared at this price.
    arms: Vec<Arm>,
    traffic: Traffic,
    comparison: Comparison,
}

/// Reads, compares, and writes.
pub(super) fn run<H: House>(
    house: &H,
    options: &Options,
    asked: &Backtest,
    quiet: bool,
) -> Result<(), Failure> {
    output::print(answer(house, options, asked, quiet, chart::width())?)
}

/// What is to be written, on so many columns.
fn answer<H: House>(
    house: &H,
    options: &Options,
    asked: &Backtest,
    quiet: bool,
    width: usize,
) -> Result<String, Failure> {
    let mut known = house.known(options, asked.plans.as_deref())?;
    if known.plans.is_empty() && known.endpoints.is_empty() && known.optimised.is_empty() {
        return Err(Failure::use_or_config("there is nothing to compare with")
            .remedy("write a plan or an endpoint, as config/plans.toml shows"));
    }
    choose::plans(&mut known, &asked.plan)?;
    let at = asked.at.unwrap_or_else(today);
    let tariffs = price::tariffs(&known.prices, &asked.price, at)?;
    let study = Study {
        at,
        traces: asked
            .trace
            .iter()
            .map(|path| traced(path, asked, &known, &tariffs, quiet))
            .collect::<Result<_, _>>()?,
        known: &known,
        tariffs: &tariffs,
    };
    match asked.format {
        BacktestFormat::Text => Ok(text::render(&study, width)),
        BacktestFormat::Markdown => Ok(markdown::render(&study)),
        BacktestFormat::Json => json::render(&study),
    }
}

fn traced(
    path: &Path,
    asked: &Backtest,
    known: &Known,
    tariffs: &[Tariff],
    quiet: bool,
) -> Result<Traced, Failure> {
    let trace = trace::read(path, &known.prices, tariffs, quiet)?;
    let scale = trace.scale(asked.scale, asked.calls_per_day);
    Ok(Traced {
        scale,
        priced: at_each(&trace, scale, known, tariffs)?,
        trace,
    })
}

/// The comparison at each price, side by side: a long trace takes a while.
fn at_each(
    trace: &Trace,
    scale: f64,
    known: &Known,
    tariffs: &[Tariff],
) -> Result<Vec<PricedTrace>, Failure> {
    let priced = |at: usize, tariff: &Tariff| {
        let traffic = trace.traffic(at).scaled(scale);
        let arms = choose::arms(known, &tariff.model);
        let rivals = choose::rivals(&arms, &tariff.model);
        let comparison = Comparison::of(&traffic, &known.plans, &arms, &rivals);
        PricedTrace {
            arms,
            traffic,
            comparison,
        }
    };
    std::thread::scope(|scope| {
        let priced = &priced;
        let numbered = tariffs.iter().enumerate();
        let started: Vec<_> = numbered
            .map(|(at, tariff)| scope.spawn(move || priced(at, tariff)))
            .collect();
        let ended = started.into_iter().map(std::thread::ScopedJoinHandle::join);
        let whole: Result<_, _> = ended.collect();
        whole.map_err(|_| Failure::work("the comparison broke off"))
    })
}

fn today() -> Date {
    super::now().to_zoned(jiff::tz::TimeZone::UTC).date()
}

#[cfg(test)]
mod tests;
