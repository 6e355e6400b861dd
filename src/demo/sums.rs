//! Made calls and sums over them: exact, additive, split without a remainder.

use std::ops::{AddAssign, Range};

use crate::money::Pico;

/// One call of the past, to be priced. All calls of a stream and size are equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MadeCall {
    /// The upstream it went to: `openai` or `anthropic`.
    pub upstream: &'static str,
    /// The model as clients name it.
    pub model_requested: &'static str,
    /// The model as the provider names it.
    pub model: &'static str,
    /// What a host would have to be able to do.
    pub capability: &'static str,
    /// Everything read, the cache included.
    pub input: u64,
    /// Part of the input found in the provider's cache.
    pub cached: u64,
    /// Everything written.
    pub output: u64,
    /// From the request to the end.
    pub duration_ms: u64,
}

/// Sums over calls; additive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// How many calls.
    pub calls: u64,
    /// Everything read, the cache included.
    pub input: u64,
    /// Part of the input found in the cache.
    pub cached: u64,
    /// Everything written.
    pub output: u64,
    /// Σ output × input, the cache included.
    pub output_by_input: u128,
    /// Σ output².
    pub output_squared: u128,
    /// Σ duration.
    pub duration_ms: u64,
    /// Cost of the calls that have a price.
    pub cost_usd: Pico,
    /// Calls that have none.
    pub unpriced_calls: u64,
    /// Tokens of these.
    pub unpriced_tokens: u64,
}

impl AddAssign for Sums {
    fn add_assign(&mut self, other: Self) {
        let Self {
            calls,
            input,
            cached,
            output,
            ..
        } = other;
        self.calls += calls;
        self.input += input;
        self.cached += cached;
        self.output += output;
        self.output_by_input += other.output_by_input;
        self.output_squared += other.output_squared;
        self.duration_ms += other.duration_ms;
        self.cost_usd += other.cost_usd;
        self.unpriced_calls += other.unpriced_calls;
        self.unpriced_tokens += other.unpriced_tokens;
    }
}

impl MadeCall {
    /// So many of this call.
    pub(super) fn times(&self, cost: Option<Pico>, count: u64) -> Sums {
        let unpriced = if cost.is_none() { count } else { 0 };
        let wide = |a: u64, b: u64| u128::from(a) * u128::from(b) * u128::from(count);
        Sums {
            calls: count,
            input: self.input * count,
            cached: self.cached * count,
            output: self.output * count,
            output_by_input: wide(self.output, self.input),
            output_squared: wide(self.output, self.output),
            duration_ms: self.duration_ms * count,
            cost_usd: Pico(cost.unwrap_or_default().0.saturating_mul(i128::from(count))),
            unpriced_calls: unpriced,
            unpriced_tokens: (self.input + self.output) * unpriced,
        }
    }
}

/// The part of `n` that falls to weights `part` of `total`. Parts that tile `0..total` sum to `n`
/// whatever the phase; the phase moves the places at which a remainder shows.
pub(super) fn share(n: u64, part: Range<u32>, total: u32, phase: u64) -> u64 {
    let total = u64::from(total.max(1));
    let phase = phase * total / 8;
    let upto = |weight: u32| (n * u64::from(weight) + phase) / total;
    upto(part.end) - upto(part.start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_sum_to_the_whole_whatever_the_phase() {
        for (n, phase) in [(0, 0), (1, 3), (7, 7), (1_000_003, 5)] {
            let parts = (0..13).map(|part| share(n, part..part + 1, 13, phase));
            assert_eq!(parts.sum::<u64>(), n);
        }
        // Three calls in four places: which place stays empty depends on the phase.
        let empty = |phase| (0..4).position(|part| share(3, part..part + 1, 4, phase) == 0);
        assert_eq!(
            [0, 2, 4, 6].map(empty),
            [Some(0), Some(1), Some(2), Some(3)]
        );
    }
}
