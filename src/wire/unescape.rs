//! Decodes the inside of a JSON string, whole or cut off anywhere.

use memchr::memchr;

/// The text; half of a surrogate pair is U+FFFD, and what a cut left of an escape or a character at
/// the end is not there.
pub(super) fn unescape(raw: &[u8]) -> String {
    let mut out = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(plain) = memchr(b'\\', rest) {
        let (before, escape) = rest.split_at(plain);
        out.extend_from_slice(before);
        let Some((decoded, len)) = escaped(escape) else {
            rest = &[];
            break;
        };
        out.extend_from_slice(decoded.encode_utf8(&mut [0; 4]).as_bytes());
        rest = escape.get(len..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
    whole_characters(out)
}

/// What an escape at the start of `bytes` stands for, and how long it is; none where it is cut.
fn escaped(bytes: &[u8]) -> Option<(char, usize)> {
    Some(match *bytes.get(1)? {
        b'u' => return unicode(bytes),
        b'b' => ('\u{8}', 2),
        b'f' => ('\u{c}', 2),
        b'n' => ('\n', 2),
        b'r' => ('\r', 2),
        b't' => ('\t', 2),
        letter if letter.is_ascii() => (char::from(letter), 2),
        _ => (char::REPLACEMENT_CHARACTER, 1),
    })
}

fn unicode(bytes: &[u8]) -> Option<(char, usize)> {
    let Some(high) = unit(bytes.get(2..6)?) else {
        return Some((char::REPLACEMENT_CHARACTER, 2));
    };
    if !(0xD800..0xDC00).contains(&high) {
        let lone = char::from_u32(high.into()).unwrap_or(char::REPLACEMENT_CHARACTER);
        return Some((lone, 6));
    }
    let alone = Some((char::REPLACEMENT_CHARACTER, 6));
    let behind = bytes.get(6..).unwrap_or_default();
    if behind.len() < 6 && br"\u".iter().zip(behind).all(|(one, other)| one == other) {
        // The other half is behind the cut.
        return None;
    }
    let low = behind
        .strip_prefix(br"\u")
        .and_then(|digits| unit(digits.get(..4)?));
    let pair = low.and_then(|low| char::decode_utf16([high, low]).next()?.ok());
    pair.map_or(alone, |both| Some((both, 12)))
}

fn unit(digits: &[u8]) -> Option<u16> {
    let digits = str::from_utf8(digits).ok()?;
    u16::from_str_radix(digits, 16).ok()
}

fn whole_characters(mut bytes: Vec<u8>) -> String {
    if let Err(error) = str::from_utf8(&bytes)
        && error.error_len().is_none()
    {
        bytes.truncate(error.valid_up_to());
    }
    String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(raw: &str, text: &str) {
        assert_eq!(unescape(raw.as_bytes()), text, "{raw}");
    }

    #[test]
    fn every_escape_is_decoded() {
        check(r#"a\"b\\c\/d\b\f\n\r\te"#, "a\"b\\c/d\u{8}\u{c}\n\r\te");
        check(r"gr\u00f6\u00DFe \ud83d\ude00!", "größe 😀!");
        check("größe 😀", "größe 😀");
    }

    #[test]
    fn what_is_no_character_is_a_replacement() {
        check(r"\ud83d!", "\u{fffd}!");
        check(r"\ude00!", "\u{fffd}!");
        check(r"\ud83d\u0041\n", "\u{fffd}A\n");
        check(r"\uzzzz.", "\u{fffd}zzzz.");
        assert_eq!(unescape(b"a\xffb\\\xffc"), "a\u{fffd}b\u{fffd}\u{fffd}c");
    }

    #[test]
    fn a_cut_leaves_whole_characters() {
        let raw = "😀 \\ud83d\\ude00";
        for cut in 0..=raw.len() {
            let text = unescape(&raw.as_bytes()[..cut]);
            assert!("😀 😀".starts_with(&text), "cut at {cut}: {text}");
        }
    }

    #[test]
    fn it_decodes_as_serde_json_does() {
        let text = "quote \" slash \\ tab \t null \u{0} größe 😀 \u{2028}";
        let raw = serde_json::to_string(text).unwrap();
        check(&raw[1..raw.len() - 1], text);
    }
}
