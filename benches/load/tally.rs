//! What the load client saw of a target in one window of time.

use std::time::Instant;

use anyhow::Result;
use hdrhistogram::Histogram;
use memchr::memchr_iter;
use serde::{Deserialize, Serialize};

use super::beat;
use super::job::{Window, Work};

/// From a tenth of a microsecond to two minutes, three digits.
const RANGE_NS: (u64, u64) = (100, 120_000_000_000);

/// Durations by their quantiles, in microseconds.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Quantiles {
    pub(crate) count: u64,
    pub(crate) p50_us: f64,
    pub(crate) p90_us: f64,
    pub(crate) p99_us: f64,
    pub(crate) max_us: f64,
}

impl Quantiles {
    fn of(histogram: &Histogram<u64>) -> Option<Self> {
        let us = |quantile| histogram.value_at_quantile(quantile) as f64 / 1e3;
        (!histogram.is_empty()).then(|| Self {
            count: histogram.len(),
            p50_us: us(0.5),
            p90_us: us(0.9),
            p99_us: us(0.99),
            max_us: us(1.0),
        })
    }
}

/// The times of a window.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Times {
    /// From the moment a call was due to its last byte.
    pub(crate) whole: Option<Quantiles>,
    /// From the moment a call was due to the first byte of its body.
    pub(crate) first_byte: Option<Quantiles>,
    /// From the moment the mock wrote a chunk to the moment it was read.
    pub(crate) chunk: Option<Quantiles>,
}

/// Counts what ends inside the window, and times what begins inside it.
pub(crate) struct Tally {
    window: (Instant, Instant),
    calls: u64,
    line_ends: u64,
    failed: u64,
    first_failure: Option<String>,
    whole: Histogram<u64>,
    first_byte: Histogram<u64>,
    chunk: Histogram<u64>,
}

impl Tally {
    pub(crate) fn new(begin: Instant, end: Instant) -> Result<Self> {
        let histogram = Histogram::new_with_bounds(RANGE_NS.0, RANGE_NS.1, 3)?;
        Ok(Self {
            window: (begin, end),
            calls: 0,
            line_ends: 0,
            failed: 0,
            first_failure: None,
            whole: histogram.clone(),
            first_byte: histogram.clone(),
            chunk: histogram,
        })
    }

    /// Begins another window.
    pub(crate) fn open(&mut self, begin: Instant, end: Instant) {
        self.window = (begin, end);
        self.calls = 0;
        self.line_ends = 0;
        for histogram in [&mut self.whole, &mut self.first_byte, &mut self.chunk] {
            histogram.reset();
        }
    }

    fn is_open(&self, now: Instant) -> bool {
        (self.window.0..self.window.1).contains(&now)
    }

    /// Data of a stream came.
    pub(crate) fn on_data(&mut self, data: &[u8]) {
        if !self.is_open(Instant::now()) {
            return;
        }
        // An event is a line and an empty line, wherever the reads cut it.
        self.line_ends += memchr_iter(b'\n', data).count() as u64;
        let now = beat::now_ns();
        for written in stamps(data) {
            self.chunk.saturating_record(now.saturating_sub(written));
        }
    }

    /// A call that was due at `due` ended well.
    pub(crate) fn on_answer(&mut self, due: Instant, first_byte: Option<Instant>) {
        let now = Instant::now();
        self.calls += u64::from(self.is_open(now));
        if !self.is_open(due) {
            return;
        }
        let ns = |time: Instant| {
            u64::try_from(time.saturating_duration_since(due).as_nanos()).unwrap_or(u64::MAX)
        };
        self.whole.saturating_record(ns(now));
        if let Some(first_byte) = first_byte {
            self.first_byte.saturating_record(ns(first_byte));
        }
    }

    /// A call did not end well. It counts whenever that was: its tokens are missing somewhere.
    pub(crate) fn on_failure(&mut self, error: &anyhow::Error) {
        self.failed += 1;
        self.first_failure
            .get_or_insert_with(|| format!("{error:#}"));
    }

    /// How many calls failed, in the window or not.
    pub(crate) const fn failed(&self) -> u64 {
        self.failed
    }

    /// What was wrong with the first that failed.
    pub(crate) fn failure(&self) -> Option<&str> {
        self.first_failure.as_deref()
    }

    /// What was seen in the window, beside the work it took.
    pub(crate) fn window(&self, streams: usize, seconds: f64, work: Work) -> Window {
        Window {
            streams,
            seconds,
            calls: self.calls,
            chunks: self.line_ends / 2,
            work,
            times: Times {
                whole: Quantiles::of(&self.whole),
                first_byte: Quantiles::of(&self.first_byte),
                chunk: Quantiles::of(&self.chunk),
            },
        }
    }
}

/// The times that chunks say they were written at. One that is cut by a read is left out.
fn stamps(data: &[u8]) -> impl Iterator<Item = u64> {
    let marks = data.split(|byte| *byte == b'@');
    marks.filter(|part| part.len() > 9).filter_map(|part| {
        let digits = part.iter().all(u8::is_ascii_digit);
        digits.then(|| std::str::from_utf8(part).ok()?.parse().ok())?
    })
}
