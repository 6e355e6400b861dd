//! The example plans of the repository, read for tests; the configuration has its own reader.

mod rows;

use std::sync::LazyLock;

use toml::{Table, Value};

use super::assumptions::{Parameter, Range};
use super::draft::{EndpointDraft, PlanDraft, PlanProblem, ThroughputDraft};
use super::work::Coefficients;
use super::{Catalogue, Endpoint, HostPlan};

/// The rows of the repository.
pub(crate) static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(rows::read);

/// The plan of a draft that refers to the rows of the repository.
pub(crate) fn checked(draft: PlanDraft) -> Result<HostPlan, Vec<PlanProblem>> {
    HostPlan::check(draft, &CATALOGUE)
}

fn file() -> Table {
    include_str!("../../config/plans.toml").parse().unwrap()
}

fn tables(kind: &str) -> Vec<(String, Table)> {
    let named = file()[kind].as_table().unwrap().clone();
    named
        .into_iter()
        .map(|(name, table)| (name, table.as_table().unwrap().clone()))
        .collect()
}

fn text(table: &Table, key: &str) -> Option<String> {
    table.get(key).map(|value| match value {
        Value::String(text) => text.clone(),
        Value::Integer(_)
        | Value::Float(_)
        | Value::Boolean(_)
        | Value::Datetime(_)
        | Value::Array(_)
        | Value::Table(_) => value.to_string(),
    })
}

fn parsed<T: std::str::FromStr<Err: std::fmt::Debug>>(table: &Table, key: &str) -> Option<T> {
    text(table, key).map(|text| text.parse().unwrap())
}

fn names(table: &Table) -> Vec<String> {
    let names = table["replaces"].as_array().unwrap();
    names
        .iter()
        .map(|name| name.as_str().unwrap().to_owned())
        .collect()
}

fn plan(name: String, table: &Table) -> PlanDraft {
    let throughput = table["throughput"].as_table().unwrap();
    PlanDraft {
        name,
        replaces: names(table),
        serves: text(table, "serves"),
        model: text(table, "model"),
        gpu: text(table, "gpu"),
        gpus: parsed(table, "gpus"),
        precision: text(table, "precision"),
        throughput: ThroughputDraft {
            source: text(throughput, "source"),
            ..ThroughputDraft::default()
        },
        offer: text(table, "offer"),
        policy: text(table, "policy"),
        min_replicas: parsed(table, "min_replicas"),
        tpot_limit_seconds: parsed(table, "tpot_limit_seconds"),
        alert: parsed(table, "alert"),
        ..PlanDraft::default()
    }
}

fn endpoint(name: String, table: &Table) -> EndpointDraft {
    EndpointDraft {
        name,
        replaces: names(table),
        serves: text(table, "serves"),
        model: text(table, "model"),
        input_usd_per_mtok: parsed(table, "input_usd_per_mtok"),
        output_usd_per_mtok: parsed(table, "output_usd_per_mtok"),
        price_as_of: parsed(table, "price_as_of"),
        price_source: text(table, "price_source"),
        alert: parsed(table, "alert"),
        ..EndpointDraft::default()
    }
}

/// The drafts of the example plans, by name.
pub(crate) fn plan_drafts() -> Vec<PlanDraft> {
    tables("plans")
        .into_iter()
        .map(|(name, table)| plan(name, &table))
        .collect()
}

/// The draft of one example plan.
pub(crate) fn plan_draft(name: &str) -> PlanDraft {
    let mut drafts = plan_drafts().into_iter();
    drafts.find(|draft| draft.name == name).unwrap()
}

/// The smallest example.
fn small() -> PlanDraft {
    plan_draft("llama-8b-1xh100")
}

