#![expect(
    clippy::float_arithmetic,
    reason = "coefficients are fitted to measurements; no money is made here"
)]
//! The coefficients a, b and c of a machine from what it was measured to do at full load.
//!
//! Fitted by least squares on relative errors, none below 0: Σ(ŵ/w - 1)² over the points, w the
//! seconds a call took of the machine. A point knows nothing of the benchmark it comes from.

mod least_squares;
pub mod run;

use super::assumptions::{Assumptions, Parameter, Range};
use super::plan::ThroughputSource;
use super::work::real;
use least_squares::{Sides, determinant, least};

/// Fewer points than coefficients and one more say nothing of the error.
pub const POINTS_MIN: usize = 4;
/// Below it, of 1, the lengths are too alike: an error of 1 % in a point may be one of 10 % in a
/// coefficient. The published tables have 0.05 to 0.37.
const SPREAD_MIN: f64 = 0.01;
/// Where a fit is off by more for a run it does not know, on average, it says little of this machine.
/// The worst published table is off by 16 %, a mixture of experts.
const LEFT_OUT_MAX: f64 = 0.16;
/// No machine takes longer for a token, seconds.
const SECONDS_MAX: f64 = 1.0;
/// Of which tokens in and out a single figure of tokens a second is usually published.
const USUAL_TOKENS: f64 = 1_000.0;

/// What a machine did at full load, for calls of some length.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    /// Mean input tokens of a call.
    pub input: f64,
    /// Mean output tokens of a call, above 0.
    pub output: f64,
    /// Mean of O·I + O²/2 over the calls: output tokens times the context each was written in.
    pub context: f64,
    /// Seconds of the whole machine a call took: elapsed time over calls, above 0.
    pub seconds: f64,
}

impl Measured {
    /// Calls that are all of one length.
    #[must_use]
    pub fn alike(input: f64, output: f64, seconds: f64) -> Self {
        Self {
            input,
            output,
            context: output * input + output * output / 2.0,
            seconds,
        }
    }

    /// So many calls with so many tokens in all, of which only the mean lengths are known.
    #[must_use]
    pub fn of_totals(calls: u64, input: u64, output: u64, output_per_second: f64) -> Self {
        let mean = |tokens: u64| real(tokens.into()) / real(calls.into());
        let (input, output) = (mean(input), mean(output));
        Self::alike(input, output, output / output_per_second)
    }

    /// The same with the input and output tokens of every call.
    #[must_use]
    pub fn with_lengths(self, lengths: &[(u64, u64)]) -> Self {
        let twice = lengths.iter().map(|(input, output)| {
            let (input, output) = (u128::from(*input), u128::from(*output));
            // Twice O·I + O²/2, to stay whole.
            output.saturating_mul(input.saturating_mul(2).saturating_add(output))
        });
        let twice = real(twice.fold(0, u128::saturating_add));
        let calls = u128::try_from(lengths.len()).unwrap_or(u128::MAX);
        Self {
            context: twice / 2.0 / real(calls.max(1)),
            ..self
        }
    }

    /// Output tokens a second.
    #[must_use]
    pub fn output_per_second(&self) -> f64 {
        self.output / self.seconds
    }

    fn tokens(&self) -> f64 {
        self.input + self.output
    }

    const fn work(&self) -> Sides {
        [self.input, self.output, self.context]
    }
}

/// How far estimates are from what was measured, as parts of it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Errors {
    /// Mean over all points.
    pub mean: f64,
    /// The largest.
    pub largest: f64,
}

impl Errors {
    fn of(deviations: impl Iterator<Item = f64>) -> Self {
        let mut count = 0.0_f64;
        let (mut sum, mut largest) = (0.0_f64, 0.0_f64);
        for deviation in deviations.map(f64::abs) {
            count += 1.0;
            sum += deviation;
            largest = largest.max(deviation);
        }
        Self {
            mean: sum / count.max(1.0),
            largest,
        }
    }
}

/// What was measured, and what the fit makes of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fitted {
    /// As measured.
    pub measured: Measured,
    /// Seconds of the machine a call takes by the fit.
    pub seconds: f64,
    /// The same by a fit that does not know this point.
    pub left_out_seconds: f64,
}

impl Fitted {
    /// The fit against the measurement: 0.1 for 10 % more work.
    #[must_use]
    pub fn deviation(&self) -> f64 {
        self.seconds / self.measured.seconds - 1.0
    }

    /// The same of a fit that does not know this point.
    #[must_use]
    pub fn left_out_deviation(&self) -> f64 {
        self.left_out_seconds / self.measured.seconds - 1.0
    }
}

