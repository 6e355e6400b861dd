//! `report`: what was used and what it cost, for people and for programs.

use comfy_table::{CellAlignment, Table, TableStyle, presets};

use super::admin::Admin;
use super::args::{Report, ReportFormat};
use super::house::{House, Options, TotalsQuery};
use super::totals::{Row, Sums, Totals};
use super::when::When;
use super::{Failure, numbers, output};
use crate::money::Pico;

mod audit;
mod hosting;
mod paid;

pub(super) use hosting::Hosting;

/// The columns of numbers, in every format that has columns.
const CSV_COLUMNS: [&str; 14] = [
    "calls",
    "imported_calls",
    "input_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "output_tokens",
    "reasoning_tokens",
    "cost_usd",
    "imported_cost_usd",
    "unpriced_calls",
    "unknown_calls",
    "free_quota_cost_usd",
    "prepaid_cost_usd",
    "reserved_cost_usd",
];

/// Asks for the totals and writes them.
pub(super) async fn run<H: House>(
    house: &H,
    options: &Options,
    report: &Report,
    quiet: bool,
) -> Result<(), Failure> {
    if report.audit {
        return audit::run(house, options, report.format, quiet).await;
    }
    let settings = house.settings(options)?;
    let query = query(report)?;
    let admin = Admin::of(&settings)?;
    let answer = if let Some(answer) = admin.totals(&query).await? {
        output::note(
            quiet,
            format!("from the running tollgate at {}", admin.base()),
        );
        output::missing(quiet, &Totals::read(answer.clone())?.missing_rows);
        answer
    } else {
        let dir = settings.data_dir.display();
        output::note(
            quiet,
            format!("nothing runs at {}; reading {dir}", admin.base()),
        );
        house.totals(options, &query)?
    };
    let totals = Totals::read(answer)?;
    if report.hosting {
        return output::print(hosting::render(&totals, report.format)?);
    }
    output::print(render(&totals, report.format)?)
}

fn query(report: &Report) -> Result<TotalsQuery, Failure> {
    let said = |flag: &str, when: When| {
        let said = when.in_query(super::now());
        said.map_err(|error| Failure::use_or_config(format!("{flag}: {error}")))
    };
    let since = (!report.all).then_some(report.since);
    Ok(TotalsQuery {
        since: since.map(|since| said("--since", since)).transpose()?,
        until: report
            .until
            .map(|until| said("--until", until))
            .transpose()?,
        by: report.by.clone(),
        top: report.top,
    })
}

/// The totals in a format.
pub(super) fn render(totals: &Totals, format: ReportFormat) -> Result<String, Failure> {
    match format {
        ReportFormat::Table => Ok(text(totals, "  ", presets::NOTHING)),
        ReportFormat::Md => Ok(text(totals, "", presets::ASCII_MARKDOWN)),
        ReportFormat::Json => serde_json::to_string_pretty(totals)
            .map(|json| json + "\n")
            .map_err(|error| Failure::work("cannot write the totals").because(error)),
        ReportFormat::Csv => csv(totals),
    }
}

/// A heading, the table, and what is not in it.
fn text(totals: &Totals, indent: &str, preset: TableStyle) -> String {
    let Totals {
        since,
        until,
        timezone,
        ..
    } = totals;
    let since = since
        .as_ref()
        .map_or_else(String::new, |day| format!(" since {day}"));
    let until = until
        .as_ref()
        .map_or_else(String::new, |day| format!(" until {day}"));
    let heading = format!(
        "{indent}Spend by {}{since}{until}, days in {timezone}\n",
        totals.by.join(", ")
    );
    let mut lines = vec![heading];
    if totals.rows.is_empty() {
        lines.push(format!("{indent}No calls.\n"));
    } else {
        lines.extend(
            table(totals, preset)
                .lines()
                .map(|line| format!("{indent}{}\n", line.trim_end())),
        );
    }
    let notes = notes(totals);
    if !notes.is_empty() {
        lines.push("\n".to_owned());
        lines.extend(notes.into_iter().map(|note| format!("{indent}{note}\n")));
    }
    lines.insert(1, "\n".to_owned());
    lines.concat()
}

