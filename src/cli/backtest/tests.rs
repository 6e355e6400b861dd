//! A backtest as a whole: what is said of small traces, and what is refused of bad ones.

mod ledger;
mod page;
mod refused;

use clap::Parser;

use super::answer;
use crate::cli::args::{Args, Verb};
use crate::cli::{Failure, Tollgate, golden};

/// What a command line answers.
fn answered(line: &str) -> Result<String, Failure> {
    let args = Args::try_parse_from(line.split_whitespace()).unwrap();
    let Some(Verb::Backtest(asked)) = args.verb else {
        panic!("no backtest: {line}");
    };
    answer(&Tollgate, &args.global.options(), &asked, true, 80)
}

const SMALL: &str = "tollgate backtest tests/fixtures/backtest/calls.csv \
    tests/fixtures/backtest/means.csv --plans tests/fixtures/backtest/plans.toml --at 2026-10-01 \
    --price gpt-4o";

#[test]
fn small_traces_are_told_as_before() {
    let told = |format: &str| answered(&format!("{SMALL} --format {format}")).unwrap();
    golden("backtest.txt", &told("text"));
    golden("backtest.md", &told("markdown"));
    let mut json = serde_json::from_str(&told("json")).unwrap();
    rounded(&mut json);
    golden("backtest.json", &format!("{json:#}\n"));
}

/// Numbers to nine digits: the last ones are the machine's own.
fn rounded(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Number(number) => {
            let nine = format!("{:.8e}", number.as_f64().unwrap());
            *value = nine.parse::<f64>().unwrap().into();
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(rounded),
        serde_json::Value::Object(fields) => fields.values_mut().for_each(rounded),
        serde_json::Value::Null | serde_json::Value::Bool(_) | serde_json::Value::String(_) => {}
    }
}

#[test]
fn traffic_is_scaled_by_times_or_to_calls_a_day() {
    let json = |flags: &str| -> serde_json::Value {
        let line = format!("{SMALL} --plan steady --format json {flags}");
        serde_json::from_str(&answered(&line).unwrap()).unwrap()
    };
    let (once, thrice) = (json(""), json("--scale 3"));
    let trace = |answer: &serde_json::Value| answer["traces"][0].clone();
    let usd = |answer| trace(answer)["prices"][0]["api_usd"].as_f64().unwrap();
    assert!((usd(&thrice) / usd(&once) - 3.0).abs() < 1e-9);
    // What was recorded stays what it was.
    assert_eq!(trace(&once)["recorded"], trace(&thrice)["recorded"]);
    let calls = trace(&once)["calls_per_day"].as_f64().unwrap();
    let doubled = json(&format!("--calls-per-day {}", 2.0 * calls));
    assert!((trace(&doubled)["scale"].as_f64().unwrap() - 2.0).abs() < 1e-9);
    // The volume that pays is the same, wherever it is looked from: here it is a third as often.
    let pays = |answer| {
        let plan = trace(answer)["prices"][0]["plans"][0].clone();
        plan["breakeven_scale"]["first"].as_f64().unwrap()
    };
    assert!((pays(&once) / pays(&thrice) - 3.0).abs() < 1e-6);
}

#[test]
fn every_price_is_exact_to_the_picodollar_and_a_plan_can_be_chosen() {
    let line = format!("{SMALL} --price gpt-4o-mini --plan scaled --format json");
    let answer: serde_json::Value = serde_json::from_str(&answered(&line).unwrap()).unwrap();
    let prices = answer["traces"][0]["prices"].as_array().unwrap();
    // By hand: Σ (input - cached) · 2.50 + cached · 1.25 + output · 10, a million.
    let mut expected = 0_i128;
    let file = std::fs::read_to_string("tests/fixtures/backtest/calls.csv").unwrap();
    for line in file.lines().skip(1) {
        let numbers: Vec<i128> = line.split(',').map(|cell| cell.parse().unwrap()).collect();
        let (input, cached, output) = (numbers[1], numbers[2], numbers[3]);
        expected += (input - cached) * 2_500_000 + cached * 1_250_000 + output * 10_000_000;
    }
    let exact = crate::money::Pico(expected).to_string();
    assert_eq!(prices[0]["recorded_api_usd"], exact);
    assert_eq!(prices[1]["price"], "openai/gpt-4o-mini@2025-07-04");
    let plans = prices[0]["plans"].as_array().unwrap();
    assert_eq!((plans.len(), &plans[0]["plan"]), (1, &"scaled".into()));
}

#[test]
fn calls_beyond_what_a_plan_serves_stay_on_the_api() {
    let line = format!("{SMALL} --format json");
    let answer: serde_json::Value = serde_json::from_str(&answered(&line).unwrap()).unwrap();
    let price = &answer["traces"][0]["prices"][0];
    let of = |at: usize, key: &str| price["plans"][at]["taken"][key].as_f64().unwrap();
    // Three calls need more than 8k; `scaled` serves them, `steady` does not.
    assert!((of(0, "calls") - of(1, "calls") - 3.0).abs() < 1e-9);
    assert_eq!(answer["traces"][0]["calls_by_context"]["32k"], 3.0);
    let paid = |at: usize| price["plans"][at]["taken_api_usd"].as_f64().unwrap();
    assert!(paid(0) > paid(1));
}

#[test]
fn what_is_owed_for_a_plan_is_told_beside_its_saving() {
    let line = format!("{SMALL} --plans docs/economics/plans.toml --plan 70b-h100-reserved");
    let line = line.replace("--plans tests/fixtures/backtest/plans.toml ", "");
    let text = answered(&line).unwrap();
    assert!(
        text.contains("70b-h100-reserved: It is paid for whether it is used or not."),
        "{text}"
    );
    let json: serde_json::Value =
        serde_json::from_str(&answered(&format!("{line} --format json")).unwrap()).unwrap();
    let plan = &json["traces"][0]["prices"][0]["plans"][0];
    assert_eq!(plan["hindsight"]["commitment"]["pays"], false);
}

#[test]
fn calls_without_tokens_have_no_percentages() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("empty.csv");
    std::fs::write(&path, "t_ms,input_tokens,output_tokens\n0,0,0\n").unwrap();
    let text = answered(&format!(
        "tollgate backtest {} --price gpt-4o",
        path.display()
    ))
    .unwrap();
    assert!(!text.contains("NaN") && !text.contains("inf"), "{text}");
    assert!(text.contains("1 call in 1 minute,"), "{text}");
}

#[test]
fn a_day_before_every_known_price_is_told() {
    let line = "tollgate backtest tests/fixtures/backtest/means.csv --price gpt-4o --at 1990-01-01";
    let text = answered(line).unwrap();
    assert!(
        text.contains("on 1990-01-01, by the earliest price known"),
        "{text}"
    );
}

#[test]
fn nothing_to_compare_with_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("plans.toml");
    std::fs::write(&path, "").unwrap();
    let line = SMALL.replace(
        "tests/fixtures/backtest/plans.toml",
        &path.display().to_string(),
    );
    assert!(
        answered(&line)
            .unwrap_err()
            .to_string()
            .contains("nothing to compare with")
    );
}
