#![expect(
    clippy::float_arithmetic,
    reason = "estimates are taken apart for people here"
)]
//! An answer about calls that nobody has made, step by step, for a terminal.

mod plan;

use std::fmt::{self, Write as _};

use super::asked::Asked;
use super::figures::{count, difference, dollars, monthly};
use super::json::tokens;
use crate::economics::Alternative;
use crate::economics::projection::AlternativeKind;
use crate::economics::whatif::{Comparison, MINUTE_PEAK, Question, Shape};
use crate::pricing::Settlement;

/// The whole answer.
pub(super) fn text(asked: &Asked<'_>, comparison: &Comparison) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = write(&mut out, asked, comparison);
    out
}

fn write(out: &mut String, asked: &Asked<'_>, comparison: &Comparison) -> fmt::Result {
    headline(out, asked, comparison)?;
    ways(out, comparison)?;
    call(out, asked)?;
    for (plan, answer) in asked.arms.plans.iter().zip(&comparison.plans) {
        plan::write(out, plan, answer, &asked.question)?;
    }
    for plan in &asked.too_long {
        writeln!(
            out,
            "\n{}: cannot serve calls of this length; it serves {}.",
            plan.name, plan.serves
        )?;
    }
    Ok(())
}

fn headline(out: &mut String, asked: &Asked<'_>, comparison: &Comparison) -> fmt::Result {
    let Question {
        calls_per_day,
        call,
        shape,
        ..
    } = &asked.question;
    writeln!(
        out,
        "{} calls a day to {}: {} tokens in, {} of them cached, and {} out. Nobody has made them.",
        count(*calls_per_day),
        asked.model,
        count(call.input + call.cached_input),
        count(call.cached_input),
        count(call.output),
    )?;
    let spread = match shape {
        Shape::Week => format!(
            "They spread over the week as the calls of a real service (Alibaba Model Studio, \
             m-large), and over the minutes of an hour as those of another (Azure, conversation: \
             the busiest minute is {MINUTE_PEAK} times the mean). Yours will differ."
        ),
        Shape::Flat => "They come evenly, as no real calls do: peaks are left out.".to_owned(),
    };
    writeln!(
        out,
        "{spread} All calls are alike, which leaves out peaks too.\n"
    )?;
    if let Some(cheapest) = comparison.alternatives.first() {
        let paid = monthly(comparison.api_usd);
        let cost = monthly(cheapest.cost_usd);
        match cheapest.kind {
            AlternativeKind::Stay | AlternativeKind::Api => {
                writeln!(
                    out,
                    "Staying on the API is cheapest, at {} a month.",
                    dollars(cost)
                )
            }
            AlternativeKind::Endpoint | AlternativeKind::Optimised | AlternativeKind::Selfhost => {
                writeln!(
                    out,
                    "{} is cheapest, at {} a month instead of {}: {}.",
                    cheapest.name,
                    dollars(cost),
                    dollars(paid),
                    difference(paid - cost)
                )
            }
        }?;
        if owes(comparison, cheapest) {
            writeln!(
                out,
                "But what is owed for it is not worth it over its term: see there. No verdict would \
                 say so.",
            )?;
        }
    }
    if asked.nobody_replaces {
        writeln!(
            out,
            "No plan says that it replaces {}: all are compared, whether they answer as well or not.",
            asked.model
        )?;
    }
    Ok(())
}

/// Whether a way is a plan whose commitment does not pay.
fn owes(comparison: &Comparison, way: &Alternative) -> bool {
    let plan = comparison.plans.iter().find(|plan| plan.plan == way.name);
    let hosted = plan.and_then(|plan| plan.hosted.as_ref());
    let commitment = hosted.and_then(|hosted| hosted.commitment);
    way.kind == AlternativeKind::Selfhost && commitment.is_some_and(|owed| !owed.pays())
}

fn ways(out: &mut String, comparison: &Comparison) -> fmt::Result {
    writeln!(out, "\nEvery way, a month, as expected:")?;
    for Alternative {
        name,
        kind,
        cost_usd,
    } in &comparison.alternatives
    {
        let what = match kind {
            AlternativeKind::Stay | AlternativeKind::Api => "the API as it is",
            AlternativeKind::Endpoint => "an endpoint, no fixed cost",
            AlternativeKind::Optimised => "the same provider, paid less",
            AlternativeKind::Selfhost => "hosting",
        };
        let cost = dollars(monthly(*cost_usd));
        writeln!(out, "  {cost:>14}  {name} ({what})")?;
    }
    Ok(())
}

/// A call on the API, line by line.
fn call(out: &mut String, asked: &Asked<'_>) -> fmt::Result {
    let question = &asked.question;
    let (cost, price) = (question.call_cost(), &question.price);
    writeln!(
        out,
        "\nA call on the API, by {} ({}):",
        asked.quote.id, asked.quote.entry.source
    )?;
    let lines = [
        (
            "fresh input",
            question.call.input,
            price.input_usd_per_mtok,
            cost.input_usd,
        ),
        (
            "cached input",
            question.call.cached_input,
            price.cached_usd_per_mtok,
            cost.cached_input_usd,
        ),
        (
            "output",
            question.call.output,
            price.output_usd_per_mtok,
            cost.output_usd,
        ),
    ];
    for (name, tokens, rate, usd) in lines {
        let tokens = count(tokens);
        writeln!(
            out,
            "  {name:<13}{tokens:>9} x ${rate} a million = {}",
            dollars(usd)
        )?;
    }
    let a_day = cost.total_usd() * question.calls_per_day;
    writeln!(
        out,
        "  {} a call; {} calls and {} tokens a day: {} a day, {} a year.",
        dollars(cost.total_usd()),
        count(question.calls_per_day),
        count(tokens(question, question.calls_per_day)),
        dollars(a_day),
        dollars(a_day * 365.0)
    )?;
    if asked.quote.leaves_out {
        writeln!(
            out,
            "  The model has other prices for certain hours, tiers, regions or thinking: nobody knows \
             that of a call not made, so the ordinary price is taken."
        )?;
    }
    asked
        .quote
        .settlement
        .map_or(Ok(()), |how| writeln!(out, "  {}", settled(how)))
}

/// Who pays where no invoice does; the figures are what the calls are worth.
fn settled(how: Settlement) -> String {
    match how {
        Settlement::FreeUntil(day) => {
            format!("Until {day} a free quota pays for such calls: this is what they are worth.")
        }
        Settlement::Prepaid => {
            "A prepaid pack pays for such calls: this is what they take from it.".to_owned()
        }
        Settlement::Reserved => {
            "Reserved hours serve such calls: this is what they are worth.".to_owned()
        }
    }
}
