//! The two spellings of a usage object: `prompt_tokens` of the older operations, `input_tokens` of
//! the newer ones. In both, caches are part of the input and reasoning is part of the output
//! (<https://platform.openai.com/docs/api-reference/chat/object>,
//! <https://platform.openai.com/docs/api-reference/responses/object>).

use crate::usage::TokenUsage;

use super::super::conserve;
use super::super::counts::{Counts, Usage};
use super::super::findings::Findings;
use crate::call::Flag;

/// How an operation spells its usage; without either total an object reports nothing.
pub(in super::super) type Spelling = fn(Counts<'_>) -> Option<TokenUsage>;

/// Chat completions, completions, embeddings, runs.
pub(in super::super) fn prompt(counts: Counts<'_>) -> Option<TokenUsage> {
    let (input, output) = (
        counts.part("prompt_tokens_details"),
        counts.part("completion_tokens_details"),
    );
    let usage = TokenUsage {
        input: counts.at("prompt_tokens"),
        output: counts.at("completion_tokens"),
        accepted_prediction: output.at("accepted_prediction_tokens"),
        rejected_prediction: output.at("rejected_prediction_tokens"),
        ..parts(input, output)
    };
    says_something(&usage).then_some(usage)
}

/// Responses, images, transcription, speech.
pub(in super::super) fn input(counts: Counts<'_>) -> Option<TokenUsage> {
    // Transcription alone says `token`.
    let input = counts
        .object("input_tokens_details")
        .unwrap_or_else(|| counts.part("input_token_details"));
    let output = counts.part("output_tokens_details");
    let lifetimes = input.part("cache_write_tokens_details");
    let usage = TokenUsage {
        input: counts.at("input_tokens"),
        output: counts.at("output_tokens"),
        cache_write_30m: lifetimes.at("ttl_30m_tokens"),
        cache_write_12h: lifetimes.at("ttl_12h_tokens"),
        ..parts(input, output)
    };
    says_something(&usage).then_some(usage)
}

/// What both spell alike.
fn parts(input: Counts<'_>, output: Counts<'_>) -> TokenUsage {
    TokenUsage {
        cache_read: input.at("cached_tokens"),
        // DashScope's word for what an explicit cache wrote, part of the input like the other
        // (<https://help.aliyun.com/zh/model-studio/context-cache>).
        cache_write: input
            .at("cache_write_tokens")
            .or_else(|| input.at("cache_creation_input_tokens")),
        input_audio: input.at("audio_tokens"),
        input_image: input.at("image_tokens"),
        reasoning: output.at("reasoning_tokens"),
        output_audio: output.at("audio_tokens"),
        output_image: output.at("image_tokens"),
        ..TokenUsage::default()
    }
}

fn says_something(usage: &TokenUsage) -> bool {
    usage.input.is_some() || usage.output.is_some()
}

/// Puts the usage into the report; false if it is none. Of several the last that is one wins:
/// servers that repeat it send running totals.
pub(in super::super) fn tell(raw: &[u8], spelling: Spelling, findings: &mut Findings) -> bool {
    let Ok(object) = Usage::read(raw) else {
        findings.flag(Flag::Malformed);
        return false;
    };
    let Some(object) = object else {
        return false;
    };
    let counts = object.counts();
    let usage = spelling(counts);
    if let Some(usage) = usage {
        conserve::check(&usage, counts.at("total_tokens"), findings);
        findings.report.usage = Some(usage);
    }
    if object.is_odd() {
        findings.flag(Flag::Malformed);
    }
    usage.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_explicit_cache_of_dashscope_wrote_is_a_cache_write() {
        let raw = br#"{"prompt_tokens": 3019, "completion_tokens": 104, "total_tokens": 3123,
            "prompt_tokens_details": {"cached_tokens": 1000, "cache_creation_input_tokens": 2000,
            "cache_creation": {"ephemeral_5m_input_tokens": 2000}, "cache_type": "ephemeral"}}"#;
        let object = Usage::read(raw).unwrap().unwrap();
        let usage = prompt(object.counts()).unwrap();
        assert_eq!(usage.cache_write, Some(2000));
        assert_eq!(usage.cache_read, Some(1000));
        assert!(!object.is_odd());
    }
}
