//! The claims as they must come out, worked out apart from this code.

use super::*;

#[track_caller]
fn check(says: &str, ours: f64, verdict: Verdict) {
    let claims = THEMES.iter().flat_map(|theme| theme.claims);
    let claim = claims.into_iter().find(|claim| claim.says == says);
    let judged = claim
        .unwrap_or_else(|| panic!("nobody says: {says}"))
        .judged();
    let got = judged.holds.unwrap().value;
    assert!(
        (got - ours).abs() <= 1e-4 * ours.abs(),
        "{says}: {got}, not {ours}"
    );
    assert_eq!(judged.verdict, verdict, "{says}: {got}");
}

#[test]
fn documents() {
    use Verdict::{CountsTooLittle, Holds, Off};
    check("A page of 500 words is 667 tokens", 667.0, Holds);
    check(
        "1,000 documents a day at $0.002 per 1K tokens cost $1.3",
        1.334,
        Holds,
    );
    check("A million documents a day cost $1,300", 1_334.0, Holds);
    check(
        "A million documents a day are about $500,000 a year",
        486_910.0,
        Holds,
    );
    check(
        "An ml.g5.4xlarge at about $5 an hour is about $150 a day",
        120.0,
        Off,
    );
    check("$150 a day is about $5 an hour", 6.25, Off);
    check(
        "Lambda takes $0.01 for 1,000 calls of 5 seconds at 128 MB",
        0.010_666_7,
        Holds,
    );
    check("Lambda takes $10 for a million such calls", 10.666_7, Holds);
    check(
        "Lambda takes $10 for a million such calls, all told",
        10.866_7,
        CountsTooLittle,
    );
    check(
        "The whole stack at 1,000 calls a day costs $150",
        150.011_7,
        Holds,
    );
    check(
        "The whole stack at 1.5 million calls a day costs $160",
        167.5,
        Off,
    );
    check(
        "The whole stack at a million calls a day costs $160",
        161.666_7,
        Holds,
    );
}

#[test]
fn one_instance_for_a_million_documents() {
    use Verdict::{Contradicts, Off};
    check(
        "The model of 20 billion parameters runs on the instance's one card",
        2.0,
        Contradicts,
    );
    check(
        "One instance carries a million documents a day",
        5.0,
        Contradicts,
    );
    check(
        "One instance carries them at an efficiency that is reached",
        16.0,
        Contradicts,
    );
    check(
        "Hosting a million documents a day costs $160",
        1_920.0,
        Contradicts,
    );
    check(
        "Hosting a million documents a day is cheaper: $160 against $1,300",
        1.439_28,
        Contradicts,
    );
    check(
        "An ml.m5.xlarge at $0.23 an hour is about $5 a day",
        5.52,
        Off,
    );
}

#[test]
fn hosts() {
    use Verdict::{Contradicts, Depends, Holds, Off};
    check(
        "Hosting about 7B takes $1,500 a month, up to 15B takes $1,000",
        466.667,
        Contradicts,
    );
    check("Llama 2 comes with 0.7 billion parameters", 6.75e9, Off);
    check("Llama 2 comes with 1.3 billion parameters", 13e9, Off);
    check(
        "A DGX for $200,000 is $65,000 of hardware a year",
        66_666.7,
        Holds,
    );
    check(
        "Llama 2 70B costs 50 % more than GPT-3.5 Turbo",
        0.448_63,
        Depends,
    );
    check(
        "Llama 2 70B costs 100 % more than GPT-3.5 Turbo",
        0.336_47,
        Depends,
    );
}

#[test]
fn calls() {
    use Verdict::{Contradicts, CountsTooLittle, Holds, Off};
    check("100 input tokens of GPT-4 Turbo cost one cent", 0.001, Off);
    check(
        "Summarising 5,000 Chinese characters in 500 costs $0.13 on GPT-4 Turbo",
        0.13,
        Holds,
    );
    check(
        "The same summary, by the formula printed for it, costs $0.13",
        0.4,
        Contradicts,
    );
    check(
        "1,500 Chinese characters are 1,000 tokens; elsewhere, one is two tokens",
        3_000.0,
        Contradicts,
    );
    check(
        "500 words are 500 tokens; elsewhere, a word is 1.3",
        650.0,
        CountsTooLittle,
    );
    check("An A100 does 312 TFLOPS per watt", 0.78, Off);
}

