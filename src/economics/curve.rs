#![expect(
    clippy::float_arithmetic,
    reason = "loads and projected costs are estimates"
)]
//! A window's buckets ordered by what they ask for, with running sums: what a constant fleet of any size would
//! have served, in a few steps instead of one pass over the window per size.

use std::cell::RefCell;
use std::rc::Rc;

use super::replicas::Burst;

/// Relative slack before a bucket counts as short, so that rounding does not make one so.
pub(super) const SLACK: f64 = 1e-9;

/// One bucket, and how much of a fleet it asks for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    /// A fleet of less capacity is short: the load, or more where a burst may not wait. It grows with
    /// the volume, as the load does.
    pub(super) capacity: f64,
    /// The load.
    pub(super) load: f64,
    /// The API cost, dollars.
    pub(super) usd: f64,
}

/// Buckets from the heaviest to the lightest, with the sums of all that are heavier.
#[derive(Clone, Debug)]
pub(super) struct LoadCurve {
    asked: Vec<f64>,
    /// Entry k: API cost of the k heaviest buckets.
    api_usd: Vec<f64>,
    /// Entry k: API cost over what is asked for, of the k heaviest buckets.
    usd_per_asked: Vec<f64>,
    /// Entry k: load of the k heaviest buckets.
    load: Vec<f64>,
    /// Entry k: load over what is asked for, of the k heaviest buckets.
    load_per_asked: Vec<f64>,
}

/// Whether a bucket asks for more than `capacity`.
pub(super) fn is_short(asked: f64, capacity: f64) -> bool {
    asked > capacity * (1.0 + SLACK)
}

/// The part of a bucket that stays on the API: 1 - capacity/asked, or nothing.
pub(super) fn overflow_share(asked: f64, capacity: f64) -> f64 {
    if is_short(asked, capacity) {
        1.0 - capacity / asked
    } else {
        0.0
    }
}

impl LoadCurve {
    pub(super) fn new(mut buckets: Vec<Asked>) -> Self {
        buckets.sort_unstable_by(|x, y| y.capacity.total_cmp(&x.capacity));
        let each = |part: f64, asked: f64| if asked > 0.0 { part / asked } else { 0.0 };
        let running = |value: &dyn Fn(&Asked) -> f64| {
            let sums = buckets.iter().scan(0.0, |sum, bucket| {
                *sum += value(bucket);
                Some(*sum)
            });
            std::iter::once(0.0).chain(sums).collect()
        };
        Self {
            api_usd: running(&|bucket| bucket.usd),
            usd_per_asked: running(&|bucket| each(bucket.usd, bucket.capacity)),
            load: running(&|bucket| bucket.load),
            load_per_asked: running(&|bucket| each(bucket.load, bucket.capacity)),
            asked: buckets.iter().map(|bucket| bucket.capacity).collect(),
        }
    }

    /// What a part of the buckets do not ask for more than, by nearest rank; 0 of no buckets.
    pub(super) fn asked_at(&self, quantile: f64) -> f64 {
        let rank = super::evaluate::rank_of(quantile, self.asked.len());
        // Ranks count from the lightest, the curve begins with the heaviest.
        let heavier = self.asked.len().saturating_sub(rank.saturating_add(1));
        self.asked.get(heavier).copied().unwrap_or_default()
    }

    /// How many buckets ask for more than `capacity`.
    pub(super) fn short(&self, capacity: f64) -> usize {
        self.asked
            .partition_point(|asked| is_short(*asked, capacity))
    }

    /// API cost of what a fleet of `capacity` could not have served.
    pub(super) fn overflow_usd(&self, capacity: f64) -> f64 {
        let short = self.short(capacity);
        at(&self.api_usd, short) - capacity * at(&self.usd_per_asked, short)
    }

    /// The load such a fleet would have served, summed over the buckets.
    pub(super) fn served_load(&self, capacity: f64) -> f64 {
        let short = self.short(capacity);
        let below = at(&self.load, self.asked.len()) - at(&self.load, short);
        below + capacity * at(&self.load_per_asked, short)
    }
}

/// An entry of a running sum; the sums have one more entry than there are buckets.
fn at(sums: &[f64], buckets: usize) -> f64 {
    sums.get(buckets).copied().unwrap_or_default()
}

/// What decides how much a bucket asks for: the utilisation and the burst bound, if there is one.
type Bound = Option<(f64, Burst)>;

/// The curves of a window, made when they are first asked for.
#[derive(Debug, Default)]
pub(super) struct Curves(RefCell<Vec<(Bound, Rc<LoadCurve>)>>);

impl Curves {
    /// The curve for a bound, if it is known.
    pub(super) fn known(&self, bound: Bound) -> Option<Rc<LoadCurve>> {
        let curves = self.0.borrow();
        let found = curves.iter().find(|(known, _)| *known == bound);
        found.map(|(_, curve)| Rc::clone(curve))
    }

    /// The curve for a bound.
    pub(super) fn of(&self, bound: Bound, buckets: impl FnOnce() -> Vec<Asked>) -> Rc<LoadCurve> {
        self.known(bound).unwrap_or_else(|| {
            let curve = Rc::new(LoadCurve::new(buckets()));
            self.0.borrow_mut().push((bound, Rc::clone(&curve)));
            curve
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_the_nearest_rank() {
        let asked = |load| Asked {
            capacity: load,
            load,
            usd: load,
        };
        let curve = LoadCurve::new((1..=10).map(f64::from).map(asked).collect());
        for (quantile, load) in [
            (1.0, 10.0),
            (0.95, 10.0),
            (0.9, 9.0),
            (0.5, 5.0),
            (0.01, 1.0),
        ] {
            assert!(
                (curve.asked_at(quantile) - load).abs() < 1e-12,
                "{quantile}"
            );
        }
        assert!(LoadCurve::new(vec![]).asked_at(1.0).abs() < 1e-12);
    }

    proptest::proptest! {
        #[test]
        fn the_curve_says_what_a_pass_over_the_buckets_says(
            buckets in proptest::collection::vec((0.0_f64..9.0, 0.0_f64..9.0, 0.0_f64..100.0), 0..60),
            capacity in 0.0_f64..10.0,
        ) {
            let asked = |(load, more, usd): (f64, f64, f64)| Asked { capacity: load.max(more), load, usd };
            let buckets: Vec<Asked> = buckets.into_iter().map(asked).collect();
            let curve = LoadCurve::new(buckets.clone());
            let stays = |bucket: &Asked| overflow_share(bucket.capacity, capacity);
            let overflow: f64 = buckets.iter().map(|bucket| bucket.usd * stays(bucket)).sum();
            let served: f64 = buckets.iter().map(|bucket| bucket.load * (1.0 - stays(bucket))).sum();
            proptest::prop_assert!((curve.overflow_usd(capacity) - overflow).abs() < 1e-6);
            proptest::prop_assert!((curve.served_load(capacity) - served).abs() < 1e-6);
            let short = buckets.iter().filter(|bucket| is_short(bucket.capacity, capacity)).count();
            proptest::prop_assert_eq!(curve.short(capacity), short);
        }
    }
}
