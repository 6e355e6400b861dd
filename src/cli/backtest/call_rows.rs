//! A file of calls: `t_ms,input_tokens[,cached_input_tokens],output_tokens`.

use std::collections::BTreeMap;

use super::csv_file::{CsvFile, Row};
use super::price::{self, Tariff};
use super::trace::{ByClass, MINUTES_MAX};
use crate::cli::Failure;
use crate::economics::backtest::{Minute, Traffic};
use crate::economics::{CallDemand, DemandMinute};
use crate::money::Pico;
use crate::pricing::PriceBook;
use crate::usage::{ContextClass, TokenUsage};

/// More tokens than any model reads or writes in one call.
const TOKENS_MAX: u64 = 100_000_000;
const TOKENS: &str = "a whole number of tokens, such as 1024";
const TIME: &str =
    "milliseconds since the first call (or since 1970) as a whole number, such as 61250";

/// The calls of a file, summed by minute. They may come in any order.
pub(super) struct CallRows {
    classes: ByClass<BTreeMap<i64, Kept>>,
    /// The first minute.
    first: i64,
    /// What they cost at each tariff.
    pub(super) exact: Vec<Pico>,
}

/// One minute of one class.
struct Kept {
    demand: DemandMinute,
    /// At each tariff.
    usd: Vec<Pico>,
}

/// One call.
struct Call {
    at_ms: i64,
    usage: TokenUsage,
    context: ContextClass,
}

impl CallRows {
    /// Reads and prices all calls.
    pub(super) fn read(
        file: &mut CsvFile,
        book: &PriceBook,
        tariffs: &[Tariff],
    ) -> Result<Self, Failure> {
        file.expect(
            &["t_ms", "input_tokens", "output_tokens"],
            &["cached_input_tokens"],
        )?;
        let mut rows = Self {
            classes: ByClass::new(),
            first: i64::MAX,
            exact: vec![Pico::ZERO; tariffs.len()],
        };
        let mut last = i64::MIN;
        file.rows(|row| {
            let call = Call::read(row)?;
            let minute = call.demand().place().minute;
            rows.first = rows.first.min(minute);
            last = last.max(minute);
            let span = usize::try_from(last.saturating_sub(rows.first)).unwrap_or(usize::MAX);
            if span >= MINUTES_MAX {
                let what = "more than 35 days lie between this call and another";
                return Err(row.at(
                    "t_ms",
                    what,
                    "cut the trace: five weeks are what a verdict sees",
                ));
            }
            let bill = |tariff: &Tariff| {
                let dollars = price::dollars(&tariff.bill(book, &call.usage));
                let unpriced = |why| row.wrong(&format!("{} {why}", tariff.id));
                dollars.map_err(|why| unpriced(why).remedy("leave it out of --price"))
            };
            let usd: Vec<Pico> = tariffs.iter().map(bill).collect::<Result<_, _>>()?;
            rows.add(minute, &call, &usd);
            Ok(())
        })?;
        Ok(rows)
    }

    fn add(&mut self, minute: i64, call: &Call, usd: &[Pico]) {
        let class = self.classes.entry(call.context).or_default();
        let kept = class.entry(minute).or_insert_with(|| Kept {
            demand: DemandMinute::default(),
            usd: vec![Pico::ZERO; usd.len()],
        });
        kept.demand.add(&call.demand());
        let sums = kept.usd.iter_mut().zip(&mut self.exact);
        for ((minute, whole), usd) in sums.zip(usd) {
            *minute += *usd;
            *whole += *usd;
        }
    }

    /// The minutes with the money of one tariff.
    pub(super) fn traffic(&self, tariff: usize) -> Traffic {
        let mut classes = BTreeMap::new();
        for (class, kept) in &self.classes {
            let mut minutes: Vec<Minute> = Vec::new();
            for (minute, Kept { demand, usd }) in kept {
                let place = usize::try_from(minute.saturating_sub(self.first)).unwrap_or_default();
                minutes.resize(place, Minute::default());
                let usd = usd.get(tariff).copied().unwrap_or_default();
                minutes.push(Minute::recorded(demand, usd));
            }
            classes.insert(*class, minutes);
        }
        Traffic::new(classes)
    }
}

impl Call {
    fn read(row: &Row<'_>) -> Result<Self, Failure> {
        let tokens = |column| row.number(column, TOKENS, |tokens: &u64| *tokens <= TOKENS_MAX);
        let time = row.number("t_ms", TIME, |at: &i64| *at >= 0)?;
        let input = tokens("input_tokens")?.unwrap_or_default();
        let cached = tokens("cached_input_tokens")?;
        let output = tokens("output_tokens")?.unwrap_or_default();
        if cached.is_some_and(|cached| cached > input) {
            let what = format!("more than the {input} input_tokens of the call");
            return Err(row.at(
                "cached_input_tokens",
                &what,
                "input_tokens include the cached ones",
            ));
        }
        Ok(Self {
            at_ms: time.unwrap_or_default(),
            usage: TokenUsage {
                input: Some(input),
                cache_read: cached,
                output: Some(output),
                ..TokenUsage::default()
            },
            context: ContextClass::of(input.saturating_add(output)),
        })
    }

    /// As the live sums take it. Money is kept beside them, by tariff.
    const fn demand(&self) -> CallDemand<'_> {
        CallDemand {
            started_ms: self.at_ms,
            duration_ms: 0,
            usage: &self.usage,
            side: &[],
            cost_usd: Some(Pico::ZERO),
            imported: false,
        }
    }
}
