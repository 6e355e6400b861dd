//! What must hold among the counts of one usage, whoever reports it; what does not is flagged.
//!
//! The counts stay as they were reported: whoever prices them cuts a part to its whole.

use crate::call::Flag;
use crate::usage::TokenUsage;

use super::findings::Findings;

/// Sets or takes back the flags of a usage; `total` is the provider's own sum of its two sides.
pub(super) fn check(usage: &TokenUsage, total: Option<u64>, findings: &mut Findings) {
    let (input, output) = (usage.input.unwrap_or(0), usage.output.unwrap_or(0));
    let sum = input.saturating_add(output);
    findings.flag_if(Flag::TotalMismatch, total.is_some_and(|total| total != sum));
    parts(usage, findings);
}

/// The same where the provider gives no sum.
pub(super) fn parts(usage: &TokenUsage, findings: &mut Findings) {
    let (input, output) = (usage.input.unwrap_or(0), usage.output.unwrap_or(0));
    let written = usage.cache_write.unwrap_or(0);
    let cached = usage.cache_read.unwrap_or(0).saturating_add(written);
    findings.flag_if(Flag::CacheOverlap, cached > input);
    let lifetimes = [
        usage.cache_write_5m,
        usage.cache_write_30m,
        usage.cache_write_1h,
        usage.cache_write_12h,
    ];
    let split = lifetimes.iter().any(Option::is_some) && usage.cache_write.is_some();
    let lasting = sum(&lifetimes);
    findings.flag_if(Flag::TtlRemainder, split && lasting < written);
    let read = sum(&[usage.input_audio, usage.input_image, usage.tool_prompt]);
    let made = sum(&[usage.output_audio, usage.output_image]);
    let too_large = usage.reasoning.unwrap_or(0) > output
        || sum(&[usage.accepted_prediction, usage.rejected_prediction]) > output
        || (split && lasting > written)
        || read > input
        || made > output;
    findings.flag_if(Flag::NegativeClamped, too_large);
}

fn sum(parts: &[Option<u64>]) -> u64 {
    parts.iter().flatten().copied().fold(0, u64::saturating_add)
}
