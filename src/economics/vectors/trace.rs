//! Vectors over the recorded traces in `tests/fixtures/traces`.

use serde_json::json;

use super::run::{Inputs, outcome};
use super::{Answer, Fields, fixture};
use crate::economics::demand::{CallDemand, DemandMinute, DemandSums};
use crate::economics::evaluate::{Profile, evaluate};
use crate::economics::replicas::{need, need_burst};
use crate::economics::work::{Conversion, TokenSums, work};
use crate::money::Pico;
use crate::usage::TokenUsage;

/// Minutes in the hour that every trace covers.
const MINUTES: usize = 60;

/// Dollars as exact money, for prices that have few decimals.
fn cost(inputs: &Inputs<'_>, usage: &TokenUsage) -> Pico {
    let rate = |name: &str| {
        inputs
            .or(name, 0.0)
            .to_string()
            .parse::<crate::money::RatePerMtok>()
    };
    let cached = usage.cache_read.unwrap();
    rate("input_usd_per_mtok")
        .unwrap()
        .cost(usage.input.unwrap() - cached)
        + rate("cached_usd_per_mtok").unwrap().cost(cached)
        + rate("output_usd_per_mtok")
            .unwrap()
            .cost(usage.output.unwrap())
}

/// The demand of a trace, minute by minute; a call after the hour goes to the last minute.
fn demand(inputs: &Inputs<'_>) -> Vec<DemandMinute> {
    let path = fixture("traces").join(inputs.text("trace"));
    let mut minutes = vec![DemandMinute::default(); MINUTES];
    let mut reader = csv::Reader::from_path(path).unwrap();
    let headers = reader.headers().unwrap().clone();
    for row in reader.records().map(Result::unwrap) {
        let number = |name: &str| -> Option<u64> {
            let column = headers.iter().position(|header| header == name)?;
            Some(row[column].parse().unwrap())
        };
        let usage = TokenUsage {
            input: number("input_tokens"),
            cache_read: Some(number("cached_input_tokens").unwrap_or(0)),
            output: number("output_tokens"),
            ..TokenUsage::default()
        };
        let call = CallDemand {
            started_ms: number("t_ms").unwrap().try_into().unwrap(),
            duration_ms: 0,
            usage: &usage,
            side: &[],
            cost_usd: Some(cost(inputs, &usage)),
            imported: false,
        };
        let minute = usize::try_from(call.place().minute)
            .unwrap()
            .min(MINUTES - 1);
        minutes[minute].add(&call);
    }
    minutes
}

pub(super) fn run(function: &str, inputs: &Inputs<'_>) -> Answer {
    let minutes = demand(inputs);
    Answer::Got(match function {
        "trace_sums" => sums(&minutes),
        "trace_evaluate" => evaluated(inputs, &minutes),
        _ => burst(inputs, &minutes),
    })
}

fn sums(minutes: &[DemandMinute]) -> serde_json::Value {
    let mut total = DemandSums::default();
    for minute in minutes {
        total.merge(&minute.total());
    }
    let busiest = minutes.iter().map(|minute| minute.total().calls).max();
    json!({
        "n": total.calls,
        "uncached_input": total.uncached_input,
        "cached_input": total.cached_input,
        "output": total.output,
        "sum_out_x_in": u64::try_from(total.output_by_input).unwrap(),
        "sum_out_sq": u64::try_from(total.output_squared).unwrap(),
        "max_bucket_n": busiest,
    })
}

/// Work of some sums, times the vector's scale.
fn scaled_work(inputs: &Inputs<'_>, sums: &DemandSums) -> f64 {
    let conversion = Conversion {
        cached_work_saved: inputs.or("cached_work_saved", 0.0),
        ..Conversion::SAME
    };
    let sums = TokenSums::from(sums);
    inputs.number("scale") * work(&inputs.coefficients(), &conversion, None, &sums).unwrap()
}

fn evaluated(inputs: &Inputs<'_>, minutes: &[DemandMinute]) -> serde_json::Value {
    let bucket_seconds = inputs.number("bucket_seconds");
    let scale = inputs.number("scale");
    let totals: Vec<DemandSums> = minutes.iter().map(DemandMinute::total).collect();
    let loads: Vec<f64> = totals
        .iter()
        .map(|total| scaled_work(inputs, total) / bucket_seconds)
        .collect();
    let api_usd: Vec<f64> = totals
        .iter()
        .map(|total| scale * total.cost_usd.to_f64())
        .collect();
    let profile = Profile {
        bucket_seconds,
        loads: &loads,
        api_usd: &api_usd,
        bucket_calls: &[],
        lone: &[],
        slot_work: &[],
        calls: 0.0,
    };
    let got = evaluate(&profile, &inputs.terms(), inputs.policy());
    let mut fields: Fields = outcome(&got).as_object().unwrap().clone();
    let mean = loads.iter().sum::<f64>() / f64::from(u32::try_from(loads.len()).unwrap());
    fields.insert("mean_load".into(), mean.into());
    let peak = loads.iter().copied().fold(0.0, f64::max);
    fields.insert("peak_load".into(), peak.into());
    fields.into()
}

fn burst(inputs: &Inputs<'_>, minutes: &[DemandMinute]) -> serde_json::Value {
    let most = |work: Vec<f64>| work.into_iter().fold(0.0, f64::max);
    let bucket = most(
        minutes
            .iter()
            .map(|m| scaled_work(inputs, &m.total()))
            .collect(),
    );
    let slots = minutes.iter().flat_map(|minute| &minute.slots);
    let slot = most(slots.map(|slot| scaled_work(inputs, slot)).collect());
    let load = bucket / inputs.number("bucket_seconds");
    let utilisation = inputs.number("utilisation");
    json!({
        "peak_bucket_work": bucket,
        "peak_slot_work": slot,
        "replicas_minute_rule": need(load, utilisation),
        "replicas": need_burst(load, slot, utilisation, inputs.burst()),
    })
}
