//! Running totals of what hosting would have cost: one closed minute after the other, from 0 at the
//! start of the process.
#![expect(
    clippy::float_arithmetic,
    reason = "estimates are summed, and none below 0: the sums never fall; no bill is in them"
)]

use std::collections::BTreeMap;

use super::exposition::Exposition;
use super::family as f;
use super::gauges::{PlanGauges, PlanMinute};

/// The scenarios, which are shown at 0 from the start.
const SCENARIOS: [&str; 3] = ["pessimistic", "expected", "optimistic"];

/// The totals of each plan; a plan that a reload takes away keeps them.
#[derive(Debug, Default)]
pub(super) struct Running(BTreeMap<String, Totals>);

#[derive(Debug, Default)]
struct Totals {
    qualifying_usd: f64,
    cost_usd: BTreeMap<&'static str, f64>,
    work_replica_seconds: f64,
    replica_seconds: f64,
    overflow_usd: f64,
}

impl Running {
    /// Adds a closed minute of each plan.
    pub(super) fn add(&mut self, minutes: &[PlanMinute]) {
        for PlanMinute {
            plan,
            qualifying_usd,
            cost_usd,
            work_replica_seconds,
            replica_seconds,
            overflow_usd,
        } in minutes
        {
            let totals = self.0.entry(plan.clone()).or_default();
            totals.qualifying_usd += qualifying_usd;
            for (scenario, usd) in cost_usd {
                *totals.cost_usd.entry(scenario).or_default() += usd;
            }
            totals.work_replica_seconds += work_replica_seconds;
            totals.replica_seconds += replica_seconds;
            totals.overflow_usd += overflow_usd;
        }
    }

    /// Shows the totals of the plans that there are.
    pub(super) fn show(&self, out: &mut Exposition, plans: &[PlanGauges]) {
        let none = Totals::default();
        for plan in plans {
            let totals = self.0.get(&plan.plan).unwrap_or(&none);
            let plan = plan.plan.as_str();
            out.number(f::QUALIFYING_TOTAL, &[plan], totals.qualifying_usd);
            for scenario in SCENARIOS {
                let usd = totals.cost_usd.get(scenario).copied().unwrap_or_default();
                out.number(f::COST_TOTAL, &[plan, scenario], usd);
            }
            out.number(f::WORK_TOTAL, &[plan], totals.work_replica_seconds);
            out.number(f::REPLICA_TOTAL, &[plan], totals.replica_seconds);
            out.number(f::OVERFLOW_TOTAL, &[plan], totals.overflow_usd);
        }
    }
}