/// Coefficients, and how well they tell what was measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit {
    /// Seconds per input token.
    pub a: f64,
    /// Seconds per output token.
    pub b: f64,
    /// Seconds per output token and token of context.
    pub c: f64,
    /// Each point.
    pub points: Vec<Fitted>,
    /// Of the fit.
    pub errors: Errors,
    /// Of each point when the fit does not know it.
    pub left_out: Errors,
    /// Tokens a second, in and out, at the length nearest to 1000 in and 1000 out.
    pub single_figure: f64,
    /// Of that figure, at all lengths.
    pub single_figure_errors: Errors,
}

impl Fit {
    /// Whether it is off by more than the worst published one for a run it does not know.
    #[must_use]
    pub fn is_poor(&self) -> bool {
        self.left_out.mean > LEFT_OUT_MAX
    }

    /// The range of the work against the fit, where it is off by more than the default range of a
    /// measurement allows. Only the pessimistic end moves: a bad fit is no reason for a better one.
    #[must_use]
    pub fn work_multiplier(&self) -> Option<Range> {
        let parameter = Parameter::WorkMultiplier;
        let default = Assumptions::defaults(ThroughputSource::Measured, true).range(parameter);
        let (_, most) = parameter.bounds();
        let low = (1.0 + self.left_out.mean).min(most);
        (low > default.low).then_some(Range { low, ..default })
    }
}

/// Why points make no fit.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum Unfit {
    /// Three coefficients and their error need more.
    #[error("{0} of the {POINTS_MIN} points at full load that a fit needs")]
    TooFew(usize),
    /// Several coefficients explain them equally well.
    #[error("the lengths are too alike to tell input, output and context apart")]
    TooAlike,
    /// Nothing, no number, or more than a second a token.
    #[error(
        "no machine is like this: {0}, {1} and {2} seconds a token of input, output and context"
    )]
    NoMachine(f64, f64, f64),
}

/// Fits the coefficients.
///
/// # Errors
/// The points are too few, or too alike, or of no machine there is.
pub fn calibrate(points: &[Measured]) -> Result<Fit, Unfit> {
    if points.len() < POINTS_MIN {
        return Err(Unfit::TooFew(points.len()));
    }
    let work: Vec<Sides> = points.iter().map(relative).collect();
    // Nothing where no call has any input, and not a number where lengths are beyond all measure.
    if !determinant(&work).is_some_and(|spread| spread >= SPREAD_MIN) {
        return Err(Unfit::TooAlike);
    }
    let coefficients = least(&work);
    let [a, b, c] = coefficients;
    let possible = |seconds: &f64| (0.0..=SECONDS_MAX).contains(seconds);
    if !coefficients.iter().all(possible) || a + b + c <= 0.0 {
        return Err(Unfit::NoMachine(a, b, c));
    }
    let fitted = points.iter().enumerate().map(|(place, point)| {
        let mut others = work.clone();
        others.remove(place);
        Fitted {
            measured: *point,
            seconds: seconds(&coefficients, point),
            left_out_seconds: seconds(&least(&others), point),
        }
    });
    let fitted: Vec<Fitted> = fitted.collect();
    let single_figure = single_figure(points);
    let single = |point: &Measured| point.tokens() / single_figure / point.seconds - 1.0;
    Ok(Fit {
        a,
        b,
        c,
        errors: Errors::of(fitted.iter().map(Fitted::deviation)),
        left_out: Errors::of(fitted.iter().map(Fitted::left_out_deviation)),
        single_figure_errors: Errors::of(points.iter().map(single)),
        single_figure,
        points: fitted,
    })
}

/// What one second of each coefficient would be of the measured time.
fn relative(point: &Measured) -> Sides {
    point.work().map(|side| side / point.seconds)
}

fn seconds(coefficients: &Sides, point: &Measured) -> f64 {
    let sides = coefficients.iter().zip(point.work());
    sides.map(|(coefficient, side)| coefficient * side).sum()
}

/// Tokens a second at the length nearest to the usual one, by the ratio of its tokens.
fn single_figure(points: &[Measured]) -> f64 {
    let far = |tokens: f64| (tokens.max(1.0) / USUAL_TOKENS).ln().abs();
    let distance = |point: &Measured| far(point.input) + far(point.output);
    let nearest = points
        .iter()
        .min_by(|one, other| distance(one).total_cmp(&distance(other)));
    nearest.map_or(0.0, |point| point.tokens() / point.seconds)
}

#[cfg(test)]
mod tests;
