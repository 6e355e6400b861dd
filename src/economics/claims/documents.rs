#![expect(
    clippy::float_arithmetic,
    reason = "claims are measured against projections"
)]
//! Summarising documents of one page: an API by the token, or an instance by the hour.

use super::{Amount, Claim, PRINTED, ROUGH, ROUNDED, Verdict, count, times, tokens, usd};
use crate::economics::capacity::{capacity_tokens_per_s, need_from_rate};
use crate::economics::cloud::{Function, Stack, aws_stack_day, lambda_cost};
use crate::economics::price::{ListPrice, TokenVolume, price_cost, ratio, scale};
use crate::economics::roofline::{Machine, roofline};
use crate::economics::text::tokens_from_words;

pub(super) const CLAIMS: &[Claim] = &[
    Claim {
        says: "A page of 500 words is 667 tokens",
        claimed: count(667.0, "tokens"),
        holds: || Some(count(page_tokens(), "tokens")),
        within: PRINTED,
        otherwise: Verdict::Off,
        because: "three quarters of a word a token",
    },
    Claim {
        says: "1,000 documents a day at $0.002 per 1K tokens cost $1.3",
        claimed: usd(1.3, "a day"),
        holds: || Some(usd(api_usd_day(1e3), "a day")),
        within: ROUNDED,
        otherwise: Verdict::Off,
        because: "",
    },
    Claim {
        says: "A million documents a day cost $1,300",
        claimed: usd(1_300.0, "a day"),
        holds: || Some(usd(api_usd_day(MILLION), "a day")),
        within: ROUNDED,
        otherwise: Verdict::Off,
        because: "",
    },
    Claim {
        says: "A million documents a day are about $500,000 a year",
        claimed: usd(500_000.0, "a year"),
        holds: || Some(usd(scale(api_usd_day(MILLION), 365.0), "a year")),
        within: ROUGH,
        otherwise: Verdict::Off,
        because: "",
    },
    Claim {
        says: "An ml.g5.4xlarge at about $5 an hour is about $150 a day",
        claimed: usd(150.0, "a day"),
        holds: || Some(usd(INSTANCE_USD_DAY, "a day")),
        within: ROUGH,
        otherwise: Verdict::Off,
        because: "24 hours of it",
    },
    Claim {
        says: "$150 a day is about $5 an hour",
        claimed: usd(INSTANCE_USD_HOUR, "an hour"),
        holds: || Some(usd(ratio(SAID_USD_DAY, HOURS_PER_DAY)?, "an hour")),
        within: ROUGH,
        otherwise: Verdict::Off,
        because: "the day divided by 24",
    },
    Claim {
        says: "Lambda takes $0.01 for 1,000 calls of 5 seconds at 128 MB",
        claimed: usd(0.01, ""),
        holds: || Some(usd(lambda_cost(&FUNCTION, 1e3), "")),
        within: ROUGH,
        otherwise: Verdict::Off,
        because: "",
    },
    Claim {
        says: "Lambda takes $10 for a million such calls",
        claimed: usd(10.0, ""),
        holds: || Some(usd(lambda_cost(&FUNCTION, MILLION), "")),
        within: ROUGH,
        otherwise: Verdict::Off,
        because: "",
    },
    Claim {
        says: "Lambda takes $10 for a million such calls, all told",
        claimed: usd(10.0, ""),
        holds: || Some(usd(lambda_cost(&FUNCTION_AS_BILLED, MILLION), "")),
        within: PRINTED,
        otherwise: Verdict::CountsTooLittle,
        because: "leaves out $0.20 a million calls, which Lambda bills beside the time",
    },
    Claim {
        says: "The whole stack at 1,000 calls a day costs $150",
        claimed: usd(150.0, "a day"),
        holds: || Some(usd(aws_stack_day(&STACK, 1e3), "a day")),
        within: ROUNDED,
        otherwise: Verdict::Off,
        because: "instance, Lambda, and a gateway at $1 a million",
    },
    Claim {
        says: "The whole stack at 1.5 million calls a day costs $160",
        claimed: usd(160.0, "a day"),
        holds: || Some(usd(aws_stack_day(&STACK, 1.5 * MILLION), "a day")),
        within: ROUNDED,
        otherwise: Verdict::Off,
        because: "the calculation is that of a million, the next row",
    },
    Claim {
        says: "The whole stack at a million calls a day costs $160",
        claimed: usd(160.0, "a day"),
        holds: || Some(usd(aws_stack_day(&STACK, MILLION), "a day")),
        within: ROUNDED,
        otherwise: Verdict::Off,
        because: "",
    },
    Claim {
        says: "The model of 20 billion parameters runs on the instance's one card",
        claimed: count(1.0, "cards"),
        holds: || Some(count(f64::from(cards_for_fp16()?), "cards")),
        within: PRINTED,
        otherwise: Verdict::Contradicts,
        because: "two bytes a weight do not fit 24 GB; one byte (int8) does",
    },
    Claim {
        says: "One instance carries a million documents a day",
        claimed: count(1.0, "instances"),
        holds: || Some(count(instances(1.0)?, "instances")),
        within: PRINTED,
        otherwise: Verdict::Contradicts,
        because: "at 100 % of the peak of an A10G, 70 TFLOPS, which nobody reaches",
    },
    Claim {
        says: "One instance carries them at an efficiency that is reached",
        claimed: count(1.0, "instances"),
        holds: || Some(count(instances(REACHED)?, "instances")),
        within: PRINTED,
        otherwise: Verdict::Contradicts,
        because: "int8 weights, 40 % of the peak, and full at 70 % load",
    },
    Claim {
        says: "Hosting a million documents a day costs $160",
        claimed: usd(160.0, "a day"),
        holds: || Some(usd(own_usd_day()?, "a day")),
        within: ROUNDED,
        otherwise: Verdict::Contradicts,
        because: "these instances at $5 an hour, nothing else counted",
    },
    Claim {
        says: "Hosting a million documents a day is cheaper: $160 against $1,300",
        claimed: times(160.0 / 1_300.0, "the API"),
        holds: || {
            let part = ratio(own_usd_day()?, api_usd_day(MILLION))?;
            Some(times(part, "the API"))
        },
        within: ROUGH,
        otherwise: Verdict::Contradicts,
        because: "the two costs above",
    },
    Claim {
        says: "An ml.m5.xlarge at $0.23 an hour is about $5 a day",
        claimed: usd(5.0, "a day"),
        holds: || Some(M5_USD_DAY),
        within: ROUGH,
        otherwise: Verdict::Off,
        because: "24 hours of it; 5 is rounded down",
    },
];

