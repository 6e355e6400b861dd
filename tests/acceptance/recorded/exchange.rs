//! One recorded exchange: what to ask, what the upstream answers, what a plain reading found.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Value;

use crate::support::upstream::{Script, Then};

/// What tollgate has to say about an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// The usage is in the answer: the row equals `expected`.
    Reported,
    /// Billed, but nobody asked for the usage: counted, else unknown and unpriced, never zero.
    Silent,
    /// Refused, or a neighbour that bills nothing.
    Free,
    /// An operation that is not read yet: the bytes, and one row.
    Passed,
}

/// A line of a recording.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Exchange {
    pub(crate) id: String,
    pub(crate) method: String,
    /// Path and query.
    pub(crate) path: String,
    pub(crate) request_headers: BTreeMap<String, String>,
    pub(crate) request_body: Option<String>,
    pub(crate) status: u16,
    pub(crate) response_headers: BTreeMap<String, String>,
    pub(crate) response_body: Option<String>,
    response_body_b64: Option<String>,
    /// The answer's body, whichever of the two it was.
    #[serde(skip)]
    bytes: Vec<u8>,
    pub(crate) streaming: bool,
    pub(crate) stream_format: Option<String>,
    pub(crate) expected: Value,
    /// The file's name without `.jsonl`: provider and API.
    #[serde(skip)]
    pub(crate) recording: String,
}

/// All exchanges whose answer is text, and all of Bedrock, in order of file and line.
pub(crate) fn load(folder: &Path) -> Vec<Exchange> {
    let entries = fs::read_dir(folder).unwrap();
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut found = Vec::new();
    for file in files {
        let name = file.file_name().unwrap().to_str().unwrap();
        let Some(recording) = name.strip_suffix(".jsonl") else {
            continue;
        };
        let upstream = recording.split('.').next().unwrap();
        let is_bedrock = upstream.starts_with("bedrock");
        for line in fs::read_to_string(&file).unwrap().lines() {
            let exchange: Exchange = serde_json::from_str(line).unwrap();
            let coded = exchange.response_body_b64.as_ref().filter(|_| is_bedrock);
            let bytes = match (&exchange.response_body, coded) {
                (Some(text), _) => text.clone().into_bytes(),
                (None, Some(coded)) => STANDARD.decode(coded).unwrap(),
                (None, None) => continue,
            };
            found.push(Exchange {
                recording: recording.to_owned(),
                bytes,
                ..exchange
            });
        }
    }
    found
}

impl Exchange {
    pub(crate) fn kind(&self) -> Kind {
        let has_usage = self.expected["usage_found"] == true;
        let (_, api) = self.recording.split_once('.').unwrap();
        match api {
            "chat.completions"
            | "completions"
            | "embeddings"
            | "responses"
            | "responses.compact"
            | "messages"
            | "ollama.chat"
            | "ollama.generate"
            | "cohere.v2.chat"
            | "cohere.v2.embed"
            | "cohere.v1.rerank"
            | "rerank"
            | "converse"
            | "converse-stream"
            | "invoke"
            | "invoke-with-response-stream" => match self.status {
                _ if has_usage => Kind::Reported,
                400.. => Kind::Free,
                // In the background: a look-up will have the usage, and the bill.
                _ if api == "responses" => Kind::Free,
                // One, made by hand: frames that end before their usage.
                _ if api == "converse-stream" => Kind::Passed,
                _ => Kind::Silent,
            },
            "generateContent"
            | "streamGenerateContent"
            | "interactions"
            | "predict"
            | "batchEmbedContents"
                if has_usage =>
            {
                Kind::Reported
            }
            "messages.count-tokens" | "count-tokens" | "countTokens" => Kind::Free,
            _ => Kind::Passed,
        }
    }

