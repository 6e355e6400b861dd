//! A form says the same in one piece as in two, and names its model behind any file.

use tollgate::wire::{RequestFacts, RequestScanner, WireFormat};

use super::cut::in_two;

const FILE: &[u8] = b"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\n";
const MODEL: &[u8] =
    b"\r\n--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nm\r\n--b--\r\n";
const DELIMITER: &[u8] = b"\r\n--b";

fn asked(pieces: [&[u8]; 2]) -> RequestFacts {
    let mut request = RequestScanner::new(WireFormat::OpenAi);
    for piece in pieces {
        request.feed(piece);
    }
    request.facts().clone()
}

/// Panics where it does not hold.
pub fn holds((cut, bytes): (u16, &[u8])) {
    let any = [b"--", bytes].concat();
    assert_eq!(asked(in_two(cut, &any)), asked([&any, b""]));

    let form = [FILE, bytes, MODEL].concat();
    let at = form.windows(DELIMITER.len()).position(|it| it == DELIMITER);
    // Else the file ends where it says so itself.
    if at == Some(FILE.len() + bytes.len()) {
        let facts = asked(in_two(cut, &form));
        assert_eq!(facts.model.as_deref(), Some("m"));
    }
}
