//! A chat completion and its request say the same in one piece as in two.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tollgate::wire::{Report, RequestFacts, RequestScanner, ResponseReader, WireFormat, endpoint};

const FORMAT: WireFormat = WireFormat::OpenAi;

fn said(pieces: [&[u8]; 2]) -> (Report, bool, bool, RequestFacts) {
    let endpoint = endpoint(FORMAT, &http::Method::POST, "/v1/chat/completions");
    let mut response = ResponseReader::new(FORMAT, endpoint, None);
    let mut request = RequestScanner::new(FORMAT);
    for piece in pieces {
        response.feed(piece);
        request.feed(piece);
    }
    let report = response.report().clone();
    (
        report,
        response.ended(),
        response.output_started(),
        request.facts().clone(),
    )
}

fuzz_target!(|input: (usize, &[u8])| {
    let (cut, bytes) = input;
    let (head, tail) = bytes.split_at(cut.min(bytes.len()));
    assert_eq!(said([head, tail]), said([bytes, b""]));
});
