#![expect(
    clippy::float_arithmetic,
    reason = "claims are measured against projections"
)]
//! What hosts cost by the month and to buy, and what an open model on them costs against an API.

use super::{Amount, Claim, ROUGH, ROUNDED, Verdict, count, share, times, usd};
use crate::economics::capacity::implied_utilisation;
use crate::economics::ownership::Ownership;
use crate::economics::price::ratio;
use crate::economics::roofline::{Machine, roofline};
use crate::economics::work::{Conversion, TokenSums, work};

pub(super) const CLAIMS: &[Claim] = &[
    Claim {
        says: "Hosting about 7B takes $1,500 a month, up to 15B takes $1,000",
        claimed: usd(1_500.0, "a month"),
        holds: || Some(usd(1_000.0 * ratio(7.0, 15.0)?, "a month")),
        within: ROUGH,
        otherwise: Verdict::Contradicts,
        because: "the smaller model costs more: by its weights 7B takes its part of the $1,000; \
                  70B is probably meant",
    },
    Claim {
        says: "Llama 2 comes with 0.7 billion parameters",
        claimed: count(0.7e9, "parameters"),
        holds: || Some(count(ratio(13.5e9, BYTES_PER_WEIGHT)?, "parameters")),
        within: ROUGH,
        otherwise: Verdict::Off,
        because: "its smallest weights take 13.5 GB at two bytes each: 7 billion is meant",
    },
    Claim {
        says: "Llama 2 comes with 1.3 billion parameters",
        claimed: count(1.3e9, "parameters"),
        holds: || Some(count(ratio(26e9, BYTES_PER_WEIGHT)?, "parameters")),
        within: ROUGH,
        otherwise: Verdict::Off,
        because: "the next take 26 GB: 13 billion is meant",
    },
    Claim {
        says: "A DGX for $200,000 is $65,000 of hardware a year",
        claimed: usd(65_000.0, "a year"),
        holds: || Some(usd(DGX.usd_per_year(), "a year")),
        within: ROUNDED,
        otherwise: Verdict::Off,
        because: "over three years; without power, people and a place",
    },
    Claim {
        says: "Llama 2 70B costs 50 % more than GPT-3.5 Turbo",
        claimed: times(1.5, "the API"),
        holds: || busy(1.5),
        within: ROUNDED,
        otherwise: Verdict::Depends,
        because: "true of four A100 that are busy this part of the time; 1,000 tokens in and out, \
                  fp16, at 0.75 of the roofline's speed, $2.2659 a card and hour",
    },
    Claim {
        says: "Llama 2 70B costs 100 % more than GPT-3.5 Turbo",
        claimed: times(2.0, "the API"),
        holds: || busy(2.0),
        within: ROUNDED,
        otherwise: Verdict::Depends,
        because: "less busy, the same machines cost still more",
    },
];

/// The published checkpoints are fp16.
const BYTES_PER_WEIGHT: f64 = 2.0;

const DGX: Ownership = Ownership {
    capex_usd: 200_000.0,
    residual_usd: 0.0,
    life_years: 3.0,
    maintenance_rate: 0.0,
    kw: 0.0,
    pue: 1.0,
    usd_per_kwh: 0.0,
    colo_usd_per_kw_month: 0.0,
    cost_of_capital: 0.0,
};

const A100S: f64 = 4.0;
const A100_USD_HOUR: f64 = 2.2659;
/// GPT-3.5 Turbo at $1.5 and $2 per million tokens, as much in as out.
const API_USD_PER_MTOK: f64 = f64::midpoint(1.5, 2.0);

const LLAMA_2_70B: Machine = Machine {
    total_params: 68.98e9,
    active_params: 68.98e9,
    kv_elements_per_token: 163_840.0,
    gpus: A100S,
    memory_bytes: 80e9,
    bandwidth: 2.039e12,
    flops: 312e12,
    weight_bytes_per_param: BYTES_PER_WEIGHT,
    kv_bytes_per_element: 2.0,
    mfu: 0.45,
    mbu: 0.55,
    memory_fraction: 0.9,
    engine_factor: 0.75,
};

/// The part of the time at which the host's tokens cost so many times the API's.
fn busy(cost_ratio: f64) -> Option<Amount> {
    let part = implied_utilisation(usd_per_mtok_at_full()?, API_USD_PER_MTOK, cost_ratio)?;
    Some(share(part, "busy"))
}

/// Dollars a million tokens on the machine above, never idle.
fn usd_per_mtok_at_full() -> Option<f64> {
    const TOKENS: f64 = 1_000.0;
    let call = TokenSums {
        calls: 1.0,
        uncached_input: TOKENS,
        cached_input: 0.0,
        output: TOKENS,
        output_by_input: TOKENS * TOKENS,
        output_squared: TOKENS * TOKENS,
    };
    let coefficients = roofline(&LLAMA_2_70B)?.coefficients;
    let seconds = work(&coefficients, &Conversion::SAME, None, &call)?;
    let usd_per_second = A100S * A100_USD_HOUR / 3_600.0;
    Some(seconds * usd_per_second / (2.0 * TOKENS) * 1e6)
}
