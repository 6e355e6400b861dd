//! What is asked for, and what people read.

use serde_json::json;

use super::*;

fn summary() -> Value {
    json!({
        "rows": 1_234, "changed": 40, "not_billed": 7, "of_batches": 2,
        "without_upstream": {"old": 3}, "unknown_usage": 1, "no_price": 5, "no_rate": 2,
        "price_ids": {"openai/gpt-4o@2025-07-04": 40},
        "models": {"openai": {
            "gpt-4o": {
                "calls": 1_200, "changed": 40, "unpriced_before": 40, "unpriced_after": 0,
                "cost_before": {"CNY": "1", "USD": "1000.25"}, "cost_after": {"USD": "1003.000000000001"},
                "cost_usd_before": "1000.25", "cost_usd_after": "1003",
            },
            "unheard-of": {
                "calls": 5, "changed": 0, "unpriced_before": 5, "unpriced_after": 5,
                "cost_before": {}, "cost_after": {},
                "cost_usd_before": "0", "cost_usd_after": "0",
            },
        }},
    })
}

#[test]
fn what_became_of_calls_is_said_in_a_table_and_words() {
    let answer = |pass: Option<u64>, dry_run| {
        json!({
            "pass": pass, "dry_run": dry_run, "resumed": pass.is_some(), "rows_from": "2025-10-01",
            "summary": summary(),
        })
    };
    let shown = [
        answer(Some(3), false),
        answer(None, true),
        answer(None, false),
    ];
    let shown = shown.map(|answer| text::of(&answer).unwrap());
    crate::cli::golden("reprice.txt", &shown.join("\n"));
}

#[test]
fn names_are_escaped_where_a_query_needs_it() {
    assert_eq!(escaped("a/b:c-1.0"), "a/b:c-1.0");
    assert_eq!(escaped("m&x=,\u{e9}"), "m%26x%3D%2C%C3%A9");
}
