#![expect(
    clippy::float_arithmetic,
    reason = "two accounts of a run's speed are compared"
)]
//! What `vllm bench serve` and `benchmark_serving.py` write with `--save-result`: one JSON object a
//! run, with `--append-result` one a line, with `--save-detailed` the lengths of every call.
//!
//! The fields are those of results of May 2025 and of `vllm/benchmarks/serve.py` of 2026; only the
//! later ones have `failed`, so that its absence is made up for.

use std::io::BufRead;

use jiff::civil::Date;
use serde::Deserialize;

use crate::economics::calibrate::Measured;
use crate::economics::calibrate::run::{Rate, Run};
use crate::economics::work::real;

/// A larger number is no count, length or speed of a load test.
const NUMBER_MAX: f64 = 1e12;
/// The part by which the speed a run names may differ from its tokens over its duration.
const SPEED_OFF_MAX: f64 = 0.05;

/// The fields we act on, as they may be written.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Written {
    date: Option<String>,
    model_id: Option<String>,
    num_prompts: Option<u64>,
    request_rate: Option<Requests>,
    ramp_up_strategy: Option<String>,
    max_concurrency: Option<u64>,
    duration: Option<f64>,
    completed: Option<u64>,
    failed: Option<u64>,
    total_input_tokens: Option<u64>,
    total_output_tokens: Option<u64>,
    output_throughput: Option<f64>,
    input_lens: Option<Vec<u64>>,
    output_lens: Option<Vec<u64>>,
}

/// Requests a second; JSON has no infinity, so that it is a text.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Requests {
    Finite(f64),
    Word(String),
}

/// The runs of one file, in order, or everything that is wrong with them.
pub(super) fn runs(name: &str, file: impl BufRead) -> Result<Vec<Run>, Vec<String>> {
    let mut runs = Vec::new();
    let mut problems = Vec::new();
    let written = serde_json::Deserializer::from_reader(file).into_iter::<Written>();
    for (place, written) in written.enumerate() {
        let place = format!("{name}, run {}", place.saturating_add(1));
        match written {
            Ok(written) => match run(place.clone(), written) {
                Ok(run) => runs.push(run),
                Err(problem) => problems.push(format!("{place}: {problem}")),
            },
            Err(error) => problems.push(format!(
                "{place}: is not a result of vllm bench serve --save-result: {error}"
            )),
        }
    }
    if runs.is_empty() && problems.is_empty() {
        problems.push(format!("{name}: has no run in it"));
    }
    if problems.is_empty() {
        Ok(runs)
    } else {
        Err(problems)
    }
}

fn run(place: String, written: Written) -> Result<Run, String> {
    let completed = count("completed", written.completed)?;
    let started = count("num_prompts", written.num_prompts)?;
    all_answered(completed, started, written.failed)?;
    let seconds = positive("duration", written.duration)?;
    let per_second = positive("output_throughput", written.output_throughput)?;
    let input = count("total_input_tokens", written.total_input_tokens)?;
    let output = count("total_output_tokens", written.total_output_tokens)?;
    if output == 0 {
        return Err("total_output_tokens is 0: nothing was generated".to_owned());
    }
    one_speed(output, seconds, per_second)?;
    let mean = Measured::of_totals(completed, input, output, per_second);
    let lengths = lengths(&written, completed)?;
    let ramp = written.ramp_up_strategy;
    Ok(Run {
        place,
        model: need("model_id", written.model_id)?,
        date: date(&need("date", written.date)?)?,
        calls: completed,
        seconds,
        rate: rate(
            &need("request_rate", written.request_rate)?,
            ramp.as_deref(),
        )?,
        at_once_max: written.max_concurrency,
        measured: lengths
            .as_ref()
            .map_or(mean, |lengths| mean.with_lengths(lengths)),
        exact: lengths.is_some(),
    })
}

/// Speed and duration are two accounts of the same run.
fn one_speed(output: u64, seconds: f64, per_second: f64) -> Result<(), String> {
    let timed = real(output.into()) / seconds;
    if (timed / per_second - 1.0).abs() <= SPEED_OFF_MAX {
        return Ok(());
    }
    Err(format!(
        "duration and output_throughput contradict each other: {output} tokens in {seconds} s are \
         {timed:.1} a second, not {per_second:.1}"
    ))
}

/// A run with failed calls is not what the machine does at full load.
fn all_answered(completed: u64, started: u64, failed: Option<u64>) -> Result<(), String> {
    if completed == 0 {
        return Err(format!(
            "completed is 0: no call was completed, of {started}: find out why, and repeat the run"
        ));
    }
    // Older versions do not say how many failed.
    let short = failed.is_none().then(|| started.saturating_sub(completed));
    if failed.or(short) == Some(0) {
        return Ok(());
    }
    Err(match failed {
        Some(failed) => format!(
            "{failed} of {started} calls failed: find out why, and repeat the run until none fails"
        ),
        None => format!(
            "{completed} of {started} calls were answered: find out why the others failed, or ask for \
             no more --num-prompts than the dataset has, and repeat the run"
        ),
    })
}

/// Input and output tokens of every call, if they were kept.
fn lengths(written: &Written, completed: u64) -> Result<Option<Vec<(u64, u64)>>, String> {
    let (Some(input), Some(output)) = (&written.input_lens, &written.output_lens) else {
        return Ok(None);
    };
    let counts = [input.len(), output.len()];
    if counts
        .iter()
        .any(|count| u64::try_from(*count) != Ok(completed))
    {
        let [input, output] = counts;
        return Err(format!(
            "input_lens and output_lens have {input} and {output} entries for {completed} calls \
             that ended"
        ));
    }
    for length in input.iter().chain(output) {
        count("a length in input_lens or output_lens", Some(*length))?;
    }
    Ok(Some(
        input.iter().copied().zip(output.iter().copied()).collect(),
    ))
}

fn count(field: &str, value: Option<u64>) -> Result<u64, String> {
    let value = need(field, value)?;
    let fine = real(value.into()) <= NUMBER_MAX;
    fine.then_some(value).ok_or_else(|| absurd(field, value))
}

fn absurd(field: &str, value: impl std::fmt::Display) -> String {
    format!("{field} is {value}, which no load test can reach")
}

fn need<T>(field: &str, value: Option<T>) -> Result<T, String> {
    value.ok_or_else(|| {
        format!("{field} is missing: not a result of vllm bench serve --save-result for generation")
    })
}

fn positive(field: &str, value: Option<f64>) -> Result<f64, String> {
    let value = need(field, value)?;
    if value > NUMBER_MAX {
        return Err(absurd(field, value));
    }
    let fine = value > 0.0;
    fine.then_some(value)
        .ok_or_else(|| format!("{field} is {value}, which is not above zero"))
}

/// `20260522-101500`: the day it was started, local time.
fn date(text: &str) -> Result<Date, String> {
    let day = text
        .get(..8)
        .and_then(|day| Date::strptime("%Y%m%d", day).ok());
    day.ok_or_else(|| format!("date is {text}, which is not a date such as 20260522-101500"))
}

fn rate(requests: &Requests, ramp: Option<&str>) -> Result<Rate, String> {
    match (ramp, requests) {
        (Some(_), _) => Ok(Rate::Rising),
        (None, Requests::Word(word)) if word == "inf" => Ok(Rate::AllAtOnce),
        (None, Requests::Finite(rate)) if *rate > 0.0 => Ok(Rate::PerSecond(*rate)),
        (None, Requests::Finite(_) | Requests::Word(_)) => {
            Err("request_rate is neither \"inf\" nor a number above zero".to_owned())
        }
    }
}
