//! Configured names with a star in them: what they match, and which of two fits better.

/// Whether a configured name is a pattern rather than a name.
#[must_use]
pub fn is_pattern(name: &str) -> bool {
    name.contains('*')
}

/// Whether a configured name with a star in it is the name's.
#[must_use]
pub fn fits_pattern(pattern: &str, name: &str) -> bool {
    Pattern::new(pattern).matches(name)
}

/// Whether some name is as much one configured name's with a star in it as another's.
#[must_use]
pub fn patterns_tie(one: &str, other: &str) -> bool {
    Pattern::new(one).ties_with(&Pattern::new(other))
}

/// A name with one `*` for any text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    prefix: String,
    suffix: String,
}

impl Pattern {
    /// Splits `gpt-4o*` at its star; a name without one only matches itself.
    pub(super) fn new(text: &str) -> Self {
        let (prefix, suffix) = text.split_once('*').unwrap_or((text, ""));
        Self {
            prefix: prefix.to_owned(),
            suffix: suffix.to_owned(),
        }
    }

    pub(super) fn matches(&self, name: &str) -> bool {
        name.strip_prefix(self.prefix.as_str())
            .is_some_and(|rest| rest.ends_with(self.suffix.as_str()))
    }

    /// How much of a name it fixes: the more, the better it fits.
    pub(super) fn literal_len(&self) -> usize {
        self.prefix.len().saturating_add(self.suffix.len())
    }

    /// Whether some name fits both patterns equally well.
    pub(super) fn ties_with(&self, other: &Self) -> bool {
        let nested = |a: &str, b: &str| a.starts_with(b) || b.starts_with(a);
        let tails = |a: &str, b: &str| a.ends_with(b) || b.ends_with(a);
        self.literal_len() == other.literal_len()
            && nested(&self.prefix, &other.prefix)
            && tails(&self.suffix, &other.suffix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_text_once() {
        for (pattern, name, fits) in [
            ("gpt-4o*", "gpt-4o", true),
            ("gpt-4o*", "gpt-4o-mini", true),
            ("*/gpt-4o", "openai/gpt-4o", true),
            ("gpt-*-mini", "gpt-4o-mini", true),
            ("gpt-*-mini", "gpt-mini", false),
            ("*", "anything", true),
        ] {
            assert_eq!(
                Pattern::new(pattern).matches(name),
                fits,
                "{pattern} {name}"
            );
        }
    }

    #[test]
    fn patterns_tie_when_a_name_fits_both_equally() {
        for (one, other, tie) in [
            ("gpt-4*", "gpt-4*", true),
            ("gpt-4*", "gpt-5*", false),
            ("gpt-4*", "gpt*ni", true),
            ("gpt-4*", "gpt-4o*", false),
            ("a*b", "a*c", false),
        ] {
            assert_eq!(Pattern::new(one).ties_with(&Pattern::new(other)), tie);
        }
    }
}