    /// What the row calls it.
    pub(crate) fn operation(&self) -> &'static str {
        match self.recording.split_once('.').unwrap().1 {
            "completions" | "ollama.generate" => "text_completion",
            "embeddings" | "cohere.v2.embed" | "predict" | "batchEmbedContents" => "embeddings",
            "cohere.v1.rerank" | "rerank" => "rerank",
            "invoke" if self.path.contains("embed") => "embeddings",
            _ => "chat",
        }
    }

    /// How the row knows the usage: where the input is left out, it is estimated.
    pub(crate) fn source(&self) -> &'static str {
        let says = |side: &str| !self.expected[side].is_null();
        if says("output_tokens") && !says("input_tokens") {
            "partial"
        } else {
            "reported"
        }
    }

    /// Vendor numbers that contradict each other prove nothing.
    pub(crate) fn is_ambiguous(&self) -> bool {
        !self.expected["ambiguous"].is_null()
    }

    /// What the upstream speaks.
    pub(crate) fn format(&self) -> &str {
        match self.upstream() {
            own @ ("anthropic" | "cohere" | "ollama" | "voyage") => own,
            "bedrock" | "bedrock-mantle" => "bedrock",
            "gemini" | "vertex" => "gemini",
            _ => "openai",
        }
    }

    /// The upstream's name in the test's configuration.
    pub(crate) fn upstream(&self) -> &str {
        self.recording.split('.').next().unwrap()
    }

    pub(crate) fn body(&self) -> &[u8] {
        &self.bytes
    }

    /// What the client gets: all of it, but for the report of a stream that it did not ask for.
    pub(crate) fn body_for_client(&self) -> Vec<u8> {
        let asked: Value = self.request_body.as_deref().map_or(Value::Null, |body| {
            serde_json::from_str(body).unwrap_or_default()
        });
        let is_asked = asked["stream_options"]["include_usage"] == true;
        let path = self.path.split('?').next().unwrap_or_default();
        let is_completion = self.format() == "openai" && path.ends_with("/completions");
        if !is_completion || asked["stream"] != true || is_asked {
            return self.body().to_vec();
        }
        let body = self.response_body.as_deref().unwrap_or_default();
        let events = body.split_inclusive("\n\n");
        events
            .filter(|event| !is_report(event))
            .collect::<String>()
            .into()
    }

    /// The same for a client that does not ask for the usage of its stream; `None` if it never did.
    pub(crate) fn unasked(mut self) -> Option<Self> {
        let body = self.request_body.take()?;
        let mut body: Value = serde_json::from_str(&body).ok()?;
        let options = body.get_mut("stream_options")?.as_object_mut()?;
        options
            .remove("include_usage")
            .filter(|asked| *asked == true)?;
        self.request_body = Some(body.to_string());
        Some(self)
    }

    /// A number of its own for every exchange, the same in every run.
    pub(crate) fn seed(&self) -> u64 {
        u64::from_str_radix(&self.id, 16).unwrap()
    }

    /// The recorded answer: streams in random pieces, the rest in one by length or by chunk.
    pub(crate) fn script(&self) -> Script {
        self.script_of(self.body(), &[])
    }

    /// The same with other bytes in its place, and the headers that say so.
    pub(crate) fn script_of(&self, body: &[u8], more_headers: &[(&str, &str)]) -> Script {
        let mut headers = self.answer_headers();
        headers.extend_from_slice(more_headers);
        if self.streaming {
            Script::chunked(self.status, &headers, &self.pieces(body))
        } else if self.seed().is_multiple_of(2) {
            Script::unary(self.status, &headers, body)
        } else {
            Script::chunked(self.status, &headers, &[body])
        }
    }

    /// The same, broken off after `length` bytes of the body.
    pub(crate) fn cut_script(&self, length: usize) -> Script {
        let pieces = self.pieces(&self.body()[..length]);
        Script::unended(self.status, &self.answer_headers(), &pieces).then(Then::Close)
    }

    /// What the recording kept of the headers; the encoding is gone, for the body is decoded.
    fn answer_headers(&self) -> Vec<(&str, &str)> {
        let kept = |name: &str| !matches!(name, "content-encoding" | "transfer-encoding");
        let recorded = self.response_headers.iter();
        let mut headers: Vec<(&str, &str)> = recorded
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .filter(|(name, _)| kept(name))
            .collect();
        if !self.response_headers.contains_key("content-type") {
            let sse = self.stream_format.as_deref() == Some("sse");
            let kind = if sse {
                "text/event-stream"
            } else {
                "application/json"
            };
            headers.push(("content-type", kind));
        }
        headers
    }

    /// Splits at random places: between events, in the middle of a word, of a character.
    fn pieces<'a>(&self, mut body: &'a [u8]) -> Vec<&'a [u8]> {
        let mut random = fastrand::Rng::with_seed(self.seed());
        let mut pieces = Vec::new();
        while !body.is_empty() {
            let (piece, rest) = body.split_at(random.usize(1..=body.len().min(900)));
            pieces.push(piece);
            body = rest;
        }
        pieces
    }
}

/// Whether an event has a usage and no choices.
fn is_report(event: &str) -> bool {
    let data = event.trim_end().strip_prefix("data: ").unwrap_or_default();
    let data: Value = serde_json::from_str(data).unwrap_or_default();
    data["choices"].as_array().is_some_and(Vec::is_empty) && data["usage"].is_object()
}