/// The drafts of the example endpoints, by name.
pub(crate) fn endpoint_drafts() -> Vec<EndpointDraft> {
    tables("endpoints")
        .into_iter()
        .map(|(name, table)| endpoint(name, &table))
        .collect()
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
fn a_model_or_gpu_nobody_knows_is_refused_with_the_nearest_and_a_remedy() {
    let model = |plan: &mut PlanDraft| plan.model = Some("Llama-3.1-8B-Instruct".into());
    refused(model, "model", "did you mean llama-3.1-8b");
    refused(model, "model", "add a [[model]] row");
    let gpu = |plan: &mut PlanDraft| plan.gpu = Some("H100".into());
    refused(gpu, "gpu", "did you mean H100-SXM?");
    refused(gpu, "gpu", "add a [[gpu]] row");
    let precision = |plan: &mut PlanDraft| plan.precision = Some("fp6".into());
    refused(precision, "precision", "bf16, fp8, int8, fp4, int4");
}

#[test]
fn a_precision_without_a_figure_has_no_roofline_but_can_be_measured() {
    let int4 = |plan: &mut PlanDraft| {
        written(plan);
        plan.gpu = Some("A10G".into());
        plan.precision = Some("int4".into());
    };
    let mut measured = small();
    int4(&mut measured);
    let plan = checked(measured).unwrap();
    assert!(plan.throughput.coefficients.decode.unwrap().weights_seconds > 0.0);
    let estimated = |plan: &mut PlanDraft| {
        int4(plan);
        plan.throughput = ThroughputDraft {
            source: Some("roofline".into()),
            ..ThroughputDraft::default()
        };
    };
    refused(estimated, "precision", "no arithmetic figure for int4");
}

#[test]
fn weights_that_do_not_fit_are_an_error_with_both_sizes_and_what_would_fit() {
    let mut draft = plan_draft("llama-70b-2xh100");
    draft.gpus = Some(1);
    draft.precision = Some("bf16".into());
    let problems = checked(draft).unwrap_err();
    let [problem] = &problems[..] else {
        panic!("not one problem: {problems:?}");
    };
    assert_eq!(problem.key, "gpus");
    assert_eq!(
        problem.message,
        "llama-3.3-70b does not fit: 141 GB of weights at bf16, 72 GB usable on 1 x H100-SXM; gpus = \
         2 or more, or a smaller precision"
    );
}

#[test]
fn published_figures_are_of_the_same_replica_or_of_none() {
    let plan = checked(plan_draft("llama-70b-2xh100")).unwrap();
    assert!((plan.throughput.coefficients.a - 6.862_786e-5).abs() < 1e-12);
    assert_eq!(plan.throughput.as_of.to_string(), "2025-09-24");
    let four = |plan: &mut PlanDraft| plan.gpus = Some(4);
    refused(
        four,
        "throughput.source",
        "1 x H100-SXM at fp8, 1 x H200-SXM at fp8;",
    );
    let other = |plan: &mut PlanDraft| plan.model = Some("mistral-7b".into());
    refused(other, "throughput.source", "nothing of this model is");
    let cited = |plan: &mut PlanDraft| plan.throughput.cite = Some("mine".into());
    refused(cited, "throughput.cite", "leave it out");
}

#[test]
fn published_figures_may_be_written_out() {
    let mut draft = small();
    written(&mut draft);
    draft.throughput.source = Some("published".into());
    let plan = checked(draft).unwrap();
    assert_eq!(plan.throughput.cite, "load test");
    // c0 is c without the memory factor: 8.03 GB of weights leave 63.97 of 72.
    let decode = plan.throughput.coefficients.decode.unwrap();
    assert!((decode.c0 - 3e-8 / (1.0 + 8.03 / 63.97)).abs() < 1e-15);
}

#[test]
fn a_roofline_computes_its_coefficients() {
    let mut draft = small();
    draft.throughput.source = Some("roofline".into());
    let plan = checked(draft).unwrap();
    let published = checked(small()).unwrap();
    let (mine, theirs) = (
        plan.throughput.coefficients,
        published.throughput.coefficients,
    );
    assert!((mine.a / theirs.a - 1.0).abs() < 0.01);
    assert!((mine.c / theirs.c - 1.0).abs() < 0.1);
    // As old as the oldest of what it is made of.
    assert_eq!(plan.throughput.as_of.to_string(), "2025-09-24");
    let given = |plan: &mut PlanDraft| {
        written(plan);
        plan.throughput.source = Some("roofline".into());
        plan.throughput.as_of = None;
        plan.throughput.cite = None;
    };
    refused(given, "throughput.a", "comes with the roofline");
}

#[test]
fn the_naive_figure_makes_no_verdict_and_the_problem_says_why() {
    let naive = |plan: &mut PlanDraft| plan.throughput.source = Some("naive".into());
    refused(naive, "throughput.source", "no verdict is made of it");
    let guessed = |plan: &mut PlanDraft| plan.throughput.source = Some("guessed".into());
    refused(guessed, "throughput.source", "guessed is not one of");
}

#[test]
fn an_offer_brings_price_date_and_source() {
    let price = checked(plan_draft("llama-70b-2xh100")).unwrap().price;
    assert!((price.usd_per_hour - 5.38).abs() < 1e-12);
    assert_eq!(price.as_of.to_string(), "2026-05-22");
    assert!(price.source.starts_with("runpod/secure SXM, on-demand: "));
    let offer = |name: &'static str| move |plan: &mut PlanDraft| plan.offer = Some(name.into());
    refused(
        offer("runpod/secure"),
        "offer",
        "runpod/secure SXM, aws-ec2/p5.48xlarge",
    );
    refused(offer("aws-ec2/p5.48xlarge"), "offer", "8 GPUs at a time");
    let twice = |plan: &mut PlanDraft| plan.gpu_usd_per_hour = Some(2.0);
    refused(twice, "gpu_usd_per_hour", "offer is there too");
    let dated = |plan: &mut PlanDraft| plan.price_as_of = "2026".parse().ok();
    refused(dated, "price_as_of", "comes with the offer");
}

#[test]
fn an_offer_for_three_years_is_owed_for_three_years() {
    let mut draft = small();
    draft.gpu = Some("A100-80GB".into());
    draft.precision = Some("bf16".into());
    draft.throughput.source = Some("roofline".into());
    draft.offer = Some("azure/3-year reserved".into());
    let price = checked(draft).unwrap().price;
    assert_eq!(price.term_months, Some(36));
    assert_eq!(price.as_of.to_string(), "2024-01");
}

#[test]
fn an_offer_that_others_contradict_says_so_in_the_plan() {
    let mut draft = plan_draft("qwen3-235b-8xh100");
    draft.offer = Some("aws-ec2/p5.48xlarge".into());
    let price = checked(draft).unwrap().price;
    assert!(price.source.contains("CONFLICT"), "{}", price.source);
    assert_eq!(price.as_of.to_string(), "2026-03");
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
    founded.basis = Some(super::plan::Basis {
        basis: "our evaluation".into(),
        by: "search".into(),
        date: jiff::civil::date(2026, 10, 1),
    });
    assert_eq!(checked(founded).unwrap().moved.len(), 1);
}

#[test]
fn the_first_plan_pays_people_and_a_further_one_a_tenth() {
    let ops = |further| {
        let mut draft = small();
        draft.further = further;
        checked(draft)
            .unwrap()
            .assumptions
            .range(Parameter::OpsUsdPerMonth)
    };
    assert_eq!(ops(false), Range::new(16_667.0, 8_333.0, 1_667.0));
    assert_eq!(ops(true), Range::certain(1_667.0));
}
