//! Reads the short fields of a multipart form while it passes (RFC 7578); files are passed over.
//!
//! A form names its boundary in its first line, so no header is needed. Only one field is held at a
//! time, and no more of it than a name is long.

use memchr::{memchr, memrchr};

/// A longer value is nobody's name; it is not told.
const VALUE_BYTES_MAX: usize = 256;

/// The head of a part: more of a line is not looked at.
const LINE_BYTES_MAX: usize = 512;

/// RFC 2046, section 5.1.1, and the two dashes before it.
const BOUNDARY_BYTES_MAX: usize = 72;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// In the first line.
    Boundary,
    /// Behind a boundary: the form is over, or a part begins.
    Behind,
    Head,
    Value,
    Over,
}

/// Reads one form.
#[derive(Debug)]
pub(super) struct Form {
    state: State,
    /// What ends a value: a line's end and the boundary. Its only CR is its first byte.
    delimiter: Vec<u8>,
    /// How much of the delimiter has come.
    matched: usize,
    /// The line, or the value, as far as it has come.
    held: Vec<u8>,
    /// The field this part is; none if it is a file or too long.
    name: Option<Vec<u8>>,
}

impl Form {
    pub(super) fn new() -> Self {
        Self {
            state: State::Boundary,
            delimiter: Vec::new(),
            matched: 0,
            held: Vec::new(),
            name: None,
        }
    }

    /// Whether a body that begins with this byte is a form; no JSON text does.
    pub(super) const fn begins(first: u8) -> bool {
        first == b'-'
    }

    /// Takes the next bytes and says which fields, name and value, have come whole.
    pub(super) fn feed(&mut self, bytes: &[u8], found: &mut impl FnMut(&[u8], &[u8])) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let used = match self.state {
                State::Over => return,
                State::Value => self.value(rest, found),
                State::Boundary | State::Behind | State::Head => self.line(rest),
            };
            rest = rest.get(used..).unwrap_or_default();
        }
    }

    fn line(&mut self, bytes: &[u8]) -> usize {
        let end = memchr(b'\n', bytes);
        let piece = bytes.get(..end.unwrap_or(bytes.len())).unwrap_or_default();
        let room = LINE_BYTES_MAX.saturating_sub(self.held.len());
        self.held
            .extend_from_slice(piece.get(..room.min(piece.len())).unwrap_or_default());
        if end.is_some() {
            let line = std::mem::take(&mut self.held);
            self.line_ended(line.strip_suffix(b"\r").unwrap_or(&line));
        }
        piece.len() + usize::from(end.is_some())
    }

    fn line_ended(&mut self, line: &[u8]) {
        self.state = match self.state {
            State::Boundary if line.len() <= BOUNDARY_BYTES_MAX && line.starts_with(b"--") => {
                self.delimiter = [b"\r\n", line].concat();
                State::Head
            }
            State::Behind if !line.starts_with(b"--") => State::Head,
            State::Head if line.is_empty() => {
                self.matched = 0;
                State::Value
            }
            State::Head => {
                self.name = field(line).or(self.name.take());
                State::Head
            }
            State::Boundary | State::Behind | State::Value | State::Over => State::Over,
        };
    }

    fn value(&mut self, bytes: &[u8], found: &mut impl FnMut(&[u8], &[u8])) -> usize {
        if self.matched == 0 {
            let plain = memchr(b'\r', bytes).unwrap_or(bytes.len());
            self.hold(bytes.get(..plain).unwrap_or_default());
            if plain > 0 {
                return plain;
            }
        }
        let expected = self.delimiter.get(self.matched);
        if expected.is_none() || bytes.first() != expected {
            let lost = std::mem::take(&mut self.matched);
            let lost = self.delimiter.get(..lost).unwrap_or_default().to_vec();
            self.hold(&lost);
            return 0;
        }
        self.matched += 1;
        if self.matched == self.delimiter.len() {
            self.value_ended(found);
        }
        1
    }

    fn hold(&mut self, bytes: &[u8]) {
        if self.name.is_none() {
            return;
        }
        if self.held.len() + bytes.len() > VALUE_BYTES_MAX {
            self.name = None;
            self.held.clear();
        } else {
            self.held.extend_from_slice(bytes);
        }
    }

    fn value_ended(&mut self, found: &mut impl FnMut(&[u8], &[u8])) {
        if let Some(name) = self.name.take() {
            found(&name, &self.held);
        }
        self.held.clear();
        self.state = State::Behind;
    }
}

/// The name of the field that a line of a part's head begins; none for a file.
fn field(line: &[u8]) -> Option<Vec<u8>> {
    const DISPOSITION: &[u8] = b"content-disposition:";
    let (header, rest) = line.split_at_checked(DISPOSITION.len())?;
    let mut name = None;
    for part in rest.split(|byte| *byte == b';').map(<[u8]>::trim_ascii) {
        if part.starts_with(b"filename") {
            return None;
        }
        name = part.strip_prefix(b"name=").or(name);
    }
    let name = name?;
    let quoted = name.strip_prefix(b"\"").and_then(|name| {
        let end = memrchr(b'"', name)?;
        name.get(..end)
    });
    let is_disposition = header.eq_ignore_ascii_case(DISPOSITION);
    is_disposition.then(|| quoted.unwrap_or(name).to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(pieces: &[&[u8]]) -> Vec<(String, String)> {
        let mut form = Form::new();
        let mut fields = Vec::new();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        for piece in pieces {
            form.feed(piece, &mut |name, value| {
                fields.push((text(name), text(value)));
            });
        }
        fields
    }

    #[track_caller]
    fn check(form: &str, expected: &[(&str, &str)]) {
        let bytes = form.as_bytes();
        let expected: Vec<_> = expected
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        for cut in 0..=bytes.len() {
            let (head, tail) = bytes.split_at(cut);
            assert_eq!(fields(&[head, tail]), expected, "{form:?} cut at {cut}");
        }
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(fields(&single), expected, "{form:?} byte by byte");
    }

    const FORM: &str = "--x-1\r\n\
        Content-Disposition: form-data; name=\"model\"\r\n\r\n\
        whisper-1\r\n\
        --x-1\r\n\
        content-disposition: form-data; name=\"file\"; filename=\"a.mp3\"\r\n\
        Content-Type: audio/mpeg\r\n\r\n\
        ID3\r\n--x-\r\n\r\n--x\r\n--x-2 name=\"model\"\r\n\
        --x-1\r\n\
        Content-Type: text/plain\r\n\
        Content-Disposition: form-data; name=stream\r\n\r\n\
        true\r\n\
        --x-1--\r\n";

    #[test]
    fn short_fields_are_read_and_files_are_not() {
        check(FORM, &[("model", "whisper-1"), ("stream", "true")]);
    }

    #[test]
    fn a_value_may_look_like_the_boundary_and_be_empty() {
        let form = "--b\r\ncontent-disposition: form-data; name=\"p\"\r\n\r\n\r\r\n--a\r\n--b\r\n\
             content-disposition: form-data; name=\"q\"\r\n\r\n\r\n--b--";
        check(form, &[("p", "\r\r\n--a"), ("q", "")]);
    }

    #[test]
    fn what_is_long_or_no_form_is_only_passed() {
        let long = "y".repeat(VALUE_BYTES_MAX + 1);
        let form = format!(
            "--b\r\ncontent-disposition: form-data; name=\"model\"\r\n\r\n{long}\r\n--b--\r\n"
        );
        check(&form, &[]);
        check(&format!("--{long}\r\n\r\n"), &[]);
        check("-x\r\n\r\n", &[]);
        check("--b", &[]);
    }
}
