//! `verdict verify`: every figure of a statement computed again from the rows of the calls.

use std::path::Path;

use comfy_table::{Table, presets};
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde_json::Value;

use super::noted::Noted;
use super::rows::{Rows, foreign, moment};
use super::text_of;
use crate::cli::house::{House, Options};
use crate::cli::{Failure, output};
use crate::ledger::last_pass;
use crate::verdict::statement::{Broken, Compared, Holds, Statement, compared, opened};

/// Days of demand of one statement: those whose minutes are kept.
const DAYS_MAX: i32 = 35;
/// Days that one switch may have taken; the rule asks for a few.
const COUNTED_MAX: usize = 400;
/// Stretches of observed minutes: every other minute of those days.
const OBSERVED_MAX: usize = 25_200;

/// Reads the rows and says of each figure whether it holds.
pub(super) async fn run<H: House>(
    house: &H,
    options: &Options,
    path: &Path,
    quiet: bool,
) -> Result<(), Failure> {
    let (statement, sum) = whole(path)?;
    let at = house.settings(options)?;
    let mut rows = Rows::of(&statement)?;
    rows.read(house, options, &at, quiet).await?;
    let (first_row, missing) = (rows.first, std::mem::take(&mut rows.missing));
    let gathered = rows.gathered(&statement);
    let again = gathered.recomputed(&statement).ok_or_else(foreign)?;
    let all = compared(&statement, &again);
    output::print(table(&all))?;
    let differ = all.iter().filter(|it| it.holds == Holds::Differs).count();
    let noted = Noted::read(house, options, &at, &statement, &sum).await?;
    if differ == 0 {
        return follows(&all, &noted);
    }
    let priced = last_pass(&at.data_dir.join("calls")) > statement.priced_again;
    let mut why = missing;
    why.extend(reasons(&statement, first_row, priced));
    if again.demand.sha256 == statement.demand.sha256 {
        why.push("the rows are the same calls: the statement or its settings were changed, or another version computes otherwise".to_owned());
    }
    if why.is_empty() {
        why.push(
            "nothing explains it: the rows or the statement are not what they were".to_owned(),
        );
    }
    why.extend(unknown(&all));
    why.extend(noted.words().cloned());
    say(&why)?;
    Err(Failure::work(format!(
        "{differ} of {} figures differ",
        all.len()
    )))
}

/// Where no figure differs: what is beyond the rows, and whether the record knows the statement.
fn follows(all: &[Compared], noted: &Noted) -> Result<(), Failure> {
    let unknown: Vec<String> = unknown(all).collect();
    let follow = all.len().saturating_sub(unknown.len());
    let which = if unknown.is_empty() { "all " } else { "" };
    output::print(format!("{which}{follow} figures follow from the rows\n"))?;
    say(&unknown)?;
    say(noted.words())?;
    match noted {
        Noted::Other(_) => Err(Failure::work("the statement is not the one in the record")),
        Noted::Same | Noted::Nowhere(_) => Ok(()),
    }
}

/// What cannot be computed again, and why.
fn unknown(all: &[Compared]) -> impl Iterator<Item = String> {
    all.iter().filter_map(|it| match it.holds {
        Holds::Unknown(why) => Some(format!("{} cannot be computed again: {why}", it.name)),
        Holds::Equal | Holds::Differs => None,
    })
}

fn say<'a>(lines: impl IntoIterator<Item = &'a String>) -> Result<(), Failure> {
    for line in lines {
        output::print(format!("- {line}\n"))?;
    }
    Ok(())
}

/// A statement whose checksum is in order, and that.
fn whole(path: &Path) -> Result<(Statement, String), Failure> {
    match opened(&text_of(path)?) {
        Ok((statement, sum)) if is_bounded(&statement) => Ok((statement, sum)),
        Ok(_) => Err(Failure::use_or_config(format!(
            "{} is of more days than a statement of tollgate can be",
            path.display()
        ))),
        Err(error @ Broken::Changed { .. }) => {
            Err(Failure::work(path.display().to_string()).because(error))
        }
        Err(error) => Err(Failure::use_or_config(path.display().to_string()).because(error)),
    }
}

/// Whether it asks for no more than tollgate ever writes: anybody can seal a file.
fn is_bounded(statement: &Statement) -> bool {
    let days = statement.demand.days;
    days.last <= days.first.saturating_add(DAYS_MAX.days())
        && statement.counted.len() <= COUNTED_MAX
        && statement.demand.observed.len() <= OBSERVED_MAX
}

/// What may explain a difference.
fn reasons(statement: &Statement, first_row: Option<Timestamp>, priced: bool) -> Vec<String> {
    let begin = statement.demand.observed.first();
    let begin = begin.and_then(|(minute, _)| moment(*minute));
    let late = match (begin, first_row) {
        (Some(begin), Some(first)) => first > begin.saturating_add(DAY).unwrap_or(begin),
        (Some(_), None) => true,
        (None, _) => false,
    };
    let since = first_row.map_or_else(|| "none".to_owned(), |at| at.to_string());
    let imported = statement.figure("/evidence/imported_calls").unwrap_or(0.0) > 0.0;
    let here = env!("CARGO_PKG_VERSION");
    [
        late.then(|| {
            format!(
                "rows before the oldest one that is left ({since}) are past their retention or gone"
            )
        }),
        priced.then(|| {
            "calls were priced again since: rows show what they cost by the newer prices".to_owned()
        }),
        imported.then(|| "imported history is in the windows: it has no rows".to_owned()),
        (statement.tollgate != here).then(|| {
            format!(
                "it was made by tollgate {}, this is {here}",
                statement.tollgate
            )
        }),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A day.
const DAY: SignedDuration = SignedDuration::from_hours(24);

fn table(all: &[Compared]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["figure", "stated", "recomputed", ""]);
    for Compared {
        name,
        stated,
        recomputed,
        holds,
    } in all
    {
        let holds = match holds {
            Holds::Equal => "equal",
            Holds::Differs => "DIFFERS",
            Holds::Unknown(_) => "unknown",
        };
        table.add_row([name.as_str(), &short(stated), &short(recomputed), holds]);
    }
    format!("{table}\n")
}

/// A value that fits a line.
fn short(value: &Value) -> String {
    /// Characters of a value that are shown.
    const SHOWN: usize = 32;
    let text = value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned);
    if text.chars().count() <= SHOWN {
        return text;
    }
    text.chars().take(SHOWN - 1).chain(['…']).collect()
}
