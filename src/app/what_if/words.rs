#![expect(
    clippy::float_arithmetic,
    reason = "figures are scaled to a month for people"
)]
//! The answer in words: what was asked, and each way as it is and as it is asked for.

use std::fmt::{self, Write as _};

use super::Sides;
use super::json::{Pair, months, pairs, the_window};
use crate::economics::projection::AlternativeKind;
use crate::verdict::dollars;

pub(super) fn words(sides: &Sides<'_>) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write(&mut text, sides);
    text
}

fn write(out: &mut String, sides: &Sides<'_>) -> fmt::Result {
    let Sides {
        edits,
        base,
        edited,
        api,
    } = sides;
    let written = edits.written.iter();
    let written: Vec<String> = written.map(|(key, text)| format!("{key}={text}")).collect();
    let seen = the_window(base).filter(|window| window.evidence.calls > 0.0);
    let Some(window) = seen else {
        return writeln!(
            out,
            "No priced call was seen in the last 30 days: nothing to ask about."
        );
    };
    writeln!(
        out,
        "Asked of the last 30 days, {:.0} calls for {} a month: {}. Nobody measured what is asked, \
         and no state comes of it.",
        window.evidence.calls,
        dollars(window.api_cost.to_f64() * months(base)),
        if written.is_empty() {
            "nothing else than it was".to_owned()
        } else {
            written.join(", ")
        },
    )?;
    for pair in pairs(base, edited) {
        way(out, pair, (months(base), months(edited)))?;
    }
    for plan in the_window(edited).into_iter().flat_map(|it| &it.plans) {
        if plan.hosted.is_none() {
            writeln!(out, "{}: cannot answer as fast as it must.", plan.plan)?;
        }
    }
    if let Some(price) = api {
        writeln!(
            out,
            "{} has its price since {} ({}). Whether it answers well enough, and can do all that the \
             calls ask for, is not known here; prices for long input are not in it.",
            price.name,
            price.quote.entry.since.date(),
            price.quote.entry.source,
        )?;
    }
    Ok(())
}

fn way(out: &mut String, (way, before, after): Pair<'_>, months: (f64, f64)) -> fmt::Result {
    let name = match way.kind {
        AlternativeKind::Stay | AlternativeKind::Api => "Staying",
        AlternativeKind::Endpoint | AlternativeKind::Optimised | AlternativeKind::Selfhost => {
            &way.name
        }
    };
    let before = before.map(|way| way.cost_usd * months.0);
    let after = after.map(|way| way.cost_usd * months.1);
    match (before, after) {
        (Some(before), Some(after)) => {
            let change = after - before;
            let moved = if change.abs() < 0.005 {
                "as it is".to_owned()
            } else {
                let which = if change < 0.0 { "less" } else { "more" };
                format!(
                    "{} {which} than as it is, {}",
                    dollars(change.abs()),
                    dollars(before)
                )
            };
            writeln!(out, "{name}: {} a month, {moved}.", dollars(after))
        }
        (None, Some(after)) => writeln!(out, "{name}: {} a month; new.", dollars(after)),
        (Some(before), None) => {
            writeln!(
                out,
                "{name}: no figure; as it is {} a month.",
                dollars(before)
            )
        }
        (None, None) => Ok(()),
    }
}
