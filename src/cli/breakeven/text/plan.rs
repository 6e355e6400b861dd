#![expect(
    clippy::float_arithmetic,
    reason = "estimates are taken apart for people here"
)]
//! One plan: the answer first, then every step to it.

use std::fmt::{self, Write as _};

use crate::cli::breakeven::figures::{count, difference, dollars, monthly, percent};
use crate::cli::breakeven::json::{scaled, tokens};
use crate::economics::assumptions::Parameter;
use crate::economics::band::Deviation;
use crate::economics::breakeven::BreakEven;
use crate::economics::plan::HostPlan;
use crate::economics::project::{Fixed, SCALES, Steps};
use crate::economics::projection::{Hosted, Latency};
use crate::economics::whatif::{PlanAnswer, Question};
use crate::verdict::owed;

pub(super) fn write(
    out: &mut String,
    plan: &HostPlan,
    answer: &PlanAnswer,
    question: &Question,
) -> fmt::Result {
    writeln!(
        out,
        "\n{}: {} {} on {} x {} a replica, policy {}",
        plan.name,
        plan.model.name,
        plan.precision,
        plan.gpus,
        plan.gpu.name,
        plan.policy.label()
    )?;
    let (Some(steps), Some(hosted)) = (&answer.steps, &answer.hosted) else {
        return too_slow(out, answer.latency);
    };
    let never = never(steps);
    for (rival, found) in [
        ("staying", answer.against_staying),
        ("every other way", answer.against_all),
    ] {
        breakeven(out, (rival, never), found, question)?;
    }
    band(out, hosted)?;
    work(out, plan, steps, answer.latency)?;
    replicas(out, steps, hosted)?;
    hour(out, plan, steps)?;
    closed_form(out, steps)?;
    naive(out, steps)
}

fn too_slow(out: &mut String, latency: Latency) -> fmt::Result {
    match latency {
        Latency::Infeasible(limit) => writeln!(
            out,
            "  cannot answer at {limit:.3} s an output token: these machines read the weights slower."
        ),
        Latency::Held(_) | Latency::NotChecked => writeln!(out, "  cannot be computed."),
    }
}

/// Why no volume may be enough.
fn never(steps: &Steps) -> &'static str {
    let full_usd = steps.fixed.and_then(|fixed| fixed.full_usd_per_call);
    if full_usd >= Some(steps.api_usd_per_call) {
        "a call costs more on a full replica than on the API"
    } else {
        "the rival costs less than full replicas, or the peaks are too high"
    }
}

fn breakeven(
    out: &mut String,
    (rival, never): (&str, &str),
    found: Option<BreakEven>,
    question: &Question,
) -> fmt::Result {
    let volume = |scale: f64| {
        let calls = scaled(question, scale);
        format!(
            "{} calls or {} tokens a day",
            count(calls),
            count(tokens(question, calls))
        )
    };
    write!(out, "  Break-even with {rival}: ")?;
    match found.map(|found| (found.first, found.robust)) {
        Some((Some(first), Some(robust))) if robust <= first => {
            writeln!(out, "from {} on.", volume(first))
        }
        Some((Some(first), Some(robust))) => writeln!(
            out,
            "first at {}, for good from {} on.",
            volume(first),
            volume(robust)
        ),
        Some((Some(first), None)) => writeln!(
            out,
            "first at {}, but not for good up to {}.",
            volume(first),
            volume(SCALES.1)
        ),
        Some((None, _)) | None => {
            writeln!(out, "never up to {}: {never}.", volume(SCALES.1))
        }
    }
}

fn band(out: &mut String, hosted: &Hosted) -> fmt::Result {
    let band = &hosted.band;
    let saved = |usd: f64| difference(monthly(usd));
    writeln!(
        out,
        "  At the volume asked: {} a month, {} than the API as it is (between {} and {}).",
        dollars(monthly(band.expected.cost_usd)),
        saved(band.expected.savings_usd),
        saved(band.pessimistic.savings_usd),
        saved(band.optimistic.savings_usd),
    )?;
    let most = band.sensitivity.iter().take(2);
    let most: Vec<String> = most
        .map(
            |Deviation {
                 parameter,
                 low_usd,
                 high_usd,
             }| {
                let (low, high) = (dollars(monthly(*low_usd)), dollars(monthly(*high_usd)));
                format!("{parameter} (by {low} to {high})")
            },
        )
        .collect();
    writeln!(out, "  What moves that most, a month: {}.", most.join(", "))?;
    match &hosted.commitment {
        Some(commitment) => writeln!(out, "  {}", owed(commitment)),
        None => Ok(()),
    }
}

