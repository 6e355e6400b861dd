//! The example plans of the repository, read for tests; the configuration has its own reader.

use toml::{Table, Value};

use super::assumptions::{Parameter, Range};
use super::draft::{EndpointDraft, MachineDraft, PlanDraft, ThroughputDraft};
use super::work::Coefficients;
use super::{Endpoint, HostPlan};

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
    let machine = table["machine"].as_table().unwrap();
    let of = |key| parsed::<f64>(machine, key).unwrap();
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
            coefficients: Some(Coefficients {
                a: parsed(throughput, "a").unwrap(),
                b: parsed(throughput, "b").unwrap(),
                c: parsed(throughput, "c").unwrap(),
                d: 0.0,
                decode: None,
            }),
            as_of: parsed(throughput, "as_of"),
            cite: text(throughput, "cite"),
        },
        machine: Some(MachineDraft {
            total_params_b: of("total_params_b"),
            active_params_b: of("active_params_b"),
            kv_elements_per_token: of("kv_elements_per_token"),
            weight_bytes: of("weight_bytes"),
            kv_bytes: of("kv_bytes"),
            gpu_memory_gb: of("gpu_memory_gb"),
            gpu_bandwidth_tb_s: of("gpu_bandwidth_tb_s"),
            gpu_tflops: of("gpu_tflops"),
        }),
        gpu_usd_per_hour: parsed(table, "gpu_usd_per_hour"),
        price_as_of: parsed(table, "price_as_of"),
        price_source: text(table, "price_source"),
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
        .map(|draft| HostPlan::check(draft).unwrap())
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
    let problems = HostPlan::check(draft).unwrap_err();
    let [problem] = &problems[..] else {
        panic!("not one problem: {problems:?}");
    };
    assert_eq!(problem.key, key);
    assert!(problem.message.contains(says), "{problem}");
}

#[test]
fn what_is_undated_unknown_or_does_not_fit_is_refused_by_key() {
    refused(|plan| plan.price_as_of = None, "price_as_of", "is missing");
    refused(
        |plan| plan.throughput.as_of = None,
        "throughput.as_of",
        "is missing",
    );
    refused(
        |plan| plan.throughput.source = Some("naive".into()),
        "throughput.source",
        "naive is not",
    );
    refused(
        |plan| plan.throughput.coefficients = None,
        "throughput.a",
        "missing",
    );
    refused(|plan| plan.serves = Some("9k".into()), "serves", "9k");
    refused(|plan| plan.replaces.clear(), "replaces", "no model");
    refused(|plan| plan.policy = Some("magic".into()), "policy", "magic");
    refused(
        |plan| plan.policy = Some("fixed".into()),
        "replicas",
        "is missing",
    );
    refused(
        |plan| plan.gpu_usd_per_hour = None,
        "gpu_usd_per_hour",
        "is missing",
    );
    refused(
        |plan| plan.gpu_usd_per_hour = Some(f64::NAN),
        "gpu_usd_per_hour",
        "NaN",
    );
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
    refused(
        |plan| {
            plan.machine = None;
        },
        "tpot_limit_seconds",
        "without a table machine",
    );
}

#[test]
fn weights_that_do_not_fit_are_an_error_with_both_sizes() {
    let mut draft = plan_draft("llama-70b-2xh100");
    draft.gpus = Some(1);
    draft.tpot_limit_seconds = None;
    draft.machine.as_mut().unwrap().weight_bytes = 2.0;
    let problems = HostPlan::check(draft).unwrap_err();
    assert_eq!(problems.len(), 1);
    assert!(
        problems[0]
            .message
            .starts_with("does not fit: 141 GB of weights, 72 GB usable")
    );
}

#[test]
fn a_roofline_computes_its_coefficients() {
    let mut draft = small();
    draft.throughput.source = Some("roofline".into());
    draft.throughput.coefficients = None;
    let plan = HostPlan::check(draft).unwrap();
    let published = HostPlan::check(small()).unwrap();
    let (mine, theirs) = (
        plan.throughput.coefficients,
        published.throughput.coefficients,
    );
    assert!((mine.a / theirs.a - 1.0).abs() < 0.01);
    assert!((mine.c / theirs.c - 1.0).abs() < 0.1);
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
    let plan = HostPlan::check(against).unwrap();
    assert!(plan.moved.is_empty());
    let mut founded = small();
    founded.ranges.push(share(0.9));
    founded.basis = Some(super::plan::Basis {
        basis: "our evaluation".into(),
        by: "search".into(),
        date: jiff::civil::date(2026, 10, 1),
    });
    assert_eq!(HostPlan::check(founded).unwrap().moved.len(), 1);
}

#[test]
fn the_first_plan_pays_people_and_a_further_one_a_tenth() {
    let ops = |further| {
        let mut draft = small();
        draft.further = further;
        HostPlan::check(draft)
            .unwrap()
            .assumptions
            .range(Parameter::OpsUsdPerMonth)
    };
    assert_eq!(ops(false), Range::new(16_667.0, 8_333.0, 1_667.0));
    assert_eq!(ops(true), Range::certain(1_667.0));
}
