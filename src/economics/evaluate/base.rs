//! The cheapest constant base, found in as many looks as its number has digits in binary.

/// The first number from `least` to `most` after which one more replica no longer costs less; `most`
/// if every one does, `least` if there is none between.
///
/// The cost is convex in the base while a hosted call is cheaper than its API call, and otherwise
/// never falls: beyond the first replica that does not pay none does, so halving finds what a walk
/// from `least` would.
pub(super) fn cheapest(least: u32, most: u32, cost_usd: impl Fn(u32) -> f64) -> u32 {
    let (mut pays, mut most) = (least, most.max(least));
    while pays < most {
        let middle = pays.midpoint(most);
        let next = middle.saturating_add(1);
        if cost_usd(next) < cost_usd(middle) {
            pays = next;
        } else {
            most = middle;
        }
    }
    pays
}

#[cfg(test)]
#[expect(clippy::float_arithmetic, reason = "made costs of a base")]
mod tests {
    use std::cell::Cell;

    use super::cheapest;

    /// From the least on, one by one, until one costs more.
    fn walked(least: u32, most: u32, cost_usd: impl Fn(u32) -> f64) -> u32 {
        let mut best = least;
        for next in least.saturating_add(1)..=most {
            if cost_usd(next) > cost_usd(best) {
                break;
            }
            if cost_usd(next) < cost_usd(best) {
                best = next;
            }
        }
        best
    }

    #[test]
    fn a_base_of_a_billion_replicas_is_found_in_a_few_looks() {
        let looks = Cell::new(0);
        let cost = |base: u32| {
            looks.set(looks.get() + 1);
            (f64::from(base) - 987_654_321.0).abs()
        };
        assert_eq!(cheapest(2, u32::MAX, cost), 987_654_321);
        assert!(looks.get() <= 64, "{}", looks.get());
    }

    #[test]
    fn the_base_is_within_its_limits() {
        assert_eq!(cheapest(3, 9, |base| -f64::from(base)), 9);
        assert_eq!(cheapest(3, 9, f64::from), 3);
        assert_eq!(cheapest(3, 1, |base| -f64::from(base)), 3);
        // Of equals the smallest.
        assert_eq!(
            cheapest(3, 9, |base| f64::from(5_u32.saturating_sub(base))),
            5
        );
    }

    proptest::proptest! {
        /// Replicas at a price against the overflow of minutes at a dollar a load. The numbers are
        /// quarters, so that equal costs are equal.
        #[test]
        fn halving_finds_what_a_walk_finds(
            loads in proptest::collection::vec(0_u32..200, 0..20),
            price in 0_u32..40,
            (least, most) in (0_u32..5, 0_u32..60),
            dearer in proptest::bool::ANY,
        ) {
            let price = f64::from(price) / 4.0;
            let overflow = |base: u32| {
                let left = loads.iter().map(|load| load.saturating_sub(4 * base));
                f64::from(left.sum::<u32>()) / 4.0
            };
            let sign = if dearer { -1.0 } else { 1.0 };
            // A hosted call that is dearer than its API call: less overflow costs more.
            let cost = |base: u32| price * f64::from(base) + sign * overflow(base);
            proptest::prop_assert_eq!(cheapest(least, most, cost), walked(least, most, cost));
        }
    }
}
