//! JSON as records are made of, written straight into a buffer.
//!
//! The same bytes as serde's, for a tenth of the work: every call writes two records on its way.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::Offset;

use crate::money::{Currency, Factor, Pico, RatePerMtok, last_digits};

/// What can stand in a record.
pub(super) trait Json {
    /// Appends the value.
    fn write(&self, out: &mut Vec<u8>);

    /// Whether its field is left out.
    fn is_absent(&self) -> bool {
        false
    }
}

/// Writes an object: the first field always, the others where they are present.
macro_rules! object {
    ($out:ident, $first:literal: $always:expr, $($name:literal: $value:expr),+ $(,)?) => {
        $out.extend_from_slice(concat!("{\"", $first, "\":").as_bytes());
        $always.write($out);
        $(
            if !$value.is_absent() {
                $out.extend_from_slice(concat!(",\"", $name, "\":").as_bytes());
                $value.write($out);
            }
        )+
        $out.push(b'}');
    };
}
pub(super) use object;

/// Text that needs no escapes: our own words.
pub(super) fn plain(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(text);
    out.push(b'"');
}

/// Values with commas between them.
fn list<'a, T: Json + 'a>(items: impl IntoIterator<Item = &'a T>, out: &mut Vec<u8>) {
    out.push(b'[');
    for (at, item) in items.into_iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        item.write(out);
    }
    out.push(b']');
}

impl<T: Json> Json for Option<T> {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Some(value) => value.write(out),
            None => out.extend_from_slice(b"null"),
        }
    }

    fn is_absent(&self) -> bool {
        self.is_none()
    }
}

/// An option that says `null` for nothing.
pub(super) struct OrNull<'a, T>(pub(super) &'a Option<T>);

impl<T: Json> Json for OrNull<'_, T> {
    fn write(&self, out: &mut Vec<u8>) {
        self.0.write(out);
    }
}

impl<T: Json> Json for Vec<T> {
    fn write(&self, out: &mut Vec<u8>) {
        list(self, out);
    }

    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

impl<T: Json> Json for BTreeMap<String, T> {
    fn write(&self, out: &mut Vec<u8>) {
        let mut before = b'{';
        for (name, value) in self {
            out.push(before);
            name.write(out);
            out.push(b':');
            value.write(out);
            before = b',';
        }
        out.push(b'}');
    }

    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

impl Json for str {
    fn write(&self, out: &mut Vec<u8>) {
        if has_escapes(self.as_bytes()) {
            escaped(self, out);
        } else {
            plain(self.as_bytes(), out);
        }
    }
}

impl Json for String {
    fn write(&self, out: &mut Vec<u8>) {
        self.as_str().write(out);
    }
}

impl Json for Cow<'_, str> {
    fn write(&self, out: &mut Vec<u8>) {
        (**self).write(out);
    }
}

/// Whether JSON wants a byte of the text escaped; asked of eight bytes at a time.
fn has_escapes(text: &[u8]) -> bool {
    let (words, rest) = text.as_chunks::<8>();
    // The last eight bytes overlap the word before; a shorter text is filled up.
    let last = text.last_chunk().copied().unwrap_or_else(|| {
        let mut word = [b' '; 8];
        word.iter_mut().zip(rest).for_each(|(to, byte)| *to = *byte);
        word
    });
    words.iter().any(|word| wants_escape(*word)) || wants_escape(last)
}

/// The same of one word: the classic test for a byte below another, exact as to whether there is one.
fn wants_escape(word: [u8; 8]) -> bool {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGHS: u64 = u64::from_ne_bytes([0x80; 8]);
    let below = |word: u64, n: u64| word.wrapping_sub(ONES * n) & !word;
    let is = |word: u64, byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
    let word = u64::from_ne_bytes(word);
    (below(word, 0x20) | is(word, b'"') | is(word, b'\\')) & HIGHS != 0
}

/// Text with what JSON wants escaped.
#[cold]
fn escaped(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0x08 => out.extend_from_slice(b"\\b"),
            0x0c => out.extend_from_slice(b"\\f"),
            0..0x20 => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            0x20.. => out.push(byte),
        }
    }
    out.push(b'"');
}

impl Json for bool {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(if *self { b"true" } else { b"false" });
    }
}

impl Json for u64 {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(itoa::Buffer::new().format(*self).as_bytes());
    }
}

impl Json for u16 {
    fn write(&self, out: &mut Vec<u8>) {
        u64::from(*self).write(out);
    }
}

impl Json for Pico {
    fn write(&self, out: &mut Vec<u8>) {
        plain(self.digits().as_bytes(), out);
    }
}

impl Json for RatePerMtok {
    fn write(&self, out: &mut Vec<u8>) {
        plain(self.digits().as_bytes(), out);
    }
}

impl Json for Factor {
    fn write(&self, out: &mut Vec<u8>) {
        plain(self.to_string().as_bytes(), out);
    }
}

impl Json for Currency {
    fn write(&self, out: &mut Vec<u8>) {
        plain(self.as_bytes(), out);
    }
}

impl Json for uuid::Uuid {
    fn write(&self, out: &mut Vec<u8>) {
        let mut text = uuid::Uuid::encode_buffer();
        plain(self.hyphenated().encode_lower(&mut text).as_bytes(), out);
    }
}

impl Json for Timestamp {
    fn write(&self, out: &mut Vec<u8>) {
        let at = Offset::UTC.to_datetime(*self);
        let Ok(year) = u16::try_from(at.year()) else {
            // A year before Christ.
            return plain(self.to_string().as_bytes(), out);
        };
        out.push(b'"');
        out.extend_from_slice(&last_digits::<4>(u64::from(year)));
        for (mark, number) in [
            (b'-', at.month()),
            (b'-', at.day()),
            (b'T', at.hour()),
            (b':', at.minute()),
            (b':', at.second()),
        ] {
            let [tens, ones] = last_digits(u64::from(number.unsigned_abs()));
            out.extend_from_slice(&[mark, tens, ones]);
        }
        let nanos = last_digits::<9>(u64::from(at.subsec_nanosecond().unsigned_abs()));
        if let Some(last) = nanos.iter().rposition(|digit| *digit != b'0') {
            out.push(b'.');
            out.extend_from_slice(nanos.get(..=last).unwrap_or_default());
        }
        out.extend_from_slice(b"Z\"");
    }
}
