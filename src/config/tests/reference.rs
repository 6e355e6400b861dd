//! Every row of the reference list is a price of the catalogue on its day, or is left out for a reason.

use super::catalogue::shared;
use super::*;
use crate::call::LineKind;
use crate::money::RatePerMtok;
use crate::pricing::{Priceable, Priced};
use crate::usage::TokenUsage;

/// Why rows in dollars are not in the catalogue.
const CONVERTED: &str = "billed in yuan; the row is the yuan by 7.25, held in yuan below";

/// Rows that are no price of a model, or were never in force.
const LEFT_OUT: [(&str, &str); 10] = [
    (
        "gpt-4 (8K), CNY quote",
        "a quotation in yuan of gpt-4's output price",
    ),
    (
        "claude-sonnet-5",
        "3/15 was announced for 2026-09-01 and cancelled",
    ),
    (
        "ministral-8b",
        "an output rate of 1 by mistake: Mistral documented 0.10 from launch on",
    ),
    (
        "deepseek-v3.2",
        "not DeepSeek's price: it sold V3.2 as deepseek-chat, at 0.28 / 0.42",
    ),
    (
        "doubao-pro-32k",
        "0.8 is the input's price; the output cost 2",
    ),
    ("GLM-5.2", CONVERTED),
    ("GLM-5", CONVERTED),
    ("GLM-4.7", CONVERTED),
    ("GLM-4.5-Air", CONVERTED),
    ("GLM-4-Plus", CONVERTED),
];

/// Rows that call a model otherwise than calls do.
const NAMED: [(&str, &str); 4] = [
    ("gpt-3.5 (davinci-class)", "text-davinci-003"),
    ("glm-3-turbo (before)", "glm-3-turbo"),
    ("ernie-bot (wenxin)", "ernie-4.0-8k"),
    ("qwen (tongyi)", "qwen-max"),
];

/// Vendors with a list for each currency: theirs in yuan.
const IN_YUAN: [(&str, &str); 2] = [("deepseek", "deepseek-cn"), ("alibaba", "alibaba-cn")];

/// The day of a row without one: the list's own.
const LIST_READ: &str = "2026-08-21";

/// One row.
#[derive(Debug, serde::Deserialize)]
struct Row {
    provider: String,
    model: String,
    input: Option<String>,
    cached_input: Option<String>,
    cache_write: Option<String>,
    output: Option<String>,
    currency: String,
    per: String,
    as_of: String,
    note: String,
}

impl Row {
    /// The day it is about: from when on it holds, or when it was read. Months begin on their first.
    fn day(&self) -> String {
        let from = self.note.split("from ").nth(1).unwrap_or(&self.as_of);
        match from.len() {
            0 => LIST_READ.to_owned(),
            7 => format!("{from}-01"),
            _ => from.to_owned(),
        }
    }

    fn model(&self) -> &str {
        let named = NAMED.iter().find(|(row, _)| *row == self.model);
        named.map_or(&self.model, |(_, model)| model)
    }

    fn list(&self) -> &str {
        let in_yuan = IN_YUAN.iter().filter(|_| self.currency == "CNY");
        let list = in_yuan.into_iter().find(|(row, _)| *row == self.provider);
        list.map_or(&self.provider, |(_, list)| list)
    }

    /// `input tiers >272000:10 output tiers >272000:45`: the length, and both rates beyond it.
    fn tier(&self) -> Option<(u64, &str, &str)> {
        let (_, tiers) = self.note.split_once("input tiers >")?;
        let (length, rest) = tiers.split_once(':')?;
        let (input, rest) = rest.split_once(' ')?;
        let (_, output) = rest.split_once(':')?;
        let output = output.split_whitespace().next()?;
        Some((length.parse().ok()?, input, output))
    }

    /// What the catalogue makes of a call of that day, at no hour: off-peak prices are not for it.
    fn bill(&self, book: &crate::pricing::PriceBook, usage: &TokenUsage) -> Priced {
        let at = format!("{}T12:00:00Z", self.day()).parse().unwrap();
        let named = (self.list(), self.model());
        book.price(&Priceable::imagined(named, at, usage))
    }

