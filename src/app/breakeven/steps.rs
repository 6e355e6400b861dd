//! The steps of a plan's figure as JSON, for measured calls and for calls nobody has made.

use serde_json::{Value, json};

use crate::economics::project::{CallWork, Fixed, Naive, Steps};

/// Every step, unrounded.
pub(crate) fn steps(steps: &Steps) -> Value {
    let Steps {
        calls_per_day,
        work,
        mean_load,
        peak_load,
        utilisation,
        replicas_for_mean,
        replicas_for_peak,
        usd_per_replica_hour,
        api_usd_per_call,
        fixed: fixed_costs,
        naive: naive_costs,
    } = steps;
    json!({
        "calls_per_day": calls_per_day,
        "work": call_work(work),
        "mean_load": mean_load,
        "peak_load": peak_load,
        "utilisation": utilisation,
        "replicas_for_mean": replicas_for_mean,
        "replicas_for_peak": replicas_for_peak,
        "usd_per_replica_hour": usd_per_replica_hour,
        "api_usd_per_call": api_usd_per_call,
        "closed_form": fixed_costs.as_ref().map(fixed),
        "naive_lower_bound": naive_costs.as_ref().map(naive),
    })
}

fn call_work(work: &CallWork) -> Value {
    let CallWork {
        prefill_seconds,
        decode_seconds,
        call_seconds,
        multiplier,
    } = work;
    json!({
        "prefill_seconds": prefill_seconds,
        "decode_seconds": decode_seconds,
        "call_seconds": call_seconds,
        "seconds": work.seconds(),
        "multiplier": multiplier,
    })
}

fn fixed(fixed: &Fixed) -> Value {
    let Fixed {
        replicas,
        machines_usd_per_day,
        people_usd_per_day,
        one_off_usd_per_day,
        api_usd_per_call,
        own_usd_per_call,
        closed_form_calls_per_day,
        capacity_calls_per_day,
        full_usd_per_call,
    } = fixed;
    json!({
        "replicas": replicas,
        "machines_usd_per_day": machines_usd_per_day,
        "people_usd_per_day": people_usd_per_day,
        "one_off_usd_per_day": one_off_usd_per_day,
        "fixed_usd_per_day": fixed.usd_per_day(),
        "api_usd_per_call": api_usd_per_call,
        "own_usd_per_call": own_usd_per_call,
        "calls_per_day": closed_form_calls_per_day,
        "capacity_calls_per_day": capacity_calls_per_day,
        "full_usd_per_call": full_usd_per_call,
        "holds": fixed.holds(),
    })
}

fn naive(naive: &Naive) -> Value {
    let Naive {
        usd_per_1k,
        usd_per_call,
    } = naive;
    json!({ "usd_per_1k_tokens": usd_per_1k, "usd_per_call": usd_per_call })
}
