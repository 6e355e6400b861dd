//! What calls would cost that nobody has made, asked of the real binary: no traffic, no ledger, no
//! running tollgate.

use std::path::Path;
use std::process::Output;

use super::support::tollgate::Home;

/// A published claim: 150 dollars a day beat the API at a million documents a day.
const A_MILLION_DOCUMENTS: [&str; 13] = [
    "breakeven",
    "--calls-per-day",
    "1e6",
    "--model",
    "gpt-3.5-turbo",
    "--at",
    "2023-12-01",
    "--input-tokens",
    "667",
    "--output-tokens",
    "0",
    "--shape",
    "flat",
];

fn documents() -> Home {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/documents");
    let read = |name: &str| std::fs::read_to_string(fixtures.join(name)).unwrap();
    let home = Home::new(&read("tollgate.toml"));
    let beside = home.config().with_file_name("throughput.toml");
    std::fs::write(beside, read("throughput.toml")).unwrap();
    home
}

fn said(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn the_claim_of_a_million_documents_is_answered_step_by_step() {
    let home = documents();
    let text = said(&home.run(&A_MILLION_DOCUMENTS));
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for step in [
        "Staying on the API is cheapest, at $40,576 a month.",
        "$0.001334 a call; 1,000,000 calls and 667,000,000 tokens a day: $1,334 a day, $486,910 a year.",
        "the busiest minute 16.",
        "5. Fixed a day: 1 x 24 hours $150.00, people $0.00, what is paid once $0.00: $150.00.",
        "= 113,436 calls a day. These replicas, full day and night, carry 63,472: so the closed form \
         is wrong here.",
        "Break-even with staying: never up to 100,000,000 calls or 66,700,000,000 tokens a day",
    ] {
        assert!(text.contains(step), "no {step:?} in:\n{text}");
    }
}

#[test]
fn everything_behind_it_is_one_json_document() {
    let home = documents();
    let arguments = [
        &A_MILLION_DOCUMENTS[..],
        &["--plan", "one-g5", "--format", "json"],
    ]
    .concat();
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/breakeven-asked.json");
    assert_eq!(
        said(&home.run(&arguments)),
        std::fs::read_to_string(golden).unwrap()
    );
}

#[test]
fn half_a_question_is_bad_use() {
    let home = documents();
    let output = home.run(&["breakeven", "--calls-per-day", "1000"]);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("--model") && said.contains("--input-tokens"),
        "{said}"
    );
}
