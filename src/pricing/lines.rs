//! Splits usage into the disjoint quantities of a bill.

use crate::call::{Flag, LineKind};
use crate::usage::TokenUsage;

/// How many of each kind, each token once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Split {
    /// In the order of a bill; zeros included.
    pub(super) parts: [(LineKind, u64); 9],
    /// A part was larger than its whole and was cut to it.
    pub(super) clamped: bool,
}

/// Splits the totals; what no part claims is fresh input, default-lifetime write, or output.
///
/// Reasoning has a line of its own only where it has a rate of its own (`reasoning_apart`).
pub(super) fn split(usage: &TokenUsage, reasoning_apart: bool) -> Split {
    let typed = [
        usage.cache_write_5m,
        usage.cache_write_30m,
        usage.cache_write_1h,
        usage.cache_write_12h,
    ]
    .map(|count| count.unwrap_or(0));
    let written = usage
        .cache_write
        .unwrap_or_else(|| typed.iter().fold(0, |sum, part| sum.saturating_add(*part)));

    let mut clamped = false;
    let mut take = |part: u64, whole: &mut u64| {
        let taken = part.min(*whole);
        clamped |= taken < part;
        *whole = whole.saturating_sub(taken);
        taken
    };
    let mut input = usage.billed_input.or(usage.input).unwrap_or(0);
    let read = take(usage.cache_read.unwrap_or(0), &mut input);
    let mut write = take(written, &mut input);
    let lifetimes = typed.map(|part| take(part, &mut write));
    let [five_minutes, half_hour, one_hour, half_day] = lifetimes;
    let mut output = usage.billed_output.or(usage.output).unwrap_or(0);
    let reasoning = match usage.reasoning {
        Some(part) if reasoning_apart => take(part, &mut output),
        _ => 0,
    };
    let parts = [
        (LineKind::Input, input),
        (LineKind::CacheRead, read),
        (LineKind::CacheWrite, write),
        (LineKind::CacheWrite5m, five_minutes),
        (LineKind::CacheWrite30m, half_hour),
        (LineKind::CacheWrite1h, one_hour),
        (LineKind::CacheWrite12h, half_day),
        (LineKind::Output, output),
        (LineKind::Reasoning, reasoning),
    ];
    Split { parts, clamped }
}

/// Whether the counts say enough for a bill: what was read is known, or nothing is claimed at all.
///
/// No output count is no output (an embedding); no input count beside an output is a gap.
pub(super) fn is_complete(usage: &TokenUsage) -> bool {
    let input = usage.billed_input.or(usage.input);
    input.is_some() || usage.billed_output.or(usage.output).is_none()
}

/// Parts that are billed apart everywhere and for which no price here has a rate.
pub(super) fn rateless(usage: &TokenUsage) -> Option<Flag> {
    [usage.input_audio, usage.output_audio, usage.output_image]
        .into_iter()
        .flatten()
        .any(|count| count > 0)
        .then_some(Flag::NoRate)
}
