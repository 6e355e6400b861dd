//! `report --audit`: how far tollgate's own counts are from what providers report.

use comfy_table::{CellAlignment, Table, TableStyle, presets};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::plain;
use crate::cli::admin::Admin;
use crate::cli::args::ReportFormat;
use crate::cli::house::{House, Options};
use crate::cli::{Failure, numbers, output};

/// The columns of a row, for programs.
const COLUMNS: [&str; 7] = [
    "upstream",
    "model",
    "class",
    "calls",
    "reported_tokens",
    "counted_tokens",
    "ratio",
];

/// The answer of `/api/v1/audit`.
#[derive(Debug, Deserialize, Serialize)]
struct Audit {
    rows: Vec<Row>,
}

/// One side of the calls of a model, in the order of its columns.
#[derive(Debug, Deserialize, Serialize)]
struct Row {
    upstream: String,
    model: String,
    class: String,
    calls: u64,
    reported_tokens: u64,
    counted_tokens: u64,
    ratio: f64,
}

/// Asks for the second counts and writes them.
pub(super) async fn run<H: House>(
    house: &H,
    options: &Options,
    format: ReportFormat,
    quiet: bool,
) -> Result<(), Failure> {
    let settings = house.settings(options)?;
    let admin = Admin::of(&settings)?;
    let answer = if let Some(answer) = admin.json("/api/v1/audit").await? {
        output::note(
            quiet,
            format!("from the running tollgate at {}", admin.base()),
        );
        answer
    } else {
        let dir = settings.data_dir.display();
        output::note(
            quiet,
            format!("nothing runs at {}; reading {dir}", admin.base()),
        );
        house.audit(options)?
    };
    output::print(render(answer, format)?)
}

/// The second counts in a format.
fn render(answer: Value, format: ReportFormat) -> Result<String, Failure> {
    let unread = |error| Failure::work("cannot read the audit").because(error);
    let audit: Audit = serde_json::from_value(answer).map_err(unread)?;
    match format {
        ReportFormat::Table => Ok(text(&audit, "  ", presets::NOTHING)),
        ReportFormat::Md => Ok(text(&audit, "", presets::ASCII_MARKDOWN)),
        ReportFormat::Json => serde_json::to_string_pretty(&audit)
            .map(|json| json + "\n")
            .map_err(|error| Failure::work("cannot write the audit").because(error)),
        ReportFormat::Csv => csv(&audit),
    }
}

/// A heading, the table, and what it means.
fn text(audit: &Audit, indent: &str, preset: TableStyle) -> String {
    let heading = "Tokens counted by tollgate over tokens reported, all calls audited so far";
    let mut lines = vec![heading.to_owned(), String::new()];
    if audit.rows.is_empty() {
        lines.push("No call was audited.".to_owned());
    } else {
        let table = table(audit, preset).to_string();
        lines.extend(table.lines().map(|line| line.trim_end().to_owned()));
    }
    let note = "The bill has what was reported; a count is used only where nothing was.";
    lines.extend([String::new(), note.to_owned()]);
    let lines = lines.into_iter().map(|line| match line.as_str() {
        "" => "\n".to_owned(),
        line => format!("{indent}{line}\n"),
    });
    lines.collect()
}

fn table(audit: &Audit, preset: TableStyle) -> Table {
    let mut table = Table::new();
    table.load_style(preset);
    table.set_header([
        "upstream", "model", "class", "calls", "reported", "counted", "ratio",
    ]);
    for row in &audit.rows {
        table.add_row([
            plain(&row.upstream),
            plain(&row.model),
            plain(&row.class),
            numbers::count(row.calls),
            numbers::count(row.reported_tokens),
            numbers::count(row.counted_tokens),
            format!("{:.3}", row.ratio),
        ]);
    }
    for column in table.column_iter_mut().skip(3) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn csv(audit: &Audit) -> Result<String, Failure> {
    let failed = |error: csv::Error| Failure::work("cannot write the audit").because(error);
    let mut writer = csv::Writer::from_writer(Vec::new());
    if audit.rows.is_empty() {
        writer.write_record(COLUMNS).map_err(failed)?;
    }
    for row in &audit.rows {
        writer.serialize(row).map_err(failed)?;
    }
    let bytes = writer.into_inner().unwrap_or_default();
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// `UPDATE_GOLDEN=1 cargo test --lib cli` writes it anew.
    #[test]
    fn an_audit_is_what_the_golden_file_shows() {
        let row = |model: &str, class: &str, counted: u64, ratio: f64| {
            json!({"upstream": "openai", "model": model, "class": class, "calls": 1_234,
                "reported_tokens": 1_000_000, "counted_tokens": counted, "ratio": ratio})
        };
        let audited = json!({"rows": [
            row("gpt-4o-2024-08-06", "input", 998_000, 0.998),
            row("gpt-4o-2024-08-06", "output", 1_000_000, 1.0),
            row("odd\u{1b}[2J|name", "input", 1_300_000, 1.3),
        ]});
        let mut shown = Vec::new();
        for format in [
            ReportFormat::Table,
            ReportFormat::Md,
            ReportFormat::Csv,
            ReportFormat::Json,
        ] {
            shown.push(format!("== {format:?}\n"));
            shown.push(render(audited.clone(), format).unwrap());
        }
        for format in [ReportFormat::Table, ReportFormat::Csv] {
            shown.push(format!("== nothing audited, {format:?}\n"));
            shown.push(render(json!({"rows": []}), format).unwrap());
        }
        crate::cli::golden("report-audit.txt", &shown.concat());
    }
}
