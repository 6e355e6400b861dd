//! The table, for the terminal and for a page.

use std::fmt::Write as _;

use comfy_table::{CellAlignment, Table, TableStyle, presets};

use super::metering::Metering;
use super::rounds::Outcome;
use super::row::Row;
use super::spread::Spread;

const HEADINGS: [&str; 6] = ["figure", "target", "measured", "to limit", "must", ""];

/// Everything a reader gets.
pub(crate) struct Page<'a> {
    /// What was run on what.
    pub(crate) heading: String,
    pub(crate) rows: Vec<Row>,
    pub(crate) outcome: &'a Outcome,
    pub(crate) remarks: Vec<String>,
}

impl Page<'_> {
    /// For a terminal.
    pub(crate) fn text(&self) -> String {
        self.render(presets::NOTHING)
    }

    /// For a page.
    pub(crate) fn markdown(&self) -> String {
        self.render(presets::ASCII_MARKDOWN)
    }

    fn render(&self, style: TableStyle) -> String {
        let mut page = format!("{}\n\n", self.heading);
        let table = self.table(style).to_string();
        for line in table.lines() {
            page += line.trim_end();
            page.push('\n');
        }
        page.push('\n');
        for line in self.notes() {
            // A string takes everything.
            let _ = writeln!(page, "{line}\n");
        }
        page.trim_end().to_owned() + "\n"
    }

    fn table(&self, style: TableStyle) -> Table {
        let mut table = Table::new();
        table.load_style(style).set_header(HEADINGS);
        let mut last = "";
        for row in &self.rows {
            let figure = if row.figure == last { "" } else { &row.figure };
            last = &row.figure;
            table.add_row(cells(figure, row));
        }
        for place in [2, 3] {
            if let Some(column) = table.column_mut(place) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        table
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        let metering = &self.outcome.metering;
        let sentences: Vec<String> = metering.iter().map(Metering::sentence).collect();
        notes.push(format!("Metering error. {}.", sentences.join(". ")));
        if let Some(other) = Spread::of(self.outcome.samples.other_cores()) {
            notes.push(format!(
                "Other work on the machine meanwhile: {:.2} cores ({:.2}–{:.2}).",
                other.median, other.least, other.most
            ));
        }
        notes.extend(self.remarks.iter().map(|remark| format!("Note: {remark}.")));
        notes.extend(self.outcome.samples.iter().filter_map(|sample| {
            let failure = sample.seen.first_failure.as_ref()?;
            let (round, failed) = (sample.round + 1, sample.seen.failed);
            Some(format!(
                "Failed: {failed} calls of {} on {} in round {round}, the first: {failure}",
                sample.test, sample.target
            ))
        }));
        if metering.iter().any(|metering| !metering.is_exact()) {
            notes.push(
                "THIS RUN DOES NOT COUNT: the ledger differs from the mock's bill.".to_owned(),
            );
        }
        notes
    }
}

fn cells(figure: &str, row: &Row) -> [String; 6] {
    let sign = row.is_difference;
    [
        figure.to_owned(),
        row.target.clone(),
        spread(row.value, false),
        row.to_limit
            .map(|to_limit| spread(to_limit, sign))
            .unwrap_or_default(),
        row.must.clone().unwrap_or_default(),
        match row.met {
            Some(true) => "met".to_owned(),
            Some(false) => "missed".to_owned(),
            None => String::new(),
        },
    ]
}

fn spread(spread: Spread, sign: bool) -> String {
    let Spread {
        median,
        least,
        most,
    } = spread;
    let number = |value: f64| number(value, sign);
    if least.to_bits() == most.to_bits() {
        return number(median);
    }
    format!("{} ({}–{})", number(median), number(least), number(most))
}

/// Three digits that say something.
fn number(value: f64, sign: bool) -> String {
    let digits = match value.abs() {
        size if size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        _ => 2,
    };
    if sign {
        format!("{value:+.digits$}")
    } else {
        format!("{value:.digits$}")
    }
}
