//! What a call costs by the list, and how many tokens a text is.

use super::{Claim, PRINTED, ROUGH, ROUNDED, Verdict, count, tokens, usd};
use crate::economics::price::{ListPrice, TokenVolume, price_cost, ratio};
use crate::economics::text::{tokens_from_han, tokens_from_words};

pub(super) const CLAIMS: &[Claim] = &[
    Claim {
        says: "100 input tokens of GPT-4 Turbo cost one cent",
        claimed: usd(0.01, ""),
        holds: || Some(usd(gpt4_turbo_usd(100.0, 0.0), "")),
        within: ROUGH,
        otherwise: Verdict::Off,
        because: "at its $0.01 per 1K, one cent buys 1,000",
    },
    Claim {
        says: "Summarising 5,000 Chinese characters in 500 costs $0.13 on GPT-4 Turbo",
        claimed: usd(0.13, ""),
        holds: || Some(usd(summary_usd(500.0), "")),
        within: PRINTED,
        otherwise: Verdict::Off,
        because: "at two tokens a character",
    },
    Claim {
        says: "The same summary, by the formula printed for it, costs $0.13",
        claimed: usd(0.13, ""),
        holds: || Some(usd(summary_usd(5_000.0), "")),
        within: PRINTED,
        otherwise: Verdict::Contradicts,
        because: "the formula takes the input count for the output too; the result is right",
    },
    Claim {
        says: "1,500 Chinese characters are 1,000 tokens; elsewhere, one is two tokens",
        claimed: count(1_000.0, "tokens"),
        holds: || {
            let at_two = tokens(tokens_from_han(1_500.0, TOKENS_PER_HAN));
            Some(count(at_two, "tokens"))
        },
        within: PRINTED,
        otherwise: Verdict::Contradicts,
        because: "both may be true, of different tokenizers: a rate belongs to a model",
    },
    Claim {
        says: "500 words are 500 tokens; elsewhere, a word is 1.3",
        claimed: count(500.0, "tokens"),
        holds: || Some(count(tokens(tokens_from_words(500.0, 1.3)), "tokens")),
        within: ROUNDED,
        otherwise: Verdict::CountsTooLittle,
        because: "at the document's own rate",
    },
    Claim {
        says: "An A100 does 312 TFLOPS per watt",
        claimed: count(312.0, "TFLOPS a watt"),
        holds: || Some(count(ratio(312.0, 400.0)?, "TFLOPS a watt")),
        within: ROUNDED,
        otherwise: Verdict::Off,
        because: "312 TFLOPS is the whole card, of 400 W",
    },
];

const TOKENS_PER_HAN: f64 = 2.0;

fn gpt4_turbo_usd(input: f64, output: f64) -> f64 {
    let tokens = TokenVolume {
        input,
        cached_input: 0.0,
        output,
    };
    let price = ListPrice {
        input_usd_per_mtok: 10.0,
        cached_usd_per_mtok: 10.0,
        output_usd_per_mtok: 30.0,
    };
    price_cost(&tokens, &price)
}

/// A summary of 5,000 characters in so many.
fn summary_usd(output_chars: f64) -> f64 {
    let of = |chars| tokens(tokens_from_han(chars, TOKENS_PER_HAN));
    gpt4_turbo_usd(of(5_000.0), of(output_chars))
}
