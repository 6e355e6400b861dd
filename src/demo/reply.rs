//! What a mock provider reads in a request, and what it decides to answer.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::dice::Dice;
use super::models::{self, Provider};
use super::{filler, tally::Tokens};

/// Prompts from this length on are cached, as both providers have it.
const CACHED_FROM_TOKENS: u64 = 1024;

/// OpenAI's cache counts in steps of so many tokens.
const OPENAI_CACHE_STEP: u64 = 128;

/// The tokens both providers add around a message; said once for all of them.
const ENVELOPE_TOKENS: u64 = 8;

/// The fields of a request that matter here, in either API; `min_tokens` is vLLM's.
#[derive(Deserialize)]
struct RequestBody {
    model: String,
    #[serde(default)]
    stream: bool,
    #[serde(default)]
    stream_options: Option<StreamOptions>,
    #[serde(default, alias = "max_completion_tokens")]
    max_tokens: Option<u64>,
    #[serde(default)]
    min_tokens: Option<u64>,
    #[serde(default)]
    messages: Value,
    #[serde(default)]
    system: Value,
    #[serde(default)]
    tools: Value,
}

#[derive(Deserialize)]
struct StreamOptions {
    #[serde(default)]
    include_usage: bool,
}

/// What a request asks.
#[derive(Debug)]
pub(super) struct Asked {
    /// The model by the name the client used.
    pub(super) model: String,
    /// Whether the answer is to be a stream of events.
    pub(super) stream: bool,
    /// Whether an OpenAI stream is to end with its usage.
    pub(super) include_usage: bool,
    /// What the prompt is billed as.
    pub(super) input: u64,
    output_min: u64,
    output_max: Option<u64>,
    cache_control: bool,
}

impl Asked {
    /// Reads a request body.
    pub(super) fn read(body: &[u8]) -> Result<Self, serde_json::Error> {
        let body: RequestBody = serde_json::from_slice(body)?;
        let parts = [&body.messages, &body.system, &body.tools];
        let bytes = parts.into_iter().map(text_bytes).sum();
        Ok(Self {
            input: filler::input_tokens(bytes).saturating_add(ENVELOPE_TOKENS),
            cache_control: parts.into_iter().any(|part| has_key(part, "cache_control")),
            include_usage: body
                .stream_options
                .is_some_and(|options| options.include_usage),
            stream: body.stream,
            output_min: body.min_tokens.unwrap_or(0),
            output_max: body.max_tokens,
            model: body.model,
        })
    }
}

/// Bytes of all texts in a part of a request, names and roles left out.
fn text_bytes(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(text_bytes).sum(),
        Value::Object(fields) => fields
            .iter()
            .filter(|(name, _)| !["role", "type", "cache_control"].contains(&name.as_str()))
            .map(|(_, value)| text_bytes(value))
            .sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    }
}