#[test]
fn providers() {
    use Verdict::{CountsTooLittle, CountsTooMuch, Holds, Off};
    check("Training GPT-3 cost $1.05M", 1_059_114.6, Holds);
    check("Training GPT-4 cost $145M", 141_618_750.0, Off);
    check(
        "Training GPT-4 cost 280 times what GPT-3 did",
        267.428_6,
        Off,
    );
    check(
        "1,000 tokens of GPT-4 Turbo cost its provider $0.0071656",
        0.007_165_67,
        Holds,
    );
    check(
        "Inference is 36 % of the price of GPT-4 Turbo",
        0.358_283,
        Holds,
    );
    check(
        "A token of GPT-4 Turbo passes all eight experts",
        0.001_791_417,
        CountsTooMuch,
    );
    check(
        "A card that serves GPT-4 Turbo works at 100 % of its peak",
        0.017_914_17,
        CountsTooLittle,
    );
    check(
        "The provider breaks even at 1.85T tokens a month",
        1.846_15e12,
        Holds,
    );
    check(
        "The same break-even, from inputs that are not rounded",
        1.882_97e12,
        Off,
    );
    check(
        "Breaking even takes 6,154 tokens a user and day",
        6_153.85,
        Holds,
    );
    check(
        "Breaking even takes 4,733 words a user and day",
        4_733.73,
        Holds,
    );
    check(
        "3.24M subscribers at $20 carry the cost if they use all they may",
        3_243_243.2,
        Holds,
    );
    check(
        "The same subscribers, from inputs that are not rounded",
        3_402_893.2,
        Off,
    );
    check(
        "1.29M subscribers carry the cost at 6,700 tokens a day each",
        1_290_808.4,
        Holds,
    );
    check(
        "The same 1.29M, from inputs that are not rounded",
        1_302_104.3,
        Holds,
    );
}

#[test]
fn market() {
    use Verdict::{Assumed, CountsTooLittle, Holds};
    check(
        "From GPT-4 to GPT-4o, input fell by 83 %",
        -0.833_333,
        Holds,
    );
    check("From GPT-4 to GPT-4o, output fell by 75 %", -0.75, Holds);
    check("GLM-3 Turbo fell by 80 %", -0.8, Holds);
    check("OpenAI's small embeddings fell by 80 %", -0.8, Holds);
    check("gpt-3.5-turbo-0125: input fell by 50 %", -0.5, Holds);
    check("gpt-3.5-turbo-0125: output fell by 25 %", -0.25, Holds);
    check(
        "Doubao is 99.3 % cheaper than the industry",
        -0.993_333,
        Holds,
    );
    check("Prices fall by 50 % a year", 2.0, Assumed);
    check("Prices fall by 75 % a year", 4.0, Assumed);
    check(
        "Small models together give a large one's results at a small one's price",
        0.0504,
        CountsTooLittle,
    );
}

#[test]
fn what_counts_too_much_is_too_high_and_what_leaves_out_is_too_low() {
    for claim in THEMES.iter().flat_map(|theme| theme.claims) {
        let judged = claim.judged();
        let right = match judged.verdict {
            Verdict::CountsTooMuch => judged.difference.is_some_and(|more| more < 0.0),
            Verdict::CountsTooLittle => judged.difference.is_some_and(|more| more > 0.0),
            Verdict::Depends | Verdict::Assumed => judged.difference.is_none(),
            Verdict::Holds | Verdict::Off | Verdict::Contradicts => judged.difference.is_some(),
        };
        assert!(right, "{}: {judged:?}", claim.says);
    }
}

#[test]
fn every_claim_is_made_once_and_checked_here() {
    let this_file = include_str!("tests.rs");
    let claims: Vec<&Claim> = THEMES.iter().flat_map(|theme| theme.claims).collect();
    for claim in &claims {
        assert!(
            this_file.contains(&format!("\"{}\"", claim.says)),
            "{}",
            claim.says
        );
        let same = claims.iter().filter(|other| other.says == claim.says);
        assert_eq!(same.count(), 1, "{}", claim.says);
    }
}

#[test]
fn a_figure_of_another_kind_or_none_is_not_compared() {
    let claim = |holds| Claim {
        says: "",
        claimed: usd(2.0, "a day"),
        holds,
        within: ROUGH,
        otherwise: Verdict::Off,
        because: "",
    };
    let verdict = |holds| claim(holds).judged().verdict;
    assert_eq!(verdict(|| Some(usd(2.1, "a day"))), Verdict::Holds);
    assert_eq!(verdict(|| Some(usd(2.3, "a day"))), Verdict::Off);
    assert_eq!(verdict(|| Some(usd(2.0, "a year"))), Verdict::Off);
    assert_eq!(verdict(|| None), Verdict::Off);
    assert_eq!(claim(|| Some(usd(3.0, "a day"))).judged().ratio, Some(1.5));
}
