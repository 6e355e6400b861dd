//! Tokens summed over calls: every field of a call's usage is counted here or left out on purpose.

use crate::usage::TokenUsage;

/// Tokens summed; the last three are parts of the first two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tokens {
    pub(super) input: u64,
    pub(super) output: u64,
    pub(super) cache_read: u64,
    pub(super) cache_write: u64,
    pub(super) reasoning: u64,
}

impl Tokens {
    /// Adds what one call used.
    pub(super) fn add(&mut self, usage: &TokenUsage) {
        // A new field of `TokenUsage` does not compile until it is counted or left out here.
        let TokenUsage {
            input,
            cache_read,
            cache_write,
            output,
            reasoning,
            // Lifetimes are parts of the cache writes, which the cost by kind tells apart.
            cache_write_5m: _,
            cache_write_30m: _,
            cache_write_1h: _,
            cache_write_12h: _,
            // Modalities and predictions are columns of the export.
            input_audio: _,
            input_video: _,
            cache_read_audio: _,
            cache_read_image: _,
            output_audio: _,
            input_image: _,
            output_image: _,
            tool_prompt: _,
            accepted_prediction: _,
            rejected_prediction: _,
            // What is billed and what was inferred beside the call is in the bill's lines: the page,
            // the report and the rows sum what the call's own model read and wrote.
            billed_input: _,
            billed_output: _,
        } = *usage;
        grow(&mut self.input, input);
        grow(&mut self.output, output);
        grow(&mut self.cache_read, cache_read);
        grow(&mut self.cache_write, cache_write);
        grow(&mut self.reasoning, reasoning);
    }
}

fn grow(sum: &mut u64, by: Option<u64>) {
    *sum = sum.saturating_add(by.unwrap_or(0));
}
