#![expect(
    clippy::float_arithmetic,
    reason = "what a machine would cost is a projection, not a bill"
)]
//! What a bought replica costs, checked.

use super::Checker;
use super::price::unpriced;
use crate::economics::ownership::{HOURS_PER_YEAR, Ownership, replica_hour_own};
use crate::economics::plan::ReplicaPrice;

/// Nobody serves models on older machines, years.
const LIFE_YEARS_MAX: f64 = 10.0;

/// A bought machine is paid for as long as it lives, unless the owner wants the money back sooner.
/// Of the hourly price the straight-line part pays off the purchase; what capital costs runs on.
pub(super) fn owned(
    c: &mut Checker,
    owned: &Ownership,
    amortisation_months: Option<u32>,
) -> ReplicaPrice {
    bounds(c, owned);
    let life = owned.life_months().max(1);
    if let Some(months) = amortisation_months.filter(|months| *months > life) {
        let message = format!(
            "{months} is longer than the machine lives, {life} months: at most {life}, or a longer \
             owned.life_years"
        );
        c.tell("amortisation_months", message);
    }
    let years_usd = (owned.capex_usd - owned.residual_usd) / owned.life_years;
    ReplicaPrice {
        usd_per_hour: replica_hour_own(owned),
        purchase_usd_per_hour: years_usd / HOURS_PER_YEAR,
        owed_usd_per_hour: years_usd / HOURS_PER_YEAR,
        up_front_usd: owned.capex_usd,
        term_months: Some(amortisation_months.unwrap_or(life).max(1)),
        ..unpriced()
    }
}

fn bounds(c: &mut Checker, owned: &Ownership) {
    let Ownership {
        capex_usd,
        residual_usd,
        life_years,
        maintenance_rate,
        kw,
        pue,
        usd_per_kwh,
        colo_usd_per_kw_month,
        cost_of_capital,
    } = *owned;
    for (key, value, bounds) in [
        ("capex_usd", capex_usd, (0.0, 1e12)),
        ("residual_usd", residual_usd, (0.0, capex_usd)),
        ("life_years", life_years, (0.1, LIFE_YEARS_MAX)),
        ("maintenance_rate", maintenance_rate, (0.0, 1.0)),
        ("kw", kw, (0.0, 1e6)),
        ("pue", pue, (1.0, 10.0)),
        ("usd_per_kwh", usd_per_kwh, (0.0, 1e3)),
        ("colo_usd_per_kw_month", colo_usd_per_kw_month, (0.0, 1e6)),
        ("cost_of_capital", cost_of_capital, (0.0, 1.0)),
    ] {
        c.within(&format!("owned.{key}"), value, bounds);
    }
}

#[cfg(test)]
mod tests {
    use crate::economics::examples::{checked, plan_draft};
    use crate::economics::{HostPlan, PlanDraft, PlanProblem};

    use super::*;

    /// Four years of a machine of 100,000 dollars.
    const MACHINE: Ownership = Ownership {
        capex_usd: 1e5,
        residual_usd: 0.0,
        life_years: 4.0,
        maintenance_rate: 0.0,
        kw: 0.0,
        pue: 1.0,
        usd_per_kwh: 0.0,
        colo_usd_per_kw_month: 0.0,
        cost_of_capital: 0.0,
    };

    fn bought(
        machine: Ownership,
        change: impl FnOnce(&mut PlanDraft),
    ) -> Result<HostPlan, Vec<PlanProblem>> {
        let mut draft = plan_draft("llama-70b-2xh100");
        draft.offer = None;
        draft.price_as_of = Some(jiff::civil::date(2026, 9, 1).into());
        draft.price_source = Some("bill".into());
        draft.owned = Some(machine);
        change(&mut draft);
        checked(draft)
    }

    #[track_caller]
    fn refused(machine: Ownership, change: impl FnOnce(&mut PlanDraft), key: &str, says: &str) {
        let problems = bought(machine, change).unwrap_err();
        let [problem] = &problems[..] else {
            panic!("not one problem: {problems:?}");
        };
        assert_eq!(problem.key, key);
        assert!(problem.message.contains(says), "{problem}");
    }

    #[test]
    fn a_bought_machine_cannot_be_given_back_when_idle() {
        let auto = |draft: &mut PlanDraft| draft.policy = Some("auto".into());
        refused(MACHINE, auto, "policy", "auto gives replicas back");
    }

    #[test]
    fn the_money_must_come_back_while_the_machine_lives() {
        let months = |months| move |draft: &mut PlanDraft| draft.amortisation_months = Some(months);
        let term = |change| bought(MACHINE, change).unwrap().term_months();
        assert_eq!(term(months(48)), 48);
        assert_eq!(term(months(24)), 24);
        refused(MACHINE, months(49), "amortisation_months", "at most 48");
    }

    #[test]
    fn every_figure_of_a_machine_has_its_bounds() {
        type Change = fn(&mut Ownership, f64);
        let figures: [(&str, &[f64], Change); 9] = [
            ("capex_usd", &[-1.0, f64::INFINITY], |m, x| m.capex_usd = x),
            ("residual_usd", &[-1.0, 100_001.0], |m, x| {
                m.residual_usd = x;
            }),
            ("life_years", &[0.0, 10.1, f64::NAN], |m, x| {
                m.life_years = x;
            }),
            ("maintenance_rate", &[-0.1, 1.1], |m, x| {
                m.maintenance_rate = x;
            }),
            ("kw", &[-1.0, f64::NAN], |m, x| m.kw = x),
            ("pue", &[0.9, f64::NAN], |m, x| m.pue = x),
            ("usd_per_kwh", &[-0.1], |m, x| m.usd_per_kwh = x),
            ("colo_usd_per_kw_month", &[-1.0], |m, x| {
                m.colo_usd_per_kw_month = x;
            }),
            ("cost_of_capital", &[-0.1, 1.1], |m, x| {
                m.cost_of_capital = x;
            }),
        ];
        for (name, values, change) in figures {
            for value in values {
                let mut machine = MACHINE;
                change(&mut machine, *value);
                let problems = bought(machine, |_| {}).unwrap_err();
                let key = format!("owned.{name}");
                let told = problems.iter().any(|problem| problem.key == key);
                assert!(told, "{name} = {value}: {problems:?}");
            }
        }
    }
}
