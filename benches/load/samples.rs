//! Everything that was seen, by test, target and round.

use serde::Serialize;

use super::job::{Seen, Window};

/// All of it.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Samples {
    samples: Vec<Sample>,
}

/// One test against one target in one round.
#[derive(Debug, Serialize)]
pub(crate) struct Sample {
    pub(crate) round: u8,
    pub(crate) test: String,
    pub(crate) target: String,
    #[serde(flatten)]
    pub(crate) seen: Seen,
}

impl Samples {
    pub(crate) fn push(&mut self, sample: Sample) {
        self.samples.push(sample);
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Sample> {
        self.samples.iter()
    }

    /// What was seen of a target in a test, in the order of the rounds.
    pub(crate) fn of(&self, test: &str, target: &str) -> impl Iterator<Item = &Sample> {
        let is = move |sample: &&Sample| sample.test == test && sample.target == target;
        self.samples.iter().filter(is)
    }

    /// The same in one round.
    pub(crate) fn at(&self, test: &str, target: &str, round: u8) -> Option<&Sample> {
        let mut samples = self.of(test, target);
        samples.find(|sample| sample.round == round)
    }

    /// The most of something that a target has shown in a test.
    pub(crate) fn most(
        &self,
        test: &str,
        target: &str,
        of: impl Fn(&Window) -> f64,
    ) -> Option<f64> {
        let windows = self
            .of(test, target)
            .flat_map(|sample| &sample.seen.windows);
        windows.map(of).reduce(f64::max)
    }

    /// Other work on the machine in each window, in cores.
    pub(crate) fn other_cores(&self) -> Vec<f64> {
        let windows = self.samples.iter().flat_map(|sample| &sample.seen.windows);
        windows.map(|window| window.work.other_cores).collect()
    }
}