fn work(out: &mut String, plan: &HostPlan, steps: &Steps, latency: Latency) -> fmt::Result {
    let throughput = &plan.throughput;
    let coefficients = throughput.coefficients;
    let limit = match latency {
        Latency::Held(limit) => format!(", no token later than {limit:.3} s"),
        Latency::NotChecked | Latency::Infeasible(_) => String::new(),
    };
    let kappa = plan.assumptions.range(Parameter::CachedWorkSaved).expected;
    writeln!(
        out,
        "  1. Work of a call, a·(I + {:.2}·H) + b·O + c·X with X = O·(I + H) + O²/2: reading the input \
         {:.4} s, writing the output {:.4} s{limit}; {:.4} s of a whole replica.",
        1.0 - kappa,
        steps.work.prefill_seconds,
        steps.work.decode_seconds,
        steps.work.seconds(),
    )?;
    writeln!(
        out,
        "     a = {:.3e}, b = {:.3e}, c = {:.3e} s ({}: {}, {}), times {:.2} for what that leaves out.",
        coefficients.a,
        coefficients.b,
        coefficients.c,
        throughput.source.label(),
        throughput.cite,
        throughput.as_of,
        steps.work.multiplier,
    )
}

fn replicas(out: &mut String, steps: &Steps, hosted: &Hosted) -> fmt::Result {
    writeln!(
        out,
        "  2. Load: {:.2} replicas busy on average, {:.2} in the busiest minute.",
        steps.mean_load, steps.peak_load
    )?;
    let used = hosted
        .utilisation
        .map_or_else(String::new, |used| format!(", {} used", percent(used)));
    writeln!(
        out,
        "  3. Replicas: one counts as full at {}, so the mean needs {} and the busiest minute {}. The \
         policy, knowing this week, has {:.1} on average{used}; in {} of the minutes some calls stay on \
         the API.",
        percent(steps.utilisation),
        steps.replicas_for_mean,
        steps.replicas_for_peak,
        hosted.replicas.mean,
        percent(hosted.short_ratio),
    )
}

fn hour(out: &mut String, plan: &HostPlan, steps: &Steps) -> fmt::Result {
    let price = &plan.price;
    write!(
        out,
        "  4. An hour of a replica: {} for {} x {}, {} each ({}, {})",
        dollars(steps.usd_per_replica_hour),
        plan.gpus,
        plan.gpu.name,
        dollars(steps.usd_per_replica_hour / f64::from(plan.gpus)),
        price.source,
        price.as_of,
    )?;
    if price.purchase_usd_per_hour > 0.0 {
        let (part, up_front) = (
            dollars(price.purchase_usd_per_hour),
            dollars(price.up_front_usd),
        );
        write!(out, ", {part} of it to pay back {up_front} up front")?;
    }
    if let Some(months) = price.term_months {
        write!(out, ", owed for {months} months")?;
    }
    writeln!(out, ".")
}

fn closed_form(out: &mut String, steps: &Steps) -> fmt::Result {
    let Some(fixed) = steps.fixed else {
        return writeln!(
            out,
            "  5. Fixed a day: no replica, each is paid for only while it is up.\n  6. Closed form: none."
        );
    };
    let Fixed {
        replicas,
        machines_usd_per_day,
        people_usd_per_day,
        one_off_usd_per_day,
        api_usd_per_call,
        own_usd_per_call,
        closed_form_calls_per_day,
        capacity_calls_per_day,
        full_usd_per_call: _,
    } = fixed;
    writeln!(
        out,
        "  5. Fixed a day: {replicas} x 24 hours {}, people {}, what is paid once {}: {}.",
        dollars(machines_usd_per_day),
        dollars(people_usd_per_day),
        dollars(one_off_usd_per_day),
        dollars(fixed.usd_per_day()),
    )?;
    let Some(calls) = closed_form_calls_per_day else {
        return writeln!(
            out,
            "  6. Closed form: none, a hosted call costs {} beside the replica, the API {}.",
            dollars(own_usd_per_call),
            dollars(api_usd_per_call)
        );
    };
    let carried = capacity_calls_per_day.unwrap_or(f64::INFINITY);
    let so = if fixed.holds() {
        "so it can be so, were there no peaks"
    } else {
        "so the closed form is wrong here"
    };
    writeln!(
        out,
        "  6. Closed form: fixed / ({} on the API - {} of a hosted call) = {} calls a day. These \
         replicas, full day and night, carry {}: {so}.",
        dollars(api_usd_per_call),
        dollars(own_usd_per_call),
        count(calls),
        count(carried),
    )
}

fn naive(out: &mut String, steps: &Steps) -> fmt::Result {
    match steps.naive {
        Some(naive) => writeln!(
            out,
            "  7. Naive: two operations a parameter and token at the full peak of the cards, {} a 1,000 \
             tokens, {} a call. A lower bound that no server reaches; nothing here uses it.",
            dollars(naive.usd_per_1k),
            dollars(naive.usd_per_call),
        ),
        None => writeln!(
            out,
            "  7. Naive: unknown, no data sheet says how fast these cards compute at this precision."
        ),
    }
}
