#![expect(
    clippy::float_arithmetic,
    reason = "prices and volumes of the future are estimates"
)]
//! When hosting wins, if volume and prices go on as they do.
//!
//! Each day looked at evaluates the window as a whole, at that day's volume and prices: a closed form
//! with a share of own cost that does not grow knows neither steps of replicas nor peaks, and is
//! wrong once a fleet is full.

use super::Loads;
use super::columns::Minutes;
use super::commitment::{decline, machine_decline};
use crate::economics::assumptions::Parameter;
use crate::economics::evaluate::Terms;
use crate::economics::forecast::first_day;
use crate::economics::growth::Growth;
use crate::economics::plan::HostPlan;
use crate::economics::projection::{Scenario, Spread};

/// Days between two looks, before the day itself is found.
const STEP_DAYS: usize = 14;
/// Days in a year, for yearly declines.
const DAYS_PER_YEAR: f64 = 365.0;
/// Volume is not followed beyond this many times today's: hosting a larger one is not known.
const SCALE_MAX: f64 = 100.0;

/// Days until the plan beats the API and its best rival, whose prices fall alike; `None` where the
/// latency limit cannot be held.
#[must_use]
pub fn breakeven_days(
    plan: &HostPlan,
    limit: Option<f64>,
    minutes: Minutes<'_>,
    rival_savings_usd: f64,
    growth: &Growth,
) -> Option<Spread<Option<f64>>> {
    let point = plan.assumptions.expected();
    let loads = Loads::of(plan, &point, limit, minutes)?;
    let (window, terms) = (loads.window(), plan.terms(&point));
    Some(Spread::of(|scenario| {
        let api = 1.0 - decline(plan, Parameter::ApiPriceDecline, scenario);
        let own = 1.0 - machine_decline(plan, scenario);
        let per_day = growth_at(growth, scenario);
        first_day(STEP_DAYS, |days| {
            let years = days / DAYS_PER_YEAR;
            let scale = (per_day * days).exp().min(SCALE_MAX);
            let terms = in_api_prices(&terms, api.powf(years), own.powf(years));
            let savings = window.at_scale(scale, &terms, plan.policy).savings_usd;
            savings - scale * rival_savings_usd
        })
    }))
}

/// Slow growth is pessimistic for hosting.
const fn growth_at(growth: &Growth, scenario: Scenario) -> f64 {
    match scenario {
        Scenario::Pessimistic => growth.low,
        Scenario::Expected => growth.per_day,
        Scenario::Optimistic => growth.high,
    }
}

/// The prices of a day, when API prices are `api` and those of machines `own` times today's, in units
/// in which API prices stay as they are: only the sign of a saving is looked at.
fn in_api_prices(terms: &Terms, api: f64, own: f64) -> Terms {
    Terms {
        usd_per_replica_hour: terms.usd_per_replica_hour * own / api,
        ops_usd_per_month: terms.ops_usd_per_month / api,
        one_off_usd: terms.one_off_usd / api,
        usd_per_call: terms.usd_per_call / api,
        ..*terms
    }
}
