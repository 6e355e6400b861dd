//! What all formats promise: an answer and its request say the same in whatever pieces they come, and
//! so does the text that is kept of them to be counted; what they leave behind is bounded.

use tollgate::wire::{
    Report, RequestFacts, RequestScanner, ResponseReader, TextBudget, WireFormat, endpoint,
};

use super::cut::{in_many, in_two};

/// What is asked, and which format the upstream speaks: one at least of each reader's.
pub const ASKED: [(WireFormat, &str); 33] = [
    (WireFormat::OpenAi, "/v1/chat/completions"),
    (WireFormat::OpenAi, "/v1/completions"),
    (WireFormat::OpenAi, "/v1/embeddings"),
    (WireFormat::OpenAi, "/v1/responses"),
    (WireFormat::OpenAi, "/v1/images/generations"),
    (WireFormat::OpenAi, "/v1/audio/transcriptions"),
    (WireFormat::OpenAi, "/v1/audio/speech"),
    (WireFormat::OpenAi, "/v1/threads/runs"),
    (WireFormat::OpenAi, "GET /v1/files/file_1/content"),
    (WireFormat::OpenAi, "GET /v1/responses/resp_1"),
    (WireFormat::OpenAi, "/v1/videos"),
    (WireFormat::Anthropic, "/v1/messages"),
    (
        WireFormat::Anthropic,
        "GET /v1/messages/batches/b_1/results",
    ),
    (WireFormat::Gemini, "/v1beta/models/m:streamGenerateContent"),
    (WireFormat::Gemini, "/v1beta/models/m:batchEmbedContents"),
    (WireFormat::Gemini, "/v1/publishers/google/models/m:predict"),
    (WireFormat::Gemini, "/v1beta/interactions"),
    (WireFormat::Gemini, "GET /v1beta/interactions/i_1"),
    (WireFormat::Ollama, "/api/chat"),
    (WireFormat::Ollama, "/api/generate"),
    (WireFormat::Ollama, "/api/embed"),
    (WireFormat::Cohere, "/v1/chat"),
    (WireFormat::Cohere, "/v2/chat"),
    (WireFormat::Cohere, "/v2/embed"),
    (WireFormat::Cohere, "/v2/rerank"),
    (WireFormat::Bedrock, "/model/m/converse"),
    (WireFormat::Bedrock, "/model/m/invoke-with-response-stream"),
    (
        WireFormat::DashScope,
        "/api/v1/services/aigc/text-generation/generation",
    ),
    (WireFormat::Voyage, "/v1/embeddings"),
    (WireFormat::Voyage, "/v1/rerank"),
    (WireFormat::Served, "/generate"),
    (WireFormat::Served, "/completion"),
    (WireFormat::Served, "/ml/v1/text/generation"),
];

/// Servers mislabel bodies, so what is said of one need not be true.
const LABELS: [Option<&str>; 6] = [
    None,
    Some("application/json"),
    Some("text/event-stream"),
    Some("application/x-ndjson"),
    Some("text/plain"),
    Some("audio/mpeg"),
];

/// No provider sends a longer name, and none bills by more units at a time.
const NAME_BYTES_MAX: usize = 256;
const UNITS_MAX: usize = 8;

/// Text, refusal and tool calls of each choice; none where an answer has no text to count.
type Spoken = Option<Vec<(String, String, Vec<(String, String)>)>>;

/// All that is known of a call.
#[derive(Debug, PartialEq)]
pub(super) struct Said {
    pub(super) report: Report,
    results: Vec<Report>,
    pub(super) ended: bool,
    started: bool,
    spoken: Spoken,
    asked: RequestFacts,
}

/// Panics where it does not hold.
pub fn holds((asked, label, cut, bytes): (u8, u8, u16, &[u8])) {
    let (format, asked) = ASKED[usize::from(asked) % ASKED.len()];
    let label = LABELS[usize::from(label) % LABELS.len()];
    let whole = agreed(format, asked, label, (cut, bytes));
    let [head, _] = in_two(cut, bytes);
    let before = said(format, asked, label, &[head]);
    assert!(whole.ended || !before.ended, "what has ended goes on");
}

/// What is said of bytes that are cut, after it was found that the cuts change nothing.
pub(super) fn agreed(
    format: WireFormat,
    asked: &str,
    label: Option<&str>,
    (cut, bytes): (u16, &[u8]),
) -> Said {
    let whole = said(format, asked, label, &[bytes]);
    assert_eq!(said(format, asked, label, &in_two(cut, bytes)), whole);
    assert_eq!(said(format, asked, label, &in_many(cut, bytes)), whole);
    whole
        .results
        .iter()
        .chain([&whole.report])
        .for_each(bounded);
    whole
}

pub(super) fn said(format: WireFormat, asked: &str, label: Option<&str>, pieces: &[&[u8]]) -> Said {
    let (method, path) = asked.split_once(' ').unwrap_or(("POST", asked));
    let endpoint = endpoint(format, &method.parse().unwrap(), path);
    let budget = TextBudget::new(1 << 20);
    let mut response = ResponseReader::new(endpoint, label);
    let mut results = Vec::new();
    let mut request = RequestScanner::of(endpoint);
    response.keep_text(&budget);
    for piece in pieces {
        response.feed(piece);
        results.extend(response.take_results());
        request.feed(piece);
    }
    let spoken = response.take_text().map(|spoken| {
        let choices = spoken.choices().into_iter();
        let told = choices.map(|choice| (choice.text, choice.refusal, choice.calls));
        told.collect()
    });
    assert_eq!(budget.held(), 0, "kept room is given back");
    Said {
        report: response.report().clone(),
        results,
        ended: response.ended(),
        started: response.output_started(),
        spoken,
        asked: request.facts().clone(),
    }
}

fn bounded(report: &Report) {
    let names = [
        &report.model,
        &report.response_id,
        &report.service_tier,
        &report.finish_reason,
        &report.speed,
        &report.region,
    ];
    let side = report.side.iter().map(|side| &side.model);
    for name in names.into_iter().chain(side).flatten() {
        assert!(name.len() <= NAME_BYTES_MAX, "a name of {}", name.len());
    }
    assert!(report.units.len() <= UNITS_MAX);
}
