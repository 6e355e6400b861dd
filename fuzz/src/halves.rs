//! What both formats promise: an answer and its request say the same in one piece as in two, and so
//! does the text that is kept of them to be counted.

use tollgate::wire::{
    Report, RequestFacts, RequestScanner, ResponseReader, TextBudget, WireFormat, endpoint,
};

use super::cut::in_two;

/// Text, refusal and tool calls of each choice; none where an answer has no text to count.
type Spoken = Option<Vec<(String, String, Vec<(String, String)>)>>;

const OPERATIONS: [&str; 6] = [
    "/v1/completions",
    "/v1/embeddings",
    "/v1/responses",
    "/v1/images/generations",
    "/v1/audio/transcriptions",
    "/v1/audio/speech",
];

/// A message.
pub fn anthropic(input: (u16, &[u8])) {
    agree(WireFormat::Anthropic, "/v1/messages", input);
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

/// Reads the bytes whole and cut in two, as a call of `path`.
fn agree(format: WireFormat, path: &str, (cut, bytes): (u16, &[u8])) {
    let whole = said(format, path, [bytes, b""]);
    assert_eq!(said(format, path, in_two(cut, bytes)), whole);
}

fn said(
    format: WireFormat,
    path: &str,
    pieces: [&[u8]; 2],
) -> (Report, bool, bool, Spoken, RequestFacts) {
    let endpoint = endpoint(format, &http::Method::POST, path);
    let budget = TextBudget::new(1 << 20);
    let mut response = ResponseReader::new(format, endpoint, None);
    let mut request = RequestScanner::of(format, endpoint.operation);
    response.keep_text(&budget);
    for piece in pieces {
        response.feed(piece);
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
        response.ended(),
        response.output_started(),
        spoken,
        request.facts().clone(),
    )
}
