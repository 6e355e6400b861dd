//! What can be read from a sample.

use super::job::Window;
use super::samples::Sample;
use super::tally::Quantiles;

/// Something measured, in the unit that its name says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Quantity {
    CpuUsACall,
    CpuUsAChunk,
    /// Of calls that carry so many megabytes.
    CpuUsAMegabyte(f64),
    CallsPerSecond,
    ChunksPerSecond,
    CallUs(Rank),
    FirstByteUs(Rank),
    ChunkUs(Rank),
    MibAtRest,
    /// What is held on top of the memory at rest, for each stream.
    KibAStream,
}

/// Which of many times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rank {
    P50,
    P99,
}

impl Quantity {
    /// In one of the sample's windows; none where nothing happened.
    pub(crate) fn of(self, sample: &Sample, place: usize) -> Option<f64> {
        let rest_kib = sample.seen.rest_kib;
        let window = sample.seen.windows.get(place)?;
        let Window {
            streams,
            seconds,
            calls,
            chunks,
            work,
            times,
        } = window;
        let each = |sum: f64, count: u64| (count > 0).then(|| sum / count as f64);
        match self {
            Self::CpuUsACall => each(work.cpu_us, *calls),
            Self::CpuUsAChunk => each(work.cpu_us, *chunks),
            Self::CpuUsAMegabyte(megabytes) => Some(each(work.cpu_us, *calls)? / megabytes),
            Self::CallsPerSecond => Some(*calls as f64 / seconds),
            Self::ChunksPerSecond => Some(*chunks as f64 / seconds),
            Self::CallUs(rank) => Some(rank.of(times.whole?)),
            Self::FirstByteUs(rank) => Some(rank.of(times.first_byte?)),
            Self::ChunkUs(rank) => Some(rank.of(times.chunk?)),
            Self::MibAtRest => Some(rest_kib as f64 / 1024.0),
            Self::KibAStream => {
                let grown = work.resident_kib.saturating_sub(rest_kib);
                each(grown as f64, *streams as u64)
            }
        }
    }
}

impl Rank {
    const fn of(self, quantiles: Quantiles) -> f64 {
        match self {
            Self::P50 => quantiles.p50_us,
            Self::P99 => quantiles.p99_us,
        }
    }
}
