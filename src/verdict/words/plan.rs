#![expect(
    clippy::float_arithmetic,
    reason = "figures are scaled to a month for people"
)]
//! One plan of hosting in words.

use std::fmt::{self, Write as _};

use jiff::tz::TimeZone;

use super::{Words, age, committed, count, dollars, percent, standing};
use crate::economics::assumptions::Parameter;
use crate::economics::evaluate::Policy;
use crate::economics::growth::GROWTH_DAYS_MIN;
use crate::economics::plan::{Basis, HostPlan, LatencyLimit, Moved};
use crate::economics::project::{Fixed, Steps};
use crate::economics::projection::{
    AlternativeKind, Band, ChosenOn, Commitment, Hosted, Latency, Outlook, Projection, Trend,
};

/// `saves $3 a month (between $1 and $5)`.
pub(super) fn saving(band: &Band, monthly: f64) -> String {
    let at = |usd: f64| usd * monthly;
    let (low, expected, high) = (
        at(band.pessimistic.savings_usd),
        at(band.expected.savings_usd),
        at(band.optimistic.savings_usd),
    );
    let said = |usd: f64| {
        let amount = dollars(usd.abs());
        if usd < 0.0 {
            format!("{amount} more")
        } else {
            format!("{amount} less")
        }
    };
    format!(
        "{} a month (between {} and {})",
        said(expected),
        said(low),
        said(high)
    )
}

impl Words<'_> {
    pub(super) fn plan(
        &self,
        out: &mut String,
        projection: &Projection,
        monthly: f64,
    ) -> fmt::Result {
        let named = |plan: &HostPlan| plan.name == projection.plan;
        let plans = &self.0.settings.plans;
        let Some((at, plan)) = plans.iter().enumerate().find(|(_, plan)| named(plan)) else {
            return Ok(());
        };
        write!(
            out,
            "\n{} ({} {}, {} x {}): ",
            plan.name, plan.model.name, plan.precision, plan.gpus, plan.gpu.name
        )?;
        if projection.evidence.calls <= 0.0 {
            return writeln!(out, "takes none of the calls seen.");
        }
        let Some(hosted) = &projection.hosted else {
            return infeasible(out, projection.latency);
        };
        writeln!(
            out,
            "{} a month instead of {}; {}.",
            dollars(hosted.band.expected.cost_usd * monthly),
            dollars(projection.api_cost.to_f64() * monthly),
            saving(&hosted.band, monthly),
        )?;
        committed(out, &projection.committed, monthly)?;
        replicas(out, plan, hosted)?;
        if let Some(steps) = &projection.steps {
            step_by_step(out, steps)?;
        }
        volume(out, projection)?;
        self.outlook(out, projection)?;
        rival(out, projection, monthly)?;
        self.sources(out, plan, projection)?;
        let prices = self.0.api_prices_of(|stream| stream.plans.contains(&at));
        standing::prices(out, "  ", &prices, self.today())?;
        standing::seen(out, &projection.evidence, projection.window)?;
        standing::assumed(out, &plan.assumed)?;
        commitment(out, hosted)?;
        influence(out, plan, hosted, monthly)
    }

    /// How volume moves, and when hosting wins by it.
    fn outlook(&self, out: &mut String, projection: &Projection) -> fmt::Result {
        let Some(Outlook { days, trend }) = projection.outlook else {
            return Ok(());
        };
        let Some(Trend {
            growth,
            breakeven_days,
        }) = trend
        else {
            return if days < GROWTH_DAYS_MIN {
                writeln!(
                    out,
                    "  No trend yet, and so no date: {days} of {GROWTH_DAYS_MIN} complete days in a row."
                )
            } else {
                writeln!(out, "  No trend, and so no date: a day was without calls.")
            };
        };
        let when = |days: Option<f64>| {
            days.map_or_else(
                || "not within ten years".to_owned(),
                |days| self.day_in(days),
            )
        };
        writeln!(
            out,
            "  Volume grew by {} a day ({} to {}, from {days} days). At that, and at prices that fall \
             as assumed, hosting beats every other way: {}; pessimistic: {}, optimistic: {}.",
            signed_percent(growth.per_day),
            signed_percent(growth.low),
            signed_percent(growth.high),
            when(breakeven_days.expected),
            when(breakeven_days.pessimistic),
            when(breakeven_days.optimistic),
        )
    }

    /// `already`, or about when.
    fn day_in(&self, days: f64) -> String {
        if days <= 0.0 {
            return "already".to_owned();
        }
        let at = self.0.after_days(days);
        at.map_or_else(
            || "not within ten years".to_owned(),
            |at| format!("from about {}", at.to_zoned(TimeZone::UTC).date()),
        )
    }

    fn sources(&self, out: &mut String, plan: &HostPlan, projection: &Projection) -> fmt::Result {
        let throughput = &plan.throughput;
        let today = self.today();
        writeln!(
            out,
            "  Throughput: {} ({}, {}). Machines: {} an hour a replica ({}, {}).",
            throughput.source.label(),
            throughput.cite,
            age(throughput.as_of, today),
            dollars(plan.price.usd_per_hour),
            plan.price.source,
            age(plan.price.as_of, today),
        )?;
        match (projection.latency, plan.latency) {
            (Latency::Held(limit), LatencyLimit::AsToday) => writeln!(
                out,
                "  An output token may take {limit:.3} s, as on the API today."
            ),
            (Latency::Held(limit), LatencyLimit::Seconds(_)) => {
                writeln!(
                    out,
                    "  An output token may take {limit:.3} s, as configured."
                )
            }
            (Latency::NotChecked | Latency::Infeasible(_), _) => {
                writeln!(
                    out,
                    "  Whether it answers as fast as the API is not checked."
                )
            }
        }
    }
}

