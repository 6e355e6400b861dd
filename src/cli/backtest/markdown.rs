//! A backtest for a document: the same tables without charts.

use super::sheets::{self, Sheet};
use super::{Study, Traced, facts};

/// Everything.
pub(super) fn render(study: &Study<'_>) -> String {
    let traces: String = study
        .traces
        .iter()
        .map(|traced| trace(study, traced))
        .collect();
    let legend = facts::LEGEND.join("\n- ");
    format!("{traces}### How to read these tables\n\n- {legend}\n")
}

fn trace(study: &Study<'_>, traced: &Traced) -> String {
    let mut out = format!("### {}\n\n", traced.trace.name);
    let said = [facts::of_trace(traced), facts::of_latency(study, traced)].concat();
    out.extend([format!("{}\n\n", said.join(" "))]);
    for (tariff, priced) in study.tariffs.iter().zip(&traced.priced) {
        out.extend([format!("**{}** {}\n\n", tariff.id, tariff.on(study.at))]);
        table(&sheets::ways(study, priced, &tariff.model), &mut out);
        let said = facts::of_price(study, priced, &tariff.model);
        for line in said {
            out.extend([format!("{}\n\n", escaped(&line))]);
        }
        out.push_str("<details><summary>What the machines do</summary>\n\n");
        table(&sheets::fleets(study, priced), &mut out);
        out.push_str("</details>\n\n");
    }
    out.push_str("**What a calculator of averages says**\n\n");
    table(&sheets::averages(study, traced), &mut out);
    out
}

/// A table as GitHub reads it: the first column to the left, figures to the right.
fn table(sheet: &Sheet, out: &mut String) {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    out.push_str(&line(
        sheet.header.iter().map(ToString::to_string).collect(),
    ));
    let rules = std::iter::once("---").chain(sheet.header.iter().skip(1).map(|_| "---:"));
    out.push_str(&line(rules.map(str::to_owned).collect()));
    for row in &sheet.rows {
        out.push_str(&line(row.iter().map(|cell| escaped(cell)).collect()));
    }
    out.push('\n');
}

/// Text in which a star is a star.
fn escaped(text: &str) -> String {
    text.replace('|', "\\|").replace('*', "\\*")
}
