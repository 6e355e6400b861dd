//! What the verb says: about measured traffic, and about calls nobody has made.

use std::path::Path;

use clap::Parser;

use super::*;
use crate::cli::args::{Args, Verb};
use crate::config::{Overrides, load};

#[test]
fn the_verdicts_own_words_come_first_and_then_each_plans() {
    let verdict = serde_json::json!({
        "plans": [{ "name": "a", "words": ["A is dearer.", "By far."] }, { "words": "B is cheaper." }],
        "words": "Stay.",
    });
    assert_eq!(
        words(&verdict),
        "Stay.\nA is dearer.\nBy far.\nB is cheaper.\n"
    );
}

#[test]
fn no_verdict_is_said_and_not_invented() {
    assert!(words(&serde_json::json!({"plans": []})).starts_with("No verdict yet"));
}

/// The published claim as a configuration.
fn documents() -> Config {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/documents/tollgate.toml");
    load(Some(&path), &Overrides::default()).unwrap()
}

fn examples() -> Config {
    load(None, &Overrides::default()).unwrap()
}

/// What `tollgate breakeven` with these flags answers on the day these figures were made.
fn answer(config: &Config, flags: &str) -> Result<String, Failure> {
    let line = format!("tollgate breakeven {flags}");
    let args = Args::try_parse_from(line.split_whitespace()).unwrap();
    let Some(Verb::Breakeven(flags)) = args.verb else {
        panic!("another verb")
    };
    what_if(config, &flags, "2026-11-22T12:00:00Z".parse().unwrap())
}

