#![expect(clippy::float_arithmetic, reason = "a trend is an estimate")]
//! How fast volume grows: a trend through daily totals with one level per weekday.

use super::work::real;

/// Days of a week, each with a level of its own.
const WEEK: usize = 7;
/// Fewer days than this say nothing about a trend.
pub const GROWTH_DAYS_MIN: usize = 14;
/// The middle 80 % of a normal distribution, in standard errors.
const EIGHTY_PERCENT: f64 = 1.2816;
/// Neighbouring residuals are taken to be at most so alike.
const LAG1_MAX: f64 = 0.9;

/// A trend and how well it is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Growth {
    /// g: growth of the logarithm a day.
    pub per_day: f64,
    /// Its standard error, widened for residuals that resemble their neighbours.
    pub standard_error: f64,
    /// That resemblance, 0 to 0.9.
    pub lag1: f64,
    /// Lower end of the 80 % range.
    pub low: f64,
    /// Upper end of the 80 % range.
    pub high: f64,
}

/// Least squares of ln V on time, means of the same weekday taken off; n - 8 degrees of freedom.
/// `None` for fewer than 14 days, or with a day that is not above zero.
#[must_use]
pub fn growth_fit(daily: &[f64]) -> Option<Growth> {
    if daily.len() < GROWTH_DAYS_MIN || daily.iter().any(|total| *total <= 0.0) {
        return None;
    }
    let days: Vec<f64> = (0..daily.len()).map(count).collect();
    let logs: Vec<f64> = daily.iter().map(|total| total.ln()).collect();
    let (days, logs) = (within_weekdays(&days), within_weekdays(&logs));
    let pairs = || days.iter().zip(&logs);
    let squares: f64 = days.iter().map(|t| t * t).sum();
    let per_day = pairs().map(|(t, y)| t * y).sum::<f64>() / squares;
    let residuals: Vec<f64> = pairs().map(|(t, y)| y - per_day * t).collect();
    let spread: f64 = residuals.iter().map(|r| r * r).sum();
    let neighbours: f64 = residuals
        .iter()
        .zip(residuals.iter().skip(1))
        .map(|(r, s)| r * s)
        .sum();
    let lag1 = if spread > 0.0 {
        (neighbours / spread).clamp(0.0, LAG1_MAX)
    } else {
        0.0
    };
    let freedom = count(daily.len()) - count(WEEK) - 1.0;
    let standard_error = (spread / freedom / squares).sqrt() * ((1.0 + lag1) / (1.0 - lag1)).sqrt();
    Some(Growth {
        per_day,
        standard_error,
        lag1,
        low: per_day - EIGHTY_PERCENT * standard_error,
        high: per_day + EIGHTY_PERCENT * standard_error,
    })
}

/// Each value less the mean of its weekday.
fn within_weekdays(values: &[f64]) -> Vec<f64> {
    let weekday = |day: usize| values.iter().skip(day % WEEK).step_by(WEEK);
    values
        .iter()
        .enumerate()
        .map(|(i, value)| {
            let same = weekday(i);
            let number = count(same.len());
            value - same.sum::<f64>() / number
        })
        .collect()
}

/// A length as a real number.
fn count(length: usize) -> f64 {
    real(u128::try_from(length).unwrap_or(u128::MAX))
}
