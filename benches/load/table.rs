//! The table, for the terminal and for a page.

use std::fmt::Write as _;

use comfy_table::{CellAlignment, Table, TableStyle, presets};

use super::metering::Metering;
use super::rounds::Outcome;
use super::row::Row;
use super::spread::Spread;

/// Everything a reader gets.
pub(crate) struct Page<'a> {
    /// What was run on what.
    pub(crate) heading: String,
    pub(crate) rows: Vec<Row>,
    /// The tollgate that others are compared with.
    pub(crate) other: Option<String>,
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
        let other = self.other.as_ref().map(|other| format!("to {other}"));
        let headings = ["figure", "target", "measured", "to limit"].map(str::to_owned);
        let verdict = ["must", ""].map(str::to_owned);
        table.load_style(style);
        table.set_header(headings.into_iter().chain(other).chain(verdict));
        let mut last = "";
        for row in &self.rows {
            let figure = if row.figure == last { "" } else { &row.figure };
            last = &row.figure;
            table.add_row(self.cells(figure, row));
        }
        let columns = table.column_iter_mut().skip(2);
        for column in columns.take(2 + usize::from(self.other.is_some())) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        table
    }

    fn cells(&self, figure: &str, row: &Row) -> Vec<String> {
        let compared = |spread: Option<Spread>| {
            spread.map_or_else(String::new, |spread| shown(spread, row.is_difference))
        };
        let verdict = match row.met {
            Some(true) => "met",
            Some(false) => "missed",
            None => "",
        };
        let mut cells = vec![
            figure.to_owned(),
            row.target.clone(),
            shown(row.value, false),
        ];
        cells.push(compared(row.to_limit));
        cells.extend(self.other.as_ref().map(|_| compared(row.to_other)));
        cells.extend([row.must.clone().unwrap_or_default(), verdict.to_owned()]);
        cells
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

fn shown(spread: Spread, sign: bool) -> String {
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
