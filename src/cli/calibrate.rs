//! `calibrate`: a load test of your own becomes the coefficients of a plan.

mod render;
mod vllm;

use std::collections::BTreeSet;
use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;

use super::args::{Calibrate, CalibrateFormat};
use super::{Failure, output};
use crate::economics::calibrate::run::{NotFull, Run, at_full_load};
use crate::economics::calibrate::{Fit, Measured, calibrate};

/// Runs that leave nothing open; MODEL stands for what is served.
const RUNS: &str = r#"these four lengths, and your own, make a fit:
    for lengths in "128 128" "128 2048" "2048 128" "2048 2048"; do set -- $lengths
      vllm bench serve --model MODEL --dataset-name random --random-input-len $1 \
        --random-output-len $2 --ignore-eos --num-prompts 1000 --request-rate inf \
        --save-result --append-result --result-filename runs.jsonl
    done"#;

/// A fit with the runs it was made from.
struct Calibration {
    fit: Fit,
    /// In the order of the fit's points.
    runs: Vec<Run>,
    left_out: Vec<(Run, NotFull)>,
}

/// Reads the files, fits, and writes the coefficients.
pub(super) fn run(asked: &Calibrate) -> Result<(), Failure> {
    let calibration = calibration(asked)?;
    output::print(match asked.format {
        CalibrateFormat::Text => render::text(&calibration, &asked.plan),
        CalibrateFormat::Json => format!("{:#}\n", render::json(&calibration)),
    })
}

fn calibration(asked: &Calibrate) -> Result<Calibration, Failure> {
    let runs = read(asked)?;
    one_model(&runs)?;
    let (runs, left_out) = at_full_load(runs);
    let points: Vec<Measured> = runs.iter().map(|run| run.measured).collect();
    let fit = calibrate(&points).map_err(|unfit| {
        let reasons = left_out.iter().map(render::left_out);
        let lines: Vec<String> = std::iter::once(unfit.to_string()).chain(reasons).collect();
        Failure::use_or_config(lines.join("\n")).remedy(RUNS)
    })?;
    Ok(Calibration {
        fit,
        runs,
        left_out,
    })
}

/// The runs of all files, or all problems of all files.
fn read(asked: &Calibrate) -> Result<Vec<Run>, Failure> {
    let mut runs = Vec::new();
    let mut problems = Vec::new();
    for (path, name) in asked.files.iter().zip(names(&asked.files)) {
        match File::open(path) {
            Ok(file) => match vllm::runs(&name, BufReader::new(file)) {
                Ok(more) => runs.extend(more),
                Err(more) => problems.extend(more),
            },
            Err(error) => problems.push(format!("{}: cannot be read: {error}", path.display())),
        }
    }
    if problems.is_empty() {
        return Ok(runs);
    }
    let text = format!("the results cannot be used\n{}", problems.join("\n"));
    Err(Failure::use_or_config(text))
}

/// What files are called: without their folders, unless two would be called the same.
fn names(files: &[PathBuf]) -> Vec<String> {
    let short = |path: &PathBuf| path.file_name().map(|name| name.display().to_string());
    let names: Vec<String> = files.iter().filter_map(short).collect();
    let different: BTreeSet<&String> = names.iter().collect();
    if different.len() == files.len() {
        return names;
    }
    let whole = files.iter().map(|path| path.display().to_string());
    whole.collect()
}

fn one_model(runs: &[Run]) -> Result<(), Failure> {
    let Some(first) = runs.first() else {
        return Ok(());
    };
    match runs.iter().find(|run| run.model != first.model) {
        None => Ok(()),
        Some(other) => Err(Failure::use_or_config(format!(
            "{} is of {}, {} of {}",
            first.place, first.model, other.place, other.model
        ))
        .remedy("give the results of one model on one machine; each plan has its own fit")),
    }
}

#[cfg(test)]
mod tests;