/// A small change in hundredths of a percent.
fn signed_percent(change: f64) -> String {
    let hundredths = (change * 10_000.0).round() / 100.0;
    // Minus nothing is nothing.
    format!("{} %", hundredths + 0.0)
}

fn infeasible(out: &mut String, latency: Latency) -> fmt::Result {
    match latency {
        Latency::Infeasible(limit) | Latency::Held(limit) => writeln!(
            out,
            "cannot answer at {limit:.3} s per output token: these machines read the weights slower."
        ),
        Latency::NotChecked => writeln!(out, "cannot be computed."),
    }
}

fn replicas(out: &mut String, plan: &HostPlan, hosted: &Hosted) -> fmt::Result {
    let used = hosted
        .utilisation
        .map_or_else(String::new, |used| format!(", {} used", percent(used)));
    let people = plan.assumptions.range(Parameter::OpsUsdPerMonth).expected;
    writeln!(
        out,
        "  {:.1} replicas on average{used}; the busiest minute needs {:.0}, 99 % of minutes at most \
         {:.0}. {} of the minutes spill over to the API. People: {} a month.",
        hosted.replicas.mean,
        hosted.replicas.peak,
        hosted.replicas.p99,
        percent(hosted.short_ratio),
        dollars(people),
    )?;
    if let Policy::Serverless { .. } = plan.policy {
        writeln!(
            out,
            "  A replica that starts for a call delays its first token: by how much is not known here."
        )?;
    }
    if hosted.chosen_on == ChosenOn::Hindsight {
        writeln!(
            out,
            "  The number of replicas was chosen in hindsight: nobody could have known it."
        )?;
    }
    Ok(())
}

/// How the figure comes about, in short; the closed form never without what its replicas carry.
fn step_by_step(out: &mut String, steps: &Steps) -> fmt::Result {
    write!(
        out,
        "  A call costs ${:.6} on the API and {:.3} s of a replica, which counts as full at {}: the \
         calls keep {:.2} busy on average, {:.2} in the busiest minute.",
        steps.api_usd_per_call,
        steps.work.seconds(),
        percent(steps.utilisation),
        steps.mean_load,
        steps.peak_load,
    )?;
    match &steps.fixed {
        Some(fixed) => closed_form(out, fixed),
        None => writeln!(out),
    }
}

fn closed_form(out: &mut String, fixed: &Fixed) -> fmt::Result {
    let (Some(calls), Some(carried)) = (
        fixed.closed_form_calls_per_day,
        fixed.capacity_calls_per_day,
    ) else {
        return writeln!(out, " A hosted call gains nothing.");
    };
    let so = if fixed.holds() {
        "enough"
    } else {
        "not enough, so that sum is wrong"
    };
    let replicas = fixed.replicas;
    let many = if replicas == 1 { "replica" } else { "replicas" };
    writeln!(
        out,
        " By division alone {replicas} {many} and people, {} a day, are earned at {} calls a day; at \
         most {} can be carried: {so}.",
        dollars(fixed.usd_per_day()),
        count(calls),
        count(carried),
    )
}

