//! What is measured: each figure is the difference of two runs that differ in length alone.
//!
//! So what a start, a first call or an end costs is in none of them.

use tollgate::wire::WireFormat::{self, Anthropic, OpenAi};

use crate::shared::bodies::Chunks::{self, Alike, Unlike};
use crate::shared::exchange::Shape;

/// Where the calls pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Through the meter, in this process.
    Meter,
    /// Through what the recorder feeds, in this process.
    Recorder,
    /// Through the real binary.
    Process,
}

/// So many calls of one kind.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    pub(crate) place: Place,
    pub(crate) format: WireFormat,
    pub(crate) shape: Shape,
    pub(crate) calls: u64,
}

/// What one more call, or one more chunk, costs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figure {
    pub(crate) name: &'static str,
    pub(crate) longer: Run,
    pub(crate) shorter: Run,
    /// How many calls or chunks the longer run has more.
    pub(crate) more: u64,
}

/// Which of a figure's two runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Length {
    Longer,
    Shorter,
}

impl Length {
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Longer => "longer",
            Self::Shorter => "shorter",
        }
    }
}

impl Figure {
    pub(crate) const fn run(&self, length: Length) -> Run {
        match length {
            Length::Longer => self.longer,
            Length::Shorter => self.shorter,
        }
    }
}

const KB: usize = 1_024;

pub(crate) const FIGURES: [Figure; 10] = [
    calls("meter_openai_1kb", Place::Meter, OpenAi, KB, 5_000),
    calls("meter_openai_20kb", Place::Meter, OpenAi, 20 * KB, 1_000),
    chunks("meter_openai_chunk", Place::Meter, OpenAi, Alike, 50),
    chunks("meter_openai_unlike", Place::Meter, OpenAi, Unlike, 20),
    calls("meter_anthropic_1kb", Place::Meter, Anthropic, KB, 5_000),
    chunks("meter_anthropic_chunk", Place::Meter, Anthropic, Alike, 50),
    chunks(
        "meter_anthropic_unlike",
        Place::Meter,
        Anthropic,
        Unlike,
        20,
    ),
    calls("recorder_call", Place::Recorder, OpenAi, KB, 256 * 50),
    calls("process_openai_1kb", Place::Process, OpenAi, KB, 3_000),
    chunks("process_openai_chunk", Place::Process, OpenAi, Alike, 8),
];

/// Few calls against so many more. The shorter run is short, because what moves its count from run
/// to run moves the figure too.
const fn calls(
    name: &'static str,
    place: Place,
    format: WireFormat,
    bytes: usize,
    calls: u64,
) -> Figure {
    let shorter = Run {
        place,
        format,
        shape: Shape::Unary(bytes),
        calls: calls / 10,
    };
    let longer = Run {
        calls: calls + calls / 10,
        ..shorter
    };
    Figure {
        name,
        longer,
        shorter,
        more: calls,
    }
}

/// So many streams of 100 chunks against as many of 1,100.
const fn chunks(
    name: &'static str,
    place: Place,
    format: WireFormat,
    kind: Chunks,
    streams: u64,
) -> Figure {
    let shorter = Run {
        place,
        format,
        shape: Shape::Stream(100, kind),
        calls: streams,
    };
    let longer = Run {
        shape: Shape::Stream(1_100, kind),
        ..shorter
    };
    Figure {
        name,
        longer,
        shorter,
        more: 1_000 * streams,
    }
}
