//! The vectors of the small calculators: prices, texts, clouds, the naive formula, providers, routing.

use serde_json::{Value, json};

use super::Answer;
use super::run::Inputs;
use crate::economics::capacity::{capacity_tokens_per_s, implied_utilisation, need_from_rate};
use crate::economics::cloud::{Function, Stack, aws_stack_day, lambda_cost};
use crate::economics::naive::{Card, naive_inference_cost_per_1k, naive_training_cost};
use crate::economics::price::{
    ListPrice, TokenVolume, amortise, price_change, price_cost, ratio, scale,
};
use crate::economics::provider::{provider_breakeven_tokens, provider_breakeven_users};
use crate::economics::routing::{Routing, routing_breakeven_share, routing_mix};
use crate::economics::text::{tokens_from_han, tokens_from_words};

/// Runs one function by its name.
pub(super) fn run(function: &str, of: &Inputs<'_>) -> Answer {
    let got = price(function, of)
        .or_else(|| cloud(function, of))
        .or_else(|| machine(function, of))
        .or_else(|| business(function, of));
    got.map_or(Answer::NoSuchFunction, Answer::Got)
}

fn price(function: &str, of: &Inputs<'_>) -> Option<Value> {
    Some(match function {
        "price_cost" => {
            let tokens = TokenVolume {
                input: of.number("input_tokens"),
                cached_input: of.or("cached_input_tokens", 0.0),
                output: of.number("output_tokens"),
            };
            let price = ListPrice {
                input_usd_per_mtok: of.number("input_usd_per_mtok"),
                cached_usd_per_mtok: of.or("cached_usd_per_mtok", 0.0),
                output_usd_per_mtok: of.number("output_usd_per_mtok"),
            };
            json!({ "usd": price_cost(&tokens, &price) })
        }
        "scale" => json!({ "usd": scale(of.number("usd_per_day"), of.number("days")) }),
        "ratio" => json!({ "value": ratio(of.number("a"), of.number("b")) }),
        "price_change" => json!({ "change": price_change(of.number("old"), of.number("new")) }),
        "amortise" => {
            let monthly = |bound| amortise(of.number(bound), of.number("months"));
            json!({
                "usd_per_month_low": monthly("one_off_usd_low"),
                "usd_per_month_high": monthly("one_off_usd_high"),
            })
        }
        "tokens_from_words" => {
            json!({ "tokens": tokens_from_words(of.number("words"), of.number("tokens_per_word")) })
        }
        "tokens_from_han" => {
            json!({ "tokens": tokens_from_han(of.number("chars"), of.number("tokens_per_char")) })
        }
        _ => return None,
    })
}

fn cloud(function: &str, of: &Inputs<'_>) -> Option<Value> {
    let billed = |seconds, memory_gb| Function {
        seconds: of.number(seconds),
        memory_gb: of.number(memory_gb),
        usd_per_gb_second: of.number("usd_per_gb_s"),
        usd_per_call: of.or("usd_per_request", 0.0),
    };
    Some(match function {
        "lambda_cost" => {
            let usd = lambda_cost(&billed("seconds", "memory_gb"), of.number("requests"));
            json!({ "usd": usd })
        }
        "aws_stack_day" => {
            let stack = Stack {
                instance_usd_day: of.number("instance_usd_day"),
                function: billed("lambda_seconds", "lambda_gb"),
                gateway_usd_per_million: of.number("gateway_usd_per_million"),
            };
            json!({ "usd": aws_stack_day(&stack, of.number("requests")) })
        }
        _ => return None,
    })
}

fn machine(function: &str, of: &Inputs<'_>) -> Option<Value> {
    let card = || Card {
        flops: of.number("flops"),
        usd_per_hour: of.number("rental_usd_per_hour"),
    };
    Some(match function {
        "capacity_tokens_per_s" => json!({ "tokens_per_s": capacity_tokens_per_s(
            of.number("flops"), of.number("active_params"), of.number("mfu"),
        ) }),
        "need_from_rate" => json!({ "replicas": need_from_rate(
            of.number("tokens_per_s"), of.number("capacity_tokens_per_s"),
        ) }),
        "implied_utilisation" => json!({ "utilisation": implied_utilisation(
            of.number("usd_per_mtok_at_full"),
            of.number("api_usd_per_mtok"),
            of.number("cost_ratio"),
        ) }),
        "naive_inference_cost_per_1k" => {
            json!({ "usd": naive_inference_cost_per_1k(of.number("params"), &card()) })
        }
        "naive_training_cost" => json!({ "usd": naive_training_cost(
            of.number("params"), of.number("tokens"), &card(), of.number("discount"),
        ) }),
        _ => return None,
    })
}

fn business(function: &str, of: &Inputs<'_>) -> Option<Value> {
    let routing = || Routing {
        big_usd_per_call: of.number("big_usd_per_request"),
        small_usd_per_call: of.number("small_usd_per_request"),
        router_usd_per_call: of.number("router_usd_per_request"),
        escalation: of.or("escalation", 0.0),
    };
    Some(match function {
        "provider_breakeven_tokens" => json!({ "tokens_per_month": provider_breakeven_tokens(
            of.number("fixed_usd_month"),
            of.number("price_usd_per_1k"),
            of.number("cost_usd_per_1k"),
        ) }),
        "provider_breakeven_users" => json!({ "users": provider_breakeven_users(
            of.number("fixed_usd_month"),
            of.number("subscription_usd"),
            of.number("tokens_per_user_month"),
            of.number("cost_usd_per_1k"),
        ) }),
        "routing_mix" => {
            json!({ "usd_per_request": routing_mix(&routing(), of.number("share_small")) })
        }
        "routing_breakeven_share" => {
            json!({ "share_small": routing_breakeven_share(&routing()) })
        }
        _ => return None,
    })
}
