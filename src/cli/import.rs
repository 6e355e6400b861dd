//! `import usage`: what was used and paid before tollgate was there, as bills and exports have it.

mod csv_rows;
mod decimal;
mod vendor;

use std::fs::File;
use std::io::{self, IsTerminal, Read as _};
use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};

use super::args::{ImportFormat, ImportVerb};
use super::house::{House, Options};
use super::numbers::{count, money};
use super::real::failed;
use super::{Failure, output};
use crate::app::import::{ImportAsked, Imported, UsageCost, UsageRow};
use crate::config::Config;
use crate::money::Pico;

/// A bill is megabytes; what is larger is something else.
const FILE_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// Characters of a file's value that a message shows.
const SHOWN_MAX: usize = 60;

/// What files have, and what is to be said about them.
#[derive(Debug, Default, PartialEq, Eq)]
struct Read {
    rows: Vec<UsageRow>,
    costs: Vec<UsageCost>,
    credits: Vec<UsageCost>,
    notes: Vec<String>,
}

/// Does what was asked for.
pub(super) fn run<H: House>(
    house: &H,
    options: &Options,
    verb: &ImportVerb,
    quiet: bool,
) -> Result<(), Failure> {
    let ImportVerb::Usage(asked) = verb;
    let config = house.config(options)?;
    let zone = house.settings(options)?.timezone;
    let mut read = Read::default();
    for (at, path) in asked.files.iter().enumerate() {
        if asked.files.iter().position(|other| other == path) != Some(at) {
            let message = format!("{} is named twice", path.display());
            return Err(Failure::use_or_config(message).remedy("name it once, or it counts twice"));
        }
        let bytes = bytes_of(path)?;
        let name = path.display().to_string();
        let is_json = bytes.trim_ascii_start().first();
        if is_json.is_some_and(|first| matches!(*first, b'{' | b'[')) {
            vendor::read(&name, &bytes, asked, &mut read)?;
        } else {
            csv_rows::read(&name, &bytes, &zone, &mut read)?;
        }
    }
    read.notes.iter().for_each(|said| output::note(quiet, said));
    let names = read.rows.iter().map(|row| row.upstream.as_str());
    known(&config, names)?;
    let bar = bar(quiet);
    let asked_for = ImportAsked {
        rows: read.rows,
        costs: read.costs,
        credits: read.credits,
        shape: asked.shape.shape(),
        replace: asked.replace,
        beside_metered: asked.beside_metered,
        dry_run: asked.dry_run,
    };
    let done = crate::app::import::run(&config, &asked_for, &mut |at, of| {
        bar.set_length(of);
        bar.set_position(at);
    });
    bar.finish_and_clear();
    let done = done.map_err(failed)?;
    match asked.format {
        ImportFormat::Text => output::print(text(&done, asked.shape.shape().label())),
        ImportFormat::Json => {
            let json = serde_json::to_string_pretty(&done);
            let json = json.map_err(|e| Failure::work("cannot write what was done").because(e))?;
            output::print(json + "\n")
        }
    }
}

fn bytes_of(path: &Path) -> Result<Vec<u8>, Failure> {
    let cannot = |error| {
        let message = format!("cannot read {}", path.display());
        Failure::use_or_config(message).because(error)
    };
    let file = File::open(path).map_err(cannot)?;
    let mut bytes = Vec::new();
    // What a pipe or a device has is not known before it is read.
    let mut bounded = file.take(FILE_BYTES_MAX + 1);
    let read = bounded.read_to_end(&mut bytes).map_err(cannot)?;
    if u64::try_from(read).unwrap_or(u64::MAX) > FILE_BYTES_MAX {
        let message = format!("{} is larger than {FILE_BYTES_MAX} bytes", path.display());
        return Err(Failure::use_or_config(message).remedy("export sums by day or by hour"));
    }
    Ok(bytes)
}

/// The begin of a value of a file.
fn shown(value: &str) -> String {
    let mut shown: String = value.chars().take(SHOWN_MAX).collect();
    if shown.len() < value.len() {
        shown.push('…');
    }
    shown
}

/// A name that is not configured would be a stream that no plan can take.
fn known<'a>(config: &Config, names: impl Iterator<Item = &'a str>) -> Result<(), Failure> {
    let all: Vec<&str> = config.upstreams.iter().map(|it| it.name.as_str()).collect();
    for name in names {
        if !all.contains(&name) {
            let message = format!("{name:?} is no upstream of the configuration");
            let all = all.join(", ");
            return Err(Failure::use_or_config(message)
                .remedy(format!("write one of {all}, or add [upstreams.{name}]")));
        }
    }
    Ok(())
}

/// What was done, in words.
fn text(done: &Imported, shape: &str) -> String {
    let Imported {
        dry_run,
        since,
        until,
        written,
        unchanged,
        replaced,
        calls,
        tokens,
        cost_usd,
        ..
    } = done;
    let mut lines = Vec::new();
    let doing = if *dry_run { "would import" } else { "imported" };
    if let (Some(since), Some(until)) = (since, until) {
        lines.push(format!(
            "{doing} {since} to {until}: {} calls, {} tokens, {}, marked as imported",
            count(*calls),
            count(*tokens),
            money(*cost_usd, "USD")
        ));
    }
    lines.push(format!(
        "{} days or hours of a model are new, {} replaced, {} unchanged",
        count(*written),
        count(*replaced),
        count(*unchanged)
    ));
    lines.extend(doubts(done));
    lines.push(format!(
        "spread over the minutes by the shape {shape}, all calls alike; no state is switched by it"
    ));
    lines.join("\n") + "\n"
}

/// What no bill says, and what is left out.
fn doubts(done: &Imported) -> impl Iterator<Item = String> {
    let amount = |of: Pico, what: &str| {
        let said = format!("{} {what}", money(of, "USD"));
        (of.0 != 0).then_some(said)
    };
    let number = |of: u64, what: &str| (of > 0).then(|| format!("{} {what}", count(of)));
    let said = [
        amount(
            done.by_catalogue_usd,
            "of it has no bill: priced by the catalogue of its day",
        ),
        number(
            done.unpriced_calls,
            "calls have neither a bill nor a price: unpriced",
        ),
        amount(
            done.cost_without_usage_usd,
            "was billed for what no row has, and is left out",
        ),
        amount(
            done.credits_left_out_usd,
            "of credits is of no call, and is left out",
        ),
        number(
            done.too_old,
            "days or hours are older than ledger.hours_retention_days, and are left out",
        ),
    ];
    said.into_iter().flatten()
}

/// Shows how far it is, on a terminal.
fn bar(quiet: bool) -> ProgressBar {
    if quiet || !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("importing {wide_bar} {pos}/{len}") {
        bar.set_style(style);
    }
    bar
}
