//! Rows of a bill put together: each day or hour of a model once, with what it cost.

use std::borrow::Cow;
use std::ops::Range;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::shape::Shape;
use super::{ImportAsked, Imported, refused, rows};
use crate::app::AppError;
use crate::config::Config;
use crate::economics::spread::{Aggregate, spread};
use crate::ledger::{ImportedHour, ImportedMinute, Totals};
use crate::money::{Currency, PICO_PER_UNIT, Pico, apportion};
use crate::usage::{Capability, ContextClass, TokenUsage};

/// Length of a minute.
const MINUTE: SignedDuration = SignedDuration::from_mins(1);
/// Minutes in an hour.
const HOUR_MINUTES: usize = 60;

/// The calls of one model in a day or an hour, as a bill or an export has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UsageRow {
    /// Where it was read: a line, or a bucket, of which several rows are parts of one sum.
    pub(crate) place: String,
    /// Whole hours of UTC.
    pub(crate) range: Range<Timestamp>,
    pub(crate) upstream: String,
    pub(crate) model: String,
    pub(crate) calls: u64,
    /// Input tokens that were not read from a cache.
    pub(crate) uncached_input: u64,
    pub(crate) cached_input: u64,
    pub(crate) output: u64,
    /// What it cost, if the row says it.
    pub(crate) cost: Option<(Pico, Currency)>,
}

/// What a bill says beside the rows: of a model, or of all together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UsageCost {
    /// As of a row.
    pub(crate) place: String,
    pub(crate) range: Range<Timestamp>,
    pub(crate) upstream: String,
    /// Of this model; where no row has it, of nothing.
    pub(crate) model: Option<String>,
    pub(crate) cost: (Pico, Currency),
}

/// A day or an hour of a model.
pub(super) struct Piece {
    pub(super) range: Range<Timestamp>,
    pub(super) upstream: String,
    pub(super) model: String,
    pub(super) total: Aggregate,
    /// In the currency of the bill.
    pub(super) cost: Option<(Pico, Currency)>,
    /// A bill says it, and not the catalogue.
    pub(super) is_billed: bool,
    pub(super) by_catalogue_usd: Pico,
}

/// The pieces of all rows, the oldest first.
pub(super) fn of(
    config: &Config,
    asked: &ImportAsked,
    done: &mut Imported,
) -> Result<Vec<Piece>, AppError> {
    let mut rows = rows::once(&asked.rows)?;
    rows::refuse_overlaps(&rows)?;
    rows::refuse_bills_twice(&rows, &asked.costs)?;
    for cost in &asked.costs {
        bill(config, &mut rows, cost, done)?;
    }
    for credit in &asked.credits {
        done.credits_left_out_usd += in_dollars(config, credit.cost, credit.range.start)?;
    }
    rows.into_iter().map(|row| priced(config, row)).collect()
}

/// Gives the rows of a stretch what was billed for them, by what the catalogue would take.
fn bill(
    config: &Config,
    rows: &mut [UsageRow],
    cost: &UsageCost,
    done: &mut Imported,
) -> Result<(), AppError> {
    let is_of = |row: &&mut UsageRow| {
        cost.range.start <= row.range.start
            && row.range.end <= cost.range.end
            && row.upstream == cost.upstream
            && cost.model.as_ref().is_none_or(|model| *model == row.model)
    };
    let mut of: Vec<&mut UsageRow> = rows.iter_mut().filter(is_of).collect();
    let (amount, currency) = cost.cost;
    if of.is_empty() {
        done.cost_without_usage_usd += in_dollars(config, cost.cost, cost.range.start)?;
        return Ok(());
    }
    let weight = |row: &&mut UsageRow| listed(config, row).unwrap_or(Pico(1));
    let weights: Vec<Pico> = of.iter().map(weight).collect();
    for (row, part) in of.iter_mut().zip(apportion(amount, &weights)) {
        row.cost = Some(match row.cost {
            Some((known, other)) if other == currency => (known + part, currency),
            Some(_) => return Err(two_currencies(row)),
            None => (part, currency),
        });
    }
    Ok(())
}

fn priced(config: &Config, row: UsageRow) -> Result<Piece, AppError> {
    let is_billed = row.cost.is_some();
    let by_catalogue = if is_billed {
        None
    } else {
        listed(config, &row)
    };
    let cost = row.cost.or(by_catalogue.map(|cost| (cost, Currency::USD)));
    let cost_usd = cost.map(|cost| in_dollars(config, cost, row.range.start));
    let total = Aggregate {
        calls: row.calls,
        uncached_input: row.uncached_input,
        cached_input: row.cached_input,
        output: row.output,
        cost_usd: cost_usd.transpose()?,
    };
    Ok(Piece {
        range: row.range,
        upstream: row.upstream,
        model: row.model,
        total,
        cost,
        is_billed,
        by_catalogue_usd: by_catalogue.unwrap_or_default(),
    })
}

/// What the catalogue of that day takes for a row, in dollars: each call as long as their mean.
fn listed(config: &Config, row: &UsageRow) -> Option<Pico> {
    let upstream = config.upstreams.iter().find(|it| it.name == row.upstream)?;
    let mean = |tokens: u64| tokens.checked_div(row.calls).unwrap_or(0);
    let usage = TokenUsage {
        input: Some(mean(row.uncached_input.saturating_add(row.cached_input))),
        cache_read: Some(mean(row.cached_input)),
        output: Some(mean(row.output)),
        ..TokenUsage::default()
    };
    let name = (upstream.prices.as_str(), row.model.as_str());
    let rates = config.prices.imagined(name, row.range.start, &usage)?;
    Some(
        rates.input.cost(row.uncached_input)
            + rates.cached_input.cost(row.cached_input)
            + rates.output.cost(row.output),
    )
}

