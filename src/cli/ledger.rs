//! `ledger`: the upkeep of the data directory of a stopped tollgate.

use std::io::{self, IsTerminal};

use comfy_table::{CellAlignment, Table, presets};
use indicatif::{ProgressBar, ProgressStyle};

use super::args::LedgerVerb;
use super::house::{House, Options};
use super::numbers::{count, money};
use super::real::failed;
use super::{Failure, output};
use crate::app::upkeep;
use crate::config::Config;
use crate::ledger::{Checked, CheckedDay, Totals};

/// Does what was asked for.
pub(super) fn run<H: House>(
    house: &H,
    options: &Options,
    verb: &LedgerVerb,
    quiet: bool,
) -> Result<(), Failure> {
    let config = house.config(options)?;
    match verb {
        LedgerVerb::Check => check(&config, quiet),
        LedgerVerb::Accept => accept(&config, quiet),
        LedgerVerb::Rebuild => rebuild(&config),
        LedgerVerb::Compact => {
            let done = upkeep::compact(&config).map_err(failed)?;
            output::print(format!(
                "the database takes {} bytes, and took {}\n",
                count(done.after_bytes),
                count(done.before_bytes)
            ))
        }
        LedgerVerb::Backup { to } => {
            let done = upkeep::back_up(&config, to).map_err(failed)?;
            output::print(format!(
                "{}: {} files, {} bytes; opened and read: {} calls, the same totals\n  \
                 start on it: tollgate serve --data-dir {}\n",
                to.display(),
                count(done.files),
                count(done.bytes),
                count(done.calls),
                to.display()
            ))
        }
    }
}

fn check(config: &Config, quiet: bool) -> Result<(), Failure> {
    let checked = with_bar(quiet, |step| upkeep::check(config, step)).map_err(failed)?;
    output::print(text(&checked))?;
    if checked.is_fine() {
        return Ok(());
    }
    Err(Failure::work("the data directory is not whole").remedy(
        "bring day files back from a backup; `tollgate ledger rebuild` computes totals again; a \
         start does both where it can, and puts aside what is damaged; what does not come back: \
         `tollgate ledger accept`",
    ))
}

fn accept(config: &Config, quiet: bool) -> Result<(), Failure> {
    let accepted = with_bar(quiet, |step| upkeep::accept(config, step)).map_err(failed)?;
    let Some((acceptance, path)) = accepted else {
        return output::print("nothing is missing that was not accepted before\n");
    };
    let calls = count(acceptance.calls_without_rows);
    let mut lines = vec![format!(
        "accepted: {calls} calls of the totals have no rows, which is no alarm from the next start on\n"
    )];
    let lost = acceptance.lost.iter();
    lines.extend(lost.map(|lost| format!("  {}\n", lost.what)));
    let days = acceptance.days.iter();
    lines.extend(days.map(|it| {
        let calls = count(it.calls_without_rows);
        format!("  {}: {calls} calls without rows\n", it.day)
    }));
    lines.push(format!(
        "noted in {}; reports and exports go on naming them\n",
        path.display()
    ));
    output::print(lines.concat())
}

/// What was looked at, as a table, and then what is wrong, a line each.
fn text(checked: &Checked) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["part", "files", "entries", "problems"]);
    for part in &checked.parts {
        let problems = u64::try_from(part.problems.len()).unwrap_or(u64::MAX);
        table.add_row([
            part.name.to_owned(),
            count(part.files),
            count(part.entries),
            count(problems),
        ]);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let mut lines = vec![format!("{table}\n")];
    for part in &checked.parts {
        let problems = part.problems.iter().chain(&part.accepted);
        lines.extend(problems.map(|problem| format!("{}: {problem}\n", part.name)));
    }
    lines.extend(checked.days.iter().map(difference));
    let rows = count(checked.rows);
    if checked.is_fine() && checked.days.is_empty() {
        lines.push(format!(
            "fine: the totals are the sums of {rows} rows, day by day\n"
        ));
    } else if checked.is_fine() {
        lines.push(format!(
            "fine but for what was accepted; all other days are the sums of their rows, {rows} in all\n"
        ));
    }
    lines.concat()
}

/// A day whose totals and rows differ, in words.
fn difference(day: &CheckedDay) -> String {
    let calls = count(day.counted);
    let known = if day.accepted.is_some() {
        ", as was accepted"
    } else {
        ""
    };
    let rows = match day.rows {
        0 => "and no rows".to_owned(),
        rows => format!("{} rows, not the same sums", count(rows)),
    };
    format!("{}: {calls} calls in the totals, {rows}{known}\n", day.day)
}

fn rebuild(config: &Config) -> Result<(), Failure> {
    let (was, is, recovery) = upkeep::rebuild(config).map_err(failed)?;
    let kept = recovery.rebuilt.and_then(|rebuilt| rebuilt.moved_to);
    let kept = kept.map_or_else(String::new, |kept| {
        format!("the old database is kept as {}\n", kept.display())
    });
    let from = recovery
        .restored
        .map_or_else(|| "row one".to_owned(), |from| from.display().to_string());
    let of = |totals: &Totals| {
        format!(
            "{} calls, {}",
            count(totals.calls),
            money(totals.cost_usd, "USD")
        )
    };
    output::print(format!(
        "from {from}, and {} rows behind it\nwas {}\nis  {}\n{kept}",
        count(recovery.replayed),
        of(&was),
        of(&is),
    ))?;
    if was == is {
        return Ok(());
    }
    Err(Failure::work("the totals are not what they were").remedy(
        "compare them with the rows: `tollgate ledger check`; to have the old ones again, put the \
         database that was kept back in its place",
    ))
}

/// Shows meanwhile how far a check is.
fn with_bar<T>(quiet: bool, work: impl FnOnce(&dyn Fn(u64, u64)) -> T) -> T {
    let bar = bar(quiet);
    let done = work(&|done, of| {
        bar.set_length(of);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    done
}

/// Shows how far checking is, on a terminal.
fn bar(quiet: bool) -> ProgressBar {
    if quiet || !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("checking {wide_bar} {pos}/{len} files") {
        bar.set_style(style);
    }
    bar
}
