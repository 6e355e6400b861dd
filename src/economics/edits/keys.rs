//! The names of edits, and what each writes over a plan.

use std::fmt::Display;
use std::str::FromStr;

use jiff::civil::Date;

use crate::economics::assumptions::{Parameter, Range};
use crate::economics::draft::{PlanDraft, PlanProblem, ThroughputDraft};

/// All names: who asks, the demand, what nobody uses yet, and the keys of a plan.
pub const KEYS: [&str; 39] = [
    "plan",
    "volume",
    "api_price_percent",
    "api_model",
    "host_model",
    "people",
    "ops_usd_per_month",
    "replaces",
    "serves",
    "gpu",
    "gpus",
    "precision",
    "throughput",
    "offer",
    "gpu_usd_per_hour",
    "host_usd_per_hour",
    "policy",
    "replicas",
    "peak_quantile",
    "warm_up_seconds",
    "cool_down_seconds",
    "idle_seconds",
    "min_replicas",
    "max_replicas",
    "tpot_limit_seconds",
    "ttft_limit_seconds",
    "one_off_usd",
    "amortisation_months",
    "usd_per_call",
    "work_multiplier",
    "utilisation",
    "gpu_price_factor",
    "qualifying_share",
    "escalation",
    "token_ratio_in",
    "token_ratio_out",
    "cached_work_saved",
    "api_price_decline_per_year",
    "gpu_price_decline_per_year",
];

/// Writes one edit over a plan; whether it is a range that someone must answer for.
pub(super) fn set(
    draft: &mut PlanDraft,
    key: &str,
    text: &str,
    today: Date,
) -> Result<bool, PlanProblem> {
    match key {
        "replaces" => draft.replaces = words(text),
        "serves" => draft.serves = Some(text.to_owned()),
        "gpu" => draft.gpu = Some(text.to_owned()),
        "gpus" => draft.gpus = Some(value(key, text)?),
        "precision" => draft.precision = Some(text.to_owned()),
        "throughput" => {
            draft.throughput = ThroughputDraft {
                source: Some(text.to_owned()),
                ..ThroughputDraft::default()
            }
        }
        "offer" => {
            unpaid(draft);
            draft.offer = Some(text.to_owned());
        }
        "gpu_usd_per_hour" => {
            unpaid(draft);
            draft.gpu_usd_per_hour = Some(number(key, text)?);
            draft.price_as_of = Some(today.into());
            draft.price_source = Some(super::ASKED.to_owned());
        }
        "host_usd_per_hour" => draft.host_usd_per_hour = Some(number(key, text)?),
        "policy" => draft.policy = Some(text.to_owned()),
        "replicas" => draft.replicas = Some(value(key, text)?),
        "peak_quantile" => draft.peak_quantile = Some(number(key, text)?),
        "warm_up_seconds" => draft.warm_up_seconds = Some(value(key, text)?),
        "cool_down_seconds" => draft.cool_down_seconds = Some(value(key, text)?),
        "idle_seconds" => draft.idle_seconds = Some(value(key, text)?),
        "min_replicas" => draft.min_replicas = Some(value(key, text)?),
        "max_replicas" => draft.max_replicas = Some(value(key, text)?),
        "tpot_limit_seconds" => draft.tpot_limit_seconds = Some(number(key, text)?),
        "ttft_limit_seconds" => draft.ttft_limit_seconds = Some(number(key, text)?),
        "one_off_usd" => draft.one_off_usd = Some(number(key, text)?),
        "amortisation_months" => draft.amortisation_months = Some(value(key, text)?),
        "usd_per_call" => draft.usd_per_call = Some(number(key, text)?),
        _ => return assume(draft, key, text),
    }
    Ok(false)
}

/// Writes a range, if the key names one.
fn assume(draft: &mut PlanDraft, key: &str, text: &str) -> Result<bool, PlanProblem> {
    let named = |parameter: &Parameter| match key {
        "people" => *parameter == Parameter::OpsUsdPerMonth,
        key => parameter.key() == key,
    };
    let Some(parameter) = Parameter::ALL.into_iter().find(named) else {
        return Ok(false);
    };
    let range = range(parameter, text)?;
    if parameter == Parameter::OpsUsdPerMonth {
        draft.further = false;
    }
    draft.ranges.retain(|(written, _)| *written != parameter);
    draft.ranges.push((parameter, range));
    Ok(true)
}

/// A replica is paid in one way: the one asked for.
fn unpaid(draft: &mut PlanDraft) {
    draft.offer = None;
    draft.gpu_usd_per_hour = None;
    draft.owned = None;
    draft.reserved = None;
    draft.price_as_of = None;
    draft.price_source = None;
}

/// One value that is certain, or three: pessimistic, expected, optimistic for hosting.
pub(super) fn range(parameter: Parameter, text: &str) -> Result<Range, PlanProblem> {
    let key = parameter.key();
    let (least, most) = parameter.bounds();
    let values = text.split(',').map(|one| number(key, one));
    let values = values.collect::<Result<Vec<f64>, _>>()?;
    if let Some(out) = values.iter().find(|value| !(least..=most).contains(*value)) {
        return Err(problem(
            key,
            format!("{out} is not between {least} and {most}"),
        ));
    }
    match values.as_slice() {
        [value] => Ok(Range::certain(*value)),
        [low, expected, high] => Ok(Range::new(*low, *expected, *high)),
        _ => Err(problem(
            key,
            "write one value, or three: pessimistic, expected and optimistic for hosting",
        )),
    }
}

/// A number that is one.
pub(super) fn number(key: &str, text: &str) -> Result<f64, PlanProblem> {
    let number: f64 = value(key, text)?;
    if number.is_finite() {
        return Ok(number);
    }
    Err(problem(key, format!("{text:?} is no number that can be")))
}

fn value<T: FromStr>(key: &str, text: &str) -> Result<T, PlanProblem> {
    let text = text.trim();
    text.parse()
        .map_err(|_| problem(key, format!("{text:?} is not such a number")))
}

/// Names between commas.
pub(super) fn words(text: &str) -> Vec<String> {
    let words = text.split(',').map(str::trim);
    words
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

pub(super) fn problem(key: &str, message: impl Display) -> PlanProblem {
    PlanProblem {
        key: key.to_owned(),
        message: message.to_string(),
    }
}
