//! `prices list`: what is in force, a line a model.

use jiff::Timestamp;
use jiff::civil::Date;

use super::columns::{self, Side};
use crate::admin::{self, PricesQuery};
use crate::call::LineKind;
use crate::cli::Failure;
use crate::cli::args::{PricesFormat, PricesList};
use crate::cli::report::plain;
use crate::money::{Factor, Pico, RatePerMtok};
use crate::pricing::{Listed, PriceBook, Rates, Terms};

/// The parts with a column of their own.
const PARTS: [LineKind; 4] = [
    LineKind::Input,
    LineKind::CacheRead,
    LineKind::CacheWrite,
    LineKind::Output,
];

/// The columns for programs.
const CSV_COLUMNS: [&str; 17] = [
    "list",
    "model",
    "price_id",
    "since",
    "read_on",
    "age_days",
    "seen_later",
    "currency",
    "input",
    "cache_read",
    "cache_write",
    "output",
    "further",
    "times",
    "special",
    "layer",
    "source",
];

/// The prices in a format.
pub(super) fn text(book: &PriceBook, asked: &PricesList, at: Timestamp) -> Result<String, Failure> {
    let query = PricesQuery {
        at,
        list: asked.list.clone(),
        model: asked.text.clone(),
    };
    let lines = query.lines(book);
    if lines.is_empty() {
        return Err(nothing(book, asked, query.day()));
    }
    match asked.format {
        PricesFormat::Table => Ok(table(&lines, query.day())),
        PricesFormat::Json => serde_json::to_string_pretty(&admin::prices(book, &query))
            .map(|json| json + "\n")
            .map_err(|error| Failure::work("cannot write the prices").because(error)),
        PricesFormat::Csv => csv(&lines, query.day()),
    }
}

/// Nothing to list is no empty table: a misspelt list looks like a model without a price.
fn nothing(book: &PriceBook, asked: &PricesList, day: Date) -> Failure {
    let text = asked.text.as_ref();
    let text = text.map_or_else(String::new, |text| format!(" with {text:?} in its name"));
    let list = asked.list.as_ref();
    let list = list.map_or_else(String::new, |list| format!(" in the list {list:?}"));
    let lists: Vec<&str> = book.lists().into_iter().collect();
    Failure::use_or_config(format!("no model{text}{list} has a price on {day}"))
        .remedy(format!("there are the lists {}", lists.join(", ")))
}

/// A table for each list, and what its marks mean.
fn table(lines: &[Listed<'_>], day: Date) -> String {
    let mut out = Vec::new();
    for of_list in lines.chunk_by(|one, other| one.list == other.list) {
        let list = of_list.first().map_or("", |line| line.list);
        let models = match of_list.len() {
            1 => "1 model".to_owned(),
            many => format!("{many} models"),
        };
        out.push(format!("{}: {models}, in force on {day}", plain(list)));
        let rows: Vec<_> = of_list.iter().map(|line| row(line, day)).collect();
        let headings = [
            ("model", Side::Left),
            ("since", Side::Left),
            ("age", Side::Right),
            ("cur", Side::Left),
            ("input", Side::Right),
            ("read", Side::Right),
            ("write", Side::Right),
            ("output", Side::Right),
            ("more", Side::Right),
            ("if", Side::Right),
            ("whose", Side::Left),
        ];
        let lines = columns::lines(headings, &rows).into_iter();
        out.extend(lines.map(|line| format!("  {line}")));
        out.push(String::new());
    }
    out.push(
        "Money for a million tokens. more: further rates; if: kinds of calls with a price".into(),
    );
    out.push("of their own; age: days since it was read. `tollgate prices show MODEL`".into());
    if lines.iter().any(|line| line.seen_later) {
        out.push("*: first seen after that day, and the earliest price that is known".into());
    }
    out.join("\n") + "\n"
}

fn row(line: &Listed<'_>, day: Date) -> [String; 11] {
    let later = if line.seen_later { "*" } else { "" };
    let some = |n: usize| if n == 0 { String::new() } else { n.to_string() };
    let [input, read, write, output] = match &line.entry.terms {
        Terms::Free => ["free", "", "", ""].map(str::to_owned),
        Terms::Times(factor) => [
            format!("x {factor}"),
            String::new(),
            String::new(),
            String::new(),
        ],
        Terms::Rates(rates) | Terms::Beyond(rates) => PARTS.map(|kind| {
            rates
                .of(kind)
                .map_or_else(String::new, |rate| after(rate, line.times))
        }),
    };
    let more = line
        .entry
        .terms
        .rates()
        .map_or(0, |rates| further(rates).count());
    [
        plain(line.model),
        format!("{}{later}", line.entry.since.date()),
        line.entry.age_days(day).to_string(),
        line.entry.currency.to_string(),
        input,
        read,
        write,
        output,
        some(more),
        some(line.special),
        admin::layer(line.entry.layer).to_owned(),
    ]
}

/// A rate for tokens after discounts.
pub(super) fn after(rate: RatePerMtok, times: Factor) -> String {
    let million = rate.cost(1_000_000);
    times.of(million).to_string()
}

/// The rates without a column of their own.
fn further(rates: &Rates) -> impl Iterator<Item = (LineKind, RatePerMtok)> + '_ {
    let shown = move |kind: LineKind| {
        // The five-minute rate stands under `write` where there is no other.
        let stands_in =
            kind == LineKind::CacheWrite5m && rates.written(LineKind::CacheWrite).is_none();
        PARTS.contains(&kind) || stands_in
    };
    rates.iter().filter(move |(kind, _)| !shown(*kind))
}

/// Exact, as written; discounts stand beside the rates.
fn csv(lines: &[Listed<'_>], day: Date) -> Result<String, Failure> {
    let failed = |error: csv::Error| Failure::work("cannot write the prices").because(error);
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(CSV_COLUMNS).map_err(failed)?;
    for line in lines {
        let rates = line.entry.terms.rates();
        let rate = |kind: LineKind| {
            let rate = rates.and_then(|rates| rates.of(kind));
            match (rate, line.entry.is_free()) {
                (Some(rate), _) => rate.to_string(),
                (None, true) => Pico::ZERO.to_string(),
                (None, false) => String::new(),
            }
        };
        let [input, read, write, output] = PARTS.map(rate);
        let more = rates.into_iter().flat_map(further);
        let more: Vec<String> = more
            .map(|(kind, rate)| format!("{}={rate}", kind.name()))
            .collect();
        let record = [
            line.list.to_owned(),
            line.model.to_owned(),
            line.entry.id(),
            line.entry.since.date().to_string(),
            line.entry.known_on(day).to_string(),
            line.entry.age_days(day).to_string(),
            line.seen_later.to_string(),
            line.entry.currency.to_string(),
            input,
            read,
            write,
            output,
            more.join(" "),
            line.times.to_string(),
            line.special.to_string(),
            admin::layer(line.entry.layer).to_owned(),
            line.entry.source.clone(),
        ];
        writer.write_record(record).map_err(failed)?;
    }
    let bytes = writer.into_inner().unwrap_or_default();
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
