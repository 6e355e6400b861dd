#![expect(
    clippy::float_arithmetic,
    reason = "units of data sheets are converted here"
)]
//! How fast a replica is: written coefficients, or the roofline of a machine.

use super::Checker;
use crate::economics::draft::{MachineDraft, PlanDraft};
use crate::economics::plan::{Throughput, ThroughputSource};
use crate::economics::roofline::{Machine, Roofline, roofline};
use crate::economics::work::{Coefficients, Decode};

/// The coefficients with their source, and with what a latency limit needs, if the machine is known.
pub(super) fn throughput(c: &mut Checker, draft: &PlanDraft, gpus: u32) -> Throughput {
    let written = &draft.throughput;
    let source = source(c, written.source.as_deref());
    let estimate = draft
        .machine
        .and_then(|machine| estimate(c, &machine, gpus));
    let coefficients = match (source, written.coefficients, &estimate) {
        (ThroughputSource::Roofline, None, Some(estimate)) => estimate.coefficients,
        (ThroughputSource::Roofline, None, None) => {
            if draft.machine.is_none() {
                c.tell(
                    "machine",
                    "is missing; a roofline needs shapes and a data sheet",
                );
            }
            NOTHING
        }
        (ThroughputSource::Roofline, Some(_), _) => {
            c.tell(
                "throughput.a",
                "a roofline computes a, b and c; leave them out",
            );
            NOTHING
        }
        (_, None, _) => {
            c.tell(
                "throughput.a",
                "a, b and c are missing; such as a = 6.86e-5",
            );
            NOTHING
        }
        (_, Some(written), estimate) => known(c, written, estimate.as_ref()),
    };
    Throughput {
        source,
        coefficients,
        as_of: c.require("throughput.as_of", written.as_of, "2026-05-22"),
        cite: c.require("throughput.cite", written.cite.clone(), "\"our load test\""),
    }
}

/// Stands for coefficients that were refused.
const NOTHING: Coefficients = Coefficients {
    a: 0.0,
    b: 0.0,
    c: 0.0,
    d: 0.0,
    decode: None,
};

fn source(c: &mut Checker, word: Option<&str>) -> ThroughputSource {
    let found = ThroughputSource::ALL
        .into_iter()
        .find(|source| word == Some(source.label()));
    found.unwrap_or_else(|| {
        let word = word.unwrap_or("nothing");
        let message = format!("{word} is not one of measured, published, roofline");
        c.tell("throughput.source", message);
        // The widest range that asks for nothing more.
        ThroughputSource::Published
    })
}

/// Written coefficients; c0 is c without the memory factor 1 + W/K, which the machine tells.
fn known(c: &mut Checker, written: Coefficients, estimate: Option<&Roofline>) -> Coefficients {
    let Coefficients { a, b, c: kv, d, .. } = written;
    for (key, value) in [("a", a), ("b", b), ("c", kv), ("d", d)] {
        c.within(&format!("throughput.{key}"), value, (0.0, 1.0));
    }
    if a + b + kv <= 0.0 {
        c.tell("throughput.a", "no work at all; such as a = 6.86e-5");
    }
    let decode = estimate.and_then(|estimate| {
        let memory_factor = 1.0 + estimate.weights_bytes / estimate.kv_memory_bytes;
        let Decode {
            weights_seconds, ..
        } = estimate.coefficients.decode?;
        Some(Decode {
            c0: kv / memory_factor,
            weights_seconds,
        })
    });
    Coefficients { decode, ..written }
}

/// The part of peak arithmetic and of peak bandwidth that is reached, by GPUs in a replica: fitted to
/// the published tables of dense models on Hopper.
const REACHED_BY_GPUS: [(u32, f64, f64); 4] = [
    (1, 0.57, 0.80),
    (2, 0.50, 0.70),
    (4, 0.45, 0.55),
    (8, 0.40, 0.42),
];
/// Mixtures of experts reach so much less of the arithmetic (four tables: 0.09 to 0.38 in all).
const MOE_MFU_FACTOR: f64 = 0.45;
/// The part of memory that an engine uses.
const MEMORY_FRACTION: f64 = 0.9;

fn estimate(c: &mut Checker, machine: &MachineDraft, gpus: u32) -> Option<Roofline> {
    let reached = REACHED_BY_GPUS
        .iter()
        .rev()
        .find(|(least, ..)| *least <= gpus);
    let (_, mfu, mbu) = *reached.unwrap_or(&(1, 0.57, 0.80));
    let dense = machine.active_params_b >= machine.total_params_b;
    for (key, value) in [
        ("machine.total_params_b", machine.total_params_b),
        ("machine.active_params_b", machine.active_params_b),
        ("machine.weight_bytes", machine.weight_bytes),
        (
            "machine.kv_elements_per_token",
            machine.kv_elements_per_token,
        ),
        ("machine.kv_bytes", machine.kv_bytes),
        ("machine.gpu_memory_gb", machine.gpu_memory_gb),
        ("machine.gpu_bandwidth_tb_s", machine.gpu_bandwidth_tb_s),
        ("machine.gpu_tflops", machine.gpu_tflops),
    ] {
        c.within(key, value, (1e-6, 1e9));
    }
    let estimate = roofline(&Machine {
        total_params: machine.total_params_b * 1e9,
        active_params: machine.active_params_b * 1e9,
        kv_elements_per_token: machine.kv_elements_per_token,
        gpus: f64::from(gpus),
        memory_bytes: machine.gpu_memory_gb * 1e9,
        bandwidth: machine.gpu_bandwidth_tb_s * 1e12,
        flops: machine.gpu_tflops * 1e12,
        weight_bytes_per_param: machine.weight_bytes,
        kv_bytes_per_element: machine.kv_bytes,
        mfu: if dense { mfu } else { mfu * MOE_MFU_FACTOR },
        mbu,
        memory_fraction: MEMORY_FRACTION,
        engine_factor: 1.0,
    });
    if estimate.is_none() {
        let weights = machine.total_params_b * machine.weight_bytes;
        let memory = MEMORY_FRACTION * f64::from(gpus) * machine.gpu_memory_gb;
        let message = format!(
            "does not fit: {weights:.0} GB of weights, {memory:.0} GB usable on {gpus} GPUs; more \
             GPUs or a smaller precision"
        );
        c.tell("machine", message);
    }
    estimate
}
