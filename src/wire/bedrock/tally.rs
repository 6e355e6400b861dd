//! The counts of one source: Bedrock writes the same ones in headers, bodies and metrics, each time
//! under other names, and always with the caches beside the input.

use http::HeaderMap;

use super::super::counts::Counts;
use crate::usage::TokenUsage;

/// Tokens by kind, each in one place only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// Neither read from a cache nor written to one.
    pub(super) input: Option<u64>,
    cache_read: Option<u64>,
    cache_write: Option<u64>,
    cache_write_5m: Option<u64>,
    cache_write_1h: Option<u64>,
    pub(super) output: Option<u64>,
    reasoning: Option<u64>,
}

impl Tally {
    /// Of an invoked model's answer.
    pub(super) fn of_headers(headers: &HeaderMap) -> Self {
        let count = |kind: &str| {
            let name = format!("x-amzn-bedrock-{kind}-token-count");
            headers.get(name)?.to_str().ok()?.parse().ok()
        };
        Self {
            input: count("input"),
            cache_read: count("cache-read-input"),
            cache_write: count("cache-write-input"),
            output: count("output"),
            ..Self::default()
        }
    }

    /// Of what stands behind the last event of an invoked model.
    pub(super) fn of_metrics(counts: Counts<'_>) -> Self {
        Self {
            input: counts.at("inputTokenCount"),
            cache_read: counts.at("cacheReadInputTokenCount"),
            cache_write: counts.at("cacheWriteInputTokenCount"),
            output: counts.at("outputTokenCount"),
            ..Self::default()
        }
    }

    /// Of Converse and Nova; the service writes the caches twice, and Nova only the longer way.
    pub(super) fn of_converse(counts: Counts<'_>) -> Self {
        let either = |key: &str, long: &str| counts.at(key).or_else(|| counts.at(long));
        let kept_for = |ttl: &str| {
            let details = counts.list("cacheDetails")?;
            let of_ttl = details.filter(|entry| entry.text("ttl") == Some(ttl));
            let tokens = of_ttl.filter_map(|entry| entry.at("inputTokens"));
            tokens.reduce(u64::saturating_add)
        };
        Self {
            input: counts.at("inputTokens"),
            cache_read: either("cacheReadInputTokens", "cacheReadInputTokenCount"),
            cache_write: either("cacheWriteInputTokens", "cacheWriteInputTokenCount"),
            cache_write_5m: kept_for("5m"),
            cache_write_1h: kept_for("1h"),
            output: counts.at("outputTokens"),
            reasoning: None,
        }
    }

    /// Of a usage in our own words.
    pub(super) fn of_usage(usage: &TokenUsage) -> Self {
        let cached = [usage.cache_read, usage.cache_write].map(Option::unwrap_or_default);
        let fresh = |input: u64| cached.into_iter().fold(input, u64::saturating_sub);
        Self {
            input: usage.input.map(fresh),
            cache_read: usage.cache_read,
            cache_write: usage.cache_write,
            cache_write_5m: usage.cache_write_5m,
            cache_write_1h: usage.cache_write_1h,
            output: usage.output,
            reasoning: usage.reasoning,
        }
    }

    /// Both together. Of two counts the larger: one of them was cut short.
    pub(super) fn and(&self, other: &Self) -> Self {
        Self {
            input: self.input.max(other.input),
            cache_read: self.cache_read.max(other.cache_read),
            cache_write: self.cache_write.max(other.cache_write),
            cache_write_5m: self.cache_write_5m.max(other.cache_write_5m),
            cache_write_1h: self.cache_write_1h.max(other.cache_write_1h),
            output: self.output.max(other.output),
            reasoning: self.reasoning.max(other.reasoning),
        }
    }

    /// Whether both count the same kind, and differ.
    pub(super) fn contradicts(&self, other: &Self) -> bool {
        let (ours, theirs) = (self.kinds(), other.kinds());
        let mut pairs = ours.into_iter().zip(theirs);
        pairs.any(|(one, other)| one.zip(other).is_some_and(|(one, other)| one != other))
    }

    /// All that was read and written.
    pub(super) fn sum(&self) -> u64 {
        let kinds = self.kinds().into_iter().flatten();
        kinds.fold(0, u64::saturating_add)
    }

    /// The same in our own words.
    pub(super) fn usage(&self) -> TokenUsage {
        let [input, cache_read, cache_write, output] = self.kinds();
        let read = [input, cache_read, cache_write].into_iter().flatten();
        TokenUsage {
            input: read.reduce(u64::saturating_add),
            cache_read,
            cache_write,
            cache_write_5m: self.cache_write_5m,
            cache_write_1h: self.cache_write_1h,
            output,
            reasoning: self.reasoning,
            ..TokenUsage::default()
        }
    }

    fn kinds(&self) -> [Option<u64>; 4] {
        [self.input, self.cache_read, self.cache_write, self.output]
    }
}
