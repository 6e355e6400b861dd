//! Reads one object key byte by byte, escapes decoded.

use super::text::quote_or_escape;

/// No named key is longer; a longer one is foreign and need not be kept.
const KEY_BYTES_MAX: usize = 48;

#[derive(Clone, Copy, Debug)]
enum Mode {
    Plain,
    Escaped,
    /// In `\uXXXX`: digits still to come, and what they say so far.
    Hex(u8, u32),
}

/// A key being read.
#[derive(Debug)]
pub(super) struct Key {
    bytes: Vec<u8>,
    mode: Mode,
    /// Cannot be the name of anything: too long, or not text.
    foreign: bool,
}

impl Key {
    pub(super) fn new() -> Self {
        Self {
            bytes: Vec::new(),
            mode: Mode::Plain,
            foreign: false,
        }
    }

    /// Begins a new key, after its opening quote.
    pub(super) fn restart(&mut self) {
        self.bytes.clear();
        self.mode = Mode::Plain;
        self.foreign = false;
    }

    /// The decoded key, if a path could be named so.
    pub(super) fn name(&self) -> Option<&[u8]> {
        (!self.foreign).then_some(self.bytes.as_slice())
    }

    /// The key that follows, if it has just begun, is plainly written and closed in `bytes`.
    pub(super) fn whole<'b>(&self, bytes: &'b [u8]) -> Option<&'b [u8]> {
        let len = quote_or_escape(bytes).filter(|_| self.is_fresh())?;
        let (key, after) = bytes.split_at_checked(len)?;
        after.starts_with(b"\"").then_some(key)
    }

    fn is_fresh(&self) -> bool {
        self.bytes.is_empty() && matches!(self.mode, Mode::Plain) && !self.foreign
    }

    /// Goes on; says how many of `bytes` belong to the key, closing quote included, at its end.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        loop {
            let rest = bytes.get(at..)?;
            match self.mode {
                Mode::Plain => {
                    let plain = quote_or_escape(rest);
                    self.push(rest.get(..plain.unwrap_or(rest.len()))?);
                    at += plain? + 1;
                    if rest.get(plain?) == Some(&b'"') {
                        return Some(at);
                    }
                    self.mode = Mode::Escaped;
                }
                Mode::Escaped | Mode::Hex(..) => {
                    self.escape(*rest.first()?);
                    at += 1;
                }
            }
        }
    }

    fn escape(&mut self, byte: u8) {
        match (self.mode, byte) {
            (Mode::Hex(left, code), _) => self.hex_digit(left, code, byte),
            (_, b'u') => self.mode = Mode::Hex(4, 0),
            (_, letter) => {
                self.mode = Mode::Plain;
                match unescaped(letter) {
                    Some(plain) => self.push(&[plain]),
                    None => self.foreign = true,
                }
            }
        }
    }

    fn hex_digit(&mut self, left: u8, code: u32, byte: u8) {
        self.mode = Mode::Plain;
        match (char::from(byte).to_digit(16), left) {
            (Some(digit), 2..) => self.mode = Mode::Hex(left - 1, code * 16 + digit),
            (Some(digit), _) => self.push_char(code * 16 + digit),
            (None, _) => self.foreign = true,
        }
    }

    /// Half of a surrogate pair is no character; no named key has one, so it need not be joined.
    fn push_char(&mut self, code: u32) {
        match char::from_u32(code) {
            Some(decoded) => self.push(decoded.encode_utf8(&mut [0; 4]).as_bytes()),
            None => self.foreign = true,
        }
    }

    fn push(&mut self, bytes: &[u8]) {
        if self.bytes.len() + bytes.len() > KEY_BYTES_MAX {
            self.foreign = true;
        } else {
            self.bytes.extend_from_slice(bytes);
        }
    }
}

const fn unescaped(letter: u8) -> Option<u8> {
    Some(match letter {
        b'"' | b'\\' | b'/' => letter,
        b'b' => 8,
        b'f' => 12,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(written: &str, name: Option<&str>) {
        let bytes = written.as_bytes();
        for cut in 0..bytes.len() {
            let mut key = Key::new();
            let (head, tail) = bytes.split_at(cut);
            let end = key.feed(head).or_else(|| key.feed(tail).map(|n| cut + n));
            assert_eq!(end, Some(bytes.len()), "{written} cut at {cut}");
            assert_eq!(
                key.name(),
                name.map(str::as_bytes),
                "{written} cut at {cut}"
            );
        }
    }

    #[test]
    fn a_key_is_the_same_however_it_is_written_and_split() {
        check(r#"usage""#, Some("usage"));
        check(r#"\u0075s\u0061ge""#, Some("usage"));
        check(r#"a\/b\"\\\n""#, Some("a/b\"\\\n"));
        check("größe\"", Some("größe"));
        check(r#"gr\u00f6\u00dfe""#, Some("größe"));
    }

    #[test]
    fn a_key_that_names_nothing_is_only_passed() {
        check(&format!("{}\"", "k".repeat(KEY_BYTES_MAX + 1)), None);
        check(r#"\ud83d\ude00""#, None);
        check(r#"\x\uZZZZ""#, None);
    }
}
