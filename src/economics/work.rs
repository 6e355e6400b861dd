#![expect(
    clippy::float_arithmetic,
    reason = "work is estimated from fitted coefficients; no money is made here"
)]
//! How long some calls keep one whole replica busy: three coefficients over the eight sums.
//!
//! work = a·(I + (1-κ)·H) + b·O + c·X + d·n with X = O·(I+H) + O²/2, in replica-seconds. It is linear
//! in the sums, so the work of a minute needs no call. Against published throughput tables (13
//! pairs of model and GPU, 7 to 10 shapes each) the mean error is 2 to 9 %; a single figure of
//! tokens a second, the usual calculator input, is off by 14 to 48 %.

use std::ops::{Add, AddAssign, Mul};

use serde::{Deserialize, Serialize};

use super::demand::DemandSums;

/// What one whole replica needs for a token, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Coefficients {
    /// Seconds per input token: the arithmetic of prefill.
    pub a: f64,
    /// Seconds per output token: the arithmetic of decoding.
    pub b: f64,
    /// Seconds per output token and token of context: reading the KV cache, and the weights, because
    /// memory limits the batch.
    pub c: f64,
    /// Seconds per call.
    pub d: f64,
    /// What a limit on the time per output token needs to know; without it no limit can be held.
    pub decode: Option<Decode>,
}

/// The parts of decoding that a limit on the time per output token makes scarce.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decode {
    /// `c` without the memory factor: seconds per output token and token of context.
    pub c0: f64,
    /// Seconds to read all weights once: no token can come faster.
    pub weights_seconds: f64,
}

/// How hosted tokens differ from the metered ones.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conversion {
    /// κ: the part of the work that a cached input token saves when hosted, 0 to 1.
    pub cached_work_saved: f64,
    /// Tokens of the open model per input token of the API model, above 0.
    pub ratio_in: f64,
    /// The same for output tokens.
    pub ratio_out: f64,
}

impl Conversion {
    /// Token for token, and nothing saved by a cache.
    pub const SAME: Self = Self {
        cached_work_saved: 0.0,
        ratio_in: 1.0,
        ratio_out: 1.0,
    };
}

/// The sums of some calls as a projection reads them.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TokenSums {
    /// Calls.
    pub calls: f64,
    /// Input tokens that were not read from a cache.
    pub uncached_input: f64,
    /// Input tokens read from a cache.
    pub cached_input: f64,
    /// Output tokens.
    pub output: f64,
    /// Output × all input of the same call.
    pub output_by_input: f64,
    /// Output².
    pub output_squared: f64,
}

impl TokenSums {
    /// All tokens, in and out.
    #[must_use]
    pub fn tokens(&self) -> f64 {
        self.uncached_input + self.cached_input + self.output
    }
}

impl From<&DemandSums> for TokenSums {
    fn from(sums: &DemandSums) -> Self {
        Self {
            calls: real(sums.calls.into()),
            uncached_input: real(sums.uncached_input.into()),
            cached_input: real(sums.cached_input.into()),
            output: real(sums.output.into()),
            output_by_input: real(sums.output_by_input),
            output_squared: real(sums.output_squared),
        }
    }
}

impl Add for TokenSums {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            calls: self.calls + other.calls,
            uncached_input: self.uncached_input + other.uncached_input,
            cached_input: self.cached_input + other.cached_input,
            output: self.output + other.output,
            output_by_input: self.output_by_input + other.output_by_input,
            output_squared: self.output_squared + other.output_squared,
        }
    }
}

/// The sums of so many times the calls.
impl Mul<f64> for TokenSums {
    type Output = Self;
    fn mul(self, times: f64) -> Self {
        Self {
            calls: self.calls * times,
            uncached_input: self.uncached_input * times,
            cached_input: self.cached_input * times,
            output: self.output * times,
            output_by_input: self.output_by_input * times,
            output_squared: self.output_squared * times,
        }
    }
}

impl AddAssign for TokenSums {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

/// A count as a real number: above 2⁵³ the nearest one.
#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "the one edge from exact counts to estimates"
)]
pub(crate) const fn real(count: u128) -> f64 {
    count as f64
}

/// How much longer decoding takes under a limit on the time per output token.
///
/// φ = 1/(1 - `t_w`/limit): while a token is due every `limit` seconds, `t_w` of them go to reading
/// weights. `None` when the limit is not above `t_w`: no batch, however small, can hold it.
#[must_use]
pub fn latency_factor(decode: Decode, tpot_slo_seconds: f64) -> Option<f64> {
    (tpot_slo_seconds > decode.weights_seconds)
        .then(|| 1.0 / (1.0 - decode.weights_seconds / tpot_slo_seconds))
}

/// Replica-seconds that `sums` need, under a limit on the time per output token if one is given.
///
/// With a limit the decoding part is the larger of b·O + c·X and φ·(b·O + c0·X). `None` when the
/// limit cannot be held, or when nothing is known to hold it by.
#[must_use]
pub fn work(
    coefficients: &Coefficients,
    conversion: &Conversion,
    tpot_slo_seconds: Option<f64>,
    sums: &TokenSums,
) -> Option<f64> {
    Some(Work::of(coefficients, conversion, tpot_slo_seconds)?.seconds(sums))
}

/// [`work`] with everything fixed but the sums: what is asked of many minutes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Work {
    coefficients: Coefficients,
    conversion: Conversion,
    /// φ and c0; both 0 without a limit, which then never binds.
    limited: (f64, f64),
}

impl Work {
    /// `None` when the limit cannot be held, or when nothing is known to hold it by.
    #[must_use]
    pub fn of(
        coefficients: &Coefficients,
        conversion: &Conversion,
        tpot_slo_seconds: Option<f64>,
    ) -> Option<Self> {
        let limited = match tpot_slo_seconds {
            None => (0.0, 0.0),
            Some(limit) => {
                let decode = coefficients.decode?;
                (latency_factor(decode, limit)?, decode.c0)
            }
        };
        Some(Self {
            coefficients: *coefficients,
            conversion: *conversion,
            limited,
        })
    }

    /// Replica-seconds that `sums` need.
    #[must_use]
    #[inline]
    pub fn seconds(&self, sums: &TokenSums) -> f64 {
        let Coefficients { a, b, c, d, .. } = self.coefficients;
        let Conversion {
            cached_work_saved,
            ratio_in,
            ratio_out,
        } = self.conversion;
        let (factor, c0) = self.limited;
        let prefill =
            ratio_in * (sums.uncached_input + (1.0 - cached_work_saved) * sums.cached_input);
        let output = b * ratio_out * sums.output;
        let context = ratio_in * ratio_out * sums.output_by_input
            + ratio_out * ratio_out * sums.output_squared / 2.0;
        let decoding = (output + c * context).max(factor * (output + c0 * context));
        a * prefill + decoding + d * sums.calls
    }
}
