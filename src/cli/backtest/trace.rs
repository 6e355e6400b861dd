#![expect(
    clippy::float_arithmetic,
    reason = "traffic is scaled and averaged here"
)]
//! A trace as it was read: minutes by how much context the calls need, money by tariff.

use std::collections::BTreeMap;
use std::path::Path;

use super::call_rows::CallRows;
use super::csv_file::CsvFile;
use super::mean_rows::MeanRows;
use super::price::Tariff;
use crate::cli::Failure;
use crate::economics::backtest::Traffic;
use crate::economics::work::{TokenSums, real};
use crate::money::Pico;
use crate::pricing::PriceBook;

/// The longest trace: as long as the live verdict keeps minutes, five weeks.
pub(super) const MINUTES_MAX: usize = 35 * 1_440;

/// A trace.
pub(super) struct Trace {
    /// The file without its folder.
    pub(super) name: String,
    /// All of it.
    pub(super) total: TokenSums,
    /// Its length.
    pub(super) minutes: usize,
    rows: Rows,
}

/// What its rows are.
enum Rows {
    Calls(CallRows),
    Means(MeanRows),
}

/// What its rows are, to be told.
#[derive(Clone, Copy)]
pub(super) enum Grain {
    /// Calls, one by one.
    Calls,
    /// Means over so many minutes.
    Means {
        /// The length of a row.
        minutes: usize,
        /// The part of the calls whose token counts the means are of, where the file says so.
        token_mean_coverage: Option<f64>,
    },
}

/// Reads a whole trace, or says what is wrong with it.
pub(super) fn read(
    path: &Path,
    book: &PriceBook,
    tariffs: &[Tariff],
    quiet: bool,
) -> Result<Trace, Failure> {
    let mut file = CsvFile::open(path, quiet)?;
    let rows = if file.has("t_ms") {
        Rows::Calls(CallRows::read(&mut file, book, tariffs)?)
    } else if file.has("t_s") {
        Rows::Means(MeanRows::read(&mut file, book, tariffs)?)
    } else {
        let both = "t_ms, input_tokens, cached_input_tokens (optional), output_tokens for calls, or \
                    t_s, requests_per_s, mean_input_tokens, mean_output_tokens for means";
        return Err(file.header("there is no column t_ms or t_s", both));
    };
    let traffic = rows.traffic(0);
    let buckets = traffic.buckets(crate::usage::ContextClass::More);
    let mut total = TokenSums::default();
    for bucket in &buckets {
        total += bucket.total;
    }
    if total.calls <= 0.0 {
        return Err(file.failure("there are no calls in it"));
    }
    let name = path.file_name().unwrap_or(path.as_os_str());
    Ok(Trace {
        name: name.to_string_lossy().into_owned(),
        total,
        minutes: traffic.minutes(),
        rows,
    })
}

impl Rows {
    fn traffic(&self, tariff: usize) -> Traffic {
        match self {
            Self::Calls(calls) => calls.traffic(tariff),
            Self::Means(means) => means.traffic(tariff),
        }
    }
}

impl Trace {
    /// Its traffic, with the money of one tariff.
    pub(super) fn traffic(&self, tariff: usize) -> Traffic {
        self.rows.traffic(tariff)
    }

    /// What its rows are.
    pub(super) const fn grain(&self) -> Grain {
        match &self.rows {
            Rows::Calls(_) => Grain::Calls,
            Rows::Means(means) => Grain::Means {
                minutes: means.row_minutes,
                token_mean_coverage: means.token_mean_coverage,
            },
        }
    }

    /// What its calls cost at a tariff, to the picodollar; not known of means.
    pub(super) fn exact(&self, tariff: usize) -> Option<Pico> {
        match &self.rows {
            Rows::Calls(calls) => calls.exact.get(tariff).copied(),
            Rows::Means(_) => None,
        }
    }

    /// Calls a day.
    pub(super) fn calls_per_day(&self) -> f64 {
        self.total.calls / minutes(self.minutes) * 1_440.0
    }

    /// How many times the traffic was asked for.
    pub(super) fn scale(&self, scale: Option<f64>, calls_per_day: Option<f64>) -> f64 {
        let by_calls = calls_per_day.map(|calls| calls / self.calls_per_day());
        scale.or(by_calls).unwrap_or(1.0)
    }
}

/// A number of minutes as a real number.
pub(super) fn minutes(minutes: usize) -> f64 {
    real(u128::try_from(minutes).unwrap_or(u128::MAX))
}

/// Minutes by class.
pub(super) type ByClass<T> = BTreeMap<crate::usage::ContextClass, T>;