fn in_dollars(
    config: &Config,
    (amount, currency): (Pico, Currency),
    at: Timestamp,
) -> Result<Pico, AppError> {
    if currency == Currency::USD {
        return Ok(amount);
    }
    let rate = config.prices.fx_for(currency, at);
    let rate = rate.ok_or_else(|| {
        refused(
            format!("no exchange rate of {} is known", currency.code()),
            "write one under [[fx]]",
        )
    })?;
    Ok(amount.scaled(rate.usd.0, PICO_PER_UNIT))
}

pub(super) fn two_currencies(row: &UsageRow) -> AppError {
    let (upstream, model, at) = (&row.upstream, &row.model, row.range.start);
    refused(
        format!("{upstream}/{model} has two currencies in {at}"),
        "one bill has one currency: convert the other one first",
    )
}

impl Piece {
    /// Its hours and minutes.
    pub(super) fn made(
        &self,
        shape: Shape,
        zone: &TimeZone,
    ) -> (Vec<ImportedHour>, Vec<ImportedMinute>) {
        let minutes: Vec<Timestamp> = self.minutes().collect();
        let weights: Vec<u64> = minutes.iter().map(|at| shape.weight(*at, zone)).collect();
        let demand = spread(&self.total, &weights, shape.slots());
        let capability = self.capability();
        let mut hours = Vec::new();
        let mut given = Given::default();
        for (starts, parts) in minutes
            .chunks(HOUR_MINUTES)
            .zip(demand.chunks(HOUR_MINUTES))
        {
            let calls = parts.iter().map(|minute| minute.imported_calls).sum();
            let now = given.up_to(self, calls);
            if let (Some(start), true) = (starts.first(), calls > 0) {
                hours.push(self.hour(*start, calls, &now));
            }
        }
        let minute = |(start, demand): (Timestamp, _)| ImportedMinute {
            start,
            upstream: self.upstream.clone(),
            model: self.model.clone(),
            capability: capability.clone(),
            demand,
        };
        let busy = minutes.into_iter().zip(demand);
        let busy = busy.filter(|(_, demand)| demand.imported_calls > 0);
        (hours, busy.map(minute).collect())
    }

    /// The class of their mean: of the single calls nothing is known.
    fn capability(&self) -> String {
        let total = &self.total;
        let tokens = [total.uncached_input, total.cached_input, total.output];
        let tokens = tokens.into_iter().fold(0, u64::saturating_add);
        let class = Capability {
            context: ContextClass::of(tokens.checked_div(total.calls).unwrap_or(0)),
            ..Capability::default()
        };
        Cow::into_owned(class.name())
    }

    fn minutes(&self) -> impl Iterator<Item = Timestamp> + '_ {
        let next = |at: &Timestamp| at.checked_add(MINUTE).ok();
        let all = std::iter::successors(Some(self.range.start), next);
        all.take_while(|at| *at < self.range.end)
    }

    fn hour(&self, start: Timestamp, calls: u64, sums: &Given) -> ImportedHour {
        let is_priced = self.total.cost_usd.is_some();
        ImportedHour {
            start,
            upstream: self.upstream.clone(),
            model: self.model.clone(),
            tenant: None,
            currency: self.cost.map_or(Currency::USD, |(_, currency)| currency),
            totals: Totals {
                calls,
                priced: if is_priced { calls } else { 0 },
                unpriced: if is_priced { 0 } else { calls },
                reported: calls,
                input_tokens: sums.uncached.saturating_add(sums.cached),
                cache_read_tokens: sums.cached,
                output_tokens: sums.output,
                cost_native: sums.native,
                cost_usd: sums.usd,
                ..Totals::default()
            },
        }
    }
}

/// What hours were given so far; then what one of them is.
#[derive(Clone, Copy, Default)]
struct Given {
    calls: u64,
    uncached: u64,
    cached: u64,
    output: u64,
    native: Pico,
    usd: Pico,
}

impl Given {
    /// What so many calls more take, by the same steps as the minutes.
    fn up_to(&mut self, piece: &Piece, calls: u64) -> Self {
        let (total, was) = (&piece.total, *self);
        let calls = was.calls.saturating_add(calls);
        let part = |number: u64| {
            let whole = u128::from(number).saturating_mul(calls.into());
            let part = whole.checked_div(total.calls.into()).unwrap_or(0);
            u64::try_from(part).unwrap_or(u64::MAX)
        };
        let money = |amount: Pico| amount.scaled(calls.into(), i128::from(total.calls).max(1));
        *self = Self {
            calls,
            uncached: part(total.uncached_input),
            cached: part(total.cached_input),
            output: part(total.output),
            native: money(piece.cost.map_or(Pico::ZERO, |(cost, _)| cost)),
            usd: money(total.cost_usd.unwrap_or_default()),
        };
        Self {
            calls: self.calls.saturating_sub(was.calls),
            uncached: self.uncached.saturating_sub(was.uncached),
            cached: self.cached.saturating_sub(was.cached),
            output: self.output.saturating_sub(was.output),
            native: self.native - was.native,
            usd: self.usd - was.usd,
        }
    }
}
