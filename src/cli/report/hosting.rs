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

/// Sentences under a report, at most: a plan through a year of months.
const NOTES_MAX: usize = 12;
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

/// Said where an answer has nothing about hosting at all.
const OLDER: &str = "the tollgate that answered does not say what hosting cost: it is older";
/// Said under hosting that also serves what other instances see.
const PART: &str = "The cost is of all of the hosting; tokens, and what they cost at the API, are those that this instance saw.";

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
    /// Not known where only a part of the calls is seen, nor is what follows from all of them.
    saving_usd: Option<f64>,
    usd_per_mtok: Option<f64>,
    api_usd_per_mtok: Option<f64>,
    busy: Option<f64>,
    /// The cost is of all of the hosting, calls and tokens are those that the instance saw.
    #[serde(default)]
    part_of_traffic: bool,
}

/// The hosting of a report in a format.
pub(super) fn render(totals: &Totals, format: ReportFormat) -> Result<String, Failure> {
    match format {
        ReportFormat::Table => Ok(text(totals, "  ", presets::NOTHING)),
        ReportFormat::Md => Ok(text(totals, "", presets::ASCII_MARKDOWN)),
        ReportFormat::Json => serde_json::to_string_pretty(told(totals)?)
            .map(|json| json + "\n")
            .map_err(|error| Failure::work("cannot write the hosting").because(error)),
        ReportFormat::Csv => csv(told(totals)?),
    }
}

/// The lines for programs, for which nothing told must not be nothing spent.
fn told(totals: &Totals) -> Result<&[Hosting], Failure> {
    match (&totals.hosting, &totals.hosting_missing) {
        (Some(all), None) => Ok(all),
        (_, Some(why)) => Err(Failure::work(missing(why)).remedy("ask for the last 30 days")),
        (None, None) => Err(Failure::work(OLDER)
            .remedy("use the tollgate binary of the same version as the running one")),
    }
}

fn lines(totals: &Totals) -> &[Hosting] {
    totals.hosting.as_deref().unwrap_or_default()
}

/// A sentence for each plan and period, or where they are if those are many; none where nothing of
/// one's own runs.
pub(super) fn notes(totals: &Totals) -> Vec<String> {
    if let Some(why) = &totals.hosting_missing {
        return vec![missing(why)];
    }
    let all = lines(totals);
    if all.len() > NOTES_MAX {
        let (many, by) = (grouped(&all.len().to_string()), totals.by.join(","));
        return vec![format!(
            "hosting: {many} lines, in no total; `tollgate report --hosting --by {by}` lists them."
        )];
    }
    all.iter().map(|of| note(of, totals)).collect()
}

fn missing(why: &str) -> String {
    format!(
        "what hosting cost and saved is missing here: {}",
        plain(why)
    )
}

fn note(of: &Hosting, totals: &Totals) -> String {
    let usd = |usd: f64| dollars(usd, totals);
    let period = of.period.as_ref();
    let period = period.map_or_else(String::new, |period| format!(", {period}"));
    let saved = match of.saving_usd {
        None => "what was saved is not known".to_owned(),
        Some(lost) if lost < 0.0 => format!("{} more than that", usd(lost.abs())),
        Some(saved) => format!("{} saved", usd(saved)),
    };
    let tokens = match (of.usd_per_mtok, of.api_usd_per_mtok) {
        (Some(own), Some(api)) => format!(
            "; {} per million tokens with idle time, {} at the API",
            usd(own),
            usd(api)
        ),
        _ => String::new(),
    };
    let same = if of.part_of_traffic {
        "tokens that this instance saw, a part of all"
    } else {
        "same tokens"
    };
    format!(
        "hosting {}{period}: {} for {} h, used or idle, and in no total; an API would have taken {} for the \
         {same}: {saved}{tokens}.",
        plain(&of.plan),
        usd(of.cost_usd),
        number(of.hours),
        money(of.would_cost_usd, &totals.currency),
    )
}

fn text(totals: &Totals, indent: &str, preset: TableStyle) -> String {
    let mut lines = vec!["Own hosting, used or idle, and the same tokens at the API".to_owned()];
    lines.push(String::new());
    match (&totals.hosting, &totals.hosting_missing) {
        (_, Some(why)) => lines.push(missing(why)),
        (None, None) => lines.push(OLDER.to_owned()),
        (Some(none), None) if none.is_empty() => {
            lines.push("Nothing of your own has run.".to_owned());
        }
        (Some(all), None) => {
            let table = table(all, totals, preset).to_string();
            lines.extend(table.lines().map(|line| line.trim_end().to_owned()));
            if all.iter().any(|of| of.part_of_traffic) {
                lines.extend([String::new(), PART.to_owned()]);
            }
        }
    }
    let lines = lines.into_iter().map(|line| match line.as_str() {
        "" => "\n".to_owned(),
        line => format!("{indent}{line}\n"),
    });
    lines.collect()
}

fn table(all: &[Hosting], totals: &Totals, preset: TableStyle) -> Table {
    let usd = |usd: f64| dollars(usd, totals);
    let each = |each: Option<f64>| each.map_or_else(String::new, usd);
    let mut table = Table::new();
    table.load_style(preset);
    table.set_header(HEADINGS);
    for of in all {
        table.add_row([
            of.period.clone().unwrap_or_else(|| "all".to_owned()),
            plain(&of.plan),
            number(of.hours),
            usd(of.cost_usd),
            money(of.would_cost_usd, &totals.currency),
            each(of.saving_usd),
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
            "part_of_traffic",
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
        let many = Totals {
            hosting: Some(vec![lines(&totals)[0].clone(); NOTES_MAX + 1]),
            ..totals.clone()
        };
        shown.push("== many, under a report\n".to_owned());
        shown.push(notes(&many).concat() + "\n");
        let none = Totals {
            hosting: Some(Vec::new()),
            ..totals
        };
        for format in [ReportFormat::Table, ReportFormat::Csv, ReportFormat::Json] {
            shown.push(format!("== none, {format:?}\n"));
            shown.push(render(&none, format).unwrap());
        }
        let older = Totals {
            hosting: None,
            ..none.clone()
        };
        let missing = Totals {
            hosting_missing: Some("the ledger cannot be read now".to_owned()),
            ..older.clone()
        };
        for (name, totals) in [("older", older), ("missing", missing)] {
            shown.push(format!("== {name}\n"));
            shown.push(render(&totals, ReportFormat::Table).unwrap());
            shown.push(notes(&totals).concat() + "\n");
            let refused = render(&totals, ReportFormat::Json).unwrap_err();
            shown.push(format!("{refused}\n"));
        }
        crate::cli::golden("report-hosting.txt", &shown.concat());
    }
}
