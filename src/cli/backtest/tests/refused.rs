//! What is wrong is said with its place and what would do, and nothing else is said.

use super::answered;
use crate::cli::{Failure, House, Tollgate};

/// What a file of this text is answered with.
fn of_text(text: &str) -> Result<String, Failure> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("trace.csv");
    std::fs::write(&path, text).unwrap();
    let line = format!(
        "tollgate backtest {} --price gpt-4o --plans tests/fixtures/backtest/plans.toml",
        path.display()
    );
    answered(&line)
}

#[track_caller]
fn refused(text: &str, says: &[&str]) {
    let said = of_text(text).unwrap_err().to_string();
    for words in says {
        assert!(said.contains(words), "{words:?} is not in: {said}");
    }
}

const CALLS: &str = "t_ms,input_tokens,cached_input_tokens,output_tokens\n";
const MEANS: &str = "t_s,requests_per_s,mean_input_tokens,mean_output_tokens\n";

#[test]
fn a_bad_cell_is_named_by_file_line_column_and_remedy() {
    let calls = |rows: &str| format!("{CALLS}0,10,0,5\n{rows}");
    refused(
        &calls("100,12.5,0,5\n"),
        &[
            "trace.csv: line 3: input_tokens: found \"12.5\"",
            "a whole number of tokens",
        ],
    );
    refused(
        &calls("-1,1,0,5\n"),
        &["line 3: t_ms: found \"-1\"", "milliseconds"],
    );
    refused(
        &calls("9,1,,5\n"),
        &["line 3: cached_input_tokens: found \"\""],
    );
    refused(
        &calls("9,10,11,5\n"),
        &[
            "line 3: cached_input_tokens: more than the 10",
            "include the cached",
        ],
    );
    refused(
        &calls("9,10,0,999999999999\n"),
        &["line 3: output_tokens: found \"999999999999\""],
    );
    refused(
        &calls("9,10,5\n"),
        &["line 3: 3 values where the header names 4"],
    );
    refused(
        &calls("3024000000,1,0,1\n"),
        &["line 3: t_ms: more than 35 days", "cut the trace"],
    );
    refused(
        &format!("{MEANS}0,1,NaN,5\n"),
        &["line 2: mean_input_tokens: found \"NaN\"", "such as 812.5"],
    );
}

#[test]
fn a_header_that_is_not_a_trace_is_told_what_one_is() {
    refused("", &["there is no column t_ms or t_s"]);
    refused(
        "time,tokens\n1,2\n",
        &["line 1: there is no column t_ms or t_s", "input_tokens"],
    );
    refused(
        "t_ms,input_tokens\n",
        &["line 1: there is no column output_tokens"],
    );
    refused(
        "t_ms,input_tokens,output_tokens,cached\n",
        &[
            "line 1: \"cached\" is no known column",
            "cached_input_tokens",
        ],
    );
    refused(
        "t_ms,input_tokens,output_tokens,input_tokens\n",
        &["line 1: the column input_tokens is there twice"],
    );
    refused(CALLS, &["there are no calls in it"]);
    refused(
        &format!("{CALLS}{}", "9".repeat(10_000)),
        &["a line is longer than 4096 bytes"],
    );
}

#[test]
fn means_are_evenly_spaced() {
    let means = |rows: &str| format!("{MEANS}0,1,100,10\n{rows}");
    refused(&means(""), &["fewer than two rows", "the interval"]);
    refused(
        &means("90,1,100,10\n"),
        &["line 3: t_s: 90 comes after 0", "whole number of minutes"],
    );
    refused(&means("0,1,100,10\n"), &["line 3: t_s: 0 comes after 0"]);
    refused(
        &means("60,1,100,10\n180,1,100,10\n"),
        &[
            "line 4: t_s: 120 s after the row before, others 60 s",
            "evenly spaced",
        ],
    );
    refused(
        &means("2000000,1,100,10\n"),
        &["line 3: t_s: 2000000 comes after"],
    );
    refused(
        &means("1814400,1,1,1\n"),
        &["line 3: t_s: more than 35 days"],
    );
}

#[test]
fn unknown_names_come_with_the_nearest() {
    let said = |flags: &str| {
        let line = format!("tollgate backtest tests/fixtures/backtest/calls.csv {flags}");
        answered(&line).unwrap_err().to_string()
    };
    let price = said("--price gpt4o");
    assert!(
        price.contains("--price gpt4o: no such model has a price"),
        "{price}"
    );
    assert!(price.contains("nearest: gpt-4o"), "{price}");
    let nothing = said("--price xyzzy");
    assert!(nothing.contains("[[prices]]"), "{nothing}");
    let plan = said("--price gpt-4o --plan llama-70b");
    assert!(plan.contains("nearest: llama-70b-2xh100"), "{plan}");
    let file = said("--price gpt-4o --plans nowhere.toml");
    assert!(file.contains("nowhere.toml"), "{file}");
}

#[test]
fn calls_may_come_in_any_order_and_since_1970() {
    let calls = |shift: i64| {
        let row = |at: i64| format!("{},100,0,10\n", at + shift);
        format!("{CALLS}{}{}{}", row(125_000), row(0), row(61_000))
    };
    let told = |text: &str| {
        let told = of_text(text).unwrap();
        told.lines().take(4).map(str::to_owned).collect::<Vec<_>>()
    };
    // Whole minutes since 1970.
    assert_eq!(told(&calls(0)), told(&calls(1_699_999_980_000)));
    assert!(told(&calls(0)).concat().contains("3 calls in 3 minutes"));
}

#[test]
fn a_file_of_plans_takes_the_place_of_all_others() {
    let own = std::path::Path::new("tests/fixtures/backtest/plans.toml");
    let names = |plans| -> Vec<String> {
        let known = Tollgate
            .known(&crate::cli::Options::default(), plans)
            .unwrap();
        known.plans.into_iter().map(|plan| plan.name).collect()
    };
    assert_eq!(names(Some(own)), ["scaled", "steady"]);
    assert!(names(None).contains(&"llama-70b-2xh100".to_owned()));
}
