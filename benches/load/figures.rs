//! The figures: what is read from a test, how it is compared with `limit`, and what it must be.

use serde::Serialize;

use super::job::{Pace, Window};
use super::samples::{Sample, Samples};
use super::spread::Spread;
use super::suite::Test;

/// The targets that others are compared with.
pub(crate) const DIRECT: &str = "direct";
pub(crate) const LIMIT: &str = "limit";

/// One figure.
pub(crate) struct Figure {
    pub(crate) title: String,
    pub(crate) test: String,
    read: Box<dyn Fn(&Sample) -> Option<f64>>,
    /// What is shown is what a target adds to a direct call.
    added: bool,
    compare: Compare,
}

/// How a target is compared with `limit`, and what must come of it.
#[derive(Clone, Copy)]
enum Compare {
    /// Its part of `limit`'s figure: at most, or without a bound.
    Times(Option<f64>),
    /// The same where more is better: at least.
    TimesAtLeast(f64),
    /// What it has on top of `limit`'s figure: at most.
    Over(Option<f64>),
    /// Its median is no more than `limit` had in some round.
    WithinSpread,
}

/// A figure of a target.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) figure: String,
    pub(crate) test: String,
    pub(crate) target: String,
    pub(crate) value: Spread,
    pub(crate) to_limit: Option<Spread>,
    /// Whether `to_limit` is a difference and not a ratio.
    pub(crate) is_difference: bool,
    pub(crate) must: Option<String>,
    pub(crate) met: Option<bool>,
}

impl Figure {
    /// The figure of a target over the rounds, where there is one.
    pub(crate) fn row(&self, samples: &Samples, target: &str) -> Option<Row> {
        let own: Vec<(u8, f64)> = self.values(samples, target).collect();
        let value = Spread::of(own.iter().map(|(_, value)| *value))?;
        let limit: Vec<(u8, f64)> = self.values(samples, LIMIT).collect();
        let is_difference = matches!(self.compare, Compare::Over(_) | Compare::WithinSpread);
        let same_round = own.iter().filter_map(|(round, value)| {
            let (_, limit) = limit.iter().find(|(other, _)| other == round)?;
            Some(if is_difference {
                value - limit
            } else {
                value / limit
            })
        });
        let compared = ![DIRECT, LIMIT].contains(&target);
        let to_limit = if compared {
            Spread::of(same_round)
        } else {
            None
        };
        let (must, met) = match to_limit {
            Some(to_limit) => self.judge(value, to_limit, &limit),
            None => (None, None),
        };
        Some(Row {
            figure: self.title.clone(),
            test: self.test.clone(),
            target: target.to_owned(),
            value,
            to_limit,
            is_difference,
            must,
            met,
        })
    }

    /// By round; of a target that failed in a test nothing is shown.
    fn values<'a>(
        &'a self,
        samples: &'a Samples,
        target: &'a str,
    ) -> impl Iterator<Item = (u8, f64)> + 'a {
        samples.of(&self.test, target).filter_map(move |sample| {
            let value = (self.read)(sample)?;
            let base = match self.added && target != DIRECT {
                true => (self.read)(samples.at(&self.test, DIRECT, sample.round)?)?,
                false => 0.0,
            };
            (sample.seen.failed == 0).then_some((sample.round, value - base))
        })
    }

    fn judge(
        &self,
        value: Spread,
        to_limit: Spread,
        limit: &[(u8, f64)],
    ) -> (Option<String>, Option<bool>) {
        match self.compare {
            Compare::Times(None) | Compare::Over(None) => (None, None),
            Compare::Times(Some(most)) => {
                (Some(format!("≤ {most:.2}")), Some(to_limit.median <= most))
            }
            Compare::TimesAtLeast(least) => (
                Some(format!("≥ {least:.2}")),
                Some(to_limit.median >= least),
            ),
            Compare::Over(Some(most)) => {
                (Some(format!("≤ +{most}")), Some(to_limit.median <= most))
            }
            Compare::WithinSpread => {
                let most = limit.iter().map(|(_, value)| *value).reduce(f64::max);
                let met = most.map(|most| value.median <= most);
                (Some("in limit's range".to_owned()), met)
            }
        }
    }
}

/// The figures of the tests, in their order.
pub(crate) fn of(tests: &[Test]) -> Vec<Figure> {
    tests.iter().flat_map(of_test).collect()
}

