//! Finds what ends a text, eight bytes at a step.
//!
//! Keys and names are so short that a call of `memchr` costs more than it finds; it takes over
//! where a text turns out to be long.

use memchr::{memchr, memchr2};

/// As many words are looked at one by one.
const SHORT_WORDS: usize = 4;

/// Where the quote is that closes a text; if it is not in `bytes`, whether they end in the middle
/// of an escape.
///
/// Only quotes are looked for: a text may have an escape in every line, and few are `\"`.
pub(super) fn closing_quote(bytes: &[u8]) -> Result<usize, bool> {
    let mut open = 0;
    while let Some(len) = quote(bytes.get(open..).unwrap_or_default()) {
        let before = bytes.get(..open + len).unwrap_or_default();
        if !ends_in_escape(before) {
            return Ok(before.len());
        }
        open = before.len() + 1;
    }
    Err(ends_in_escape(bytes))
}

fn quote(bytes: &[u8]) -> Option<usize> {
    let is_quote = |word| equal(word, b'"');
    first(bytes, is_quote, |rest| memchr(b'"', rest))
}

/// Of backslashes in a row each second one is escaped itself.
fn ends_in_escape(bytes: &[u8]) -> bool {
    let backslashes = bytes.iter().rev().take_while(|byte| **byte == b'\\');
    backslashes.count() % 2 == 1
}

/// Where the first `"` or `\` is.
pub(super) fn quote_or_escape(bytes: &[u8]) -> Option<usize> {
    let is_mark = |word| equal(word, b'"') | equal(word, b'\\');
    first(bytes, is_mark, |rest| memchr2(b'"', b'\\', rest))
}

/// Where the first byte is that is `"`, `\`, a control character or no ASCII.
pub(super) fn not_plain(bytes: &[u8]) -> Option<usize> {
    let marks = |word| equal(word, b'"') | equal(word, b'\\') | below_space(word) | (word & HIGHS);
    let is_mark = |byte: &u8| matches!(byte, ..b' ' | b'"' | b'\\' | 0x80..);
    first(bytes, marks, |rest| rest.iter().position(is_mark))
}

const ONES: u64 = repeat(1);
const HIGHS: u64 = repeat(0x80);

const fn repeat(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

/// Sets the high bit of each byte that is `byte`; above the first it may set more.
const fn equal(word: u64, byte: u8) -> u64 {
    let zeros = word ^ repeat(byte);
    zeros.wrapping_sub(ONES) & !zeros & HIGHS
}

/// The same for control characters.
const fn below_space(word: u64) -> u64 {
    word.wrapping_sub(repeat(b' ')) & !word & HIGHS
}

/// Where the first byte is that `marks` marks in a word; behind the first words `in_rest` looks.
fn first(
    bytes: &[u8],
    marks: impl Fn(u64) -> u64,
    in_rest: impl Fn(&[u8]) -> Option<usize>,
) -> Option<usize> {
    let (words, _) = bytes.as_chunks();
    let mut before = 0;
    for word in words.iter().take(SHORT_WORDS) {
        let marked = marks(u64::from_le_bytes(*word));
        if marked != 0 {
            return Some(before + usize::try_from(marked.trailing_zeros() / 8).ok()?);
        }
        before += word.len();
    }
    Some(before + in_rest(bytes.get(before..)?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(find: impl Fn(&[u8]) -> Option<usize>, is_mark: impl Fn(u8) -> bool) {
        for (len, place) in (0..150).flat_map(|len| (0..len).map(move |place| (len, place))) {
            for byte in 0..=255 {
                let mut text = vec![b'x'; len];
                text[place] = byte;
                let expected = is_mark(byte).then_some(place);
                assert_eq!(find(&text), expected, "{byte} at {place} of {len}");
            }
        }
    }

    #[test]
    fn the_first_mark_is_found_wherever_it_stands() {
        check(quote_or_escape, |byte| byte == b'"' || byte == b'\\');
    }

    #[test]
    fn only_ascii_without_controls_quotes_and_escapes_is_plain() {
        check(not_plain, |byte| {
            !(b' '..0x80).contains(&byte) || byte == b'"' || byte == b'\\'
        });
    }

    #[test]
    fn the_closing_quote_is_the_first_that_is_not_escaped() {
        for (text, expected) in [
            (r#"a","b""#, Ok(1)),
            (r#"\"\\\"\\"x""#, Ok(8)),
            (r"\n\\", Err(false)),
            (r#"\"\"#, Err(true)),
            ("", Err(false)),
        ] {
            for pad in 0..100 {
                let padded = "x".repeat(pad) + text;
                let expected = expected.map(|quote| pad + quote);
                assert_eq!(closing_quote(padded.as_bytes()), expected, "{padded}");
            }
        }
    }

    #[test]
    fn of_several_marks_the_first_is_found() {
        for text in [
            "abc\"\"\\\"abcdefgh",
            "abcdefg\\#\"\"",
            "ab!\"#\"\\]\"",
            "\"!!!!!!!",
        ] {
            let bytes = text.as_bytes();
            assert_eq!(
                quote_or_escape(bytes),
                memchr2(b'"', b'\\', bytes),
                "{text}"
            );
            assert_eq!(not_plain(bytes), memchr2(b'"', b'\\', bytes), "{text}");
        }
    }
}
