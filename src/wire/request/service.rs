//! How a call is to be served: what its request asks, what its path says.

use http::HeaderMap;

use super::super::{Endpoint, WireFormat, named::short};
use super::{RequestFacts, RequestScanner};

/// A longer word names no tier, speed or region; nobody's text is kept for one.
const WORD_BYTES_MAX: usize = 64;

/// How a client wants its call to be served, in the provider's words and in small letters; absent where
/// it leaves that to the provider.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Service {
    /// The tier, such as `flex`; `auto` leaves it open.
    pub tier: Option<String>,
    /// The speed, such as `fast`.
    pub speed: Option<String>,
    /// Where, such as `us`.
    pub region: Option<String>,
}

impl Service {
    /// A word as it is kept.
    pub(super) fn word(text: Option<&str>) -> Option<String> {
        let word = text.filter(|word| word.len() <= WORD_BYTES_MAX);
        short(word).map(|word| word.to_ascii_lowercase())
    }
}

impl RequestScanner {
    /// Takes what the headers ask of Bedrock, where a model is invoked in its vendor's words
    /// (<https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModel.html>), and of
    /// Vertex AI (<https://cloud.google.com/vertex-ai/generative-ai/docs/priority-paygo>).
    pub fn head(&mut self, endpoint: Endpoint, headers: &HeaderMap) {
        let word = |name: &str| Service::word(headers.get(name)?.to_str().ok());
        let RequestFacts { service, .. } = &mut self.facts;
        match endpoint.format {
            WireFormat::Bedrock => {
                service.tier = word("x-amzn-bedrock-service-tier");
                service.speed = word("x-amzn-bedrock-performanceconfig-latency");
            }
            WireFormat::Gemini => {
                let dedicated = word("x-vertex-ai-llm-request-type");
                let dedicated = dedicated.filter(|kind| kind == "dedicated");
                service.tier = word("x-vertex-ai-llm-shared-request-type")
                    .or_else(|| dedicated.map(|_| "provisioned_throughput".to_owned()));
            }
            WireFormat::OpenAi
            | WireFormat::Anthropic
            | WireFormat::Ollama
            | WireFormat::Cohere
            | WireFormat::DashScope
            | WireFormat::Voyage
            | WireFormat::Served => {}
        }
    }
}
