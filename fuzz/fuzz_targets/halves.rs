//! What both formats promise: an answer and its request say the same in one piece as in two.

use tollgate::wire::{Report, RequestFacts, RequestScanner, ResponseReader, WireFormat, endpoint};

/// Reads the bytes whole and cut in two, as a call of `path`.
pub fn agree(format: WireFormat, path: &str, (cut, bytes): (usize, &[u8])) {
    let (head, tail) = bytes.split_at(cut.min(bytes.len()));
    let whole = said(format, path, [bytes, b""]);
    assert_eq!(said(format, path, [head, tail]), whole);
}

fn said(format: WireFormat, path: &str, pieces: [&[u8]; 2]) -> (Report, bool, bool, RequestFacts) {
    let endpoint = endpoint(format, &http::Method::POST, path);
    let mut response = ResponseReader::new(format, endpoint, None);
    let mut request = RequestScanner::new(format);
    for piece in pieces {
        response.feed(piece);
        request.feed(piece);
    }
    (
        response.report().clone(),
        response.ended(),
        response.output_started(),
        request.facts().clone(),
    )
}
