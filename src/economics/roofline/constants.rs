//! What a roofline assumes beside shapes and data sheets: how much of the peak is reached, how much
//! of the memory is used, and how large a weight is.

use jiff::civil::{Date, date};

/// The part of the peak that is reached.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reached {
    /// The fewest GPUs in a replica it holds for.
    pub gpus: u32,
    /// Of the arithmetic, 0 to 1.
    pub mfu: f64,
    /// Of the memory bandwidth, 0 to 1.
    pub mbu: f64,
}

/// By GPUs in a replica, fewest first. Fitted to the published tables of dense models on Hopper, so
/// not an independent check of them.
pub const REACHED: [Reached; 4] = [
    Reached {
        gpus: 1,
        mfu: 0.57,
        mbu: 0.80,
    },
    Reached {
        gpus: 2,
        mfu: 0.50,
        mbu: 0.70,
    },
    Reached {
        gpus: 4,
        mfu: 0.45,
        mbu: 0.55,
    },
    Reached {
        gpus: 8,
        mfu: 0.40,
        mbu: 0.42,
    },
];

/// The date of the tables they were fitted to.
pub const AS_OF: Date = date(2025, 9, 24);

/// Mixtures of experts reach so much less of the arithmetic: fitted to four tables that reach 0.09
/// to 0.38 of the peak in all.
pub const MOE_MFU_FACTOR: f64 = 0.45;

/// The part of memory that an engine uses: the default of vLLM.
pub const MEMORY_FRACTION: f64 = 0.9;

/// How weights and the KV cache are kept.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Precision {
    /// As plans and data sheets name it.
    pub name: &'static str,
    /// Bytes of one weight; four bits carry a scale with every few weights.
    pub weight_bytes: f64,
    /// Bytes of one KV element; engines keep 16 bits beside integer weights.
    pub kv_bytes: f64,
}

/// All that are known.
pub const PRECISIONS: [Precision; 5] = [
    Precision {
        name: "bf16",
        weight_bytes: 2.0,
        kv_bytes: 2.0,
    },
    Precision {
        name: "fp8",
        weight_bytes: 1.0,
        kv_bytes: 1.0,
    },
    Precision {
        name: "int8",
        weight_bytes: 1.0,
        kv_bytes: 2.0,
    },
    Precision {
        name: "fp4",
        weight_bytes: 0.5625,
        kv_bytes: 1.0,
    },
    Precision {
        name: "int4",
        weight_bytes: 0.5625,
        kv_bytes: 2.0,
    },
];

/// The precision of a name.
#[must_use]
pub fn precision(name: &str) -> Option<Precision> {
    PRECISIONS.into_iter().find(|known| known.name == name)
}

/// All names, for people.
#[must_use]
pub fn precisions() -> String {
    PRECISIONS.map(|precision| precision.name).join(", ")
}

/// What so many GPUs reach: the constants of the largest count that is not above it.
#[must_use]
pub fn reached(gpus: u32) -> Reached {
    let [one, more @ ..] = REACHED;
    let below = more.into_iter().rev().find(|reached| reached.gpus <= gpus);
    below.unwrap_or(one)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn between_two_counts_the_smaller_one_holds() {
        for (gpus, counted) in [(1, 1), (2, 2), (3, 2), (4, 4), (7, 4), (8, 8), (16, 8)] {
            assert_eq!(reached(gpus).gpus, counted, "{gpus}");
        }
    }
}
