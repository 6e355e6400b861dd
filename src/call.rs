//! The record of one finished call, and what names it.
//!
//! One shape everywhere: the journal's frame, the export, the API and the day file are this record.
//! No prompt, no answer and no key is in it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};

use crate::money::{Currency, Pico};
use crate::usage::{SideUsage, TokenUsage, Units, UsageSource};

mod again;
mod cost;
mod flag;
mod json;
mod model;
mod origin;
mod row;
mod settled;
mod written;

pub use again::Again;
pub use cost::{CostLine, LineKind, Pricing};
pub use flag::Flag;
pub use model::{bedrock_model, fits_model, names_model, without_snapshot};
pub use origin::{Origin, Origins};
pub use row::Row;
pub use settled::Settled;

/// Names one upstream attempt: a UUID version 7, so that ids sort by time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CallId(pub uuid::Uuid);

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How the bytes of a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StreamEnd {
    /// The upstream said all it had to say.
    Complete,
    /// The client left before the end.
    ClientGone,
    /// The upstream could not be reached, broke off, or broke the protocol.
    UpstreamFailed,
    /// A limit of ours ran out.
    Timeout,
    /// This process ended or died with the call in flight.
    Interrupted,
}

impl StreamEnd {
    /// All ends, for metrics preset to zero.
    pub const ALL: [Self; 5] = [
        Self::Complete,
        Self::ClientGone,
        Self::UpstreamFailed,
        Self::Timeout,
        Self::Interrupted,
    ];

    /// The name used in labels, exports and reports.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::ClientGone => "client_gone",
            Self::UpstreamFailed => "upstream_failed",
            Self::Timeout => "timeout",
            Self::Interrupted => "interrupted",
        }
    }
}

/// What stands behind an upstream, for totals: a gateway's spend is a second view of the same bill.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Bills us: its calls are in the total.
    #[default]
    Provider,
    /// Forwards to a provider that is metered too: not added to the total twice.
    Gateway,
    /// Our own hosting: metered, billed by the hour and not by the token.
    Own,
}

impl Role {
    /// The name used in exports and reports.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::Gateway => "gateway",
            Self::Own => "own",
        }
    }
}

/// One finished upstream attempt: everything that is ever said about it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CallRecord {
    /// Names this attempt.
    pub call_id: CallId,
    /// The attempt this one repeats, if tollgate repeated it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt_of: Option<CallId>,
    /// When the request line was read.
    pub started_at: Timestamp,
    /// The configured name of where it went.
    pub upstream: String,
    /// What stands behind the upstream.
    pub role: Role,
    /// The upstream's wire format, such as `openai`.
    pub format: Cow<'static, str>,
    /// What was asked, in OpenTelemetry's words: `chat`, `embeddings`, …; `other` passes unread.
    pub operation: Cow<'static, str>,
    /// The model as the client named it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_requested: Option<String>,
    /// The model that answered, as the provider names it; absent when it did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Who pays inside the house: a configured name, or `key-…` from the keyed hash of the key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// Up to four configured dimensions, such as `team` or `feature`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub dimensions: BTreeMap<String, String>,
    /// What a host would have to be able to do, such as `8k`, `32k+vision`.
    pub capability: Cow<'static, str>,
    /// The HTTP status the client got; absent when no answer came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Whether the answer was a stream of events.
    pub stream: bool,
    /// How the bytes ended.
    pub end: StreamEnd,
    /// Whether the format's own end was seen: `[DONE]`, `message_stop`, the whole JSON body.
    pub complete: bool,
    /// How the tokens are known; absent when nothing is billed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<UsageSource>,
    /// What counted the tokens that were counted here: an encoding such as `o200k_base`, or the name
    /// of a configured tokenizer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokenizer: Option<Cow<'static, str>>,
    /// The tokens.
    #[serde(flatten)]
    pub usage: TokenUsage,
    /// Things billed by number.
    #[serde(default, skip_serializing_if = "Units::is_empty")]
    pub units: Units,
    /// Inference billed beside the top-level counts.
    #[serde(
        default,
        deserialize_with = "or_none",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub side: Vec<SideUsage>,
    /// Whether the money is known.
    pub pricing: Pricing,
    /// The cost in the price's own currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_native: Option<Pico>,
    /// That currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// The cost in dollars, converted once at the dated rate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<Pico>,
    /// The bill: disjoint lines that sum to the cost.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cost_lines: Vec<CostLine>,
    /// Which price was used, such as `openai/gpt-4o@2025-07-04`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_id: Option<String>,
    /// What a call to our own hosting would have cost as the API call named by its upstream's
    /// `would_cost_as`, in dollars: an imagined price, in no total of what is paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub would_cost_usd: Option<Pico>,
    /// The tier that served the call, as the provider says, else as it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_tier: Option<String>,
    /// The speed it was served at, where that has a price of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speed: Option<String>,
    /// Where it was served, as the provider says, else as it was asked for, else where it was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Where these three are known from, if not from the answer.
    #[serde(flatten)]
    pub origins: Origins,
    /// Whether the model was asked to think, where that has a price of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thinking: Option<bool>,
    /// Why the model stopped, as the provider says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finish_reason: Option<String>,
    /// The provider's id of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_id: Option<String>,
    /// The provider's id of the request, from its headers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Milliseconds from the request to the first generated token; streams only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttft_ms: Option<u64>,
    /// Milliseconds from the request to the end.
    pub duration_ms: u64,
    /// What is odd about the call.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<Flag>,
}

