//! What became of calls that were priced again, for people: a row a model and currency, and words.

use std::collections::BTreeSet;

use comfy_table::{CellAlignment, Table, presets};
use serde::Deserialize;
use serde_json::Value;

use crate::cli::Failure;
use crate::cli::numbers::{count, grouped};
use crate::ledger::{ModelSums, Summary};
use crate::money::Pico;

/// What the API answers, as far as it is shown.
#[derive(Deserialize)]
struct Answer {
    pass: Option<u64>,
    dry_run: bool,
    resumed: bool,
    rows_from: Option<String>,
    summary: Summary,
}

/// The table and the words.
pub(super) fn of(answer: &Value) -> Result<String, Failure> {
    let answer = Answer::deserialize(answer)
        .map_err(|error| Failure::work("what became of it cannot be read").because(error))?;
    let mut lines = Vec::new();
    if !answer.summary.models.is_empty() {
        lines.push(format!("{}\n\n", table(&answer.summary)));
    }
    lines.push(outcome(&answer));
    lines.extend(left(&answer));
    lines.extend(unpriced(&answer.summary));
    Ok(lines.concat())
}

fn table(summary: &Summary) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header([
        "upstream",
        "model",
        "calls",
        "changed",
        "unpriced",
        "still",
        "",
        "cost",
        "now",
        "difference",
    ]);
    for (upstream, models) in &summary.models {
        for (model, sums) in models {
            rows(&mut table, upstream, model, sums);
        }
    }
    for column in table.column_iter_mut().skip(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// A row for each currency; the counts are on the first.
fn rows(table: &mut Table, upstream: &str, model: &str, sums: &ModelSums) {
    let currencies: BTreeSet<&String> = sums
        .cost_before
        .keys()
        .chain(sums.cost_after.keys())
        .collect();
    let counts = [
        sums.calls,
        sums.changed,
        sums.unpriced_before,
        sums.unpriced_after,
    ]
    .map(count);
    let names = [upstream.to_owned(), model.to_owned()];
    let mut own: Vec<String> = names.into_iter().chain(counts).collect();
    if currencies.is_empty() {
        own.extend(["", "-", "-", "-"].map(str::to_owned));
        table.add_row(own);
        return;
    }
    for currency in currencies {
        let of = |costs: &std::collections::BTreeMap<String, Pico>| {
            costs.get(currency).copied().unwrap_or_default()
        };
        let (before, after) = (of(&sums.cost_before), of(&sums.cost_after));
        let money = [before, after, after - before].map(|it| grouped(&it.to_string()));
        let cells = own.iter().cloned().chain([currency.clone()]).chain(money);
        table.add_row(cells);
        own = vec![String::new(); own.len()];
    }
}

fn outcome(answer: &Answer) -> String {
    let changed = count(answer.summary.changed);
    let rows = count(answer.summary.rows);
    let again = if answer.resumed {
        ", which went on where it was"
    } else {
        ""
    };
    match (answer.pass, answer.dry_run) {
        (Some(pass), _) => format!(
            "{changed} of {rows} calls have another bill: totals and rows show it, rows as booked \
             stay (pass {pass}{again})\n"
        ),
        (None, true) => {
            format!("{changed} of {rows} calls would have another bill; nothing was changed\n")
        }
        (None, false) => format!("each of {rows} calls has the bill it had; nothing was changed\n"),
    }
}

/// What was not touched, and why.
fn left(answer: &Answer) -> Vec<String> {
    let Summary {
        not_billed,
        of_batches,
        without_upstream,
        ..
    } = &answer.summary;
    let mut left = Vec::new();
    if *not_billed > 0 {
        left.push(format!(
            "left: {} calls that nobody bills\n",
            count(*not_billed)
        ));
    }
    if *of_batches > 0 {
        left.push(format!(
            "left: {} downloads of batch results, each result priced by itself when it passed\n",
            count(*of_batches)
        ));
    }
    left.extend(without_upstream.iter().map(|(upstream, calls)| {
        format!(
            "left: {} calls of the upstream {upstream:?}, which is not configured any more\n",
            count(*calls)
        )
    }));
    left.extend(answer.rows_from.iter().map(|day| {
        format!("left: calls that ended before {day}, whose rows are past their retention\n")
    }));
    left
}

/// Why calls have no price still.
fn unpriced(summary: &Summary) -> Vec<String> {
    let why = [
        (summary.unknown_usage, "calls whose tokens nobody knows"),
        (summary.no_price, "calls of models that have no price"),
        (
            summary.no_rate,
            "calls whose price has no rate for something they used, such as a tool or a tier",
        ),
    ];
    let why = why.into_iter().filter(|(calls, _)| *calls > 0);
    why.map(|(calls, what)| format!("unpriced: {} {what}\n", count(calls)))
        .collect()
}
