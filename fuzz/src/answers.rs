//! What both formats promise: an answer and its request say the same in one piece as in two, and so
//! does the text that is kept of them to be counted.

use tollgate::wire::{
    Report, RequestFacts, RequestScanner, ResponseReader, TextBudget, WireFormat, endpoint,
};

use super::cut::in_two;

/// Text, refusal and tool calls of each choice; none where an answer has no text to count.
type Spoken = Option<Vec<(String, String, Vec<(String, String)>)>>;

const OPERATIONS: [&str; 8] = [
    "/v1/completions",
    "/v1/embeddings",
    "/v1/responses",
    "/v1/images/generations",
    "/v1/audio/transcriptions",
    "/v1/audio/speech",
    "/v1/threads/runs",
    "GET /v1/files/file_1/content",
];

/// A message, alone or among the results of a batch.
pub fn anthropic(input: (u16, &[u8])) {
    agree(WireFormat::Anthropic, "/v1/messages", input);
    let results = "GET /v1/messages/batches/b_1/results";
    agree(WireFormat::Anthropic, results, input);
}

/// An answer of Bedrock's: the first byte tells whether it is JSON or a binary stream.
pub fn bedrock(input: (u16, &[u8])) {
    agree(WireFormat::Bedrock, "/model/m/converse", input);
}

/// A chat completion.
pub fn openai(input: (u16, &[u8])) {
    agree(WireFormat::OpenAi, "/v1/chat/completions", input);
}

/// `OpenAI`'s other operations.
pub fn operations((operation, cut, bytes): (u8, u16, &[u8])) {
    let path = OPERATIONS[usize::from(operation) % OPERATIONS.len()];
    agree(WireFormat::OpenAi, path, (cut, bytes));
}

/// Reads the bytes whole and cut in two, as what `asked` is answered; POST if it does not say.
fn agree(format: WireFormat, asked: &str, (cut, bytes): (u16, &[u8])) {
    let whole = said(format, asked, [bytes, b""]);
    assert_eq!(said(format, asked, in_two(cut, bytes)), whole);
}

fn said(
    format: WireFormat,
    asked: &str,
    pieces: [&[u8]; 2],
) -> (Report, Vec<Report>, bool, bool, Spoken, RequestFacts) {
    let (method, path) = asked.split_once(' ').unwrap_or(("POST", asked));
    let endpoint = endpoint(format, &method.parse().unwrap(), path);
    let budget = TextBudget::new(1 << 20);
    let mut response = ResponseReader::new(endpoint, None);
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
    (
        response.report().clone(),
        results,
        response.ended(),
        response.output_started(),
        spoken,
        request.facts().clone(),
    )
}
