#![expect(
    clippy::float_arithmetic,
    reason = "tokens a day become calls a day here, to ask a projection"
)]
//! From flags and configuration to a question, and to who may answer it.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::call::names_model;
use crate::cli::Failure;
use crate::cli::args::WhatIf;
use crate::config::{Config, token_rates};
use crate::economics::plan::HostPlan;
use crate::economics::price::TokenVolume;
use crate::economics::whatif::{Arms, Question};
use crate::pricing::Imagined;
use crate::usage::{Capability, ContextClass, TokenUsage};

/// A question, what it is priced by, and the ways that may take such calls.
pub(super) struct Asked<'c> {
    pub(super) model: &'c str,
    pub(super) quote: Imagined<'c>,
    pub(super) question: Question,
    pub(super) arms: Arms<'c>,
    /// Plans that were meant and cannot serve calls of this length.
    pub(super) too_long: Vec<&'c HostPlan>,
    /// No plan says that it replaces the model: all are compared.
    pub(super) nobody_replaces: bool,
}

/// Reads the flags; `now` is the moment whose prices hold unless a day is named.
pub(super) fn asked<'c>(
    config: &'c Config,
    flags: &'c WhatIf,
    now: Timestamp,
) -> Result<Asked<'c>, Failure> {
    let model = flags.model.as_deref().unwrap_or_default();
    let call = call(flags)?;
    let tokens = call.input + call.cached_input + call.output;
    let calls_per_day = match (flags.calls_per_day, flags.tokens_per_day) {
        (Some(calls), _) => calls,
        (None, tokens_per_day) => tokens_per_day.unwrap_or_default() / tokens,
    };
    let at = match flags.at {
        Some(day) => midnight(day)?,
        None => now,
    };
    let quote = price(config, model, at, flags)?;
    let question = Question {
        calls_per_day,
        call,
        price: token_rates(&quote).list_price(),
        shape: flags.shape.shape(),
    };
    let length = flags
        .input_tokens
        .unwrap_or_default()
        .saturating_add(flags.output_tokens.unwrap_or_default());
    let needs = Capability {
        context: ContextClass::of(length.into()),
        ..Capability::default()
    };
    let takes = |replaces: &[String]| replaces.iter().any(|name| names_model(name, model));
    let (plans, nobody_replaces) = plans(config, flags, takes)?;
    let (plans, too_long) = plans
        .into_iter()
        .partition(|plan| needs.within(plan.serves));
    let plans_of = &config.plans;
    let endpoints = plans_of.endpoints.iter().map(|endpoint| &endpoint.arm);
    let arm = |arm: &&crate::economics::Arm| takes(&arm.replaces) && needs.within(arm.serves);
    Ok(Asked {
        model,
        quote,
        question,
        arms: Arms {
            plans,
            endpoints: endpoints.filter(arm).collect(),
            optimised: plans_of.optimised.iter().filter(arm).collect(),
        },
        too_long,
        nobody_replaces,
    })
}

fn call(flags: &WhatIf) -> Result<TokenVolume, Failure> {
    let input = flags.input_tokens.unwrap_or_default();
    let cached = flags.cached_tokens.unwrap_or_default();
    let output = flags.output_tokens.unwrap_or_default();
    let Some(fresh) = input.checked_sub(cached) else {
        let message = format!("{cached} cached tokens are more than {input} input tokens");
        return Err(Failure::use_or_config(message)
            .remedy("--input-tokens counts all input, --cached-tokens the part of it"));
    };
    if input == 0 && output == 0 {
        return Err(
            Failure::use_or_config("a call without tokens costs nothing")
                .remedy("give --input-tokens and --output-tokens"),
        );
    }
    Ok(TokenVolume {
        input: fresh.into(),
        cached_input: cached.into(),
        output: output.into(),
    })
}

/// The price of such a call in the first list that has the model: long input may have one of its own,
/// and discounts are off it.
fn price<'c>(
    config: &'c Config,
    model: &'c str,
    at: Timestamp,
    flags: &WhatIf,
) -> Result<Imagined<'c>, Failure> {
    let usage = TokenUsage {
        input: flags.input_tokens.map(u64::from),
        cache_read: flags.cached_tokens.map(u64::from),
        output: flags.output_tokens.map(u64::from),
        ..TokenUsage::default()
    };
    let entries = config.prices.entries();
    let mut lists: Vec<&str> = entries.iter().map(|entry| entry.list.as_str()).collect();
    lists.dedup();
    let quote = |list: &str| config.prices.imagined((list, model), at, &usage);
    lists.into_iter().find_map(quote).ok_or_else(|| {
        Failure::use_or_config(format!("{model} has no price in dollars")).remedy(
            "name a model as its provider does, such as gpt-4o, or add [[prices]] to the \
             configuration",
        )
    })
}

/// The plans that were named; else those that replace the model; else all, and that is said.
fn plans<'c>(
    config: &'c Config,
    flags: &WhatIf,
    takes: impl Fn(&[String]) -> bool,
) -> Result<(Vec<&'c HostPlan>, bool), Failure> {
    let all = &config.plans.plans;
    if flags.plans.is_empty() {
        let fit: Vec<&HostPlan> = all.iter().filter(|plan| takes(&plan.replaces)).collect();
        let nobody = fit.is_empty();
        return Ok((if nobody { all.iter().collect() } else { fit }, nobody));
    }
    let named = |name: &String| {
        all.iter().find(|plan| plan.name == *name).ok_or_else(|| {
            let names: Vec<&str> = all.iter().map(|plan| plan.name.as_str()).collect();
            Failure::use_or_config(format!("there is no plan {name}"))
                .remedy(format!("there are {}", names.join(", ")))
        })
    };
    let named = flags.plans.iter().map(named);
    Ok((named.collect::<Result<_, _>>()?, false))
}

fn midnight(day: jiff::civil::Date) -> Result<Timestamp, Failure> {
    let zoned = day.to_zoned(TimeZone::UTC);
    zoned.map(|zoned| zoned.timestamp()).map_err(|error| {
        Failure::use_or_config(format!("{day} is no day of prices")).because(error)
    })
}
