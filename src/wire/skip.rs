//! Passes over one JSON value of any size and depth without looking into it.
//!
//! What is skipped is not validated: only strings and brackets are followed, which is all that is
//! needed to find the value's end, at the speed of `memchr`.

use super::text::closing_quote;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Scalar,
    Outside,
    InString,
    Escaped,
}

/// The place inside a value that is being passed over.
#[derive(Debug)]
pub(super) struct Skip {
    mode: Mode,
    depth: u64,
}

impl Skip {
    /// Stands before a value that begins with `first`; `None` where no value can begin so.
    pub(super) fn before(first: u8) -> Option<Self> {
        let mode = match first {
            b'"' | b'{' | b'[' => Mode::Outside,
            b'-' | b'0'..=b'9' | b't' | b'f' | b'n' => Mode::Scalar,
            _ => return None,
        };
        Some(Self { mode, depth: 0 })
    }

    /// Goes on; says how many of `bytes` still belong to the value once its end is seen.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Option<usize> {
        match self.mode {
            Mode::Scalar => position(bytes, OUTSIDE_SCALAR),
            Mode::Outside => self.outside(bytes, 0),
            Mode::InString => self.in_string(bytes, 0),
            Mode::Escaped => {
                bytes.first()?;
                self.in_string(bytes, 1)
            }
        }
    }

    /// Goes on from a place outside of strings.
    fn outside(&mut self, bytes: &[u8], mut at: usize) -> Option<usize> {
        let mut depth = self.depth;
        loop {
            let rest = bytes.get(at..)?;
            let Some(before) = position(rest, STRUCTURE) else {
                (self.mode, self.depth) = (Mode::Outside, depth);
                return None;
            };
            at += before + 1;
            match rest.get(before)? {
                b'"' => match closing_quote(bytes.get(at..)?) {
                    Ok(quote) => at += quote + 1,
                    Err(in_escape) => {
                        self.depth = depth;
                        self.mode = text_mode(in_escape);
                        return None;
                    }
                },
                b'{' | b'[' => {
                    depth = depth.saturating_add(1);
                    continue;
                }
                _ => depth = depth.saturating_sub(1),
            }
            if depth == 0 {
                return Some(at);
            }
        }
    }

    /// Goes on from a place inside a string.
    fn in_string(&mut self, bytes: &[u8], at: usize) -> Option<usize> {
        match closing_quote(bytes.get(at..)?) {
            Ok(quote) if self.depth == 0 => Some(at + quote + 1),
            Ok(quote) => self.outside(bytes, at + quote + 1),
            Err(in_escape) => {
                self.mode = text_mode(in_escape);
                None
            }
        }
    }

    /// Whether the next byte is inside a string, and not escaped.
    pub(super) fn is_in_text(&self) -> bool {
        self.mode == Mode::InString
    }
}

const fn text_mode(in_escape: bool) -> Mode {
    if in_escape {
        Mode::Escaped
    } else {
        Mode::InString
    }
}

/// Ends a scalar: anything but letters, digits, signs and the point.
const OUTSIDE_SCALAR: u8 = 1;
/// Opens or closes something.
const STRUCTURE: u8 = 2;

/// The classes of every byte: one look instead of a comparison for each member.
const CLASSES: [u8; 256] = classes();

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    reason = "const; 256 bytes, 256 places"
)]
const fn classes() -> [u8; 256] {
    let mut classes = [0; 256];
    let mut at = 0;
    while at < 256 {
        let byte = at as u8;
        if !byte.is_ascii_alphanumeric() && !matches!(byte, b'-' | b'+' | b'.') {
            classes[at] |= OUTSIDE_SCALAR;
        }
        if matches!(byte, b'"' | b'{' | b'}' | b'[' | b']') {
            classes[at] |= STRUCTURE;
        }
        at += 1;
    }
    classes
}

/// Where the first byte of a class is.
fn position(bytes: &[u8], class: u8) -> Option<usize> {
    let classes_of = |byte: &u8| CLASSES.get(usize::from(*byte));
    let is_in = |byte: &u8| classes_of(byte).is_some_and(|classes| classes & class != 0);
    bytes.iter().position(is_in)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(json: &str, end: Option<usize>) {
        let bytes = json.as_bytes();
        let mut whole = Skip::before(bytes[0]).unwrap();
        assert_eq!(whole.feed(bytes), end, "{json}");
        for cut in 0..=bytes.len() {
            let mut split = Skip::before(bytes[0]).unwrap();
            let (head, tail) = bytes.split_at(cut);
            let found = split
                .feed(head)
                .or_else(|| split.feed(tail).map(|n| cut + n));
            assert_eq!(found, end, "{json} cut at {cut}");
        }
    }

    #[test]
    fn a_value_ends_where_its_own_bracket_or_quote_closes() {
        check(r#"{"a":[1,{"b":2}]},"c""#, Some(17));
        check(r#""text",1"#, Some(6));
        check("[[]]]", Some(4));
    }

    #[test]
    fn brackets_and_quotes_inside_strings_do_not_count() {
        check(r#"["}]\"]",1] "#, Some(11));
        check(r#""\\" "#, Some(4));
        check(r#""\\\"" "#, Some(6));
    }

    #[test]
    fn a_scalar_ends_before_what_follows_it() {
        check("-1.5e+3,", Some(7));
        check("null}", Some(4));
        check("true", None);
    }

    #[test]
    fn nothing_begins_with_a_closer_or_a_letter_that_is_no_word() {
        for first in b"}],:xNT+.<" {
            assert!(Skip::before(*first).is_none(), "{first}");
        }
    }
}
