//! Observed minutes as columns: every plan reads some of them, many times over.

use std::ops::Range;

use super::loads::Bucket;
use crate::economics::work::TokenSums;

/// One thing for each of the sums that work is made of: see [`TokenSums`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PerSum<T> {
    /// Calls.
    pub calls: T,
    /// Input tokens that were not read from a cache.
    pub uncached_input: T,
    /// Input tokens read from a cache.
    pub cached_input: T,
    /// Output tokens.
    pub output: T,
    /// Output × all input of the same call.
    pub output_by_input: T,
    /// Output².
    pub output_squared: T,
}

impl<T> PerSum<T> {
    /// All six.
    pub fn columns_mut(&mut self) -> [&mut T; 6] {
        [
            &mut self.calls,
            &mut self.uncached_input,
            &mut self.cached_input,
            &mut self.output,
            &mut self.output_by_input,
            &mut self.output_squared,
        ]
    }

    /// What `of` makes of each.
    #[must_use]
    pub fn map<'s, U>(&'s self, of: impl Fn(&'s T) -> U) -> PerSum<U> {
        PerSum {
            calls: of(&self.calls),
            uncached_input: of(&self.uncached_input),
            cached_input: of(&self.cached_input),
            output: of(&self.output),
            output_by_input: of(&self.output_by_input),
            output_squared: of(&self.output_squared),
        }
    }
}

/// Minutes of demand, a column for each thing known of them, all of one length.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Columns {
    /// The sums of each minute.
    pub total: PerSum<Vec<f64>>,
    /// Those of its busiest slot.
    pub busiest: PerSum<Vec<f64>>,
    /// What it cost on the API and would not have cost if its calls had gone elsewhere, dollars.
    pub api_usd: Vec<f64>,
    /// What it cost on the API and is paid wherever its calls go, dollars.
    pub committed_usd: Vec<f64>,
    /// Seconds that its calls took together.
    pub duration_seconds: Vec<f64>,
}

impl FromIterator<Bucket> for Columns {
    fn from_iter<I: IntoIterator<Item = Bucket>>(buckets: I) -> Self {
        let mut columns = Self::default();
        for bucket in buckets {
            columns.push(&bucket);
        }
        columns
    }
}

impl PerSum<Vec<f64>> {
    fn push(&mut self, sums: &TokenSums) {
        self.calls.push(sums.calls);
        self.uncached_input.push(sums.uncached_input);
        self.cached_input.push(sums.cached_input);
        self.output.push(sums.output);
        self.output_by_input.push(sums.output_by_input);
        self.output_squared.push(sums.output_squared);
    }
}

impl Columns {
    /// Adds a minute after the others.
    pub fn push(&mut self, bucket: &Bucket) {
        let Bucket {
            total,
            busiest,
            api_usd,
            committed_usd,
            duration_seconds,
        } = bucket;
        self.total.push(total);
        self.busiest.push(busiest);
        self.api_usd.push(*api_usd);
        self.committed_usd.push(*committed_usd);
        self.duration_seconds.push(*duration_seconds);
    }

    /// All of the minutes.
    #[must_use]
    pub fn all(&self) -> Minutes<'_> {
        Minutes {
            total: self.total.map(Vec::as_slice),
            busiest: self.busiest.map(Vec::as_slice),
            api_usd: &self.api_usd,
            committed_usd: &self.committed_usd,
            duration_seconds: &self.duration_seconds,
        }
    }
}

/// Some observed minutes, in order.
#[derive(Clone, Copy, Debug, Default)]
pub struct Minutes<'a> {
    /// See [`Columns::total`].
    pub total: PerSum<&'a [f64]>,
    /// See [`Columns::busiest`].
    pub busiest: PerSum<&'a [f64]>,
    /// See [`Columns::api_usd`].
    pub api_usd: &'a [f64],
    /// See [`Columns::committed_usd`].
    pub committed_usd: &'a [f64],
    /// See [`Columns::duration_seconds`].
    pub duration_seconds: &'a [f64],
}

impl<'a> Minutes<'a> {
    /// How many they are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.api_usd.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.api_usd.is_empty()
    }

    /// A part of them, by their places.
    #[must_use]
    pub fn part(&self, places: &Range<usize>) -> Self {
        let part = |column: &&'a [f64]| column.get(places.clone()).unwrap_or_default();
        Self {
            total: self.total.map(part),
            busiest: self.busiest.map(part),
            api_usd: part(&self.api_usd),
            committed_usd: part(&self.committed_usd),
            duration_seconds: part(&self.duration_seconds),
        }
    }

    /// The sums of all of them.
    #[must_use]
    pub fn sums(&self) -> TokenSums {
        let sums = self.total.map(|column| column.iter().sum());
        TokenSums {
            calls: sums.calls,
            uncached_input: sums.uncached_input,
            cached_input: sums.cached_input,
            output: sums.output,
            output_by_input: sums.output_by_input,
            output_squared: sums.output_squared,
        }
    }
}

impl PerSum<&[f64]> {
    /// The sums minute by minute.
    pub(super) fn each(&self) -> impl Iterator<Item = TokenSums> {
        let inputs = self.uncached_input.iter().zip(self.cached_input);
        let products = self.output_by_input.iter().zip(self.output_squared);
        let all = self.calls.iter().zip(inputs).zip(self.output).zip(products);
        all.map(|(((calls, input), output), product)| TokenSums {
            calls: *calls,
            uncached_input: *input.0,
            cached_input: *input.1,
            output: *output,
            output_by_input: *product.0,
            output_squared: *product.1,
        })
    }
}
