//! A figure of a target over the rounds, compared with `limit` in the same rounds, and judged.

use serde::Serialize;

use super::figures::{Compare, DIRECT, Figure, LIMIT};
use super::samples::Samples;
use super::spread::Spread;

/// A line of the table.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) figure: String,
    pub(crate) test: String,
    pub(crate) target: String,
    pub(crate) value: Spread,
    /// Beside `limit` in the same round.
    pub(crate) to_limit: Option<Spread>,
    /// Beside another tollgate in the same round.
    pub(crate) to_other: Option<Spread>,
    /// Whether both are differences and not ratios.
    pub(crate) is_difference: bool,
    pub(crate) must: Option<String>,
    pub(crate) met: Option<bool>,
}

impl Row {
    /// Of a target that was seen there, beside another one if there is one.
    pub(crate) fn of(
        figure: &Figure,
        target: &str,
        other: Option<&str>,
        samples: &Samples,
    ) -> Option<Self> {
        let own = by_round(figure, target, samples);
        let value = Spread::of(own.iter().map(|(_, value)| *value))?;
        let is_difference = figure.compare.is_difference();
        let beside = |other: &[(u8, f64)]| {
            let same_round = own.iter().filter_map(|(round, value)| {
                let (_, other) = other.iter().find(|(other, _)| other == round)?;
                Some(if is_difference {
                    value - other
                } else {
                    value / other
                })
            });
            Spread::of(same_round)
        };
        let limit = by_round(figure, LIMIT, samples);
        let is_foundation = [DIRECT, LIMIT].contains(&target);
        let to_limit = beside(&limit).filter(|_| !is_foundation);
        let to_other = other.and_then(|other| beside(&by_round(figure, other, samples)));
        let limit_most = limit.iter().map(|(_, value)| *value).reduce(f64::max);
        let judged =
            to_limit.and_then(|to_limit| judge(figure.compare, value, to_limit, limit_most));
        let (must, met) = judged.unzip();
        Some(Self {
            figure: figure.title.clone(),
            test: figure.test.clone(),
            target: target.to_owned(),
            value,
            to_limit,
            to_other,
            is_difference,
            must,
            met,
        })
    }
}

/// The figure in each round. A target that failed calls in a round has none there.
fn by_round(figure: &Figure, target: &str, samples: &Samples) -> Vec<(u8, f64)> {
    let read = |target: &str, round| {
        let sample = samples.at(&figure.test, target, round)?;
        let value = figure.quantity.of(sample, figure.window)?;
        (sample.seen.failed == 0).then_some(value)
    };
    let rounds = samples.of(&figure.test, target).map(|sample| sample.round);
    let value = |round| {
        let value = read(target, round)?;
        if figure.is_added && target != DIRECT {
            return Some((round, value - read(DIRECT, round)?));
        }
        Some((round, value))
    };
    rounds.filter_map(value).collect()
}

/// What must be, and whether it is.
fn judge(
    compare: Compare,
    value: Spread,
    to_limit: Spread,
    limit_most: Option<f64>,
) -> Option<(String, bool)> {
    // What is judged is what is shown.
    let to_limit = (to_limit.median * 100.0).round() / 100.0;
    match compare {
        Compare::Ratio | Compare::Difference => None,
        Compare::RatioAtMost(most) => Some((format!("≤ {most:.2}"), to_limit <= most)),
        Compare::RatioAtLeast(least) => Some((format!("≥ {least:.2}"), to_limit >= least)),
        Compare::DifferenceAtMost(most) => Some((format!("≤ +{most}"), to_limit <= most)),
        Compare::WithinSpread => {
            let met = value.median <= limit_most?;
            Some(("in limit's range".to_owned(), met))
        }
    }
}
