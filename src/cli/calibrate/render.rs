#![expect(clippy::float_arithmetic, reason = "deviations are shown in percent")]
//! A fit for people, and for programs.

use comfy_table::{CellAlignment, Table, presets};
use serde_json::{Value, json};

use super::{Calibration, output};
use crate::cli::numbers::{count, grouped};
use crate::economics::assumptions::Range;
use crate::economics::calibrate::run::{NotFull, Run};
use crate::economics::calibrate::{Errors, Fit, Fitted};

/// Everything, and last what goes into a plan.
pub(super) fn text(calibration: &Calibration, plan: &str) -> String {
    let Calibration {
        fit,
        runs,
        left_out,
    } = calibration;
    let mut lines = Vec::new();
    if fit.is_poor() {
        lines.push(output::wrapped(&warning(fit), ""));
        lines.push("\n".to_owned());
    }
    lines.push(output::wrapped(&summary(calibration), ""));
    lines.push("\n".to_owned());
    let table = table(runs, fit);
    lines.extend(table.lines().map(|line| format!("{}\n", line.trim_end())));
    lines.push(output::wrapped(&format!("\n{}", errors(fit)), ""));
    let unknown = runs.iter().filter(|run| !run.exact).count();
    if unknown > 0 {
        let note = format!(
            "\nOf {unknown} runs only the mean lengths are known: if lengths differ within a run, repeat \
             it with --save-detailed."
        );
        lines.push(output::wrapped(&note, ""));
    }
    if !left_out.is_empty() {
        lines.push("\nNot at full load, and left out:\n".to_owned());
        let reasons = left_out
            .iter()
            .map(|one| format!("- {}", self::left_out(one)));
        lines.extend(reasons.map(|reason| output::wrapped(&reason, "")));
    }
    lines.push(format!(
        "\nFor your plan:\n\n{}",
        snippet(calibration, plan)
    ));
    lines.concat()
}

fn warning(fit: &Fit) -> String {
    format!(
        "WARNING: this fit is poor. For a run it does not know it is off by {:.0} % on average, at most \
         {:.0} %: do not plan by it. Either the machine was not full during some runs, or something \
         changed between them. Repeat those that are furthest off.",
        fit.left_out.mean * 100.0,
        fit.left_out.largest * 100.0
    )
}

fn summary(calibration: &Calibration) -> String {
    let Fit { a, b, c, .. } = &calibration.fit;
    format!(
        "{}: {} runs at full load. A call takes so many seconds of the whole machine: {a:.6e} for each \
         input token, {b:.6e} for each output token, {c:.6e} for each output token and token of \
         context.",
        calibration.model(),
        calibration.runs.len(),
    )
}

