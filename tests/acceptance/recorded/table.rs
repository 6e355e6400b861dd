//! The table of `docs/accuracy.md` that says of which provider's answers how many are read exactly.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::exchange::{Exchange, Kind, load};
use crate::support::shared;

const DOCS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/accuracy.md");
const HEAD: &str = "| provider | API | whole | streamed | exact | not exact |";

/// What is recorded of one API.
#[derive(Default)]
struct Counts {
    whole: u32,
    streamed: u32,
    contradictory: u32,
    without_input: u32,
    silent: u32,
}

impl Counts {
    fn add(&mut self, exchange: &Exchange) {
        match exchange.kind() {
            Kind::Reported if exchange.streaming => self.streamed += 1,
            Kind::Reported => self.whole += 1,
            Kind::Silent => self.silent += 1,
            Kind::Free | Kind::Passed => return,
        }
        let is_partial = exchange.source() == "partial";
        self.contradictory += u32::from(exchange.is_ambiguous());
        self.without_input += u32::from(is_partial && exchange.kind() == Kind::Reported);
    }

    fn line(&self, recording: &str) -> String {
        let (provider, api) = recording.split_once('.').unwrap();
        let reported = self.whole + self.streamed;
        let exact = reported - self.contradictory - self.without_input;
        let reasons = [
            (
                self.contradictory,
                "the provider's own numbers contradict each other: flagged",
            ),
            (
                self.without_input,
                "the server left out the input: `partial`",
            ),
            (
                self.silent,
                "more that asked for no usage: `counted`, or `unknown`",
            ),
        ];
        let reasons: Vec<_> = reasons
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, reason)| format!("{count} {reason}"))
            .collect();
        let (whole, streamed) = (self.whole, self.streamed);
        let reasons = reasons.join("; ");
        format!("| {provider} | `{api}` | {whole} | {streamed} | {exact} | {reasons} |")
            .replace("|  |", "| |")
    }
}

fn lines(folder: &Path) -> Vec<String> {
    let mut counts: BTreeMap<String, Counts> = BTreeMap::new();
    for exchange in load(folder) {
        let of_api = counts.entry(exchange.recording.clone()).or_default();
        of_api.add(&exchange);
    }
    counts.retain(|_, counts| counts.whole + counts.streamed + counts.silent > 0);
    counts
        .iter()
        .map(|(recording, counts)| counts.line(recording))
        .collect()
}

/// That these are read as the table says is what the tests beside this one hold.
#[test]
fn the_documented_table_is_what_is_recorded() {
    let Some(folder) = shared::recorded() else {
        return;
    };
    let docs = fs::read_to_string(DOCS).unwrap();
    let table = docs
        .lines()
        .skip_while(|line| *line != HEAD)
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    let expected = lines(&folder);
    assert_eq!(
        table.collect::<Vec<_>>(),
        expected,
        "it should be:\n{}",
        expected.join("\n")
    );
}
