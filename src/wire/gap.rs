//! What may differ between two texts of the same meaning to a scanner that names nothing there.

use memchr::memchr2;

use super::text::closing_quote;

/// What stands at a place in one text, and may stand there otherwise in another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gap {
    /// The rest of a string that nobody reads.
    Text,
    /// A string of which it is noticed that it is not empty, so it has to stay so.
    Filled,
    /// The same, and it is gathered: what stands there is wanted.
    Told,
    /// Blanks behind a value: padding against who counts bytes.
    Blanks,
}

impl Gap {
    /// How long it is in another text, if that may stand here.
    pub(super) fn len(self, bytes: &[u8]) -> Option<usize> {
        match self {
            Self::Text => text_len(bytes),
            Self::Filled | Self::Told => text_len(bytes).filter(|len| *len > 0),
            Self::Blanks => Some(bytes.iter().take_while(|byte| **byte == b' ').count()),
        }
    }
}

/// Up to the closing quote, all on one line.
fn text_len(bytes: &[u8]) -> Option<usize> {
    let text = bytes.get(..closing_quote(bytes).ok()?)?;
    memchr2(b'\n', b'\r', text).is_none().then_some(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(gap: Gap, bytes: &str, len: Option<usize>) {
        assert_eq!(gap.len(bytes.as_bytes()), len, "{bytes}");
    }

    #[test]
    fn a_text_ends_at_its_own_quote_on_its_own_line() {
        check(Gap::Text, r#"a\"b\\","c""#, Some(6));
        check(Gap::Text, "\"", Some(0));
        check(Gap::Filled, "\"", None);
        check(Gap::Filled, "a\"", Some(1));
        for open in ["", "a", "a\\", "a\\\"", "a\nb\"", "a\\\nb\"", "a\rb\""] {
            check(Gap::Text, open, None);
        }
    }

    #[test]
    fn blanks_may_be_none() {
        check(Gap::Blanks, "  }", Some(2));
        check(Gap::Blanks, "}", Some(0));
        check(Gap::Blanks, "\n", Some(0));
    }
}
