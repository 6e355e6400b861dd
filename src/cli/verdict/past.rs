#![expect(clippy::float_arithmetic, reason = "savings are estimates")]
//! `verdict past`: every month that is kept, by the plans as they are now.

use comfy_table::{CellAlignment, Table, presets};
use serde::Deserialize;
use serde_json::Value;

use super::super::admin::Admin;
use super::super::args::{VerdictFormat, VerdictPast};
use super::super::house::{House, Options};
use super::super::numbers::money;
use super::super::reprice::escaped;
use super::super::{Failure, output};
use crate::money::Pico;
use crate::verdict::dollars;

/// The kinds of ways that are told apart.
const STAY: &str = "stay";
const SELFHOST: &str = "selfhost";

/// Asks the running tollgate, or reads the data directory.
pub(super) async fn run<H: House>(
    house: &H,
    options: &Options,
    asked: &VerdictPast,
    quiet: bool,
) -> Result<(), Failure> {
    let query = query(asked);
    let settings = house.settings(options)?;
    let admin = Admin::of(&settings)?;
    let found = admin.json(&format!("/api/v1/verdict/past?{query}")).await?;
    let answer = if let Some(answer) = found {
        output::note(
            quiet,
            format!("from the running tollgate at {}", admin.base()),
        );
        answer
    } else {
        let dir = settings.data_dir.display();
        output::note(
            quiet,
            format!("nothing runs at {}; reading {dir}", admin.base()),
        );
        house.past(options, &query)?
    };
    match asked.format {
        VerdictFormat::Text => output::print(text(answer)?),
        VerdictFormat::Json => output::print(format!("{answer:#}\n")),
    }
}

fn query(asked: &VerdictPast) -> String {
    let VerdictPast {
        since,
        until,
        plan,
        format: _,
    } = asked;
    let all = [("since", since), ("until", until), ("plan", plan)];
    let given = all.into_iter().filter_map(|(name, value)| {
        let value = value.as_deref()?;
        Some(format!("{name}={}", escaped(value)))
    });
    given.collect::<Vec<_>>().join("&")
}

/// What of the answer is shown.
#[derive(Deserialize)]
struct Answer {
    words: String,
    months: Vec<Month>,
}

#[derive(Deserialize)]
struct Month {
    #[serde(rename = "month")]
    name: String,
    running: bool,
    coverage: f64,
    imported_share: f64,
    doubtful_share: f64,
    api_cost_usd: String,
    alternatives: Vec<Way>,
    plans: Vec<Plan>,
}

#[derive(Deserialize)]
struct Way {
    name: String,
    kind: String,
    cost_usd: f64,
}

#[derive(Deserialize)]
struct Plan {
    plan: String,
    hosted: Option<Hosted>,
}

#[derive(Deserialize)]
struct Hosted {
    replicas_mean: f64,
    replicas_for_peak_at_most: f64,
}

/// A table of the months, and under it what it was computed from.
fn text(answer: Value) -> Result<String, Failure> {
    let Answer { words, months } = serde_json::from_value(answer)
        .map_err(|error| Failure::work("cannot read the answer").because(error))?;
    let words = output::wrapped(&words, "");
    if months.is_empty() {
        return Ok(words);
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header([
        "month",
        "seen",
        "imported",
        "not known",
        "way",
        "cost",
        "saves",
        "replicas",
    ]);
    for month in &months {
        rows(&mut table, month);
    }
    for right in [1, 2, 3, 5, 6, 7] {
        if let Some(column) = table.column_mut(right) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let lines = table.lines().map(|line| format!("{}\n", line.trim_end()));
    Ok(format!("{}\n{words}", lines.collect::<String>()))
}

/// Staying, the best endpoint, the best way to pay less, and every plan; the cheapest first.
fn rows(table: &mut Table, month: &Month) {
    let stay = month.alternatives.iter().find(|way| way.kind == STAY);
    let stay = stay.map_or(0.0, |way| way.cost_usd);
    let mut head = [
        format!(
            "{}{}",
            month.name,
            if month.running { " so far" } else { "" }
        ),
        percent(month.coverage),
        percent(month.imported_share),
        percent(month.doubtful_share),
    ];
    let mut shown: Vec<&str> = Vec::new();
    for way in &month.alternatives {
        if way.kind != SELFHOST && shown.contains(&way.kind.as_str()) {
            continue;
        }
        shown.push(&way.kind);
        let [first, seen, imported, doubtful] = std::mem::take(&mut head);
        let (cost, saves) = if way.kind == STAY {
            (paid(&month.api_cost_usd), String::new())
        } else {
            (dollars(way.cost_usd), dollars(stay - way.cost_usd))
        };
        let name = way.name.clone();
        let replicas = replicas(month, way);
        table.add_row([first, seen, imported, doubtful, name, cost, saves, replicas]);
    }
    for plan in month.plans.iter().filter(|plan| plan.hosted.is_none()) {
        let note = "cannot answer as fast as it must".to_owned();
        let [first, seen, imported, doubtful] = std::mem::take(&mut head);
        table.add_row([first, seen, imported, doubtful, plan.plan.clone(), note]);
    }
}

/// What was paid is exact: to the cent, as a report has it.
fn paid(api_cost_usd: &str) -> String {
    let paid = api_cost_usd.parse::<Pico>();
    paid.map_or_else(|_| api_cost_usd.to_owned(), |paid| money(paid, "USD"))
}

/// The mean of replicas, and how many the busiest minute asks for at most.
fn replicas(month: &Month, way: &Way) -> String {
    let plan = month
        .plans
        .iter()
        .find(|plan| way.kind == SELFHOST && plan.plan == way.name);
    let hosted = plan.and_then(|plan| plan.hosted.as_ref());
    hosted.map_or_else(String::new, |hosted| {
        let Hosted {
            replicas_mean,
            replicas_for_peak_at_most,
        } = hosted;
        format!("{replicas_mean:.1}, peak <= {replicas_for_peak_at_most:.0}")
    })
}

/// Whole percent; a part that is none of them is not 0.
fn percent(share: f64) -> String {
    match share * 100.0 {
        some if some > 0.0 && some < 1.0 => "< 1 %".to_owned(),
        percent => format!("{percent:.0} %"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `UPDATE_GOLDEN=1 cargo test --lib past`, twice, writes both anew.
    #[test]
    fn the_months_are_a_table_with_what_it_was_computed_from() {
        let golden = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
        let answer = std::fs::read_to_string(golden.join("verdict-past.json")).unwrap();
        let text = text(serde_json::from_str(&answer).unwrap()).unwrap();
        let golden = golden.join("verdict-past.txt");
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&golden, &text).unwrap();
        }
        assert_eq!(text, std::fs::read_to_string(golden).unwrap());
    }

    #[test]
    fn months_without_a_call_are_said_to_be_none() {
        let answer = serde_json::json!({"words": "Nothing.", "months": []});
        assert_eq!(text(answer).unwrap(), "Nothing.\n");
    }
}
