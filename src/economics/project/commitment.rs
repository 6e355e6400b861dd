#![expect(
    clippy::float_arithmetic,
    reason = "what a commitment is worth is a projection"
)]
//! What committed money is worth: paid up front, or owed until a term ends.
//!
//! At constant volume. API prices fall as assumed; so do those of machines that can be given back.
//! The price of a term does not fall before it ends, people and fees of a call never do. What a
//! bought machine is worth in the end is left out.

use super::buckets_hours;
use crate::economics::assumptions::{End, Parameter};
use crate::economics::evaluate::Outcome;
use crate::economics::forecast::{Prospect, npv_savings, payback_months};
use crate::economics::ownership::HOURS_PER_MONTH;
use crate::economics::plan::HostPlan;
use crate::economics::projection::{Commitment, Scenario, Spread};

/// The worth of what a plan commits to over so many observed buckets; `None` if it commits to nothing.
pub(in crate::economics) fn commitment(
    plan: &HostPlan,
    outcome: &Outcome,
    buckets: usize,
) -> Option<Commitment> {
    let factor = plan.assumptions.expected().value(Parameter::GpuPriceFactor);
    let machines_usd = factor * plan.price.up_front_usd * f64::from(outcome.replicas);
    let up_front_usd = plan.one_off_usd + machines_usd;
    let committed = up_front_usd > 0.0 || plan.price.term_months.is_some();
    let hours = buckets_hours(buckets);
    if !committed || hours <= 0.0 {
        return None;
    }
    let months = plan.term_months();
    let now = today(plan, outcome, hours / HOURS_PER_MONTH);
    let at = |scenario| Prospect {
        api_decline: decline(plan, Parameter::ApiPriceDecline, scenario),
        selfhost_decline: machine_decline(plan, scenario),
        ..now
    };
    Some(Commitment {
        up_front_usd,
        months,
        net_usd: Spread::of(|scenario| npv_savings(&at(scenario), months, up_front_usd)),
        payback_months: Spread::of(|scenario| payback_months(&at(scenario), up_front_usd)),
    })
}

/// A month at today's prices, without what pays off the money up front: that is counted by itself.
fn today(plan: &HostPlan, outcome: &Outcome, months: f64) -> Prospect {
    let factor = plan.assumptions.expected().value(Parameter::GpuPriceFactor);
    let hourly = |usd_per_hour: f64| outcome.replica_hours * usd_per_hour * factor / months;
    let one_off = plan.one_off_usd / f64::from(plan.amortisation_months);
    let machines = hourly(plan.price.usd_per_hour);
    let own = (outcome.selfhost_usd - outcome.residual_usd) / months;
    Prospect {
        api_usd: (outcome.api_usd - outcome.residual_usd) / months,
        selfhost_usd: machines - hourly(plan.price.purchase_usd_per_hour),
        steady_usd: own - machines - one_off,
        api_decline: 0.0,
        selfhost_decline: 0.0,
    }
}

/// How fast a price falls in a scenario, a year.
pub(super) fn decline(plan: &HostPlan, parameter: Parameter, scenario: Scenario) -> f64 {
    let end = match scenario {
        Scenario::Pessimistic => End::Low,
        Scenario::Expected => End::Expected,
        Scenario::Optimistic => End::High,
    };
    plan.assumptions.range(parameter).at(end)
}

/// How fast the plan's own hourly price falls: not at all inside a term.
pub(super) fn machine_decline(plan: &HostPlan, scenario: Scenario) -> f64 {
    match plan.price.term_months {
        Some(_) => 0.0,
        None => decline(plan, Parameter::GpuPriceDecline, scenario),
    }
}
