//! The usage of several calls as one.

use super::{SideUsage, TokenUsage};

fn add(mine: &mut Option<u64>, theirs: Option<u64>) {
    if let Some(theirs) = theirs {
        *mine = Some(mine.unwrap_or(0).saturating_add(theirs));
    }
}

impl TokenUsage {
    /// Adds another call's tokens; what neither reported stays not reported.
    pub fn add(&mut self, other: &Self) {
        let Self {
            input,
            cache_read,
            cache_read_audio,
            cache_read_image,
            cache_write,
            cache_write_5m,
            cache_write_30m,
            cache_write_1h,
            cache_write_12h,
            output,
            reasoning,
            input_audio,
            output_audio,
            input_image,
            input_video,
            output_image,
            tool_prompt,
            accepted_prediction,
            rejected_prediction,
            billed_input,
            billed_output,
        } = *other;
        add(&mut self.input, input);
        add(&mut self.cache_read, cache_read);
        add(&mut self.cache_read_audio, cache_read_audio);
        add(&mut self.cache_read_image, cache_read_image);
        add(&mut self.cache_write, cache_write);
        add(&mut self.cache_write_5m, cache_write_5m);
        add(&mut self.cache_write_30m, cache_write_30m);
        add(&mut self.cache_write_1h, cache_write_1h);
        add(&mut self.cache_write_12h, cache_write_12h);
        add(&mut self.output, output);
        add(&mut self.reasoning, reasoning);
        add(&mut self.input_audio, input_audio);
        add(&mut self.output_audio, output_audio);
        add(&mut self.input_image, input_image);
        add(&mut self.input_video, input_video);
        add(&mut self.output_image, output_image);
        add(&mut self.tool_prompt, tool_prompt);
        add(&mut self.accepted_prediction, accepted_prediction);
        add(&mut self.rejected_prediction, rejected_prediction);
        add(&mut self.billed_input, billed_input);
        add(&mut self.billed_output, billed_output);
    }
}

impl SideUsage {
    /// Adds the same side of another call; its name stays.
    pub fn add(&mut self, other: &Self) {
        let Self {
            kind: _,
            model: _,
            input_tokens,
            cached_input_tokens,
            cache_write_tokens,
            output_tokens,
        } = other;
        add(&mut self.input_tokens, *input_tokens);
        add(&mut self.cached_input_tokens, *cached_input_tokens);
        add(&mut self.cache_write_tokens, *cache_write_tokens);
        add(&mut self.output_tokens, *output_tokens);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One of each.
    fn every() -> TokenUsage {
        let one = Some(1);
        TokenUsage {
            input: one,
            cache_read: one,
            cache_read_audio: one,
            cache_read_image: one,
            cache_write: one,
            cache_write_5m: one,
            cache_write_30m: one,
            cache_write_1h: one,
            cache_write_12h: one,
            output: one,
            reasoning: one,
            input_audio: one,
            output_audio: one,
            input_image: one,
            input_video: one,
            output_image: one,
            tool_prompt: one,
            accepted_prediction: one,
            rejected_prediction: one,
            billed_input: one,
            billed_output: one,
        }
    }

    #[test]
    fn every_count_is_added_and_what_nobody_reported_is_absent() {
        let one = every();
        let mut sum = TokenUsage::default();
        sum.add(&TokenUsage::default());
        assert_eq!(sum, TokenUsage::default());
        sum.add(&one);
        assert_eq!(sum, one);
        sum.add(&one);
        let doubled = serde_json::to_string(&one).unwrap().replace(":1", ":2");
        assert_eq!(serde_json::to_string(&sum).unwrap(), doubled);
    }
}
