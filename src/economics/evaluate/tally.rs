#![expect(
    clippy::float_arithmetic,
    reason = "loads and projected costs are estimates"
)]
//! What constant fleets of every whole size leave on the API, from one count of the buckets by the
//! size that each asks for: one look at each bucket, where a [`LoadCurve`] has to sort them.
//!
//! [`LoadCurve`]: crate::economics::curve::LoadCurve

use crate::economics::curve::SLACK;
use crate::economics::replicas::rounded_up;

/// Larger fleets than this, in replicas, are not counted size by size.
const SIZES_MAX: u32 = 100_000;

/// By size of the fleet from 0 on: what of the API cost is not below its capacity.
pub(super) struct Tally {
    /// What a replica serves, in the unit of what is asked for.
    a_replica: f64,
    /// API cost of the buckets that ask for more than so many replicas.
    usd: Vec<f64>,
    /// The same over what they ask for.
    usd_per_asked: Vec<f64>,
}

impl Tally {
    /// For fleets of up to `most` replicas; `None` if these are too many sizes to count.
    pub(super) fn new(asked: &[f64], usd: &[f64], a_replica: f64, most: u32) -> Option<Self> {
        let sizes = usize::try_from(most.min(SIZES_MAX)).ok()?.checked_add(2)?;
        if most > SIZES_MAX {
            return None;
        }
        // By the least size that is enough; the last place is of those for which none is.
        let mut counted = vec![(0.0, 0.0); sizes];
        let last = sizes.saturating_sub(1);
        // As in `is_short`, so that rounding does not make a bucket short.
        let enough = 1.0 / (a_replica * (1.0 + SLACK));
        for (asked, usd) in asked.iter().zip(usd) {
            let size = usize::try_from(rounded_up(asked * enough)).unwrap_or(last);
            if let Some((all, per_asked)) = counted.get_mut(size.min(last))
                && size > 0
            {
                *all += usd;
                *per_asked += usd / asked;
            }
        }
        // Of size k: everything that k is not enough for.
        let mut above = (0.0, 0.0);
        let mut tally = Self {
            a_replica,
            usd: Vec::with_capacity(sizes),
            usd_per_asked: Vec::with_capacity(sizes),
        };
        for (usd, per_asked) in counted.into_iter().rev() {
            tally.usd.push(above.0);
            tally.usd_per_asked.push(above.1);
            above = (above.0 + usd, above.1 + per_asked);
        }
        tally.usd.reverse();
        tally.usd_per_asked.reverse();
        Some(tally)
    }

    /// API cost of what so many replicas could not have served.
    pub(super) fn overflow_usd(&self, replicas: u32) -> f64 {
        let at = |sums: &[f64]| {
            let size = usize::try_from(replicas).ok();
            size.and_then(|size| sums.get(size)).copied().unwrap_or(0.0)
        };
        at(&self.usd) - f64::from(replicas) * self.a_replica * at(&self.usd_per_asked)
    }
}
