//! Finds what ends a text, eight bytes at a step.
//!
//! Keys and names are so short that a call of `memchr` costs more than it finds; it takes over
//! where a text turns out to be long.

use memchr::memchr2;

/// As far as words are looked at one by one.
const SHORT_BYTES: usize = 32;

/// Where the first `"` or `\` is.
pub(super) fn quote_or_escape(bytes: &[u8]) -> Option<usize> {
    let is_mark = |byte: u8| matches!(byte, b'"' | b'\\');
    let (short, long) = bytes.split_at(bytes.len().min(SHORT_BYTES));
    first(
        short,
        |word| equal(word, b'"') | equal(word, b'\\'),
        is_mark,
    )
    .or_else(|| Some(SHORT_BYTES + memchr2(b'"', b'\\', long)?))
}

/// Where the first byte is that is `"`, `\`, a control character or no ASCII.
pub(super) fn not_plain(bytes: &[u8]) -> Option<usize> {
    let marks = |word| equal(word, b'"') | equal(word, b'\\') | below_space(word) | (word & HIGHS);
    first(
        bytes,
        marks,
        |byte| matches!(byte, ..b' ' | b'"' | b'\\' | 0x80..),
    )
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

/// Where the first byte is that `marks` marks in a word, and `is_mark` knows by itself.
fn first(bytes: &[u8], marks: impl Fn(u64) -> u64, is_mark: impl Fn(u8) -> bool) -> Option<usize> {
    let (words, tail) = bytes.as_chunks();
    let mut before = 0;
    for word in words {
        let marked = marks(u64::from_le_bytes(*word));
        if marked != 0 {
            return Some(before + usize::try_from(marked.trailing_zeros() / 8).ok()?);
        }
        before += word.len();
    }
    Some(before + tail.iter().position(|byte| is_mark(*byte))?)
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
            byte < b' ' || byte >= 0x80 || byte == b'"' || byte == b'\\'
        });
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
