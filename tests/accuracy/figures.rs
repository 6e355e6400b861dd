//! What a set of counts beside reported ones comes to.
#![expect(
    clippy::float_arithmetic,
    clippy::as_conversions,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "shares of a few thousand calls, for people to read"
)]

/// Reported and counted tokens, call by call.
#[derive(Clone, Debug, Default)]
pub(crate) struct Figures {
    pairs: Vec<(u64, u64)>,
}

impl Figures {
    pub(crate) fn add(&mut self, reported: u64, counted: u64) {
        self.pairs.push((reported, counted));
    }

    pub(crate) fn len(&self) -> usize {
        self.pairs.len()
    }

    /// The share of counts at most `tokens` off, in percent.
    pub(crate) fn within(&self, tokens: u64) -> f64 {
        let close = self.pairs.iter().filter(|(a, b)| a.abs_diff(*b) <= tokens);
        100.0 * close.count() as f64 / self.len().max(1) as f64
    }

    /// The error that a share of calls stays below, in percent of what was reported.
    pub(crate) fn quantile(&self, share: f64) -> f64 {
        let error = |(told, counted): &(u64, u64)| {
            100.0 * told.abs_diff(*counted) as f64 / (*told).max(1) as f64
        };
        let mut errors: Vec<f64> = self.pairs.iter().map(error).collect();
        errors.sort_by(f64::total_cmp);
        let last = errors.len().saturating_sub(1);
        let at = (share * last as f64).round() as usize;
        errors.get(at).copied().unwrap_or_default()
    }

    /// By how much the sum is off, in percent; too high is positive.
    pub(crate) fn sum_error(&self) -> f64 {
        let sum = |side: fn(&(u64, u64)) -> u64| self.pairs.iter().map(side).sum::<u64>() as f64;
        let told = sum(|pair| pair.0);
        100.0 * (sum(|pair| pair.1) - told) / told.max(1.0)
    }

    /// The cells of a table: calls, exact, within one, median, p95, sum.
    pub(crate) fn cells(&self) -> String {
        format!(
            "{} | {:.1} % | {:.1} % | {:.1} % | {:.1} % | {:+.1} %",
            self.len(),
            self.within(0),
            self.within(1),
            self.quantile(0.5),
            self.quantile(0.95),
            self.sum_error()
        )
    }
}

/// Rows by name, in the order they were first seen.
#[derive(Debug, Default)]
pub(crate) struct Rows(pub(crate) Vec<(String, Figures)>);

impl Rows {
    pub(crate) fn named(names: &[&str]) -> Self {
        Self(
            names
                .iter()
                .map(|name| ((*name).to_owned(), Figures::default()))
                .collect(),
        )
    }

    pub(crate) fn row(&mut self, name: &str) -> &mut Figures {
        let at = self.0.iter().position(|(known, _)| known == name);
        let at = at.unwrap_or_else(|| {
            self.0.push((name.to_owned(), Figures::default()));
            self.0.len() - 1
        });
        &mut self.0[at].1
    }

    pub(crate) fn get(&self, name: &str) -> &Figures {
        &self.0.iter().find(|(known, _)| known == name).unwrap().1
    }

    /// A table whose first column is headed `head`.
    pub(crate) fn table(&self, head: &str) -> String {
        let head = format!(
            "| {head} | calls | exact | within one | median | p95 | sum |\n\
             | --- | ---: | ---: | ---: | ---: | ---: | ---: |\n"
        );
        let counted = self.0.iter().filter(|(_, figures)| figures.len() > 0);
        let lines = counted.map(|(name, figures)| format!("| {name} | {} |\n", figures.cells()));
        head + &lines.collect::<String>()
    }
}