/// A list that a row writes as `null` when there is none.
fn or_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<SideUsage>, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

impl CallRecord {
    /// The columns of an export, in order: every field of the record, the tokens spread out.
    pub const COLUMNS: [&str; 61] = [
        "call_id",
        "attempt_of",
        "started_at",
        "upstream",
        "role",
        "format",
        "operation",
        "model_requested",
        "model",
        "tenant",
        "dimensions",
        "capability",
        "status",
        "stream",
        "end",
        "complete",
        "source",
        "tokenizer",
        "input_tokens",
        "cache_read_tokens",
        "cache_read_audio_tokens",
        "cache_read_image_tokens",
        "cache_write_tokens",
        "cache_write_5m_tokens",
        "cache_write_30m_tokens",
        "cache_write_1h_tokens",
        "cache_write_12h_tokens",
        "output_tokens",
        "reasoning_tokens",
        "input_audio_tokens",
        "output_audio_tokens",
        "input_image_tokens",
        "input_video_tokens",
        "output_image_tokens",
        "tool_prompt_tokens",
        "accepted_prediction_tokens",
        "rejected_prediction_tokens",
        "billed_input_tokens",
        "billed_output_tokens",
        "units",
        "side",
        "pricing",
        "cost_native",
        "currency",
        "cost_usd",
        "cost_lines",
        "price_id",
        "would_cost_usd",
        "service_tier",
        "speed",
        "region",
        "service_tier_origin",
        "speed_origin",
        "region_origin",
        "thinking",
        "finish_reason",
        "response_id",
        "request_id",
        "ttft_ms",
        "duration_ms",
        "flags",
    ];

    /// The model that names this call in totals: what answered, else what was asked for.
    #[must_use]
    pub fn model_name(&self) -> Option<&str> {
        self.model.as_deref().or(self.model_requested.as_deref())
    }

    /// The model's name on the provider's bill: where Bedrock is asked for a model by its id, that id,
    /// which says the region too; a router's says neither.
    #[must_use]
    pub fn billed_name(&self) -> Option<&str> {
        let id = self.model_requested.as_deref().map(bedrock_model);
        let id = id.filter(|id| self.format == "bedrock" && !id.contains("prompt-router/"));
        id.or(self.model_name())
    }

    /// Whether a host would have had to serve it when it came. The results of a batch are not: they
    /// are billed all at once by whoever fetches them, long after the work. What a gateway forwards
    /// is demand where its provider is metered, and what is free could not be moved to save anything.
    /// What own hosting serves is demand too: it could be moved to an API.
    #[must_use]
    pub fn is_demand(&self) -> bool {
        let moves = match self.role {
            Role::Provider => self.is_billable(),
            Role::Own => self.source.is_some(),
            Role::Gateway => false,
        };
        moves && self.operation != "batches"
    }

    /// What the API takes for such a call, in dollars: what was paid, or, of own hosting, what would
    /// have been.
    #[must_use]
    pub fn api_cost_usd(&self) -> Option<Pico> {
        match self.role {
            Role::Own => self.would_cost_usd,
            Role::Provider | Role::Gateway => self.cost_usd,
        }
    }

