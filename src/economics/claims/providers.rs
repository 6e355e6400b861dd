#![expect(
    clippy::float_arithmetic,
    reason = "claims are measured against projections"
)]
//! What training and serving cost the provider, and from when on it earns that.

use super::{Claim, PRINTED, ROUNDED, Verdict, count, share, times, usd};
use crate::economics::naive::{Card, naive_inference_cost_per_1k, naive_training_cost};
use crate::economics::price::{amortise, ratio};
use crate::economics::provider::{provider_breakeven_tokens, provider_breakeven_users};

pub(super) const CLAIMS: &[Claim] = &[
    Claim {
        says: "Training GPT-3 cost $1.05M",
        claimed: usd(1.05e6, ""),
        holds: || Some(usd(gpt3_training_usd()?, "")),
        within: PRINTED,
        otherwise: Verdict::Off,
        because: "175B parameters, 500B tokens, A100 at their peak for $2.2659 an hour",
    },
    Claim {
        says: "Training GPT-4 cost $145M",
        claimed: usd(145e6, ""),
        holds: || Some(usd(gpt4_training_usd(0.5)?, "")),
        within: PRINTED,
        otherwise: Verdict::Off,
        because: "1.8T parameters, 13T tokens (rumoured), at half the price",
    },
    Claim {
        says: "Training GPT-4 cost 280 times what GPT-3 did",
        claimed: times(280.0, "GPT-3"),
        holds: || {
            let part = ratio(gpt4_training_usd(1.0)?, gpt3_training_usd()?)?;
            Some(times(part, "GPT-3"))
        },
        within: PRINTED,
        otherwise: Verdict::Off,
        because: "both at the full price; the $145M are at half of it",
    },
    Claim {
        says: "1,000 tokens of GPT-4 Turbo cost its provider $0.0071656",
        claimed: usd(SAID_USD_PER_1K, ""),
        holds: || Some(usd(gpt4_turbo_usd_per_1k(8.0)?, "")),
        within: PRINTED,
        otherwise: Verdict::Off,
        because: "as arithmetic: 8 experts of 222B (rumoured), all counted, at 100 % of the peak",
    },
    Claim {
        says: "Inference is 36 % of the price of GPT-4 Turbo",
        claimed: share(0.36, "of the price"),
        holds: || {
            let part = ratio(gpt4_turbo_usd_per_1k(8.0)?, PRICE_USD_PER_1K)?;
            Some(share(part, "of the price"))
        },
        within: PRINTED,
        otherwise: Verdict::Off,
        because: "of $0.02 per 1K, the mean of input and output",
    },
    Claim {
        says: "A token of GPT-4 Turbo passes all eight experts",
        claimed: usd(SAID_USD_PER_1K, ""),
        holds: || Some(usd(gpt4_turbo_usd_per_1k(2.0)?, "")),
        within: PRINTED,
        otherwise: Verdict::CountsTooMuch,
        because: "a token passes two of eight in such mixtures",
    },
    Claim {
        says: "A card that serves GPT-4 Turbo works at 100 % of its peak",
        claimed: usd(SAID_USD_PER_1K, ""),
        holds: || Some(usd(ratio(gpt4_turbo_usd_per_1k(8.0)?, REACHED)?, "")),
        within: PRINTED,
        otherwise: Verdict::CountsTooLittle,
        because: "eight cards together reach about 40 % of it with a dense model, less with a mixture",
    },
    Claim {
        says: "The provider breaks even at 1.85T tokens a month",
        claimed: count(1.85e12, "tokens a month"),
        holds: || Some(count(breakeven_tokens(ROUND)?, "tokens a month")),
        within: PRINTED,
        otherwise: Verdict::Off,
        because: "$24M a month, sold at $0.02 and made at $0.007 per 1K",
    },
    Claim {
        says: "The same break-even, from inputs that are not rounded",
        claimed: count(1.85e12, "tokens a month"),
        holds: || Some(count(breakeven_tokens(exact()?)?, "tokens a month")),
        within: PRINTED,
        otherwise: Verdict::Off,
        because: "$145M over six months, and the cost above",
    },
    Claim {
        says: "Breaking even takes 6,154 tokens a user and day",
        claimed: count(6_154.0, "tokens"),
        holds: || Some(count(tokens_per_user_day()?, "tokens")),
        within: PRINTED,
        otherwise: Verdict::Off,
        because: "ten million users, 30 days",
    },
    Claim {
        says: "Breaking even takes 4,733 words a user and day",
        claimed: count(4_733.0, "words"),
        holds: || Some(count(ratio(tokens_per_user_day()?, 1.3)?, "words")),
        within: PRINTED,
        otherwise: Verdict::Off,
        because: "at 1.3 tokens a word",
    },
    Claim {
        says: "3.24M subscribers at $20 carry the cost if they use all they may",
        claimed: count(3.24e6, "users"),
        holds: || Some(count(breakeven_users(ROUND, FULL_USE)?, "users")),
        within: PRINTED,
        otherwise: Verdict::Off,
        because: "1.8M tokens a month each",
    },
    Claim {
        says: "The same subscribers, from inputs that are not rounded",
        claimed: count(3.24e6, "users"),
        holds: || Some(count(breakeven_users(exact()?, FULL_USE)?, "users")),
        within: PRINTED,
        otherwise: Verdict::Off,
        because: "a small margin makes a rounded cost weigh",
    },
    Claim {
        says: "1.29M subscribers carry the cost at 6,700 tokens a day each",
        claimed: count(1.29e6, "users"),
        holds: || Some(count(breakeven_users(ROUND, USUAL_USE)?, "users")),
        within: PRINTED,
        otherwise: Verdict::Off,
        because: "",
    },
    Claim {
        says: "The same 1.29M, from inputs that are not rounded",
        claimed: count(1.29e6, "users"),
        holds: || Some(count(breakeven_users(exact()?, USUAL_USE)?, "users")),
        within: ROUNDED,
        otherwise: Verdict::Off,
        because: "",
    },
];

