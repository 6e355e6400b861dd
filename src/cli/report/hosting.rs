//! `report --hosting`, and the lines about own hosting under every report: what it cost with its idle
//! hours, and what an API would have taken for the same tokens.

use comfy_table::{CellAlignment, Table, TableStyle, presets};
use serde::{Deserialize, Serialize};

use super::plain;
use crate::cli::Failure;
use crate::cli::args::ReportFormat;
use crate::cli::numbers::{grouped, money};
use crate::cli::totals::Totals;
use crate::money::Pico;

/// The columns, for people.
const HEADINGS: [&str; 9] = [
    "period",
    "plan",
    "hours",
    "cost",
    "at the API",
    "saving",
    "tokens",
    "per Mtok",
    "API per Mtok",
];

/// A plan that ran, in a period of the report. What an API would have taken is exact, the rest is
/// computed from it and from hours.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::cli) struct Hosting {
    /// The day, month or hour; nothing where the report tells no times apart.
    period: Option<String>,
    plan: String,
    hours: f64,
    replica_hours: f64,
    calls: f64,
    tokens: f64,
    cost_usd: f64,
    would_cost_usd: Pico,
    saving_usd: f64,
    usd_per_mtok: Option<f64>,
    api_usd_per_mtok: Option<f64>,
    busy: Option<f64>,
}

/// The hosting of a report in a format.
pub(super) fn render(totals: &Totals, format: ReportFormat) -> Result<String, Failure> {
    match format {
        ReportFormat::Table => Ok(text(totals, "  ", presets::NOTHING)),
        ReportFormat::Md => Ok(text(totals, "", presets::ASCII_MARKDOWN)),
        ReportFormat::Json => serde_json::to_string_pretty(&totals.hosting)
            .map(|json| json + "\n")
            .map_err(|error| Failure::work("cannot write the hosting").because(error)),
        ReportFormat::Csv => csv(&totals.hosting),
    }
}

/// A sentence for each plan and period; none where nothing of one's own runs.
pub(super) fn notes(totals: &Totals) -> Vec<String> {
    totals.hosting.iter().map(|of| note(of, totals)).collect()
}

fn note(of: &Hosting, totals: &Totals) -> String {
    let usd = |usd: f64| dollars(usd, totals);
    let period = of.period.as_ref();
    let period = period.map_or_else(String::new, |period| format!(", {period}"));
    let saved = if of.saving_usd < 0.0 {
        format!("{} more than that", usd(of.saving_usd.abs()))
    } else {
        format!("{} saved", usd(of.saving_usd))
    };
    let tokens = match (of.usd_per_mtok, of.api_usd_per_mtok) {
        (Some(own), Some(api)) => format!(
            "; {} per million tokens with idle time, {} at the API",
            usd(own),
            usd(api)
        ),
        _ => String::new(),
    };
    format!(
        "hosting {}{period}: {} for {} h, used or idle, and in no total; an API would have taken {} for the \
         same tokens: {saved}{tokens}.",
        plain(&of.plan),
        usd(of.cost_usd),
        number(of.hours),
        money(of.would_cost_usd, &totals.currency),
    )
}

fn text(totals: &Totals, indent: &str, preset: TableStyle) -> String {
    let mut lines = vec!["Own hosting, used or idle, and the same tokens at the API".to_owned()];
    lines.push(String::new());
    if totals.hosting.is_empty() {
        lines.push("Nothing of your own has run.".to_owned());
    } else {
        let table = table(totals, preset).to_string();
        lines.extend(table.lines().map(|line| line.trim_end().to_owned()));
    }
    let lines = lines.into_iter().map(|line| match line.as_str() {
        "" => "\n".to_owned(),
        line => format!("{indent}{line}\n"),
    });
    lines.collect()
}

fn table(totals: &Totals, preset: TableStyle) -> Table {
    let usd = |usd: f64| dollars(usd, totals);
    let each = |each: Option<f64>| each.map_or_else(String::new, usd);
    let mut table = Table::new();
    table.load_style(preset);
    table.set_header(HEADINGS);
    for of in &totals.hosting {
        table.add_row([
            of.period.clone().unwrap_or_else(|| "all".to_owned()),
            plain(&of.plan),
            number(of.hours),
            usd(of.cost_usd),
            money(of.would_cost_usd, &totals.currency),
            usd(of.saving_usd),
            grouped(&format!("{:.0}", of.tokens)),
            each(of.usd_per_mtok),
            each(of.api_usd_per_mtok),
        ]);
    }
    for column in table.column_iter_mut().skip(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn csv(hosting: &[Hosting]) -> Result<String, Failure> {
    let failed = |error: csv::Error| Failure::work("cannot write the hosting").because(error);
    let mut writer = csv::Writer::from_writer(Vec::new());
    if hosting.is_empty() {
        let fields = [
            "period",
            "plan",
            "hours",
            "replica_hours",
            "calls",
            "tokens",
            "cost_usd",
            "would_cost_usd",
            "saving_usd",
            "usd_per_mtok",
            "api_usd_per_mtok",
            "busy",
        ];
        writer.write_record(fields).map_err(failed)?;
    }
    for of in hosting {
        writer.serialize(of).map_err(failed)?;
    }
    let bytes = writer.into_inner().unwrap_or_default();
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// An estimate as money, to the cent.
fn dollars(usd: f64, totals: &Totals) -> String {
    let exact = format!("{usd:.6}").parse().unwrap_or(Pico::ZERO);
    money(exact, &totals.currency)
}

fn number(hours: f64) -> String {
    let text = format!("{hours:.1}");
    grouped(text.strip_suffix(".0").unwrap_or(&text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::totals::tests::hosting;

    /// `UPDATE_GOLDEN=1 cargo test --lib cli` writes it anew.
    #[test]
    fn own_hosting_is_what_the_golden_file_shows() {
        let totals = Totals::read(hosting()).unwrap();
        let mut shown = vec!["== under a report\n".to_owned()];
        shown.push(super::super::render(&totals, ReportFormat::Table).unwrap());
        for format in [
            ReportFormat::Table,
            ReportFormat::Md,
            ReportFormat::Csv,
            ReportFormat::Json,
        ] {
            shown.push(format!("== {format:?}\n"));
            shown.push(render(&totals, format).unwrap());
        }
        let none = Totals {
            hosting: Vec::new(),
            ..totals
        };
        for format in [ReportFormat::Table, ReportFormat::Csv, ReportFormat::Json] {
            shown.push(format!("== none, {format:?}\n"));
            shown.push(render(&none, format).unwrap());
        }
        crate::cli::golden("report-hosting.txt", &shown.concat());
    }
}
