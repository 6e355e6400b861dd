//! Histograms of whole numbers: milliseconds, microseconds and tokens are counted exactly and
//! become base units only when they are written out.

use std::sync::atomic::{AtomicU64, Ordering};

/// The bounds of a kind of histogram, in the unit it is observed in.
#[derive(Debug)]
pub(super) struct Buckets {
    /// Upper bounds, inclusive, ascending; the last bucket has none.
    pub(super) bounds: &'static [u64],
    /// How many observed units make one unit of the metric's name.
    pub(super) per_unit: u64,
}

/// Milliseconds of a whole call.
pub(super) const DURATION_MS: Buckets = Buckets {
    bounds: &[
        50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000, 120_000, 300_000,
    ],
    per_unit: 1000,
};

/// Milliseconds to the first token.
pub(super) const TTFT_MS: Buckets = Buckets {
    bounds: &[50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000],
    per_unit: 1000,
};

/// Microseconds for each output token after the first.
pub(super) const TPOT_US: Buckets = Buckets {
    bounds: &[
        1000, 2500, 5000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000,
    ],
    per_unit: 1_000_000,
};

/// Microseconds of our own.
pub(super) const OVERHEAD_US: Buckets = Buckets {
    bounds: &[
        100, 250, 500, 1000, 2500, 5000, 10_000, 25_000, 50_000, 100_000,
    ],
    per_unit: 1_000_000,
};

/// Microseconds of a flush to disk.
pub(super) const FLUSH_US: Buckets = Buckets {
    bounds: &[
        1000, 2500, 5000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000, 5_000_000,
    ],
    per_unit: 1_000_000,
};

/// Tokens of one side of one call: powers of four.
pub(super) const TOKENS: Buckets = Buckets {
    bounds: &[
        1, 4, 16, 64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576,
    ],
    per_unit: 1,
};

/// Observations of one series.
#[derive(Clone, Debug)]
pub(super) struct Histogram {
    /// What the counts mean.
    pub(super) buckets: &'static Buckets,
    /// Observations in each bucket alone, without those below; one longer than the bounds.
    counts: Vec<u64>,
    /// The sum of what was observed, in its own unit.
    pub(super) sum: u64,
}

impl Histogram {
    /// No observations yet: every bucket is shown as 0.
    pub(super) fn new(buckets: &'static Buckets) -> Self {
        let counts = vec![0; buckets.bounds.len().saturating_add(1)];
        Self {
            buckets,
            counts,
            sum: 0,
        }
    }

    /// Adds one observation.
    pub(super) fn observe(&mut self, value: u64) {
        let bucket = self.buckets.bounds.partition_point(|bound| *bound < value);
        if let Some(count) = self.counts.get_mut(bucket) {
            *count = count.saturating_add(1);
        }
        self.sum = self.sum.saturating_add(value);
    }

    /// Each bound with the observations at or below it.
    pub(super) fn cumulative(&self) -> impl Iterator<Item = (u64, u64)> {
        let running = self.counts.iter().scan(0_u64, |sum, count| {
            *sum = sum.saturating_add(*count);
            Some(*sum)
        });
        self.buckets.bounds.iter().copied().zip(running)
    }

    /// All observations.
    pub(super) fn count(&self) -> u64 {
        self.counts.iter().sum()
    }
}

/// A histogram that a call's own path observes in: no lock.
#[derive(Debug)]
pub(super) struct SharedHistogram {
    buckets: &'static Buckets,
    counts: Vec<AtomicU64>,
    sum: AtomicU64,
}

impl SharedHistogram {
    pub(super) fn new(buckets: &'static Buckets) -> Self {
        let counts = std::iter::repeat_with(AtomicU64::default);
        Self {
            buckets,
            counts: counts
                .take(buckets.bounds.len().saturating_add(1))
                .collect(),
            sum: AtomicU64::default(),
        }
    }

    /// Adds one observation.
    pub(super) fn observe(&self, value: u64) {
        let bucket = self.buckets.bounds.partition_point(|bound| *bound < value);
        if let Some(count) = self.counts.get(bucket) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        self.sum.fetch_add(value, Ordering::Relaxed);
    }

    /// What it holds at this moment.
    pub(super) fn seen(&self) -> Histogram {
        let counts = self.counts.iter();
        Histogram {
            buckets: self.buckets,
            counts: counts.map(|count| count.load(Ordering::Relaxed)).collect(),
            sum: self.sum.load(Ordering::Relaxed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_observation_on_a_bound_is_inside_its_bucket() {
        let mut sizes = Histogram::new(&TOKENS);
        for tokens in [0, 1, 2, 4, 5, 2_000_000] {
            sizes.observe(tokens);
        }
        let first: Vec<(u64, u64)> = sizes.cumulative().take(3).collect();
        assert_eq!(first, [(1, 2), (4, 4), (16, 5)]);
        assert_eq!(sizes.cumulative().last(), Some((1_048_576, 5)));
        assert_eq!((sizes.count(), sizes.sum), (6, 2_000_012));
    }

    #[test]
    fn bounds_ascend() {
        for buckets in [
            &DURATION_MS,
            &TTFT_MS,
            &TPOT_US,
            &OVERHEAD_US,
            &FLUSH_US,
            &TOKENS,
        ] {
            assert!(buckets.bounds.is_sorted_by(|a, b| a < b));
        }
    }
}