fn volume(out: &mut String, projection: &Projection) -> fmt::Result {
    let Some(breakeven) = projection.breakeven else {
        return Ok(());
    };
    let today = projection.calls_per_day;
    match breakeven.robust {
        Some(scale) => writeln!(
            out,
            "  Hosting beats every other way from {} calls a day on; you are at {}.",
            count(today * scale),
            count(today)
        ),
        None => writeln!(
            out,
            "  Hosting does not win for good at up to 100 times today's {} calls a day.",
            count(today)
        ),
    }
}

fn rival(out: &mut String, projection: &Projection, monthly: f64) -> fmt::Result {
    let api_usd = projection.api_cost.to_f64();
    let rivals = [&projection.best_endpoint, &projection.best_optimised];
    for best in rivals.into_iter().flatten() {
        if best.cost_usd >= api_usd {
            continue;
        }
        let who = match best.kind {
            AlternativeKind::Optimised => format!("the same provider, by {},", best.name),
            AlternativeKind::Stay
            | AlternativeKind::Api
            | AlternativeKind::Endpoint
            | AlternativeKind::Selfhost => {
                format!("the endpoint {}", best.name)
            }
        };
        let cost = dollars(best.cost_usd * monthly);
        writeln!(out, "  For the same calls {who} would take {cost} a month.")?;
    }
    let rival = &projection.rival;
    if rival.parts.len() > 1 {
        let (who, cost) = (rival.names(), dollars(rival.cost_usd(api_usd) * monthly));
        writeln!(
            out,
            "  Each where it saves most, {who} together would take {cost} a month: hosting must beat \
             that."
        )?;
    }
    Ok(())
}

fn commitment(out: &mut String, hosted: &Hosted) -> fmt::Result {
    match &hosted.commitment {
        Some(commitment) => writeln!(out, "  {}", owed(commitment)),
        None => Ok(()),
    }
}

/// What is owed up front or for a term, and whether it is worth it.
#[must_use]
pub fn owed(commitment: &Commitment) -> String {
    let Commitment {
        up_front_usd,
        months,
        net_usd,
        payback_months,
    } = *commitment;
    let paid = if up_front_usd > 0.0 {
        let back = |months: Option<f64>| {
            months.map_or_else(
                || "never".to_owned(),
                |months| format!("in {months:.1} months"),
            )
        };
        format!(
            "{} up front is paid back {} (pessimistic {}, optimistic {}).",
            dollars(up_front_usd),
            back(payback_months.expected),
            back(payback_months.pessimistic),
            back(payback_months.optimistic),
        )
    } else {
        "It is paid for whether it is used or not.".to_owned()
    };
    format!(
        "{paid} Over its {months} months it is worth {} with API prices falling as expected, {} if \
         they fall as fast as they may.",
        dollars(net_usd.expected),
        dollars(net_usd.pessimistic),
    )
}

/// What moves the figure most, and which defaults someone moved in favour of hosting.
fn influence(out: &mut String, plan: &HostPlan, hosted: &Hosted, monthly: f64) -> fmt::Result {
    let most: Vec<String> = hosted
        .band
        .sensitivity
        .iter()
        .take(2)
        .map(|deviation| {
            format!(
                "{} (by {} to {})",
                deviation.parameter,
                dollars(deviation.low_usd * monthly),
                dollars(deviation.high_usd * monthly)
            )
        })
        .collect();
    writeln!(
        out,
        "  What moves the saving most, a month: {}.",
        most.join(", ")
    )?;
    let with = (plan.moved.as_slice(), hosted.moved_usd.as_slice());
    moved(out, with, plan.basis.as_ref(), monthly)
}

/// Which defaults someone moved in favour of hosting, what that is worth, and who says so.
pub(super) fn moved(
    out: &mut String,
    (moved, worth): (&[Moved], &[f64]),
    basis: Option<&Basis>,
    monthly: f64,
) -> fmt::Result {
    let Some(basis) = basis else {
        return Ok(());
    };
    for (Moved { parameter, .. }, worth) in moved.iter().zip(worth) {
        let worth = if parameter.moves_window() {
            format!("worth {} a month", dollars(worth * monthly))
        } else {
            "which moves dates and net values".to_owned()
        };
        writeln!(
            out,
            "  {} was set in favour of hosting, {worth}: {} ({}, {}).",
            parameter.key(),
            basis.basis,
            basis.by,
            basis.date
        )?;
    }
    Ok(())
}
