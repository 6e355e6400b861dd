//! The two spellings of a usage object: `prompt_tokens` of the older operations, `input_tokens` of
//! the newer ones. In both, caches are part of the input and reasoning is part of the output
//! (<https://platform.openai.com/docs/api-reference/chat/object>,
//! <https://platform.openai.com/docs/api-reference/responses/object>).

use crate::usage::TokenUsage;

use super::super::conserve;
use super::super::counts::{Counts, Usage};
use super::super::findings::Findings;
use super::beside;
use crate::call::Flag;

/// How an operation spells its usage; without either total an object reports nothing.
pub(in super::super) type Spelling = fn(Counts<'_>) -> Option<TokenUsage>;

/// Chat completions, completions, embeddings, runs; in all the spellings of servers that answer alike,
/// which are read wherever they come from: a gateway passes on the words of whom it asked.
pub(in super::super) fn prompt(counts: Counts<'_>) -> Option<TokenUsage> {
    let (input, output) = (
        details(counts, ["prompt_tokens_details", "prompt_token_details"]),
        details(
            counts,
            ["completion_tokens_details", "completion_token_details"],
        ),
    );
    let parts = parts(input, output);
    let usage = TokenUsage {
        input: counts.at("prompt_tokens"),
        output: counts.at("completion_tokens"),
        cache_read: parts.cache_read.or_else(|| first(counts, &CACHE_READ)),
        cache_write: parts
            .cache_write
            .or_else(|| counts.at("cache_creation_input_tokens")),
        // SGLang's place.
        reasoning: parts.reasoning.or_else(|| reasoning_within(counts)),
        accepted_prediction: output.at("accepted_prediction_tokens"),
        rejected_prediction: output.at("rejected_prediction_tokens"),
        ..parts
    };
    let beside = reasoning_beside(&usage, counts.at("total_tokens"));
    says_something(&usage).then_some(TokenUsage {
        output: beside.or(usage.output),
        ..usage
    })
}

/// Perplexity's deep research has thoughts of that name that are in no total, and billed apart
/// (<https://docs.perplexity.ai/getting-started/pricing>).
fn reasoning_within(counts: Counts<'_>) -> Option<u64> {
    let reasoning = counts.at("reasoning_tokens")?;
    let output = counts.at("completion_tokens")?;
    (reasoning <= output).then_some(reasoning)
}

/// What servers call cached input beside the totals: Together, Moonshot; Mistral; `DeepSeek`; `LiteLLM`.
const CACHE_READ: [&str; 4] = [
    "cached_tokens",
    "num_cached_tokens",
    "prompt_cache_hit_tokens",
    "cache_read_input_tokens",
];

/// The output where what was thought is counted beside the completion, as the total shows: xAI's
/// (<https://docs.x.ai/docs/guides/reasoning>).
fn reasoning_beside(usage: &TokenUsage, total: Option<u64>) -> Option<u64> {
    let thought = usage.reasoning.filter(|thought| *thought > 0)?;
    let output = usage.output.unwrap_or(0).checked_add(thought)?;
    let sum = usage.input.unwrap_or(0).checked_add(output)?;
    (total == Some(sum)).then_some(output)
}

/// Chat completions of Gemini's: thoughts are in the total alone
/// (<https://ai.google.dev/gemini-api/docs/openai>).
pub(in super::super) fn gemini(counts: Counts<'_>) -> Option<TokenUsage> {
    let usage = prompt(counts)?;
    let all = counts.at("total_tokens").zip(usage.input);
    let output = all.and_then(|(total, input)| total.checked_sub(input));
    Some(TokenUsage {
        output: output.max(usage.output),
        ..usage
    })
}

/// What llama.cpp measured, which it tells unasked
/// (<https://github.com/ggml-org/llama.cpp/tree/master/tools/server>).
pub(in super::super) fn timings(counts: Counts<'_>) -> Option<TokenUsage> {
    let read = counts.at("cache_n");
    let fresh = counts.at("prompt_n");
    let usage = TokenUsage {
        // Older servers leave out what was read from the cache, and so what all of it was.
        input: read.and_then(|read| fresh?.checked_add(read)),
        cache_read: read,
        output: counts.at("predicted_n"),
        ..TokenUsage::default()
    };
    says_something(&usage).then_some(usage)
}

/// Responses, images, transcription, speech.
pub(in super::super) fn input(counts: Counts<'_>) -> Option<TokenUsage> {
    // Transcription alone says `token`.
    let input = details(counts, ["input_tokens_details", "input_token_details"]);
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

/// The parts of a total, by the name that is used here.
fn details<'t>(counts: Counts<'t>, [usual, seldom]: [&str; 2]) -> Counts<'t> {
    counts.object(usual).unwrap_or_else(|| counts.part(seldom))
}

/// What both spell alike.
fn parts(input: Counts<'_>, output: Counts<'_>) -> TokenUsage {
    TokenUsage {
        cache_read: input.at("cached_tokens"),
        cache_write: first(input, &CACHE_WRITE),
        input_audio: input.at("audio_tokens"),
        input_image: input.at("image_tokens"),
        input_video: input.at("video_tokens"),
        reasoning: output.at("reasoning_tokens"),
        output_audio: output.at("audio_tokens"),
        output_image: output.at("image_tokens"),
        ..TokenUsage::default()
    }
}

/// What an explicit cache wrote, part of the input like the rest: `OpenAI`; `DashScope`
/// (<https://help.aliyun.com/zh/model-studio/context-cache>); `LiteLLM`.
const CACHE_WRITE: [&str; 3] = [
    "cache_write_tokens",
    "cache_creation_input_tokens",
    "cache_creation_tokens",
];

/// The count under the first of the names that has one.
fn first(counts: Counts<'_>, names: &[&str]) -> Option<u64> {
    names.iter().find_map(|name| counts.at(name))
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
        beside::tell(counts, findings);
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
