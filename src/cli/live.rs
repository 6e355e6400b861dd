//! What the demo shows while it runs: a table on a terminal, a line now and then elsewhere.

use std::cell::Cell;
use std::io::{self, IsTerminal};
use std::time::Duration;

use comfy_table::{CellAlignment, Table, presets};
use indicatif::{ProgressBar, ProgressStyle};

use super::report::plain;
use super::totals::Totals;
use super::{numbers, output};
use crate::demo::TrafficCounts;

/// Time between two lines where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(4);

/// The live view, on stderr.
pub(super) struct Live {
    quiet: bool,
    time: Duration,
    screen: Option<ProgressBar>,
    next_line: Cell<Duration>,
}

impl Live {
    /// A view for traffic that runs for so long.
    pub(super) fn start(quiet: bool, time: Duration) -> Self {
        let screen = (!quiet && io::stderr().is_terminal()).then(|| {
            let screen = ProgressBar::new_spinner();
            if let Ok(style) = ProgressStyle::with_template("{msg}") {
                screen.set_style(style);
            }
            screen
        });
        Self {
            quiet,
            time,
            screen,
            next_line: Cell::new(LINE_EVERY),
        }
    }

    /// Shows what was metered so far.
    pub(super) fn show(&self, elapsed: Duration, metered: &Totals, traffic: TrafficCounts) {
        if let Some(screen) = &self.screen {
            screen.set_message(format!(
                "{}\n\n{}\n\n  {} refused, {} left by the client; Ctrl-C ends early",
                self.line(elapsed, metered, traffic),
                table(metered),
                traffic.refused,
                traffic.hung_up,
            ));
        } else if elapsed >= self.next_line.get() {
            self.next_line.set(elapsed.saturating_add(LINE_EVERY));
            output::note(self.quiet, self.line(elapsed, metered, traffic));
        }
    }

    /// Says what is going on.
    pub(super) fn say(&self, text: &str) {
        match &self.screen {
            Some(screen) => screen.set_message(text.to_owned()),
            None => output::note(self.quiet, text),
        }
    }

    /// Makes room for what follows.
    pub(super) fn end(&self) {
        if let Some(screen) = &self.screen {
            screen.finish_and_clear();
        }
    }

    fn line(&self, elapsed: Duration, metered: &Totals, traffic: TrafficCounts) -> String {
        let total = &metered.total;
        format!(
            "{:>3} of {} s  {} calls, {} in flight; {} tokens in, {} out; {}",
            elapsed.as_secs(),
            self.time.as_secs(),
            numbers::count(total.calls),
            traffic.in_flight(),
            numbers::count(total.input_tokens),
            numbers::count(total.output_tokens),
            numbers::cost(total, &metered.currency),
        )
    }
}

/// The live table: one row a model.
fn table(metered: &Totals) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["model", "calls", "input", "cached", "output", "cost"]);
    for row in metered.rows.iter().filter(|row| row.sums.calls > 0) {
        let sums = &row.sums;
        table.add_row([
            plain(row.key("model")),
            numbers::count(sums.calls),
            numbers::count(sums.input_tokens),
            numbers::count(sums.cache_read_tokens),
            numbers::count(sums.output_tokens),
            numbers::cost(sums, &metered.currency),
        ]);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}
