//! `reprice`: calls priced again by the prices of now, and what that changed.

mod text;

use std::io::{self, IsTerminal};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;

use super::admin::Admin;
use super::args::{Reprice, RepriceFormat};
use super::house::{House, Options};
use super::when::When;
use super::{Failure, output};

/// Where a running tollgate is asked.
const PATH: &str = "/api/v1/reprice";
/// How often it is asked how far it is.
const ASK_EVERY: Duration = Duration::from_millis(250);

/// Asks the running tollgate, or works on the data directory, and writes what became of it.
pub(super) async fn run<H: House>(
    house: &H,
    options: &Options,
    asked: &Reprice,
    quiet: bool,
) -> Result<(), Failure> {
    let settings = house.settings(options)?;
    let query = query(asked)?;
    let admin = Admin::of(&settings)?;
    let bar = bar(quiet);
    let answer = if let Some(state) = admin.post(&format!("{PATH}?{query}")).await? {
        let base = admin.base();
        output::note(
            quiet,
            format!("by the prices of the running tollgate at {base}"),
        );
        followed(&admin, state, &bar).await
    } else {
        let dir = settings.data_dir.display();
        output::note(
            quiet,
            format!("nothing runs at {}; working on {dir}", admin.base()),
        );
        house.reprice(options, &query, &mut |progress| {
            show(&bar, progress.phase.label(), progress.done, progress.of);
        })
    };
    bar.finish_and_clear();
    let answer = answer?;
    match asked.format {
        RepriceFormat::Json => {
            let json = serde_json::to_string_pretty(&answer)
                .map_err(|error| Failure::work("cannot write what became of it").because(error))?;
            output::print(json + "\n")
        }
        RepriceFormat::Table => output::print(text::of(&answer)?),
    }
}

/// Waits until it is over. Who stops waiting stops nothing: the same command waits on.
async fn followed(admin: &Admin, mut state: Value, bar: &ProgressBar) -> Result<Value, Failure> {
    loop {
        let said = |at: &str| {
            state
                .pointer(at)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        let number = |at: &str| state.pointer(at).and_then(Value::as_u64).unwrap_or(0);
        show(
            bar,
            said("/progress/phase"),
            number("/progress/done"),
            number("/progress/of"),
        );
        match said("/state") {
            "running" => {}
            "done" => return Ok(state.get_mut("result").map(Value::take).unwrap_or_default()),
            _ => {
                let message = said("/message");
                return Err(
                    Failure::work(format!("calls were not all priced again: {message}")).remedy(
                        "the same command goes on where it was, unless its --since counts from now; the log of \
                         tollgate says more",
                    ),
                );
            }
        }
        tokio::time::sleep(ASK_EVERY).await;
        state = admin.json(PATH).await?.ok_or_else(|| {
            Failure::work("tollgate ended meanwhile")
                .remedy("the same command goes on where it was, unless its --since counts from now")
        })?;
    }
}

/// What is asked for, in the words of the API.
fn query(asked: &Reprice) -> Result<String, Failure> {
    let said = |flag: &str, when: When| {
        let said = when.in_query(super::now());
        said.map_err(|error| Failure::use_or_config(format!("{flag}: {error}")))
    };
    let mut query = format!("since={}", said("--since", asked.since)?);
    if let Some(until) = asked.until {
        query = format!("{query}&until={}", said("--until", until)?);
    }
    for (name, values) in [("model", &asked.model), ("upstream", &asked.upstream)] {
        if !values.is_empty() {
            let values: Vec<String> = values.iter().map(|value| escaped(value)).collect();
            query = format!("{query}&{name}={}", values.join(","));
        }
    }
    Ok(if asked.dry_run {
        query + "&dry_run=true"
    } else {
        query
    })
}

/// A name as a query has it.
pub(super) fn escaped(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/:".contains(&byte);
    let each = name.bytes().map(|byte| {
        if plain(byte) {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    });
    each.collect()
}

fn show(bar: &ProgressBar, phase: &str, done: u64, of: u64) {
    bar.set_length(of);
    bar.set_position(done.min(of));
    bar.set_message(match phase {
        "moving" => "moving totals",
        _ => "reading calls",
    });
}

/// Shows how far it is, on a terminal.
fn bar(quiet: bool) -> ProgressBar {
    if quiet || !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {percent} %") {
        bar.set_style(style);
    }
    bar
}

#[cfg(test)]
mod tests;
