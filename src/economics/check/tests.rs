//! Facts about checked plans, on the examples of the repository. Problems as people see them, with
//! file and line: the golden files of `config`.

mod offers;
mod references;

use crate::economics::assumptions::{Parameter, Range};
use crate::economics::draft::ThroughputDraft;
use crate::economics::examples::{checked, endpoint_drafts, plan_draft, plan_drafts};
use crate::economics::plan::Basis;
use crate::economics::work::Coefficients;
use crate::economics::{Endpoint, HostPlan, PlanDraft};

/// The smallest example.
fn small() -> PlanDraft {
    plan_draft("llama-8b-1xh100")
}

#[test]
fn the_examples_are_valid_and_raise_no_alert() {
    let plans: Vec<HostPlan> = plan_drafts()
        .into_iter()
        .map(|draft| checked(draft).unwrap())
        .collect();
    let endpoints: Vec<Endpoint> = endpoint_drafts()
        .into_iter()
        .map(|draft| Endpoint::check(draft).unwrap())
        .collect();
    assert_eq!((plans.len(), endpoints.len()), (3, 2));
    assert!(
        plans
            .iter()
            .all(|plan| !plan.alert && plan.throughput.coefficients.decode.is_some())
    );
    assert!(endpoints.iter().all(|endpoint| !endpoint.alert));
}

/// One change to a good plan, and the problem it makes.
#[track_caller]
fn refused(change: impl FnOnce(&mut PlanDraft), key: &str, says: &str) {
    let mut draft = small();
    change(&mut draft);
    let problems = checked(draft).unwrap_err();
    let [problem] = &problems[..] else {
        panic!("not one problem: {problems:?}");
    };
    assert_eq!(problem.key, key);
    assert!(problem.message.contains(says), "{problem}");
}

/// A plan with a price and figures of its own.
fn written(plan: &mut PlanDraft) {
    plan.offer = None;
    plan.gpu_usd_per_hour = Some(2.5);
    plan.price_as_of = "2026-05".parse().ok();
    plan.price_source = Some("quote".into());
    plan.throughput = ThroughputDraft {
        source: Some("measured".into()),
        coefficients: Some(Coefficients {
            a: 1e-5,
            b: 2e-5,
            c: 3e-8,
            d: 0.0,
            decode: None,
        }),
        as_of: "2026-05-22".parse().ok(),
        cite: Some("load test".into()),
    };
}

#[test]
fn what_is_undated_unknown_or_does_not_fit_is_refused_by_key() {
    let undated = |plan: &mut PlanDraft| {
        written(plan);
        plan.price_as_of = None;
    };
    refused(undated, "price_as_of", "is missing");
    let undated = |plan: &mut PlanDraft| {
        written(plan);
        plan.throughput.as_of = None;
    };
    refused(undated, "throughput.as_of", "is missing");
    let unmeasured = |plan: &mut PlanDraft| {
        plan.throughput.source = Some("measured".into());
    };
    refused(unmeasured, "throughput.a", "tollgate calibrate");
    refused(|plan| plan.serves = Some("9k".into()), "serves", "9k");
    refused(|plan| plan.replaces.clear(), "replaces", "no model");
    refused(|plan| plan.policy = Some("magic".into()), "policy", "magic");
    refused(
        |plan| plan.policy = Some("fixed".into()),
        "replicas",
        "is missing",
    );
    let unpriced = |plan: &mut PlanDraft| {
        written(plan);
        plan.gpu_usd_per_hour = None;
    };
    refused(unpriced, "gpu_usd_per_hour", "offer = ");
    let not_a_price = |plan: &mut PlanDraft| {
        written(plan);
        plan.gpu_usd_per_hour = Some(f64::NAN);
    };
    refused(not_a_price, "gpu_usd_per_hour", "NaN");
    refused(|plan| plan.max_replicas = Some(0), "max_replicas", "below");
    refused(
        |plan| plan.amortisation_months = Some(0),
        "amortisation_months",
        "0",
    );
    refused(
        |plan| plan.tpot_limit_seconds = Some(0.001),
        "tpot_limit_seconds",
        "infeasible",
    );
}

#[test]
fn a_default_moved_in_favour_of_hosting_asks_who_says_so() {
    let share = |low| (Parameter::QualifyingShare, Range::new(low, 1.0, 1.0));
    refused(
        |plan| plan.ranges.push(share(0.9)),
        "qualifying_share",
        "say why",
    );
    refused(
        |plan| plan.ranges = vec![(Parameter::Utilisation, Range::new(0.4, 0.3, 0.5))],
        "utilisation",
        "order",
    );
    let mut against = small();
    against.ranges.push(share(0.3));
    let plan = checked(against).unwrap();
    assert!(plan.moved.is_empty());
    let mut founded = small();
    founded.ranges.push(share(0.9));
    founded.basis = Some(Basis {
        basis: "our evaluation".into(),
        by: "search".into(),
        date: jiff::civil::date(2026, 10, 1),
    });
    assert_eq!(checked(founded).unwrap().moved.len(), 1);
}

#[test]
fn the_first_plan_pays_people_and_a_further_one_a_tenth_if_someone_says_so() {
    let people = |plan: &HostPlan| plan.assumptions.range(Parameter::OpsUsdPerMonth);
    let first = checked(small()).unwrap();
    let all = Range::new(16_667.0, 8_333.0, 1_667.0);
    assert_eq!(people(&first), all);
    refused(
        |plan| plan.further = true,
        "further",
        "the people of the first plan",
    );
    let mut draft = small();
    draft.further = true;
    draft.basis = Some(Basis {
        basis: "the team of the first plan".into(),
        by: "platform".into(),
        date: jiff::civil::date(2026, 10, 1),
    });
    let further = checked(draft.clone()).unwrap();
    assert_eq!(people(&further), Range::certain(1_667.0));
    let [moved] = further.moved.as_slice() else {
        panic!("not one default moved: {:?}", further.moved);
    };
    assert_eq!(
        (moved.parameter, moved.default),
        (Parameter::OpsUsdPerMonth, all)
    );
    assert!(first.assumed.contains(&Parameter::OpsUsdPerMonth));
    assert!(!further.assumed.contains(&Parameter::OpsUsdPerMonth));
    // What is written of people is held against the whole default.
    draft
        .ranges
        .push((Parameter::OpsUsdPerMonth, Range::certain(500.0)));
    let written = checked(draft).unwrap();
    assert_eq!((people(&written).low, written.moved.len()), (500.0, 1));
}

#[test]
fn money_is_committed_for_at_most_ten_years() {
    let months = |months| move |plan: &mut PlanDraft| plan.amortisation_months = Some(months);
    refused(months(4_000_000_000), "amortisation_months", "at most 120");
    refused(months(121), "amortisation_months", "at most 120");
    let mut draft = small();
    draft.amortisation_months = Some(120);
    checked(draft).unwrap();
}
