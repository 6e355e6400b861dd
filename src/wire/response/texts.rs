//! Reads JSON texts one after the other, each on lines of its own: NDJSON, and a whole body however
//! it is spaced. A broken text is passed over up to its line's end.

use memchr::memchr;

use crate::call::Flag;

use super::super::spoken::Spoken;
use super::{Format, Framed};

impl<R: Format> Framed<R> {
    pub(super) fn lines(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let end = memchr(b'\n', bytes).map_or(bytes.len(), |end| end + 1);
            let (piece, rest) = bytes.split_at(end);
            self.piece(piece);
            bytes = rest;
        }
    }

    /// Reads up to a line's end.
    fn piece(&mut self, piece: &[u8]) {
        let Self {
            scanner,
            reader,
            findings,
            after_line,
            ..
        } = self;
        let was_complete = scanner.is_complete();
        let is_blank = piece.iter().all(u8::is_ascii_whitespace);
        findings.report.is_stream |= *after_line && !is_blank;
        scanner.feed(piece, &mut |seen| reader.see(seen, findings));
        if scanner.is_complete() && !was_complete {
            reader.end_text(findings);
            findings.spoken.as_deref_mut().map(Spoken::end_event);
        }
        if scanner.is_malformed() {
            findings.flag(Flag::Malformed);
        }
        let is_over = scanner.is_complete() || scanner.is_malformed();
        if is_over && piece.ends_with(b"\n") {
            scanner.reset();
            *after_line = true;
        }
    }
}
