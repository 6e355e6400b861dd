#![expect(
    clippy::float_arithmetic,
    reason = "an estimate from shapes and data sheets; no money is made here"
)]
//! The coefficients of a model on a machine nobody has measured: from shapes and data sheets.
//!
//! Dense models on Hopper come out within 3 to 7 %; mixtures of experts and FP4 come out 1.2 to 2.5
//! times too fast.

pub mod constants;

use super::work::{Coefficients, Decode};

/// A model and the machine it would run on; bytes, FLOPs and seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Machine {
    /// All parameters: they must fit the memory.
    pub total_params: f64,
    /// The parameters a token passes through.
    pub active_params: f64,
    /// Elements in the KV cache per token: 2·layers·`kv_heads`·`head_dim`, or (512+64)·layers for MLA.
    pub kv_elements_per_token: f64,
    /// GPUs in one replica.
    pub gpus: f64,
    /// Memory of one GPU.
    pub memory_bytes: f64,
    /// Memory bandwidth of one GPU, bytes a second.
    pub bandwidth: f64,
    /// Dense arithmetic of one GPU at the precision served, FLOP a second.
    pub flops: f64,
    /// Bytes of one weight: fp8 1, bf16 2, fp4 0.5625.
    pub weight_bytes_per_param: f64,
    /// Bytes of one KV element.
    pub kv_bytes_per_element: f64,
    /// The part of peak arithmetic that is reached, 0 to 1.
    pub mfu: f64,
    /// The part of peak bandwidth that is reached, 0 to 1.
    pub mbu: f64,
    /// The part of memory that the engine uses, 0 to 1.
    pub memory_fraction: f64,
    /// The engine's speed against the one the constants were fitted to.
    pub engine_factor: f64,
}

/// What the roofline says about a machine.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Roofline {
    /// a = b = 2·active/(gpus·flops·mfu); c0 = kv/(gpus·bandwidth·mbu); c = c0·(1 + W/K).
    pub coefficients: Coefficients,
    /// W: bytes of all weights.
    pub weights_bytes: f64,
    /// K: bytes left for the KV cache.
    pub kv_memory_bytes: f64,
}

/// The roofline of a machine; `None` when the weights do not fit its memory.
#[must_use]
pub fn roofline(machine: &Machine) -> Option<Roofline> {
    let weights_bytes = machine.total_params * machine.weight_bytes_per_param;
    let kv_memory_bytes =
        machine.memory_fraction * machine.gpus * machine.memory_bytes - weights_bytes;
    if kv_memory_bytes <= 0.0 {
        return None;
    }
    let bytes_a_second = machine.gpus * machine.bandwidth * machine.mbu;
    let per_token = 2.0 * machine.active_params
        / (machine.gpus * machine.flops * machine.mfu)
        / machine.engine_factor;
    let c0 = machine.kv_elements_per_token * machine.kv_bytes_per_element
        / bytes_a_second
        / machine.engine_factor;
    Some(Roofline {
        coefficients: Coefficients {
            a: per_token,
            b: per_token,
            c: c0 * (1.0 + weights_bytes / kv_memory_bytes),
            d: 0.0,
            decode: Some(Decode {
                c0,
                weights_seconds: weights_bytes / bytes_a_second,
            }),
        },
        weights_bytes,
        kv_memory_bytes,
    })
}
