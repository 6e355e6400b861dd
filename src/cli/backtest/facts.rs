#![expect(clippy::float_arithmetic, reason = "totals become means for people")]
//! What is said of a trace and of the figures, in sentences: terminal and document say the same.

use super::sheets::{any_marked, compact, count, percent, usd};
use super::trace::{Grain, minutes};
use super::{PricedTrace, Study, Traced};
use crate::economics::projection::Latency;
use crate::verdict::owed;

/// What the trace is.
pub(super) fn of_trace(traced: &Traced) -> Vec<String> {
    let trace = &traced.trace;
    let total = &trace.total;
    let calls = total.calls;
    let input = total.uncached_input + total.cached_input;
    let cached = match total.cached_input {
        0.0.. if total.cached_input > 0.0 => {
            format!(" ({} of them cached)", percent(total.cached_input / input))
        }
        _ => String::new(),
    };
    let mut said = vec![format!(
        "{} in {}, {} a day: {} tokens in{cached} and {} out a call.",
        of("call", calls),
        span(trace.minutes),
        compact(trace.calls_per_day()),
        count(input / calls),
        count(total.output / calls),
    )];
    if (traced.scale - 1.0).abs() > 1e-9 {
        said.push(format!(
            "Taken {} times, {} calls a day, at the same times of the day.",
            times(traced.scale),
            compact(traced.scale * trace.calls_per_day()),
        ));
    }
    said.push(context(traced));
    if let Grain::Means {
        minutes,
        token_mean_coverage,
    } = trace.grain()
    {
        said.push(format!(
            "Its rows are means over {minutes} minutes, spread evenly: bursts inside them and calls \
             longer than the mean are not seen, so fleets come out too small.",
        ));
        if let Some(part) = token_mean_coverage.filter(|part| *part < 0.995) {
            said.push(format!(
                "Its token means are those of {} of its calls.",
                percent(part)
            ));
        }
    }
    if trace.minutes < 1_440 {
        said.push(format!(
            "A month is {} over and over, without a night or a weekend: who has those needs as many \
             replicas for fewer calls.",
            these(trace.minutes),
        ));
    }
    said
}

/// How much context the calls need.
fn context(traced: &Traced) -> String {
    let calls = traced.trace.total.calls * traced.scale;
    let classes = traced.priced.first().into_iter();
    let classes = classes.flat_map(|priced| priced.traffic.calls_by_class());
    let parts: Vec<String> = classes
        .filter(|(_, of_class)| *of_class > 0.0)
        .map(|(class, of_class)| format!("{} {}", percent(of_class / calls), class.label()))
        .collect();
    format!("Context that the calls need: {}.", parts.join(", "))
}

/// `1 call`, `2 calls`.
fn of(what: &str, number: f64) -> String {
    let ending = if count(number) == "1" { "" } else { "s" };
    format!("{} {what}{ending}", count(number))
}

/// How many times, also where it is a small part.
fn times(scale: f64) -> String {
    if scale < 0.01 {
        format!("{scale}")
    } else {
        compact(scale)
    }
}

fn these(minutes_long: usize) -> String {
    match minutes_long {
        1 => "this minute".to_owned(),
        _ => format!("these {}", span(minutes_long)),
    }
}

fn span(minutes_long: usize) -> String {
    let long = minutes(minutes_long);
    match minutes_long {
        ..180 => of("minute", long),
        180..2_880 => format!("{:.0} hours", long / 60.0),
        _ => format!("{:.0} days", long / 1_440.0),
    }
}

/// What must be known to read the tables of one price.
pub(super) fn of_price(study: &Study<'_>, priced: &PricedTrace, model: &str) -> Vec<String> {
    let mut said = Vec::new();
    if any_marked(study, priced, model) {
        said.push(format!(
            "* is not configured to replace {model}: nobody said that its answers are as \
             good, and no plan has to beat it.",
        ));
    }
    let comparison = &priced.comparison;
    let plans = study.known.plans.iter().zip(&comparison.plans);
    for (plan, hosting) in plans {
        let hosted = hosting.hindsight.as_ref().map(|scored| &scored.hosted);
        if let Some(commitment) = hosted.and_then(|hosted| hosted.commitment) {
            said.push(format!("{}: {}", plan.name, owed(&commitment)));
        }
    }
    let plans = study.known.plans.iter().zip(&comparison.plans);
    let takes = plans.map(|(plan, hosting)| (&plan.name, &hosting.taken));
    let arms = priced.arms.iter().zip(&comparison.arms);
    let all = takes.chain(arms.map(|(arm, rented)| (&arm.name, &rented.taken)));
    for (name, taken) in all {
        let left = comparison.total.calls - taken.total.calls;
        if left > 0.0 {
            said.push(format!(
                "{name} takes {} of the calls; the others need more context and stay on the API \
                 for {} a month.",
                percent(taken.total.calls / comparison.total.calls),
                usd(comparison.a_month(comparison.api_usd - taken.api_usd)),
            ));
        }
    }
    said
}

/// Plans whose speed nothing is known of to hold a limit by.
pub(super) fn of_latency(study: &Study<'_>, traced: &Traced) -> Vec<String> {
    let Some(priced) = traced.priced.first() else {
        return Vec::new();
    };
    let plans = study.known.plans.iter().zip(&priced.comparison.plans);
    let unchecked: Vec<&str> = plans
        .filter(|(_, hosting)| hosting.latency == Latency::NotChecked)
        .map(|(plan, _)| plan.name.as_str())
        .collect();
    if unchecked.is_empty() {
        return Vec::new();
    }
    vec![format!(
        "No limit on the time of a token is held for {}: set tpot_limit_seconds.",
        unchecked.join(", ")
    )]
}

/// How to read the tables.
pub(super) const LEGEND: [&str; 5] = [
    "A month has 730 hours. Cost is everything: rent or purchase, idle replicas, people, and what \
     stays on the API.",
    "Break-even: at which volume of the same shape the plan first costs no more than the API, and \
     from which on for good; looked for between 0.01 and 100 times this traffic. `Against the \
     best` counts from the best way without machines instead.",
    "Saving in hindsight: replicas chosen knowing the whole trace, better than anyone can. Chosen \
     ahead: on its first half, scored on its second.",
    "Short: minutes in which replicas were missing; what they lacked, the overflow, stays on the \
     API and is paid there.",
    "A calculator of averages takes the mean tokens a second over one figure for the machine, at \
     1000 tokens in and 1000 out: always full, no peaks, no people. It is judged by the same \
     throughput table without margins. `above it`: the part of 10-second slots and of minutes that \
     bring more than its fleet can do at 100 %. `FLOPs alone` is the \
     arithmetic of the tokens at the full peak of the cards, a month: what no machine reaches.",
];
