#![expect(
    clippy::float_arithmetic,
    reason = "figures are scaled to a month for people"
)]
//! Hosting that runs, in words: what it costs, what it saves, and whether leaving is cheaper.

use std::fmt::{self, Write as _};

use jiff::tz::TimeZone;

use super::{dollars, listed, percent};
use crate::economics::hosting::Owed;
use crate::economics::ownership::HOURS_PER_MONTH;
use crate::economics::projection::{AlternativeKind, FORTNIGHT};
use crate::money::Avoidable;
use crate::verdict::{HostingReport, HostingWindow, Report};

/// Everything about hosting that runs; nothing where none does.
pub(super) fn hosting(out: &mut String, report: &Report) -> fmt::Result {
    for running in &report.hosting {
        one(out, report, running)?;
    }
    Ok(())
}

fn one(out: &mut String, report: &Report, running: &HostingReport) -> fmt::Result {
    let HostingReport {
        plan,
        upstreams,
        replicas,
        usd_per_hour,
        ..
    } = running;
    let many = if *replicas == 1 {
        "replica"
    } else {
        "replicas"
    };
    writeln!(
        out,
        "\nHosting that runs, {plan}: {replicas} {many} for {} an hour, used or idle.",
        dollars(*usd_per_hour)
    )?;
    let Some(seen) = running
        .window(FORTNIGHT.label)
        .filter(|it| it.ran.hours > 0.0)
    else {
        return writeln!(out, "  No minute of it has been seen yet.");
    };
    let against: Vec<&str> = upstreams.iter().map(|(_, api)| api.as_str()).collect();
    figures(out, seen, &against.join(", "))?;
    beside(out, seen)?;
    leaving(out, report, running, seen)
}

/// What its servers say, and that the verdict does not use it.
fn beside(out: &mut String, seen: &HostingWindow) -> fmt::Result {
    let Some(beside) = &seen.beside else {
        return Ok(());
    };
    let plain: fn(f64) -> String = |value| format!("{value:.2}");
    let money: fn(f64) -> String = dollars;
    let pairs = [
        ("busy replicas", beside.load, plain),
        ("replicas", beside.replicas, plain),
        ("an hour", beside.usd_per_hour, money),
    ];
    let both = pairs.into_iter().filter_map(|(what, pair, shown)| {
        let (modelled, measured) = (pair.modelled?, pair.measured?);
        let times = pair.ratio().map(|times| format!(" ({times:.2} times)"));
        let (modelled, measured) = (shown(modelled), shown(measured));
        let times = times.unwrap_or_default();
        Some(format!(
            "{measured} {what} measured against {modelled} computed{times}"
        ))
    });
    let both: Vec<String> = both.collect();
    if both.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "  Its servers say: {}. The verdict uses what is computed.",
        both.join("; ")
    )
}

/// What it cost and saved.
fn figures(out: &mut String, seen: &HostingWindow, against: &str) -> fmt::Result {
    let monthly = HOURS_PER_MONTH / seen.ran.hours;
    let saving = seen.saving_usd * monthly;
    let saves = if saving < 0.0 {
        format!("it costs {} a month more", dollars(-saving))
    } else {
        format!("it saves {} a month", dollars(saving))
    };
    writeln!(
        out,
        "  By the last {} days it costs {} a month; {against} would take {} for the same tokens: {saves}.",
        FORTNIGHT.days,
        dollars(seen.cost_usd * monthly),
        dollars(seen.api_cost.to_f64() * monthly),
    )?;
    if let (Some(busy), Some(own), Some(full), Some(api)) = (
        seen.busy,
        seen.usd_per_mtok,
        seen.full_usd_per_mtok,
        seen.api_usd_per_mtok,
    ) {
        writeln!(
            out,
            "  It is {} busy: {} per million tokens with its idle time, {} if it were full, {} at the \
             API.",
            percent(busy),
            dollars(own),
            dollars(full),
            dollars(api),
        )?;
    }
    Ok(())
}

/// Whether leaving is cheaper, and what it would not save.
fn leaving(
    out: &mut String,
    report: &Report,
    running: &HostingReport,
    seen: &HostingWindow,
) -> fmt::Result {
    let monthly = HOURS_PER_MONTH / seen.ran.hours;
    let mut states = report.states.iter();
    let state = states.find(|it| it.kind == AlternativeKind::Api && it.name == running.plan);
    let to = match seen.rival.parts.as_slice() {
        [] => "for the API".to_owned(),
        _ => format!("for {}", seen.rival.names()),
    };
    let band = &seen.leaving;
    let saved = band.expected.savings_usd * monthly;
    let figures = if saved < 0.0 {
        format!("would cost {} a month more", dollars(-saved))
    } else {
        format!(
            "would save {} a month (between {} and {})",
            dollars(saved),
            dollars(band.pessimistic.savings_usd * monthly),
            dollars(band.optimistic.savings_usd * monthly),
        )
    };
    match state {
        Some(state) if state.cheaper => {
            let since = state.since.map(|at| at.to_zoned(TimeZone::UTC).date());
            let since = since.map_or_else(String::new, |day| format!(" since {day}"));
            writeln!(out, "  The API is cheaper{since}: leaving {to} {figures}.")?;
        }
        Some(state) if !state.lacks.is_empty() => {
            let lacks = listed(&state.lacks);
            writeln!(
                out,
                "  No verdict on leaving yet: {lacks}. Leaving {to} {figures}."
            )?;
        }
        Some(_) | None => writeln!(out, "  Keep it: leaving {to} {figures}.")?,
    }
    for Owed { usd, avoidable } in &seen.owed {
        let usd = dollars(usd * monthly);
        match avoidable {
            Avoidable::Now => {}
            Avoidable::From(day) => {
                writeln!(
                    out,
                    "  {usd} a month of its cost is owed until {day}; leaving saves none of it."
                )?;
            }
            Avoidable::Never => {
                writeln!(
                    out,
                    "  {usd} a month of its cost is paid whatever happens; leaving saves none of it."
                )?;
            }
        }
    }
    Ok(())
}