const A100: Card = Card {
    flops: 312e12,
    usd_per_hour: 2.2659,
};
const EXPERT_PARAMS: f64 = 222e9;
const SAID_USD_PER_1K: f64 = 0.007_165_6;
const PRICE_USD_PER_1K: f64 = 0.02;
/// What eight cards serving one model reach of their peak arithmetic.
const REACHED: f64 = 0.4;
/// Tokens a subscriber and month.
const FULL_USE: f64 = 1.8e6;
const USUAL_USE: f64 = 6_700.0 * DAYS;
const DAYS: f64 = 30.0;
const USERS: f64 = 1e7;

/// Dollars a month whatever is sold, and dollars for 1000 tokens.
#[derive(Clone, Copy)]
struct Costs {
    fixed_usd_month: f64,
    usd_per_1k: f64,
}

/// As the calculation rounds them.
const ROUND: Costs = Costs {
    fixed_usd_month: 24e6,
    usd_per_1k: 0.007,
};

fn exact() -> Option<Costs> {
    Some(Costs {
        fixed_usd_month: amortise(145e6, 6.0)?,
        usd_per_1k: gpt4_turbo_usd_per_1k(8.0)?,
    })
}

fn gpt3_training_usd() -> Option<f64> {
    naive_training_cost(175e9, 500e9, &A100, 1.0)
}

fn gpt4_training_usd(discount: f64) -> Option<f64> {
    naive_training_cost(1.8e12, 13e12, &A100, discount)
}

fn gpt4_turbo_usd_per_1k(experts: f64) -> Option<f64> {
    naive_inference_cost_per_1k(experts * EXPERT_PARAMS, &A100)
}

fn breakeven_tokens(costs: Costs) -> Option<f64> {
    provider_breakeven_tokens(costs.fixed_usd_month, PRICE_USD_PER_1K, costs.usd_per_1k)
}

fn tokens_per_user_day() -> Option<f64> {
    ratio(breakeven_tokens(ROUND)?, USERS * DAYS)
}

fn breakeven_users(costs: Costs, tokens_month: f64) -> Option<f64> {
    provider_breakeven_users(costs.fixed_usd_month, 20.0, tokens_month, costs.usd_per_1k)
}
