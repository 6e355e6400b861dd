#![expect(
    clippy::float_arithmetic,
    reason = "machines cost by the hour; what a call costs stays exact elsewhere"
)]
//! Hosting that runs: what it costs, idle hours included, and what of that leaving would not save.

use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::HostPlan;
use super::assumptions::{Parameter, Point};
use super::ownership::HOURS_PER_MONTH;
use super::work::{Conversion, TokenSums, work};
use crate::money::Avoidable;

/// Since when how many replicas run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The first minute, since 1970; `i64::MIN` where nobody wrote it.
    pub from_minute: i64,
    /// The UTC day on which that minute lies, if it was written.
    pub day: Option<Date>,
    /// How many, 0 where hosting is off.
    pub replicas: u32,
}

/// What ran in some time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Ran {
    /// Hours in which at least one replica ran.
    pub hours: f64,
    /// Hours of all replicas, used or idle.
    pub replica_hours: f64,
    /// Calls that were served.
    pub calls: f64,
}

/// Money that is paid whether hosting goes on or not.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Owed {
    /// Dollars of the time that is looked at.
    pub usd: f64,
    /// From when on it can be avoided.
    pub avoidable: Avoidable,
}

/// Replicas in a minute since 1970.
#[must_use]
pub fn replicas_at(steps: &[Step], minute: i64) -> u32 {
    let begun = steps.iter().rfind(|step| step.from_minute <= minute);
    begun.map_or(0, |step| step.replicas)
}

/// What hosting costs that ran so, dollars: replica-hours, people and what was paid once by the month,
/// and what is paid for each call.
#[must_use]
pub fn cost_usd(plan: &HostPlan, point: &Point, ran: &Ran) -> f64 {
    let terms = plan.terms(point);
    ran.replica_hours * terms.usd_per_replica_hour
        + terms.ops_usd_per_month * ran.hours / HOURS_PER_MONTH
        + one_off_usd(plan, ran)
        + terms.usd_per_call * ran.calls
}

/// What was paid once, spread over its months.
fn one_off_usd(plan: &HostPlan, ran: &Ran) -> f64 {
    if plan.one_off_usd <= 0.0 {
        return 0.0;
    }
    plan.one_off_usd / f64::from(plan.amortisation_months) * ran.hours / HOURS_PER_MONTH
}

/// What of that leaving on `today` would not save: machines whose term runs on, and what was paid once.
/// `hours` are those of `ran` in which each of the steps held. The replicas that run are those that
/// began first; each has its own term, and is owed for the hours since it began.
#[must_use]
pub fn owed(
    plan: &HostPlan,
    steps: &[Step],
    (ran, hours): (&Ran, &[f64]),
    today: Date,
) -> Vec<Owed> {
    let factor = plan.assumptions.expected().value(Parameter::GpuPriceFactor);
    let usd_per_hour = plan.price.owed_usd_per_hour * factor;
    let machine = |begun: Begun| {
        let avoidable = ends(begun.day, plan.price.term_months?);
        let hours: f64 = hours.iter().skip(begun.step).sum();
        avoidable.is_committed(today).then(|| Owed {
            usd: usd_per_hour * hours * f64::from(begun.replicas),
            avoidable,
        })
    };
    let once = Owed {
        usd: one_off_usd(plan, ran),
        avoidable: Avoidable::Never,
    };
    let machines = begun(steps, today).into_iter().filter_map(machine);
    machines
        .chain([once])
        .filter(|owed| owed.usd > 0.0)
        .collect()
}

/// When a term ends; of one whose begin nobody wrote, nobody knows.
fn ends(begun: Option<Date>, months: u32) -> Avoidable {
    let end = begun.and_then(|day| day.checked_add(i64::from(months).months()).ok());
    end.map_or(Avoidable::Never, Avoidable::From)
}

/// Replicas that began together and run still.
struct Begun {
    /// The place of their step.
    step: usize,
    day: Option<Date>,
    replicas: u32,
}

/// The replicas that run, by the step they began with, oldest first: what stops is what began last.
fn begun(steps: &[Step], today: Date) -> Vec<Begun> {
    let mut all: Vec<Begun> = Vec::new();
    let steps = steps.iter().enumerate();
    for (at, step) in steps.filter(|(_, step)| step.day.is_none_or(|day| day <= today)) {
        let mut runs: u32 = all.iter().map(|begun| begun.replicas).sum();
        while runs > step.replicas {
            let Some(last) = all.last_mut() else {
                break;
            };
            let fewer = last.replicas.min(runs.saturating_sub(step.replicas));
            last.replicas = last.replicas.saturating_sub(fewer);
            runs = runs.saturating_sub(fewer);
            all.pop_if(|begun| begun.replicas == 0);
        }
        let replicas = step.replicas.saturating_sub(runs);
        if replicas > 0 {
            let day = step.day;
            all.push(Begun {
                step: at,
                day,
                replicas,
            });
        }
    }
    all
}