fn json(config: &Config, flags: &str) -> Value {
    let text = answer(config, &format!("{flags} --format json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

const A_MILLION: &str = "--calls-per-day 1e6 --model gpt-3.5-turbo --at 2023-12-01 --input-tokens 667 \
                         --output-tokens 0 --shape flat";

#[test]
fn every_step_is_told() {
    let flags = "--calls-per-day 100000 --model gpt-4o --input-tokens 2000 --cached-tokens 500 \
                 --output-tokens 400";
    crate::cli::golden("breakeven-asked.txt", &answer(&examples(), flags).unwrap());
}

#[test]
fn everything_behind_it_is_told() {
    let flags = format!("{A_MILLION} --plan one-g5 --format json");
    crate::cli::golden(
        "breakeven-asked.json",
        &answer(&documents(), &flags).unwrap(),
    );
}

#[test]
fn a_hundred_and_fifty_a_day_does_not_beat_the_api_at_a_million_documents() {
    let answer = json(&documents(), A_MILLION);
    let near = |at: &str, expected: f64| {
        let got = answer.pointer(at).and_then(Value::as_f64).unwrap();
        assert!(
            (got / expected - 1.0).abs() < 1e-4,
            "{at}: {got}, not {expected}"
        );
    };
    assert_eq!(answer["week"]["alternatives"][0]["name"], "stay");
    near("/week/api_cost_usd", 7.0 * 1_334.0);
    // Alphabetical: as many as are needed, then one.
    let one = "/plans/1/steps/closed_form";
    assert_eq!(answer["plans"][1]["plan"], "one-g5");
    near(&format!("{one}/fixed_usd_per_day"), 150.0);
    near(&format!("{one}/calls_per_day"), 113_435.85);
    // 490 tokens a second at 70 % of what is reached: 63,474 documents a day.
    near(
        &format!("{one}/capacity_calls_per_day"),
        490.0 * 86_400.0 / 667.0,
    );
    assert_eq!(
        answer.pointer(&format!("{one}/holds")),
        Some(&Value::Bool(false))
    );
    assert_eq!(answer["plans"][0]["steps"]["replicas_for_peak"], 16);
    near(
        "/plans/0/hosted/scenarios/expected/cost_usd",
        7.0 * (1_920.0 + 11.6667),
    );
    for plan in 0..2 {
        let robust = answer.pointer(&format!("/plans/{plan}/breakeven_against_staying/robust"));
        assert!(robust.unwrap()["calls_per_day"].is_null());
    }
}

#[test]
fn tokens_a_day_are_calls_a_day_of_their_size() {
    let config = examples();
    let of = |volume: &str| {
        json(
            &config,
            &format!(
                "{volume} --model gpt-4o --input-tokens 2000 --output-tokens 400 --shape flat"
            ),
        )
    };
    assert_eq!(
        of("--tokens-per-day 24_000_000"),
        of("--calls-per-day 10000")
    );
}

#[test]
fn a_long_call_is_priced_as_long_calls_are() {
    let id = |tokens: u32| {
        let flags = format!(
            "--calls-per-day 1000 --model claude-sonnet-4-5 --input-tokens {tokens} --output-tokens 400 \
             --shape flat"
        );
        json(&examples(), &flags)["question"]["price"]["id"].to_string()
    };
    assert_eq!(id(200_000), "\"anthropic/claude-sonnet-4-5@2026-07-29\"");
    assert_eq!(
        id(200_001),
        "\"anthropic/claude-sonnet-4-5@2026-07-29>200000\""
    );
}

/// A configuration of these own prices and plans.
fn own(text: &str) -> Config {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("tollgate.toml");
    std::fs::write(&path, text).unwrap();
    load(Some(&path), &Overrides::default()).unwrap()
}

const DISCOUNT: &str = r#"
[[prices]]
list = "openai"
match = "gpt-4o*"
from = 2026-07-01
times = 0.8
source = "contract"
"#;

/// The dollars a million tokens of the answer to flags.
fn rates(config: &Config, flags: &str) -> String {
    let volume = "--calls-per-day 1000 --shape flat";
    let answer = json(config, &format!("{volume} {flags}"));
    let kinds = ["input", "cached_input", "output"];
    let rate = |kind| answer["question"]["price"][format!("{kind}_usd_per_mtok")].to_string();
    kinds.map(rate).join(" ")
}

const SMALL: &str = "--model gpt-4o --input-tokens 2000 --cached-tokens 500 --output-tokens 400";

#[test]
fn a_discount_is_off_calls_that_nobody_made_too() {
    assert_eq!(rates(&examples(), SMALL), "2.5 1.25 10.0");
    assert_eq!(rates(&own(DISCOUNT), SMALL), "2.0 1.0 8.0");
    let before = format!("{SMALL} --at 2026-06-30");
    assert_eq!(rates(&own(DISCOUNT), &before), "2.5 1.25 10.0");
    let text = answer(&own(DISCOUNT), &format!("--calls-per-day 1000 {SMALL}")).unwrap();
    assert!(text.contains(" x openai/gpt-4o*@2026-07-01"), "{text}");
}

#[test]
fn a_smaller_model_of_an_arm_costs_what_it_costs_with_the_discount() {
    let arm = r#"
        [optimised.mini]
        replaces = ["gpt-4o"]
        serves = "128k"
        model = "gpt-4o-mini"
        qualifying_share = [1.0, 1.0, 1.0]
        escalation = [0.0, 0.0, 0.0]
    "#;
    let arm = |prices: &str| {
        let config = own(&format!("{prices}{arm}"));
        let arm = config.plans.optimised.first().unwrap().clone();
        let crate::economics::arm::ArmPrice::Tokens { rates, .. } = arm.price else {
            panic!("another price")
        };
        (rates.output.to_string(), arm.source)
    };
    assert_eq!(arm("").0, "0.6");
    let (output, source) = arm(DISCOUNT);
    assert_eq!(output, "0.48");
    assert!(
        source.ends_with(", x openai/gpt-4o*@2026-07-01"),
        "{source}"
    );
}

#[test]
fn a_price_that_needs_more_than_a_made_call_says_is_left_out_and_that_is_said() {
    let by_night = DISCOUNT.replace("times", "hours = \"08:00-16:00\"\nzone = \"UTC\"\ntimes");
    let plain = "[[prices]]\nlist = \"mine\"\nmatch = \"plain\"\nfrom = 2026-01-01\n\
                 input_usd_per_mtok = 1\noutput_usd_per_mtok = 2\nsource = \"list\"\n";
    let config = own(&format!("{by_night}{plain}"));
    assert_eq!(rates(&config, SMALL), "2.5 1.25 10.0");
    let said = |model: &str| {
        let flags = format!("--calls-per-day 1000 {SMALL}").replace("gpt-4o", model);
        let text = answer(&config, &flags).unwrap();
        text.contains("other prices for certain hours")
    };
    assert!(said("gpt-4o"));
    assert!(!said("plain"));
}

#[test]
fn what_a_length_divides_is_told_at_its_mean() {
    let config = own(r#"
        [[prices]]
        list = "mine"
        match = "m"
        from = 2026-01-01
        input_cny_per_mtok = 10
        output_cny_per_mtok = 20
        source = "list"
        [[prices]]
        list = "mine"
        match = "m"
        from = 2026-01-01
        above_input_tokens = 1000
        marginal = true
        input_cny_per_mtok = 30
        source = "list"
        [[fx]]
        currency = "CNY"
        usd_per_unit = 0.1
        from = 2026-01-01
        source = "bank"
    "#);
    let flags = "--model m --input-tokens 4000 --output-tokens 10";
    assert_eq!(rates(&config, flags), "2.5 2.5 2.0");
}

#[test]
fn who_pays_where_no_invoice_does_is_said() {
    let of = |how: &str, day: &str| {
        let config = own(&format!(
            "[[prices]]\nlist = \"mine\"\nmatch = \"m\"\nfrom = 2026-01-01\n\
             input_usd_per_mtok = 1\noutput_usd_per_mtok = 2\nsource = \"list\"\n{how}\n"
        ));
        let flags =
            format!("--calls-per-day 1000 --model m --input-tokens 9 --output-tokens 9 --at {day}");
        json(&config, &flags)["question"]["price"]["settled"].clone()
    };
    assert_eq!(of("free_until = 2026-12-01", "2026-11-30"), "free_quota");
    assert_eq!(of("free_until = 2026-12-01", "2026-12-01"), Value::Null);
    assert_eq!(of("settled = \"prepaid\"", "2026-11-30"), "prepaid");
}

#[test]
fn only_who_takes_such_calls_is_compared() {
    let config = examples();
    let ways = |flags: &str| {
        let answer = json(
            &config,
            &format!("--calls-per-day 1000 --shape flat {flags}"),
        );
        let ways = answer["week"]["alternatives"].as_array().unwrap().clone();
        let mut names: Vec<String> = ways
            .iter()
            .map(|way| way["name"].as_str().unwrap().to_owned())
            .collect();
        names.sort_unstable();
        (names.join(" "), answer["plans_that_cannot"].to_string())
    };
    let short = "--input-tokens 2000 --output-tokens 400";
    let (names, _) = ways(&format!("--model claude-sonnet-4-5 {short}"));
    assert_eq!(names, "anthropic-batch qwen3-235b-8xh100 stay");
    let (names, _) = ways(&format!("--model gpt-4o {short} --plan llama-8b-1xh100"));
    assert!(
        names.contains("llama-8b-1xh100") && !names.contains("llama-70b-2xh100"),
        "{names}"
    );
    let (names, cannot) = ways("--model gpt-4o --input-tokens 60000 --output-tokens 400");
    assert!(
        !names.contains("llama") && names.contains("openai-batch"),
        "{names}"
    );
    assert_eq!(cannot, "[\"llama-70b-2xh100\"]");
    let orphan = format!("--calls-per-day 1000 --shape flat --model o3 {short}");
    let said = answer(&config, &orphan).unwrap();
    assert!(said.contains("No plan says that it replaces o3"), "{said}");
}

#[test]
fn what_cannot_be_answered_is_refused_with_what_would_do() {
    let config = examples();
    let refused = |flags: &str, says: &str| {
        let failure = answer(&config, flags).unwrap_err().to_string();
        assert!(failure.contains(says), "{flags}: {failure}");
    };
    let volume = "--calls-per-day 1000 --input-tokens 10 --output-tokens 10";
    refused(
        &format!("{volume} --model gpt-9"),
        "gpt-9 has no price in dollars",
    );
    refused(
        &format!("{volume} --model gpt-4o --plan llama"),
        "there is no plan llama\n  there are llama-70b-2xh100, llama-8b-1xh100, qwen3",
    );
    refused(
        &format!("{volume} --model gpt-4o --cached-tokens 11"),
        "11 cached tokens are more than 10 input tokens",
    );
    refused(
        "--calls-per-day 1000 --input-tokens 0 --output-tokens 0 --model gpt-4o",
        "a call without tokens",
    );
    let flags = |line: &str| Args::try_parse_from(line.split_whitespace());
    for line in [
        "tollgate breakeven --model gpt-4o",
        "tollgate breakeven --calls-per-day 1000 --model gpt-4o",
        "tollgate breakeven --calls-per-day 0 --model m --input-tokens 1 --output-tokens 1",
        "tollgate breakeven --calls-per-day 1 --tokens-per-day 1 --model m --input-tokens 1 --output-tokens 1",
    ] {
        assert_eq!(flags(line).unwrap_err().exit_code(), 2, "{line}");
    }
}