fn table(totals: &Totals, preset: TableStyle) -> Table {
    let mut table = Table::new();
    table.load_style(preset);
    let headings = ["calls", "input", "cached", "output", "cost", "share"];
    table.set_header(totals.by.iter().map(String::as_str).chain(headings));
    for row in ordered(totals) {
        let keys = row.cells(&totals.by, "(none)").into_iter();
        let keys = keys.map(|key| plain(&key));
        table.add_row(keys.chain(cells(row, totals)));
    }
    let total = Row {
        in_total: true,
        others: None,
        sums: totals.total,
        keys: std::collections::BTreeMap::new(),
    };
    let blank = (0..totals.by.len()).map(|place| {
        if place == 0 {
            "total".into()
        } else {
            String::new()
        }
    });
    table.add_row(blank.chain(cells(&total, totals)));
    for column in table.column_iter_mut().skip(totals.by.len()) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// A name that clients or providers made, harmless to a terminal and to a table.
pub(super) fn plain(name: &str) -> String {
    name.replace(
        |character: char| character.is_control() || character == '|',
        "\u{fffd}",
    )
}

/// By time where time comes first, else the largest bill first.
fn ordered(totals: &Totals) -> Vec<&Row> {
    let mut rows: Vec<&Row> = totals.rows.iter().collect();
    let by_time = totals
        .by
        .first()
        .is_some_and(|by| ["month", "day", "hour", "minute"].contains(&by.as_str()));
    if !by_time {
        let size = |row: &Row| std::cmp::Reverse((row.sums.cost_usd, row.sums.calls));
        rows.sort_by_key(|row| (row.others.is_some(), size(row)));
    }
    rows
}

fn cells(row: &Row, totals: &Totals) -> [String; 6] {
    let sums = &row.sums;
    let known = sums.cost_usd != Pico::ZERO || sums.unpriced_calls == 0;
    let share = match (row.in_total, known) {
        (true, true) => numbers::share(sums.cost_usd, totals.total.cost_usd),
        (true, false) => String::new(),
        (false, _) => "not in total".to_owned(),
    };
    [
        numbers::count(sums.calls),
        numbers::count(sums.input_tokens),
        numbers::count(sums.cache_read_tokens),
        numbers::count(sums.output_tokens),
        numbers::cost(sums, &totals.currency),
        share,
    ]
}

/// What the total does not say.
fn notes(totals: &Totals) -> Vec<String> {
    let mut notes = Vec::new();
    let calls = |n: u64| {
        format!(
            "{} {}",
            numbers::count(n),
            if n == 1 { "call" } else { "calls" }
        )
    };
    let total = &totals.total;
    if total.unpriced_calls > 0 {
        notes.push(format!(
            "unpriced, ?: what {} cost is not known, and in no sum; see `tollgate prices show MODEL`.",
            calls(total.unpriced_calls)
        ));
    }
    if total.unknown_calls > 0 {
        notes.push(format!(
            "unknown: of {} nobody can say the tokens.",
            calls(total.unknown_calls)
        ));
    }
    if total.imported_calls > 0 {
        notes.push(format!(
            "imported: {} and {} of these are imported, and were not metered here.",
            calls(total.imported_calls),
            numbers::money(total.imported_cost_usd, &totals.currency),
        ));
    }
    notes.extend(paid::notes(totals));
    notes.extend(hosting::notes(totals));
    if totals.rows.iter().any(|row| !row.in_total) {
        notes.push(
            "not in total: a gateway's bill is the provider's, seen a second time.".to_owned(),
        );
    }
    notes
}

/// Exact, one row each; the total is left to the reader's program.
fn csv(totals: &Totals) -> Result<String, Failure> {
    let failed = |error: csv::Error| Failure::work("cannot write the totals").because(error);
    let mut writer = csv::Writer::from_writer(Vec::new());
    let headings = totals.by.iter().map(String::as_str).chain(CSV_COLUMNS);
    writer
        .write_record(headings.chain(["in_total"]))
        .map_err(failed)?;
    for row in &totals.rows {
        let keys = row.cells(&totals.by, "").into_iter();
        let sums = row.sums;
        let numbers = [
            sums.calls.to_string(),
            sums.imported_calls.to_string(),
            sums.input_tokens.to_string(),
            sums.cache_read_tokens.to_string(),
            sums.cache_write_tokens.to_string(),
            sums.output_tokens.to_string(),
            sums.reasoning_tokens.to_string(),
            exact_cost(&sums),
            sums.imported_cost_usd.to_string(),
            sums.unpriced_calls.to_string(),
            sums.unknown_calls.to_string(),
            sums.free_quota_cost_usd.to_string(),
            sums.prepaid_cost_usd.to_string(),
            sums.reserved_cost_usd.to_string(),
            row.in_total.to_string(),
        ];
        writer.write_record(keys.chain(numbers)).map_err(failed)?;
    }
    let bytes = writer.into_inner().unwrap_or_default();
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Every digit; nothing where no part of the cost is known.
fn exact_cost(sums: &Sums) -> String {
    if sums.unpriced_calls > 0 && sums.cost_usd == Pico::ZERO {
        return String::new();
    }
    sums.cost_usd.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::totals::tests::{answer, largest, paid};

    #[test]
    fn a_name_cannot_write_to_the_terminal() {
        assert_eq!(plain("gpt\u{1b}[2J|x"), "gpt\u{fffd}[2J\u{fffd}x");
    }

    /// What people and programs see; `UPDATE_GOLDEN=1 cargo test --lib cli` writes it anew.
    #[test]
    fn a_report_is_what_the_golden_file_shows() {
        let mut shown = Vec::new();
        for format in [
            ReportFormat::Table,
            ReportFormat::Md,
            ReportFormat::Csv,
            ReportFormat::Json,
        ] {
            for (name, answer) in [
                ("by day, model", answer()),
                ("the largest", largest()),
                ("who pays", paid()),
            ] {
                let totals = Totals::read(answer).unwrap();
                shown.push(format!("== {name}, {format:?}\n"));
                shown.push(render(&totals, format).unwrap());
            }
        }
        let empty = Totals {
            rows: Vec::new(),
            total: Sums::default(),
            ..Totals::read(answer()).unwrap()
        };
        shown.push("== no calls\n".to_owned());
        shown.push(render(&empty, ReportFormat::Table).unwrap());
        let all = Totals {
            since: None,
            ..Totals::read(paid()).unwrap()
        };
        shown.push("== all of what is reserved\n".to_owned());
        shown.push(render(&all, ReportFormat::Table).unwrap());
        crate::cli::golden("report.txt", &shown.concat());
    }
}