/// Whether an object anywhere inside has such a key.
fn has_key(value: &Value, key: &str) -> bool {
    match value {
        Value::Object(fields) => {
            fields.contains_key(key) || fields.values().any(|value| has_key(value, key))
        }
        Value::Array(items) => items.iter().any(|item| has_key(item, key)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// What the provider answers: all of it is decided before the first byte.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    /// The random part of the ids.
    pub(super) id: String,
    /// The model's dated name.
    pub(super) model: String,
    /// Seconds since 1970.
    pub(super) created: i64,
    /// What is billed.
    pub(super) tokens: Tokens,
    /// Whether the answer stopped at the client's limit.
    pub(super) at_limit: bool,
    /// Where in the endless text it begins.
    pub(super) text_start: u64,
    /// Wait before the first token.
    pub(super) ttft: Duration,
    /// Wait between tokens.
    pub(super) per_token: Duration,
}

impl Answer {
    /// Decides the answer to what was `asked`, `speed` times as fast as in life.
    pub(super) fn decide(
        provider: Provider,
        asked: &Asked,
        dice: &mut Dice,
        speed: u32,
        created: i64,
    ) -> Self {
        let behaviour = models::behaviour(&asked.model);
        let wanted = u64::from(dice.size(behaviour.output)).max(asked.output_min);
        let limit = asked.output_max.unwrap_or(u64::MAX).max(1);
        let (slowest, fastest) = behaviour.pace;
        let per_second = u32::try_from(dice.between(slowest..=fastest)).unwrap_or(60);
        let (cache_read, cache_write) = match provider {
            Provider::OpenAi => (openai_cache(asked, dice), 0),
            Provider::Anthropic => anthropic_cache(asked, dice),
        };
        Self {
            id: dice.id(24),
            model: models::snapshot(&asked.model).to_owned(),
            created,
            tokens: Tokens {
                calls: 1,
                input: asked.input,
                cache_read,
                cache_write,
                output: wanted.min(limit),
            },
            at_limit: wanted > limit,
            text_start: dice.between(0..=1_000),
            ttft: dice.pause(200..=800) / speed,
            per_token: Duration::from_secs(1) / per_second / speed,
        }
    }

    /// How long the whole answer takes to make.
    pub(super) fn duration(&self) -> Duration {
        self.at(self.tokens.output)
    }

    /// When token `n` is ready, from the start of the call.
    pub(super) fn at(&self, n: u64) -> Duration {
        let n = u32::try_from(n).unwrap_or(u32::MAX);
        self.ttft.saturating_add(self.per_token.saturating_mul(n))
    }

    /// The whole text.
    pub(super) fn text(&self) -> String {
        filler::words(self.text_start, self.tokens.output)
    }
}

/// OpenAI caches by itself, in steps of 128 tokens, and hits now and then.
fn openai_cache(asked: &Asked, dice: &mut Dice) -> u64 {
    if asked.input < CACHED_FROM_TOKENS || !dice.chance(400) {
        return 0;
    }
    let share = dice.between(30..=90);
    asked.input * share / 100 / OPENAI_CACHE_STEP * OPENAI_CACHE_STEP
}

/// Anthropic caches what the client marks: most calls find it, the others write it.
fn anthropic_cache(asked: &Asked, dice: &mut Dice) -> (u64, u64) {
    if asked.input < CACHED_FROM_TOKENS || !asked.cache_control {
        return (0, 0);
    }
    let marked = asked.input * dice.between(50..=90) / 100;
    if dice.chance(800) {
        (marked, 0)
    } else {
        (0, marked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn asked(body: &str) -> Asked {
        Asked::read(body.as_bytes()).unwrap()
    }

    #[test]
    fn only_text_is_billed_wherever_it_stands() {
        let flat = asked(r#"{"model":"m","messages":[{"role":"user","content":"12345678"}]}"#);
        let nested = asked(
            r#"{"model":"m","system":[{"type":"text","text":"1234","cache_control":{"type":"ephemeral"}}],
                "messages":[{"role":"user","content":[{"type":"text","text":"5678"}]}]}"#,
        );
        assert_eq!(flat.input, 2 + ENVELOPE_TOKENS);
        assert_eq!(nested.input, flat.input);
        assert!(nested.cache_control && !flat.cache_control);
    }

    #[test]
    fn the_clients_limit_holds_and_is_said() {
        let asked = asked(r#"{"model":"gpt-4o","max_completion_tokens":5,"messages":[]}"#);
        let answer = Answer::decide(Provider::OpenAi, &asked, &mut Dice::new(1, 1), 1, 0);
        assert_eq!((answer.tokens.output, answer.at_limit), (5, true));
    }

    #[test]
    fn an_answer_is_as_long_as_it_has_to_be() {
        let asked = asked(r#"{"model":"gpt-4o","min_tokens":5000,"messages":[]}"#);
        let answer = Answer::decide(Provider::OpenAi, &asked, &mut Dice::new(1, 1), 1, 0);
        assert_eq!((answer.tokens.output, answer.at_limit), (5_000, false));
    }

    #[test]
    fn pace_is_that_of_life_divided_by_the_speed() {
        let asked = asked(r#"{"model":"gpt-4o","messages":[]}"#);
        let [slow, fast] = [1, 10]
            .map(|speed| Answer::decide(Provider::OpenAi, &asked, &mut Dice::new(1, 1), speed, 0));
        assert!((200..=800).contains(&slow.ttft.as_millis()));
        assert!((11..=25).contains(&slow.per_token.as_millis()));
        assert_eq!(slow.ttft / 10, fast.ttft);
    }
}
