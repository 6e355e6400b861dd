//! What a model's name says: the model, and which dated snapshot of it.

/// Whether `model`, as a provider names it, is `name` or a dated snapshot of it.
#[must_use]
pub fn names_model(name: &str, model: &str) -> bool {
    model == name || without_snapshot(model) == Some(name)
}

/// Whether a configured name is about a model: the model, a dated snapshot of it, or a pattern.
#[must_use]
pub fn fits_model(name: &str, model: &str) -> bool {
    match name.split_once('*') {
        None => names_model(name, model),
        Some((prefix, suffix)) => model
            .strip_prefix(prefix)
            .is_some_and(|rest| rest.ends_with(suffix)),
    }
}

/// The id that an ARN of Bedrock's names a model by; what a user named himself stays an ARN.
#[must_use]
pub fn bedrock_model(arn: &str) -> &str {
    let named = arn.strip_prefix("arn:").and_then(|arn| arn.split_once('/'));
    let of_bedrock =
        |kind: &str| kind.ends_with(":foundation-model") || kind.ends_with(":inference-profile");
    named
        .filter(|(kind, _)| of_bedrock(kind))
        .map_or(arn, |(_, id)| id)
}

/// The name without its dated-snapshot suffix: `-2024-08-06`, `-20241022` or `@20241022`.
///
/// Shorter dates (`-0613`) are not taken for one: such snapshots differ in price and ability.
#[must_use]
pub fn without_snapshot(name: &str) -> Option<&str> {
    let cut = |len: usize| name.split_at_checked(name.len().checked_sub(len)?);
    let dashed = cut(11).filter(|(_, tail)| dashed(tail).is_some_and(is_date));
    let plain = || cut(9).filter(|(_, tail)| plain(tail).is_some_and(is_date));
    dashed
        .or_else(plain)
        .map(|(base, _)| base)
        .filter(|base| !base.is_empty())
}

/// Year, month and day of `-2024-08-06`.
fn dashed(suffix: &str) -> Option<[&str; 3]> {
    let (year, rest) = suffix.strip_prefix('-')?.split_at_checked(4)?;
    let (month, rest) = rest.strip_prefix('-')?.split_at_checked(2)?;
    Some([year, month, rest.strip_prefix('-')?])
}

/// Year, month and day of `-20240806` or `@20240806`.
fn plain(suffix: &str) -> Option<[&str; 3]> {
    let (year, rest) = suffix.strip_prefix(['-', '@'])?.split_at_checked(4)?;
    let (month, day) = rest.split_at_checked(2)?;
    Some([year, month, day])
}

/// Whether the digits can be the day of a model's release.
fn is_date([year, month, day]: [&str; 3]) -> bool {
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
    fn an_arn_of_bedrocks_own_names_a_model() {
        let own = "arn:aws:bedrock:us-east-1:1:application-inference-profile/1arbu5";
        for (arn, id) in [
            (
                "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0",
                "amazon.nova-lite-v1:0",
            ),
            (
                "arn:aws:bedrock:us-east-1:1:inference-profile/us.a.b-v1:0",
                "us.a.b-v1:0",
            ),
            (own, own),
            ("anthropic.claude-v2:1", "anthropic.claude-v2:1"),
            ("arn:", "arn:"),
        ] {
            assert_eq!(bedrock_model(arn), id);
        }
    }

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
            ("gpt-4o-20191231", None),
            ("gpt-4o-20201231", Some("gpt-4o")),
            ("gpt-4o-2099-10-30", Some("gpt-4o")),
            ("gpt-4o-2024-00-06", None),
            ("gpt-4o-2024-09-00", None),
            ("gpt-4o-2024-12-32", None),
            ("gpt-4o@2024-12-31", None),
            ("gpt-4o-2024-1x-31", None),
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