fn of_test(test: &Test) -> Vec<Figure> {
    let paper = Paper { test };
    match (test.name.as_str(), &test.load.pace) {
        ("unary-1k", _) => paper.saturated_calls("1 KB", Some(1.4)),
        ("unary-20k", _) => paper.saturated_calls("20 KB", Some(1.4)),
        ("sse-full", _) => vec![
            paper.window(
                "CPU a chunk, saturated, µs",
                cpu_a_chunk,
                Compare::Times(Some(1.15)),
            ),
            paper.window(
                "chunks/s, saturated",
                chunks_a_second,
                Compare::TimesAtLeast(0.7),
            ),
        ],
        ("unary-rate", _) => vec![
            paper.window(
                "CPU a call at 1,000/s, µs",
                cpu_a_call,
                Compare::Times(None),
            ),
            paper.added(
                "call at 1,000/s, added p50, µs",
                |w| Some(w.times.whole?.p50_us),
                Compare::Over(Some(25.0)),
            ),
            paper.added(
                "call at 1,000/s, added p99, µs",
                |w| Some(w.times.whole?.p99_us),
                Compare::WithinSpread,
            ),
        ],
        ("sse-rate", _) => vec![
            paper.window(
                "CPU a chunk, 200 streams/s, µs",
                cpu_a_chunk,
                Compare::Times(Some(1.15)),
            ),
            paper.added(
                "first byte, added p50, µs",
                |w| Some(w.times.first_byte?.p50_us),
                Compare::Over(Some(25.0)),
            ),
            paper.added(
                "first byte, added p99, µs",
                |w| Some(w.times.first_byte?.p99_us),
                Compare::WithinSpread,
            ),
            paper.added(
                "chunk, added p50, µs",
                |w| Some(w.times.chunk?.p50_us),
                Compare::Over(Some(5.0)),
            ),
            paper.added(
                "chunk, added p99, µs",
                |w| Some(w.times.chunk?.p99_us),
                Compare::WithinSpread,
            ),
        ],
        (_, Pace::Held { streams }) => paper.held(streams),
        (_, Pace::Closed { .. } | Pace::Open { .. }) => paper.sizes(),
    }
}

/// Writes the figures of one test.
struct Paper<'a> {
    test: &'a Test,
}

impl Paper<'_> {
    fn figure(
        &self,
        title: String,
        compare: Compare,
        read: impl Fn(&Sample) -> Option<f64> + 'static,
    ) -> Figure {
        Figure {
            title,
            test: self.test.name.clone(),
            read: Box::new(read),
            added: false,
            compare,
        }
    }

    /// A figure of a test with one window.
    fn window(&self, title: &str, read: fn(&Window) -> Option<f64>, compare: Compare) -> Figure {
        self.figure(title.to_owned(), compare, move |sample| {
            sample.seen.windows.first().and_then(read)
        })
    }

    fn added(&self, title: &str, read: fn(&Window) -> Option<f64>, compare: Compare) -> Figure {
        let mut figure = self.window(title, read, compare);
        figure.added = true;
        figure
    }

    fn saturated_calls(&self, size: &str, most: Option<f64>) -> Vec<Figure> {
        vec![
            self.window(
                &format!("CPU a call, {size}, µs"),
                cpu_a_call,
                Compare::Times(most),
            ),
            self.window(
                &format!("calls/s, {size}"),
                calls_a_second,
                Compare::TimesAtLeast(0.7),
            ),
        ]
    }

    /// The sweeps over bodies and models: by call, and by MB where there is much of it.
    fn sizes(&self) -> Vec<Figure> {
        let name = &self.test.name;
        let mut figures = vec![self.window(
            &format!("CPU a call, {name}, µs"),
            cpu_a_call,
            Compare::Times(None),
        )];
        let answer = match self.test.load.wish {
            super::wish::Wish::Whole { bytes } => bytes,
            super::wish::Wish::Stream { .. } | super::wish::Wish::Held { .. } => 0,
        };
        let mb = (answer.max(self.test.load.prompt_bytes)) as f64 / 1e6;
        if mb >= 1.0 {
            let read = move |sample: &Sample| Some(cpu_a_call(sample.seen.windows.first()?)? / mb);
            figures.push(self.figure(format!("CPU a MB, {name}, µs"), Compare::Times(None), read));
        }
        figures
    }

    fn held(&self, streams: &[usize]) -> Vec<Figure> {
        let mut figures = Vec::new();
        if self.test.name == "held" {
            let at_rest = |sample: &Sample| Some(sample.seen.rest_kib as f64 / 1024.0);
            figures.push(self.figure(
                "memory at rest, MiB".to_owned(),
                Compare::Times(None),
                at_rest,
            ));
        }
        for (place, streams) in streams.iter().copied().enumerate() {
            let memory = move |sample: &Sample| {
                let grown = sample.seen.windows.get(place)?.work.resident_kib;
                Some(grown.saturating_sub(sample.seen.rest_kib) as f64 / streams as f64)
            };
            let chunk = move |sample: &Sample| cpu_a_chunk(sample.seen.windows.get(place)?);
            let compare = Compare::Over((streams > 1_000).then_some(24.0));
            if streams >= 100 {
                figures.push(self.figure(
                    format!("memory a stream, {streams} open, KiB"),
                    compare,
                    memory,
                ));
            }
            figures.push(self.figure(
                format!("CPU a chunk, {streams} open, µs"),
                Compare::Times(None),
                chunk,
            ));
        }
        figures
    }
}

fn cpu_a_call(window: &Window) -> Option<f64> {
    (window.calls > 0).then(|| window.work.cpu_us / window.calls as f64)
}

fn cpu_a_chunk(window: &Window) -> Option<f64> {
    (window.chunks > 0).then(|| window.work.cpu_us / window.chunks as f64)
}

fn calls_a_second(window: &Window) -> Option<f64> {
    Some(window.calls as f64 / window.seconds)
}

fn chunks_a_second(window: &Window) -> Option<f64> {
    Some(window.chunks as f64 / window.seconds)
}
