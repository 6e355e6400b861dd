//! Two charts in characters: the load of a plan against time, and its cost against volume.

use crate::economics::work::real;

mod load;
mod volume;

pub(super) use load::load;
pub(super) use volume::volume;

/// Columns when nobody says how wide the terminal is.
const WIDTH: usize = 80;
/// No chart is wider.
const WIDTH_MAX: usize = 120;
/// Columns for what stands left of a chart.
const LABEL: usize = 13;
/// Rows of a chart.
const HEIGHT: usize = 10;

/// How wide the terminal is.
pub(super) fn width() -> usize {
    let terminal = console::Term::stdout();
    let columns = terminal.size_checked().map(|(_, columns)| columns.into());
    columns.unwrap_or(WIDTH)
}

/// Columns for the chart itself.
fn columns(width: usize) -> usize {
    width.clamp(LABEL + 20, WIDTH_MAX) - LABEL
}

/// Rows from the top, the upper and the lower one labelled, and the axis below.
fn framed(top: &str, bottom: &str, axis: &str, row: impl Fn(usize) -> String) -> String {
    let mut out = String::new();
    for at in (0..HEIGHT).rev() {
        let label = match at {
            0 => bottom,
            _ if at + 1 == HEIGHT => top,
            _ => "",
        };
        let row = row(at);
        out.extend([format!("{label:>11} ┤{}\n", row.trim_end())]);
    }
    out.extend([format!("{:>11} └{axis}\n", "")]);
    out
}

fn count(number: usize) -> f64 {
    real(u128::try_from(number).unwrap_or(u128::MAX))
}
