//! What a model's name says: the model, and which dated snapshot of it.

/// Whether `model`, as a provider names it, is `name` or a dated snapshot of it.
#[must_use]
pub fn names_model(name: &str, model: &str) -> bool {
    model == name || without_snapshot(model) == Some(name)
}

/// The name without its dated-snapshot suffix: `-2024-08-06`, `-20241022` or `@20241022`.
///
/// Shorter dates (`-0613`) are not taken for one: such snapshots differ in price and ability.
#[must_use]
pub fn without_snapshot(name: &str) -> Option<&str> {
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
    fn a_snapshot_is_its_model_and_a_cousin_is_not() {
        for (name, model, named) in [
            ("gpt-4o", "gpt-4o", true),
            ("gpt-4o", "gpt-4o-2024-08-06", true),
            ("gpt-4o", "gpt-4o-mini", false),
            ("gpt-4o", "gpt-4o-mini-2024-07-18", false),
            ("gpt-4o", "gpt-4o-audio-preview-2024-10-01", false),
            ("claude-sonnet-4-5", "claude-sonnet-4-5-20250929", true),
            ("claude-sonnet-4-5", "claude-sonnet-4-5@20250929", true),
            ("claude-sonnet-4", "claude-sonnet-4-5-20250929", false),
            ("gpt-4", "gpt-4-0613", false),
            ("gpt-4o", "gpt-4o-", false),
            ("gpt-4o", "gpt-4o-2024/08/06", false),
            ("gpt-4o", "gpt-4", false),
        ] {
            assert_eq!(names_model(name, model), named, "{name} {model}");
        }
    }
}
