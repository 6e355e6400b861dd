//! The example plans of the repository, read for tests; the configuration has its own reader.

mod rows;

use std::sync::LazyLock;

use toml::{Table, Value};

use super::draft::{EndpointDraft, PlanDraft, PlanProblem, ThroughputDraft};
use super::{Catalogue, HostPlan};

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

/// The drafts of the example endpoints, by name.
pub(crate) fn endpoint_drafts() -> Vec<EndpointDraft> {
    tables("endpoints")
        .into_iter()
        .map(|(name, table)| endpoint(name, &table))
        .collect()
}
