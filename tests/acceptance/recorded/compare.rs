//! The table that says which field of a row a recorded expectation is compared with.

use serde_json::Value;

/// Every difference between what was expected and the exported row, as `field: expected, found`.
pub(crate) fn differences(expected: &Value, row: &Value) -> Vec<String> {
    let fields = expected.as_object().unwrap();
    let compared = fields
        .iter()
        .filter(|(field, value)| is_compared(field, value, row["format"] == "gemini"));
    let reported = &expected["reported"];
    let mut found: Vec<String> = compared
        .filter_map(|(field, expected)| {
            let other = expected.is_null().then(|| by_other_names(field, reported));
            let expected = other.flatten().unwrap_or(expected);
            difference(field, expected, found_in(row, field))
        })
        .collect();
    if !fields.contains_key("side_usage") {
        found.extend(difference("side_usage", &Value::Null, &row["side"]));
    }
    found
}

/// What tells where the recording's own reading found things is not part of a row.
fn is_compared(field: &str, expected: &Value, is_googles: bool) -> bool {
    match field {
        "reported"
        | "total_tokens_reported"
        | "cost_reported"
        | "error"
        | "stream_complete"
        | "invocation_metrics"
        | "ambiguous" => false,
        // Searches that only the output shows are no part of a plain reading of the usage, nor is the
        // id of embeddings.
        "model" | "response_id" | "web_search_requests" => !expected.is_null(),
        // Neither are an interaction's tier, and modalities that are numbers.
        "service_tier" | "input_image_tokens" if is_googles => !expected.is_null(),
        _ => !field.starts_with("usage_") && !field.starts_with("header_"),
    }
}

/// A plain reading passes over the names that Nova has for its caches when it is invoked, over
/// Writer's details, and over the output of embeddings, which Mistral says is none.
fn by_other_names<'a>(field: &str, reported: &'a Value) -> Option<&'a Value> {
    let named = |names: &[&str]| {
        let mut names = names.iter();
        let found = names.try_fold(reported, |value, name| value.get(name));
        found.filter(|value| !value.is_null())
    };
    match field {
        "cached_input_tokens" => named(&["cacheReadInputTokenCount"])
            .or_else(|| named(&["prompt_token_details", "cached_tokens"])),
        "cache_write_tokens" => named(&["cacheWriteInputTokenCount"]),
        "reasoning_tokens" => named(&["completion_token_details", "reasoning_tokens"]),
        "output_tokens" => named(&["completion_tokens"]),
        _ => None,
    }
}

fn found_in<'a>(row: &'a Value, field: &str) -> &'a Value {
    match field {
        "cached_input_tokens" => &row["cache_read_tokens"],
        "side_usage" => &row["side"],
        "web_search_requests" => &row["units"]["web_search"],
        "web_fetch_requests" => &row["units"]["web_fetch"],
        "search_units" => &row["units"]["search_units"],
        "audio_seconds" => &row["units"]["audio_seconds"],
        same => &row[same],
    }
}

/// Google may name a model as a resource; it writes tiers in capitals, and numbers in place of names
/// for clients that ask for them.
fn in_our_words(field: &str, expected: &Value) -> Value {
    match (field, expected.as_str(), expected.as_u64()) {
        // An empty name names nothing.
        (_, Some(""), _) => Value::Null,
        ("model", Some(model), _) => model.strip_prefix("models/").unwrap_or(model).into(),
        ("service_tier", Some(tier), _) => tier.to_ascii_lowercase().into(),
        ("service_tier", _, Some(1)) => "on_demand".into(),
        ("finish_reason", _, Some(1)) => "STOP".into(),
        ("finish_reason", _, Some(2)) => "MAX_TOKENS".into(),
        _ => expected.clone(),
    }
}

fn difference(field: &str, expected: &Value, found: &Value) -> Option<String> {
    let expected = &in_our_words(field, expected);
    (expected != found).then(|| format!("{field}: expected {expected}, found {found}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(expected: &Value, row: &Value, differing: &[&str]) {
        assert_eq!(differences(expected, row), differing);
    }

    #[test]
    fn names_differ_as_the_table_says() {
        check(
            &json!({"cached_input_tokens": 3, "web_search_requests": 0, "usage_where": "usage"}),
            &json!({"cache_read_tokens": 3, "units": {"web_search": 0}}),
            &[],
        );
    }

    #[test]
    fn absent_is_not_zero() {
        check(
            &json!({"reasoning_tokens": 0, "input_audio_tokens": null}),
            &json!({"input_audio_tokens": 0}),
            &[
                "input_audio_tokens: expected null, found 0",
                "reasoning_tokens: expected 0, found null",
            ],
        );
    }

    #[test]
    fn a_model_the_provider_did_not_say_is_not_compared() {
        check(&json!({"model": null}), &json!({"model": "a"}), &[]);
    }

    #[test]
    fn side_inference_nobody_expected_is_a_difference() {
        check(
            &json!({}),
            &json!({"side": [1]}),
            &["side_usage: expected null, found [1]"],
        );
    }
}
