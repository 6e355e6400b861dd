//! How a model's name finds its price: exact, then without its date, then by pattern.

/// Whether a configured name is a pattern rather than a name.
#[must_use]
pub fn is_pattern(name: &str) -> bool {
    name.contains('*')
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

/// The name without its dated-snapshot suffix: `-2024-08-06`, `-20241022` or `@20241022`.
///
/// Shorter dates (`-0613`) are not taken for one: such snapshots differ in price.
pub(super) fn without_snapshot(name: &str) -> Option<&str> {
    let cut = |len: usize| name.split_at_checked(name.len().checked_sub(len)?);
    let dashed = cut(11).filter(|(_, tail)| {
        let parts: Vec<&str> = tail.splitn(4, '-').collect();
        matches!(parts.as_slice(), ["", year, month, day] if is_date(year, month, day))
    });
    let plain = || {
        cut(9).filter(|(_, tail)| {
            let digits = tail.strip_prefix(['-', '@']).unwrap_or("");
            let (year, rest) = digits.split_at_checked(4).unwrap_or(("", ""));
            let (month, day) = rest.split_at_checked(2).unwrap_or(("", ""));
            is_date(year, month, day)
        })
    };
    dashed
        .or_else(plain)
        .map(|(base, _)| base)
        .filter(|base| !base.is_empty())
}

/// Whether the digits can be the day of a model's release.
fn is_date(year: &str, month: &str, day: &str) -> bool {
    let number = |text: &str, len: usize| {
        let digits = text.len() == len && text.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| text.parse::<u16>().ok()).flatten()
    };
    let within = |value: Option<u16>, low, high| value.is_some_and(|v| (low..=high).contains(&v));
    within(number(year, 4), 2020, 2099)
        && within(number(month, 2), 1, 12)
        && within(number(day, 2), 1, 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dated_snapshot_is_found_by_its_base() {
        for (name, base) in [
            ("gpt-4o-2024-08-06", Some("gpt-4o")),
            ("claude-3-5-haiku-20241022", Some("claude-3-5-haiku")),
            ("claude-opus-4-5@20251101", Some("claude-opus-4-5")),
            ("gpt-4o", None),
            ("gpt-4-0613", None),
            ("gpt-4o-2024-13-06", None),
            ("gpt-4o-99991231", None),
            ("-2024-08-06", None),
            ("x@2024-08-06", None),
            ("gpt-4o+2024-08-6", None),
            ("gpt-4o-mini-2024-07-18.ft-", None),
            ("模型-2024-08-06", Some("模型")),
            ("模模模模", None),
            ("", None),
        ] {
            assert_eq!(without_snapshot(name), base, "{name}");
        }
    }

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
