//! Chance from a seed: every size, pause and accident of the demo is thrown here.
#![expect(
    clippy::float_arithmetic,
    reason = "sizes and pauses of made traffic are drawn; no money is computed"
)]

use std::ops::RangeInclusive;
use std::time::Duration;

/// A seeded source of chance.
#[derive(Clone, Debug)]
pub(super) struct Dice(fastrand::Rng);

/// How widely a size scatters: the shape of a log-normal.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    /// Half of all throws are below.
    pub(super) median: u32,
    /// The standard deviation of the logarithm.
    pub(super) sigma: f64,
    /// No throw leaves this range.
    pub(super) min: u32,
    /// No throw leaves this range.
    pub(super) max: u32,
}

impl Dice {
    /// The `n`-th dice of a seed: equal in every run, and unlike its neighbours.
    pub(super) fn new(seed: u64, n: u64) -> Self {
        // The odd constant of splitmix64 spreads neighbouring `n` over the whole range.
        Self(fastrand::Rng::with_seed(
            seed ^ n.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15),
        ))
    }

    /// True in `per_mille` of a thousand throws.
    pub(super) fn chance(&mut self, per_mille: u32) -> bool {
        self.0.u32(0..1000) < per_mille
    }

    /// Any of the range, all equally likely.
    pub(super) fn between(&mut self, range: RangeInclusive<u64>) -> u64 {
        self.0.u64(range)
    }

    /// A pause within the range.
    pub(super) fn pause(&mut self, millis: RangeInclusive<u64>) -> Duration {
        Duration::from_millis(self.between(millis))
    }

    /// A size that is often small and sometimes large, as lengths of texts are.
    pub(super) fn size(&mut self, size: Size) -> u32 {
        // The sum of twelve uniform throws is a normal one, near enough and without a library.
        let normal: f64 = (0..12).map(|_| self.0.f64()).sum::<f64>() - 6.0;
        let drawn = f64::from(size.median) * (size.sigma * normal).exp();
        whole(drawn).clamp(size.min, size.max)
    }

    /// The wait until the next of many independent arrivals.
    pub(super) fn wait(&mut self, mean: Duration) -> Duration {
        mean.mul_f64(-(1.0 - self.0.f64()).ln())
    }

    /// One of the weighted things; the last one if the weights are all zero.
    pub(super) fn pick<'a, T>(
        &mut self,
        things: &'a [T],
        weight: impl Fn(&T) -> u32,
    ) -> Option<&'a T> {
        let total: u32 = things.iter().map(&weight).sum();
        let mut left = self.0.u32(0..total.max(1));
        let chosen = things.iter().find(|thing| {
            let weight = weight(thing);
            let hit = left < weight;
            left = left.saturating_sub(weight);
            hit
        });
        chosen.or(things.last())
    }

    /// `length` characters of an id.
    pub(super) fn id(&mut self, length: usize) -> String {
        (0..length).map(|_| self.0.alphanumeric()).collect()
    }

    /// `length` hexadecimal characters.
    pub(super) fn hex(&mut self, length: usize) -> String {
        (0..length).map(|_| self.0.digit(16)).collect()
    }
}

/// The nearest whole number; what does not fit is the nearest end.
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` saturates, and a drawn size is bounded right after"
)]
fn whole(value: f64) -> u32 {
    value.round() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: Size = Size {
        median: 500,
        sigma: 0.9,
        min: 20,
        max: 9_000,
    };

    #[test]
    fn a_seed_is_the_same_story_each_time_and_neighbours_are_others() {
        let story = |seed, n| {
            let mut dice = Dice::new(seed, n);
            (dice.size(SIZE), dice.between(0..=1_000_000), dice.id(8))
        };
        assert_eq!(story(7, 3), story(7, 3));
        assert_ne!(story(7, 3), story(7, 4));
        assert_ne!(story(7, 3), story(8, 3));
    }

    #[test]
    fn sizes_scatter_around_their_median_and_keep_their_bounds() {
        let mut sizes: Vec<u32> = (0..4_000).map(|n| Dice::new(1, n).size(SIZE)).collect();
        sizes.sort_unstable();
        let median = sizes[2_000];
        assert!((450..=550).contains(&median), "{median}");
        assert!(sizes[0] >= 20 && sizes[3_999] <= 9_000);
        // A long tail: the largest hundredth is several times the median.
        assert!(sizes[3_960] > 3 * median, "{}", sizes[3_960]);
    }

    #[test]
    fn weights_are_kept_and_zero_is_never_drawn() {
        let weights = [8, 0, 2];
        let mut dice = Dice::new(1, 1);
        let hits = |wanted: u32, dice: &mut Dice| {
            (0..1_000)
                .filter(|_| dice.pick(&weights, |w| *w) == Some(&wanted))
                .count()
        };
        assert!((750..850).contains(&hits(8, &mut dice)));
        assert_eq!(hits(0, &mut dice), 0);
    }
}
