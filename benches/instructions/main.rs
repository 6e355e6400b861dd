//! Instructions of a call and of a chunk, held within a band: a guard that no busy machine trips.
//!
//! `cargo bench --profile counted --bench instructions [-- [--update] [--profile-top] [FIGURE…]]`
//!
//! Figures and bands stand in `expected.toml`. They hold for one compiler and the profile `counted`:
//! when the toolchain changes, update them in a commit of their own and read the difference.
//! valgrind shows the same processor on every machine with AVX2, one without SHA instructions.

mod callgrind;
mod client;
mod expected;
mod figures;
mod measure;
mod meter;
mod process;
mod recorder;
#[path = "../shared/mod.rs"]
#[allow(dead_code, reason = "each bench uses its part")]
mod shared;
mod table;
mod upstream;

use std::process::{Command, ExitCode};

use anyhow::{Context, bail, ensure};

use expected::{Expected, Standing};
use figures::{FIGURES, Figure, Length};

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// The profile whose code is counted, as its folder is called.
const PROFILE: &str = "/counted/";

fn main() -> anyhow::Result<ExitCode> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let [word, name, length] = words.as_slice()
        && word == measure::RUN
    {
        let lengths = [Length::Longer, Length::Shorter];
        let length = lengths.into_iter().find(|known| known.label() == length);
        let figure = FIGURES.iter().find(|figure| figure.name == name);
        let (figure, length) = figure.zip(length).context("no such run")?;
        figure.run(length).here()?;
        return Ok(ExitCode::SUCCESS);
    }
    check(&Orders::read(&words)?)
}

/// What the command line asks for.
struct Orders {
    update: bool,
    top: bool,
    figures: Vec<&'static Figure>,
}

impl Orders {
    fn read(words: &[String]) -> anyhow::Result<Self> {
        let mut orders = Self {
            update: false,
            top: false,
            figures: Vec::new(),
        };
        for word in words {
            match word.as_str() {
                // Cargo says so to every bench.
                "--bench" => {}
                "--update" => orders.update = true,
                "--profile-top" => orders.top = true,
                name => match FIGURES.iter().find(|figure| figure.name == name) {
                    Some(figure) => orders.figures.push(figure),
                    None => bail!("there is no figure and no option {name}"),
                },
            }
        }
        if orders.figures.is_empty() {
            orders.figures.extend(&FIGURES);
        }
        Ok(orders)
    }
}

/// Measures, compares, and says what to do.
fn check(orders: &Orders) -> anyhow::Result<ExitCode> {
    ensure!(
        process::TOLLGATE.contains(PROFILE),
        "the figures are of another profile: cargo bench --profile counted --bench instructions"
    );
    let expected = Expected::read()?;
    let (mut measured, mut all_within) = (Vec::new(), true);
    table::head();
    for figure in &orders.figures {
        let (instructions, standing) = check_one(figure, &expected, orders.top)?;
        measured.push((figure.name, instructions));
        all_within &= standing == Standing::Within;
    }
    let toolchain = toolchain()?;
    if orders.update {
        expected::update(&toolchain, &measured)?;
        table::say("expected.toml is updated");
    } else if !all_within {
        table::say(&advice(&expected.toolchain, &toolchain));
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

fn check_one(figure: &Figure, expected: &Expected, top: bool) -> anyhow::Result<(i64, Standing)> {
    let name = figure.name;
    let expectation = expected.figures.get(name);
    let expectation = *expectation.with_context(|| format!("expected.toml has no {name}"))?;
    let measured = measure::measure(figure).context(name)?;
    table::row(name, expectation, &measured);
    if top {
        table::top(&measured);
    }
    let instructions = measured.instructions();
    Ok((instructions, expectation.standing(instructions)))
}

fn advice(expected: &str, toolchain: &str) -> String {
    let other = if expected == toolchain {
        String::new()
    } else {
        format!("expected is the code of {expected}, this is that of {toolchain}\n")
    };
    other
        + "outside the band: if that is meant, a better one too, say why in the commit, and write it down:\n  \
           cargo bench --profile counted --bench instructions -- --update"
}

/// The compiler by its own words.
fn toolchain() -> anyhow::Result<String> {
    let said = Command::new("rustc").arg("--version").output()?;
    Ok(String::from_utf8(said.stdout)?.trim().to_owned())
}
