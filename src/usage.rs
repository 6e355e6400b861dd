//! What one call used, in one vocabulary for all providers.
//!
//! Totals and their parts; every count is optional, because *not reported* and *reported as zero*
//! are different facts. Nothing here knows a provider's spelling: that ends in `wire`.

mod capability;
mod sum;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use capability::{Capability, CapabilityError, ContextClass};

/// Tokens of one call: totals, and parts that are contained in them.
///
/// `cache_read` and `cache_write` (with its lifetimes) are parts of `input`; `reasoning` and the
/// predictions are parts of `output`; the modalities are parts of their side. `None` is "the
/// provider did not say", `Some(0)` is "the provider said zero".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenUsage {
    /// Everything the model read: fresh input, cache reads, cache writes, server-side tool results.
    #[serde(
        rename = "input_tokens",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub input: Option<u64>,
    /// Input served from the provider's prompt cache.
    #[serde(
        rename = "cache_read_tokens",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub cache_read: Option<u64>,
    /// Part of `cache_read` that was audio.
    #[serde(
        rename = "cache_read_audio_tokens",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub cache_read_audio: Option<u64>,
    /// Part of `cache_read` that was images.
    #[serde(
        rename = "cache_read_image_tokens",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub cache_read_image: Option<u64>,
    /// Input written to the provider's prompt cache, all lifetimes together.
    #[serde(
        rename = "cache_write_tokens",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub cache_write: Option<u64>,
    /// Part of `cache_write` kept for five minutes.
    #[serde(
        rename = "cache_write_5m_tokens",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub cache_write_5m: Option<u64>,
    /// Part of `cache_write` kept for thirty minutes.
    #[serde(
        rename = "cache_write_30m_tokens",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub cache_write_30m: Option<u64>,
    /// Part of `cache_write` kept for one hour.
    #[serde(
        rename = "cache_write_1h_tokens",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub cache_write_1h: Option<u64>,
    /// Part of `cache_write` kept for twelve hours.
    #[serde(
        rename = "cache_write_12h_tokens",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub cache_write_12h: Option<u64>,
    /// Everything generated, reasoning included.
    #[serde(
        rename = "output_tokens",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub output: Option<u64>,
    /// Part of `output` that the model thought and did not show.
    #[serde(
        rename = "reasoning_tokens",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub reasoning: Option<u64>,
    /// Part of `input` that was audio.
    #[serde(
        rename = "input_audio_tokens",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub input_audio: Option<u64>,
    /// Part of `output` that was audio.
    #[serde(
        rename = "output_audio_tokens",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub output_audio: Option<u64>,
    /// Part of `input` that was images.
    #[serde(
        rename = "input_image_tokens",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub input_image: Option<u64>,
    /// Part of `input` that was video.
    #[serde(
        rename = "input_video_tokens",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub input_video: Option<u64>,
    /// Part of `output` that was images.
    #[serde(
        rename = "output_image_tokens",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub output_image: Option<u64>,
    /// Part of `input` that server-side tools fed back.
    #[serde(
        rename = "tool_prompt_tokens",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub tool_prompt: Option<u64>,
    /// Part of `output` taken from the client's prediction.
    #[serde(
        rename = "accepted_prediction_tokens",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub accepted_prediction: Option<u64>,
    /// Part of `output` that was predicted and refused; billed as output.
    #[serde(
        rename = "rejected_prediction_tokens",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub rejected_prediction: Option<u64>,
    /// Input tokens the provider bills where that differs from what the model read (Cohere).
    #[serde(
        rename = "billed_input_tokens",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub billed_input: Option<u64>,
    /// Output tokens the provider bills where that differs from what the model wrote (Cohere).
    #[serde(
        rename = "billed_output_tokens",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub billed_output: Option<u64>,
}

/// Inference billed beside the top-level counts, at its own model's price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SideUsage {
    /// The provider's name for the entry, such as `advisor_message` or `compaction`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The model that did this part, if the provider names it; else the call's own model.
    pub model: Option<String>,
    /// Everything that model read, caches included.
    pub input_tokens: Option<u64>,
    /// Part of the input served from cache.
    pub cached_input_tokens: Option<u64>,
    /// Part of the input written to cache.
    pub cache_write_tokens: Option<u64>,
    /// Everything that model wrote.
    pub output_tokens: Option<u64>,
}

impl SideUsage {
    /// The counts in the words of a call's own.
    #[must_use]
    pub fn tokens(&self) -> TokenUsage {
        let Self {
            kind: _,
            model: _,
            input_tokens,
            cached_input_tokens,
            cache_write_tokens,
            output_tokens,
        } = self;
        TokenUsage {
            input: *input_tokens,
            cache_read: *cached_input_tokens,
            cache_write: *cache_write_tokens,
            output: *output_tokens,
            ..TokenUsage::default()
        }
    }
}

/// Things billed by number rather than by token, such as `web_search` or `web_fetch`.
///
/// The keys are tollgate's own names (`web_search`, `web_fetch`, `search_units`,
/// `audio_seconds`, `images`, …); a reported zero stays a zero.
pub type Units = BTreeMap<String, u64>;

/// How the tokens of a call are known. A call that bills nothing has no source at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UsageSource {
    /// The provider said it: in the body, at the stream's end, or in a header.
    Reported,
    /// The provider said a part before the call broke off.
    Partial,
    /// Counted here from the text.
    Counted,
    /// Billed, and nobody can say how many.
    Unknown,
}

impl UsageSource {
    /// All sources, for metrics preset to zero.
    pub const ALL: [Self; 4] = [Self::Reported, Self::Partial, Self::Counted, Self::Unknown];

    /// The name used in labels, exports and reports.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Reported => "reported",
            Self::Partial => "partial",
            Self::Counted => "counted",
            Self::Unknown => "unknown",
        }
    }
}