/// How busy replicas were: work by the plan's coefficients over their time, 1 at full load; absent
/// where none ran.
#[must_use]
pub fn busy(plan: &HostPlan, sums: &TokenSums, ran: &Ran) -> Option<f64> {
    let point = plan.assumptions.expected();
    // The tokens are the open model's own.
    let conversion = Conversion {
        cached_work_saved: point.value(Parameter::CachedWorkSaved),
        ..Conversion::SAME
    };
    let work = work(&plan.throughput.coefficients, &conversion, None, sums)?;
    let seconds = ran.replica_hours * 3_600.0;
    (seconds > 0.0).then(|| work * point.value(Parameter::WorkMultiplier) / seconds)
}

/// What of a cost would be left per token if the same replicas were full: at the load that counts as
/// full, or at today's where that is higher.
#[must_use]
pub fn share_at_full_use(plan: &HostPlan, busy: f64) -> f64 {
    let full = plan.assumptions.expected().value(Parameter::Utilisation);
    (busy / full).min(1.0)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::economics::examples::{checked, plan_draft};

    fn step(day: Option<Date>, replicas: u32) -> Step {
        let minute = |day: Date| date(1970, 1, 1).until(day).unwrap().get_days() * 1_440;
        Step {
            from_minute: day.map_or(i64::MIN, |day| minute(day).into()),
            day,
            replicas,
        }
    }

    /// Two dollars an hour, for a year from its begin, and people for 730 dollars a month.
    fn plan() -> HostPlan {
        let mut plan = checked(plan_draft("llama-70b-2xh100")).unwrap();
        plan.price.usd_per_hour = 2.0;
        plan.price.owed_usd_per_hour = 1.5;
        plan.price.term_months = Some(12);
        plan.one_off_usd = 0.0;
        let people = crate::economics::assumptions::Range::certain(730.0);
        plan.assumptions = plan.assumptions.with(Parameter::OpsUsdPerMonth, people);
        plan
    }

    #[test]
    fn idle_hours_cost_what_busy_ones_do() {
        let plan = plan();
        let ran = Ran {
            hours: 24.0,
            replica_hours: 48.0,
            calls: 0.0,
        };
        let usd = cost_usd(&plan, &plan.assumptions.expected(), &ran);
        // 48 x 2 dollars and 24 hours of people at a dollar.
        assert!((usd - 120.0).abs() < 1e-9, "{usd}");
        assert!(cost_usd(&plan, &plan.assumptions.expected(), &Ran::default()) < 1e-9);
    }

    #[test]
    fn a_change_of_replicas_leaves_the_past_as_it_was() {
        let day = |number| date(2026, 10, number);
        let steps = [step(Some(day(1)), 2), step(Some(day(3)), 5)];
        let at = |number| step(Some(day(number)), 0).from_minute;
        assert_eq!(replicas_at(&steps, at(1) - 1), 0);
        assert_eq!(replicas_at(&steps, at(1)), 2);
        assert_eq!(replicas_at(&steps, at(3) - 1), 2);
        assert_eq!(replicas_at(&steps, at(3)), 5);
        assert_eq!(replicas_at(&[step(None, 4)], 0), 4);
    }

    #[track_caller]
    fn check(steps: &[Step], hours: &[f64], expected: &[(f64, Avoidable)]) {
        let ran = Ran {
            hours: hours.iter().sum(),
            replica_hours: 0.0,
            calls: 0.0,
        };
        let owed = owed(&plan(), steps, (&ran, hours), date(2026, 11, 23));
        let owed: Vec<_> = owed.iter().map(|owed| (owed.usd, owed.avoidable)).collect();
        assert_eq!(owed, expected);
    }

    #[test]
    fn what_is_owed_ends_with_the_term_of_each_replica() {
        let (first, second) = (date(2026, 2, 1), date(2026, 6, 1));
        let (one, two) = (date(2027, 2, 1), date(2027, 6, 1));
        // Ten hours at 1.50 a replica.
        check(
            &[step(Some(first), 2), step(Some(second), 3)],
            &[0.0, 10.0],
            &[(30.0, Avoidable::From(one)), (15.0, Avoidable::From(two))],
        );
        // The third was given back: the two that are left began first.
        check(
            &[
                step(Some(first), 2),
                step(Some(second), 3),
                step(Some(date(2026, 7, 1)), 2),
            ],
            &[0.0, 4.0, 6.0],
            &[(30.0, Avoidable::From(one))],
        );
        check(&[step(Some(date(2025, 11, 23)), 3)], &[10.0], &[]);
        check(&[step(None, 3)], &[10.0], &[(45.0, Avoidable::Never)]);
        // What begins tomorrow is not owed for today.
        check(&[step(Some(date(2026, 11, 24)), 3)], &[0.0], &[]);
    }

    #[test]
    fn a_replica_is_owed_for_no_hour_before_it_began() {
        // The term of the first two is over; the third ran for one hour of the ten.
        check(
            &[
                step(Some(date(2025, 11, 1)), 2),
                step(Some(date(2026, 11, 22)), 3),
            ],
            &[9.0, 1.0],
            &[(1.5, Avoidable::From(date(2027, 11, 22)))],
        );
    }
}