/// A line a run: how fast it was, and how fast it is by the fit.
fn table(runs: &[Run], fit: &Fit) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header([
        "run",
        "input",
        "output",
        "calls",
        "measured tok/s",
        "fitted tok/s",
        "work off by",
        "if left out",
    ]);
    for (run, point) in runs.iter().zip(&fit.points) {
        table.add_row([
            run.place.clone(),
            whole(run.measured.input),
            whole(run.measured.output),
            count(run.calls),
            whole(run.measured.output_per_second()),
            whole(fitted(point)),
            signed(point.deviation()),
            signed(point.left_out_deviation()),
        ]);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn errors(fit: &Fit) -> String {
    let said = |Errors { mean, largest }: Errors| {
        format!(
            "{:.1} % on average, at most {:.1} %",
            mean * 100.0,
            largest * 100.0
        )
    };
    format!(
        "The fit is off by {}; for a run it does not know by {}. One figure for all lengths, {} tokens \
         a second in and out, would be off by {}.",
        said(fit.errors),
        said(fit.left_out),
        whole(fit.single_figure),
        said(fit.single_figure_errors),
    )
}

/// Where a run is and why it does not count.
pub(super) fn left_out((run, reason): &(Run, NotFull)) -> String {
    format!("{}: {}", run.place, with_remedy(*reason))
}

fn with_remedy(reason: NotFull) -> String {
    let remedy = match reason {
        NotFull::RateMet { .. } | NotFull::RateRose => "--request-rate inf",
        NotFull::HeldBack { .. } => "a higher --max-concurrency, or none",
    };
    format!("{reason}: use {remedy}")
}

/// What goes into a plan; what belongs to the plan itself comes before its tables.
fn snippet(calibration: &Calibration, plan: &str) -> String {
    let Fit { a, b, c, .. } = &calibration.fit;
    let range = calibration.fit.work_multiplier();
    let range = range.map_or_else(String::new, |Range { low, expected, high }| {
        format!(
            "# among the keys of [plans.{plan}]: the fit is off by more than a load test usually is\n\
             work_multiplier = [{low:.2}, {expected:.1}, {high:.1}]\n\n"
        )
    });
    // A text in the quotes of TOML.
    let cite = toml::Value::String(calibration.cite());
    let as_of = calibration.as_of();
    format!(
        "{range}[plans.{plan}.throughput]\nsource = \"measured\"\na = {a:.6e}\nb = {b:.6e}\nc = {c:.6e}\n\
         as_of = {as_of}\ncite = {cite}\n"
    )
}

impl Calibration {
    fn model(&self) -> &str {
        self.runs.first().map_or("", |run| &run.model)
    }

    /// The day of the oldest run.
    fn as_of(&self) -> String {
        let days = self.runs.iter().map(|run| run.date);
        days.min().map_or_else(String::new, |day| day.to_string())
    }

    fn cite(&self) -> String {
        format!(
            "vllm bench serve of {}, {} runs at full load, fitted within {:.0} % on average, {:.0} % for a \
             run left out",
            self.model(),
            self.runs.len(),
            self.fit.errors.mean * 100.0,
            self.fit.left_out.mean * 100.0
        )
    }
}

/// Everything, unrounded.
pub(super) fn json(calibration: &Calibration) -> Value {
    let Calibration {
        fit,
        runs,
        left_out,
    } = calibration;
    let errors = |Errors { mean, largest }: Errors| json!({ "mean": mean, "largest": largest });
    let points = runs.iter().zip(&fit.points).map(|(run, point)| {
        json!({
            "run": run.place,
            "calls": run.calls,
            "input_tokens": point.measured.input,
            "output_tokens": point.measured.output,
            "lengths_exact": run.exact,
            "output_tokens_per_second": point.measured.output_per_second(),
            "fitted_output_tokens_per_second": fitted(point),
            "work_deviation": point.deviation(),
            "work_deviation_left_out": point.left_out_deviation(),
        })
    });
    let left_out = left_out
        .iter()
        .map(|(run, reason)| json!({ "run": run.place, "reason": with_remedy(*reason) }));
    json!({
        "model": calibration.model(),
        "throughput": {
            "source": "measured",
            "a": fit.a,
            "b": fit.b,
            "c": fit.c,
            "as_of": calibration.as_of(),
            "cite": calibration.cite(),
        },
        "work_multiplier": fit.work_multiplier().map(|Range { low, expected, high }| [low, expected, high]),
        "poor_fit": fit.is_poor(),
        "fit_error": errors(fit.errors),
        "left_out_error": errors(fit.left_out),
        "single_figure": {
            "tokens_per_second": fit.single_figure,
            "error": errors(fit.single_figure_errors),
        },
        "points": points.collect::<Vec<_>>(),
        "left_out": left_out.collect::<Vec<_>>(),
    })
}

/// Output tokens a second by the fit.
fn fitted(point: &Fitted) -> f64 {
    point.measured.output / point.seconds
}

fn whole(number: f64) -> String {
    grouped(&format!("{number:.0}"))
}

fn signed(part: f64) -> String {
    format!("{:+.1} %", part * 100.0)
}