const MILLION: f64 = 1e6;
const HOURS_PER_DAY: f64 = 24.0;
const SECONDS_PER_DAY: f64 = 86_400.0;
const INSTANCE_USD_HOUR: f64 = 5.0;
const INSTANCE_USD_DAY: f64 = INSTANCE_USD_HOUR * HOURS_PER_DAY;
const SAID_USD_DAY: f64 = 150.0;
const M5_USD_DAY: Amount = usd(0.23 * HOURS_PER_DAY, "a day");

/// The model, and the A10G of the instance.
const PARAMS: f64 = 20e9;
const A10G_FLOPS: f64 = 70e12;
/// What a well-fed card reaches of its peak, times the load at which it counts as full.
const REACHED: f64 = 0.4 * 0.7;

const FUNCTION: Function = Function {
    seconds: 5.0,
    memory_gb: 0.128,
    usd_per_gb_second: 1.666_67e-5,
    usd_per_call: 0.0,
};
const FUNCTION_AS_BILLED: Function = Function {
    usd_per_call: 0.2e-6,
    ..FUNCTION
};
const STACK: Stack = Stack {
    instance_usd_day: SAID_USD_DAY,
    function: FUNCTION,
    gateway_usd_per_million: 1.0,
};

fn page_tokens() -> f64 {
    tokens(tokens_from_words(500.0, 4.0 / 3.0))
}

/// GPT-3.5 Turbo, which took the same for input and output.
fn api_usd_day(documents: f64) -> f64 {
    let tokens = TokenVolume {
        input: documents * page_tokens(),
        ..TokenVolume::default()
    };
    let price = ListPrice {
        input_usd_per_mtok: 2.0,
        cached_usd_per_mtok: 2.0,
        output_usd_per_mtok: 2.0,
    };
    price_cost(&tokens, &price)
}

/// Instances for a million documents a day at a part of the card's peak.
fn instances(reached: f64) -> Option<f64> {
    let rate = MILLION * page_tokens() / SECONDS_PER_DAY;
    let capacity = capacity_tokens_per_s(A10G_FLOPS, PARAMS, reached)?;
    need_from_rate(rate, capacity).map(f64::from)
}

fn own_usd_day() -> Option<f64> {
    Some(scale(INSTANCE_USD_DAY, instances(REACHED)?))
}

/// The fewest cards of 24 GB whose memory takes the model at two bytes a weight.
fn cards_for_fp16() -> Option<u32> {
    let fits = |cards: &u32| {
        let machine = Machine {
            total_params: PARAMS,
            active_params: PARAMS,
            kv_elements_per_token: 0.0,
            gpus: f64::from(*cards),
            memory_bytes: 24e9,
            bandwidth: 600e9,
            flops: A10G_FLOPS,
            weight_bytes_per_param: 2.0,
            kv_bytes_per_element: 2.0,
            mfu: 1.0,
            mbu: 1.0,
            memory_fraction: 0.9,
            engine_factor: 1.0,
        };
        roofline(&machine).is_some()
    };
    (1..=8).find(fits)
}
