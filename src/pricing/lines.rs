//! Splits usage into the disjoint quantities of a bill.

use super::rates::Rates;
use crate::call::LineKind;
use crate::usage::TokenUsage;

/// How many of each kind, each token once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Split {
    /// In the order of a bill; zeros included.
    pub(super) parts: [(LineKind, u64); PARTS],
    /// A part was larger than its whole and was cut to it.
    pub(super) clamped: bool,
}

/// The kinds that are billed by the token.
const PARTS: usize = 16;

/// Splits the totals; what no part claims is fresh text, default-lifetime write, or shown text.
///
/// Audio, and images in the output, are never text; reasoning, images and video that were read, and
/// what of the cache was no text have lines of their own only where `rates` has a rate for them.
pub(super) fn split(usage: &TokenUsage, rates: &Rates) -> Split {
    let apart = |kind: LineKind, part: Option<u64>| match part {
        Some(part) if rates.written(kind).is_some() => part,
        _ => 0,
    };
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
    // Of what is billed instead of what was read no part is known.
    let cached = usage.cache_read.filter(|_| usage.billed_input.is_none());
    let mut read = take(cached.unwrap_or(0), &mut input);
    let read_audio = take(
        apart(LineKind::CacheReadAudio, usage.cache_read_audio),
        &mut read,
    );
    let read_image = take(
        apart(LineKind::CacheReadImage, usage.cache_read_image),
        &mut read,
    );
    let mut write = take(written, &mut input);
    let [five_minutes, half_hour, one_hour, half_day] = typed.map(|part| take(part, &mut write));
    let mut output = usage.billed_output.or(usage.output).unwrap_or(0);
    let output_audio = take(usage.output_audio.unwrap_or(0), &mut output);
    let output_image = take(usage.output_image.unwrap_or(0), &mut output);
    let reasoning = take(apart(LineKind::Reasoning, usage.reasoning), &mut output);
    // What is fresh of a modality: all of it but what is known to come from the cache. Where the
    // provider does not say that, as much as is left of the input.
    let mut fresh = |whole: u64, cached: Option<u64>| {
        let part = whole.saturating_sub(cached.unwrap_or(0)).min(input);
        input = input.saturating_sub(part);
        part
    };
    let input_audio = fresh(usage.input_audio.unwrap_or(0), usage.cache_read_audio);
    let input_image = fresh(
        apart(LineKind::InputImage, usage.input_image),
        usage.cache_read_image,
    );
    let input_video = fresh(apart(LineKind::InputVideo, usage.input_video), None);
    let parts = [
        (LineKind::Input, input),
        (LineKind::InputAudio, input_audio),
        (LineKind::InputImage, input_image),
        (LineKind::InputVideo, input_video),
        (LineKind::CacheRead, read),
        (LineKind::CacheReadAudio, read_audio),
        (LineKind::CacheReadImage, read_image),
        (LineKind::CacheWrite, write),
        (LineKind::CacheWrite5m, five_minutes),
        (LineKind::CacheWrite30m, half_hour),
        (LineKind::CacheWrite1h, one_hour),
        (LineKind::CacheWrite12h, half_day),
        (LineKind::Output, output),
        (LineKind::OutputAudio, output_audio),
        (LineKind::OutputImage, output_image),
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