    /// Held against the catalogue: the rate of each part that has one here, and nothing beside.
    #[track_caller]
    fn check(&self, book: &crate::pricing::PriceBook) {
        assert_eq!(self.per, "mtok", "{self:?}");
        let rate = |text: &Option<String>| text.as_ref().map(|text| text.parse().unwrap());
        let rates = [
            (LineKind::Input, rate(&self.input)),
            (LineKind::CacheRead, rate(&self.cached_input)),
            (LineKind::CacheWrite, rate(&self.cache_write)),
            (LineKind::Output, rate(&self.output)),
        ];
        let count = |at: usize| rates[at].1.map(|_: RatePerMtok| 7);
        let usage = TokenUsage {
            input: Some(7 + count(1).unwrap_or(0) + count(2).unwrap_or(0)),
            cache_read: count(1),
            cache_write: count(2),
            output: count(3),
            ..TokenUsage::default()
        };
        let expected = rates
            .into_iter()
            .filter_map(|(kind, rate)| Some((kind, rate?)));
        self.check_bill(&self.bill(book, &usage), &expected.collect::<Vec<_>>());
        if let Some((length, input, output)) = self.tier() {
            let usage = TokenUsage {
                input: Some(length + 1),
                output: Some(1),
                ..TokenUsage::default()
            };
            let expected = [
                (LineKind::Input, input.parse().unwrap()),
                (LineKind::Output, output.parse().unwrap()),
            ];
            self.check_bill(&self.bill(book, &usage), &expected);
        }
    }

    #[track_caller]
    fn check_bill(&self, bill: &Priced, expected: &[(LineKind, RatePerMtok)]) {
        let lines = bill.lines.iter().map(|line| (line.kind, line.rate));
        assert_eq!(lines.collect::<Vec<_>>(), expected, "{self:?}");
        let currency = bill.currency.map(|currency| currency.to_string());
        assert_eq!(
            currency.as_deref(),
            Some(self.currency.as_str()),
            "{self:?}"
        );
        assert_eq!(bill.flags, [], "{self:?}");
    }
}

#[test]
fn every_row_of_the_reference_list_is_in_the_catalogue_on_its_day() {
    let Some(shared) = shared() else { return };
    let config = defaults();
    let mut rows = csv::Reader::from_path(shared.join("reference-data/api-prices.csv")).unwrap();
    let rows: Vec<Row> = rows.deserialize().map(Result::unwrap).collect();
    let left_out = |row: &&Row| LEFT_OUT.iter().any(|(model, _)| *model == row.model);
    let held = rows.iter().filter(|row| !left_out(row));
    assert_eq!(held.clone().count(), 101);
    for row in held {
        row.check(&config.prices);
    }
    assert_eq!(rows.iter().filter(left_out).count(), LEFT_OUT.len());
}

#[test]
fn rows_converted_to_dollars_are_the_catalogues_yuan() {
    let Some(shared) = shared() else { return };
    let config = defaults();
    let mut rows = csv::Reader::from_path(shared.join("reference-data/api-prices.csv")).unwrap();
    let rows = rows.deserialize::<Row>().map(Result::unwrap);
    let of_zhipu = |row: &Row| row.provider == "zhipuai" && row.currency == "USD";
    let converted: Vec<Row> = rows.filter(of_zhipu).collect();
    assert_eq!(converted.len(), 5);
    for row in converted {
        let usage = TokenUsage {
            input: Some(2),
            cache_read: Some(1),
            output: Some(1),
            ..TokenUsage::default()
        };
        let bill = row.bill(&config.prices, &usage);
        assert_eq!(bill.currency.map(|c| c.to_string()).as_deref(), Some("CNY"));
        let dollars = [&row.input, &row.cached_input, &row.output];
        for (line, dollars) in bill.lines.iter().zip(dollars) {
            let dollars: RatePerMtok = dollars.as_ref().unwrap().parse().unwrap();
            let apart = line.rate.pico_per_token() * 100 - dollars.pico_per_token() * 725;
            // The dollars are rounded to a tenth of a cent.
            assert!(apart.abs() <= 500 * 725, "{row:?} {line:?}");
        }
    }
}