    /// Whether the call costs money, known or not.
    #[must_use]
    pub fn is_billable(&self) -> bool {
        self.pricing != Pricing::Free
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    fn tokens() -> TokenUsage {
        let all = Some(1);
        TokenUsage {
            input: all,
            cache_read: all,
            cache_read_audio: all,
            cache_read_image: all,
            cache_write: all,
            cache_write_5m: all,
            cache_write_30m: all,
            cache_write_1h: all,
            cache_write_12h: all,
            output: all,
            reasoning: all,
            input_audio: all,
            output_audio: all,
            input_image: all,
            input_video: all,
            output_image: all,
            tool_prompt: all,
            accepted_prediction: all,
            rejected_prediction: all,
            billed_input: all,
            billed_output: all,
        }
    }

    /// A record in which every optional field is present.
    pub(crate) fn full() -> CallRecord {
        CallRecord {
            call_id: CallId(uuid::Uuid::nil()),
            attempt_of: Some(CallId(uuid::Uuid::nil())),
            started_at: Timestamp::UNIX_EPOCH,
            upstream: "openai".into(),
            role: Role::Provider,
            format: "openai".into(),
            operation: "chat".into(),
            model_requested: Some("gpt-4o".into()),
            model: Some("gpt-4o-2024-08-06".into()),
            tenant: Some("search".into()),
            dimensions: BTreeMap::from([("team".into(), "a".into())]),
            capability: "8k".into(),
            status: Some(200),
            stream: true,
            end: StreamEnd::Complete,
            complete: true,
            source: Some(UsageSource::Reported),
            tokenizer: Some("o200k_base".into()),
            usage: tokens(),
            units: Units::from([("web_search".into(), 0)]),
            side: vec![SideUsage {
                kind: "compaction".into(),
                model: None,
                input_tokens: Some(1),
                cached_input_tokens: None,
                cache_write_tokens: None,
                output_tokens: Some(1),
            }],
            pricing: Pricing::Priced,
            cost_native: Some(Pico(1)),
            currency: Some(Currency::USD),
            cost_usd: Some(Pico(1)),
            cost_lines: vec![CostLine {
                kind: LineKind::CacheWrite1h,
                model: None,
                quantity: 1,
                rate: "1".parse().unwrap(),
                times: Some("0.5".parse().unwrap()),
                cost_native: Pico(1),
                cost_usd: Pico(1),
            }],
            price_id: Some("openai/gpt-4o@2025-07-04".into()),
            would_cost_usd: Some(Pico(1)),
            service_tier: Some("default".into()),
            speed: Some("fast".into()),
            region: Some("us".into()),
            origins: Origins {
                service_tier: Some(Origin::Request),
                speed: Some(Origin::Request),
                region: Some(Origin::Path),
            },
            thinking: Some(true),
            finish_reason: Some("stop".into()),
            response_id: Some("r".into()),
            request_id: Some("q".into()),
            ttft_ms: Some(1),
            duration_ms: 1,
            flags: vec![Flag::TtlRemainder],
        }
    }

    #[test]
    fn the_columns_are_the_fields_of_the_record() {
        let value = serde_json::to_value(full()).unwrap();
        let mut fields: Vec<&str> = value
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        let mut columns = CallRecord::COLUMNS.to_vec();
        fields.sort_unstable();
        columns.sort_unstable();
        assert_eq!(fields, columns);
    }

    #[test]
    fn bedrock_bills_by_the_id_that_was_asked_for() {
        let check = |format: &'static str, asked: Option<&str>, billed: &str| {
            let call = CallRecord {
                format: format.into(),
                model_requested: asked.map(str::to_owned),
                model: Some("claude-2.0".into()),
                ..full()
            };
            assert_eq!(call.billed_name(), Some(billed), "{format} {asked:?}");
        };
        let id = Some("eu.anthropic.claude-v2");
        check("bedrock", id, "eu.anthropic.claude-v2");
        check("bedrock", None, "claude-2.0");
        check("anthropic", id, "claude-2.0");
        let router = "arn:aws:bedrock:us-east-1:1:default-prompt-router/anthropic.claude:1";
        check("bedrock", Some(router), "claude-2.0");
        let profile = "arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-v2";
        check("bedrock", Some(profile), "us.anthropic.claude-v2");
    }

    #[test]
    fn a_flag_is_labelled_as_it_is_written() {
        for flag in [Flag::CacheOverlap, Flag::ProviderMayBill, Flag::Imported] {
            assert_eq!(serde_json::to_value(flag).unwrap(), flag.label());
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        let text = serde_json::to_string(&full()).unwrap();
        assert_eq!(serde_json::from_str::<CallRecord>(&text).unwrap(), full());
    }
}
