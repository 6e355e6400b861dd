//! Reads provider formats: what a request asks, and what a response reports.
//!
//! Everything is byte-incremental: it is fed what passes by, keeps only the values at named paths,
//! and never needs a whole body. Nothing here can change a byte; nothing here does I/O.
//! The differences between providers end in this room: `scanner` and `sse` know JSON and framing,
//! a file per format knows where its usage lies and what it means.

use std::fmt;
use std::str::FromStr;

mod anthropic;
mod bedrock;
mod coding;
mod cohere;
mod conserve;
mod counts;
mod dashscope;
mod echo;
mod endpoint;
mod event_stream;
mod findings;
mod flat;
mod form;
mod frames;
mod gap;
mod gemini;
mod inlined;
mod kept;
mod key;
mod named;
mod ollama;
mod openai;
mod paths;
mod plain;
mod request;
mod response;
mod scanner;
mod served;
mod skip;
mod spoken;
mod sse;
mod template;
#[cfg(test)]
mod tests;
mod text;
mod unescape;
mod usage_event;
mod usage_request;
mod voyage;
mod wrapped;

pub use coding::{Coding, Decoder};
pub use endpoint::{
    Endpoint, Operation, Reading, endpoint, model_in_path, region_in_path, results_id,
};
pub use findings::Report;
pub use kept::{CALL_TEXT_BYTES_MAX, TextBudget};
pub use paths::{Action, Paths};
pub use request::{Request, RequestFacts, RequestScanner, Service};
pub use response::{ResponseReader, is_event_stream};
pub use scanner::{Scanner, Seen, VALUE_BYTES_MAX};
pub use spoken::{Spoken, SpokenChoice};
pub use sse::{Piece, SseDecoder};
pub use template::path_template;
pub use usage_event::{HELD_BYTES_MAX, UsageSieve};
pub use usage_request::{Edit, UsageRequest, may_lack_usage_request};

/// How an upstream speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum WireFormat {
    /// `OpenAI`'s API, and the many that copy it.
    OpenAi,
    /// Anthropic's API.
    Anthropic,
    /// Ollama's own API.
    Ollama,
    /// Cohere's API, both versions.
    Cohere,
    /// Amazon Bedrock's runtime API.
    Bedrock,
    /// Google's: the Gemini API and Vertex AI.
    Gemini,
    /// Alibaba's own API, `DashScope`.
    DashScope,
    /// Voyage's API.
    Voyage,
    /// A model server's own API, and those that answer alike.
    Served,
}

impl WireFormat {
    /// All formats, in the order messages name them.
    pub const ALL: [Self; 9] = [
        Self::OpenAi,
        Self::Anthropic,
        Self::Gemini,
        Self::Ollama,
        Self::Cohere,
        Self::Bedrock,
        Self::DashScope,
        Self::Voyage,
        Self::Served,
    ];

    /// The name used in configuration, labels and records.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Anthropic => "anthropic",
            Self::Ollama => "ollama",
            Self::Cohere => "cohere",
            Self::Bedrock => "bedrock",
            Self::Gemini => "gemini",
            Self::DashScope => "dashscope",
            Self::Voyage => "voyage",
            Self::Served => "served",
        }
    }
}

impl fmt::Display for WireFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

/// A name that is not a format.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not a wire format, such as openai or ollama")]
pub struct UnknownFormat(String);

impl FromStr for WireFormat {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        Self::ALL
            .into_iter()
            .find(|format| format.label() == name)
            .ok_or_else(|| UnknownFormat(name.to_owned()))
    }
}
