//! Short texts a provider sends: models, ids, tiers, reasons.

use std::borrow::Cow;

use super::text::not_plain;

/// A longer name is nobody's name; it is treated as absent.
const NAME_BYTES_MAX: usize = 256;

/// A decoded text, if it can be a name.
pub(super) fn short(text: Option<&str>) -> Option<String> {
    let named = text.filter(|text| (1..=NAME_BYTES_MAX).contains(&text.len()));
    named.map(str::to_owned)
}

/// What a raw JSON value is, read as a name.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Name<'a> {
    Is(Cow<'a, str>),
    /// `null`, empty, or not a string at all.
    Absent,
    /// Longer than [`NAME_BYTES_MAX`].
    TooLong,
    /// A string that is not valid JSON text.
    Malformed,
}

impl<'a> Name<'a> {
    pub(super) fn read(raw: &'a [u8]) -> Self {
        let Some(inside) = raw
            .strip_prefix(b"\"")
            .and_then(|tail| tail.strip_suffix(b"\""))
        else {
            return Self::Absent;
        };
        // Even with every byte escaped as `\uXXXX` a short name is not longer than this.
        if inside.len() > NAME_BYTES_MAX * 6 {
            return Self::TooLong;
        }
        let plain = not_plain(inside).is_none();
        let text = match str::from_utf8(inside) {
            Ok(text) if plain => Cow::Borrowed(text),
            _ => match serde_json::from_slice::<String>(raw) {
                Ok(text) => Cow::Owned(text),
                Err(_) => return Self::Malformed,
            },
        };
        match text.len() {
            0 => Self::Absent,
            1..=NAME_BYTES_MAX => Self::Is(text),
            _ => Self::TooLong,
        }
    }

    /// The name itself, if the value is one.
    pub(super) fn owned(raw: &'a [u8]) -> Option<String> {
        Self::read(raw).known().map(Cow::into_owned)
    }

    /// The name, if it is one.
    pub(super) fn known(self) -> Option<Cow<'a, str>> {
        match self {
            Self::Is(text) => Some(text),
            Self::Absent | Self::TooLong | Self::Malformed => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(raw: &str, expected: &Name<'_>) {
        assert_eq!(&Name::read(raw.as_bytes()), expected);
    }

    #[test]
    fn a_name_is_decoded() {
        check(r#""gpt-4o""#, &Name::Is("gpt-4o".into()));
        check(
            r#""gpt\u002d4o \ud83d\ude00""#,
            &Name::Is("gpt-4o 😀".into()),
        );
        check("\"größe\"", &Name::Is("größe".into()));
    }

    #[test]
    fn what_names_nothing_is_absent() {
        for raw in ["null", "7", "\"\"", "{}", "[\"a\"]"] {
            check(raw, &Name::Absent);
        }
    }

    #[test]
    fn a_name_of_more_than_its_bytes_is_too_long_however_it_is_written() {
        check(
            &format!("\"{}\"", "m".repeat(256)),
            &Name::Is("m".repeat(256).into()),
        );
        check(&format!("\"{}\"", "m".repeat(257)), &Name::TooLong);
        check(
            &format!("\"{}\"", r"\u006d".repeat(256)),
            &Name::Is("m".repeat(256).into()),
        );
        check(&format!("\"{}\"", r"\u006d".repeat(257)), &Name::TooLong);
    }

    #[test]
    fn a_broken_string_is_malformed() {
        check(r#""\ud800""#, &Name::Malformed);
        assert_eq!(Name::read(b"\"\xff\""), Name::Malformed);
        check("\"a\nb\"", &Name::Malformed);
    }
}
