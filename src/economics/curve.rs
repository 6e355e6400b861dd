#![expect(
    clippy::float_arithmetic,
    reason = "loads and projected costs are estimates"
)]
//! A window's buckets ordered by load, with running sums: what a constant fleet of any size would
//! have served, in a few steps instead of one pass over the window per size.

/// Relative slack before a bucket counts as short, so that rounding does not make one so.
const SLACK: f64 = 1e-9;

/// Buckets from the heaviest to the lightest, with the sums of all that are heavier.
#[derive(Clone, Debug)]
pub(super) struct LoadCurve {
    loads: Vec<f64>,
    /// Entry k: API cost of the k heaviest buckets.
    api_usd: Vec<f64>,
    /// Entry k: API cost over load of the k heaviest buckets.
    usd_per_load: Vec<f64>,
    /// Entry k: load of the k heaviest buckets.
    load: Vec<f64>,
}

/// Whether a bucket asks for more than `capacity`.
pub(super) fn is_short(load: f64, capacity: f64) -> bool {
    load > capacity * (1.0 + SLACK)
}

/// The part of a bucket that stays on the API: 1 - capacity/load, or nothing.
pub(super) fn overflow_share(load: f64, capacity: f64) -> f64 {
    if is_short(load, capacity) {
        1.0 - capacity / load
    } else {
        0.0
    }
}

impl LoadCurve {
    pub(super) fn new(loads: &[f64], api_usd: &[f64]) -> Self {
        let mut buckets: Vec<(f64, f64)> =
            loads.iter().copied().zip(api_usd.iter().copied()).collect();
        buckets.sort_unstable_by(|x, y| y.0.total_cmp(&x.0));
        let running = |value: fn(&(f64, f64)) -> f64| {
            let sums = buckets.iter().scan(0.0, |sum, bucket| {
                *sum += value(bucket);
                Some(*sum)
            });
            std::iter::once(0.0).chain(sums).collect()
        };
        Self {
            api_usd: running(|(_, usd)| *usd),
            usd_per_load: running(|(load, usd)| if *load > 0.0 { usd / load } else { 0.0 }),
            load: running(|(load, _)| *load),
            loads: buckets.into_iter().map(|(load, _)| load).collect(),
        }
    }

    /// The load that a part of the buckets do not exceed, by nearest rank; 0 of no buckets.
    pub(super) fn load_at(&self, quantile: f64) -> f64 {
        let rank = super::evaluate::rank_of(quantile, self.loads.len());
        // Ranks count from the lightest, the curve begins with the heaviest.
        let heavier = self.loads.len().saturating_sub(rank.saturating_add(1));
        self.loads.get(heavier).copied().unwrap_or_default()
    }

    /// How many buckets ask for more than `capacity`.
    pub(super) fn short(&self, capacity: f64) -> usize {
        self.loads.partition_point(|load| is_short(*load, capacity))
    }

    /// API cost of what a fleet of `capacity` could not have served.
    pub(super) fn overflow_usd(&self, capacity: f64) -> f64 {
        let short = self.short(capacity);
        at(&self.api_usd, short) - capacity * at(&self.usd_per_load, short)
    }

    /// The load such a fleet would have served, summed over the buckets.
    pub(super) fn served_load(&self, capacity: f64) -> f64 {
        let short = self.short(capacity);
        let below = at(&self.load, self.loads.len()) - at(&self.load, short);
        below + capacity * super::work::real(u128::try_from(short).unwrap_or(u128::MAX))
    }
}

/// An entry of a running sum; the sums have one more entry than there are buckets.
fn at(sums: &[f64], buckets: usize) -> f64 {
    sums.get(buckets).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_the_nearest_rank() {
        let loads: Vec<f64> = (1..=10).map(f64::from).collect();
        let curve = LoadCurve::new(&loads, &loads);
        for (quantile, load) in [
            (1.0, 10.0),
            (0.95, 10.0),
            (0.9, 9.0),
            (0.5, 5.0),
            (0.01, 1.0),
        ] {
            assert!((curve.load_at(quantile) - load).abs() < 1e-12, "{quantile}");
        }
        assert!(LoadCurve::new(&[], &[]).load_at(1.0).abs() < 1e-12);
    }

    proptest::proptest! {
        #[test]
        fn the_curve_says_what_a_pass_over_the_buckets_says(
            buckets in proptest::collection::vec((0.0_f64..9.0, 0.0_f64..100.0), 0..60),
            capacity in 0.0_f64..10.0,
        ) {
            let (loads, usd): (Vec<f64>, Vec<f64>) = buckets.iter().copied().unzip();
            let curve = LoadCurve::new(&loads, &usd);
            let overflow: f64 = buckets.iter().map(|(l, c)| c * overflow_share(*l, capacity)).sum();
            let served: f64 = loads.iter().map(|load| load.min(capacity)).sum();
            proptest::prop_assert!((curve.overflow_usd(capacity) - overflow).abs() < 1e-6);
            proptest::prop_assert!((curve.served_load(capacity) - served).abs() < 1e-6);
            let short = loads.iter().filter(|load| is_short(**load, capacity)).count();
            proptest::prop_assert_eq!(curve.short(capacity), short);
        }
    }
}
