//! The figures: what is read from which test, how it is compared with `limit`, what it must be.

use super::job::Pace;
use super::quantity::{Quantity, Rank};
use super::suite::Test;
use super::wish::Wish;

/// The targets that others are compared with.
pub(crate) const DIRECT: &str = "direct";
pub(crate) const LIMIT: &str = "limit";

/// One figure.
#[derive(Clone, Debug)]
pub(crate) struct Figure {
    pub(crate) title: String,
    pub(crate) test: String,
    /// Which of the test's windows.
    pub(crate) window: usize,
    pub(crate) quantity: Quantity,
    /// Whether what is shown is what a target adds to a direct call.
    pub(crate) is_added: bool,
    pub(crate) compare: Compare,
}

/// How a target is compared with `limit`, and what must come of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Compare {
    Ratio,
    RatioAtMost(f64),
    RatioAtLeast(f64),
    Difference,
    DifferenceAtMost(f64),
    /// The median is no more than `limit` had in some round.
    WithinSpread,
}

impl Compare {
    pub(crate) const fn is_difference(self) -> bool {
        match self {
            Self::Ratio | Self::RatioAtMost(_) | Self::RatioAtLeast(_) => false,
            Self::Difference | Self::DifferenceAtMost(_) | Self::WithinSpread => true,
        }
    }
}

/// The figures of the tests, in their order.
pub(crate) fn of(tests: &[Test]) -> Vec<Figure> {
    tests.iter().flat_map(of_test).collect()
}

fn of_test(test: &Test) -> Vec<Figure> {
    use Compare::{DifferenceAtMost, Ratio, RatioAtLeast, RatioAtMost, WithinSpread};
    use Quantity::{
        CallUs, CallsPerSecond, ChunkUs, ChunksPerSecond, CpuUsACall, CpuUsAChunk, FirstByteUs,
    };
    use Rank::{P50, P99};
    let is = |title: &str, quantity, compare| figure(test, title, quantity, compare);
    let adds = |title: &str, quantity, compare| Figure {
        is_added: true,
        ..figure(test, title, quantity, compare)
    };
    match (test.name.as_str(), &test.load.pace) {
        ("unary-1k", _) => vec![
            is("CPU a call, 1 KB, µs", CpuUsACall, RatioAtMost(1.4)),
            is("calls/s, 1 KB", CallsPerSecond, RatioAtLeast(0.7)),
        ],
        ("unary-20k", _) => vec![
            is("CPU a call, 20 KB, µs", CpuUsACall, RatioAtMost(1.4)),
            is("calls/s, 20 KB", CallsPerSecond, RatioAtLeast(0.7)),
        ],
        ("sse-full", _) => vec![
            is("CPU a chunk, saturated, µs", CpuUsAChunk, RatioAtMost(1.15)),
            is("chunks/s, saturated", ChunksPerSecond, RatioAtLeast(0.7)),
        ],
        ("unary-rate", _) => vec![
            is("CPU a call, 1,000/s, µs", CpuUsACall, Ratio),
            adds(
                "call, 1,000/s, added p50, µs",
                CallUs(P50),
                DifferenceAtMost(25.0),
            ),
            adds("call, 1,000/s, added p99, µs", CallUs(P99), WithinSpread),
        ],
        ("sse-rate", _) => vec![
            is(
                "CPU a chunk, 200 streams/s, µs",
                CpuUsAChunk,
                RatioAtMost(1.15),
            ),
            adds(
                "first byte, added p50, µs",
                FirstByteUs(P50),
                DifferenceAtMost(25.0),
            ),
            adds("first byte, added p99, µs", FirstByteUs(P99), WithinSpread),
            adds("chunk, added p50, µs", ChunkUs(P50), DifferenceAtMost(5.0)),
            adds("chunk, added p99, µs", ChunkUs(P99), WithinSpread),
        ],
        (_, Pace::Held { streams }) => held(test, streams),
        (_, Pace::Closed { .. } | Pace::Open { .. }) => sizes(test),
    }
}

fn figure(test: &Test, title: &str, quantity: Quantity, compare: Compare) -> Figure {
    Figure {
        title: title.to_owned(),
        test: test.name.clone(),
        window: 0,
        quantity,
        is_added: false,
        compare,
    }
}

/// Open streams: memory where there are enough to see it, and CPU.
fn held(test: &Test, numbers: &[usize]) -> Vec<Figure> {
    let mut figures = Vec::new();
    if test.name == "held" {
        figures.push(figure(
            test,
            "memory at rest, MiB",
            Quantity::MibAtRest,
            Compare::Ratio,
        ));
    }
    for (window, streams) in numbers.iter().copied().enumerate() {
        let compare = if streams > 1_000 {
            Compare::DifferenceAtMost(24.0)
        } else {
            Compare::Difference
        };
        let memory = format!("memory a stream, {streams} open, KiB");
        let memory = figure(test, &memory, Quantity::KibAStream, compare);
        let cpu = format!("CPU a chunk, {streams} open, µs");
        let cpu = figure(test, &cpu, Quantity::CpuUsAChunk, Compare::Ratio);
        let shown = [(streams >= 100).then_some(memory), Some(cpu)];
        figures.extend(
            shown
                .into_iter()
                .flatten()
                .map(|figure| Figure { window, ..figure }),
        );
    }
    figures
}

/// The sweeps over bodies and models: by call, and by megabyte where a call has one.
fn sizes(test: &Test) -> Vec<Figure> {
    let name = &test.name;
    let call = format!("CPU a call, {name}, µs");
    let mut figures = vec![figure(test, &call, Quantity::CpuUsACall, Compare::Ratio)];
    let answer = match test.load.wish {
        Wish::Whole { bytes } => bytes,
        Wish::Stream { .. } | Wish::Held { .. } => 0,
    };
    let megabytes = answer.max(test.load.prompt_bytes) as f64 / 1e6;
    if megabytes >= 1.0 {
        let quantity = Quantity::CpuUsAMegabyte(megabytes);
        let megabyte = format!("CPU a megabyte, {name}, µs");
        figures.push(figure(test, &megabyte, quantity, Compare::Ratio));
    }
    figures
}
