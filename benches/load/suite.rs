//! The tests: which calls, and when. The figures that are read from them are in `figures`.

use super::args::Sweep;
use super::job::{Load, Pace};
use super::wish::Wish;

/// Models of the sweep over models; a tollgate then has a price for each.
pub(crate) const MODELS_MAX: usize = 1_000;

/// Connections of a closed loop.
const CONNECTIONS: usize = 64;
const PROMPT_BYTES: usize = 700;
const SECOND_US: u64 = 1_000_000;

/// One test.
#[derive(Clone, Debug)]
pub(crate) struct Test {
    pub(crate) name: String,
    pub(crate) about: String,
    pub(crate) load: Load,
    pub(crate) needs: Needs,
}

/// What a target must have shown before it is asked for a rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Needs {
    Nothing,
    CallsPerSecond(u32),
    ChunksPerSecond(u32),
}

impl Test {
    fn new(name: &str, about: &str, pace: Pace, wish: Wish) -> Self {
        Self {
            name: name.to_owned(),
            about: about.to_owned(),
            load: Load {
                pace,
                wish,
                prompt_bytes: PROMPT_BYTES,
                models: 0,
            },
            needs: Needs::Nothing,
        }
    }

    fn prompt(mut self, bytes: usize) -> Self {
        self.load.prompt_bytes = bytes;
        self
    }

    fn models(mut self, models: usize) -> Self {
        self.load.models = models;
        self
    }

    fn needs(mut self, needs: Needs) -> Self {
        self.needs = needs;
        self
    }

    /// Whether it holds streams open.
    pub(crate) const fn is_held(&self) -> bool {
        matches!(self.load.pace, Pace::Held { .. })
    }
}

const fn closed() -> Pace {
    Pace::Closed {
        connections: CONNECTIONS,
    }
}

/// The tests of the table, with as many open streams as there may be.
pub(crate) fn table(streams_max: usize) -> Vec<Test> {
    vec![
        Test::new(
            "unary-1k",
            "64 connections, request and answer of 1 KB",
            closed(),
            Wish::Whole { bytes: 1_024 },
        ),
        Test::new(
            "unary-20k",
            "64 connections, request and answer of 20 KB",
            closed(),
            Wish::Whole { bytes: 20_480 },
        )
        .prompt(20_480),
        Test::new(
            "sse-full",
            "64 streams at a time, 200 chunks as fast as they come",
            closed(),
            Wish::Stream {
                chunks: 200,
                gap_us: 0,
            },
        ),
        Test::new(
            "unary-rate",
            "1,000 calls a second of 1 KB",
            Pace::Open { per_second: 1_000 },
            Wish::Whole { bytes: 1_024 },
        )
        .needs(Needs::CallsPerSecond(1_000)),
        Test::new(
            "sse-rate",
            "200 streams a second of 20 chunks, 5 ms apart",
            Pace::Open { per_second: 200 },
            Wish::Stream {
                chunks: 20,
                gap_us: 5_000,
            },
        )
        .needs(Needs::ChunksPerSecond(4_600)),
        held("held", &[1_000.min(streams_max), streams_max], SECOND_US)
            .needs(Needs::ChunksPerSecond(10_000)),
    ]
}

/// Streams that stay open, in growing numbers.
fn held(name: &str, streams: &[usize], gap_us: u64) -> Test {
    let numbers: Vec<String> = streams.iter().map(usize::to_string).collect();
    let about = format!(
        "{} open streams, each with a chunk every {} ms",
        numbers.join(", then "),
        gap_us / 1_000
    );
    let pace = Pace::Held {
        streams: streams.to_vec(),
    };
    Test::new(name, &about, pace, Wish::Held { gap_us })
}

/// The tests of a short round.
pub(crate) fn quick() -> Vec<Test> {
    let short = ["unary-1k", "sse-full", "sse-rate"];
    let mut tests = table(0);
    tests.retain(|test| short.contains(&test.name.as_str()));
    tests
}

/// The tests of a sweep.
pub(crate) fn sweep(what: Sweep, streams_max: usize) -> Vec<Test> {
    match what {
        Sweep::Streams => streams(streams_max),
        Sweep::Bodies => bodies(),
        Sweep::Models => models(),
    }
}

/// At most 10,000 chunks a second in all, and at most 200 a stream.
fn streams(most: usize) -> Vec<Test> {
    [1, 10, 100, 1_000, most]
        .map(|streams| {
            let gap_us = (streams as u64 * 100).max(5_000);
            held(&format!("streams-{streams}"), &[streams], gap_us)
        })
        .to_vec()
}

fn bodies() -> Vec<Test> {
    let sizes = [
        ("1k", 1_024, 64),
        ("20k", 20_480, 64),
        ("1m", 1 << 20, 16),
        ("20m", 20 << 20, 4),
    ];
    let answers = sizes.map(|(size, bytes, connections)| {
        Test::new(
            &format!("answer-{size}"),
            &format!("{connections} connections, answers of {size}"),
            Pace::Closed { connections },
            Wish::Whole { bytes },
        )
    });
    let requests = sizes.map(|(size, bytes, connections)| {
        Test::new(
            &format!("request-{size}"),
            &format!("{connections} connections, requests of {size}"),
            Pace::Closed { connections },
            Wish::Whole { bytes: 1_024 },
        )
        .prompt(bytes)
    });
    [answers, requests].concat()
}

fn models() -> Vec<Test> {
    [1, 10, 100, MODELS_MAX]
        .map(|models| {
            Test::new(
                &format!("models-{models}"),
                &format!("64 connections, 1 KB, {models} models"),
                closed(),
                Wish::Whole { bytes: 1_024 },
            )
            .models(models)
        })
        .to_vec()
}
